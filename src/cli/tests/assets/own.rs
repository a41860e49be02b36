//! An asset that takes earlier partitions of its own, from the terminal.

use std::collections::BTreeMap;
use std::sync::Mutex;

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::super::*;
use super::all;
use super::backfill::{around, without_age};
use super::shop::{Shop, without_lines};
use super::stale::steady;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-08").into()
    }
}

/// What was sold on days; where nothing is said, as much as the day has in its number.
#[derive(Clone, Default)]
struct Books(Arc<Mutex<BTreeMap<String, i64>>>);

#[asset(code_version = "1", trust_resources)]
fn sales(day: &Partition<Daily>, books: Res<Books>) -> Result<i64> {
    let sold = books.0.lock().expect("not poisoned").get(day.key().as_str()).copied();
    let sold = sold.unwrap_or_else(|| i64::from(day.window().start.day()));
    if sold < 0 { Err(Failure::new("the till is closed")) } else { Ok(sold) }
}

#[asset(code_version = "1", partitions = Daily)]
fn balance(sales: &i64, #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>) -> i64 {
    balance.unwrap_or_default() + sales
}

#[asset_check(asset = balance, blocking)]
fn not_overdrawn(balance: i64) -> CheckResult {
    CheckResult::expect(balance < 100, format!("{balance} is more than there is"))
}

struct Program {
    around: Around,
    books: Books,
}

impl Program {
    fn new() -> Self {
        Self { around: around(), books: Books::default() }
    }

    fn sell(&self, day: &str, sold: i64) {
        self.books.0.lock().expect("not poisoned").insert(day.to_owned(), sold);
    }

    fn session(&self, args: &str) -> String {
        let definitions = Definitions::new().assets(assets![sales, balance]).resource(self.books.clone());
        without_runs(&without_lines(&steady(&session_around(&self.around, || Ok(definitions), args))))
    }
}

/// What was said without the names of runs, which differ each time, and without how long ago they were.
fn without_runs(told: &str) -> String {
    let told = without_age(told);
    let words = told.split_inclusive([' ', '\n', ',']).map(|word| {
        let is_run = word.len() > 9 && word.as_bytes()[8] == b'-' && word.starts_with("01");
        if is_run { "<run> " } else { word }
    });
    words.collect()
}

