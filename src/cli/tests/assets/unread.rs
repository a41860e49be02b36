//! What could not be made since what it is made of could not be read.

use orch::io::{DATA_VERSION, IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-06").into()
    }
}

/// What it has of the second day is torn.
struct Torn;

impl IoManager<i64> for Torn {
    fn store(&self, _: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        Ok(Metadata::from([(DATA_VERSION.to_owned(), number.to_string().into())]))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        match at.relative_path().contains("2024-01-02") {
            true => Err(Failure::new("the page is torn")),
            false => Ok(1),
        }
    }
}

#[asset(partitions = Daily, io = "book", code_version = "1")]
fn balance(#[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>) -> i64 {
    balance.unwrap_or_default() + 1
}

#[asset(partitions = Daily, code_version = "1")]
fn letter(balance: i64) -> String {
    format!("You have {balance}")
}

fn book() -> Definitions {
    Definitions::new().assets(assets![balance, letter]).io::<i64>("book", Torn)
}

#[test]
fn what_could_not_be_read_for_it_has_failed() {
    let mut kept = Shop::empty();
    kept.put_with(1, &book(), &"balance".parse().expect("a selection"), |runner| {
        runner.partition("2024-01-01..2024-01-02")
    });
    kept.put_failing(2, &book(), &all(), |runner| runner.partition("2024-01-03..2024-01-04"));
    // Of the third day the second one was to be read; the fourth was not come to.
    insta::assert_snapshot!(kept.session(book(), "assets partitions balance"), @r"
    exit 0
    --- stdout
    balance has 5 partitions
    state         count  partitions
    materialized  2      2024-01-01..2024-01-02
    in progress   0
    failed        1      2024-01-03
    missing       2      2024-01-04..2024-01-05
    ");
    insta::assert_snapshot!(kept.session(book(), "why balance --partition 2024-01-03"), @r"
    exit 0
    --- stdout
    balance[2024-01-03] is missing
      the last attempt failed, in the run 019a5f3c-0002 2h ago: `balance[2024-01-02]` cannot be read: the page is torn
      hint: have it made anew: `materialize balance --partition '2024-01-02'`
      it was never materialized
    --- stderr
    hint: `program materialize balance --partition '2024-01-03'` makes it again
    ");
    insta::assert_snapshot!(kept.session(book(), "why balance --partition 2024-01-04"), @"
    exit 0
    --- stdout
    balance[2024-01-04] is missing
      it was never materialized
      what it is made of failed: `balance[2024-01-03]`, in the run 019a5f3c-0002 2h ago: `balance[2024-01-02]` cannot be read: the page is torn
    --- stderr
    hint: `program materialize balance --partition '2024-01-03'` makes what failed again
    ");
    insta::assert_snapshot!(kept.session(book(), "assets partitions letter --state failed"), @r"
    exit 0
    --- stderr
    no partition of `letter` failed
    ");
    insta::assert_snapshot!(kept.session(book(), "assets show balance --partition 2024-01-03"), @r"
    exit 0
    --- stdout
    balance

    code         version 1
    type         i64
    io           book
    defined      src/cli/tests/assets/unread.rs:_
    partitions   2 of 5 partitions are materialized
    present      2024-01-01..2024-01-02
    missing      2024-01-03..2024-01-05
    failed       2024-01-03, of those above

    upstream
    balance   earlier partitions of its own

    downstream  materialized
    letter      never

    the last attempt failed, in the run 019a5f3c-0002 2h ago: `balance[2024-01-02]` cannot be read: the page is torn

    `2024-01-03` was never materialized
    ");
    let json = kept.session(book(), "assets show balance --partition 2024-01-03 --json");
    let json: serde_json::Value =
        serde_json::from_str(json.trim_start_matches("exit 0\n--- stdout\n")).expect("JSON");
    insta::assert_snapshot!(json["last_failed"], @r#"{"run":"019a5f3c-0002-7000-8000-000000000002","time":"2026-11-20T11:00:00.5Z","error":"`balance[2024-01-02]` cannot be read: the page is torn"}"#);
    // What was not come to has not failed.
    let shown = kept.session(book(), "assets show balance --partition 2024-01-04");
    assert!(shown.ends_with("`2024-01-04` was never materialized"), "{shown}");
}
