use proc_macro2::{Ident, TokenStream};
use syn::{ItemFn, LitStr, Path, ReturnType, Type};

use crate::asset::{self, Recipe, Source};
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::op::model::{Op, Outputs, Settings};
use crate::{func, policy};

const OPTIONS: Known = Known {
    owner: "`#[multi_asset]`",
    options: &[
        "name",
        "key_prefix",
        "group",
        "tags",
        "description",
        "deps",
        "code_version",
        "fingerprint",
        "env",
        "trust_resources",
        "io",
        "partitions",
        "retry",
        "timeout",
        "pool",
        "priority",
        "isolate",
        "memory",
    ],
    repeated: &[],
    elsewhere: &[
        ("key", "the `#[asset]` of a field"),
        ("owners", "the `#[asset]` of a field"),
        ("kind", "the `#[asset]` of a field"),
        ("metadata", "the `#[asset]` of a field"),
        ("max_concurrent", "`#[job]`"),
    ],
};

const RETURNS: &str = "the assets are the fields of a struct that is returned, with `#[derive(Outputs)]` and `#[asset]` on each field";

/// Several assets, as far as their function says what holds for all.
pub(super) struct MultiAsset {
    pub(super) function: Ident,
    pub(super) conditions: TokenStream,
    pub(super) key_prefix: Option<LitStr>,
    pub(super) group: Option<LitStr>,
    pub(super) code_version: Option<LitStr>,
    pub(super) recipe: Recipe,
    /// The type that stands for their partitions.
    pub(super) partitions: Option<Type>,
    /// What feeds each parameter that is an input, in order.
    pub(super) sources: Vec<Source>,
    pub(super) deps: Vec<Path>,
}

impl MultiAsset {
    /// Of a function, and the settings of the op that it is.
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> (Self, Settings) {
        let mut options = Options::read(&OPTIONS, options, diag);
        let name = policy::name(&mut options, &item.sig.ident, diag);
        let deps = options.path_array("deps", "[orders]");
        let partitions = options.path("partitions", asset::PARTITIONS, "Daily");
        let key_prefix = asset::key_prefix(&mut options, diag);
        let group = asset::group(&mut options, diag);
        let recipe = Recipe::of_function(&mut options, item, diag, true);
        let settings = Settings::read(&mut options, name, item, diag);
        let sources = asset::sources(item, diag);
        let assets = Self {
            function: item.sig.ident.clone(),
            conditions: func::conditions(&item.attrs),
            key_prefix,
            group,
            code_version: settings.code_version.clone(),
            recipe,
            partitions: asset::partitions(partitions, &sources),
            sources,
            deps,
        };
        (assets, settings)
    }

    /// Whether it is known what feeds all of its parameters.
    pub(super) fn is_fed(&self, item: &ItemFn) -> bool {
        asset::inputs(item).count() == self.sources.len()
    }
}

/// The struct whose fields are the assets.
pub(super) fn returned<'o>(op: &'o Op, item: &ItemFn, diag: &Diag) -> Option<&'o Type> {
    match (&op.returns.outputs, &item.sig.output) {
        (_, ReturnType::Default) => {
            diag.error(item.sig.ident.span(), RETURNS);
            None
        }
        (Outputs::Tuple(_), ReturnType::Type(_, ty)) => {
            diag.error_at(ty, RETURNS);
            None
        }
        (Outputs::One(ty), _) => Some(ty),
    }
}
