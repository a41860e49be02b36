//! Assets: data that a program makes, each a node of one graph, checks that look at them, observations of those that others make,
//! and jobs drawn of a part of it.

mod check;
mod def;
mod dependency;
mod draw;
mod groups;
mod lineage;
mod linked;
mod multi;
mod observation;
mod own;
mod partitioned;
mod taken_as;
mod upstream;

use std::sync::Arc;

pub use check::{CheckBuilder, CheckDef, check_of};
pub use def::{AssetBuilder, AssetDef};
pub use lineage::AssetGraph;
pub use multi::{AssetFields, MadeBy, MultiAssetBuilder, MultiAssetDef};
pub use observation::{ObservationBuilder, ObservationDef, observation_of};
pub use taken_as::TakenAs;
pub use upstream::Upstream;

pub(crate) use draw::{DrawnAsset, Selected, draw};
pub(crate) use groups::{AssetGroup, groups};
pub(crate) use partitioned::DrawnPartitions;

use super::Out;
use crate::value::Data;

/// An asset as a type: the hidden type beside a function with `#[asset]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no asset",
    label = "not the name of an asset",
    note = "a parameter of an asset is named after the asset that it takes: put `#[asset]` on the function `{Self}`, or say \
            where it comes from, `#[from(path::to::asset)]`; observations are listed by `observations![..]` and checks by `checks![..]`"
)]
pub trait Asset: 'static {
    /// What it is in memory.
    type Value: Data;

    /// Its definition.
    fn asset() -> &'static Arc<AssetDef>;
}

/// An asset that others make: the hidden type beside the head of a function with `#[external_asset]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no asset that others make",
    label = "not the name of an external asset",
    note = "an observation finds out the version of what others make, `#[external_asset]`; of an asset that this program makes \
            the version is known, and its function may say it: `context.set_data_version(..)`"
)]
pub trait ExternalAsset: Asset {}

/// The definition of the asset `A`.
#[must_use]
pub fn asset_of<A: Asset>() -> &'static Arc<AssetDef> {
    A::asset()
}

/// A check as a type: the hidden type beside a function with `#[asset_check]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no check",
    label = "not the name of a check",
    note = "put `#[asset_check(asset = ..)]` on the function `{Self}`; assets are listed with `assets![..]`"
)]
pub trait Check: 'static {
    /// Its definition.
    fn check() -> &'static Arc<CheckDef>;
}

/// An observation as a type: the hidden type beside a function with `#[asset_observation]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no observation",
    label = "not the name of an observation",
    note = "put `#[asset_observation(asset = ..)]` on the function `{Self}`; assets are listed with `assets![..]`, checks with \
            `checks![..]`"
)]
pub trait Observation: 'static {
    /// Its definition.
    fn observation() -> &'static Arc<ObservationDef>;
}

/// What a call gives that makes an asset: the handle of one value.
#[diagnostic::on_unimplemented(
    message = "an asset has one value, and this makes `{Self}`",
    label = "not one value",
    note = "a stream of items becomes one value within a `#[graph_asset]`, which maps and collects them; several values are \
            several assets"
)]
pub trait AssetHandle {
    /// The value.
    type Value: Data;
}

#[diagnostic::do_not_recommend]
impl<T: Data> AssetHandle for Out<T> {
    type Value = T;
}
