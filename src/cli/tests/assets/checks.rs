//! Checks of assets: made with them, alone, and shown.

use std::time::Duration;

use orch::prelude::*;
use orch_core::graph::checks::fresh;

use super::*;

#[asset]
fn orders() -> Vec<i64> {
    vec![3, -1, 5]
}

#[asset]
fn report(orders: &[i64]) -> i64 {
    orders.iter().sum()
}

/// No amount is below zero.
#[asset_check(asset = orders, blocking)]
fn positive(orders: &[i64]) -> CheckResult {
    let negative = orders.iter().filter(|amount| **amount < 0).count();
    CheckResult::expect(negative == 0, format!("{negative} is negative"))
        .metadata("negative", negative as i64)
}

#[asset_check(asset = orders)]
fn enough(orders: &[i64]) -> CheckResult {
    CheckResult::expect(orders.len() > 3, "there are too few").severity(Severity::Warn)
}

/// There is something.
#[asset_check(asset = orders)]
fn some(orders: &[i64]) -> bool {
    !orders.is_empty()
}

/// The program, in which this check is blocking or not.
fn program(blocking: bool) -> Definitions {
    let definitions = Definitions::new().assets(assets![orders, report]).checks(checks![enough, some]);
    if blocking { definitions.checks(checks![positive]) } else { definitions }
}

