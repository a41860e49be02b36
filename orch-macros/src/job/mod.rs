//! `#[job]` and `#[graph]`: a function's body draws a graph by calling ops and graphs.

mod body;
mod check;
mod expand;
mod model;
mod scope;
mod setting;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, Safety};

use crate::diag::Diag;
use crate::func;

pub(crate) fn job(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut item = match func::parse("#[job]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let options = model::JobOptions::read(options, &item, &diag);
    check::job(&item.sig, &diag);
    let errors = diag.finish();
    if func::is_method(&item.sig) {
        let item = expand::without_body(item);
        return quote!(#item #errors);
    }
    // Whatever is wrong with the signature, the body is that of a job: left as it is, it would fail once more.
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
    let fits = check::graph(&item.sig, &diag);
    let errors = diag.finish();
    if func::is_method(&item.sig) {
        let item = expand::without_body(item);
        return quote!(#item #errors);
    }
    repair(&mut item);
    let graph = if fits { expand::graph(item, &options) } else { expand::graph_stub(item) };
    quote!(#graph #errors)
}

/// Leaves out what was refused.
fn repair(item: &mut ItemFn) {
    item.sig.asyncness = None;
    item.sig.constness = None;
    item.sig.abi = None;
    item.sig.variadic = None;
    item.sig.safety = Safety::Default;
}
