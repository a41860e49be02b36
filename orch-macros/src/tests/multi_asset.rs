use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::{multi_asset, outputs};

#[test]
fn several_assets_of_a_function() {
    let expansion = pretty(multi_asset::attribute(
        quote!(key_prefix = "shop", group = "sales", deps = [raw::prices], retry(max = 2)),
        &quote! {
            fn download(raw_orders: &[i64], ctx: Context) -> Result<Shop> {
                Ok(Shop { orders: raw_orders.to_vec() })
            }
        },
    ));
    let at = expansion.find("impl MadeBy").expect("there are assets");
    assert_snapshot!(&expansion[at..], @r#"
    impl MadeBy<download> for Shop {
            fn made() -> &'static MultiAssetDef {
                static MADE: OnceLock<MultiAssetDef> = OnceLock::new();
                MADE.get_or_init(|| {
                    let fields = <Shop as AssetFields>::fields(
                        &|asset| {
                            asset
                                .key_prefix("shop")
                                .group("sales")
                                .fingerprint("f1d0")
                                .takes(<raw_orders as Asset>::asset)
                                .after(<raw::prices as Asset>::asset)
                        },
                    );
                    MultiAssetDef::builder(
                            <download as Op>::def(),
                        )
                        .assets(fields)
                        .drawn(|__upstream| {
                            <download as Node>::node()
                                .call(__upstream.of::<raw_orders>());
                        })
                })
            }
        }
    };
    "#);
}

#[test]
fn fields_that_are_assets() {
    let expansion = pretty(outputs::derive(quote! {
        pub struct Shop {
            /// What was ordered.
            #[asset(key = "all/orders", owners = ["data team"])]
            pub orders: Vec<i64>,
            #[asset]
            #[output(name = "clients")]
            customers: Optional<i64>,
        }
    }));
    let at = expansion.find("pub struct orders").expect("there are assets");
    assert_snapshot!(&expansion[at..], @r#"
    pub struct orders {}
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct customers {}
    #[doc(hidden)]
    #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use DefaultKind as _;
        use DefaultFit as _;
        #[automatically_derived]
        impl AssetFields for Shop {
            fn fields(
                each: &dyn ::core::ops::Fn(
                    AssetBuilder,
                ) -> AssetBuilder,
            ) -> ::std::vec::Vec<(&'static str, AssetBuilder)> {
                ::std::vec![
                    ("orders", each(AssetDef::builder("all/orders"))
                    .description("What was ordered.").owner("data team")), ("clients",
                    each(AssetDef::builder("customers")))
                ]
            }
        }
        #[automatically_derived]
        impl Asset for orders {
            type Value = <<Vec<
                i64,
            > as Output<
                { Fit::<Vec<i64>, { <Vec<i64>>::__ORCH_KIND }>::KIND },
            >>::Handles as AssetHandle>::Value;
            fn asset() -> &'static Arc<AssetDef> {
                <Shop as MadeBy<_>>::made().field("orders")
            }
        }
        #[automatically_derived]
        impl Asset for customers {
            type Value = <<Optional<
                i64,
            > as Output<
                {
                    Fit::<
                        Optional<i64>,
                        { <Optional<i64>>::__ORCH_KIND },
                    >::KIND
                },
            >>::Handles as AssetHandle>::Value;
            fn asset() -> &'static Arc<AssetDef> {
                <Shop as MadeBy<_>>::made().field("clients")
            }
        }
    };
    "#);
}
