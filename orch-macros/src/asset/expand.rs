use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{ItemFn, ReturnType};

use super::model::{Asset, Head, Said, Source};
use crate::hidden;
use crate::names::{ARC, ASSET, ASSET_DEF, ASSET_HANDLE, CODED, DEFAULT_CODED, NODE, ONCE_LOCK, OP, OUTPUTS};
use crate::policy::{internal, setting};

/// What makes an asset.
pub(super) enum Maker {
    Op,
    /// A graph, which returns this.
    Graph(TokenStream),
}

impl Maker {
    pub(super) fn graph(item: &ItemFn) -> Self {
        Self::Graph(match &item.sig.output {
            ReturnType::Type(_, ty) => ty.to_token_stream(),
            ReturnType::Default => quote!(()),
        })
    }
}

/// The definition of an asset, beside the op or graph that makes it.
pub(super) fn made(asset: &Asset, maker: &Maker) -> TokenStream {
    let function = &asset.function;
    let handles = match maker {
        Maker::Op => quote!(<<#function as #OP>::Outputs as #OUTPUTS>::Handles),
        Maker::Graph(returned) => returned.clone(),
    };
    let handle = ASSET_HANDLE.at(function.span());
    let value = quote_spanned!(function.span()=> <#handles as #handle>::Value);
    let takes = asset.sources.iter().flat_map(Source::paths).map(|path| depends("takes", path));
    let after = asset.deps.iter().map(|path| depends("after", path));
    let upstream = internal("upstream");
    let arguments = asset.sources.iter().map(|source| {
        let one = |path: &syn::Path| quote_spanned!(path.span()=> #upstream.of::<#path>());
        match source {
            Source::One(path) => one(path),
            Source::Several(paths) => {
                let several = paths.iter().map(one);
                quote!([#(#several),*])
            }
        }
    });
    let unused = asset.sources.is_empty().then(|| quote!(let _ = #upstream;));
    let call = quote_spanned!(function.span()=> <#function as #NODE>::node().call(#(#arguments),*));
    let draw = quote!(|#upstream| { #unused #call });
    let made = match maker {
        Maker::Op => quote!(.made_by(<#function as #OP>::def(), #draw)),
        Maker::Graph(_) => quote!(.drawn(#CODED::<<Self as #ASSET>::Value>::CODEC, #draw)),
    };
    implement(asset, &value, &quote!(#(#takes)* #(#after)* #made))
}

/// The type of an asset that others make, and its definition.
pub(super) fn external(asset: &Asset, head: &Head) -> TokenStream {
    let hidden = hidden::named(&asset.function, &head.visibility, &asset.conditions);
    let value = head.returns();
    let implementation = implement(asset, &value, &quote!(.external::<#value>(#CODED::<#value>::CODEC)));
    quote!(#hidden #implementation)
}

fn implement(asset: &Asset, value: &TokenStream, made: &TokenStream) -> TokenStream {
    let Asset { function, conditions, key, said, code_version, io, .. } = asset;
    // Where the asset stands in the source is where its name stands.
    let def = ASSET_DEF.at(function.span());
    let begin = quote_spanned!(function.span()=> #def::builder(#key));
    let mut settings = TokenStream::new();
    setting(&mut settings, "code_version", code_version.as_ref());
    setting(&mut settings, "io", io.as_ref());
    quote! {
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            use #DEFAULT_CODED as _;
            #[automatically_derived]
            impl #ASSET for #function {
                type Value = #value;
                fn asset() -> &'static #ARC<#ASSET_DEF> {
                    static ASSET: #ONCE_LOCK<#ARC<#ASSET_DEF>> = #ONCE_LOCK::new();
                    ASSET.get_or_init(|| #ARC::new(#begin #said #settings #made))
                }
            }
        };
    }
}

/// That the asset depends on another one, at the user's word.
fn depends(how: &str, path: &syn::Path) -> TokenStream {
    let (asset, how) = (ASSET.at(path.span()), syn::Ident::new(how, path.span()));
    quote_spanned!(path.span()=> .#how(<#path as #asset>::asset))
}

impl ToTokens for Said {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        setting(tokens, "description", self.description.as_ref());
        setting(tokens, "group", self.group.as_ref());
        for owner in &self.owners {
            setting(tokens, "owner", Some(owner));
        }
        for kind in &self.kinds {
            setting(tokens, "kind", Some(kind));
        }
        for (key, value) in &self.tags {
            setting(tokens, "tag", Some(quote!(#key, #value)));
        }
        for (name, value) in &self.metadata {
            setting(tokens, "metadata", Some(quote!(#name, #value)));
        }
    }
}
