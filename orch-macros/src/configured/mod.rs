//! `#[configured]`: an op that is another one but for its configuration, which a function makes.

mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diag;
use crate::{func, hidden, parameter};

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[configured]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let configured = model::Configured::read(options, &item, &diag);
    let fits = check::signature(&item, &diag);
    let errors = diag.finish();
    let beside = match configured {
        _ if func::is_method(&item.sig) => TokenStream::new(),
        Some(configured) if fits => expand::op(&configured),
        Some(configured) => expand::stub(&configured),
        // Of which op is not known, so no call of it can be.
        None => hidden::named(&item.sig.ident, &item.vis, &func::conditions(&item.attrs)),
    };
    let item = parameter::without_keys(&item);
    quote!(#item #errors #beside)
}
