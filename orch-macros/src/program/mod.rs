//! `#[orch::main]`: a function that returns definitions becomes the program.

mod check;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diag;
use crate::func;

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[orch::main]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    check::options(options, &diag);
    let fits = check::signature(&item.sig, &diag);
    let errors = diag.finish();
    let main = match fits {
        true => expand::main(&item),
        false => expand::stub(&item),
    };
    if item.sig.ident == "main" {
        // Left where it stands, it would be taken for the program.
        return quote!(#errors const _: () = { #item }; #main);
    }
    quote!(#item #errors #main)
}
