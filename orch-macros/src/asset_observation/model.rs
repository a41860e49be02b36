use proc_macro2::{Ident, TokenStream};
use syn::{ItemFn, LitStr, Path, ReturnType};

use crate::asset::inputs;
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::op::model::Settings;
use crate::{func, policy};

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
        ("partitions", "`#[external_asset]`"),
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
        let observation = Self {
            function: function.clone(),
            conditions: func::conditions(&item.attrs),
            name,
            description: settings.description.clone(),
            asset,
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
    for parameter in inputs(item) {
        diag.error_at(
            parameter,
            "an observation takes no values: it looks where others put the asset, with a resource, `Res<..>`, its configuration, \
             `Config<..>`, or by itself",
        );
    }
    diag.count() == before
}
