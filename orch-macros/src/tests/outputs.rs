use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::outputs;

#[test]
fn a_struct_of_outputs() {
    let expansion = outputs::derive(quote! {
        pub struct Split {
            pub small: i64,
            #[output(name = "big")]
            large: Optional<i64>,
        }
    });
    assert_snapshot!(pretty(expansion), @r#"
    /// The handles that a job body has on the outputs of an op that returns [`Split`].
    #[allow(dead_code, unreachable_pub)]
    #[derive(Clone, Copy, Debug)]
    pub struct SplitHandles {
        #[allow(missing_docs)]
        pub small: <i64 as Output<
            {
                use DefaultKind as _;
                use DefaultFit as _;
                { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND }
            },
        >>::Handles,
        #[allow(missing_docs)]
        large: <Optional<
            i64,
        > as Output<
            {
                use DefaultKind as _;
                use DefaultFit as _;
                {
                    Fit::<
                        Optional<i64>,
                        { <Optional<i64>>::__ORCH_KIND },
                    >::KIND
                }
            },
        >>::Handles,
    }
    #[doc(hidden)]
    #[allow(unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use DefaultKind as _;
        use DefaultFit as _;
        use DefaultCoded as _;
        impl Split {
            #[doc(hidden)]
            pub const __ORCH_KIND: u8 = kind::STRUCT;
        }
        #[doc(hidden)]
        #[allow(dead_code, unreachable_pub, missing_debug_implementations)]
        pub struct SplitValues<'run> {
            pub small: <i64 as Output<
                { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND },
            >>::Values<'run>,
            large: <Optional<
                i64,
            > as Output<
                {
                    Fit::<
                        Optional<i64>,
                        { <Optional<i64>>::__ORCH_KIND },
                    >::KIND
                },
            >>::Values<'run>,
        }
        #[automatically_derived]
        impl Handle for SplitHandles {
            fn node(&self) -> ::core::option::Option<NodeRef> {
                Handle::node(&self.small)
            }
        }
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl Output<{ kind::STRUCT }> for Split {
            type Handles = SplitHandles;
            type Values<'run> = SplitValues<'run>;
            fn declare(
                _: &str,
                outputs: &mut ::std::vec::Vec<OutputDef>,
            ) {
                let _ = <i64 as Output<{ <i64>::__ORCH_KIND }>>::produce;
                let _ = <Optional<
                    i64,
                > as Output<{ <Optional<i64>>::__ORCH_KIND }>>::produce;
                <i64 as Output<
                    { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND },
                >>::declare("small", outputs);
                <Optional<
                    i64,
                > as Output<
                    {
                        Fit::<
                            Optional<i64>,
                            { <Optional<i64>>::__ORCH_KIND },
                        >::KIND
                    },
                >>::declare("big", outputs);
                OutputDef::coded(
                    outputs,
                    [
                        Coded::<i64>::CODEC,
                        Coded::<Optional<i64>>::CODEC,
                    ],
                );
            }
            fn handles(placed: &mut Placed) -> SplitHandles {
                SplitHandles {
                    small: <i64 as Output<
                        { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND },
                    >>::handles(placed),
                    large: <Optional<
                        i64,
                    > as Output<
                        {
                            Fit::<
                                Optional<i64>,
                                { <Optional<i64>>::__ORCH_KIND },
                            >::KIND
                        },
                    >>::handles(placed),
                }
            }
            fn produce(self, products: &mut Products) {
                <i64 as Output<
                    { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND },
                >>::produce(self.small, products);
                <Optional<
                    i64,
                > as Output<
                    {
                        Fit::<
                            Optional<i64>,
                            { <Optional<i64>>::__ORCH_KIND },
                        >::KIND
                    },
                >>::produce(self.large, products);
            }
            fn values<'run>(
                kept: &mut ValuesOf<'run>,
            ) -> ::core::result::Result<SplitValues<'run>, Failure> {
                ::core::result::Result::Ok(SplitValues {
                    small: <i64 as Output<
                        { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND },
                    >>::values(kept)?,
                    large: <Optional<
                        i64,
                    > as Output<
                        {
                            Fit::<
                                Optional<i64>,
                                { <Optional<i64>>::__ORCH_KIND },
                            >::KIND
                        },
                    >>::values(kept)?,
                })
            }
        }
    };
    "#);
}
