//! `#[asset]`, `#[graph_asset]` and `#[external_asset]`: a function, or its head alone, names data.
//!
//! An asset is an op, or a graph, and something that says what it is made of: its parameters are named after other assets.
//! So the first two expand as `#[op]` and `#[graph]` do, and beside that to an `AssetDef`.

mod expand;
pub(crate) mod feed;
mod fingerprint;
mod key;
mod model;
mod own;
mod recipe;
mod source;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};

pub(crate) use self::expand::called;
pub(crate) use self::fingerprint::of_function as fingerprint_of;
pub(crate) use self::model::{PARTITIONS, Said, group, inputs, key_prefix, named, partitions, sources};
pub(crate) use self::recipe::Recipe;
pub(crate) use self::source::{Source, Takes, without_sources};

use self::model::Asset;
use crate::diag::Diag;
use crate::job::model::GraphOptions;
use crate::{func, job, op, parameter};

/// `#[asset]`
pub(crate) fn attribute(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[asset]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let (asset, settings) = Asset::of_op(options, &item, &diag);
    let plain = without_sources(&item);
    let op = op::model::Op::of(&plain, settings);
    let fits = op::check::signature("#[asset]", &item, &diag);
    let errors = diag.finish();
    let beside = match fits {
        true => {
            let made = match asset.is_fed(&plain) {
                true => expand::made(&asset, &expand::Maker::Op),
                false => expand::stub(&asset, &expand::value_of(&op.returns.outputs)),
            };
            let node = op::expand::node(&op);
            quote!(#node #made)
        }
        false if func::is_method(&plain.sig) => TokenStream::new(),
        false => {
            let made = op::check::is_output_known(&plain)
                .then(|| expand::stub(&asset, &expand::value_of(&op.returns.outputs)));
            let stub = op::expand::stub(&op);
            quote!(#stub #made)
        }
    };
    let item = parameter::without_keys(&plain);
    quote!(#item #errors #beside)
}

/// `#[graph_asset]`
pub(crate) fn graph(options: TokenStream, item: &TokenStream) -> TokenStream {
    let item = match func::parse("#[graph_asset]", item) {
        Ok(item) => item,
        Err(tokens) => return tokens,
    };
    let diag = Diag::new();
    let (asset, name) = Asset::of_graph(options, &item, &diag);
    let mut plain = without_sources(&item);
    let draws = job::check::graph("#[graph_asset]", &plain.sig, &diag)
        && !job::check::takes_values(&plain.sig, &diag);
    let draws = model::has_known_type(&plain.sig, &diag) && draws;
    let value = if draws { model::graph_value(&plain, &diag) } else { None };
    let errors = diag.finish();
    if func::is_method(&plain.sig) {
        let plain = job::expand::without_body(plain);
        return quote!(#plain #errors);
    }
    if !draws {
        plain = job::expand::without_body(plain);
    }
    job::repair(&mut plain);
    let made = value.map(|value| match asset.is_fed(&plain) {
        true => expand::made(&asset, &expand::Maker::Graph(Box::new(value))),
        false => expand::stub(&asset, &value.to_token_stream()),
    });
    let options = GraphOptions { name, hooks: Vec::new() };
    let graph = if draws { job::expand::graph(plain, &options) } else { job::expand::graph_stub(plain) };
    quote!(#graph #made #errors)
}

/// `#[external_asset]`
pub(crate) fn external(options: TokenStream, item: &TokenStream) -> TokenStream {
    let head = match syn::parse2::<model::Head>(item.clone()) {
        Ok(head) => head,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error);
        }
    };
    let diag = Diag::new();
    let asset = Asset::of_head(options, &head, &diag);
    let errors = diag.finish();
    let external = expand::external(&asset, &head);
    quote!(#external #errors)
}
