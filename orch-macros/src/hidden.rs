//! The type that stands beside an annotated function and bears its name.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Visibility;

use crate::names::{ARC, NODE, OP, OP_DEF};
use crate::policy::internal;

/// The type. Written with braces, it has a name among the types only, so that the function keeps its own.
pub(crate) fn named(function: &Ident, visibility: &Visibility, conditions: &TokenStream) -> TokenStream {
    with_fields(function, visibility, conditions, &TokenStream::new())
}

/// The type, and that bodies of jobs can name it.
pub(crate) fn node(function: &Ident, visibility: &Visibility, conditions: &TokenStream) -> TokenStream {
    let named = named(function, visibility, conditions);
    quote! {
        #named

        #conditions
        #[automatically_derived]
        impl #NODE for #function {
            type Call = Self;
            fn node() -> Self {
                Self {}
            }
        }
    }
}

/// The type of an op: its values hold a definition, the op's own or that of one which differs in its configuration only.
pub(crate) fn op(function: &Ident, visibility: &Visibility, conditions: &TokenStream) -> TokenStream {
    let def = internal("def");
    let named = with_fields(function, visibility, conditions, &quote!(#def: &'static #ARC<#OP_DEF>));
    quote! {
        #named

        #conditions
        #[automatically_derived]
        impl #NODE for #function {
            type Call = Self;
            fn node() -> Self {
                <Self as #OP>::calling(<Self as #OP>::def())
            }
        }
    }
}

fn with_fields(
    function: &Ident,
    visibility: &Visibility,
    conditions: &TokenStream,
    fields: &TokenStream,
) -> TokenStream {
    let declaration = quote_spanned!(function.span()=> struct #function { #fields });
    quote! {
        #conditions
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
        #visibility #declaration
    }
}
