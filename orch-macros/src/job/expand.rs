use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{FnArg, GenericParam, ItemFn, Pat};

use super::body;
use super::model::{GraphOptions, JobOptions};
use crate::func;
use crate::hidden;
use crate::names::{
    ENTER_GRAPH, ENTER_HOOKED_GRAPH, EXECUTOR, HANDLE, HOOK, HOOK_NODE, JOB, JOB_CONFIG, JOB_NODE,
    JOB_OPTIONS, ORDER, STEP_HOOK, UNKNOWN,
};
use crate::parameter;
use crate::policy::{internal, setting};

/// The function that builds the job, and a hidden type that tells whoever calls it in a body that it is one.
pub(super) fn job(mut item: ItemFn, options: &JobOptions) -> TokenStream {
    rewrite(&mut item);
    let config = take_config(&mut item);
    let ItemFn { attrs, vis, sig, block, .. } = &item;
    let function = &sig.ident;
    let conditions = func::conditions(attrs);
    // Where the job stands in the source, for plans, is where its name stands.
    let new = JOB_OPTIONS.at(function.span());
    let name = &options.name;
    let begin = quote_spanned!(function.span()=> #new::new(#name));
    let mut sig = sig.clone();
    sig.output = syn::parse_quote_spanned!(function.span()=> -> #JOB);
    let must_use =
        (!attrs.iter().any(|attribute| attribute.path().is_ident("must_use"))).then(|| quote!(#[must_use]));
    let imports = imports();
    let statements = &block.stmts;
    let hidden = hidden::node(&item.sig.ident, &item.vis, &conditions);
    quote! {
        #(#attrs)*
        #must_use
        #vis #sig {
            #JOB::compose(#begin #options, move || {
                #imports
                #config
                #(#statements)*
            })
        }
        #hidden
        #conditions
        #[automatically_derived]
        impl #JOB_NODE for #function {}
    }
}

/// Takes the job's configuration off the parameters: in the body it is a value that a run will have, and the function that
/// builds the job has none to give.
fn take_config(item: &mut ItemFn) -> Option<TokenStream> {
    let inputs = std::mem::take(&mut item.sig.inputs);
    let mut config = None;
    for input in inputs {
        match &input {
            FnArg::Typed(parameter) if parameter::is_config(parameter) => {
                let (pattern, ty) = (&parameter.pat, parameter::argument(&parameter.ty, "Config"));
                config =
                    Some(quote_spanned!(parameter.ty.span()=> let #pattern = #JOB_CONFIG::<#ty>::declare();));
            }
            _ => item.sig.inputs.push(input),
        }
    }
    config
}

/// The function with its body rewritten, and the hidden type that calls it as a part of a job.
pub(crate) fn graph(mut item: ItemFn, options: &GraphOptions) -> TokenStream {
    rewrite(&mut item);
    let conditions = func::conditions(&item.attrs);
    let hidden = hidden::node(&item.sig.ident, &item.vis, &conditions);
    let function = &item.sig.ident;
    let call = graph_call(&item, options);
    let imports = imports();
    let ItemFn { attrs, vis, sig, block, .. } = &item;
    let statements = &block.stmts;
    quote! {
        #(#attrs)*
        #[allow(clippy::must_use_candidate)]
        #vis #sig {
            #imports
            #(#statements)*
        }
        #hidden
        #conditions
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        impl #function {
            #call
        }
    }
}

/// Stands in for a graph of values: its body would fail with each op that it hands one to, and whoever calls it too.
pub(crate) fn graph_stub(mut item: ItemFn) -> TokenStream {
    let conditions = func::conditions(&item.attrs);
    let hidden = hidden::node(&item.sig.ident, &item.vis, &conditions);
    item = without_body(item);
    let (function, visibility) = (&item.sig.ident, &item.vis);
    let names: Vec<_> = (0..func::parameters(&item.sig).count())
        .map(|position| Ident::new(&format!("argument_{position}"), Span::mixed_site()))
        .collect();
    quote! {
        #item
        #hidden
        #conditions
        impl #function {
            #[doc(hidden)]
            #visibility fn call(self, #(#names: impl ::core::marker::Sized),*) -> #UNKNOWN {
                #(let _ = #names;)*
                #UNKNOWN
            }
        }
    }
}

