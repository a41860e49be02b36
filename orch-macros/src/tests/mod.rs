//! Expansions, a snapshot for each feature: what a reader of `cargo expand` would see.

mod asset;
mod asset_check;
mod asset_observation;
mod config;
mod configured;
mod hook;
mod job;
mod multi_asset;
mod op;
mod outputs;
mod program;
mod resource;

use proc_macro2::TokenStream;

/// The expansion, as rustfmt would have it, with the paths of generated code shortened.
fn pretty(expansion: TokenStream) -> String {
    let file = syn::parse2(expansion).expect("an expansion is a list of items");
    let text = prettyplease::unparse(&file).replace("::orch::__private::", "");
    // In attributes that take a path as a text.
    text.replace(":: orch :: __private :: ", "")
}
