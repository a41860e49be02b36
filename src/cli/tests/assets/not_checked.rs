//! A check that takes what is not there keeps nothing from being made, and no other check from looking.

use orch::prelude::*;

use super::*;

#[asset]
fn orders() -> i64 {
    3
}

#[asset]
fn prices() -> i64 {
    7
}

#[asset]
fn report(orders: i64) -> i64 {
    orders
}

#[asset_check(asset = orders)]
fn some(orders: i64) -> bool {
    orders > 0
}

#[asset_check(asset = prices)]
fn dear(prices: i64) -> bool {
    prices > 1
}

#[asset_check(asset = orders)]
fn priced(orders: i64, prices: i64) -> bool {
    orders < prices
}

mod strict {
    use super::*;

    #[asset_check(asset = orders, blocking)]
    pub(super) fn paid(orders: i64, prices: i64) -> bool {
        orders < prices
    }
}

fn assets() -> Definitions {
    Definitions::new().assets(assets![orders, prices, report])
}

fn program() -> Definitions {
    assets().checks(checks![some, dear, priced])
}

#[test]
fn an_asset_is_made_though_a_check_of_it_lacks_another_one() {
    let kept = Shop::empty();
    let told = |args: &str| redacted(&kept.session(program(), args));
    insta::assert_snapshot!(told("materialize orders report --max-concurrent 1"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    <time>  RUN_START materialize
    <time>  STEP_START orders
    <time>  ASSET_MATERIALIZATION orders orders
    <time>  STEP_SUCCESS orders (took <time>)
    <time>  STEP_START orders.some
    <time>  ASSET_CHECK_EVALUATION orders.some orders passed
    <time>  STEP_SUCCESS orders.some (took <time>)
    <time>  STEP_START report
    <time>  ASSET_MATERIALIZATION report report
    <time>  STEP_SUCCESS report (took <time>)
    <time>  STEP_SKIPPED orders.priced: it takes the asset `prices`, which was never materialized
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] materialize: 4 steps: 3 succeeded, 1 skipped
     Not checked orders.priced: it takes the asset `prices`, which was never materialized
    Materialized orders
    Materialized report
    ");
    insta::assert_snapshot!(told("why latest orders.priced"), @"
    exit 0
    --- stdout
    orders.priced was skipped
      because it takes the asset `prices`, which was never materialized
    ");
    insta::assert_snapshot!(told("materialize prices --max-concurrent 1 --progress none"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized prices
    ");
    insta::assert_snapshot!(told("assets check orders --max-concurrent 1 --progress none"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] check_assets: 2 steps: 2 succeeded
    ");
}

#[test]
fn checks_look_though_others_have_nothing_to_look_at() {
    let mut kept = Shop::empty();
    kept.put(1, &assets(), &"orders".parse().expect("a selection"));
    let told = |program: Definitions, args: &str| redacted(&kept.session(program, args));
    insta::assert_snapshot!(told(program(), "assets check --max-concurrent 1 --progress none"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] check_assets: 3 steps: 1 succeeded, 2 skipped
     Not checked prices.dear: it takes the asset `prices`, which was never materialized
     Not checked orders.priced: it takes the asset `prices`, which was never materialized
    ");
    // One for which something would wait is left out too, where nothing is made.
    let both = || assets().checks(checks![some, strict::paid]);
    insta::assert_snapshot!(told(both(), "assets check --max-concurrent 1 --progress none"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] check_assets: 2 steps: 1 succeeded, 1 skipped
     Not checked orders.paid: it takes the asset `prices`, which was never materialized
    ");
}

#[test]
fn where_no_check_can_look_that_is_told_before() {
    let kept = Shop::empty();
    let told = |args: &str| kept.session(program(), args);
    insta::assert_snapshot!(told("assets check orders"), @"
    exit 2
    --- stderr
    error: the job `check_assets` cannot be planned: 2 problems
    error: `orders.some` takes the asset `orders`, which was never materialized
      --> src/cli/tests/assets/not_checked.rs:_ (the step)
      hint: materialize it before, `materialize orders`, or with all that is needed: `materialize '+orders'`
    error: `orders.priced` takes the asset `prices`, which was never materialized
      --> src/cli/tests/assets/not_checked.rs:_ (the step)
      hint: materialize it before, `materialize prices`, or with all that is needed: `materialize '+prices'`
    ");
}

#[test]
fn a_blocking_check_that_cannot_look_keeps_the_run_from_beginning() {
    let kept = Shop::empty();
    let program = assets().checks(checks![strict::paid]);
    insta::assert_snapshot!(kept.session(program, "materialize orders report"), @"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `orders.paid` takes the asset `prices`, which was never materialized
      --> src/cli/tests/assets/not_checked.rs:_ (the step)
      hint: materialize it before, `materialize prices`, or with all that is needed: `materialize '+prices'`
    ");
}

mod by_day {
    use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};

    use super::*;

    struct Daily;

    impl Partitioning for Daily {
        type Kind = ByTime;

        fn definition() -> PartitionsDefinition {
            TimePartitions::daily("2024-01-01").until("2024-01-05").into()
        }
    }

    #[asset(partitions = Daily)]
    pub(super) fn till() -> i64 {
        5
    }

    #[asset(partitions = Daily)]
    pub(super) fn bank() -> i64 {
        5
    }

    #[asset_check(asset = till)]
    pub(super) fn booked(till: i64, bank: i64) -> bool {
        till == bank
    }

    #[asset_check(asset = till, blocking)]
    pub(super) fn filled(till: i64) -> bool {
        till > 0
    }
}

#[test]
fn of_partitions_those_are_looked_at_that_are_there() {
    let assets = assets![by_day::till, by_day::bank];
    let program =
        || Definitions::new().assets(assets.clone()).checks(checks![by_day::booked, by_day::filled]);
    let kept = Shop::empty();
    let told = |args: &str| {
        redacted(&kept.session(program(), &format!("{args} --max-concurrent 1 --progress none")))
    };
    insta::assert_snapshot!(told("materialize bank --partition 2024-01-02..2024-01-04"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 4 steps: 4 succeeded
    Materialized bank[2024-01-02]
    Materialized bank[2024-01-03]
    Materialized bank[2024-01-04]
    ");
    insta::assert_snapshot!(told("materialize till --partition 2024-01-01..2024-01-02"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 8 steps: 7 succeeded, 1 skipped
     Not checked till.booked[2024-01-01]: it takes partitions of `bank` that were never materialized: 2024-01-01
    Materialized till[2024-01-01]
    Materialized till[2024-01-02]
    ");
    insta::assert_snapshot!(told("assets check till --partition 2024-01-01..2024-01-03"), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] check_assets: 11 steps: 8 succeeded, 3 skipped
     Not checked till.booked[2024-01-01]: it takes partitions of `bank` that were never materialized: 2024-01-01
     Not checked till.filled[2024-01-03]: it takes partitions of `till` that were never materialized: 2024-01-03
     Not checked till.booked[2024-01-03]: it takes partitions of `till` that were never materialized: 2024-01-03
    ");
    insta::assert_snapshot!(told("assets check till --partition 2024-01-03..2024-01-04"), @"
    exit 2
    --- stderr
    error: the job `check_assets` cannot be planned
    error: `till.filled` looks at partitions of `till` that were never materialized: 2024-01-03..2024-01-04
      --> src/cli/tests/assets/not_checked.rs:_ (looks at it)
      --> src/cli/tests/assets/not_checked.rs:_ (the asset)
      hint: materialize them before, `materialize till --partition '2024-01-03..2024-01-04'`, or look at others
    ");
}
