//! Of what is there, and what a blocking check has refused or never looked at, nothing is made before the check has looked.

use orch::prelude::*;

use super::*;

#[asset(code_version = "1")]
fn sales() -> Vec<i64> {
    vec![3, -1]
}

#[asset(code_version = "1")]
fn revenue(sales: &[i64]) -> i64 {
    sales.iter().sum()
}

#[asset(code_version = "1")]
fn report(revenue: i64) -> String {
    revenue.to_string()
}

#[asset(code_version = "1")]
fn letter(report: &str) -> usize {
    report.len()
}

#[asset_check(asset = sales, blocking)]
fn positive(sales: &[i64]) -> CheckResult {
    CheckResult::expect(sales.iter().all(|sale| *sale > 0), "one is negative")
}

#[asset_check(asset = sales, blocking)]
fn some(sales: &[i64]) -> bool {
    !sales.is_empty()
}

fn unchecked() -> Definitions {
    Definitions::new().assets(assets![sales, revenue, report, letter])
}

/// With a check that refuses the sales.
fn strict() -> Definitions {
    unchecked().checks(checks![positive])
}

/// With one that lets them through.
fn mild() -> Definitions {
    unchecked().checks(checks![some])
}

fn selected(selection: &str) -> AssetSelection {
    selection.parse().expect("a selection")
}

/// What a run says that makes what is missing, or stale.
fn made(kept: &Shop, program: Definitions, words: &str) -> String {
    redacted(&kept.session(program, &format!("materialize {words} --max-concurrent 1 --progress none")))
}

