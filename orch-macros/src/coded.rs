//! How it is asked whether the values of inputs and outputs can be written.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::names::{CODED, DEFAULT_CODED};

/// The trait that must be in scope for [`of`]; by `as _`, so that it brings no name.
pub(crate) fn import() -> TokenStream {
    quote!(use #DEFAULT_CODED as _;)
}

/// The answer for a type. It is found by name, as kinds are, so that the compiler's own lookup decides and none of them is
/// an error.
pub(crate) fn of(ty: &Type) -> TokenStream {
    quote!(#CODED::<#ty>::CODEC)
}

/// The answers for these types as an array.
pub(crate) fn list<'t>(types: impl IntoIterator<Item = &'t Type>) -> TokenStream {
    let coded = types.into_iter().map(of);
    quote!([#(#coded),*])
}
