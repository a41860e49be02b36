use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::asset;

/// What stands beside the op or graph, from the definition of the asset on.
fn beside(expansion: proc_macro2::TokenStream) -> String {
    let text = pretty(expansion);
    let at = text.find("impl Asset for").expect("there is an asset");
    text[at..].to_owned()
}

#[test]
fn an_asset_of_others() {
    let expansion = asset::attribute(
        quote!(
            key_prefix = "mart",
            group = "sales",
            owners = ["data team"],
            metadata(budget = 3),
            deps = [raw::prices]
        ),
        &quote! {
            /// What was ordered.
            fn orders(raw_orders: &[i64], #[from(fx::rate)] factor: f64, ctx: Context) -> Result<Vec<i64>> {
                Ok(raw_orders.to_vec())
            }
        },
    );
    assert_snapshot!(beside(expansion), @r#"
    impl Asset for orders {
            type Value = <<<orders as Op>::Outputs as Outputs>::Handles as AssetHandle>::Value;
            fn asset() -> &'static Arc<AssetDef> {
                static ASSET: OnceLock<
                    Arc<AssetDef>,
                > = OnceLock::new();
                ASSET
                    .get_or_init(|| Arc::new(
                        AssetDef::builder("mart/orders")
                            .description("What was ordered.")
                            .group("sales")
                            .owner("data team")
                            .metadata("budget", 3)
                            .fingerprint("f1d0")
                            .takes(<raw_orders as Asset>::asset)
                            .takes(<fx::rate as Asset>::asset)
                            .after(<raw::prices as Asset>::asset)
                            .made_by(
                                <orders as Op>::def(),
                                |__upstream| {
                                    <orders as Node>::node()
                                        .call(
                                            __upstream.of::<raw_orders>(),
                                            __upstream.of::<fx::rate>(),
                                        );
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}

#[test]
fn an_asset_that_is_taken_as_it_is_stored_and_several_at_once() {
    let expansion = asset::attribute(
        quote!(),
        &quote! {
            fn report(#[stored] orders: &LazyFrame, #[from(a, b)] both: &[i64]) -> usize {
                both.len()
            }
        },
    );
    assert_snapshot!(beside(expansion), @r#"
    impl Asset for report {
            type Value = <<<report as Op>::Outputs as Outputs>::Handles as AssetHandle>::Value;
            fn asset() -> &'static Arc<AssetDef> {
                static ASSET: OnceLock<
                    Arc<AssetDef>,
                > = OnceLock::new();
                ASSET
                    .get_or_init(|| Arc::new(
                        AssetDef::builder("report")
                            .fingerprint("f1d0")
                            .takes_stored(<orders as Asset>::asset)
                            .takes(<a as Asset>::asset)
                            .takes(<b as Asset>::asset)
                            .made_by(
                                <report as Op>::def(),
                                |__upstream| {
                                    <report as Node>::node()
                                        .call(
                                            __upstream.stored::<orders, LazyFrame>(&[]),
                                            [__upstream.of::<a>(), __upstream.of::<b>()],
                                        );
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}

#[test]
fn an_asset_that_a_graph_makes() {
    let expansion = asset::graph(
        quote!(code_version = "2"),
        &quote! {
            fn total(orders: Out<Vec<i64>>) -> Out<i64> {
                sum(spread(orders).map(double).collect())
            }
        },
    );
    assert_snapshot!(beside(expansion), @r#"
    impl Asset for total {
            type Value = i64;
            fn asset() -> &'static Arc<AssetDef> {
                static ASSET: OnceLock<
                    Arc<AssetDef>,
                > = OnceLock::new();
                ASSET
                    .get_or_init(|| Arc::new(
                        AssetDef::builder("total")
                            .code_version("2")
                            .takes(<orders as Asset>::asset)
                            .drawn::<
                                i64,
                            >(
                                Coded::<i64>::CODEC,
                                |__upstream| {
                                    <total as Node>::node()
                                        .call(__upstream.of::<orders>())
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}

#[test]
fn an_asset_that_others_make() {
    let expansion =
        asset::external(quote!(key = "fx/rate", io = "parquet"), &quote! { pub fn rate() -> f64; });
    assert_snapshot!(pretty(expansion), @r#"
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    pub struct rate {}
    #[doc(hidden)]
    #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use DefaultCoded as _;
        #[automatically_derived]
        impl Asset for rate {
            type Value = f64;
            fn asset() -> &'static Arc<AssetDef> {
                static ASSET: OnceLock<
                    Arc<AssetDef>,
                > = OnceLock::new();
                ASSET
                    .get_or_init(|| Arc::new(
                        AssetDef::builder("fx/rate")
                            .io("parquet")
                            .external::<f64>(Coded::<f64>::CODEC),
                    ))
            }
        }
    };
    #[automatically_derived]
    impl ExternalAsset for rate {}
    "#);
}

#[test]
fn an_asset_that_takes_earlier_partitions_of_its_own() {
    let expansion = asset::attribute(
        quote!(partitions = Daily),
        &quote! {
            fn balance(
                sales: &i64,
                #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>,
                #[from(self::balance)] #[mapped(PartitionMapping::time_window(-7, -1))] week: &Partitions<i64>,
            ) -> i64 {
                balance.unwrap_or_default() + sales
            }
        },
    );
    assert_snapshot!(beside(expansion), @r#"
    impl Asset for balance {
            type Value = <<<balance as Op>::Outputs as Outputs>::Handles as AssetHandle>::Value;
            fn asset() -> &'static Arc<AssetDef> {
                static ASSET: OnceLock<
                    Arc<AssetDef>,
                > = OnceLock::new();
                ASSET
                    .get_or_init(|| Arc::new(
                        AssetDef::builder("balance")
                            .fingerprint("f1d0")
                            .partitioned_by::<Daily>()
                            .takes(<sales as Asset>::asset)
                            .takes_own_as::<
                                <balance as Asset>::Value,
                                Option<i64>,
                                _,
                            >(PartitionMapping::time_window(-1, -1))
                            .takes_own_partitions(PartitionMapping::time_window(-7, -1))
                            .made_by(
                                <balance as Op>::def(),
                                |__upstream| {
                                    <balance as Node>::node()
                                        .call(
                                            __upstream.of::<sales>(),
                                            __upstream.taken_as::<balance, Option<i64>, _>(),
                                            __upstream.partitions::<self::balance>(),
                                        );
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}
