use insta::assert_snapshot;
use quote::quote;

use super::pretty;
use crate::op;

#[test]
fn a_sync_op() {
    let expansion = op::attribute(
        quote!(),
        &quote! {
            fn double(x: i64) -> i64 {
                x * 2
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    fn double(x: i64) -> i64 {
        x * 2
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct double {
        def: &'static Arc<OpDef>,
    }
    #[automatically_derived]
    impl Node for double {
        type Call = Self;
        fn node() -> Self {
            <Self as Op>::calling(<Self as Op>::def())
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use DefaultKind as _;
        use DefaultFit as _;
        use DefaultFed as _;
        use DefaultCoded as _;
        #[automatically_derived]
        impl Op for double {
            type Outputs = One<
                i64,
                { Fit::<i64, { <i64>::__ORCH_KIND }>::KIND },
            >;
            type Config = NoConfig;
            fn def() -> &'static Arc<OpDef> {
                let _ = <i64 as Output<{ <i64>::__ORCH_KIND }>>::produce;
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    OpDef::builder("double")
                        .fingerprint("be7e64a662bd5981")
                        .input::<i64>("x")
                        .fed(
                            Fed::<i64>::READ,
                            [
                                Fed::<i64>::VALUES,
                                Fed::<i64>::KEYS,
                                Fed::<i64>::RESULTS,
                            ],
                        )
                        .input_codec(Coded::<i64>::CODEC)
                        .returns::<<Self as Op>::Outputs>()
                        .coded([Coded::<i64>::CODEC])
                        .blocking(|mut args| {
                            let argument_0 = <i64 as Input>::share(
                                &mut args,
                                0usize,
                            )?;
                            let argument_0 = <i64 as InputByValue>::own(
                                argument_0,
                            );
                            ::core::result::Result::Ok(double(argument_0))
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
    impl double {
        #[doc(hidden)]
        #[track_caller]
        fn call(
            self,
            x: impl IntoInput<i64>,
        ) -> <<Self as Op>::Outputs as Outputs>::Handles {
            Call::of(self.def)
                .input::<i64>(x)
                .place::<<Self as Op>::Outputs>()
        }
    }
    "#);
}

#[test]
fn an_async_op_by_reference_with_a_context_that_can_fail() {
    let expansion = op::attribute(
        quote!(),
        &quote! {
            /// Keeps four columns.
            /// The others are dropped.
            ///
            /// Not part of the description.
            pub async fn select(page: &DataFrame, columns: &[String], ctx: Context) -> Result<(DataFrame, usize)> {
                Ok((page.clone(), columns.len()))
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    /// Keeps four columns.
    /// The others are dropped.
    ///
    /// Not part of the description.
    #[allow(clippy::needless_pass_by_value)]
    pub async fn select(
        page: &DataFrame,
        columns: &[String],
        ctx: Context,
    ) -> Result<(DataFrame, usize)> {
        Ok((page.clone(), columns.len()))
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    pub struct select {
        def: &'static Arc<OpDef>,
    }
    #[automatically_derived]
    impl Node for select {
        type Call = Self;
        fn node() -> Self {
            <Self as Op>::calling(<Self as Op>::def())
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use DefaultKind as _;
        use DefaultFit as _;
        use DefaultFed as _;
        use DefaultCoded as _;
        #[automatically_derived]
        impl Op for select {
            type Outputs = (
                One<
                    DataFrame,
                    {
                        Fit::<
                            DataFrame,
                            { <DataFrame>::__ORCH_KIND },
                        >::KIND
                    },
                >,
                One<
                    usize,
                    { Fit::<usize, { <usize>::__ORCH_KIND }>::KIND },
                >,
            );
            type Config = NoConfig;
            fn def() -> &'static Arc<OpDef> {
                let _ = <DataFrame as Output<
                    { <DataFrame>::__ORCH_KIND },
                >>::produce;
                let _ = <usize as Output<
                    { <usize>::__ORCH_KIND },
                >>::produce;
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    OpDef::builder("select")
                        .description("Keeps four columns. The others are dropped.")
                        .fingerprint("563618ac52783ee3")
                        .input_ref::<DataFrame>("page")
                        .fed(
                            Fed::<DataFrame>::READ,
                            [
                                Fed::<DataFrame>::VALUES,
                                Fed::<DataFrame>::KEYS,
                                Fed::<DataFrame>::RESULTS,
                            ],
                        )
                        .input_codec(Coded::<DataFrame>::CODEC)
                        .input_ref::<::std::vec::Vec<String>>("columns")
                        .fed(
                            Fed::<::std::vec::Vec<String>>::READ,
                            [
                                Fed::<::std::vec::Vec<String>>::VALUES,
                                Fed::<::std::vec::Vec<String>>::KEYS,
                                Fed::<::std::vec::Vec<String>>::RESULTS,
                            ],
                        )
                        .input_codec(
                            Coded::<::std::vec::Vec<String>>::CODEC,
                        )
                        .returns::<<Self as Op>::Outputs>()
                        .coded([
                            Coded::<DataFrame>::CODEC,
                            Coded::<usize>::CODEC,
                        ])
                        .asynchronous(|mut args| async move {
                            let argument_0 = <DataFrame as Input>::share(
                                &mut args,
                                0usize,
                            )?;
                            let argument_1 = <::std::vec::Vec<
                                String,
                            > as Input>::share(&mut args, 1usize)?;
                            let argument_2 = args.context();
                            let convert: fn(_) -> _ = <Result<
                                (DataFrame, usize),
                            > as FallibleReturn<
                                (DataFrame, usize),
                            >>::into_failure;
                            convert(select(&argument_0, &argument_1, argument_2).await)
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
    impl select {
        #[doc(hidden)]
        #[track_caller]
        pub fn call(
            self,
            page: impl IntoInput<DataFrame>,
            columns: impl IntoInput<::std::vec::Vec<String>>,
        ) -> <<Self as Op>::Outputs as Outputs>::Handles {
            Call::of(self.def)
                .input::<DataFrame>(page)
                .input::<::std::vec::Vec<String>>(columns)
                .place::<<Self as Op>::Outputs>()
        }
    }
    "#);
}

#[test]
fn an_op_with_configuration_and_resources() {
    let expansion = op::attribute(
        quote!(),
        &quote! {
            fn load(page: &Page, config: Config<Load>, db: Res<Database>, #[key = "audit"] log: &Res<Log>) -> usize {
                db.load(page, &config, log)
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    #[allow(clippy::needless_pass_by_value)]
    fn load(page: &Page, config: Config<Load>, db: Res<Database>, log: &Res<Log>) -> usize {
        db.load(page, &config, log)
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct load {
        def: &'static Arc<OpDef>,
    }
    #[automatically_derived]
    impl Node for load {
        type Call = Self;
        fn node() -> Self {
            <Self as Op>::calling(<Self as Op>::def())
        }
    }
    #[doc(hidden)]
    #[allow(deprecated, unused_imports, clippy::all, clippy::pedantic)]
    const _: () = {
        use DefaultKind as _;
        use DefaultFit as _;
        use DefaultFed as _;
        use DefaultCoded as _;
        #[automatically_derived]
        impl Op for load {
            type Outputs = One<
                usize,
                { Fit::<usize, { <usize>::__ORCH_KIND }>::KIND },
            >;
            type Config = Load;
            fn def() -> &'static Arc<OpDef> {
                let _ = <usize as Output<
                    { <usize>::__ORCH_KIND },
                >>::produce;
                static DEF: OnceLock<
                    Arc<OpDef>,
                > = OnceLock::new();
                DEF.get_or_init(|| Arc::new(
                    OpDef::builder("load")
                        .fingerprint("45823ba9c35bc638")
                        .input_ref::<Page>("page")
                        .fed(
                            Fed::<Page>::READ,
                            [
                                Fed::<Page>::VALUES,
                                Fed::<Page>::KEYS,
                                Fed::<Page>::RESULTS,
                            ],
                        )
                        .input_codec(Coded::<Page>::CODEC)
                        .config::<Load>()
                        .resource::<Database>("db")
                        .resource_by_key::<Log>("audit")
                        .returns::<<Self as Op>::Outputs>()
                        .coded([Coded::<usize>::CODEC])
                        .blocking(|mut args| {
                            let argument_0 = <Page as Input>::share(
                                &mut args,
                                0usize,
                            )?;
                            let argument_1 = args.config::<Load>()?;
                            let argument_2 = args.resource::<Database>(0usize)?;
                            let argument_3 = args.resource::<Log>(1usize)?;
                            ::core::result::Result::Ok(
                                load(&argument_0, argument_1, argument_2, &argument_3),
                            )
                        }),
                ))
            }
            fn calling(
                def: &'static Arc<OpDef>,
            ) -> Self {
                Self { def }
            }
        }
        #[automatically_derived]
        impl TakesConfig for load {
            type Op = Self;
        }
    };
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    impl load {
        #[doc(hidden)]
        #[track_caller]
        fn call(
            self,
            page: impl IntoInput<Page>,
        ) -> <<Self as Op>::Outputs as Outputs>::Handles {
            Call::of(self.def)
                .input::<Page>(page)
                .place::<<Self as Op>::Outputs>()
        }
    }
    "#);
}

#[test]
fn options() {
    let options = quote! {
        name = "other", retry(max = 3, delay = "1s", backoff = "exponential", jitter = "full"),
        tags(team = "data", "acme.com/x" = "y"), priority = -5, timeout = "1h 30m", pool = "db", code_version = "2",
        io = "parquet", description = "Text."
    };
    let expansion = pretty(op::attribute(
        options,
        &quote!(
            fn load() {}
        ),
    ));
    let definition: Vec<&str> = expansion
        .lines()
        .skip_while(|line| !line.contains("OpDef::builder"))
        .take_while(|line| !line.contains("blocking"))
        .map(str::trim)
        .collect();
    assert_snapshot!(definition.join("\n"), @r#"
    OpDef::builder("other")
    .description("Text.")
    .tag("team", "data")
    .tag("acme.com/x", "y")
    .priority(-5i64)
    .retry(
    Retry::new(3u32)
    .delay(Duration::from_secs(1u64))
    .backoff(Backoff::Exponential)
    .jitter(Jitter::Full),
    )
    .timeout(Duration::from_secs(5400u64))
    .pool("db")
    .code_version("2")
    .io("parquet")
    .fingerprint("7f87849345a4a559")
    .returns::<<Self as Op>::Outputs>()
    .coded([Coded::<()>::CODEC])
    "#);
}

#[test]
fn a_signature_that_cannot_be_keeps_the_function_and_a_stub() {
    let expansion = op::attribute(
        quote!(),
        &quote! {
            fn sort(numbers: &mut Vec<i64>) {
                numbers.sort();
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    fn sort(numbers: &mut Vec<i64>) {
        numbers.sort();
    }
    ::core::compile_error! {
        "an op cannot change its input, which other steps may share: take it by value, `mut x: T`, and return the changed value"
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct sort {}
    #[automatically_derived]
    impl Node for sort {
        type Call = Self;
        fn node() -> Self {
            Self {}
        }
    }
    impl sort {
        #[doc(hidden)]
        fn call(self, argument_0: impl ::core::marker::Sized) -> Unknown {
            let _ = argument_0;
            Unknown
        }
    }
    "#);
}

#[test]
fn an_op_with_a_process_of_its_own() {
    let expansion = op::attribute(
        quote!(isolate, memory = "512MiB"),
        &quote!(
            fn load() {}
        ),
    );
    let told = pretty(expansion);
    let options: Vec<_> = told
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(".isolate") || line.starts_with(".memory"))
        .collect();
    assert_eq!(options, [".isolate()", ".memory(536870912u64)"]);
}

#[test]
fn a_memoized_op() {
    let expansion = op::attribute(
        quote!(memoize, env = ["RATE"], trust_resources),
        &quote! {
            fn double(x: i64) -> i64 {
                x * 2
            }
        },
    );
    let settings = pretty(expansion);
    let settings = settings.split_once("builder(\"double\")").and_then(|(_, rest)| rest.split_once(".input"));
    assert_snapshot!(settings.map(|(settings, _)| settings.trim()).unwrap_or_default(), @r#"
    .memoize(
                            Memoize::of(::core::any::type_name::<Self>())
                                .fingerprint("f1d0")
                                .env("RATE")
                                .trust_resources(),
                        )
                        .fingerprint("be7e64a662bd5981")
    "#);
}
