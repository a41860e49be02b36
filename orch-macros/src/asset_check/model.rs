use proc_macro2::{Ident, TokenStream};
use syn::{ItemFn, Path, ReturnType, Type};

use crate::asset::{Source, partitions, sources};
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::op::model::Settings;
use crate::{func, policy};

const OPTIONS: Known = Known {
    owner: "`#[asset_check]`",
    options: &[
        "asset",
        "name",
        "blocking",
        "description",
        "tags",
        "priority",
        "retry",
        "timeout",
        "pool",
        "isolate",
        "memory",
        "deps",
    ],
    repeated: &[],
    elsewhere: &[
        ("severity", "the `CheckResult` that it returns, `.severity(Severity::Warn)`"),
        ("metadata", "the `CheckResult` that it returns, `.metadata(\"rows\", 3)`"),
        (
            "partitions",
            "the asset that it looks at, `#[asset(partitions = Daily)]`; which one it looks at, a parameter `day: &Partition<Daily>` says",
        ),
        ("io", "`#[asset]`"),
        ("key", "`#[asset]`"),
        ("group", "`#[asset]`"),
    ],
};

/// A check as its author wrote it.
pub(super) struct Check {
    pub(super) function: Ident,
    pub(super) conditions: TokenStream,
    pub(super) name: syn::LitStr,
    pub(super) description: Option<String>,
    /// The asset that it looks at; none if that is not said.
    pub(super) asset: Option<Path>,
    pub(super) blocking: bool,
    /// The type that stands for the partitions of which it takes one.
    pub(super) partition: Option<Type>,
    /// What feeds each parameter that is an input, in order.
    pub(super) sources: Vec<Source>,
    pub(super) deps: Vec<Path>,
}

impl Check {
    /// The check, and the settings of the op that it is.
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> (Self, Settings) {
        let mut options = Options::read(&OPTIONS, options, diag);
        let function = &item.sig.ident;
        let given = options.has("asset");
        let asset = options.path("asset", "the name of an asset, without quotes", "orders");
        if !given {
            diag.error(function.span(), "say which asset it looks at: `#[asset_check(asset = orders)]`");
        }
        let deps = options.path_array("deps", "[customers]");
        let blocking = options.flag("blocking");
        let name = policy::name(&mut options, function, diag);
        let settings = Settings::read(&mut options, name.clone(), item, diag);
        let mut sources = sources(item, diag);
        let partition = partitions(None, &sources);
        if let Some(asset) = &asset {
            sources.iter_mut().for_each(|source| source.name_as(asset));
        }
        let check = Self {
            function: function.clone(),
            conditions: func::conditions(&item.attrs),
            name,
            description: settings.description.clone(),
            asset,
            blocking,
            partition,
            sources,
            deps,
        };
        (check, settings)
    }

    /// Whether it is known what feeds all of its parameters.
    pub(super) fn is_fed(&self, item: &ItemFn) -> bool {
        crate::asset::inputs(item).count() == self.sources.len()
    }
}

/// Whether it returns something.
pub(super) fn returns(item: &ItemFn, diag: &Diag) -> bool {
    let returns = matches!(item.sig.output, ReturnType::Type(..));
    if !returns {
        let message = "a check says what it has found: let it return `CheckResult`, or `bool`";
        diag.error(item.sig.ident.span(), message);
    }
    returns
}
