use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::model::{Hook, Kind, Parameter};
use crate::hidden;
use crate::names::{ARC, FINISH, HOOK, HOOK_DEF, HOOK_NODE, ONCE_LOCK, RUN_OUTCOME, STEP_HOOK, STEP_OUTCOME};
use crate::policy::{internal, setting};

/// The hidden type of the hook, which carries its definition and is what it is attached by.
pub(super) fn hook(hook: &Hook) -> TokenStream {
    let Hook { kind, function, conditions, visibility, name, .. } = hook;
    let hidden = hidden::node(function, visibility, conditions);
    // Where the hook stands in the source, for messages, is where its name stands.
    let builder = HOOK_DEF.at(function.span());
    let begin = match kind {
        Kind::Run => quote_spanned!(function.span()=> #builder::run_builder(#name)),
        Kind::Success | Kind::Failure => quote_spanned!(function.span()=> #builder::builder(#name)),
    };
    let settings = settings(hook);
    let declared = hook.parameters.iter().filter_map(|parameter| match parameter {
        Parameter::Asked { asked, .. } => Some(asked.declared()),
        Parameter::Context { .. } => None,
    });
    let body = body(hook);
    let of_steps = of_steps(hook);
    quote! {
        #hidden
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #HOOK for #function {
                fn def() -> &'static #ARC<#HOOK_DEF> {
                    static DEF: #ONCE_LOCK<#ARC<#HOOK_DEF>> = #ONCE_LOCK::new();
                    DEF.get_or_init(|| #begin #settings #(#declared)* #body)
                }
            }
            #of_steps
            #[automatically_derived]
            impl #HOOK_NODE for #function {}
        };
    }
}

/// Stands in for the hidden type of a function that cannot be a hook, so that what it is attached to has no second error.
pub(super) fn stub(hook: &Hook) -> TokenStream {
    let Hook { function, conditions, visibility, .. } = hook;
    let hidden = hidden::node(function, visibility, conditions);
    let of_steps = of_steps(hook);
    quote! {
        #hidden
        #conditions
        #[doc(hidden)]
        const _: () = {
            impl #HOOK for #function {
                fn def() -> &'static #ARC<#HOOK_DEF> {
                    loop {}
                }
            }
            #of_steps
            impl #HOOK_NODE for #function {}
        };
    }
}

fn of_steps(hook: &Hook) -> Option<TokenStream> {
    let function = &hook.function;
    (hook.kind != Kind::Run).then(|| quote!(#[automatically_derived] impl #STEP_HOOK for #function {}))
}

fn settings(hook: &Hook) -> TokenStream {
    let mut tokens = TokenStream::new();
    setting(&mut tokens, "description", hook.description.as_ref());
    let of = if hook.kind == Kind::Run { RUN_OUTCOME } else { STEP_OUTCOME };
    let on = match &hook.on {
        Some(on) => on.clone(),
        None if hook.kind == Kind::Failure => vec!["Failed", "TimedOut"],
        // What the builders have by default.
        None => return tokens,
    };
    let on = on.into_iter().map(internal);
    setting(&mut tokens, "on", Some(quote!([#(#of::#on),*])));
    tokens
}

/// Hands the function what it asks for.
fn body(hook: &Hook) -> TokenStream {
    let Hook { function, is_async, parameters, returned, .. } = hook;
    let context = internal("context");
    let mut fetched = TokenStream::new();
    let mut passed = Vec::new();
    let mut resources = 0;
    for (position, parameter) in parameters.iter().enumerate() {
        let name = argument(position);
        match parameter {
            Parameter::Context { by_reference } => {
                // Others may be fetched of it.
                fetched.extend(quote!(let #name = ::core::clone::Clone::clone(&#context);));
                passed.push(if *by_reference { quote!(&#name) } else { quote!(#name) });
            }
            Parameter::Asked { asked, by_reference } => {
                let asked = asked.fetched(&context, &mut resources);
                fetched.extend(quote!(let #name = #asked;));
                passed.push(if *by_reference { quote!(&#name) } else { quote!(#name) });
            }
        }
    }
    let told = if parameters.is_empty() { quote!(_) } else { quote!(#context) };
    let wait = is_async.then(|| quote!(.await));
    let span = Span::mixed_site().located_at(function.span());
    let call = quote_spanned!(span=> #function(#(#passed),*) #wait);
    let call = match returned {
        Some(returned) => {
            let finish = FINISH.at(returned.span());
            let convert = internal("convert");
            quote!(let #convert: fn(_) -> _ = <#returned as #finish>::into_result; #convert(#call))
        }
        None => quote!(#call; ::core::result::Result::Ok(())),
    };
    match is_async {
        true => quote_spanned!(span=> .asynchronous(|#told| async move { #fetched #call })),
        false => quote_spanned!(span=> .blocking(|#told| { #fetched #call })),
    }
}

/// A local of generated code; hygiene keeps it apart from the user's names.
fn argument(position: usize) -> Ident {
    Ident::new(&format!("argument_{position}"), Span::mixed_site())
}
