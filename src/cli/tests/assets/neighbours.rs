//! What an asset with partitions is made of, and what of it: of one partition those that it was made of, and that were made of it.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-08").into()
    }
}

/// What was sold on the second day.
struct Second(i64);

#[asset]
fn sales(day: &Partition<Daily>, second: Res<Second>) -> i64 {
    match day.window().start.day() {
        2 => second.0,
        day => i64::from(day),
    }
}

/// Takes the day before, its own.
#[asset(partitions = Daily)]
fn balance(sales: &i64, #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>) -> i64 {
    balance.unwrap_or_default() + sales
}

/// The most of three days.
#[asset(partitions = Daily)]
fn best(#[mapped(PartitionMapping::time_window(-2, 0).allow_missing())] balance: &Partitions<i64>) -> i64 {
    balance.values().copied().max().unwrap_or_default()
}

#[asset]
fn total(#[mapped(PartitionMapping::all().allow_missing())] balance: &Partitions<i64>) -> i64 {
    balance.values().sum()
}

fn books(second: i64) -> Definitions {
    Definitions::new().assets(assets![sales, balance, best, total]).resource(Second(second))
}

/// Five days, made at once.
fn made() -> Shop {
    let mut kept = Shop::empty();
    kept.put_with(1, &books(2), &all(), |runner| runner.partition("2024-01-01..2024-01-05"));
    kept
}

