use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::resource;

#[test]
fn a_sync_resource_that_is_closed() {
    let expansion = resource::attribute(
        quote!(close = flush),
        &quote! {
            /// Where all ends up.
            pub fn database(config: Config<Connect>, #[key = "audit"] log: &Res<Log>) -> Result<Database> {
                Database::open(&config, log)
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    /// Where all ends up.
    #[allow(clippy::needless_pass_by_value)]
    pub fn database(config: Config<Connect>, log: &Res<Log>) -> Result<Database> {
        Database::open(&config, log)
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    pub struct database {}
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Opens for database {
            fn def() -> &'static Arc<ResourceDef> {
                static DEF: OnceLock<
                    Arc<ResourceDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| {
                    ResourceDef::builder("database")
                        .description("Where all ends up.")
                        .fingerprint("f1d0")
                        .config::<Connect>()
                        .resource_by_key::<Log>("audit")
                        .opens::<Database>()
                        .blocking(|args| {
                            let argument_0 = args.config::<Connect>()?;
                            let argument_1 = args.resource::<Log>(0usize)?;
                            ::core::result::Result::Ok(
                                Res::new({
                                    let convert: fn(_) -> _ = <Result<
                                        Database,
                                    > as FallibleReturn<
                                        Database,
                                    >>::into_failure;
                                    convert(database(argument_0, &argument_1))?
                                }),
                            )
                        })
                        .closed_blocking(|resource| Finish::into_result(
                            flush(&**resource),
                        ))
                        .build()
                })
            }
        }
    };
    "#);
}

#[test]
fn an_async_resource_of_a_trait_that_is_closed_async() {
    let expansion = resource::attribute(
        quote!(name = "db", close_async = store::shut_down),
        &quote! {
            async fn database() -> Res<dyn Store> {
                Res::from_arc(Arc::new(Memory::default()))
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    async fn database() -> Res<dyn Store> {
        Res::from_arc(Arc::new(Memory::default()))
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct database {}
    #[doc(hidden)]
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    const _: () = {
        #[automatically_derived]
        impl Opens for database {
            fn def() -> &'static Arc<ResourceDef> {
                static DEF: OnceLock<
                    Arc<ResourceDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| {
                    ResourceDef::builder("db")
                        .fingerprint("f1d0")
                        .opens::<dyn Store>()
                        .asynchronous(|_| async move {
                            ::core::result::Result::Ok(database().await)
                        })
                        .closed_async(|resource| async move {
                            Finish::into_result(
                                store::shut_down(&*resource).await,
                            )
                        })
                        .build()
                })
            }
        }
    };
    "#);
}
