//! Assets with partitions: what is there of them, and what is missing.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-20").into()
    }
}

/// Visits of a day.
#[asset(group = "web")]
fn visits(day: &Partition<Daily>, context: Context) -> i64 {
    let visits = i64::from(day.window().start.day()) * 10;
    context.add_metadata("visits", visits);
    visits
}

#[asset(group = "web", partitions = Daily)]
fn errors(visits: i64) -> Result<i64> {
    if visits == 40 { Err(Failure::new("the log of that day is lost")) } else { Ok(visits / 7) }
}

mod mended {
    use super::*;

    #[asset(group = "web", partitions = Daily)]
    pub(super) fn errors(visits: i64) -> i64 {
        visits / 7
    }
}

/// The program when the log of that day was found.
fn mended() -> Definitions {
    Definitions::new().assets(assets![visits, mended::errors])
}

fn site() -> Definitions {
    Definitions::new().assets(assets![visits, errors])
}

#[test]
fn what_is_there_and_what_is_missing_is_told() {
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(site(), "assets show visits"), @r"
    exit 0
    --- stdout
    visits
      Visits of a day.

    group        web
    type         i64
    defined      src/cli/tests/assets/partitions.rs:_
    partitions   0 of 19 partitions are materialized
    missing      2024-01-01..2024-01-19

    downstream  materialized
    errors      never

    never materialized
    ");
    kept.put_with(1, &site(), &all(), |runner| runner.partition("2024-01-01..2024-01-03"));
    kept.put_with(2, &site(), &"visits".parse().expect("a selection"), |runner| {
        runner.partition("2024-01-02, 2024-01-06..2024-01-08")
    });
    insta::assert_snapshot!(kept.session(site(), "assets list"), @r"
    exit 0
    --- stdout
    asset   group  materialized  run            times  state
    errors  web    3h ago        019a5f3c-0001  3      3 of 19 partitions
    visits  web    2h ago        019a5f3c-0002  7      6 of 19 partitions
    ");
    insta::assert_snapshot!(kept.session(site(), "assets show visits --limit 3"), @r"
    exit 0
    --- stdout
    visits
      Visits of a day.

    group        web
    type         i64
    defined      src/cli/tests/assets/partitions.rs:_
    partitions   6 of 19 partitions are materialized
    present      2024-01-01..2024-01-03, 2024-01-06..2024-01-08
    missing      2024-01-04..2024-01-05, 2024-01-09..2024-01-19

    downstream  materialized  run
    errors      3h ago        019a5f3c-0001

    latest       2026-11-20 11:00:02Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-08
    data         9d64c020a0ac4ffda44f40702b3d867eac4949c66603e300946580fdaf8af735
    value        kept with what is known of it
    visits       80

    materialized  run            partition   data          visits
    2h ago        019a5f3c-0002  2024-01-08  9d64c020a0ac  80
    2h ago        019a5f3c-0002  2024-01-07  542a1d6b133a  70
    2h ago        019a5f3c-0002  2024-01-06  68a4bd2fafb9  60
    and 4 earlier ones

    number  oldest to newest  least  most  latest
    visits  ▁▅█               60     80    80
    ");
    insta::assert_snapshot!(kept.session(site(), "assets show visits --partition 2024-01-02"), @r"
    exit 0
    --- stdout
    visits
      Visits of a day.

    group        web
    type         i64
    defined      src/cli/tests/assets/partitions.rs:_
    partitions   6 of 19 partitions are materialized
    present      2024-01-01..2024-01-03, 2024-01-06..2024-01-08
    missing      2024-01-04..2024-01-05, 2024-01-09..2024-01-19

    downstream          materialized  run            data
    errors[2024-01-02]  3h ago        019a5f3c-0001  ab13bedf42e8  made of an earlier one, with the same data

    latest       2026-11-20 11:00:00Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-02
    data         ca9fba296cab1ffbd9597311a1d79a06dfaf0909995a00a98a7e361fb67158e9
    value        kept with what is known of it
    visits       20

    materialized  run            partition   data          visits
    2h ago        019a5f3c-0002  2024-01-02  ca9fba296cab  20
    3h ago        019a5f3c-0001  2024-01-02  ca9fba296cab  20

    number  oldest to newest  least  most  latest
    visits  ▅▅                20     20    20
    ");
    insta::assert_snapshot!(kept.session(site(), "assets show visits --partition 2024-01-32"), @r"
    exit 2
    --- stderr
    error: of `visits`: `2024-01-32` is no key of these partitions by time
    hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
    insta::assert_snapshot!(kept.session(site(), "materialize visits --missing"), @r#"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `visits` has partitions, and the run is not told for which it is
      --> src/cli/tests/assets/partitions.rs:_ (the asset)
      hint: name them: `--partition 2024-01-19` is one, `--partition 2024-01-01..2024-01-19` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-19")`
    "#);
    let never = kept.session(site(), "assets show visits --partition 2024-01-04");
    assert!(never.contains("`2024-01-04` was never materialized"), "{never}");
    let json = kept.session(site(), "assets list visits --json");
    let (from, to) =
        (json.find("\"partitions\"").expect("they are told"), json.find("\"place\"").expect("it is told"));
    insta::assert_snapshot!(&json[from..to], @r#"
    "partitions": {
          "definition": {
            "time": {
              "cron": "0 0 * * *",
              "zone": "UTC",
              "start": "2024-01-01",
              "end": "2024-01-20"
            }
          },
          "existing": 19,
          "materialized": {
            "count": 6,
            "ranges": [
              [
                "2024-01-01",
                "2024-01-03"
              ],
              [
                "2024-01-06",
                "2024-01-08"
              ]
            ]
          },
          "observed": {
            "count": 0,
            "ranges": []
          },
          "missing": {
            "count": 13,
            "ranges": [
              [
                "2024-01-04",
                "2024-01-05"
              ],
              [
                "2024-01-09",
                "2024-01-19"
              ]
            ]
          },
          "not_there": {
            "count": 0,
            "ranges": []
          },
          "in_progress": {
            "count": 0,
            "ranges": []
          },
          "failed": {
            "count": 0,
            "ranges": []
          },
          "lost": {
            "count": 0,
            "ranges": []
          },
          "fresh": {
            "count": 6,
            "ranges": [
              [
                "2024-01-01",
                "2024-01-03"
              ],
              [
                "2024-01-06",
                "2024-01-08"
              ]
            ]
          },
          "stale": {
            "count": 0,
            "ranges": []
          },
          "unknown": {
            "count": 0,
            "ranges": []
          }
        },
        "in_progress": [],
    "#);
    insta::assert_snapshot!(kept.session(site(), "runs"), @r"
    exit 0
    --- stdout
    run            job          status   when    took  steps  tags
    019a5f3c-0002  materialize  success  3h ago  2.4s  5 ok   orch/partition=2024-01-02, 2024-01-06..2024-01-08
    019a5f3c-0001  materialize  success  4h ago  3.1s  7 ok   orch/partition=2024-01-01..2024-01-03
    ");
    let of_days = "runs --tag orch/partition=2024-01-01..2024-01-03";
    insta::assert_snapshot!(kept.session(site(), of_days), @r"
    exit 0
    --- stdout
    run       job          status   when    took  steps  tags
    019a5f3c  materialize  success  4h ago  3.1s  7 ok   orch/partition=2024-01-01..2024-01-03
    ");
}

#[test]
fn a_run_is_told_its_partitions() {
    let all = ["materialize", "visits", "--partition", "2024-01-09", "--max-concurrent", "1"];
    insta::assert_snapshot!(answered(|| Ok(site()), &all), @r"
    exit 0
    run <run>, recorded in memory
    <time>  RUN_START materialize orch/partition=2024-01-09
    <time>  STEP_START daily_partitions
    <time>  STEP_START visits[2024-01-09]
    <time>  ASSET_MATERIALIZATION visits[2024-01-09] visits 2024-01-09 visits=90
    <time>  STEP_SUCCESS visits[2024-01-09] (took <time>)
    <time>  STREAM_CLOSED daily_partitions result, 1 item
    <time>  STEP_SUCCESS daily_partitions (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized visits[2024-01-09]
    ");
    insta::assert_snapshot!(answered(|| Ok(site()), &["materialize", "visits", "--partition", "2024-01-08..2024-13-01"]), @r"
    exit 2
    error: the job `materialize` cannot be planned
    error: of the partitions of `visits`: `2024-13-01` is no key of these partitions by time
      --> src/cli/tests/assets/partitions.rs:_ (the asset)
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
    insta::assert_snapshot!(answered(|| Ok(site()), &["materialize", "--all", "--partition", "2024-01-03..2024-01-05", "--progress", "none", "--max-concurrent", "1"]), @r"
    exit 1
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 7 steps: 6 succeeded, 1 failed
          Failed [<time>] errors[2024-01-04]
                 the log of that day is lost
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    Materialized visits[2024-01-03]
    Materialized errors[2024-01-03]
    Materialized visits[2024-01-04]
    Materialized visits[2024-01-05]
    Materialized errors[2024-01-05]
    ");
}

#[test]
fn what_failed_is_told_until_it_is_made() {
    let mut kept = Shop::empty();
    kept.put_with(1, &site(), &all(), |runner| runner.partition("2024-01-01..2024-01-03"));
    kept.put_failing(2, &site(), &all(), |runner| runner.partition("2024-01-03..2024-01-05"));
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors"), @r"
    exit 0
    --- stdout
    errors has 19 partitions
    state         count  partitions
    materialized  4      2024-01-01..2024-01-03, 2024-01-05
    in progress   0
    failed        1      2024-01-04
    missing       14     2024-01-06..2024-01-19
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors --state failed"), @r"
    exit 0
    --- stdout
    2024-01-04
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors --state materialized"), @r"
    exit 0
    --- stdout
    2024-01-01..2024-01-03, 2024-01-05
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions visits --state failed"), @r"
    exit 0
    --- stderr
    no partition of `visits` failed
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors --json"), @r#"
    exit 0
    --- stdout
    {
      "asset": "errors",
      "existing": 19,
      "materialized": {
        "count": 4,
        "ranges": [
          [
            "2024-01-01",
            "2024-01-03"
          ],
          [
            "2024-01-05",
            "2024-01-05"
          ]
        ]
      },
      "observed": {
        "count": 0,
        "ranges": []
      },
      "in_progress": {
        "count": 0,
        "ranges": []
      },
      "failed": {
        "count": 1,
        "ranges": [
          [
            "2024-01-04",
            "2024-01-04"
          ]
        ]
      },
      "missing": {
        "count": 14,
        "ranges": [
          [
            "2024-01-06",
            "2024-01-19"
          ]
        ]
      },
      "materialized_before": {
        "count": 0,
        "ranges": []
      }
    }
    "#);
    insta::assert_snapshot!(kept.session(site(), "assets list"), @r"
    exit 0
    --- stdout
    asset   group  materialized  run       times  state
    errors  web    2h ago        019a5f3c  5      4 of 19 partitions, 1 failed
    visits  web    2h ago        019a5f3c  6      5 of 19 partitions
    ");
    let shown = kept.session(site(), "assets show errors --limit 1");
    let partitions = shown.lines().skip_while(|line| !line.starts_with("partitions")).take(4);
    insta::assert_snapshot!(partitions.collect::<Vec<_>>().join("\n"), @r"
    partitions   4 of 19 partitions are materialized
    present      2024-01-01..2024-01-03, 2024-01-05
    missing      2024-01-04, 2024-01-06..2024-01-19
    failed       2024-01-04, of those above
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-04"), @r"
    exit 0
    --- stdout
    errors[2024-01-04] is missing
      the last attempt failed, in the run 019a5f3c 2h ago: the log of that day is lost
      it was never materialized
    --- stderr
    hint: `program materialize errors --partition '2024-01-04'` makes it again
    ");
    insta::assert_snapshot!(kept.session(site(), "why errors --partition 2024-01-07"), @r"
    exit 0
    --- stdout
    errors[2024-01-07] is missing
      it was never materialized
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions errors --state lost"), @"
    exit 2
    --- stderr
    error: invalid value 'lost' for '--state <STATE>'
      [possible values: materialized, observed, in-progress, failed, missing]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(kept.session(shop(5), "assets partitions report"), @r"
    exit 2
    --- stderr
    error: `report` has no partitions
    hint: `assets show` shows it as a whole
    ");
    insta::assert_snapshot!(kept.session(site(), "assets partitions error"), @r"
    exit 2
    --- stderr
    error: there is no asset `error`
    hint: did you mean `errors`? `program assets list` names all assets
    ");
    kept.put_with(3, &mended(), &all(), |runner| runner.partition("2024-01-04"));
    insta::assert_snapshot!(kept.session(mended(), "assets partitions errors"), @r"
    exit 0
    --- stdout
    errors has 19 partitions
    state         count  partitions
    materialized  5      2024-01-01..2024-01-05
    in progress   0
    failed        0
    missing       14     2024-01-06..2024-01-19
    ");
}
