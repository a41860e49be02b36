//! `#[derive(Config)]`: a struct or enum becomes what an op can be configured with.
//!
//! Serde and schemars do the work. They are given a hidden *mirror*, a type with the same fields, since the user's crate
//! has neither of them: attributes can name another crate for a derive, but only on the type that derives it. The mirror
//! reads and writes the user's type as serde's `remote` does.

mod check;
mod expand;
mod kind;
mod mirror;
mod model;
mod range;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::diag::Diag;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let diag = Diag::new();
    check::shape(&item, &diag);
    let config = model::Config::read(&item, &diag);
    check::whole(&config, &diag);
    check::fields(&config, &diag);
    let fits = diag.count() == 0;
    let errors = diag.finish();
    // What uses a type that was refused is not refused as well.
    let implementation = if fits { expand::config(&config) } else { expand::stub(&item) };
    quote!(#implementation #errors)
}
