use super::{AssetDef, Upstream};
use crate::graph::Out;
use crate::value::{ByValue, Data};

/// As what the value of an asset may be taken, which is a `V`: as what it is, or, of one with partitions, as an `Option`, none
/// where the partition is missing.
///
/// `How` says which of the two it is, and is found by the compiler: no `V` is an `Option` of itself.
#[diagnostic::on_unimplemented(
    message = "the asset is a `{V}`, and is taken as `{Self}`",
    label = "it is taken as what it is, or as an `Option` of that where a partition may be missing"
)]
pub trait TakenAs<V, How>: Sized {
    /// Whether there may be none.
    const MAY_BE_MISSING: bool;

    /// The handle of an asset that is taken so.
    #[track_caller]
    fn of(upstream: &Upstream, asset: &AssetDef) -> Out<Self>;
}

/// As what it is.
#[derive(Debug)]
pub struct Itself;

/// As an `Option` of what it is.
#[derive(Debug)]
pub struct IfThere;

impl<V: Data> TakenAs<V, Itself> for V {
    const MAY_BE_MISSING: bool = false;

    fn of(upstream: &Upstream, asset: &AssetDef) -> Out<Self> {
        upstream.of_made(asset)
    }
}

impl<V: ByValue> TakenAs<V, IfThere> for Option<V> {
    const MAY_BE_MISSING: bool = true;

    fn of(upstream: &Upstream, asset: &AssetDef) -> Out<Self> {
        upstream.optional_of_made(asset)
    }
}
