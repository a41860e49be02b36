//! Fields that are assets, which a function with `#[multi_asset]` makes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Field, LitStr, Meta};

use super::model::{Output, Outputs};
use crate::asset::{self, Said};
use crate::attr::{Known, Options};
use crate::diag::Diag;
use crate::names::{ARC, ASSET, ASSET_BUILDER, ASSET_DEF, ASSET_FIELDS, ASSET_HANDLE, MADE_BY, OUTPUT};
use crate::policy::internal;
use crate::{hidden, kind};

const OPTIONS: Known = Known {
    owner: "the `#[asset]` of a field",
    options: &["key", "group", "owners", "kind", "tags", "description", "metadata"],
    repeated: &[],
    elsewhere: &[
        ("name", "`#[output(..)]`"),
        ("key_prefix", "`#[multi_asset]`, for all fields"),
        ("deps", "`#[multi_asset]`, for all fields"),
        ("code_version", "`#[multi_asset]`, for all fields"),
        ("fingerprint", "`#[multi_asset]`, for all fields"),
        ("env", "`#[multi_asset]`, for all fields"),
        ("trust_resources", "`#[multi_asset]`, for all fields"),
        ("io", "`#[multi_asset]`, for all fields"),
        ("partitions", "`#[multi_asset]`, for all fields"),
        ("retry", "`#[multi_asset]`"),
        ("timeout", "`#[multi_asset]`"),
        ("pool", "`#[multi_asset]`"),
    ],
};

/// A field as an asset.
pub(super) struct FieldAsset {
    key: LitStr,
    said: Said,
}

impl FieldAsset {
    /// What `#[asset]` says of a field, if it is there.
    pub(super) fn read(field: &Field, diag: &Diag) -> Option<Self> {
        let name = field.ident.as_ref()?;
        let mut attributes = field.attrs.iter().filter(|attribute| attribute.path().is_ident("asset"));
        let attribute = attributes.next()?;
        if let Some(second) = attributes.next() {
            diag.error_at(second, "the field is an asset already: say all of it in one `#[asset(..)]`");
        }
        let options = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(_) => {
                diag.error_at(
                    attribute,
                    "what is said of an asset stands in parentheses: `#[asset(group = \"sales\")]`",
                );
                TokenStream::new()
            }
        };
        let mut options = Options::read(&OPTIONS, options, diag);
        let key = asset::named(&mut options, name, diag);
        Some(Self { key, said: Said::read(&mut options, &field.attrs, diag) })
    }
}

/// That all fields are assets, if some are: nothing could take the others.
pub(super) fn check(model: &Outputs, diag: &Diag) {
    let others = model.outputs.iter().filter(|output| output.asset.is_none());
    if others.clone().count() < model.outputs.len() {
        for other in others {
            let message =
                "the other fields are assets, and nothing could take this one: put `#[asset]` on it too";
            diag.error(other.field.span(), message);
        }
    }
}

/// A hidden type for each field, by which other assets name it, and the definitions of all.
pub(super) fn fields(model: &Outputs) -> TokenStream {
    let ident = &model.ident;
    let parts = model.outputs.iter().filter_map(|output| Some((output, output.asset.as_ref()?)));
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        return TokenStream::new();
    }
    let each = internal("each");
    let types =
        parts.iter().map(|(output, _)| hidden::named(&output.field, &output.visibility, &TokenStream::new()));
    let definitions = parts.iter().map(|(output, asset)| {
        let (name, FieldAsset { key, said }) = (&output.name, asset);
        // Where the asset stands in the source is where its field stands.
        let def = ASSET_DEF.at(output.field.span());
        let called = asset::called(key, &output.field);
        let begin = quote_spanned!(output.field.span()=> #def::builder(#key) #called);
        quote!((#name, #each(#begin) #said))
    });
    let assets = parts.iter().map(|(Output { field, name, ty, .. }, _)| {
        let (kind, output) = (kind::fit(ty), OUTPUT.at(field.span()));
        let handle = ASSET_HANDLE.at(field.span());
        let value = quote_spanned!(field.span()=> <<#ty as #output<#kind>>::Handles as #handle>::Value);
        let made_by = MADE_BY.at(field.span());
        let made = quote_spanned!(field.span()=> <#ident as #made_by<_>>::made());
        quote! {
            #[automatically_derived]
            impl #ASSET for #field {
                type Value = #value;
                fn asset() -> &'static #ARC<#ASSET_DEF> {
                    #made.field(#name)
                }
            }
        }
    });
    let imports = kind::imports();
    quote! {
        #(#types)*
        #[doc(hidden)]
        #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            #imports
            #[automatically_derived]
            impl #ASSET_FIELDS for #ident {
                fn fields(
                    #each: &dyn ::core::ops::Fn(#ASSET_BUILDER) -> #ASSET_BUILDER,
                ) -> ::std::vec::Vec<(&'static str, #ASSET_BUILDER)> {
                    ::std::vec![#(#definitions),*]
                }
            }
            #(#assets)*
        };
    }
}
