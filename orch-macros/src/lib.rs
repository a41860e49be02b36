//! The attribute and derive macros of orch. Use them through the crate `orch`, which says what each is for.
//!
//! Each macro is a small compiler in a folder of its own: its `model` is read from the user's tokens, `check` refuses
//! what cannot be, `expand` writes the code. What they write is little: it fills in a definition or a trait, named in
//! `names`, and generic code in `orch-core` does the rest. A function that cannot be used is left as it was, beside the
//! errors, so that editors and the compiler still see it.

mod attr;
mod diag;
mod duration;
mod func;
mod hidden;
mod kind;
mod names;
mod parameter;
mod policy;
mod size;
mod tag;

mod asset;
mod asset_check;
mod asset_observation;
mod coded;
mod config;
mod configured;
mod hook;
mod job;
mod multi_asset;
mod op;
mod outputs;
mod owned;
mod program;
mod resource;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes an op of a function: a step that jobs can call.
#[proc_macro_attribute]
pub fn op(options: TokenStream, item: TokenStream) -> TokenStream {
    op::attribute(options.into(), &item.into()).into()
}

/// Makes an asset of a function: what it returns is data with a name, made of other such data.
#[proc_macro_attribute]
pub fn asset(options: TokenStream, item: TokenStream) -> TokenStream {
    asset::attribute(options.into(), &item.into()).into()
}

/// Makes an asset of a function that draws a graph: what the graph returns is its value.
#[proc_macro_attribute]
pub fn graph_asset(options: TokenStream, item: TokenStream) -> TokenStream {
    asset::graph(options.into(), &item.into()).into()
}

/// Makes several assets of a function: what it returns is a struct, each of whose fields is one.
#[proc_macro_attribute]
pub fn multi_asset(options: TokenStream, item: TokenStream) -> TokenStream {
    multi_asset::attribute(options.into(), &item.into()).into()
}

/// Names an asset that others make.
#[proc_macro_attribute]
pub fn external_asset(options: TokenStream, item: TokenStream) -> TokenStream {
    asset::external(options.into(), &item.into()).into()
}

/// Makes a check of a function: it looks at an asset and says whether it is as it should be.
#[proc_macro_attribute]
pub fn asset_check(options: TokenStream, item: TokenStream) -> TokenStream {
    asset_check::attribute(options.into(), &item.into()).into()
}

/// Makes an observation of a function: it finds out which version there is of an asset that others make.
#[proc_macro_attribute]
pub fn asset_observation(options: TokenStream, item: TokenStream) -> TokenStream {
    asset_observation::attribute(options.into(), &item.into()).into()
}

/// Makes an op of another one: the same but for its configuration, which the function makes.
#[proc_macro_attribute]
pub fn configured(options: TokenStream, item: TokenStream) -> TokenStream {
    configured::attribute(options.into(), &item.into()).into()
}

/// Makes a job of a function: its body draws the graph by calling ops.
#[proc_macro_attribute]
pub fn job(options: TokenStream, item: TokenStream) -> TokenStream {
    job::job(options.into(), &item.into()).into()
}

/// Makes a graph of a function: a part of a job, with inputs and outputs of its own.
#[proc_macro_attribute]
pub fn graph(options: TokenStream, item: TokenStream) -> TokenStream {
    job::graph(options.into(), &item.into()).into()
}

/// Makes a resource of a function that opens it.
#[proc_macro_attribute]
pub fn resource(options: TokenStream, item: TokenStream) -> TokenStream {
    resource::attribute(options.into(), &item.into()).into()
}

/// Makes a hook of a function: it is called when a step has succeeded.
#[proc_macro_attribute]
pub fn success_hook(options: TokenStream, item: TokenStream) -> TokenStream {
    hook::attribute(hook::Kind::Success, options.into(), &item.into()).into()
}

/// Makes a hook of a function: it is called when a step has failed.
#[proc_macro_attribute]
pub fn failure_hook(options: TokenStream, item: TokenStream) -> TokenStream {
    hook::attribute(hook::Kind::Failure, options.into(), &item.into()).into()
}

/// Makes a hook of a function: it is called when a run is over.
#[proc_macro_attribute]
pub fn run_hook(options: TokenStream, item: TokenStream) -> TokenStream {
    hook::attribute(hook::Kind::Run, options.into(), &item.into()).into()
}

/// Makes named outputs of the fields of a struct that an op returns; and assets, of those with `#[asset]`.
#[proc_macro_derive(Outputs, attributes(output, asset))]
pub fn outputs(item: TokenStream) -> TokenStream {
    outputs::derive(item.into()).into()
}

/// Makes configuration of a struct or enum: what can be read from files, checked and described.
#[proc_macro_derive(Config, attributes(config, serde, schemars))]
pub fn config(item: TokenStream) -> TokenStream {
    config::derive(item.into()).into()
}

/// Makes the program's `main` of a function that returns its definitions.
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    program::attribute(options.into(), &item.into()).into()
}
