use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{ItemFn, LitStr};

use super::fingerprint;
use crate::attr::Options;
use crate::diag::Diag;
use crate::policy::setting;

/// What an asset, what a memoized op gives, or a resource depends on beside the data that it takes, as its author said.
#[derive(Default)]
pub(crate) struct Recipe {
    /// Of its source, if its code has no version of its own.
    fingerprint: Option<String>,
    /// The environment variables that it reads.
    env: Vec<LitStr>,
    trusts_resources: bool,
}

impl Recipe {
    /// Of what this function makes, gives or opens, if its source `counts`. Whoever reads `code_version`
    /// does so after this.
    pub(crate) fn of_function(options: &mut Options<'_>, item: &ItemFn, diag: &Diag, counts: bool) -> Self {
        let has_version = options.has("code_version");
        let place = options.place("fingerprint");
        let narrow = options.choice("fingerprint", &[("package", false), ("function", true)]);
        if let Some(place) = place.filter(|_| has_version && narrow.is_some()) {
            let message = "`code_version` is the version of the code, whatever its source: keep one of them";
            diag.error_at(place, message);
        }
        let fingerprint = match narrow {
            _ if has_version || !counts => None,
            Some(true) => Some(fingerprint::of_function(item)),
            Some(false) | None => fingerprint::of_package(),
        };
        Self { fingerprint, ..Self::around(options, diag) }
    }

    /// Of an asset that is a graph: of its ops the function says nothing.
    pub(super) fn of_graph(options: &mut Options<'_>, diag: &Diag) -> Self {
        let fingerprint = if options.has("code_version") { None } else { fingerprint::of_package() };
        Self { fingerprint, ..Self::around(options, diag) }
    }

    /// What is not its code.
    fn around(options: &mut Options<'_>, diag: &Diag) -> Self {
        let env = options.texts("env", "[\"RATE\"]");
        for name in &env {
            if name.value().is_empty() || name.value().contains(['=', '\0', ' ']) {
                diag.error_at(name, "this is no name of an environment variable: write `env = [\"RATE\"]`");
            }
        }
        Self { fingerprint: None, env, trusts_resources: options.flag("trust_resources") }
    }
}

impl ToTokens for Recipe {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        setting(tokens, "fingerprint", self.fingerprint.as_ref());
        for name in &self.env {
            setting(tokens, "env", Some(name));
        }
        if self.trusts_resources {
            tokens.extend(quote!(.trust_resources()));
        }
    }
}
