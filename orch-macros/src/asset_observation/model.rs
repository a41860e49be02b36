use proc_macro2::{Ident, TokenStream};
use syn::{ItemFn, LitStr, PatType, Path, ReturnType, Type};

use crate::asset::{Source, Takes, inputs, partitions, sources};
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::op::model::Settings;
use crate::{func, parameter, policy};

const OPTIONS: Known = Known {
    owner: "`#[asset_observation]`",
    options: &[
        "asset",
        "name",
        "description",
        "tags",
        "priority",
        "retry",
        "timeout",
        "pool",
        "isolate",
        "memory",
    ],
    repeated: &[],
    elsewhere: &[
        ("blocking", "`#[asset_check]`"),
        ("deps", "`#[asset]`"),
        ("io", "the asset, `#[external_asset(io = \"..\")]`"),
        ("key", "`#[external_asset]`"),
        ("group", "`#[external_asset]`"),
        (
            "partitions",
            "the asset that it looks at, `#[external_asset(partitions = Daily)]`; which one it looks at, a parameter `day: &Partition<Daily>` says",
        ),
        ("metadata", "the version that it returns, `WithMetadata::new(version).metadata(\"rows\", 3)`"),
    ],
};

/// An observation as its author wrote it.
pub(super) struct Observation {
    pub(super) function: Ident,
    pub(super) conditions: TokenStream,
    pub(super) name: LitStr,
    pub(super) description: Option<String>,
    /// The asset that it looks at; none if that is not said.
    pub(super) asset: Option<Path>,
    /// The type that stands for the partitions of which it takes one.
    pub(super) partition: Option<Type>,
    /// What feeds each parameter that is an input: that partition.
    pub(super) sources: Vec<Source>,
}

impl Observation {
    /// The observation, and the settings of the op that it is.
    pub(super) fn read(options: TokenStream, item: &ItemFn, diag: &Diag) -> (Self, Settings) {
        let mut options = Options::read(&OPTIONS, options, diag);
        let function = &item.sig.ident;
        let given = options.has("asset");
        let asset = options.path("asset", "the name of an asset, without quotes", "raw_orders");
        if !given {
            let message = "say which asset it looks at: `#[asset_observation(asset = raw_orders)]`";
            diag.error(function.span(), message);
        }
        let name = policy::name(&mut options, function, diag);
        let settings = Settings::read(&mut options, name.clone(), item, diag);
        let mut sources = sources(item, diag);
        // What else it takes is refused.
        sources.retain(|source| matches!(source.takes, Takes::Partition(_)));
        let observation = Self {
            function: function.clone(),
            conditions: func::conditions(&item.attrs),
            name,
            description: settings.description.clone(),
            asset,
            partition: partitions(None, &sources),
            sources,
        };
        (observation, settings)
    }
}

/// Whether it returns something, and takes nothing that somebody would have to make.
pub(super) fn looks(item: &ItemFn, diag: &Diag) -> bool {
    let before = diag.count();
    if !matches!(item.sig.output, ReturnType::Type(..)) {
        let message = "an observation says which version it has found: let it return `DataVersion`";
        diag.error(item.sig.ident.span(), message);
    }
    let is_partition = |ty: &Type| parameter::argument(parameter::by_value(ty), "Partition").is_some();
    let (partitions, others): (Vec<_>, Vec<_>) =
        inputs(item).partition(|parameter| is_partition(&parameter.ty));
    let is_optional = |parameter: &&PatType| parameter::optional_partition(&parameter.ty).is_some();
    // What is wrong with the partition was told with what feeds it.
    let is_one = partitions.len() <= 1 && !others.iter().any(is_optional);
    for parameter in others.into_iter().filter(|parameter| !is_optional(parameter)) {
        diag.error_at(
            parameter,
            "an observation takes no values but the partition that it looks at, `&Partition<..>`: it looks where others put the asset, \
             with a resource, `Res<..>`, its configuration, `Config<..>`, or by itself",
        );
    }
    diag.count() == before && is_one
}
