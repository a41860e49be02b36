//! The type that stands beside an annotated function and bears its name.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Visibility;

use crate::names::NODE;

/// The type. Written with braces, it has a name among the types only, so that the function keeps its own.
pub(crate) fn named(function: &Ident, visibility: &Visibility, conditions: &TokenStream) -> TokenStream {
    let declaration = quote_spanned!(function.span()=> struct #function {});
    quote! {
        #conditions
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
        #visibility #declaration
    }
}

/// The type, and that bodies of jobs can name it.
pub(crate) fn node(function: &Ident, visibility: &Visibility, conditions: &TokenStream) -> TokenStream {
    let named = named(function, visibility, conditions);
    quote! {
        #named

        #conditions
        #[automatically_derived]
        impl #NODE for #function {
            fn node() -> Self {
                Self {}
            }
        }
    }
}
