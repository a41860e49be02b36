use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::config;

#[test]
fn a_struct_of_configuration() {
    let expansion = config::derive(quote! {
        /// Where the pages come from.
        #[derive(Debug)]
        pub struct Source {
            /// The file.
            pub path: String,
            #[config(default = 50, range = 1..1001)]
            batch: u32,
            #[config(default = "all", length = 1..=8, rename = "mode")]
            #[serde(skip_serializing_if = "String::is_empty")]
            which: String,
            next: Option<Box<Self>>,
        }
    });
    assert_snapshot!(pretty(expansion), @r#"
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        fn default_1() -> u32 {
            50
        }
        fn default_2() -> String {
            ::core::convert::From::from("all")
        }
        #[derive(
            serde::Serialize,
            serde::Deserialize,
            schemars::JsonSchema
        )]
        /// Where the pages come from.
        #[serde(crate = "serde", remote = "Source")]
        #[schemars(crate = "schemars")]
        #[serde(rename = "Source")]
        #[serde(deny_unknown_fields)]
        struct __OrchSource {
            /// The file.
            path: String,
            #[serde(default = "default_1")]
            #[schemars(extend("minimum" = 1, "maximum" = 1000))]
            batch: u32,
            #[serde(skip_serializing_if = "String::is_empty")]
            #[serde(rename = "mode")]
            #[serde(default = "default_2")]
            #[schemars(length(min = 1, max = 8))]
            which: String,
            next: Option<Box<Source>>,
        }
        #[automatically_derived]
        impl serde::Serialize for Source {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                __OrchSource::serialize(self, serializer)
            }
        }
        #[automatically_derived]
        impl<'de> serde::Deserialize<'de> for Source {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                __OrchSource::deserialize(deserializer)
            }
        }
        #[automatically_derived]
        impl schemars::JsonSchema for Source {
            fn inline_schema() -> bool {
                <__OrchSource as schemars::JsonSchema>::inline_schema()
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <__OrchSource as schemars::JsonSchema>::schema_name()
            }
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                <__OrchSource as schemars::JsonSchema>::schema_id()
            }
            fn json_schema(
                generator: &mut schemars::SchemaGenerator,
            ) -> schemars::Schema {
                <__OrchSource as schemars::JsonSchema>::json_schema(
                    generator,
                )
            }
        }
        #[automatically_derived]
        impl Configurable for Source {}
    };
    "#);
}

#[test]
fn an_enum_of_configuration() {
    let expansion = config::derive(quote! {
        #[config(tag = "kind")]
        enum Server {
            Local,
            #[config(rename = "far")]
            Remote {
                #[config(default = Self::PORT, range = Self::LEAST..)]
                port: u16,
            },
        }
    });
    assert_snapshot!(pretty(expansion), @r#"
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        fn default_0() -> u16 {
            Server::PORT
        }
        #[derive(
            serde::Serialize,
            serde::Deserialize,
            schemars::JsonSchema
        )]
        #[serde(crate = "serde", remote = "Server")]
        #[schemars(crate = "schemars")]
        #[serde(rename = "Server")]
        #[serde(rename_all = "snake_case")]
        #[serde(tag = "kind")]
        #[schemars(deny_unknown_fields)]
        enum __OrchServer {
            Local,
            #[serde(rename = "far")]
            Remote {
                #[serde(default = "default_0")]
                #[schemars(extend("minimum" = Self::LEAST))]
                port: u16,
            },
        }
        #[automatically_derived]
        impl serde::Serialize for Server {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                __OrchServer::serialize(self, serializer)
            }
        }
        #[automatically_derived]
        impl<'de> serde::Deserialize<'de> for Server {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                __OrchServer::deserialize(deserializer)
            }
        }
        #[automatically_derived]
        impl schemars::JsonSchema for Server {
            fn inline_schema() -> bool {
                <__OrchServer as schemars::JsonSchema>::inline_schema()
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <__OrchServer as schemars::JsonSchema>::schema_name()
            }
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                <__OrchServer as schemars::JsonSchema>::schema_id()
            }
            fn json_schema(
                generator: &mut schemars::SchemaGenerator,
            ) -> schemars::Schema {
                <__OrchServer as schemars::JsonSchema>::json_schema(
                    generator,
                )
            }
        }
        #[automatically_derived]
        impl Configurable for Server {}
    };
    "#);
}

#[test]
fn the_default_of_a_whole_struct() {
    let expansion = config::derive(quote! {
        #[serde(default = "standard")]
        struct Limits {
            #[config(range = 0.0..1.0)]
            share: f64,
            #[serde(flatten)]
            more: More,
        }
    });
    let text = pretty(expansion);
    let mirror = &text[..text.find("#[automatically_derived]\n    impl ::orch").unwrap_or(text.len())];
    assert_snapshot!(mirror, @r#"
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl ::core::default::Default for __OrchLimits {
            fn default() -> Self {
                let whole: Limits = standard();
                Self {
                    share: whole.share,
                    more: whole.more,
                }
            }
        }
        #[derive(
            serde::Serialize,
            serde::Deserialize,
            schemars::JsonSchema
        )]
        #[serde(default = "standard")]
        #[serde(crate = "serde", remote = "Limits")]
        #[schemars(crate = "schemars")]
        #[serde(rename = "Limits")]
        #[schemars(deny_unknown_fields)]
        struct __OrchLimits {
            #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
            share: f64,
            #[serde(flatten)]
            more: More,
        }
        #[automatically_derived]
        impl serde::Serialize for Limits {
            fn serialize<S: serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                __OrchLimits::serialize(self, serializer)
            }
        }
        #[automatically_derived]
        impl<'de> serde::Deserialize<'de> for Limits {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                __OrchLimits::deserialize(deserializer)
            }
        }
        #[automatically_derived]
        impl schemars::JsonSchema for Limits {
            fn inline_schema() -> bool {
                <__OrchLimits as schemars::JsonSchema>::inline_schema()
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <__OrchLimits as schemars::JsonSchema>::schema_name()
            }
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                <__OrchLimits as schemars::JsonSchema>::schema_id()
            }
            fn json_schema(
                generator: &mut schemars::SchemaGenerator,
            ) -> schemars::Schema {
                <__OrchLimits as schemars::JsonSchema>::json_schema(
                    generator,
                )
            }
        }
        #[automatically_derived]
        impl Configurable for Limits {}
    };
    "#);
}
