//! `#[asset_observation]`: a function finds out which version there is of an asset that others make.
//!
//! An observation is an op, and something that says which asset it looks at. So it expands as `#[op]` does, but for its output,
//! which is always a `DataVersion`, and beside that to an `ObservationDef`. It takes no assets: it looks where others put theirs.

mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use self::model::Observation;
use crate::asset::without_sources;
use crate::diag::Diag;
use crate::{func, op, parameter};

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[asset_observation]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let (observation, settings) = Observation::read(options, &item, &diag);
    let plain = without_sources(&item);
    let looks = model::looks(&plain, &diag);
    let op = op::model::Op::of_observation(&plain, settings);
    let fits = op::check::signature("#[asset_observation]", &item, &diag) && looks;
    let errors = diag.finish();
    let beside = match fits {
        true => {
            let made = expand::made(&observation).unwrap_or_else(|| expand::stub(&observation));
            let node = op::expand::node(&op);
            quote!(#node #made)
        }
        false if func::is_method(&plain.sig) => TokenStream::new(),
        false => {
            let (stub, made) = (op::expand::stub(&op), expand::stub(&observation));
            quote!(#stub #made)
        }
    };
    let item = parameter::without_keys(&plain);
    quote!(#item #errors #beside)
}