/// What is shown of what an asset is made of, and of what is made of it.
fn shown(kept: &Shop, args: &str) -> String {
    let told = kept.session(books(2), &format!("assets show {args}"));
    let parts =
        told.split("\n\n").filter(|part| part.starts_with("upstream") || part.starts_with("downstream"));
    parts.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn a_partition_is_shown_with_those_that_it_was_made_of() {
    let mut kept = made();
    insta::assert_snapshot!(shown(&kept, "balance --partition 2024-01-03"), @r"
    upstream             materialized  run       data
    sales[2024-01-03]    3h ago        019a5f3c  e1e0e81d6ea3
    balance[2024-01-02]  3h ago        019a5f3c  e1e0e81d6ea3

    downstream                    materialized  run       data
    best[2024-01-03..2024-01-05]  3h ago        019a5f3c
    total                         3h ago        019a5f3c  71c2da85dbcc
    balance[2024-01-04]           3h ago        019a5f3c  295192ea1ec8
    ");
    // Before the first day there is none, and of the last one nothing is made yet but what takes several.
    insta::assert_snapshot!(shown(&kept, "balance --partition 2024-01-01"), @r"
    upstream           materialized  run       data
    sales[2024-01-01]  3h ago        019a5f3c  48fc721fbbc1

    downstream                    materialized  run       data
    best[2024-01-01..2024-01-03]  3h ago        019a5f3c
    total                         3h ago        019a5f3c  71c2da85dbcc
    balance[2024-01-02]           3h ago        019a5f3c  e1e0e81d6ea3
    ");
    insta::assert_snapshot!(shown(&kept, "balance --partition 2024-01-05"), @r"
    upstream             materialized  run       data
    sales[2024-01-05]    3h ago        019a5f3c  84cb40e74f0e
    balance[2024-01-04]  3h ago        019a5f3c  295192ea1ec8

    downstream        materialized  run       data
    best[2024-01-05]  3h ago        019a5f3c  0bf6b955abb4
    total             3h ago        019a5f3c  71c2da85dbcc
    ");
    insta::assert_snapshot!(shown(&kept, "sales --partition 2024-01-03"), @r"
    downstream           materialized  run       data
    balance[2024-01-03]  3h ago        019a5f3c  1c310b6bdadd
    ");
    // What was taken is told, not what there is of others.
    kept.put_with(2, &books(20), &"sales".parse().expect("a selection"), |runner| {
        runner.partition("2024-01-02")
    });
    kept.put_with(3, &books(20), &"balance".parse().expect("a selection"), |runner| {
        runner.partition("2024-01-03")
    });
    insta::assert_snapshot!(shown(&kept, "balance --partition 2024-01-02"), @r"
    upstream             materialized  run            data
    sales[2024-01-02]    2h ago        019a5f3c-0002  ca9fba296cab  newer than what the latest was made of
    balance[2024-01-01]  3h ago        019a5f3c-0001  48fc721fbbc1

    downstream                    materialized  run            data
    best[2024-01-02..2024-01-04]  3h ago        019a5f3c-0001
    total                         3h ago        019a5f3c-0001  71c2da85dbcc
    balance[2024-01-03]           1h ago        019a5f3c-0003  1c310b6bdadd
    ");
    insta::assert_snapshot!(shown(&kept, "sales --partition 2024-01-02"), @r"
    downstream           materialized  run            data
    balance[2024-01-02]  3h ago        019a5f3c-0001  e1e0e81d6ea3  made of an earlier one
    ");
    insta::assert_snapshot!(shown(&kept, "balance --partition 2024-01-03"), @r"
    upstream             materialized  run            data
    sales[2024-01-03]    3h ago        019a5f3c-0001  e1e0e81d6ea3
    balance[2024-01-02]  3h ago        019a5f3c-0001  e1e0e81d6ea3

    downstream                    materialized  run            data
    best[2024-01-03..2024-01-05]  3h ago        019a5f3c-0001
    total                         3h ago        019a5f3c-0001  71c2da85dbcc
    balance[2024-01-04]           3h ago        019a5f3c-0001  295192ea1ec8  made of an earlier one, with the same data
    ");
}

#[test]
fn partitions_that_were_taken_together_are_shown_together() {
    let kept = made();
    insta::assert_snapshot!(shown(&kept, "best --partition 2024-01-04"), @r"
    upstream                         materialized  run
    balance[2024-01-02..2024-01-04]  3h ago        019a5f3c
    ");
    let told = kept.session(books(2), "assets show balance --partition 2024-01-04 --json");
    let json = told.strip_prefix("exit 0\n--- stdout\n").expect("data");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let named = |other: &serde_json::Value| {
        let told =
            ["key", "partition", "standing"].map(|name| other[name].as_str().unwrap_or("null").to_owned());
        told.join(" ")
    };
    let named =
        |side: &str| json[side].as_array().expect("others").iter().map(named).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(named("upstream"), @r"
    sales 2024-01-04 current
    balance 2024-01-03 current
    ");
    insta::assert_snapshot!(named("downstream"), @r"
    best 2024-01-04..2024-01-05 null
    total null unknown
    balance 2024-01-05 current
    ");
}

#[test]
fn which_partitions_are_made_of_which_is_not_said_of_all_of_them() {
    let kept = made();
    insta::assert_snapshot!(shown(&kept, "balance"), @r"
    upstream  materialized  run
    sales     3h ago        019a5f3c
    balance                           earlier partitions of its own

    downstream  materialized  run       data
    best        3h ago        019a5f3c
    total       3h ago        019a5f3c  71c2da85dbcc
    ");
    insta::assert_snapshot!(shown(&kept, "total"), @r"
    upstream  materialized  run
    balance   3h ago        019a5f3c
    ");
    insta::assert_snapshot!(shown(&Shop::empty(), "balance"), @r"
    upstream  materialized
    sales     never
    balance   never         earlier partitions of its own

    downstream  materialized
    best        never
    total       never
    ");
    // What it would be made of is known of no partition that was never made.
    insta::assert_snapshot!(shown(&kept, "balance --partition 2024-01-07"), @r"
    upstream  materialized  run
    sales     3h ago        019a5f3c
    balance                           earlier partitions of its own

    downstream  materialized  run       data
    best        3h ago        019a5f3c
    total       3h ago        019a5f3c  71c2da85dbcc
    ");
}
