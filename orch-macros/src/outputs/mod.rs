//! `#[derive(Outputs)]`: the fields of a struct become named outputs of the op that returns it.

mod asset;
mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::diag::Diag;
use crate::op::metadata::of_output;

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let diag = Diag::new();
    let outputs = check::shape(&item, &diag).map(|fields| model::Outputs::read(&item, fields, &diag));
    if let Some(outputs) = &outputs {
        check::names(outputs, &diag);
        asset::check(outputs, &diag);
    }
    // What is refused here, the compiler is not asked for.
    let before = diag.count();
    outputs.iter().flat_map(|all| &all.outputs).for_each(|output| of_output(&output.ty, &diag));
    let outputs = outputs.filter(|_| diag.count() == before);
    let errors = diag.finish();
    let implementation = outputs.as_ref().map(expand::outputs);
    let assets = outputs.as_ref().map(asset::fields);
    quote!(#implementation #assets #errors)
}
