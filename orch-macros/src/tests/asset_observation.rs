use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::asset_observation;

/// What stands from this text on.
fn from(expansion: proc_macro2::TokenStream, text: &str) -> String {
    let expansion = pretty(expansion);
    let at = expansion.find(text).expect("it is there");
    expansion[at..].to_owned()
}

#[test]
fn an_observation_of_an_asset_that_stands_elsewhere() {
    let expansion = asset_observation::attribute(
        quote!(asset = lake::orders, retry(max = 2)),
        &quote! {
            /// When the file was written.
            fn written(lake: Res<Lake>, ctx: Context) -> Result<DataVersion> {
                lake.written()
            }
        },
    );
    assert_snapshot!(from(expansion, "impl Op for"), @r#"
    impl Op for written {
            type Outputs = One<
                WithMetadata<DataVersion>,
                {
                    Fit::<
                        WithMetadata<DataVersion>,
                        {
                            <WithMetadata<
                                DataVersion,
                            >>::__ORCH_KIND
                        },
                    >::KIND
                },
            >;
            type Config = NoConfig;
            fn def() -> &'static Arc<OpDef> {
                let _ = <WithMetadata<
                    DataVersion,
                > as Output<
                    {
                        <WithMetadata<
                            DataVersion,
                        >>::__ORCH_KIND
                    },
                >>::produce;
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    OpDef::builder("written")
                        .description("When the file was written.")
                        .retry(Retry::new(2u32))
                        .fingerprint("34cb2f76a39ab2fd")
                        .resource::<Lake>("lake")
                        .returns::<<Self as Op>::Outputs>()
                        .coded([
                            Coded::<
                                WithMetadata<
                                    DataVersion,
                                >,
                            >::CODEC,
                        ])
                        .blocking(|args| {
                            let argument_0 = args.resource::<Lake>(0usize)?;
                            let argument_1 = args.context();
                            let convert: fn(_) -> _ = <Result<
                                DataVersion,
                            > as ObservationReturn>::into_version;
                            convert(written(argument_0, argument_1))
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
    impl written {
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
        impl Observation for written {
            fn observation() -> &'static Arc<
                ObservationDef,
            > {
                static OBSERVATION: OnceLock<
                    Arc<ObservationDef>,
                > = OnceLock::new();
                OBSERVATION
                    .get_or_init(|| Arc::new(
                        ObservationDef::builder::<lake::orders>("written")
                            .description("When the file was written.")
                            .made_by(
                                <written as Op>::def(),
                                |__upstream| {
                                    let _ = __upstream;
                                    <written as Node>::node().call();
                                },
                            ),
                    ))
            }
        }
    };
    "#);
}
