use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{LitStr, Type};

use super::feed;
use super::model::{Asset, Head, Said};
use crate::names::{ARC, ASSET, ASSET_DEF, ASSET_HANDLE, EXTERNAL_ASSET, NODE, ONCE_LOCK, OP, OUTPUTS};
use crate::op::{self, model::Outputs};
use crate::policy::setting;
use crate::{coded, hidden, kind};

/// What makes an asset.
pub(super) enum Maker {
    Op,
    /// A graph, which returns a handle of this.
    Graph(Box<Type>),
}

/// The definition of an asset, beside the op or graph that makes it.
pub(super) fn made(asset: &Asset, maker: &Maker) -> TokenStream {
    let function = &asset.function;
    let value = match maker {
        Maker::Op => {
            let handle = ASSET_HANDLE.at(function.span());
            let handles = quote!(<<#function as #OP>::Outputs as #OUTPUTS>::Handles);
            quote_spanned!(function.span()=> <#handles as #handle>::Value)
        }
        Maker::Graph(value) => value.to_token_stream(),
    };
    let depends = feed::depends(&asset.sources, &asset.deps);
    let (given, arguments) = feed::arguments(&asset.sources, asset.partitions.as_ref(), function.span());
    let unused = asset.sources.is_empty().then(|| quote!(let _ = #given;));
    let call = quote_spanned!(function.span()=> <#function as #NODE>::node().call(#arguments));
    let made = match maker {
        // What the call gives is the one output of the op; if there are others, that is told of its type.
        Maker::Op => quote!(.made_by(<#function as #OP>::def(), |#given| { #unused #call; })),
        Maker::Graph(value) => {
            let codec = coded::of(value);
            quote!(.drawn::<#value>(#codec, |#given| { #unused #call }))
        }
    };
    implement(asset, &value, &quote!(#depends #made))
}

/// Stands in for the definition of an asset whose parameters are refused, so that those that take it, or list it, have no
/// second error.
pub(super) fn stub(asset: &Asset, value: &TokenStream) -> TokenStream {
    let Asset { function, conditions, sources, .. } = asset;
    let imports = kind::imports();
    // So that what they name is not told as unused.
    let mappings = sources.iter().filter_map(|source| source.mapped.as_ref());
    quote! {
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #imports
            #[automatically_derived]
            impl #ASSET for #function {
                type Value = #value;
                fn asset() -> &'static #ARC<#ASSET_DEF> {
                    #(let _ = #mappings;)*
                    ::core::unreachable!()
                }
            }
        };
    }
}

/// The type of the value that an op makes which is known by these outputs alone.
pub(super) fn value_of(outputs: &Outputs) -> TokenStream {
    let outputs = op::expand::outputs(outputs);
    quote!(<<#outputs as #OUTPUTS>::Handles as #ASSET_HANDLE>::Value)
}

/// The type of an asset that others make, and its definition.
pub(super) fn external(asset: &Asset, head: &Head) -> TokenStream {
    let hidden = hidden::named(&asset.function, &head.visibility, &asset.conditions);
    let (value, codec) = (head.value.to_token_stream(), coded::of(&head.value));
    let implementation = implement(asset, &value, &quote!(.external::<#value>(#codec)));
    let Asset { function, conditions, .. } = asset;
    quote! {
        #hidden
        #implementation
        #conditions
        #[automatically_derived]
        impl #EXTERNAL_ASSET for #function {}
    }
}

fn implement(asset: &Asset, value: &TokenStream, made: &TokenStream) -> TokenStream {
    let Asset { function, conditions, key, said, code_version, recipe, io, partitions, .. } = asset;
    // Where the asset stands in the source is where its name stands.
    let def = ASSET_DEF.at(function.span());
    let called = called(key, function);
    let begin = quote_spanned!(function.span()=> #def::builder(#key) #called);
    let mut settings = TokenStream::new();
    setting(&mut settings, "code_version", code_version.as_ref());
    recipe.to_tokens(&mut settings);
    setting(&mut settings, "io", io.as_ref());
    // At the type's word, which may be no partitions.
    let partitioned = partitions.as_ref().map(|of| quote_spanned!(of.span()=> .partitioned_by::<#of>()));
    let coded = coded::import();
    quote! {
        #conditions
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #coded
            #[automatically_derived]
            impl #ASSET for #function {
                type Value = #value;
                fn asset() -> &'static #ARC<#ASSET_DEF> {
                    static ASSET: #ONCE_LOCK<#ARC<#ASSET_DEF>> = #ONCE_LOCK::new();
                    ASSET.get_or_init(|| #ARC::new(#begin #said #settings #partitioned #made))
                }
            }
        };
    }
}

/// What says by which name other code takes an asset, if its key has another one.
pub(crate) fn called(key: &LitStr, name: &Ident) -> TokenStream {
    let name = name.to_string();
    let differs = key.value().rsplit('/').next() != Some(&name);
    let mut called = TokenStream::new();
    setting(&mut called, "named", differs.then_some(name));
    called
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
