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
    #[allow(dead_code, deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use NoPart as _;
        use NoSchema as _;
        use Refused as _;
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
            #[serde(
                bound = "String : Part < { < PartOf < String >> :: IS } >"
            )]
            #[schemars(
                with = "< PartOf < String > as Described < { < PartOf < String >> :: IS } >> :: By"
            )]
            path: String,
            #[serde(
                bound = "u32 : Part < { < PartOf < u32 >> :: IS } >"
            )]
            #[schemars(
                with = "< PartOf < u32 > as Described < { < PartOf < u32 >> :: IS } >> :: By"
            )]
            #[serde(default = "default_1")]
            #[schemars(extend("minimum" = 1, "maximum" = 1000))]
            batch: u32,
            #[serde(skip_serializing_if = "String::is_empty")]
            #[serde(
                bound = "String : Part < { < PartOf < String >> :: IS } >"
            )]
            #[schemars(
                with = "< PartOf < String > as Described < { < PartOf < String >> :: IS } >> :: By"
            )]
            #[serde(rename = "mode")]
            #[serde(default = "default_2")]
            #[schemars(length(min = 1, max = 8))]
            which: String,
            #[serde(
                bound = "Option < Box < Source > > : Part < { < PartOf < Option < Box < Source > > >> :: IS } >"
            )]
            #[schemars(
                with = "< PartOf < Option < Box < Source > > > as Described < { < PartOf < Option < Box < Source > > >> :: IS } >> :: By"
            )]
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
                <SchemaOf<__OrchSource>>::is_inline()
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <SchemaOf<__OrchSource>>::name()
            }
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                <SchemaOf<__OrchSource>>::id()
            }
            fn json_schema(
                generator: &mut schemars::SchemaGenerator,
            ) -> schemars::Schema {
                <SchemaOf<__OrchSource>>::generate(generator)
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
    #[allow(dead_code, deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use NoPart as _;
        use NoSchema as _;
        use Refused as _;
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
                #[serde(
                    bound = "u16 : Part < { < PartOf < u16 >> :: IS } >"
                )]
                #[schemars(
                    with = "< PartOf < u16 > as Described < { < PartOf < u16 >> :: IS } >> :: By"
                )]
                #[serde(default = "default_0")]
                #[schemars(extend("minimum" = Server::LEAST))]
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
                <SchemaOf<__OrchServer>>::is_inline()
            }
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                <SchemaOf<__OrchServer>>::name()
            }
            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                <SchemaOf<__OrchServer>>::id()
            }
            fn json_schema(
                generator: &mut schemars::SchemaGenerator,
            ) -> schemars::Schema {
                <SchemaOf<__OrchServer>>::generate(generator)
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
    // The traits are as ever.
    let text = pretty(expansion);
    let mirror = &text[..text.find("    #[automatically_derived]\n    impl serde").unwrap()];
    assert_snapshot!(mirror, @r#"
    #[doc(hidden)]
    #[allow(dead_code, deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use NoPart as _;
        use NoSchema as _;
        use Refused as _;
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
            #[serde(
                bound = "f64 : Part < { < PartOf < f64 >> :: IS } >"
            )]
            #[schemars(
                with = "< PartOf < f64 > as Described < { < PartOf < f64 >> :: IS } >> :: By"
            )]
            #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
            share: f64,
            #[serde(flatten)]
            #[serde(
                bound = "More : Part < { < PartOf < More >> :: IS } >"
            )]
            #[schemars(
                with = "< PartOf < More > as Described < { < PartOf < More >> :: IS } >> :: By"
            )]
            more: More,
        }
    "#);
}
