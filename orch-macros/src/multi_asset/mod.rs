//! `#[multi_asset]`: a function makes several assets, the fields of the struct that it returns.
//!
//! What is said of one of them stands at its field, and is read by `#[derive(Outputs)]`; what holds for all, here.

mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use self::model::MultiAsset;
use crate::asset::without_sources;
use crate::diag::Diag;
use crate::{func, op, parameter};

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[multi_asset]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let (assets, settings) = MultiAsset::read(options, &item, &diag);
    let plain = without_sources(&item);
    let op = op::model::Op::of(&plain, settings);
    let fits = op::check::signature("#[multi_asset]", &item, &diag);
    let returned = model::returned(&op, &plain, &diag);
    let errors = diag.finish();
    let beside = match fits {
        true => {
            let made = returned.map(|ty| match assets.is_fed(&plain) {
                true => expand::made(&assets, ty),
                false => expand::stub(&assets, ty),
            });
            let node = op::expand::node(&op);
            quote!(#node #made)
        }
        false if func::is_method(&plain.sig) => TokenStream::new(),
        false => {
            let known = returned.filter(|_| op::check::is_output_known(&plain));
            let (stub, made) = (op::expand::stub(&op), known.map(|ty| expand::stub(&assets, ty)));
            quote!(#stub #made)
        }
    };
    let item = parameter::without_keys(&plain);
    quote!(#item #errors #beside)
}
