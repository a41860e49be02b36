//! How an output's type is told to be a plain value, an optional one, a dynamic one or a struct of outputs.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::names::{DEFAULT_FIT, DEFAULT_KIND, FIT};

/// The kind that the type says of itself, as the argument of `Output`: found by name, so the compiler's own lookup
/// decides, and an alias is as good as the type.
pub(crate) fn of(ty: &Type) -> TokenStream {
    quote!({ use #DEFAULT_KIND as _; <#ty>::__ORCH_KIND })
}

/// The same for all but the one place where a type is checked: a type that no op can return passes, and is not refused
/// a second time.
pub(crate) fn checked_elsewhere(ty: &Type) -> TokenStream {
    let kind = of(ty);
    quote!({ use #DEFAULT_FIT as _; #FIT::<#ty, #kind>::KIND })
}
