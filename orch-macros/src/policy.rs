//! Options that several macros share: names, tags, retry policies and limits.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::LitStr;
use syn::ext::IdentExt as _;

use crate::attr::{self, Entry, Key, Known, Options, Value};
use crate::diag::Diag;
use crate::names::{BACKOFF, DURATION, JITTER, LIMIT, RETRY};
use crate::tag;

/// The name given by `name = ".."`, else the function's own.
pub(crate) fn name(options: &mut Options<'_>, function: &Ident, diag: &Diag) -> LitStr {
    let own = LitStr::new(&function.unraw().to_string(), function.span());
    let Some(given) = options.text("name", "\"other\"") else { return own };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if given.value().is_empty() || !given.value().chars().all(fits) {
        let plain: String = given.value().chars().map(|c| if fits(c) { c } else { '_' }).collect();
        let instead = if plain.is_empty() { String::new() } else { format!("; write `{plain}`") };
        let message =
            format!("a name has letters, digits and `_` only, as in step paths such as `load[7]`{instead}");
        diag.error_at(&given, message);
        return own;
    }
    given
}

/// `tags(team = "data", "acme.com/team" = "y")`
pub(crate) fn tags(options: &mut Options<'_>, diag: &Diag) -> Vec<(String, LitStr)> {
    const EXAMPLE: &str = r#"tags(team = "data", "acme.com/team" = "text")"#;
    let mut tags: Vec<(String, LitStr)> = Vec::new();
    let Some((list, _)) = options.list("tags", EXAMPLE) else { return tags };
    for entry in attr::entries(list, diag) {
        let place = entry.place();
        match entry {
            Entry { key: Some(Key { text, .. }), value: Value::Text(_) }
                if tags.iter().any(|(key, _)| *key == text) =>
            {
                diag.error_at(place, format!("the tag `{text}` is given twice: keep one of them"));
            }
            Entry { key: Some(key), value: Value::Text(value) } => match tag::refusal(&key.text) {
                Some(why) => diag.error_at(place, why),
                None => tags.push((key.text, value)),
            },
            Entry { value, .. } => {
                diag.error_at(value.place(), format!("a tag is a key and a text: `{EXAMPLE}`"));
            }
        }
    }
    tags
}

/// What `backoff` takes, and the variants that it stands for.
pub(crate) const BACKOFFS: [(&str, &str); 3] =
    [("none", "None"), ("linear", "Linear"), ("exponential", "Exponential")];

/// What `jitter` takes, and the variants that it stands for.
pub(crate) const JITTERS: [(&str, &str); 3] =
    [("none", "None"), ("full", "Full"), ("plus_minus", "PlusMinus")];

/// `retry(max = 3, delay = "1s", backoff = "exponential", jitter = "full")`
pub(crate) struct Retry {
    max: u32,
    delay: Option<Duration>,
    backoff: Option<&'static str>,
    jitter: Option<&'static str>,
}

