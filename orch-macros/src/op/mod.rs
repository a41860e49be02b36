//! `#[op]`: a function becomes a step that jobs can call.

pub(crate) mod check;
pub(crate) mod expand;
pub(crate) mod metadata;
pub(crate) mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diag;
use crate::{func, parameter};

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[op]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let op = model::Op::read(options, &item, &diag);
    let fits = check::signature("#[op]", &item, &diag);
    let errors = diag.finish();
    let beside = match fits {
        // Wrong options do not hinder: the op is there without them, and nothing that uses it fails too.
        true => expand::node(&op),
        false if func::is_method(&item.sig) => TokenStream::new(),
        false => expand::stub(&op),
    };
    let item = parameter::without_keys(&item);
    quote!(#item #errors #beside)
}
