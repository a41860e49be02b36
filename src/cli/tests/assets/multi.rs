//! Several assets that one step makes: how they are shown, and what is told of those that are made along.

use super::{Shop, all};

mod program {
    use orch::prelude::*;

    #[derive(Outputs)]
    struct Both {
        /// What was ordered.
        #[asset(kind = "list")]
        orders: WithMetadata<Vec<i64>>,
        #[asset(key = "clients")]
        customers: i64,
        #[asset]
        refunds: Optional<i64>,
    }

    #[multi_asset(key_prefix = "shop", group = "sales", code_version = "1")]
    fn download() -> Both {
        let orders = WithMetadata::new(vec![3, 1]).metadata("rows", 2).data_version("today");
        Both { orders, customers: 2, refunds: Optional::some(0) }
    }

    #[asset(code_version = "1")]
    fn report(orders: &[i64], customers: i64) -> i64 {
        orders.iter().sum::<i64>() * customers
    }

    pub(super) fn program() -> Definitions {
        Definitions::new().assets(assets![orders, customers, refunds, report])
    }
}

use program::program;

#[test]
fn each_of_them_is_shown_and_says_what_is_made_with_it() {
    let mut kept = Shop::empty();
    kept.put(1, &program(), &"+report".parse().expect("a selection"));
    insta::assert_snapshot!(kept.session(program(), "assets list"), @r"
    exit 0
    --- stdout
    asset         group  kinds  materialized  run       rows  times  state
    report                      3h ago        019a5f3c        1      fresh
    shop/clients  sales         3h ago        019a5f3c        1      fresh
    shop/orders   sales  list   3h ago        019a5f3c  2     1      fresh
    shop/refunds  sales         never                                missing
    ");
    insta::assert_snapshot!(kept.session(program(), "assets show shop/orders"), @r"
    exit 0
    --- stdout
    shop/orders
      What was ordered.

    made with    shop/clients, shop/refunds, by the step download
    group        sales
    kinds        list
    code         version 1
    type         Vec<i64>
    defined      src/cli/tests/assets/multi.rs:_
    state        fresh

    downstream  materialized  run       data
    report      3h ago        019a5f3c  2ef3e0dda529

    latest       2026-11-20 10:00:00Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         today
    code         version 1
    value        kept with what is known of it
    rows         2

    materialized  run       data   code  rows
    3h ago        019a5f3c  today  1     2
    ");
    let told = kept.session(program(), "assets show refunds --json");
    let line = told.lines().skip_while(|line| !line.contains("made_with")).take(4).collect::<Vec<_>>();
    insta::assert_snapshot!(line.join("\n"), @r#"
    "made_with": [
      "shop/orders",
      "shop/clients"
    ],
    "#);
    insta::assert_snapshot!(kept.session(program(), "assets graph"), @r"
    exit 0
    --- stdout
    shop/orders   sales
    shop/clients  sales
      report        <- shop/orders, shop/clients
    shop/refunds  sales
    ");
}

#[test]
fn what_is_made_though_it_was_not_asked_for_is_told() {
    // Of a run its own report is of no interest here.
    let told = |args: &str| {
        let session = Shop::empty().session(program(), args);
        let lines = session.lines().filter(|line| line.contains("made too")).map(str::to_owned);
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told("materialize shop/clients"), @"`shop/orders` is made too: one step makes it with `shop/clients`");
    insta::assert_snapshot!(told("materialize shop/refunds --quiet"), @"");
    insta::assert_snapshot!(told("materialize shop/refunds"), @r"
    `shop/orders` is made too: one step makes it with `shop/refunds`
    `shop/clients` is made too: one step makes it with `shop/refunds`
    ");
    assert_eq!(told("materialize shop/orders shop/clients"), "");
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(program(), "materialize shop/clients --dry-run"), @r"
    exit 0
    --- stdout
    to make       since
    shop/orders   one step makes it with `shop/clients`
    shop/clients  it was never materialized
    ");
    kept.put(1, &program(), &"shop/orders".parse().expect("a selection"));
    insta::assert_snapshot!(kept.session(program(), "materialize --stale --dry-run"), @r"
    exit 0
    --- stdout
    to make       since
    shop/orders   one step makes it with `shop/refunds`
    shop/clients  one step makes it with `shop/refunds`
    shop/refunds  it was never materialized
    report        it was never materialized
    ");
    insta::assert_snapshot!(kept.session(program(), "materialize shop/orders report --dry-run"), @r"
    exit 0
    --- stdout
    to make       since
    shop/orders   it is asked for
    shop/clients  one step makes it with `shop/orders`
    report        it was never materialized
    ");
    kept.put(2, &program(), &all());
    insta::assert_snapshot!(kept.session(program(), "materialize --stale"), @r"
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
    insta::assert_snapshot!(kept.session(program(), "why shop/clients"), @r"
    exit 0
    --- stdout
    shop/clients is fresh: the run 019a5f3c made it 2h ago
    ");
}
