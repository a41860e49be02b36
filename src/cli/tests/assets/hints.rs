//! What is told to do about what has failed does mend it.

use orch::partition::{
    ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions, Weekday,
};
use orch::prelude::*;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-15").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").weekday(Weekday::Monday).until("2024-01-15").into()
    }
}

/// On the third day something is wrong.
#[asset(code_version = "1")]
fn feed(day: &Partition<Daily>) -> i64 {
    match day.window().start.day() {
        3 => -1,
        day => i64::from(day),
    }
}

#[asset(code_version = "1", partitions = Daily)]
fn sales(feed: i64) -> i64 {
    feed
}

fn positive(value: i64) -> Result<i64> {
    if value < 0 { Err(Failure::new("it is negative")) } else { Ok(value) }
}

#[asset(code_version = "1", partitions = Daily)]
fn total(sales: i64) -> Result<i64> {
    positive(sales)
}

/// Each day adds to the day before.
#[asset(code_version = "1", partitions = Daily)]
fn balance(sales: i64, #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>) -> Result<i64> {
    Ok(balance.unwrap_or_default() + positive(sales)?)
}

#[asset(code_version = "1", partitions = Weekly)]
fn week(sales: &Partitions<i64>) -> Result<i64> {
    sales.values().map(|value| positive(*value)).sum()
}

#[asset(code_version = "1")]
fn sum(#[mapped(PartitionMapping::all())] sales: &Partitions<i64>) -> Result<i64> {
    sales.values().map(|value| positive(*value)).sum()
}

mod mended {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn feed(day: &Partition<Daily>) -> i64 {
        i64::from(day.window().start.day())
    }
}

fn wrong() -> Definitions {
    Definitions::new().assets(assets![feed, sales, total, balance, week, sum])
}

fn right() -> Definitions {
    Definitions::new().assets(assets![mended::feed, sales, total, balance, week, sum])
}

/// All has been made by the wrong program, and one day of the data since by the right one.
fn failed() -> Shop {
    let mut kept = Shop::empty();
    kept.put_failing(1, &wrong(), &all(), |runner| runner.partition("2024-01-01..2024-01-14"));
    let feed = "feed".parse().expect("a selection");
    kept.put_with(2, &right(), &feed, |runner| runner.partition("2024-01-03"));
    kept
}

/// Asks why until nothing is hinted any more, and does what is; the hints, and what is told at the end.
fn heeded(kept: &Shop, why: &str) -> String {
    let mut hints = format!("$ program {why}\n");
    for _ in 0..4 {
        let told = kept.session(right(), why);
        let Some((_, hint)) = told.split_once("hint: ") else {
            let told = told.lines().nth(2).unwrap_or_default().to_owned();
            return hints + told.split(':').next().unwrap_or_default() + "\n";
        };
        hints += &format!("{hint}\n");
        let command = hint.split('`').nth(1).expect("a command").trim_start_matches("program ");
        let done = kept.session(right(), &format!("{command} --progress none"));
        assert!(done.starts_with("exit 0"), "{command}: {done}");
    }
    hints + "and so on"
}

#[test]
fn what_is_hinted_of_what_failed_makes_it_and_what_it_lacks() {
    let mut told = String::new();
    for why in [
        "why total --partition 2024-01-03",
        "why total",
        "why balance --partition 2024-01-05",
        "why balance",
        "why week --partition 2024-01-01",
        "why week",
        "why sum",
    ] {
        told += &heeded(&failed(), why);
    }
    insta::assert_snapshot!(told, @"
    $ program why total --partition 2024-01-03
    `program materialize +total --stale --partition '2024-01-03'` makes it again, and first what that is made of
    total[2024-01-03] is fresh
    $ program why total
    `program materialize +total --stale --partition '2024-01-03'` makes it again, and first what that is made of
    total has 14 partitions
    $ program why balance --partition 2024-01-05
    `program materialize +balance --stale --partition '2024-01-01..2024-01-03'` makes what failed again, and first what that is made of
    balance[2024-01-05] is missing
    $ program why balance
    `program materialize +balance --stale --partition '2024-01-01..2024-01-03'` makes it again, and first what that is made of
    balance has 14 partitions
    $ program why week --partition 2024-01-01
    `program materialize +week --stale --partition '2024-01-01..2024-01-07'` makes it again, and first what that is made of
    week[2024-01-01] is fresh
    $ program why week
    `program materialize +week --stale --partition '2024-01-01..2024-01-07'` makes it again, and first what that is made of
    week has 2 partitions
    $ program why sum
    `program materialize +sum --stale --partition '2024-01-01..2024-01-14'` makes it again, and first what that is made of
    sum is fresh
    ");
}
