use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::hook::{self, Kind};

#[test]
fn a_success_hook() {
    let expansion = hook::attribute(
        Kind::Success,
        quote!(),
        &quote! {
            /// Tells the channel.
            pub async fn tell(context: &HookContext) -> Result<()> {
                post(context).await
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    /// Tells the channel.
    pub async fn tell(context: &HookContext) -> Result<()> {
        post(context).await
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    pub struct tell {}
    #[automatically_derived]
    impl Node for tell {
        type Call = Self;
        fn node() -> Self {
            Self {}
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Hook for tell {
            fn def() -> &'static Arc<HookDef> {
                static DEF: OnceLock<
                    Arc<HookDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| {
                    HookDef::builder("tell")
                        .description("Tells the channel.")
                        .asynchronous(|context| async move {
                            let argument_0 = ::core::clone::Clone::clone(&context);
                            let convert: fn(_) -> _ = <Result<
                                (),
                            > as Finish>::into_result;
                            convert(tell(&argument_0).await)
                        })
                })
            }
        }
        #[automatically_derived]
        impl StepHook for tell {}
        #[automatically_derived]
        impl HookNode for tell {}
    };
    "#);
}

#[test]
fn a_failure_hook_of_its_own_outcomes() {
    let expansion = hook::attribute(
        Kind::Failure,
        quote!(name = "page", on(failed, not_executed)),
        &quote! {
            fn page_me(context: HookContext) {}
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    #[allow(clippy::needless_pass_by_value)]
    fn page_me(context: HookContext) {}
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct page_me {}
    #[automatically_derived]
    impl Node for page_me {
        type Call = Self;
        fn node() -> Self {
            Self {}
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Hook for page_me {
            fn def() -> &'static Arc<HookDef> {
                static DEF: OnceLock<
                    Arc<HookDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| {
                    HookDef::builder("page")
                        .on([
                            StepOutcome::Failed,
                            StepOutcome::NotExecuted,
                        ])
                        .blocking(|context| {
                            let argument_0 = ::core::clone::Clone::clone(&context);
                            page_me(argument_0);
                            ::core::result::Result::Ok(())
                        })
                })
            }
        }
        #[automatically_derived]
        impl StepHook for page_me {}
        #[automatically_derived]
        impl HookNode for page_me {}
    };
    "#);
}

#[test]
fn a_run_hook_that_wants_to_know_nothing() {
    let expansion = hook::attribute(Kind::Run, quote!(), &quote! { fn ping() {} });
    assert_snapshot!(pretty(expansion), @r#"
    fn ping() {}
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct ping {}
    #[automatically_derived]
    impl Node for ping {
        type Call = Self;
        fn node() -> Self {
            Self {}
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Hook for ping {
            fn def() -> &'static Arc<HookDef> {
                static DEF: OnceLock<
                    Arc<HookDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| {
                    HookDef::run_builder("ping")
                        .blocking(|_| {
                            ping();
                            ::core::result::Result::Ok(())
                        })
                })
            }
        }
        #[automatically_derived]
        impl HookNode for ping {}
    };
    "#);
}

#[test]
fn a_refused_hook() {
    let expansion = hook::attribute(Kind::Run, quote!(), &quote! { fn ping(context: HookContext) {} });
    assert_snapshot!(pretty(expansion), @r#"
    #[allow(clippy::needless_pass_by_value)]
    fn ping(context: HookContext) {}
    ::core::compile_error! {
        "a hook of runs is told by `RunHookContext`, not by `HookContext`"
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct ping {}
    #[automatically_derived]
    impl Node for ping {
        type Call = Self;
        fn node() -> Self {
            Self {}
        }
    }
    #[doc(hidden)]
    const _: () = {
        impl Hook for ping {
            fn def() -> &'static Arc<HookDef> {
                loop {}
            }
        }
        impl HookNode for ping {}
    };
    "#);
}
