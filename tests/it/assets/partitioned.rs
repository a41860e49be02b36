//! Assets with partitions: each is made by a step of its own, and of what it is made.

use std::sync::Arc;

use orch::partition::{
    ByDimensions, ByKey, ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions,
};
use orch::prelude::*;
use orch::run::{Run, RunError};
use orch::storage::Storage;

use super::{facts, ran, storage};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").into()
    }
}

struct Region;

impl Partitioning for Region {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["eu", "us"])
    }
}

/// What a piece costs, on all days.
#[asset]
fn price() -> i64 {
    10
}

#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

#[asset(partitions = Daily)]
fn revenue(sold: &i64, price: &i64) -> i64 {
    sold * price
}

#[asset]
fn week(week: &Partition<Weekly>, revenue: &Partitions<i64>) -> String {
    format!("{}: {} days, {}", week.key(), revenue.len(), revenue.values().sum::<i64>())
}

#[asset]
fn total(#[mapped(PartitionMapping::all().allow_missing())] revenue: &Partitions<i64>) -> i64 {
    revenue.values().sum()
}

/// What the day before came to, beside the day.
#[asset(partitions = Daily)]
fn growth(
    revenue: &i64,
    #[from(revenue)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> i64 {
    revenue - before.values().sum::<i64>()
}

fn definitions() -> Definitions {
    Definitions::new().assets(assets![price, sold, revenue, week, total])
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    selection: &str,
    partition: &str,
) -> Result<Run, RunError> {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    definitions
        .runner(&job)
        .record(storage)
        .partition(partition)
        .keep_outputs()
        .keep_events()
        .max_concurrent(1)
        .run_blocking()
}

