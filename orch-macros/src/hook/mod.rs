//! `#[success_hook]`, `#[failure_hook]` and `#[run_hook]`: a function is called when a step or a run is over.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diag;
use crate::{func, parameter};

pub(crate) use model::Kind;

pub(crate) fn attribute(kind: Kind, options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse(kind.attribute(), item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let hook = model::Hook::read(kind, options, &item, &diag);
    let fits = check::signature(kind, &item, &diag);
    let errors = diag.finish();
    let beside = match fits {
        // Wrong options do not hinder: the hook is there without them, and nothing that it is attached to fails too.
        true => expand::hook(&hook),
        false if func::is_method(&item.sig) => TokenStream::new(),
        false => expand::stub(&hook),
    };
    let item = parameter::without_keys(&item);
    quote!(#item #errors #beside)
}
