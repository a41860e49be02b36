//! What has failed and was passed over since, as it is as it would be made, is told as what it is.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::run::Runner;

use super::backfill::{around, without_age};
use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-04").into()
    }
}

#[asset(code_version = "1")]
fn till(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

#[derive(Outputs)]
struct Books {
    #[asset]
    income: i64,
    #[asset]
    costs: i64,
}

#[multi_asset(code_version = "1")]
fn books() -> Books {
    Books { income: 3, costs: 2 }
}

#[op]
fn subtract(income: i64, costs: i64) -> i64 {
    income - costs
}

#[graph_asset]
fn profit(income: Out<i64>, costs: Out<i64>) -> Out<i64> {
    subtract(income, costs)
}

/// The same, but for what has become worse.
mod worse {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn till(day: &Partition<Daily>) -> Result<i64> {
        match day.window().start.day() {
            2 => Err(Failure::new("the till is closed")),
            day => Ok(i64::from(day)),
        }
    }

    #[derive(Outputs)]
    pub(super) struct Books {
        #[asset]
        pub(super) income: i64,
        #[asset]
        pub(super) costs: i64,
    }

    #[multi_asset(code_version = "2")]
    pub(super) fn books() -> Result<Books> {
        Err(Failure::new("the books are lost"))
    }
}

/// Nothing is made of it, and it always fails.
#[asset(code_version = "1")]
fn letter() -> Result<i64> {
    Err(Failure::new("there is no paper"))
}

fn good() -> Definitions {
    Definitions::new().assets(assets![till, income, costs, profit, letter])
}

fn bad() -> Definitions {
    Definitions::new().assets(assets![worse::till, worse::income, worse::costs, profit, letter])
}

fn selected(selection: &str) -> AssetSelection {
    selection.parse().expect("a selection")
}

/// Made, then to be made by worse code.
fn failed() -> Shop {
    let mut kept = Shop::empty();
    kept.put_with(1, &good(), &selected("till"), |runner| runner.partition("*"));
    kept.put_failing(2, &bad(), &selected("till"), |runner| runner.partition("2024-01-02"));
    kept
}

#[test]
fn a_day_that_failed_and_was_passed_over_since_is_there() {
    let mut kept = failed();
    insta::assert_snapshot!(kept.session(good(), "assets partitions till"), @"
    exit 0
    --- stdout
    till has 3 partitions
    state         count  partitions
    materialized  2      2024-01-01, 2024-01-03
    in progress   0
    failed        1      2024-01-02
    missing       0
    of those in progress or failed, 1 was materialized before: 2024-01-02
    ");
    insta::assert_snapshot!(kept.session(good(), "why till --partition 2024-01-02"), @"
    exit 0
    --- stdout
    till[2024-01-02] is fresh: the run 019a5f3c-0001 made it 3h ago
      the last attempt failed, in the run 019a5f3c-0002 2h ago: the till is closed
    --- stderr
    hint: `program materialize till --partition '2024-01-02'` makes it again
    ");
    kept.put_with(3, &good(), &selected("till"), |runner| runner.memoize().partition("*"));
    insta::assert_snapshot!(kept.session(good(), "assets partitions till"), @"
    exit 0
    --- stdout
    till has 3 partitions
    state         count  partitions
    materialized  3      2024-01-01..2024-01-03
    in progress   0
    failed        0
    missing       0
    ");
    insta::assert_snapshot!(kept.session(good(), "why till --partition 2024-01-02"), @"
    exit 0
    --- stdout
    till[2024-01-02] is fresh: the run 019a5f3c made it 3h ago
    ");
    insta::assert_snapshot!(kept.session(good(), "assets list till"), @"
    exit 0
    --- stdout
    asset  materialized  run       times  state
    till   3h ago        019a5f3c  3      3 of 3 partitions
    ");
    for of in ["", " --partition 2024-01-02"] {
        let told = kept.session(good(), &format!("assets show till{of} --json"));
        let json = told.strip_prefix("exit 0\n--- stdout\n").expect("it is shown");
        let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(json["last_failed"], serde_json::Value::Null, "{of}");
    }
    // It fails anew, and is told so.
    kept.put_failing(4, &bad(), &selected("till"), |runner| runner.partition("2024-01-02"));
    insta::assert_snapshot!(kept.session(good(), "assets list till"), @"
    exit 0
    --- stdout
    asset  materialized  run       times  state
    till   3h ago        019a5f3c  3      3 of 3 partitions, 1 failed
    ");
}

#[test]
fn what_failed_and_is_fresh_is_made_good_though_nothing_is_to_be_made() {
    let around = around();
    let session = |program: fn() -> Definitions, args: &str| {
        without_age(&shop::without_lines(&session_around(&around, || Ok(program()), args)))
    };
    session(good, "materialize till income profit --partition *");
    let mut told = String::new();
    for asset in ["till --partition 2024-01-02", "costs"] {
        session(bad, &format!("materialize {asset}"));
        let again = format!("materialize {asset} --stale --progress none");
        for args in [format!("{again} --dry-run"), again.clone(), again] {
            told += &format!("$ program {args}\n{}\n", session(good, &args));
        }
    }
    insta::assert_snapshot!(told, @"
    $ program materialize till --partition 2024-01-02 --stale --progress none --dry-run
    exit 0
    --- stdout
    as it would be made, though the last attempt failed, and so passed over: till[2024-01-02]
    $ program materialize till --partition 2024-01-02 --stale --progress none
    exit 0
    --- stderr
    as it would be made, though the last attempt failed, and so passed over: till[2024-01-02]
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 1 succeeded, 1 memoized
    $ program materialize till --partition 2024-01-02 --stale --progress none
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    $ program materialize costs --stale --progress none --dry-run
    exit 0
    --- stdout
    as it would be made, though the last attempt failed, and so passed over: income, costs
    $ program materialize costs --stale --progress none
    exit 0
    --- stderr
    as it would be made, though the last attempt failed, and so passed over: income, costs
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 1 step: 1 memoized
    $ program materialize costs --stale --progress none
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
    // A backfill does as well.
    session(bad, "materialize till --partition 2024-01-02");
    insta::assert_snapshot!(session(good, "backfill launch till --stale --partition *"), @"
    exit 0
    --- stderr
    as it would be made, though the last attempt failed, and so passed over: till[2024-01-02]
    backfill <run> of 1 run, recorded in memory
    done     till 2024-01-02, 0 runs left
    backfill <run>: success
    asset  asked for  done
    till   1          1
    ");
    let failed = session(good, "assets partitions till --state failed");
    assert!(failed.contains("no partition of `till` failed"), "{failed}");
}

#[test]
fn so_is_one_whose_run_failed_elsewhere() {
    let mut kept = failed();
    let both = selected("till or letter");
    kept.put_failing(3, &good(), &both, |runner| runner.memoize().partition("*"));
    insta::assert_snapshot!(kept.session(good(), "assets list till letter"), @"
    exit 0
    --- stdout
    asset   materialized  run            times  state
    letter  never                               missing, failed
    till    3h ago        019a5f3c-0001  3      3 of 3 partitions
    ");
}

#[test]
fn what_was_given_and_not_compared_has_failed_still() {
    let mut kept = failed();
    let both = selected("till or letter");
    kept.put_failing(3, &good(), &both, |runner| runner.only_missing().partition("*"));
    insta::assert_snapshot!(kept.session(good(), "assets list till"), @"
    exit 0
    --- stdout
    asset  materialized  run            times  state
    till   3h ago        019a5f3c-0001  3      3 of 3 partitions, 1 failed
    ");
}

#[test]
fn what_others_pass_over_a_backfill_lacks_still() {
    let around = around();
    let session = |program: fn() -> Definitions, args: &str| {
        without_age(&shop::without_lines(&session_around(&around, || Ok(program()), args)))
    };
    session(good, "materialize till --partition *");
    session(bad, "backfill launch till --stale --partition *");
    insta::assert_snapshot!(session(bad, "backfill status latest"), @"
    exit 0
    --- stdout
    backfill <run>: failure
    asset  asked for  done  failed
    till   3          2     1

    failed      assets  run                                   why
    2024-01-02  till    <run>  `till[2024-01-02]` failed: the till is closed
    ");
    // By the code that there was before the day comes out as it is, and the others are made anew.
    insta::assert_snapshot!(session(good, "materialize till --stale --partition * --max-concurrent 1"), @"
    exit 0
    --- stderr
    to make                       since
    till[2024-01-01, 2024-01-03]  its code version has changed: 2 → 1
    as it would be made, though the last attempt failed, and so passed over: till[2024-01-02]
    run <run>, recorded in memory
    <time>  RUN_START materialize orch/partition=2024-01-01..2024-01-03
    <time>  STEP_START daily_partitions
    <time>  STEP_START till[2024-01-01]
    <time>  ASSET_MATERIALIZATION till[2024-01-01] till 2024-01-01
    <time>  STEP_SUCCESS till[2024-01-01] (took <time>)
    <time>  STEP_MEMOIZED till[2024-01-02]: made of the same as by the run <run>
    <time>  STEP_START till[2024-01-03]
    <time>  ASSET_MATERIALIZATION till[2024-01-03] till 2024-01-03
    <time>  STEP_SUCCESS till[2024-01-03] (took <time>)
    <time>  STREAM_CLOSED daily_partitions result, 3 items
    <time>  STEP_SUCCESS daily_partitions (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] materialize: 4 steps: 3 succeeded, 1 memoized
    Materialized till[2024-01-01]
    Materialized till[2024-01-03]
    ");
    insta::assert_snapshot!(session(bad, "backfill status latest"), @"
    exit 0
    --- stdout
    backfill <run>: failure
    asset  asked for  done  failed
    till   3          2     1

    failed      assets  run                                   why
    2024-01-02  till    <run>  `till[2024-01-02]` failed: the till is closed
    ");
    insta::assert_snapshot!(session(bad, "backfill retry-failed latest"), @"
    exit 1
    --- stderr
    backfill <run> of 3 runs, recorded in memory
    failed   till 2024-01-02, run <run>
    backfill <run>: failure
    asset  asked for  done  failed
    till   3          2     1

    failed      assets  run                                   why
    2024-01-02  till    <run>  `till[2024-01-02]` failed: the till is closed
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
    insta::assert_snapshot!(session(bad, "backfill status latest"), @"
    exit 0
    --- stdout
    backfill <run>: failure
    asset  asked for  done  failed
    till   3          2     1

    failed      assets  run                                   why
    2024-01-02  till    <run>  `till[2024-01-02]` failed: the till is closed
    ");
    // What is made by hand, by whichever code, is there.
    session(good, "materialize till --partition 2024-01-02");
    insta::assert_snapshot!(session(bad, "backfill status latest"), @"
    exit 0
    --- stdout
    backfill <run>: failure
    asset  asked for  done
    till   3          3

    failed      assets  run                                   why
    2024-01-02  till    <run>  `till[2024-01-02]` failed: the till is closed
    ");
}

/// What is on the shelf each day, and told of it. The second version comes out as the first, the third does not.
mod shelf {
    use super::*;

    #[asset(code_version = "1")]
    pub(super) fn stock(day: &Partition<Daily>) -> i64 {
        i64::from(day.window().start.day())
    }

    pub(super) mod same {
        use super::*;

        #[asset(code_version = "2")]
        pub(in super::super) fn stock(day: &Partition<Daily>) -> i64 {
            i64::from(day.window().start.day())
        }
    }

    pub(super) mod more {
        use super::*;

        #[asset(code_version = "3")]
        pub(in super::super) fn stock(day: &Partition<Daily>) -> i64 {
            100 * i64::from(day.window().start.day())
        }
    }

    #[asset(code_version = "1", partitions = Daily)]
    pub(super) fn shelf(stock: i64) -> Result<i64> {
        if stock < 50 { Ok(stock) } else { Err(Failure::new("it is too small")) }
    }

    #[asset(code_version = "1", partitions = Daily)]
    pub(super) fn label(shelf: i64) -> Result<String> {
        if shelf == 2 { Err(Failure::new("there is no paper")) } else { Ok(shelf.to_string()) }
    }
}

#[test]
fn a_backfill_lacks_what_failed_since_its_own_runs_have_passed_over_it() {
    let around = around();
    let session = |stock: fn() -> Definitions, args: &str| {
        without_age(&shop::without_lines(&session_around(&around, || Ok(stock()), args)))
    };
    let first = || Definitions::new().assets(assets![shelf::stock, shelf::shelf]);
    let same = || Definitions::new().assets(assets![shelf::same::stock, shelf::shelf, shelf::label]);
    let more = || Definitions::new().assets(assets![shelf::more::stock, shelf::shelf, shelf::label]);
    session(first, "materialize --all --partition *");
    session(same, "backfill launch --all --stale --partition 2024-01-01..2024-01-02");
    insta::assert_snapshot!(session(same, "backfill status latest"), @"
    exit 0
    --- stdout
    backfill <run>: failure
    asset  asked for  done  failed
    stock  2          2
    shelf  2          2
    label  2          1     1

    failed      assets  run                                   why
    2024-01-02  label   <run>  `label[2024-01-02]` failed: there is no paper
    ");
    session(more, "materialize stock --partition 2024-01-02");
    insta::assert_snapshot!(session(same, "backfill retry-failed latest"), @"
    exit 1
    --- stderr
    backfill <run> of 2 runs, recorded in memory
    failed   stock, shelf, label 2024-01-02, run <run>
    backfill <run>: failure
    asset  asked for  done  failed
    stock  2          2
    shelf  2          1     1
    label  2          1     1

    failed      assets        run                                   why
    2024-01-02  shelf, label  <run>  `shelf[2024-01-02]` failed: it is too small
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
}

#[test]
fn all_that_a_step_or_a_graph_makes_is_made_good_together() {
    let mut kept = Shop::empty();
    let all = selected("income or costs or profit");
    let memoized: fn(Runner) -> Runner = Runner::memoize;
    kept.put(1, &good(), &all);
    kept.put_failing(2, &bad(), &all, |runner| runner);
    insta::assert_snapshot!(kept.session(good(), "assets list income costs profit"), @"
    exit 0
    --- stdout
    asset   materialized  run            times  state
    costs   3h ago        019a5f3c-0001  1      fresh, failed
    income  3h ago        019a5f3c-0001  1      fresh, failed
    profit  3h ago        019a5f3c-0001  1      fresh
    ");
    kept.put_with(3, &good(), &all, memoized);
    insta::assert_snapshot!(kept.session(good(), "assets list income costs profit"), @"
    exit 0
    --- stdout
    asset   materialized  run       times  state
    costs   3h ago        019a5f3c  1      fresh
    income  3h ago        019a5f3c  1      fresh
    profit  3h ago        019a5f3c  1      fresh
    ");
}