#[test]
fn a_failed_check_is_not_overlooked() {
    let told = session(|| Ok(program(true)), "materialize --all --max-concurrent 1 --progress none");
    insta::assert_snapshot!(told, @r"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 5 steps: 3 succeeded, 1 failed, 1 skipped
          Failed [<time>] orders.positive
                 the blocking check `positive` of the asset `orders` has not passed: 1 is negative
    Check warned orders.enough: there are too few
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    Materialized orders
    ");
    let told = session(|| Ok(program(false)), "materialize orders --max-concurrent 1");
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    <time>  RUN_START materialize
    <time>  STEP_START orders
    <time>  ASSET_MATERIALIZATION orders orders
    <time>  STEP_SUCCESS orders (took <time>)
    <time>  STEP_START orders.enough
    <time>  ASSET_CHECK_EVALUATION orders.enough orders warned: there are too few
    <time>  STEP_SUCCESS orders.enough (took <time>)
    <time>  STEP_START orders.some
    <time>  ASSET_CHECK_EVALUATION orders.some orders passed
    <time>  STEP_SUCCESS orders.some (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] materialize: 3 steps: 3 succeeded
    Check warned orders.enough: there are too few
    Materialized orders
    ");
    let told =
        session(|| Ok(program(true)), "materialize --all --no-checks --max-concurrent 1 --progress none");
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized orders
    Materialized report
    ");
}

#[test]
fn what_checks_have_found_is_listed_and_shown() {
    let mut kept = Shop::empty();
    kept.put(1, &program(false), &all());
    insta::assert_snapshot!(kept.session(program(true), "assets list"), @r"
    exit 0
    --- stdout
    asset   materialized  run       times  checks                         state
    orders  3h ago        019a5f3c  1      1 warned, 1 ok, 1 not checked  fresh
    report  3h ago        019a5f3c  1                                     fresh
    ");
    insta::assert_snapshot!(kept.session(program(true), "assets show orders"), @r"
    exit 0
    --- stdout
    orders

    type         Vec<i64>
    defined      src/cli/tests/assets/checks.rs:_
    state        fresh

    downstream  materialized  run       data
    report      3h ago        019a5f3c  448bd8dd9624

    check     found   looked  run
    enough    warned  3h ago  019a5f3c            there are too few
    some      ok      3h ago  019a5f3c
    positive  never                     blocking  No amount is below zero.

    latest       2026-11-20 10:00:00Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         30d857da79ec503f317fe5e0369a11b67e736c1fca46695db8c749576a91b4f9
    value        kept with what is known of it

    materialized  run       data
    3h ago        019a5f3c  30d857da79ec
    ");
    // Nobody has looked at what was made since.
    let unchecked = Definitions::new().assets(assets![orders, report]);
    kept.put(2, &unchecked, &all());
    insta::assert_snapshot!(kept.session(program(true), "assets list"), @r"
    exit 0
    --- stdout
    asset   materialized  run            times  checks         state
    orders  2h ago        019a5f3c-0002  2      3 not checked  fresh
    report  2h ago        019a5f3c-0002  2                     fresh
    ");
    insta::assert_snapshot!(kept.session(program(false), "assets show orders"), @r"
    exit 0
    --- stdout
    orders

    type         Vec<i64>
    defined      src/cli/tests/assets/checks.rs:_
    state        fresh

    downstream  materialized  run            data
    report      2h ago        019a5f3c-0002  448bd8dd9624

    check   found   looked  run            of
    enough  warned  3h ago  019a5f3c-0001  an earlier materialization  there are too few
    some    ok      3h ago  019a5f3c-0001  an earlier materialization

    latest       2026-11-20 11:00:00Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    data         30d857da79ec503f317fe5e0369a11b67e736c1fca46695db8c749576a91b4f9
    value        kept with what is known of it

    materialized  run            data
    2h ago        019a5f3c-0002  30d857da79ec
    3h ago        019a5f3c-0001  30d857da79ec
    ");
    let json = kept.session(program(true), "assets show orders --json");
    let json = json.split("\"checks\": ").nth(1).unwrap().split("\n  ],").next().unwrap();
    insta::assert_snapshot!(json, @r#"
    [
        {
          "name": "enough",
          "blocking": false,
          "description": null,
          "place": "src/cli/tests/assets/checks.rs:_",
          "current": false,
          "latest": {
            "time": "2026-11-20T10:00:00.6Z",
            "run": "019a5f3c-0001-7000-8000-000000000001",
            "event": 7,
            "partition": null,
            "passed": false,
            "severity": "warn",
            "description": "there are too few",
            "metadata": {},
            "target": {
              "run": "019a5f3c-0001-7000-8000-000000000001",
              "data_version": "30d857da79ec503f317fe5e0369a11b67e736c1fca46695db8c749576a91b4f9"
            }
          },
          "partitions": null
        },
        {
          "name": "some",
          "blocking": false,
          "description": "There is something.",
          "place": "src/cli/tests/assets/checks.rs:_",
          "current": false,
          "latest": {
            "time": "2026-11-20T10:00:01Z",
            "run": "019a5f3c-0001-7000-8000-000000000001",
            "event": 11,
            "partition": null,
            "passed": true,
            "severity": "error",
            "description": null,
            "metadata": {},
            "target": {
              "run": "019a5f3c-0001-7000-8000-000000000001",
              "data_version": "30d857da79ec503f317fe5e0369a11b67e736c1fca46695db8c749576a91b4f9"
            }
          },
          "partitions": null
        },
        {
          "name": "positive",
          "blocking": true,
          "description": "No amount is below zero.",
          "place": "src/cli/tests/assets/checks.rs:_",
          "current": false,
          "latest": null,
          "partitions": null
        }
    "#);
}

#[test]
fn checks_are_made_alone() {
    let mut kept = Shop::empty();
    kept.put(1, &program(false), &all());
    let told = kept.session(program(false), "assets check orders --quiet");
    insta::assert_snapshot!(told, @"exit 0");
    let told = redacted(&kept.session(program(true), "assets check --quiet"));
    insta::assert_snapshot!(told, @r"
    exit 1
    --- stderr
    ────────────
         Failure [<time>] check_assets: 3 steps: 2 succeeded, 1 failed
          Failed [<time>] orders.positive
                 the blocking check `positive` of the asset `orders` has not passed: 1 is negative
    Check warned orders.enough: there are too few
    ");
    let told = kept.session(program(true), "assets check report");
    insta::assert_snapshot!(told, @r"
    exit 2
    --- stderr
    error: the job `check_assets` cannot be planned
    error: the asset that is selected has no checks
      hint: write one, `#[asset_check(asset = ..)]`, and list it: `Definitions::new().checks(checks![..])`
    ");
}

#[test]
fn checks_are_verified_and_planned() {
    let daily =
        || program(true).checks([fresh::<orders>(Duration::from_hours(26))]).asset_job("nightly", "*");
    insta::assert_snapshot!(session(|| Ok(daily()), "check"), @r"
    exit 0
    --- stdout
    checked 1 job, 0 presets, 0 environments, 2 assets, 4 checks: nothing to mend
    ");
    insta::assert_snapshot!(session(|| Ok(daily()), "plan nightly"), @r"
    exit 0
    --- stdout
    job nightly
      depth_first, as many at once as processors
    orders() -> Vec<i64>
      | makes asset orders
    orders.enough(orders: &Vec<i64> <- orders) -> CheckResult
      | checks asset orders
    orders.some(orders: &Vec<i64> <- orders) -> CheckResult
      | checks asset orders
    orders.positive(orders: &Vec<i64> <- orders) -> CheckResult
      | checks asset orders, blocking
    orders.fresh() -> CheckResult
      | checks asset orders
      | after orders
    report(orders: &Vec<i64> <- orders) -> i64
      | makes asset report
      | after orders.positive
    ");
    insta::assert_snapshot!(shop::without_lines(&session(|| Ok(daily().checks(checks![stern::positive])), "check")), @r#"
    exit 2
    --- stderr
    error: the check of 1 job, 0 presets, 0 environments, 2 assets, 4 checks found 1 problem
    in the program:
    error: two checks of `orders` have the name `positive`
      --> src/cli/tests/assets/checks.rs:_ (first)
      --> src/cli/tests/assets/checks.rs:_ (second)
      hint: give one of them another: `#[asset_check(name = "..")]`, or `.named("..")`
    "#);
}

mod stern {
    use orch::prelude::*;

    #[asset_check(asset = super::orders)]
    pub(super) fn positive(orders: &[i64]) -> bool {
        orders.iter().all(|amount| *amount > 0)
    }
}
