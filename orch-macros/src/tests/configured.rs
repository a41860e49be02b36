use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::configured;

#[test]
fn a_configuration_that_is_fixed() {
    let expansion = configured::attribute(
        quote!(load),
        &quote! {
            /// Loads in large batches.
            pub fn load_fast() -> Load {
                Load { batch: 500, ..Load::default() }
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    /// Loads in large batches.
    pub fn load_fast() -> Load {
        Load {
            batch: 500,
            ..Load::default()
        }
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    pub struct load_fast {}
    #[automatically_derived]
    impl Node for load_fast {
        type Call = <<load as TakesConfig>::Op as Node>::Call;
        fn node() -> Self::Call {
            <<load as TakesConfig>::Op as Op>::calling(
                <Self as Op>::def(),
            )
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Op for load_fast {
            type Outputs = <<load as TakesConfig>::Op as Op>::Outputs;
            type Config = NoConfig;
            fn def() -> &'static Arc<OpDef> {
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    <<load as TakesConfig>::Op as Op>::def()
                        .configured::<
                            NoConfig,
                            <<load as TakesConfig>::Op as Op>::Config,
                        >(
                            "load_fast",
                            |_| {
                                let same: fn(
                                    Load,
                                ) -> <<load as TakesConfig>::Op as Op>::Config = |
                                    value|
                                value;
                                ::core::result::Result::Ok(same(load_fast()))
                            },
                        )
                        .described("Loads in large batches."),
                ))
            }
            fn calling(
                def: &'static Arc<OpDef>,
            ) -> Self::Call {
                <<load as TakesConfig>::Op as Op>::calling(
                    def,
                )
            }
        }
    };
    "#);
}

#[test]
fn a_configuration_made_of_another_one() {
    let expansion = configured::attribute(
        quote!(ops::load, name = "load_at", description = "Loads at some speed."),
        &quote! {
            fn load_at_speed(speed: &Speed) -> Result<Load> {
                Load::at(speed)
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    fn load_at_speed(speed: &Speed) -> Result<Load> {
        Load::at(speed)
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct load_at_speed {}
    #[automatically_derived]
    impl Node for load_at_speed {
        type Call = <<ops::load as TakesConfig>::Op as Node>::Call;
        fn node() -> Self::Call {
            <<ops::load as TakesConfig>::Op as Op>::calling(
                <Self as Op>::def(),
            )
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Op for load_at_speed {
            type Outputs = <<ops::load as TakesConfig>::Op as Op>::Outputs;
            type Config = Speed;
            fn def() -> &'static Arc<OpDef> {
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    <<ops::load as TakesConfig>::Op as Op>::def()
                        .configured::<
                            Speed,
                            <<ops::load as TakesConfig>::Op as Op>::Config,
                        >(
                            "load_at",
                            |config| {
                                let same: fn(
                                    Load,
                                ) -> <<ops::load as TakesConfig>::Op as Op>::Config = |
                                    value|
                                value;
                                ::core::result::Result::Ok(
                                    same({
                                        let convert: fn(_) -> _ = <Result<
                                            Load,
                                        > as FallibleReturn<Load>>::into_failure;
                                        convert(load_at_speed(&*config))?
                                    }),
                                )
                            },
                        )
                        .described("Loads at some speed."),
                ))
            }
            fn calling(
                def: &'static Arc<OpDef>,
            ) -> Self::Call {
                <<ops::load as TakesConfig>::Op as Op>::calling(
                    def,
                )
            }
        }
        #[automatically_derived]
        impl TakesConfig for load_at_speed {
            type Op = Self;
        }
    };
    "#);
}

#[test]
fn what_configures_nothing_is_called_as_the_op_that_it_would_be() {
    let expansion = configured::attribute(
        quote!(load),
        &quote! {
            async fn load_at_speed(speed: Speed) -> Load {
                Load::at(speed)
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    async fn load_at_speed(speed: Speed) -> Load {
        Load::at(speed)
    }
    ::core::compile_error! {
        "the function that makes a configuration is not async: it is called before the run begins, when nothing can be waited for"
    }
    ::core::compile_error! {
        "the function takes its configuration by reference: `&Speed`, or as `Config<Speed>`"
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct load_at_speed {}
    #[automatically_derived]
    impl Node for load_at_speed {
        type Call = <<load as TakesConfig>::Op as Node>::Call;
        fn node() -> Self::Call {
            loop {}
        }
    }
    "#);
}
