//! `#[resource]`: a function opens what the steps of a run share.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diag;
use crate::{func, hidden, parameter};

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[resource]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let resource = model::Resource::read(options, &item, &diag);
    let fits = check::function(&item, &diag);
    let errors = diag.finish();
    let beside = match fits {
        true => expand::resource(&resource),
        false if func::is_method(&item.sig) => TokenStream::new(),
        // Who gives it to a program is told only that it is no resource.
        false => hidden::named(&resource.function, &resource.visibility, &resource.conditions),
    };
    let item = parameter::without_keys(&item);
    quote!(#item #errors #beside)
}
