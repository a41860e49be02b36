use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::model::Check;
use crate::asset::feed;
use crate::names::{ARC, CHECK, CHECK_DEF, NODE, ONCE_LOCK, OP};
use crate::policy::{internal, setting};

/// The definition of a check, beside the op that it is; none if it does not say which asset it looks at.
pub(super) fn made(check: &Check) -> Option<TokenStream> {
    let Check { function, conditions, name, description, asset, blocking, partition, sources, deps } = check;
    let asset = asset.as_ref()?;
    // Where the check stands in the source is where it says which asset it looks at; what is wrong with that is said there too.
    let (def, builder) = (CHECK_DEF.at(function.span()), internal("builder"));
    let looked_at = quote_spanned!(asset.span()=> ::<#asset>);
    let begin = quote_spanned!(function.span()=> #def::#builder #looked_at (#name));
    let mut settings = TokenStream::new();
    setting(&mut settings, "description", description.as_ref());
    if *blocking {
        let method = internal("blocking");
        settings.extend(quote!(.#method()));
    }
    // At the type's word, which may be of other partitions than the asset has.
    let takes_partition = partition.as_ref().map(|of| {
        let method = Ident::new("takes_partition", of.span());
        quote_spanned!(of.span()=> .#method::<#of>())
    });
    let depends = feed::depends(sources, deps);
    let (given, arguments) = feed::arguments(sources, partition.as_ref(), function.span());
    let unused = sources.is_empty().then(|| quote!(let _ = #given;));
    let call = quote_spanned!(function.span()=> <#function as #NODE>::node().call(#arguments));
    Some(quote! {
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #CHECK for #function {
                fn check() -> &'static #ARC<#CHECK_DEF> {
                    static CHECK: #ONCE_LOCK<#ARC<#CHECK_DEF>> = #ONCE_LOCK::new();
                    CHECK.get_or_init(|| #ARC::new(
                        #begin #settings #takes_partition #depends .made_by(<#function as #OP>::def(), |#given| { #unused #call; })
                    ))
                }
            }
        };
    })
}

/// Stands in for the definition of a check that is refused, so that whoever lists it has no second error.
pub(super) fn stub(check: &Check) -> TokenStream {
    let Check { function, conditions, .. } = check;
    quote! {
        #conditions
        #[automatically_derived]
        impl #CHECK for #function {
            fn check() -> &'static #ARC<#CHECK_DEF> {
                ::core::unreachable!()
            }
        }
    }
}
