//! Checks of assets with partitions: a summary over all, and what became of one.

use std::time::Duration;

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::graph::checks::fresh;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-20").into()
    }
}

/// What was sold; on the fourth and fifth someone typed a minus.
#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    let day = i64::from(day.window().start.day());
    if matches!(day, 4 | 5) { -day } else { day }
}

#[asset(partitions = Daily)]
fn revenue(sold: i64) -> i64 {
    sold * 10
}

/// Nothing is given back.
#[asset_check(asset = sold)]
fn positive(sold: i64) -> CheckResult {
    is_positive(sold)
}

#[asset_check(asset = sold)]
fn many(sold: i64) -> CheckResult {
    CheckResult::expect(sold > 2, format!("only {sold}")).severity(Severity::Warn)
}

/// It is even.
#[asset_check(asset = revenue)]
fn even(revenue: i64) -> bool {
    revenue % 2 == 0
}

mod stern {
    use orch::prelude::*;

    use super::{is_positive, sold};

    /// Nothing is given back.
    #[asset_check(asset = sold, blocking)]
    pub(super) fn positive(sold: i64) -> CheckResult {
        is_positive(sold)
    }
}

fn is_positive(sold: i64) -> CheckResult {
    CheckResult::expect(sold > 0, format!("{sold} pieces")).metadata("sold", sold)
}

/// The program while nothing was stopped yet.
fn mild() -> Definitions {
    Definitions::new().assets(assets![sold, revenue]).checks(checks![positive, many, even])
}

fn shop() -> Definitions {
    Definitions::new().assets(assets![sold, revenue]).checks(checks![stern::positive, many, even])
}

