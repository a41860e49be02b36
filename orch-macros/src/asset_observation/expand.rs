use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::model::Observation;
use crate::asset::feed;
use crate::names::{ARC, NODE, OBSERVATION, OBSERVATION_DEF, ONCE_LOCK, OP};
use crate::policy::{internal, setting};

/// The definition of an observation, beside the op that it is; none if it does not say which asset it looks at.
pub(super) fn made(observation: &Observation) -> Option<TokenStream> {
    let Observation { function, conditions, name, description, asset, partition, sources } = observation;
    let asset = asset.as_ref()?;
    // Where the observation stands in the source is where its name stands; what is wrong with its asset is said at that word.
    let (def, builder) = (OBSERVATION_DEF.at(function.span()), internal("builder"));
    let looked_at = quote_spanned!(asset.span()=> ::<#asset>);
    let begin = quote_spanned!(function.span()=> #def::#builder #looked_at (#name));
    let mut settings = TokenStream::new();
    setting(&mut settings, "description", description.as_ref());
    // At the type's word, which may be of other partitions than the asset has.
    let takes_partition = partition.as_ref().map(|of| {
        let method = Ident::new("takes_partition", of.span());
        quote_spanned!(of.span()=> .#method::<#of>())
    });
    let (given, arguments) = feed::arguments(sources, partition.as_ref(), function.span());
    let unused = sources.is_empty().then(|| quote!(let _ = #given;));
    let call = quote_spanned!(function.span()=> <#function as #NODE>::node().call(#arguments));
    Some(quote! {
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #OBSERVATION for #function {
                fn observation() -> &'static #ARC<#OBSERVATION_DEF> {
                    static OBSERVATION: #ONCE_LOCK<#ARC<#OBSERVATION_DEF>> = #ONCE_LOCK::new();
                    OBSERVATION.get_or_init(|| #ARC::new(
                        #begin #settings #takes_partition .made_by(<#function as #OP>::def(), |#given| { #unused #call; })
                    ))
                }
            }
        };
    })
}

/// Stands in for the definition of an observation that is refused, so that whoever lists it has no second error.
pub(super) fn stub(observation: &Observation) -> TokenStream {
    let Observation { function, conditions, .. } = observation;
    quote! {
        #conditions
        #[automatically_derived]
        impl #OBSERVATION for #function {
            fn observation() -> &'static #ARC<#OBSERVATION_DEF> {
                ::core::unreachable!()
            }
        }
    }
}
