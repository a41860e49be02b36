//! Partitions that may be missing, and are taken as an `Option`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orch::define::Outputs;
use orch::graph::Op;
use orch::io::{IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
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

#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

/// Beside the day before, if there is one.
#[asset(partitions = Daily)]
fn growth(
    sold: &i64,
    #[from(sold)]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: Option<i64>,
) -> String {
    format!("{sold} after {before:?}")
}

/// Of the same day, be it there or not.
#[asset(partitions = Daily)]
fn remark(growth: &Option<String>) -> usize {
    growth.as_ref().map_or(0, String::len)
}

/// One that is an `Option` by itself.
#[asset(partitions = Daily)]
fn best(sold: i64) -> Option<i64> {
    (sold > 2).then_some(sold)
}

#[asset(partitions = Daily)]
fn praise(best: &Option<i64>) -> bool {
    best.is_some()
}

fn definitions() -> Definitions {
    Definitions::new().assets(assets![sold, growth, remark, best, praise])
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    (selection, partition): (&str, &str),
    stale: bool,
) -> Result<Run, RunError> {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).record(storage).partition(partition);
    let runner = if stale { runner.memoize() } else { runner };
    runner.keep_outputs().keep_events().max_concurrent(1).run_blocking()
}

/// What an asset came to, partition by partition.
pub(super) fn made<N: Op>(run: &Run) -> String
where
    for<'v> <N::Outputs as Outputs>::Values<'v>: std::fmt::Debug,
{
    let values = run.outputs::<N>().map(|(path, value)| format!("{path}: {value:?}"));
    values.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_partition_that_is_not_there_is_none() {
    let (definitions, storage) = (definitions(), storage());
    let make = |selection, partition| {
        materialize(&definitions, &storage, (selection, partition), false).expect("it succeeds")
    };
    let run = make("sold or growth", "2024-01-01..2024-01-02");
    // There is no day before the first.
    insta::assert_snapshot!(made::<growth>(&run), @r#"
    growth[2024-01-01]: "1 after None"
    growth[2024-01-02]: "2 after Some(1)"
    "#);
    make("sold", "2024-01-05");
    let run = make("growth", "2024-01-05");
    // Nobody has made the one before.
    insta::assert_snapshot!(made::<growth>(&run), @r#"growth[2024-01-05]: "5 after None""#);
    insta::assert_snapshot!(facts(&storage), @r"
    sold[2024-01-01], data 48fc721f, fact
    sold[2024-01-02], data ab13bedf, fact
    growth[2024-01-01], data e912331c, of sold[2024-01-01] 48fc721f, of sold[] 9993fcc3, fact
    growth[2024-01-02], data 4bfdb003, of sold[2024-01-02] ab13bedf, of sold[2024-01-01] 48fc721f, fact
    sold[2024-01-05], data 84cb40e7, fact
    growth[2024-01-05], data 1afb21e4, of sold[2024-01-05] 84cb40e7, of sold[] 9993fcc3, fact
    ");
}

#[test]
fn what_was_made_of_nothing_is_made_anew_once_there_is_something() {
    let (definitions, storage) = (definitions(), storage());
    let make = |selection, partition, stale| {
        ran(&materialize(&definitions, &storage, (selection, partition), stale).expect("it succeeds"))
            .join("\n")
    };
    make("sold or growth", "2024-01-01", true);
    make("sold or growth", "2024-01-05", true);
    insta::assert_snapshot!(make("sold or growth", "2024-01-01,2024-01-05", true), @r"
    daily_partitions
    all_daily_partitions
    read_sold[2024-01-01]
    read_sold_2[2024-01-01]
    read_sold[2024-01-05]
    read_sold_2[2024-01-05]
    daily_partitions_2
    ");
    make("sold", "2024-01-04", true);
    insta::assert_snapshot!(make("sold or growth", "2024-01-01,2024-01-05", true), @r"
    daily_partitions
    all_daily_partitions
    read_sold[2024-01-01]
    read_sold_2[2024-01-01]
    read_sold[2024-01-05]
    read_sold_2[2024-01-05]
    growth[2024-01-05]
    daily_partitions_2
    ");
}

#[test]
fn in_one_run_it_waits_for_the_one_of_its_day() {
    let (definitions, storage) = (definitions(), storage());
    let run = materialize(&definitions, &storage, ("remark", "2024-01-02"), false).expect("it succeeds");
    insta::assert_snapshot!(made::<remark>(&run), @"remark[2024-01-02]: 0");
    let run =
        materialize(&definitions, &storage, ("*", "2024-01-02..2024-01-03"), false).expect("it succeeds");
    insta::assert_snapshot!(ran(&run).join("\n"), @r"
    sold[2024-01-02]
    best[2024-01-02]
    praise[2024-01-02]
    sold[2024-01-03]
    best[2024-01-03]
    praise[2024-01-03]
    daily_partitions
    all_daily_partitions
    read_sold[2024-01-02]
    read_sold_2[2024-01-02]
    growth[2024-01-02]
    read_growth[2024-01-02]
    remark[2024-01-02]
    read_sold[2024-01-03]
    read_sold_2[2024-01-03]
    growth[2024-01-03]
    read_growth[2024-01-03]
    remark[2024-01-03]
    daily_partitions_2
    ");
    insta::assert_snapshot!(made::<remark>(&run), @r"
    remark[2024-01-02]: 12
    remark[2024-01-03]: 15
    ");
    // An `Option` that was made is taken as it is.
    insta::assert_snapshot!(made::<praise>(&run), @r"
    praise[2024-01-02]: false
    praise[2024-01-03]: true
    ");
}

#[asset]
fn price() -> i64 {
    7
}

#[asset]
fn offer(price: Option<i64>) -> i64 {
    price.unwrap_or(9)
}

#[asset]
fn sums(sold: Option<i64>) -> i64 {
    sold.unwrap_or(0)
}

#[test]
fn what_is_no_partition_is_not_taken_so() {
    let job =
        Definitions::new().assets(assets![price, offer, sold, sums]).materialize(&"*".parse().expect("all"));
    insta::assert_snapshot!(job.try_plan().expect_err("it cannot be"), @r"
    the job `materialize` cannot be planned: 2 problems
    error: `offer` takes `price` as an `Option`, as if a partition were missing, and it has none
      --> tests/it/assets/optional.rs:186 (is made of it)
      --> tests/it/assets/optional.rs:181 (the asset)
      hint: take it as what it is, `price: &i64`
    error: `sums` takes `sold` as one value, and is made of several partitions of it
      --> tests/it/assets/optional.rs:191 (is made of it)
      --> tests/it/assets/optional.rs:27 (the asset)
      hint: if it is made for each of them, say so, `partitions = ..`; else take them by key, `sold: &Partitions<i64>`, or say which one: `#[mapped(PartitionMapping::last())] sold: &i64`
    ");
}

#[asset(partitions = Daily)]
fn window(#[mapped(PartitionMapping::time_window(-2, -1))] sold: Option<i64>) -> i64 {
    sold.unwrap_or(0)
}

#[test]
fn it_is_one_or_none() {
    let definitions = Definitions::new().assets(assets![sold, window]);
    let failed = materialize(&definitions, &storage(), ("window", "2024-01-03"), false);
    insta::assert_snapshot!(failed.expect_err("there are two"), @r"
    the job `materialize` cannot be planned
    error: `window[2024-01-03]` takes one partition of `sold`, and is made of 2: 2024-01-01..2024-01-02
      --> tests/it/assets/optional.rs:213 (is made of it)
      --> tests/it/assets/optional.rs:27 (the asset)
      hint: take them by key: `sold: &Partitions<..>`
    ");
}

#[asset(partitions = Daily)]
fn strict(#[mapped(PartitionMapping::time_window(-1, -1))] sold: i64) -> i64 {
    sold
}

#[asset(partitions = Daily)]
fn careless(#[mapped(PartitionMapping::identity().allow_missing())] sold: i64) -> i64 {
    sold
}

#[test]
fn what_is_taken_as_a_value_is_there() {
    let (definitions, storage) = (Definitions::new().assets(assets![sold, strict]), storage());
    let refused =
        |day| materialize(&definitions, &storage, ("strict", day), false).expect_err("it is not there");
    insta::assert_snapshot!(refused("2024-01-01"), @r"
    the job `materialize` cannot be planned
    error: `strict` is made of partitions of `sold` that do not exist: 2023-12-31
      --> tests/it/assets/optional.rs:231 (is made of it)
      --> tests/it/assets/optional.rs:27 (the asset)
      hint: make others, or take it as an `Option`: `sold: Option<..>`
    ");
    insta::assert_snapshot!(refused("2024-01-05"), @r"
    the job `materialize` cannot be planned
    error: `strict` is made of partitions of `sold` that were never materialized: 2024-01-04
      --> tests/it/assets/optional.rs:231 (is made of it)
      --> tests/it/assets/optional.rs:27 (the asset)
      hint: materialize them before, `materialize sold --partition '2024-01-04'`, or take it as an `Option`: `sold: Option<..>`
    ");
    let job = Definitions::new().assets(assets![sold, careless]).materialize(&"*".parse().expect("all"));
    insta::assert_snapshot!(job.try_plan().expect_err("it cannot be"), @r"
    the job `materialize` cannot be planned
    error: `careless` takes `sold` as one value, and its mapping allows that it is missing
      --> tests/it/assets/optional.rs:236 (is made of it)
      --> tests/it/assets/optional.rs:27 (the asset)
      hint: take it as an `Option`, `sold: Option<i64>`, or leave out `.allow_missing()`
    ");
}

/// Of nothing else, so that nothing but the day before tells its versions apart.
#[asset(partitions = Daily)]
fn carried(
    #[from(sold)]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: Option<i64>,
) -> i64 {
    before.unwrap_or_default()
}

#[test]
fn what_was_made_of_nothing_is_as_it_is_as_long_as_there_is_nothing() {
    let definitions = Definitions::new().assets(assets![sold, growth, carried]);
    let storage = storage();
    let make = |stale| {
        let ran = materialize(&definitions, &storage, ("growth or carried", "2024-01-01"), stale);
        ran.expect("it succeeds").events().iter().filter(|event| event.kind.name() == "STEP_MEMOIZED").count()
    };
    materialize(&definitions, &storage, ("sold", "2024-01-01"), false).expect("it succeeds");
    make(false);
    assert_eq!(make(true), 2, "both are passed over");
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let recipes = definitions.runner(&job).recipes().expect("they are known");
    let standings = super::memo::standings(&definitions, recipes, &storage);
    for asset in ["growth", "carried"] {
        let partitions = standings.partitions(&asset.parse().expect("a key")).expect("it has some");
        assert_eq!(partitions.fresh().len(), 1, "{asset} is as it was: {:?}", partitions.get(0));
    }
}

/// Keeps texts, and reads them as texts or as their length.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

/// The length of a text.
#[derive(Clone)]
struct Length(usize);

impl IoManager<String> for Shelf {
    fn store(&self, at: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        self.0.lock().expect("not poisoned").insert(at.relative_path(), text.clone());
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let found = self.0.lock().expect("not poisoned").get(&at.relative_path()).cloned();
        found.ok_or_else(|| Failure::new("it is not on the shelf"))
    }
}

impl IoManager<Option<Length>> for Shelf {
    fn store(&self, _: &OutputAt<'_>, _: &Option<Length>) -> Result<Metadata> {
        Err(Failure::new("lengths are read only"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<Length>> {
        Ok(self.0.lock().expect("not poisoned").get(&at.relative_path()).map(|text| Length(text.len())))
    }
}

impl IoManager<Length> for Shelf {
    fn store(&self, _: &OutputAt<'_>, _: &Length) -> Result<Metadata> {
        Err(Failure::new("lengths are read only"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Length> {
        IoManager::<String>::load(self, at).map(|text| Length(text.len()))
    }
}

#[asset(io = "shelf")]
fn poem(day: &Partition<Daily>) -> String {
    "x".repeat(usize::from(day.window().start.day().unsigned_abs()))
}

#[asset(partitions = Daily)]
fn longer(
    #[from(poem)]
    #[stored]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: &Option<Length>,
) -> usize {
    before.as_ref().map_or(0, |before| before.0)
}

#[test]
fn what_is_read_as_it_is_stored_may_be_missing_too() {
    let (shelf, storage) = (Shelf::default(), storage());
    let definitions = Definitions::new().assets(assets![poem, longer]);
    let definitions = definitions.io::<String>("shelf", shelf.clone()).io::<Length>("shelf", shelf);
    let run =
        materialize(&definitions, &storage, ("*", "2024-01-01..2024-01-03"), false).expect("it succeeds");
    insta::assert_snapshot!(made::<longer>(&run), @r"
    longer[2024-01-01]: 0
    longer[2024-01-02]: 1
    longer[2024-01-03]: 2
    ");
}

#[external_asset(io = "shelf", partitions = Daily)]
fn letter() -> String;

#[asset(partitions = Daily)]
fn answered(#[stored] letter: Option<Length>) -> usize {
    letter.map_or(0, |letter| letter.0)
}

#[test]
fn what_others_store_without_a_word_is_looked_for() {
    let (shelf, storage) = (Shelf::default(), storage());
    let second = "letter/partition=2024-01-02".to_owned();
    shelf.0.lock().expect("not poisoned").insert(second, "dear all".to_owned());
    let definitions = Definitions::new().assets(assets![letter, answered]);
    let definitions = definitions
        .io::<String>("shelf", shelf.clone())
        .io::<Length>("shelf", shelf.clone())
        .io::<Option<Length>>("shelf", shelf);
    let days = "2024-01-01..2024-01-02";
    let run = materialize(&definitions, &storage, ("answered", days), false).expect("it succeeds");
    insta::assert_snapshot!(made::<answered>(&run), @r"
    answered[2024-01-01]: 0
    answered[2024-01-02]: 8
    ");
    let job = definitions.materialize(&"answered".parse().expect("a selection"));
    let unrecorded = definitions.runner(&job).partition(days).keep_outputs().max_concurrent(1).run_blocking();
    insta::assert_snapshot!(made::<answered>(&unrecorded.expect("it succeeds")), @r"
    answered[2024-01-01]: 0
    answered[2024-01-02]: 8
    ");
}
