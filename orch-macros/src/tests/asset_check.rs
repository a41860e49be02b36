use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::asset_check;

/// What stands from this text on.
fn from(expansion: proc_macro2::TokenStream, text: &str) -> String {
    let expansion = pretty(expansion);
    let at = expansion.find(text).expect("it is there");
    expansion[at..].to_owned()
}

#[test]
fn a_check_of_an_asset_that_stands_elsewhere() {
    let expansion = asset_check::attribute(
        quote!(asset = shop::orders, blocking, retry(max = 2)),
        &quote! {
            /// No amount is below zero.
            fn positive(orders: &[i64], #[from(fx::rate)] factor: f64) -> Result<bool> {
                Ok(true)
            }
        },
    );
    assert_snapshot!(from(expansion, "impl Check for"), @r#"
    impl Check for positive {
            fn check() -> &'static Arc<CheckDef> {
                static CHECK: OnceLock<
                    Arc<CheckDef>,
                > = OnceLock::new();
                CHECK
                    .get_or_init(|| Arc::new(
                        CheckDef::builder::<shop::orders>("positive")
                            .description("No amount is below zero.")
                            .blocking()
                            .takes(<shop::orders as Asset>::asset)
                            .takes(<fx::rate as Asset>::asset)
                            .made_by(
                                <positive as Op>::def(),
                                |__upstream| {
                                    <positive as Node>::node()
                                        .call(
                                            __upstream.of::<shop::orders>(),
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
fn what_it_returns_becomes_a_result() {
    let expansion = asset_check::attribute(
        quote!(asset = orders),
        &quote! {
            async fn fresh(ctx: Context) -> bool {
                true
            }
        },
    );
    assert_snapshot!(from(expansion, "impl Op for"), @r#"
    impl Op for fresh {
            type Outputs = One<
                CheckResult,
                {
                    Fit::<
                        CheckResult,
                        { <CheckResult>::__ORCH_KIND },
                    >::KIND
                },
            >;
            type Config = NoConfig;
            fn def() -> &'static Arc<OpDef> {
                let _ = <CheckResult as Output<
                    { <CheckResult>::__ORCH_KIND },
                >>::produce;
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    OpDef::builder("fresh")
                        .fingerprint("cb7cd5ef57b95899")
                        .returns::<<Self as Op>::Outputs>()
                        .coded([
                            Coded::<CheckResult>::CODEC,
                        ])
                        .asynchronous(|args| async move {
                            let argument_0 = args.context();
                            let convert: fn(_) -> _ = <bool as CheckReturn>::into_result;
                            convert(fresh(argument_0).await)
                        }),
                ))
            }
            fn calling(
                def: &'static Arc<OpDef>,
            ) -> Self {
                Self { def }
            }
        }
    };
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    impl fresh {
        #[doc(hidden)]
        #[track_caller]
        fn call(
            self,
        ) -> <<Self as Op>::Outputs as Outputs>::Handles {
            Call::of(self.def)
                .place::<<Self as Op>::Outputs>()
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Check for fresh {
            fn check() -> &'static Arc<CheckDef> {
                static CHECK: OnceLock<
                    Arc<CheckDef>,
                > = OnceLock::new();
                CHECK
                    .get_or_init(|| Arc::new(
                        CheckDef::builder::<orders>("fresh")
                            .made_by(
                                <fresh as Op>::def(),
                                |__upstream| {
                                    let _ = __upstream;
                                    <fresh as Node>::node().call();
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}

#[test]
fn a_partition_is_taken_at_the_word_of_its_type() {
    let expansion = asset_check::attribute(
        quote!(asset = sales, blocking),
        &quote! {
            fn grows(
                sales: &i64,
                day: &Partition<Daily>,
                #[from(sales)]
                #[mapped(PartitionMapping::time_window(-1, -1))]
                before: &Partitions<i64>,
            ) -> bool {
                true
            }
        },
    );
    assert_snapshot!(from(expansion, "impl Check for"), @r#"
    impl Check for grows {
            fn check() -> &'static Arc<CheckDef> {
                static CHECK: OnceLock<
                    Arc<CheckDef>,
                > = OnceLock::new();
                CHECK
                    .get_or_init(|| Arc::new(
                        CheckDef::builder::<sales>("grows")
                            .blocking()
                            .takes_partition::<Daily>()
                            .takes(<sales as Asset>::asset)
                            .takes_partitions(<sales as Asset>::asset)
                            .mapped(PartitionMapping::time_window(-1, -1))
                            .made_by(
                                <grows as Op>::def(),
                                |__upstream| {
                                    <grows as Node>::node()
                                        .call(
                                            __upstream.of::<sales>(),
                                            __upstream.partition::<Daily>(),
                                            __upstream.partitions::<sales>(),
                                        );
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}