#[test]
fn each_partition_is_made_by_steps_of_its_own_one_after_the_other() {
    let storage = storage();
    let run = materialize(&definitions(), &storage, "price or sold or revenue", "2024-01-02..2024-01-03");
    insta::assert_snapshot!(ran(&run.expect("it succeeds")).join("\n"), @r"
    price
    sold[2024-01-02]
    revenue[2024-01-02]
    sold[2024-01-03]
    revenue[2024-01-03]
    daily_partitions
    ");
    insta::assert_snapshot!(facts(&storage), @r"
    price, data 295192ea, fact
    sold[2024-01-02], data ab13bedf, fact
    revenue[2024-01-02], data ca9fba29, of sold[2024-01-02] ab13bedf, of price 295192ea, fact
    sold[2024-01-03], data e1e0e81d, fact
    revenue[2024-01-03], data eb90b747, of sold[2024-01-03] e1e0e81d, of price 295192ea, fact
    ");
}

#[test]
fn a_plan_shows_the_map_of_the_partitions() {
    let job = definitions().materialize(&"*".parse().expect("a selection"));
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    price() -> i64
      | makes asset price
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        sold(day: &Partition<Daily> <- each daily_partitions) -> i64
          | makes asset sold
        revenue(sold: &i64 <- sold, price: &i64 <- price) -> i64
          | makes asset revenue
    weekly_partitions() -> dynamic Partition<Weekly>
    map weekly_partitions
        read_revenue() -> Partitions<i64>
          | loads asset revenue
          | after all_daily_partitions
        week(week: &Partition<Weekly> <- each weekly_partitions, revenue: &Partitions<i64> <- read_revenue) -> String
          | makes asset week
    all_daily_partitions(partitions: &Vec<Partition<Daily>> <- collect each daily_partitions) -> ()
    read_revenue_2 = read_revenue() -> Partitions<i64>
      | loads asset revenue
      | after all_daily_partitions
    total(revenue: &Partitions<i64> <- read_revenue_2) -> i64
      | makes asset total
    ");
}

#[test]
fn what_is_not_made_is_loaded_partition_by_partition() {
    let storage = storage();
    materialize(&definitions(), &storage, "sold or price", "2024-01-02..2024-01-04").expect("it succeeds");
    let run = materialize(&definitions(), &storage, "revenue", "2024-01-04").expect("it succeeds");
    assert_eq!(ran(&run), ["read_sold[2024-01-04]", "revenue[2024-01-04]", "daily_partitions"]);
    let kept: Vec<_> = run.outputs::<revenue>().map(|(path, value)| (path.to_string(), *value)).collect();
    assert_eq!(kept, [("revenue[2024-01-04]".to_owned(), 40)]);
    insta::assert_snapshot!(facts(&storage).lines().last().expect("a fact"), @"revenue[2024-01-04], data 960e150b, of sold[2024-01-04] 0c389a74, of price 295192ea, fact");
    let error = materialize(&definitions(), &storage, "revenue", "2024-01-03..2024-01-05");
    insta::assert_snapshot!(error.expect_err("a day is missing"), @r"
    the job `materialize` cannot be planned
    error: `revenue` is made of partitions of `sold` that were never materialized: 2024-01-05
      --> tests/it/assets/partitioned.rs:56 (is made of it)
      --> tests/it/assets/partitioned.rs:51 (the asset)
      hint: materialize them before, `materialize sold --partition '2024-01-05'`, or take it as an `Option`: `sold: Option<..>`
    ");
}

#[test]
fn partitions_of_another_kind_follow_and_wait_for_all_that_they_are_made_of() {
    let storage = storage();
    let run = materialize(&definitions(), &storage, "*", "2024-01-07..2024-01-13").expect("it succeeds");
    let ran = ran(&run);
    let rest = ran.iter().filter(|step| !step.starts_with("sold[") && !step.starts_with("revenue["));
    insta::assert_snapshot!(rest.cloned().collect::<Vec<_>>().join("\n"), @r"
    price
    daily_partitions
    all_daily_partitions
    read_revenue_2
    total
    read_revenue[2024-01-07]
    week[2024-01-07]
    weekly_partitions
    ");
    assert_eq!(*run.output::<total>(), 700);
    let last: Vec<_> = facts(&storage).lines().rev().take(2).map(str::to_owned).collect();
    insta::assert_snapshot!(last.join("\n"), @r"
    week[2024-01-07], data d1dd055e, of revenue[2024-01-07..2024-01-13] 0e4cae9c, fact
    total, data 911b8323, of revenue[2024-01-07..2024-01-13] 0e4cae9c, fact
    ");
}

#[test]
fn an_asset_takes_other_partitions_of_its_own_kind_after_all_of_them() {
    let definitions = Definitions::new().assets(assets![price, sold, revenue, growth]);
    let storage = storage();
    let run = materialize(&definitions, &storage, "*", "2024-01-01..2024-01-03").expect("it succeeds");
    let grown: Vec<_> = run.outputs::<growth>().map(|(path, value)| (path.to_string(), *value)).collect();
    insta::assert_debug_snapshot!(grown, @r#"
    [
        (
            "growth[2024-01-01]",
            10,
        ),
        (
            "growth[2024-01-02]",
            10,
        ),
        (
            "growth[2024-01-03]",
            10,
        ),
    ]
    "#);
    insta::assert_snapshot!(facts(&storage).lines().filter(|fact| fact.starts_with("growth")).collect::<Vec<_>>().join("\n"), @r"
    growth[2024-01-01], data 295192ea, of revenue[2024-01-01] 295192ea, of revenue[] 9993fcc3, fact
    growth[2024-01-02], data 295192ea, of revenue[2024-01-02] ca9fba29, of revenue[2024-01-01] 295192ea, fact
    growth[2024-01-03], data 295192ea, of revenue[2024-01-03] eb90b747, of revenue[2024-01-02] ca9fba29, fact
    ");
}

/// By region, and by region and day.
#[asset]
fn rate(region: &Partition<Region>) -> i64 {
    if region.key().as_str() == "eu" { 2 } else { 3 }
}

struct DailyByRegion;

impl Partitioning for DailyByRegion {
    type Kind = ByDimensions;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::product()
            .by("day", TimePartitions::daily("2024-01-01"))
            .by("region", Region::definition())
            .into()
    }
}

#[asset]
fn local(partition: &Partition<DailyByRegion>, rate: &i64, sold: &i64) -> String {
    let day = partition.window_in("day").expect("it has days").start.day();
    format!("{} on {day}: {}", partition.value("region").expect("it has regions"), rate * sold)
}

#[test]
fn of_several_dimensions_each_takes_what_it_is_of() {
    let definitions = Definitions::new().assets(assets![sold, rate, local]);
    let storage = storage();
    materialize(&definitions, &storage, "rate", "*").expect("it succeeds");
    materialize(&definitions, &storage, "sold", "2024-01-01..2024-01-02").expect("it succeeds");
    let run = materialize(&definitions, &storage, "local", "day=2024-01-01..2024-01-02; region=us")
        .expect("it succeeds");
    let made: Vec<_> = run.outputs::<local>().map(|(path, value)| format!("{path} {value}")).collect();
    insta::assert_snapshot!(made.join("\n"), @r"
    local[2024-01-01|us] us on 1: 3
    local[2024-01-02|us] us on 2: 6
    ");
    // Those of the one kind do not follow from those of the other.
    let error = materialize(&definitions, &storage, "*", "2024-01-01").expect_err("two kinds are roots");
    insta::assert_snapshot!(error, @r"
    the job `materialize` cannot be planned
    error: `sold` and `rate` have partitions of different kinds, and neither follow from those of the other
      --> tests/it/assets/partitioned.rs:51 (the asset)
      hint: a run is for partitions of one kind: run one after the other `materialize sold --partition '2024-01-01'`, `materialize rate --partition ..`, `materialize local --partition ..`
    ");
}

#[op]
fn spread(day: &Partition<Daily>, sold: i64) -> Dynamic<i64> {
    Dynamic::from_values(vec![sold; day.window().start.day() as usize])
}

#[op]
fn twice(one: i64) -> i64 {
    2 * one
}

#[op]
fn sum(all: &[i64]) -> i64 {
    all.iter().sum()
}

/// A graph with a map of its own, for each day.
#[graph_asset]
fn spreads(day: Out<Partition<Daily>>, sold: Out<i64>) -> Out<i64> {
    sum(spread(day, sold).map(twice).collect())
}

#[test]
fn a_graph_with_a_map_makes_a_partition() {
    let definitions = Definitions::new().assets(assets![sold, spreads]);
    let storage = storage();
    let run = materialize(&definitions, &storage, "*", "2024-01-02..2024-01-03").expect("it succeeds");
    insta::assert_snapshot!(ran(&run).join("\n"), @r"
    sold[2024-01-02]
    spreads.twice[2024-01-02][0]
    spreads.twice[2024-01-02][1]
    spreads.spread[2024-01-02]
    spreads.sum[2024-01-02]
    sold[2024-01-03]
    spreads.twice[2024-01-03][0]
    spreads.twice[2024-01-03][1]
    spreads.twice[2024-01-03][2]
    spreads.spread[2024-01-03]
    spreads.sum[2024-01-03]
    daily_partitions
    ");
    let facts = facts(&storage);
    insta::assert_snapshot!(facts.lines().filter(|fact| fact.starts_with("spreads")).collect::<Vec<_>>().join("\n"), @r"
    spreads[2024-01-02], data 2ef3e0dd, of sold[2024-01-02] ab13bedf, fact
    spreads[2024-01-03], data 66fe9962, of sold[2024-01-03] e1e0e81d, fact
    ");
}

/// Fails on the second day.
#[asset]
fn fragile(day: &Partition<Daily>) -> Result<i64> {
    match day.key().as_str() {
        "2024-01-02" => Err(Failure::new("the till was closed")),
        _ => Ok(1),
    }
}

#[asset(partitions = Daily)]
fn polished(fragile: &i64) -> i64 {
    *fragile
}

#[asset]
fn sturdy(#[mapped(PartitionMapping::all().allow_missing())] polished: &Partitions<i64>) -> i64 {
    polished.values().sum()
}

#[test]
fn a_partition_that_fails_leaves_the_others_and_is_told_to_who_needs_it() {
    let definitions = Definitions::new().assets(assets![fragile, polished, sturdy]);
    let storage = storage();
    let error = materialize(&definitions, &storage, "*", "2024-01-01..2024-01-03").expect_err("a day fails");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `fragile[2024-01-02]`: the till was closed
    ");
    insta::assert_snapshot!(facts(&storage), @r"
    fragile[2024-01-01], data 48fc721f, fact
    polished[2024-01-01], data 48fc721f, of fragile[2024-01-01] 48fc721f, fact
    fragile[2024-01-03], data 48fc721f, fact
    polished[2024-01-03], data 48fc721f, of fragile[2024-01-03] 48fc721f, fact
    ");
}

#[test]
fn a_run_is_told_for_which_partitions_it_is() {
    let storage = storage();
    let definitions = definitions();
    let of = |selection: &str| {
        definitions.runner(&definitions.materialize(&selection.parse().expect("a selection")))
    };
    let told = |partition: &str| {
        let error = of("sold").record(&storage).partition(partition).run_blocking();
        error.expect_err("it is none").to_string()
    };
    insta::assert_snapshot!(of("price").partition("2024-01-01").run_blocking().expect_err("it has none"), @r"
    the job `materialize` cannot be planned
    error: the run is told the partition `2024-01-01`, and nothing that it makes has partitions
      hint: leave it out, or select an asset of `materialize` that has some
    ");
    insta::assert_snapshot!(told("2023-12-31"), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `sold`: `2023-12-31` is before the first of these partitions
      --> tests/it/assets/partitioned.rs:51 (the asset)
      hint: the first is `2024-01-01`
    ");
    insta::assert_snapshot!(told("2024-01-01...2024-01-02"), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `sold`: the range `2024-01-01...2024-01-02` has three dots
      --> tests/it/assets/partitioned.rs:51 (the asset)
      hint: two stand between the first and the last; a key that begins or ends with a dot is written in quotes
    ");
    insta::assert_snapshot!(told("monday"), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `sold`: `monday` is no key of these partitions by time
      --> tests/it/assets/partitioned.rs:51 (the asset)
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
    let untold = of("sold").run_blocking().expect_err("it is told none").to_string();
    assert!(untold.contains("`sold` has partitions, and the run is not told for which it is"), "{untold}");
    let alone = of("week").partition("2024-01-07").run_blocking().expect_err("nothing is recorded");
    insta::assert_snapshot!(alone, @r#"
    the job `materialize` cannot be planned
    error: `week` reads partitions of `revenue`, and the run knows of no instance that could have them
      --> tests/it/assets/partitioned.rs:61 (is made of it)
      --> tests/it/assets/partitioned.rs:56 (the asset)
      hint: record the run, `.record(&storage)`, or have an IO manager store them, `io = ".."`; on the command line leave out `--no-record`
    "#);
}

struct Odd;

impl Partitioning for Odd {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-13-01").into()
    }
}

#[asset(partitions = Odd)]
fn odd() -> i64 {
    1
}

#[asset]
fn sums(revenue: &i64) -> i64 {
    *revenue
}

#[asset]
fn prices(price: &Partitions<i64>) -> i64 {
    price.values().sum()
}

#[asset(partitions = Region)]
fn regional(#[mapped(PartitionMapping::specific(["2023-01-01"]))] sold: &Partitions<i64>) -> i64 {
    sold.values().sum()
}

#[test]
fn what_is_wrong_with_partitions_is_told_with_the_assets() {
    let all = assets![price, sold, revenue, odd, sums, prices, regional];
    let job = Definitions::new().assets(all).materialize(&"*".parse().expect("a selection"));
    insta::assert_snapshot!(job.try_plan().expect_err("it cannot be"), @r"
    the job `materialize` cannot be planned: 4 problems
    error: the partitions of `odd` cannot be: the start `2024-13-01` is no date
      --> tests/it/assets/partitioned.rs:413 (the asset)
      hint: write `2024-01-31` or `2024-01-31T06:00`, on the clock of the zone
    error: `sums` takes `revenue` as one value, and is made of several partitions of it
      --> tests/it/assets/partitioned.rs:418 (is made of it)
      --> tests/it/assets/partitioned.rs:56 (the asset)
      hint: if it is made for each of them, say so, `partitions = ..`; else take them by key, `revenue: &Partitions<i64>`, or say which one: `#[mapped(PartitionMapping::last())] revenue: &i64`
    error: `prices` takes partitions of `price`, which has none
      --> tests/it/assets/partitioned.rs:423 (is made of it)
      --> tests/it/assets/partitioned.rs:46 (the asset)
      hint: take it as what it is, `price: &i64`
    error: `regional` cannot be made of the partitions of `sold`: the mapping: `2023-01-01` is before the first of these partitions
      --> tests/it/assets/partitioned.rs:428 (is made of it)
      --> tests/it/assets/partitioned.rs:51 (the asset)
      hint: the first is `2024-01-01`
    ");
}
