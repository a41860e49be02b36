use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::mirror::Mirror;
use super::model::Config;
use crate::names::{CONFIGURABLE, NO_PART, NO_SCHEMA, REFUSED, SCHEMA_OF, SCHEMARS, SERDE};

/// The mirror, and the traits of the type, for which the mirror does the work.
pub(super) fn config(config: &Config) -> TokenStream {
    let ident = &config.ident;
    let Mirror { ident: mirror, item, beside } = Mirror::of(config);
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, deprecated, unused_imports, clippy::all, clippy::pedantic)]
        const _: () = {
            use #NO_PART as _;
            use #NO_SCHEMA as _;
            use #REFUSED as _;

            #beside

            #[derive(#SERDE::Serialize, #SERDE::Deserialize, #SCHEMARS::JsonSchema)]
            #item

            #[automatically_derived]
            impl #SERDE::Serialize for #ident {
                fn serialize<S: #SERDE::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    #mirror::serialize(self, serializer)
                }
            }

            #[automatically_derived]
            impl<'de> #SERDE::Deserialize<'de> for #ident {
                fn deserialize<D: #SERDE::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    #mirror::deserialize(deserializer)
                }
            }

            #[automatically_derived]
            impl #SCHEMARS::JsonSchema for #ident {
                fn inline_schema() -> bool {
                    <#SCHEMA_OF<#mirror>>::is_inline()
                }

                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    <#SCHEMA_OF<#mirror>>::name()
                }

                fn schema_id() -> ::std::borrow::Cow<'static, str> {
                    <#SCHEMA_OF<#mirror>>::id()
                }

                fn json_schema(generator: &mut #SCHEMARS::SchemaGenerator) -> #SCHEMARS::Schema {
                    <#SCHEMA_OF<#mirror>>::generate(generator)
                }
            }

            #[automatically_derived]
            impl #CONFIGURABLE for #ident {}
        };
    }
}

/// The traits of a type that was refused, so that what uses it is not refused as well.
pub(super) fn stub(item: &DeriveInput) -> TokenStream {
    let ident = &item.ident;
    let (generics, arguments, conditions) = item.generics.split_for_impl();
    let mut with_de = item.generics.clone();
    with_de.params.insert(0, syn::parse_quote!('de));
    let (with_de, ..) = with_de.split_for_impl();
    // What a parameter stands for need not be `Send`.
    let configurable = item.generics.params.is_empty().then(|| {
        quote! {
            #[automatically_derived]
            impl #CONFIGURABLE for #ident {}
        }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #generics #SERDE::Serialize for #ident #arguments #conditions {
                fn serialize<S: #SERDE::Serializer>(&self, _: S) -> ::core::result::Result<S::Ok, S::Error> {
                    ::core::unreachable!()
                }
            }

            #[automatically_derived]
            impl #with_de #SERDE::Deserialize<'de> for #ident #arguments #conditions {
                fn deserialize<D: #SERDE::Deserializer<'de>>(_: D) -> ::core::result::Result<Self, D::Error> {
                    ::core::unreachable!()
                }
            }

            #[automatically_derived]
            impl #generics #SCHEMARS::JsonSchema for #ident #arguments #conditions {
                fn schema_name() -> ::std::borrow::Cow<'static, str> {
                    ::core::unreachable!()
                }

                fn json_schema(_: &mut #SCHEMARS::SchemaGenerator) -> #SCHEMARS::Schema {
                    ::core::unreachable!()
                }
            }

            #configurable
        };
    }
}
