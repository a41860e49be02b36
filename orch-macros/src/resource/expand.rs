use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::model::{Close, Resource};
use crate::hidden;
use crate::names::{ARC, FALLIBLE_RETURN, FINISH, ONCE_LOCK, OPENS, RES, RESOURCE_DEF};
use crate::policy::{internal, setting};

/// The hidden type of the resource, which carries its definition.
pub(super) fn resource(resource: &Resource) -> TokenStream {
    let Resource { function, conditions, visibility, key, parameters, opened, .. } = resource;
    let hidden = hidden::named(function, visibility, conditions);
    let builder = RESOURCE_DEF.at(function.span());
    let begin = quote_spanned!(function.span()=> #builder::builder(#key));
    let mut settings = TokenStream::new();
    setting(&mut settings, "description", resource.description.as_ref());
    setting(&mut settings, "code_version", resource.code_version.as_ref());
    resource.recipe.to_tokens(&mut settings);
    let declared = parameters.iter().map(|(asked, _)| asked.declared());
    let ty = &opened.ty;
    let open = open(resource);
    let close = resource.close.as_ref().map(close);
    quote! {
        #hidden
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #OPENS for #function {
                fn def() -> &'static #ARC<#RESOURCE_DEF> {
                    static DEF: #ONCE_LOCK<#ARC<#RESOURCE_DEF>> = #ONCE_LOCK::new();
                    DEF.get_or_init(|| #begin #settings #(#declared)* .opens::<#ty>() #open #close .build())
                }
            }
        };
    }
}

/// Fetches what the function asks for and calls it.
fn open(resource: &Resource) -> TokenStream {
    let Resource { function, parameters, opened, is_async, .. } = resource;
    let args = internal("args");
    let mut fetched = TokenStream::new();
    let mut passed = Vec::new();
    let mut resources = 0;
    for (position, (asked, by_reference)) in parameters.iter().enumerate() {
        let name = Ident::new(&format!("argument_{position}"), Span::mixed_site());
        let asked = asked.fetched(&args, &mut resources);
        fetched.extend(quote!(let #name = #asked;));
        passed.push(if *by_reference { quote!(&#name) } else { quote!(#name) });
    }
    let span = Span::mixed_site().located_at(function.span());
    let wait = is_async.then(|| quote!(.await));
    let call = quote_spanned!(span=> #function(#(#passed),*) #wait);
    let call = match &opened.fallible {
        Some((result, value)) => {
            let fallible = FALLIBLE_RETURN.at(result.span());
            let convert = internal("convert");
            quote!({ let #convert: fn(_) -> _ = <#result as #fallible<#value>>::into_failure; #convert(#call)? })
        }
        None => call,
    };
    let given = if opened.shared { call } else { quote!(#RES::new(#call)) };
    let args = if parameters.is_empty() { quote!(_) } else { quote!(#args) };
    match is_async {
        true => {
            quote_spanned!(span=> .asynchronous(|#args| async move { #fetched ::core::result::Result::Ok(#given) }))
        }
        false => quote_spanned!(span=> .blocking(|#args| { #fetched ::core::result::Result::Ok(#given) })),
    }
}

fn close(close: &Close) -> TokenStream {
    let Close { function, is_async } = close;
    // All at the function's name, where the compiler says that it is no such function.
    let span = Span::mixed_site().located_at(function.span());
    let resource = Ident::new("resource", span);
    let finish = FINISH.at(span);
    let wait = is_async.then(|| quote_spanned!(span=> .await));
    let given =
        if *is_async { quote_spanned!(span=> &*#resource) } else { quote_spanned!(span=> &**#resource) };
    let call = quote_spanned!(span=> #finish::into_result(#function(#given) #wait));
    match is_async {
        true => quote!(.closed_async(|#resource| async move { #call })),
        false => quote!(.closed_blocking(|#resource| #call)),
    }
}
