//! `#[asset_check]`: a function looks at an asset and says whether it is as it should be.
//!
//! A check is an op, and something that says which asset it looks at. So it expands as `#[op]` does, but for its output, which
//! is always a `CheckResult`, and beside that to a `CheckDef`. Its parameters are named after assets as those of `#[asset]` are.

mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use self::model::Check;
use crate::asset::without_sources;
use crate::diag::Diag;
use crate::{func, op, parameter};

pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[asset_check]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let (check, settings) = Check::read(options, &item, &diag);
    let plain = without_sources(&item);
    let looks = model::returns(&plain, &diag);
    let op = op::model::Op::of_check(&plain, settings);
    let fits = op::check::signature("#[asset_check]", &item, &diag) && looks;
    let errors = diag.finish();
    let beside = match fits {
        true => {
            let made = check.is_fed(&plain).then(|| expand::made(&check)).flatten();
            let made = made.unwrap_or_else(|| expand::stub(&check));
            let node = op::expand::node(&op);
            quote!(#node #made)
        }
        false if func::is_method(&plain.sig) => TokenStream::new(),
        false => {
            let (stub, made) = (op::expand::stub(&op), expand::stub(&check));
            quote!(#stub #made)
        }
    };
    let item = parameter::without_keys(&plain);
    quote!(#item #errors #beside)
}