/// A refused function whose body is that of a job: left as it is, each call of an op in it would fail once more.
pub(crate) fn without_body(mut item: ItemFn) -> ItemFn {
    item.attrs.push(syn::parse_quote!(#[allow(dead_code, unused_variables, clippy::all, clippy::pedantic)]));
    // Of any type, and never called: the program does not compile.
    item.block = syn::parse_quote!({ loop {} });
    item
}

/// The method by which bodies call the graph: the function's own signature.
fn graph_call(item: &ItemFn, options: &GraphOptions) -> TokenStream {
    let ItemFn { vis, sig, .. } = item;
    let (function, generics, output, name) = (&sig.ident, &sig.generics, &sig.output, &options.name);
    let clause = &generics.where_clause;
    let mut arguments = Vec::new();
    let mut parameters = Vec::new();
    for (position, parameter) in func::parameters(sig).enumerate() {
        let (pattern, ty) = (&*parameter.pat, &parameter.ty);
        // A message about an argument shows the name of the parameter, where it has one.
        let argument = match pattern {
            Pat::Ident(pattern) => pattern.ident.clone(),
            pattern => {
                Ident::new(&format!("argument_{position}"), Span::mixed_site().located_at(pattern.span()))
            }
        };
        parameters.push(quote!(#argument: #ty));
        arguments.push(argument);
    }
    let turbofish = turbofish(item);
    let hooks = options.hooks.iter().map(|path| {
        let hook = STEP_HOOK.at(path.span());
        quote_spanned!(path.span()=> <#path as #hook>::step_def())
    });
    let body = quote!(move || #function #turbofish (#(#arguments),*));
    let enter = match options.hooks.is_empty() {
        true => quote!(#ENTER_GRAPH(#name, #body)),
        false => quote!(#ENTER_HOOKED_GRAPH(#name, &[#(#hooks),*], #body)),
    };
    let head = quote_spanned!(function.span()=> fn call #generics (self, #(#parameters),*) #output #clause);
    quote! {
        #[doc(hidden)]
        #[track_caller]
        #vis #head {
            #enter
        }
    }
}

/// The generic arguments, handed on; with an `impl Trait` among the parameters they must be inferred.
fn turbofish(item: &ItemFn) -> Option<TokenStream> {
    let named: Vec<&Ident> = item
        .sig
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(ty) => Some(&ty.ident),
            GenericParam::Const(constant) => Some(&constant.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    let inferred = func::parameters(&item.sig).any(|parameter| func::impl_trait(&parameter.ty).is_some());
    (!named.is_empty() && !inferred).then(|| quote!(::<#(#named),*>))
}

fn rewrite(item: &mut ItemFn) {
    let parameters: Vec<Pat> =
        func::parameters(&item.sig).map(|parameter| (*parameter.pat).clone()).collect();
    body::rewrite(&mut item.block, parameters.iter());
}

/// What a body needs beside the prelude, without a name that could stand in the user's way.
fn imports() -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use #HANDLE as _;
        #[allow(unused_imports)]
        use #JOB_NODE as _;
        #[allow(unused_imports)]
        use #HOOK_NODE as _;
    }
}

impl ToTokens for JobOptions {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        setting(tokens, "description", self.description.as_ref());
        for (key, value) in &self.tags {
            setting(tokens, "tag", Some(quote!(#key, #value)));
        }
        setting(tokens, "max_concurrent", self.max_concurrent);
        setting(tokens, "max_in_flight", self.max_in_flight);
        let order = self.order.map(internal);
        setting(tokens, "order", order.map(|variant| quote!(#ORDER::#variant)));
        let executor = self.executor.map(internal);
        setting(tokens, "executor", executor.map(|variant| quote!(#EXECUTOR::#variant)));
        setting(tokens, "retry", self.retry.as_ref());
        for limit in &self.limits {
            setting(tokens, "limit", Some(limit));
        }
        for path in &self.hooks {
            // At the user's word, where the compiler says that it is no hook.
            let hook = HOOK.at(path.span());
            setting(tokens, "hook", Some(quote_spanned!(path.span()=> <#path as #hook>::def())));
        }
    }
}