#[test]
fn what_was_found_of_partitions_is_told_by_stretches() {
    let mut kept = Shop::empty();
    kept.put_with(1, &mild(), &all(), |runner| runner.partition("2024-01-01..2024-01-07"));
    let unchecked = Definitions::new().assets(assets![sold, revenue]);
    kept.put_with(2, &unchecked, &all(), |runner| runner.partition("2024-01-07..2024-01-09"));
    insta::assert_snapshot!(kept.session(shop(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run            times  checks              state
    revenue  2h ago        019a5f3c-0002  10     1 not checked       9 of 19 partitions
    sold     2h ago        019a5f3c-0002  10     1 failed, 1 warned  9 of 19 partitions
    ");
    insta::assert_snapshot!(kept.session(shop(), "assets show sold --limit 1"), @r"
    exit 0
    --- stdout
    sold
      What was sold; on the fourth and fifth someone typed a minus.

    type         i64
    defined      src/cli/tests/assets/checks_by_day.rs:_
    partitions   9 of 19 partitions are materialized
    present      2024-01-01..2024-01-09
    missing      2024-01-10..2024-01-19

    downstream  materialized  run
    revenue     2h ago        019a5f3c-0002

    check     found          partitions                                      looked  run
    positive  2 failed       2024-01-04..2024-01-05                          3h ago  019a5f3c-0001  blocking  -5 pieces
    positive  3 not checked  2024-01-07..2024-01-09                          3h ago  019a5f3c-0001  blocking
    positive  4 ok           2024-01-01..2024-01-03, 2024-01-06              3h ago  019a5f3c-0001  blocking
    many      4 warned       2024-01-01..2024-01-02, 2024-01-04..2024-01-05  3h ago  019a5f3c-0001            only -5
    many      3 not checked  2024-01-07..2024-01-09                          3h ago  019a5f3c-0001
    many      2 ok           2024-01-03, 2024-01-06                          3h ago  019a5f3c-0001

    latest       2026-11-20 11:00:02Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-09
    data         7219aa1099ced7445c5bf949990ff7d9f6b71a94b8ec02b3eb61fb175a66ba25
    value        kept with what is known of it

    materialized  run            partition   data
    2h ago        019a5f3c-0002  2024-01-09  7219aa1099ce
    and 9 earlier ones
    ");
    insta::assert_snapshot!(kept.session(shop(), "assets show sold --partition 2024-01-04"), @r"
    exit 0
    --- stdout
    sold
      What was sold; on the fourth and fifth someone typed a minus.

    type         i64
    defined      src/cli/tests/assets/checks_by_day.rs:_
    partitions   9 of 19 partitions are materialized
    present      2024-01-01..2024-01-09
    missing      2024-01-10..2024-01-19

    downstream           materialized  run            data
    revenue[2024-01-04]  3h ago        019a5f3c-0001  ae1ba0f433a5

    check     found   looked  run
    positive  failed  3h ago  019a5f3c-0001  blocking  -4 pieces
    many      warned  3h ago  019a5f3c-0001            only -4

    latest       2026-11-20 10:00:06Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    partition    2024-01-04
    data         fcde460ea778a115ddfe9c25c37975b118d967cc52ccfd1b1e2a5c3926bf0bf2
    value        kept with what is known of it

    materialized  run            partition   data
    3h ago        019a5f3c-0001  2024-01-04  fcde460ea778
    ");
    insta::assert_snapshot!(kept.session(shop(), "assets show sold --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    sold
      What was sold; on the fourth and fifth someone typed a minus.

    type         i64
    defined      src/cli/tests/assets/checks_by_day.rs:_
    partitions   9 of 19 partitions are materialized
    present      2024-01-01..2024-01-09
    missing      2024-01-10..2024-01-19

    downstream           materialized  run            data
    revenue[2024-01-07]  2h ago        019a5f3c-0002  542a1d6b133a

    check     found  looked  run                      of
    positive  ok     3h ago  019a5f3c-0001  blocking  an earlier materialization
    many      ok     3h ago  019a5f3c-0001            an earlier materialization

    latest       2026-11-20 11:00:00Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-07
    data         448bd8dd9624154a690f8e84dc52d6f633ba7cd545c4d3c9b4e0f6a2f6fa71f4
    value        kept with what is known of it

    materialized  run            partition   data
    2h ago        019a5f3c-0002  2024-01-07  448bd8dd9624
    3h ago        019a5f3c-0001  2024-01-07  448bd8dd9624
    ");
    let json = kept.session(shop(), "assets show sold --limit 1 --json");
    let json =
        json.split("\"checks\": ").nth(1).unwrap().split("\n    {\n      \"name\": \"many\"").next().unwrap();
    insta::assert_snapshot!(json, @r#"
    [
        {
          "name": "positive",
          "blocking": true,
          "description": "Nothing is given back.",
          "place": "src/cli/tests/assets/checks_by_day.rs:_",
          "current": false,
          "latest": {
            "time": "2026-11-20T10:00:13.4Z",
            "run": "019a5f3c-0001-7000-8000-000000000001",
            "event": 135,
            "partition": "2024-01-07",
            "passed": true,
            "severity": "error",
            "description": null,
            "metadata": {
              "sold": {
                "type": "int",
                "value": 7
              }
            },
            "target": {
              "run": "019a5f3c-0001-7000-8000-000000000001",
              "data_version": "448bd8dd9624154a690f8e84dc52d6f633ba7cd545c4d3c9b4e0f6a2f6fa71f4"
            }
          },
          "partitions": {
            "failed": {
              "count": 2,
              "ranges": [
                [
                  "2024-01-04",
                  "2024-01-05"
                ]
              ]
            },
            "warned": {
              "count": 0,
              "ranges": []
            },
            "ok": {
              "count": 4,
              "ranges": [
                [
                  "2024-01-01",
                  "2024-01-03"
                ],
                [
                  "2024-01-06",
                  "2024-01-06"
                ]
              ]
            },
            "not_checked": {
              "count": 3,
              "ranges": [
                [
                  "2024-01-07",
                  "2024-01-09"
                ]
              ]
            }
          }
        },
    "#);
    let json = kept.session(shop(), "assets show sold --limit 1 --json --partition 2024-01-04");
    let json =
        json.split("\"checks\": ").nth(1).unwrap().split("\n    {\n      \"name\": \"many\"").next().unwrap();
    insta::assert_snapshot!(json, @r#"
    [
        {
          "name": "positive",
          "blocking": true,
          "description": "Nothing is given back.",
          "place": "src/cli/tests/assets/checks_by_day.rs:_",
          "current": true,
          "latest": {
            "time": "2026-11-20T10:00:07.1Z",
            "run": "019a5f3c-0001-7000-8000-000000000001",
            "event": 72,
            "partition": "2024-01-04",
            "passed": false,
            "severity": "error",
            "description": "-4 pieces",
            "metadata": {
              "sold": {
                "type": "int",
                "value": -4
              }
            },
            "target": {
              "run": "019a5f3c-0001-7000-8000-000000000001",
              "data_version": "fcde460ea778a115ddfe9c25c37975b118d967cc52ccfd1b1e2a5c3926bf0bf2"
            }
          },
          "partitions": null
        },
    "#);
}

#[test]
fn what_was_never_looked_at_is_told() {
    let mut kept = Shop::empty();
    let kept_fresh = || {
        Definitions::new().assets(assets![sold, revenue]).checks([fresh::<sold>(Duration::from_hours(26))])
    };
    insta::assert_snapshot!(kept.session(shop(), "assets show sold"), @r"
    exit 0
    --- stdout
    sold
      What was sold; on the fourth and fifth someone typed a minus.

    type         i64
    defined      src/cli/tests/assets/checks_by_day.rs:_
    partitions   0 of 19 partitions are materialized
    missing      2024-01-01..2024-01-19

    downstream  materialized
    revenue     never

    check     found
    positive  never  blocking  Nothing is given back.
    many      never

    never materialized
    ");
    kept.put_with(1, &Definitions::new().assets(assets![sold, revenue]), &all(), |runner| {
        runner.partition("2024-01-01")
    });
    insta::assert_snapshot!(kept.session(kept_fresh(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run       times  checks         state
    revenue  3h ago        019a5f3c  1                     1 of 19 partitions
    sold     3h ago        019a5f3c  1      1 not checked  1 of 19 partitions
    ");
}

#[test]
fn checks_look_alone_at_the_partitions_that_are_named() {
    let mut kept = Shop::empty();
    kept.put_with(1, &mild(), &all(), |runner| runner.partition("2024-01-01..2024-01-04"));
    let told = redacted(
        &kept.session(shop(), "assets check --partition 2024-01-02..2024-01-04 --quiet --max-concurrent 1"),
    );
    insta::assert_snapshot!(told, @r"
    exit 1
    --- stderr
    ────────────
         Failure [<time>] check_assets: 16 steps: 15 succeeded, 1 failed
          Failed [<time>] sold.positive[2024-01-04]
                 the blocking check `positive` of the asset `sold[2024-01-04]` has not passed: -4 pieces
    Check warned sold.many[2024-01-02]: only 2
    Check warned sold.many[2024-01-04]: only -4
    ");
    insta::assert_snapshot!(kept.session(shop(), "assets check sold"), @r#"
    exit 2
    --- stderr
    error: the job `check_assets` cannot be planned
    error: `sold` has partitions, and the run is not told for which it is
      --> src/cli/tests/assets/checks_by_day.rs:_ (the check)
      hint: name them: `--partition 2024-01-19` is one, `--partition 2024-01-01..2024-01-19` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-19")`
    "#);
    insta::assert_snapshot!(kept.session(shop(), "assets check sold --partition 2024-01-05..2024-01-06"), @r"
    exit 2
    --- stderr
    error: the job `check_assets` cannot be planned
    error: `sold.positive` looks at partitions of `sold` that were never materialized: 2024-01-05..2024-01-06
      --> src/cli/tests/assets/checks_by_day.rs:_ (looks at it)
      --> src/cli/tests/assets/checks_by_day.rs:_ (the asset)
      hint: materialize them before, `materialize sold --partition '2024-01-05..2024-01-06'`, or look at others
    ");
}

#[test]
fn a_partition_that_is_stopped_is_told_with_the_run() {
    let all = [
        "materialize",
        "--all",
        "--partition",
        "2024-01-03..2024-01-05",
        "--progress",
        "none",
        "--max-concurrent",
        "1",
    ];
    insta::assert_snapshot!(answered(|| Ok(shop()), &all), @r"
    exit 1
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 16 steps: 10 succeeded, 2 failed, 4 skipped
          Failed [<time>] sold.positive[2024-01-04]
                 the blocking check `positive` of the asset `sold[2024-01-04]` has not passed: -4 pieces
          Failed [<time>] sold.positive[2024-01-05]
                 the blocking check `positive` of the asset `sold[2024-01-05]` has not passed: -5 pieces
    Check warned sold.many[2024-01-04]: only -4
    Check warned sold.many[2024-01-05]: only -5
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    Materialized sold[2024-01-03]
    Materialized revenue[2024-01-03]
    Materialized sold[2024-01-04]
    Materialized sold[2024-01-05]
    ");
}
