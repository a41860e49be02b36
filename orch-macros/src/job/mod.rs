//! `#[job]` and `#[graph]`: a function's body draws a graph by calling ops and graphs.

mod body;
pub(crate) mod check;
pub(crate) mod expand;
pub(crate) mod model;
mod scope;
mod setting;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, ItemFn, ReturnType, Safety, Type};

use crate::diag::Diag;
use crate::names::OUT;
use crate::{func, parameter};

pub(crate) fn job(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut item = match func::parse("#[job]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let options = model::JobOptions::read(options, &item, &diag);
    let fits = check::job(&item, &diag);
    let errors = diag.finish();
    if func::is_method(&item.sig) {
        let item = expand::without_body(item);
        return quote!(#item #errors);
    }
    // A refused signature has a body to match: `.await`, `?` or a value, which would fail once more.
    if !fits {
        item = expand::without_body(item);
    }
    repair(&mut item);
    let job = expand::job(item, &options);
    quote!(#job #errors)
}

pub(crate) fn graph(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut item = match func::parse("#[graph]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let options = model::GraphOptions::read(options, &item, &diag);
    let fits = check::graph("#[graph]", &item.sig, &diag);
    let takes_values = check::takes_values(&item.sig, &diag);
    let errors = diag.finish();
    if func::is_method(&item.sig) {
        let item = expand::without_body(item);
        return quote!(#item #errors);
    }
    if !fits || check::has_handle(&item.sig) {
        item = expand::without_body(item);
    }
    repair(&mut item);
    let graph = if takes_values { expand::graph_stub(item) } else { expand::graph(item, &options) };
    quote!(#graph #errors)
}

/// Leaves out what was refused.
pub(crate) fn repair(item: &mut ItemFn) {
    item.sig.asyncness = None;
    item.sig.constness = None;
    item.sig.abi = None;
    item.sig.variadic = None;
    item.sig.safety = Safety::Default;
    for input in &mut item.sig.inputs {
        if let FnArg::Typed(parameter) = input {
            repair_handle(&mut parameter.ty);
        }
    }
    if let ReturnType::Type(_, returned) = &mut item.sig.output {
        repair_handle(returned);
    }
}

/// Writes what was refused as the handle of a value as one.
fn repair_handle(ty: &mut Type) {
    if let Some(value) = parameter::argument(ty, "Handle") {
        *ty = syn::parse_quote!(#OUT<#value>);
    }
}
