use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::model::{Configured, Outer, Passing};
use crate::hidden;
use crate::names::{ARC, FALLIBLE_RETURN, NO_CONFIG, NODE, ONCE_LOCK, OP, OP_DEF, TAKES_CONFIG};
use crate::policy::{internal, setting};

/// The hidden type, whose definition is the op's with another configuration and whose calls are the op's.
pub(super) fn op(configured: &Configured) -> TokenStream {
    let Configured { function, visibility, conditions, name, outer, .. } = configured;
    let hidden = hidden::named(function, visibility, conditions);
    let (op, of) = (configured_op(configured), OP.at(configured.op.span()));
    let node = node(configured, &quote!(<#op as #of>::calling(<Self as #OP>::def())));
    let own = match outer {
        Some(Outer { ty, .. }) => quote_spanned!(ty.span()=> #ty),
        None => quote!(#NO_CONFIG),
    };
    let map = map(configured);
    let begin = quote_spanned!(function.span()=> .configured::<#own, <#op as #of>::Config>(#name, #map));
    let mut described = TokenStream::new();
    setting(&mut described, "described", configured.description.as_ref());
    let takes_config = outer
        .is_some()
        .then(|| quote!(#[automatically_derived] impl #TAKES_CONFIG for #function { type Op = Self; }));
    let outputs = quote_spanned!(configured.op.span()=> type Outputs = <#op as #of>::Outputs;);
    let calling = quote_spanned! {configured.op.span()=>
        fn calling(def: &'static #ARC<#OP_DEF>) -> Self::Call {
            <#op as #of>::calling(def)
        }
    };
    quote! {
        #hidden
        #node
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #OP for #function {
                #outputs
                type Config = #own;
                fn def() -> &'static #ARC<#OP_DEF> {
                    static DEF: #ONCE_LOCK<#ARC<#OP_DEF>> = #ONCE_LOCK::new();
                    DEF.get_or_init(|| #ARC::new(<#op as #of>::def() #begin #described))
                }
                #calling
            }
            #takes_config
        };
    }
}

/// Stands in for the op of a function that cannot configure it: it is called as the other one.
pub(super) fn stub(configured: &Configured) -> TokenStream {
    let Configured { function, visibility, conditions, .. } = configured;
    let hidden = hidden::named(function, visibility, conditions);
    let node = node(configured, &quote!(loop {}));
    quote!(#hidden #node)
}

/// The other op, as one that takes configuration: what is none is told once, at its name.
fn configured_op(configured: &Configured) -> TokenStream {
    let op = &configured.op;
    let takes = TAKES_CONFIG.at(op.span());
    quote_spanned!(op.span()=> <#op as #takes>::Op)
}

fn node(configured: &Configured, value: &TokenStream) -> TokenStream {
    let Configured { function, conditions, .. } = configured;
    let (op, node) = (configured_op(configured), NODE.at(configured.op.span()));
    let items = quote_spanned! {configured.op.span()=>
        type Call = <#op as #node>::Call;
        fn node() -> Self::Call {
            #value
        }
    };
    quote! {
        #conditions
        #[automatically_derived]
        impl #NODE for #function {
            #items
        }
    }
}

/// The closure that makes the op's configuration of the one it is given.
fn map(configured: &Configured) -> TokenStream {
    let Configured { function, outer, returns, .. } = configured;
    let (op, of) = (configured_op(configured), OP.at(configured.op.span()));
    let (config, convert) = (internal("config"), internal("convert"));
    let passed = outer.as_ref().map(|outer| match outer.passing {
        Passing::Shared => quote!(#config),
        Passing::SharedReference => quote!(&#config),
        Passing::Reference => quote!(&*#config),
    });
    let taken = if outer.is_some() { quote!(#config) } else { quote!(_) };
    let span = Span::mixed_site().located_at(function.span());
    let call = quote_spanned!(span=> #function(#passed));
    let ty = &returns.value;
    let call = match &returns.fallible {
        Some(result) => {
            let fallible = FALLIBLE_RETURN.at(result.span());
            quote!({ let #convert: fn(_) -> _ = <#result as #fallible<#ty>>::into_failure; #convert(#call)? })
        }
        None => call,
    };
    // Told at the type that the function returns, if it is not the one that the op takes.
    let same = internal("same");
    let value = Ident::new("value", Span::mixed_site().located_at(ty.span()));
    let same_type = quote_spanned!(ty.span()=> fn(#ty) -> <#op as #of>::Config);
    quote!(|#taken| { let #same: #same_type = |#value| #value; ::core::result::Result::Ok(#same(#call)) })
}