impl Retry {
    pub(crate) fn read(options: &mut Options<'_>, diag: &Diag) -> Option<Self> {
        let known = Known {
            owner: "`retry`",
            options: &["max", "delay", "backoff", "jitter"],
            repeated: &[],
            elsewhere: &[],
        };
        let (list, word) =
            options.list("retry", r#"retry(max = 3, delay = "1s", backoff = "exponential")"#)?;
        let before = diag.count();
        let mut list = Options::read(&known, list, diag);
        let max =
            list.integer("max", &(0..=i128::from(u32::MAX)), "3").and_then(|max| u32::try_from(max).ok());
        let delay = list.duration("delay", Duration::ZERO, "\"1s\"");
        let backoff = list.choice("backoff", &BACKOFFS);
        let jitter = list.choice("jitter", &JITTERS);
        if diag.count() > before {
            return None;
        }
        if delay.is_none() && (backoff.is_some() || jitter.is_some()) {
            let what = if backoff.is_some() { "backoff" } else { "jitter" };
            diag.error_at(
                &word,
                format!("`{what}` has nothing to act on: give the base delay too, as `delay = \"1s\"`"),
            );
            return None;
        }
        let Some(max) = max else {
            diag.error_at(
                &word,
                "`retry` needs the number of attempts that may follow the first: `retry(max = 3)`",
            );
            return None;
        };
        Some(Self { max, delay, backoff, jitter })
    }
}

impl ToTokens for Retry {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let max = self.max;
        tokens.extend(quote!(#RETRY::new(#max)));
        if let Some(delay) = self.delay {
            let delay = duration(delay);
            tokens.extend(quote!(.delay(#delay)));
        }
        for (path, method, variant) in [(BACKOFF, "backoff", self.backoff), (JITTER, "jitter", self.jitter)] {
            if let Some(variant) = variant {
                let (method, variant) = (internal(method), internal(variant));
                tokens.extend(quote!(.#method(#path::#variant)));
            }
        }
    }
}

/// `limit("db", 2)`: steps with the tag; `limit("db" = "prod", 2)`: steps with that value of it;
/// `limit("customer", 1, per_value)`: for each value of the tag.
pub(crate) struct Limit {
    key: String,
    value: Option<LitStr>,
    per_value: bool,
    max: usize,
}

impl Limit {
    pub(crate) fn read(options: &mut Options<'_>, diag: &Diag) -> Option<Self> {
        let forms = r#"`limit("tag", 2)`, `limit("tag" = "value", 2)` or `limit("tag", 2, per_value)`"#;
        let (list, word) = options.list("limit", r#"limit("tag", 2)"#)?;
        let before = diag.count();
        let mut parts = attr::entries(list, diag).into_iter();
        if diag.count() > before {
            return None;
        }
        let (key, value) = match parts.next() {
            Some(Entry { key: None, value: Value::Text(key) }) => (key.value(), None),
            Some(Entry { key: Some(key), value: Value::Text(value) }) => (key.text, Some(value)),
            other => {
                let place = other.map_or_else(|| word.to_token_stream(), |other| other.place());
                diag.error_at(place, format!("a limit begins with the tag it counts: {forms}"));
                return None;
            }
        };
        let max = match parts.next() {
            Some(Entry { key: None, value: Value::Integer(max, place) }) => match usize::try_from(max) {
                Ok(max) if max > 0 => max,
                _ => {
                    diag.error_at(place, "a limit is at least 1: with less, no such step could ever run");
                    return None;
                }
            },
            other => {
                let place = other.map_or_else(|| word.to_token_stream(), |other| other.place());
                diag.error_at(
                    place,
                    format!("how many may run at once is the second part of a limit: {forms}"),
                );
                return None;
            }
        };
        let per_value = match parts.next() {
            None => false,
            Some(Entry { key: Some(Key { text, .. }), value: Value::Missing(_) })
                if text == "per_value" && value.is_none() && parts.len() == 0 =>
            {
                true
            }
            Some(other) => {
                diag.error_at(other.place(), format!("a limit is one of {forms}"));
                return None;
            }
        };
        Some(Self { key, value, per_value, max })
    }
}

impl ToTokens for Limit {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { key, value, per_value, max } = self;
        tokens.extend(match value {
            Some(value) => quote!(#LIMIT::tag_value(#key, #value, #max)),
            None if *per_value => quote!(#LIMIT::per_value(#key, #max)),
            None => quote!(#LIMIT::tag(#key, #max)),
        });
    }
}

/// A duration as an expression.
pub(crate) fn duration(duration: Duration) -> TokenStream {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis.is_multiple_of(1000) {
        let seconds = millis / 1000;
        quote!(#DURATION::from_secs(#seconds))
    } else {
        quote!(#DURATION::from_millis(#millis))
    }
}

/// Adds the call of a builder's method, if its option was given.
pub(crate) fn setting(tokens: &mut TokenStream, method: &str, value: Option<impl ToTokens>) {
    if let Some(value) = value {
        let method = internal(method);
        tokens.extend(quote!(.#method(#value)));
    }
}

/// An identifier of generated code, which no name of the user's can meet.
pub(crate) fn internal(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
