use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::model::MultiAsset;
use crate::asset::feed;
use crate::names::{ASSET_FIELDS, MADE_BY, MULTI_ASSET_DEF, NODE, ONCE_LOCK, OP};
use crate::policy::{internal, setting};

/// The definition of the assets, beside the op that makes them.
pub(super) fn made(assets: &MultiAsset, returned: &Type) -> TokenStream {
    let MultiAsset { function, conditions, key_prefix, group, code_version, recipe, .. } = assets;
    let MultiAsset { partitions, sources, deps, .. } = assets;
    let mut settings = TokenStream::new();
    setting(&mut settings, "key_prefix", key_prefix.as_ref());
    setting(&mut settings, "group", group.as_ref());
    setting(&mut settings, "code_version", code_version.as_ref());
    recipe.to_tokens(&mut settings);
    let partitioned = partitions.as_ref().map(|of| quote_spanned!(of.span()=> .partitioned_by::<#of>()));
    let depends = feed::depends(sources, deps);
    let (given, arguments) = feed::arguments(sources, partitions.as_ref(), function.span());
    let unused = sources.is_empty().then(|| quote!(let _ = #given;));
    let call = quote_spanned!(function.span()=> <#function as #NODE>::node().call(#arguments));
    // At the return type, of which the compiler says that its fields are no assets.
    let fields = ASSET_FIELDS.at(returned.span());
    let (builder, asset, named) = (internal("builder"), internal("asset"), internal("fields"));
    quote! {
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #MADE_BY<#function> for #returned {
                fn made() -> &'static #MULTI_ASSET_DEF {
                    static MADE: #ONCE_LOCK<#MULTI_ASSET_DEF> = #ONCE_LOCK::new();
                    MADE.get_or_init(|| {
                        let #named = <#returned as #fields>::fields(
                            &|#asset| #asset #settings #partitioned #depends
                        );
                        #MULTI_ASSET_DEF::#builder(<#function as #OP>::def())
                            .assets(#named)
                            .drawn(|#given| { #unused #call; })
                    })
                }
            }
        };
    }
}

/// Stands in for the definition of assets whose parameters are refused, so that those that take them have no second error.
pub(super) fn stub(assets: &MultiAsset, returned: &Type) -> TokenStream {
    let MultiAsset { function, conditions, .. } = assets;
    quote! {
        #conditions
        #[automatically_derived]
        impl #MADE_BY<#function> for #returned {
            fn made() -> &'static #MULTI_ASSET_DEF {
                ::core::unreachable!()
            }
        }
    }
}
