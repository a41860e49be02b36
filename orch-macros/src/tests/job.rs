use insta::assert_snapshot;
use proc_macro2::TokenStream;
use quote::quote;

use super::pretty;
use crate::job;

/// The statements of a job's body, after the imports that every body begins with.
fn body(statements: &TokenStream) -> String {
    let expansion = pretty(job::job(quote!(), &quote!(fn test() { #statements })));
    let lines = expansion.lines().skip_while(|line| !line.contains("JobNode as _;")).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !line.starts_with("        }")).collect();
    lines.iter().map(|line| line.strip_prefix("            ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_job() {
    let options = quote! {
        max_concurrent = 4, max_in_flight = 8, order = "breadth_first", tags(team = "data"), retry(max = 1),
        limit("db", 2), limit("db" = "prod", 1), limit("customer", 1, per_value)
    };
    let expansion = job::job(
        options,
        &quote! {
            /// All of it.
            pub fn pokemon(pages: usize) {
                report(extract(lit(pages)).map(load).collect());
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    /// All of it.
    #[must_use]
    pub fn pokemon(pages: usize) -> Job {
        Job::compose(
            JobOptions::new("pokemon")
                .description("All of it.")
                .tag("team", "data")
                .max_concurrent(4usize)
                .max_in_flight(8usize)
                .order(Order::BreadthFirst)
                .retry(Retry::new(1u32))
                .limit(Limit::tag("db", 2usize))
                .limit(Limit::tag_value("db", "prod", 1usize))
                .limit(Limit::per_value("customer", 1usize)),
            move || {
                #[allow(unused_imports)]
                use Handle as _;
                #[allow(unused_imports)]
                use JobNode as _;
                #[allow(unused_imports)]
                use HookNode as _;
                <report as Node>::node()
                    .call(
                        <extract as Node>::node()
                            .call(<lit as Node>::node().call(pages))
                            .map(|item| <load as Node>::node().call(item))
                            .collect(),
                    );
            },
        )
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    pub struct pokemon {}
    #[automatically_derived]
    impl Node for pokemon {
        fn node() -> Self {
            Self {}
        }
    }
    #[automatically_derived]
    impl JobNode for pokemon {}
    "#);
}

#[test]
fn a_graph() {
    let expansion = job::graph(
        quote!(),
        &quote! {
            fn clean<const N: usize>(raw: Out<i64>, (a, b): (usize, usize)) -> [Out<i64>; N] {
                [trim(raw); N]
            }
        },
    );
    assert_snapshot!(pretty(expansion), @r#"
    #[allow(clippy::must_use_candidate)]
    fn clean<const N: usize>(raw: Out<i64>, (a, b): (usize, usize)) -> [Out<i64>; N] {
        #[allow(unused_imports)]
        use Handle as _;
        #[allow(unused_imports)]
        use JobNode as _;
        #[allow(unused_imports)]
        use HookNode as _;
        [<trim as Node>::node().call(raw); N]
    }
    #[doc(hidden)]
    #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
    struct clean {}
    #[automatically_derived]
    impl Node for clean {
        fn node() -> Self {
            Self {}
        }
    }
    #[allow(deprecated, clippy::all, clippy::pedantic)]
    impl clean {
        #[doc(hidden)]
        #[track_caller]
        fn call<const N: usize>(
            self,
            raw: Out<i64>,
            argument_1: (usize, usize),
        ) -> [Out<i64>; N] {
            enter_graph("clean", move || clean::<N>(raw, argument_1))
        }
    }
    "#);
}

#[test]
fn calls_of_ops_are_rewritten_and_others_are_not() {
    let statements = quote! {
        load(page);
        ops::load(self::deeper::clean(page));
        lit::<i64>(5);
        (shout)(page);
        std::mem::size_of::<i64>();
        Page::new(load(page));
        Some(load(page)).map(str::len);
        vec![load(a), load(b)];
        println!("{}", load(a));
        drop(load(a));
    };
    assert_snapshot!(body(&statements), @r#"
    #[allow(unused_imports)]
    use HookNode as _;
    <load as Node>::node().call(page);
    <ops::load as Node>::node()
        .call(
            <self::deeper::clean as Node>::node().call(page),
        );
    <lit as Node>::node().call::<i64>(5);
    (shout)(page);
    std::mem::size_of::<i64>();
    Page::new(<load as Node>::node().call(page));
    Some(<load as Node>::node().call(page)).map(str::len);
    vec![
        < load as Node > ::node().call(a), < load as
        Node > ::node().call(b)
    ];
    println!("{}", load(a));
    drop(<load as Node>::node().call(a));
    "#);
}

#[test]
fn names_bound_in_the_body_are_no_ops() {
    let statements = quote! {
        let report = report(load(lit(1)));
        report(1);
        for load in load(x) {
            load(1);
        }
        if let Some(clean) = clean(x) {
            clean(1);
        } else {
            clean(2);
        }
        match clean(x) {
            Some(clean) if clean(1) => clean(2),
            _ => clean(3),
        }
        pages.map(|load| load(1)).map(load);
        fn helper() {}
        helper();
        use std::mem::swap;
        swap(a, b);
        load(1);
    };
    assert_snapshot!(body(&statements), @r"
    #[allow(unused_imports)]
    use HookNode as _;
    let report = <report as Node>::node()
        .call(
            <load as Node>::node()
                .call(<lit as Node>::node().call(1)),
        );
    report(1);
    for load in <load as Node>::node().call(x) {
        load(1);
    }
    if let Some(clean) = <clean as Node>::node().call(x) {
        clean(1);
    } else {
        <clean as Node>::node().call(2);
    }
    match <clean as Node>::node().call(x) {
        Some(clean) if clean(1) => clean(2),
        _ => <clean as Node>::node().call(3),
    }
    pages
        .map(|load| load(1))
        .map(|item| <load as Node>::node().call(item));
    fn helper() {}
    helper();
    use std::mem::swap;
    swap(a, b);
    <load as Node>::node().call(1);
    ");
}

#[test]
fn struct_patterns_stand_for_handles() {
    let statements = quote! {
        let Split { small, large: big } = split(x).named("parts");
        pages.map(split).map(|Split { small, .. }| load(small));
        let Point { x } = Point { x: 1 };
        let Shape::Circle { r } = split(x);
    };
    assert_snapshot!(body(&statements), @r#"
    #[allow(unused_imports)]
    use HookNode as _;
    #[allow(dead_code, non_camel_case_types)]
    type __OrchPattern0 = <Split as HandlesOf<
        {
            use DefaultKind as _;
            use DefaultFit as _;
            { <Split>::__ORCH_KIND }
        },
    >>::Pattern;
    #[allow(dead_code, non_camel_case_types)]
    type __OrchPattern1 = <Split as HandlesOf<
        {
            use DefaultKind as _;
            use DefaultFit as _;
            { <Split>::__ORCH_KIND }
        },
    >>::Pattern;
    let __OrchPattern0 { small, large: big } = <split as Node>::node()
        .call(x)
        .named("parts");
    pages
        .map(|item| <split as Node>::node().call(item))
        .map(|__OrchPattern1 { small, .. }| {
            <load as Node>::node().call(small)
        });
    let Point { x } = Point { x: 1 };
    let Shape::Circle { r } = <split as Node>::node().call(x);
    "#);
}