#[test]
fn nothing_is_made_of_what_a_check_has_refused() {
    let mut kept = Shop::empty();
    kept.put_failing(1, &strict(), &all(), |runner| runner);
    insta::assert_snapshot!(kept.session(strict(), "why sales"), @"
    exit 0
    --- stdout
    sales is fresh: the run 019a5f3c made it 3h ago
      its blocking check `positive` failed, in the run 019a5f3c 3h ago: one is negative
      hint: mend it, and have it made anew: `materialize sales`
    ");
    insta::assert_snapshot!(made(&kept, strict(), "--all --missing"), @"
    exit 1
    --- stderr
    to make  since
    revenue  it was never materialized
    report   it was never materialized
    letter   it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 4 steps: 1 failed, 3 skipped
          Failed [<time>] sales.positive
                 the blocking check `positive` of the asset `sales` has not passed: one is negative
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    insta::assert_snapshot!(made(&kept, strict(), "--all --stale"), @"
    exit 1
    --- stderr
    to make  since
    revenue  it was never materialized
    report   it was never materialized
    letter   it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 5 steps: 1 failed, 3 skipped, 1 memoized
          Failed [<time>] sales.positive
                 the blocking check `positive` of the asset `sales` has not passed: one is negative
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    let told = kept.session(strict(), "assets list");
    insta::assert_snapshot!(told, @"
    exit 0
    --- stdout
    asset    materialized  run       times  checks    state
    letter   never                                    missing
    report   never                                    missing
    revenue  never                                    missing
    sales    3h ago        019a5f3c  1      1 failed  fresh
    ");
}

#[test]
fn a_check_that_has_never_looked_does_so_before_anything_is_made() {
    let mut kept = Shop::empty();
    kept.put(1, &unchecked(), &selected("sales"));
    insta::assert_snapshot!(made(&kept, strict(), "sales revenue --missing"), @"
    exit 1
    --- stderr
    to make  since
    revenue  it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 2 steps: 1 failed, 1 skipped
          Failed [<time>] sales.positive
                 the blocking check `positive` of the asset `sales` has not passed: one is negative
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    insta::assert_snapshot!(made(&kept, mild(), "sales revenue --missing"), @"
    exit 0
    --- stderr
    to make  since
    revenue  it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized revenue
    ");
    // It has let them through: it need not look again.
    insta::assert_snapshot!(made(&kept, mild(), "--all --stale"), @"
    exit 0
    --- stderr
    to make  since
    report   it was never materialized
    letter   it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized report
    Materialized letter
    ");
}

#[test]
fn what_a_check_has_refused_is_not_taken_by_way_of_others_either() {
    let mut kept = Shop::empty();
    kept.put(1, &unchecked(), &selected("sales or revenue or report"));
    // All of it is fresh but for what is made last.
    insta::assert_snapshot!(made(&kept, strict(), "--all --stale"), @"
    exit 1
    --- stderr
    to make  since
    letter   it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 5 steps: 1 failed, 3 skipped, 1 memoized
          Failed [<time>] sales.positive
                 the blocking check `positive` of the asset `sales` has not passed: one is negative
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
}

#[test]
fn what_is_not_named_is_taken_as_it_is() {
    let mut kept = Shop::empty();
    kept.put_failing(1, &strict(), &all(), |runner| runner);
    insta::assert_snapshot!(made(&kept, strict(), "revenue report --missing"), @"
    exit 0
    --- stderr
    to make  since
    revenue  it was never materialized
    report   it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized revenue
    Materialized report
    ");
    insta::assert_snapshot!(made(&kept, strict(), "--all --missing --no-checks"), @"
    exit 0
    --- stderr
    to make  since
    letter   it was never materialized
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 1 step: 1 succeeded
    Materialized letter
    ");
}

mod by_day {
    use orch::partition::{ByTime, Partitioning, Partitions, PartitionsDefinition, TimePartitions};
    use orch::prelude::*;

    struct Daily;

    impl Partitioning for Daily {
        type Kind = ByTime;

        fn definition() -> PartitionsDefinition {
            TimePartitions::daily("2024-01-01").until("2024-01-04").into()
        }
    }

    #[asset(partitions = Daily, code_version = "1")]
    pub(super) fn till() -> i64 {
        -1
    }

    #[asset(code_version = "1")]
    pub(super) fn total(till: &Partitions<i64>) -> i64 {
        till.values().sum()
    }

    #[asset_check(asset = till, blocking)]
    pub(super) fn filled(till: i64) -> bool {
        till > 0
    }
}

mod by_graph {
    use orch::prelude::*;

    use super::sales;

    #[op]
    fn double(sales: Vec<i64>) -> Vec<i64> {
        sales
    }

    #[graph_asset]
    pub(super) fn twice(sales: Out<Vec<i64>>) -> Out<Vec<i64>> {
        double(sales)
    }

    #[asset(code_version = "1")]
    pub(super) fn number(twice: &[i64]) -> usize {
        twice.len()
    }

    #[asset_check(asset = twice, blocking)]
    pub(super) fn even(twice: &[i64]) -> bool {
        twice.iter().all(|number| number % 2 == 0)
    }
}

#[test]
fn what_has_no_partitions_is_not_made_of_partitions_that_were_refused() {
    let program =
        || Definitions::new().assets(assets![by_day::till, by_day::total]).checks(checks![by_day::filled]);
    let mut kept = Shop::empty();
    kept.put_failing(1, &program(), &selected("till"), |runner| runner.partition("*"));
    insta::assert_snapshot!(made(&kept, program(), "--all --missing --partition *"), @"
    exit 1
    --- stderr
    to make  since
    total    it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 7 steps: 2 succeeded, 3 failed, 2 skipped
          Failed [<time>] till.filled[2024-01-01]
                 the blocking check `filled` of the asset `till[2024-01-01]` has not passed
          Failed [<time>] till.filled[2024-01-02]
                 the blocking check `filled` of the asset `till[2024-01-02]` has not passed
          Failed [<time>] till.filled[2024-01-03]
                 the blocking check `filled` of the asset `till[2024-01-03]` has not passed
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
}

#[test]
fn what_a_graph_makes_is_looked_at_too() {
    let assets = || Definitions::new().assets(assets![sales, by_graph::twice, by_graph::number]);
    let program = || assets().checks(checks![by_graph::even]);
    let mut kept = Shop::empty();
    kept.put_failing(1, &program(), &all(), |runner| runner);
    insta::assert_snapshot!(made(&kept, program(), "--all --missing"), @"
    exit 1
    --- stderr
    to make  since
    number   it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 2 steps: 1 failed, 1 skipped
          Failed [<time>] twice.even
                 the blocking check `even` of the asset `twice` has not passed
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    insta::assert_snapshot!(made(&kept, program(), "--all --stale"), @"
    exit 1
    --- stderr
    to make  since
    number   it was never materialized
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 3 steps: 1 failed, 1 skipped, 1 memoized
          Failed [<time>] twice.even
                 the blocking check `even` of the asset `twice` has not passed
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
}
