use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemFn;

use crate::func;
use crate::names::RUN_MAIN;

/// The program's `main`, which hands the function to the command line.
pub(super) fn main(item: &ItemFn) -> TokenStream {
    let conditions = func::conditions(&item.attrs);
    let function = &item.sig.ident;
    quote! {
        #conditions
        fn main() -> ::std::process::ExitCode {
            #RUN_MAIN(::core::option_env!("CARGO_PKG_VERSION"), #function)
        }
    }
}

/// A `main`, so that its lack is not told besides the error.
pub(super) fn stub(item: &ItemFn) -> TokenStream {
    let conditions = func::conditions(&item.attrs);
    quote!(#conditions fn main() {})
}