#[test]
fn it_is_shown_as_what_it_is() {
    let program = Program::new();
    insta::assert_snapshot!(program.session("assets graph"), @r"
    exit 0
    --- stdout
    sales
      balance  takes earlier partitions of its own
    ");
    insta::assert_snapshot!(program.session("assets graph --format mermaid"), @r#"
    exit 0
    --- stdout
    flowchart LR
        a0["sales"]
        a1["balance"]
        a0 --> a1
        a1 --> a1
    "#);
    insta::assert_snapshot!(program.session("assets graph --format dot"), @r#"
    exit 0
    --- stdout
    digraph assets {
        rankdir=LR;
        node [shape=box, style=rounded];
        a0 [label="sales"];
        a1 [label="balance"];
        a0 -> a1;
        a1 -> a1;
    }
    "#);
    insta::assert_snapshot!(program.session("assets list +balance"), @r"
    exit 0
    --- stdout
    asset    materialized  state
    balance  never         0 of 7 partitions
    sales    never         0 of 7 partitions
    ");
    insta::assert_snapshot!(program.session("check"), @r"
    exit 0
    --- stdout
    checked 0 jobs, 0 presets, 0 environments, 2 assets: nothing to mend
    ");
}

#[test]
fn a_change_is_followed_through_the_days() {
    let program = Program::new();
    program.session("materialize --all --partition 2024-01-01..2024-01-05");
    program.sell("2024-01-02", 20);
    program.session("materialize sales --partition 2024-01-02");
    insta::assert_snapshot!(program.session("why balance"), @r"
    exit 0
    --- stdout
    balance has 7 partitions: 1 fresh, 4 stale, 2 missing
      stale 2024-01-02: the data of `sales` has changed: 9b203563 → 83eff515
      stale 2024-01-03..2024-01-05: it is made of `balance`, which is to be made
      missing 2024-01-06..2024-01-07: it was never materialized
    ");
    insta::assert_snapshot!(program.session("why balance --partition 2024-01-05"), @r"
    exit 0
    --- stdout
    balance[2024-01-05] is stale: the run <run> made it _d ago
      it is made of `balance[2024-01-02]`, which is to be made
        the data of `sales` has changed: 9b203563 → 83eff515
          `sales[2024-01-02]` was made anew by the run <run> _d ago, of the same, and came out otherwise
    ");
    insta::assert_snapshot!(program.session("materialize --stale --dry-run --partition 2024-01-01..2024-01-05"), @r"
    exit 0
    --- stdout
    to make                          since
    balance[2024-01-02]              the data of `sales` has changed: 9b203563 → 83eff515
    balance[2024-01-03..2024-01-05]  it is made of `balance`, which is to be made
    ");
    let days = "--partition 2024-01-01..2024-01-05";
    insta::assert_snapshot!(program.session(&format!("materialize --stale --dry-run --json {days}")), @r#"
    exit 0
    --- stdout
    {
      "assets": [
        {
          "asset": "balance",
          "partitions": {
            "count": 1,
            "ranges": [
              [
                "2024-01-02",
                "2024-01-02"
              ]
            ]
          },
          "state": "stale",
          "reason": "the data of `sales` has changed: 9b203563 → 83eff515"
        },
        {
          "asset": "balance",
          "partitions": {
            "count": 3,
            "ranges": [
              [
                "2024-01-03",
                "2024-01-05"
              ]
            ]
          },
          "state": "stale",
          "reason": "it is made of `balance`, which is to be made"
        }
      ]
    }
    "#);
    insta::assert_snapshot!(program.session(&format!("materialize --missing --dry-run --json {days}")), @r#"
    exit 0
    --- stdout
    {
      "assets": []
    }
    --- stderr
    nothing is missing: there is nothing to make
    "#);
    let made = program.session("materialize --stale --partition 2024-01-01..2024-01-05");
    let made: Vec<_> = made.lines().filter(|line| line.contains("Materialized ")).collect();
    insta::assert_snapshot!(made.join("\n"), @r"
    Materialized balance[2024-01-02]
    Materialized balance[2024-01-03]
    Materialized balance[2024-01-04]
    Materialized balance[2024-01-05]
    ");
    let shown = program.session("assets show balance");
    assert!(shown.contains("earlier partitions of its own"), "it is made of itself: {shown}");
    insta::assert_snapshot!(program.session("why balance"), @r"
    exit 0
    --- stdout
    balance has 7 partitions: 5 fresh, 2 missing
      missing 2024-01-06..2024-01-07: it was never materialized
    ");
    insta::assert_snapshot!(program.session("materialize balance --partition 2024-01-07"), @r"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned: 2 problems
    error: `balance` is made of partitions of `sales` that were never materialized: 2024-01-07
      --> src/cli/tests/assets/own.rs:_ (is made of it)
      --> src/cli/tests/assets/own.rs:_ (the asset)
      hint: materialize them before, `materialize sales --partition '2024-01-07'`, or take it as an `Option`: `sales: Option<..>`
    error: `balance` is made of partitions of `balance` that were never materialized: 2024-01-06
      --> src/cli/tests/assets/own.rs:_ (is made of it)
      --> src/cli/tests/assets/own.rs:_ (the asset)
      hint: materialize them before, `materialize balance --partition '2024-01-06'`, or let the mapping say that it does without: `.allow_missing()`
    ");
}

#[test]
fn a_day_that_was_refused_is_told_of_those_that_come_after_it() {
    let program = Program::new();
    program.sell("2024-01-02", 200);
    let checked = || {
        let definitions = Definitions::new().assets(assets![sales, balance]).checks(checks![not_overdrawn]);
        definitions.resource(program.books.clone())
    };
    let mut kept = Shop::empty();
    kept.put_failing(1, &checked(), &all(), |runner| runner.partition("2024-01-01..2024-01-05"));
    let told = |args: &str| kept.session(checked(), args);
    insta::assert_snapshot!(told("why balance --partition 2024-01-03"), @r"
    exit 0
    --- stdout
    balance[2024-01-03] is missing
      it was never materialized
      `balance` is not to be taken as it is: its blocking check `not_overdrawn` failed for 2024-01-02, in the run 019a5f3c 3h ago: 201 is more than there is
      hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(told("why balance --partition 2024-01-05"), @r"
    exit 0
    --- stdout
    balance[2024-01-05] is missing
      it was never materialized
      `balance` is not to be taken as it is: its blocking check `not_overdrawn` failed for 2024-01-02, in the run 019a5f3c 3h ago: 201 is more than there is
      hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(told("why balance --partition 2024-01-02"), @r"
    exit 0
    --- stdout
    balance[2024-01-02] is fresh: the run 019a5f3c made it 3h ago
      its blocking check `not_overdrawn` failed, in the run 019a5f3c 3h ago: 201 is more than there is
      hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(told("why balance"), @r"
    exit 0
    --- stdout
    balance has 7 partitions: 2 fresh, 5 missing
      its blocking check `not_overdrawn` failed for 2024-01-02, in the run 019a5f3c 3h ago: 201 is more than there is
      hint: mend it, and have it made anew: `materialize balance --partition '2024-01-02'`
      missing 2024-01-03..2024-01-07: it was never materialized
    ");
}

#[test]
fn a_backfill_makes_day_after_day() {
    let program = Program::new();
    program.sell("2024-01-04", -1);
    insta::assert_snapshot!(program.session("backfill launch --all --partition 2024-01-01..2024-01-05"), @r"
    exit 1
    --- stderr
    backfill <run> of 10 runs, recorded in memory
    done     sales 2024-01-01, 9 runs left
    done     balance 2024-01-01, 8 runs left
    done     sales 2024-01-02, 7 runs left
    done     balance 2024-01-02, 6 runs left
    done     sales 2024-01-03, 5 runs left
    done     balance 2024-01-03, 4 runs left
    failed   sales 2024-01-04, run <run>
    done     sales 2024-01-05, 0 runs left
    backfill <run>: failure
    asset    asked for  done  failed  excluded
    sales    5          4     1
    balance  5          3             2

    failed      assets  run                                   why
    2024-01-04  sales   <run>  `sales[2024-01-04]` failed: the till is closed
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
    insta::assert_snapshot!(program.session("backfill status latest"), @r"
    exit 0
    --- stdout
    backfill <run>: failure
    asset    asked for  done  failed  excluded
    sales    5          4     1
    balance  5          3             2

    failed      assets  run                                   why
    2024-01-04  sales   <run>  `sales[2024-01-04]` failed: the till is closed
    ");
    program.sell("2024-01-04", 4);
    insta::assert_snapshot!(program.session("backfill retry-failed latest"), @r"
    exit 0
    --- stderr
    backfill <run> of 10 runs, recorded in memory
    done     sales 2024-01-04, 2 runs left
    done     balance 2024-01-04, 1 run left
    done     balance 2024-01-05, 0 runs left
    backfill <run>: success
    asset    asked for  done
    sales    5          5
    balance  5          5
    ");
}
