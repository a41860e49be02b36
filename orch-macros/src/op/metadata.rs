//! Where a value with metadata cannot stand: it is an output as a whole, and nobody's input.

use quote::ToTokens as _;
use syn::Type;

use crate::diag::Diag;
use crate::parameter::argument;
use crate::{func, owned};

const METADATA: &str = "WithMetadata";

/// Refuses it as the input of an op.
pub(super) fn of_input(parameter: &Type, ty: &Type, diag: &Diag) {
    if let Some(value) = argument(ty, METADATA) {
        let reference = if matches!(parameter, Type::Reference(_)) { "&" } else { "" };
        let value = owned::written(value);
        diag.error_at(
            ty,
            format!("what is known of a value is not handed over with it: write `{reference}{value}`"),
        );
    }
}

/// Refuses it within an output.
pub(crate) fn of_output(ty: &Type, diag: &Diag) {
    let ty = func::ungrouped(ty);
    if let Type::Tuple(tuple) = ty {
        return tuple.elems.iter().for_each(|one| of_output(one, diag));
    }
    let within = |outer: &str| argument(argument(ty, outer)?, METADATA).map(|value| value.to_token_stream());
    if let Some(value) = within("Optional") {
        let message = format!(
            "an optional output is made of a value with metadata: write `Optional<{value}>`, and give \
             `WithMetadata::new(..).into()`"
        );
        diag.error_at(ty, message);
    } else if let Some(value) = within("Dynamic") {
        let message =
            format!("an item is no asset, of which something could be known: write `Dynamic<{value}>`");
        diag.error_at(ty, message);
    }
}
