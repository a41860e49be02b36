//! Parameters that take earlier partitions of the very asset that they are parameters of.

use proc_macro2::Ident;
use syn::Path;
use syn::ext::IdentExt as _;

use super::source::{Source, Takes};
use crate::diag::Diag;
use crate::parameter;

/// Finds those among what feeds an asset, and says what is wrong with them.
pub(super) fn find(sources: &mut [Source], function: &Ident, is_partitioned: bool, diag: &Diag) {
    for source in sources {
        let Some(path) = source.paths().iter().find(|path| names(path, function)).cloned() else { continue };
        source.own = true;
        let name = function.unraw();
        if !is_partitioned {
            let message = format!(
                "an asset can take nothing of its own but earlier partitions, and `{name}` has none: say by what it is \
                 partitioned, `#[asset(partitions = Daily)]`, or take the parameter away"
            );
            diag.error_at(&path, message);
        } else if matches!(source.takes, Takes::Several(_)) {
            let message = format!(
                "earlier partitions of `{name}` itself are taken by a parameter of their own: `#[from({name})]`"
            );
            diag.error_at(&path, message);
        } else if source.mapped.is_none() {
            let message = format!(
                "this takes earlier partitions of `{name}` itself: say which, `#[mapped(PartitionMapping::time_window(-1, -1))]` \
                 for the one before"
            );
            diag.error_at(&path, message);
        } else if is_always_there(&source.takes) {
            let message = format!(
                "before the first partition of `{name}` there is none: take it as an `Option`, or those that there are by \
                 key, `&Partitions<..>`"
            );
            diag.error_at(&path, message);
        }
    }
}

/// Whether it takes a value in any case.
fn is_always_there(takes: &Takes) -> bool {
    match takes {
        Takes::One(_) | Takes::Stored(..) => true,
        Takes::StoredTogether(_, ty) => parameter::argument(ty, "Option").is_none(),
        Takes::OneAs(..)
        | Takes::Several(_)
        | Takes::Partitions(_)
        | Takes::StoredIfThere(..)
        | Takes::StoredPartitions(..)
        | Takes::Partition(_) => false,
    }
}

/// Whether a path is that of the function beside which it stands.
fn names(path: &Path, function: &Ident) -> bool {
    let plain = |at: usize| path.segments.get(at).filter(|segment| segment.arguments.is_empty());
    let is_it = |at: usize| plain(at).is_some_and(|segment| segment.ident == *function);
    match path.segments.len() {
        1 => path.leading_colon.is_none() && is_it(0),
        2 => plain(0).is_some_and(|segment| segment.ident == "self") && is_it(1),
        _ => false,
    }
}
