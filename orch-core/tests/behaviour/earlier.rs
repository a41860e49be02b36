//! Assets that take earlier partitions of their own: each is made when those are that it takes.

mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use orch_core::asset::CheckResult;
use orch_core::define::{Context, OpDef};
use orch_core::event::{Event, EventKind};
use orch_core::failure::Failure;
use orch_core::graph::{AssetBuilder, AssetDef, Call, CheckDef, Upstream};
use orch_core::ids::RunId;
use orch_core::io::Coded;
use orch_core::partition::{
    ByDimensions, ByTime, Partition, PartitionMapping, Partitioning, Partitions, PartitionsDefinition,
    TimePartitions,
};
use orch_core::run::{Definitions, Run, RunError, Runner};
use orch_core::storage::{Memory, Storage};

use crate::problems::without_lines;
use crate::support::{Plain, tell};

pub(crate) struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-11").into()
    }
}

/// What the world is like: what was sold on days, on which of them the books are closed, and which days the code has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shop {
    sold: Arc<Mutex<BTreeMap<String, i64>>>,
    closed: Arc<Mutex<BTreeSet<String>>>,
    made: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    /// What was sold on a day: its number in the month, unless something else is said.
    fn sold(&self, day: &str) -> i64 {
        let number = || day[8..].parse().unwrap_or_default();
        self.sold.lock().unwrap().get(day).copied().unwrap_or_else(number)
    }

    pub(crate) fn sell(&self, day: &str, sold: i64) {
        self.sold.lock().unwrap().insert(day.to_owned(), sold);
    }

    pub(crate) fn close(&self, day: &str) {
        self.closed.lock().unwrap().insert(day.to_owned());
    }

    pub(crate) fn open(&self) {
        self.closed.lock().unwrap().clear();
    }

    /// What was made since it was last asked, in the order in which that was begun.
    pub(crate) fn made(&self) -> Vec<String> {
        std::mem::take(&mut *self.made.lock().unwrap())
    }

    fn make(&self, day: &str, sold: i64, of: &[(String, i64)]) -> Result<i64, Failure> {
        if self.closed.lock().unwrap().contains(day) {
            return Err(Failure::new("the books are closed"));
        }
        let sum = of.iter().map(|(_, balance)| balance).sum::<i64>() + sold;
        let of: Vec<_> = of.iter().map(|(day, balance)| format!("{} {balance}", &day[5..])).collect();
        self.made.lock().unwrap().push(format!("{}: [{}] {sum}", &day[5..], of.join(", ")));
        Ok(sum)
    }
}

/// Of which days each takes the balance.
pub(crate) fn days_before(start: i64, end: i64) -> PartitionMapping {
    PartitionMapping::time_window(start, end)
}

fn balance() -> AssetBuilder {
    AssetDef::builder("balance").partitioned_by::<Daily>().code_version("1")
}

/// What was sold on a day.
pub(crate) fn sales(shop: &Shop) -> Arc<AssetDef> {
    let shop = shop.clone();
    let op = OpDef::builder("sales").input::<Partition<Daily>>("day").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(move |mut args| Ok(shop.sold(args.take::<Partition<Daily>>(0)?.key().as_str())))
        .into();
    let def = AssetDef::builder("sales").partitioned_by::<Daily>().code_version("1");
    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        Call::of(&op).input::<Partition<Daily>>(upstream.partition::<Daily>()).place::<Plain>();
    }))
}

/// The balance of a day: that of others, and what was sold.
pub(crate) fn summed(shop: &Shop, mapping: PartitionMapping) -> Definitions {
    let sales = sales(shop);
    let shop = shop.clone();
    let op = OpDef::builder("balance").input::<Partition<Daily>>("day").input::<i64>("sales");
    let op: Arc<OpDef> = op
        .input::<Partitions<i64>>("before")
        .returns::<Plain>()
        .coded([Coded::<i64>::CODEC])
        .blocking(move |mut args| {
            let (day, sold) = (args.take::<Partition<Daily>>(0)?, args.take::<i64>(1)?);
            let before = args.take::<Partitions<i64>>(2)?;
            let before: Vec<_> = before.iter().map(|(key, value)| (key.to_string(), *value)).collect();
            shop.make(day.key().as_str(), sold, &before)
        })
        .into();
    let (def, taken) = (balance().takes_made(&sales).takes_own_partitions(mapping), Arc::clone(&sales));
    let balance = def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let call = Call::of(&op).input::<Partition<Daily>>(upstream.partition::<Daily>());
        let call = call.input::<i64>(upstream.of_made::<i64>(&taken));
        call.input::<Partitions<i64>>(upstream.own_partitions::<i64>()).place::<Plain>();
    });
    Definitions::new().assets([sales, Arc::new(balance)])
}

/// All balances in one, beside what makes them: it is read when their map is done.
pub(crate) fn with_all(definitions: Definitions) -> Definitions {
    let balance = Arc::clone(definitions.asset_graph().assets().last().unwrap());
    let op = OpDef::builder("balances").input::<Partitions<i64>>("balance").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| Ok(args.take::<Partitions<i64>>(0)?.values().sum::<i64>()))
        .into();
    let def = AssetDef::builder("balances").code_version("1").takes_partitions_made(&balance);
    let def = def.mapped(PartitionMapping::all().allow_missing());
    let all = def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let call = Call::of(&op);
        call.input::<Partitions<i64>>(upstream.partitions_of_made::<i64>(&balance)).place::<Plain>();
    });
    definitions.assets([Arc::new(all)])
}

/// One more than that of another day, if there is one.
fn carried(shop: &Shop, mapping: PartitionMapping) -> Definitions {
    let shop = shop.clone();
    let op = OpDef::builder("balance").input::<Partition<Daily>>("day").input::<Option<i64>>("before");
    let op: Arc<OpDef> = op
        .returns::<Plain>()
        .coded([Coded::<i64>::CODEC])
        .blocking(move |mut args| {
            let (day, before) = (args.take::<Partition<Daily>>(0)?, args.take::<Option<i64>>(1)?);
            let before: Vec<_> =
                before.into_iter().map(|before| ("2024-before".to_owned(), before)).collect();
            shop.make(day.key().as_str(), 1, &before)
        })
        .into();
    let def = balance().takes_own_as::<i64, Option<i64>, _>(mapping);
    let balance = def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let call = Call::of(&op).input::<Partition<Daily>>(upstream.partition::<Daily>());
        call.input::<Option<i64>>(upstream.own_if_there::<i64>()).place::<Plain>();
    });
    Definitions::new().assets([Arc::new(balance)])
}

/// A run for these days, with four slots, on the storage.
pub(crate) fn runner(definitions: &Definitions, storage: &Arc<dyn Storage>, days: &str, id: u128) -> Runner {
    let job = definitions.materialize(&"*".parse().unwrap());
    let runner = definitions.runner(&job).run_id(RunId::from_u128(id)).max_concurrent(4);
    runner.partition(days).record(storage).keep_events()
}

fn storage() -> Arc<dyn Storage> {
    Arc::new(Memory::new())
}

fn make(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    days: &str,
    id: u128,
) -> Result<Run, RunError> {
    runner(definitions, storage, days, id).run_blocking()
}

/// The steps of a run that failed or were skipped, and why.
fn unmade(run: &Run) -> String {
    let is_bad = |event: &&Event| {
        let told = ["STEP_FAILURE", "STEP_SKIPPED", "ASSET_FAILED_TO_MATERIALIZE"];
        told.contains(&event.kind.name())
    };
    run.events().iter().filter(is_bad).map(|event| tell(std::slice::from_ref(event))).collect()
}

const ALL: &str = "2024-01-01..2024-01-06";

#[test]
fn days_are_made_one_after_the_other() {
    let shop = Shop::default();
    let definitions = summed(&shop, days_before(-1, -1));
    make(&definitions, &storage(), ALL, 1).unwrap();
    insta::assert_debug_snapshot!(shop.made(), @r#"
    [
        "01-01: [] 1",
        "01-02: [01-01 1] 3",
        "01-03: [01-02 3] 6",
        "01-04: [01-03 6] 10",
        "01-05: [01-04 10] 15",
        "01-06: [01-05 15] 21",
    ]
    "#);
}

#[test]
fn a_run_for_a_day_takes_what_an_earlier_one_has_made() {
    let (shop, storage) = (Shop::default(), storage());
    let definitions = summed(&shop, days_before(-2, -1));
    make(&definitions, &storage, "2024-01-01..2024-01-03", 1).unwrap();
    make(&definitions, &storage, "2024-01-04", 2).unwrap();
    insta::assert_debug_snapshot!(shop.made(), @r#"
    [
        "01-01: [] 1",
        "01-02: [01-01 1] 3",
        "01-03: [01-01 1, 01-02 3] 7",
        "01-04: [01-02 3, 01-03 7] 14",
    ]
    "#);
}

#[test]
fn one_day_before_is_an_option() {
    let shop = Shop::default();
    let definitions = carried(&shop, days_before(-1, -1));
    make(&definitions, &storage(), "2024-01-01..2024-01-03", 1).unwrap();
    insta::assert_debug_snapshot!(shop.made(), @r#"
    [
        "01-01: [] 1",
        "01-02: [before 1] 2",
        "01-03: [before 2] 3",
    ]
    "#);
}

/// Chains that have nothing to do with each other do not wait for each other.
#[test]
fn a_day_waits_for_those_alone_that_it_takes() {
    let shop = Shop::default();
    shop.close("2024-01-02");
    let definitions = summed(&shop, days_before(-2, -2));
    let error = make(&definitions, &storage(), ALL, 1).unwrap_err();
    let mut made = shop.made();
    made.sort();
    insta::assert_debug_snapshot!(made, @r#"
    [
        "01-01: [] 1",
        "01-03: [01-01 1] 4",
        "01-05: [01-03 4] 9",
    ]
    "#);
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `balance[2024-01-02]`: the books are closed
    ");
}

#[test]
fn a_day_that_failed_stops_those_that_take_it() {
    let (shop, storage) = (Shop::default(), storage());
    let definitions = summed(&shop, days_before(-1, -1));
    shop.close("2024-01-03");
    let error = make(&definitions, &storage, "2024-01-01..2024-01-05", 1).unwrap_err();
    insta::assert_debug_snapshot!(shop.made(), @r#"
    [
        "01-01: [] 1",
        "01-02: [01-01 1] 3",
    ]
    "#);
    insta::assert_snapshot!(unmade(error.run().unwrap()), @r"
    ASSET_FAILED_TO_MATERIALIZE balance[2024-01-03]
    STEP_FAILURE balance[2024-01-03]: Error the books are closed
    STEP_SKIPPED read_balance[2024-01-04]: balance[2024-01-03] failed
    STEP_SKIPPED balance[2024-01-04]: balance[2024-01-03] failed
    STEP_SKIPPED read_balance[2024-01-05]: balance[2024-01-03] failed
    STEP_SKIPPED balance[2024-01-05]: balance[2024-01-03] failed
    ");
}

#[test]
fn what_was_never_made_is_named() {
    let shop = Shop::default();
    for definitions in [summed(&shop, days_before(-1, -1)), carried(&shop, days_before(-1, -1))] {
        let error = make(&definitions, &storage(), "2024-01-03", 1).unwrap_err();
        insta::allow_duplicates! { insta::assert_snapshot!(without_lines(&error.to_string()), @r"
        the job `materialize` cannot be planned
        error: `balance` is made of partitions of `balance` that were never materialized: 2024-01-02
          --> orch-core/tests/behaviour/earlier.rs:_ (is made of it)
          --> orch-core/tests/behaviour/earlier.rs:_ (the asset)
          hint: materialize them before, `materialize balance --partition '2024-01-02'`, or let the mapping say that it does without: `.allow_missing()`
        ") };
    }
    let missing = days_before(-1, -1).allow_missing();
    let definitions = carried(&shop, missing);
    make(&definitions, &storage(), "2024-01-03", 1).unwrap();
    insta::assert_debug_snapshot!(shop.made(), @r#"
    [
        "01-03: [] 1",
    ]
    "#);
}

#[test]
fn what_a_blocking_check_has_stopped_is_not_taken() {
    let shop = Shop::default();
    let definitions = summed(&shop, days_before(-1, -1));
    let asset = Arc::clone(&definitions.asset_graph().assets()[1]);
    let small = |balance: &i64, _: &Context| CheckResult::expect(*balance < 3, format!("{balance} is large"));
    let check = CheckDef::builder_of(&asset, "small").blocking().looks_at(small);
    let definitions = definitions.checks([check]);
    let error = make(&definitions, &storage(), "2024-01-01..2024-01-03", 1).unwrap_err();
    insta::assert_debug_snapshot!(shop.made(), @r#"
    [
        "01-01: [] 1",
        "01-02: [01-01 1] 3",
    ]
    "#);
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `balance.small[2024-01-02]`: the blocking check `small` of the asset `balance[2024-01-02]` has not passed: 3 is large
    ");
}

/// What is wrong with assets is told with the plan of whatever is made of them.
fn refused(asset: AssetDef) -> String {
    let definitions = Definitions::new().assets([Arc::new(asset)]);
    let job = definitions.materialize(&"*".parse().unwrap());
    without_lines(&job.try_plan().unwrap_err().to_string())
}

#[test]
fn only_what_comes_before_can_be_taken() {
    let drawn = |def: AssetBuilder| def.drawn::<i64>(None, |_| panic!("nothing is drawn of what is wrong"));
    let not_before = drawn(balance().takes_own_partitions(days_before(-1, 0)));
    insta::assert_snapshot!(refused(not_before), @r"
    the job `materialize` cannot be planned
    error: `balance` takes partitions of its own that do not all come before
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: take windows that end before its own: `PartitionMapping::time_window(-1, -1)`
    ");
    let one_of_all = drawn(balance().takes_own_partitions(PartitionMapping::last()));
    insta::assert_snapshot!(refused(one_of_all), @r"
    the job `materialize` cannot be planned
    error: `balance` takes partitions of its own that do not all come before
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: take windows that end before its own: `PartitionMapping::time_window(-1, -1)`
    ");
    let whole = drawn(AssetDef::builder("balance").takes_own_partitions(days_before(-1, -1)));
    insta::assert_snapshot!(refused(whole), @r"
    the job `materialize` cannot be planned
    error: `balance` takes earlier partitions of its own, and has none
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: say by what it is partitioned: `partitions = ..`
    ");
    let first = drawn(balance().takes_own_as::<i64, i64, _>(days_before(-1, -1)));
    insta::assert_snapshot!(refused(first), @r"
    the job `materialize` cannot be planned
    error: `balance` takes an earlier partition of its own, and before the first there is none
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: take it as an `Option`: `balance: Option<i64>`
    ");
    let several = drawn(balance().takes_own_as::<i64, Option<i64>, _>(days_before(-2, -1)));
    insta::assert_snapshot!(refused(several), @r"
    the job `materialize` cannot be planned
    error: `balance` takes an earlier partition of its own as one value, and its mapping several of them
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: take them by key, `balance: &Partitions<i64>`, or map one: `PartitionMapping::time_window(-1, -1)`
    ");
    let twice = balance().takes_own_partitions(days_before(-1, -1)).takes_own_partitions(days_before(-2, -2));
    insta::assert_snapshot!(refused(drawn(twice)), @r"
    the job `materialize` cannot be planned
    error: `balance` takes its own earlier partitions twice, by different mappings
      --> orch-core/tests/behaviour/earlier.rs:_ (first)
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: take all of them by one mapping, as `&Partitions<..>`, and find them by key
    ");
}

struct DayAndRegion;

impl Partitioning for DayAndRegion {
    type Kind = ByDimensions;

    fn definition() -> PartitionsDefinition {
        let days = TimePartitions::daily("2024-01-01").until("2024-01-04");
        let regions = PartitionsDefinition::of(["eu", "us"]);
        PartitionsDefinition::product().by("day", days).by("region", regions).into()
    }
}

/// How many days there were before in a region, of which `eu` is closed on the second.
fn counted(mapping: PartitionMapping) -> Definitions {
    let op = OpDef::builder("count").input::<Partition<DayAndRegion>>("at").input::<Option<i64>>("before");
    let op: Arc<OpDef> = op
        .returns::<Plain>()
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| {
            let (at, before) = (args.take::<Partition<DayAndRegion>>(0)?, args.take::<Option<i64>>(1)?);
            match at.key().as_str() {
                "2024-01-02|eu" => Err(Failure::new("the books are closed")),
                _ => Ok(before.map_or(0, |before| before + 1)),
            }
        })
        .into();
    let def = AssetDef::builder("count").partitioned_by::<DayAndRegion>();
    let def = def.takes_own_as::<i64, Option<i64>, _>(mapping);
    let count = def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let call = Call::of(&op).input::<Partition<DayAndRegion>>(upstream.partition::<DayAndRegion>());
        call.input::<Option<i64>>(upstream.own_if_there::<i64>()).place::<Plain>();
    });
    Definitions::new().assets([Arc::new(count)])
}

#[test]
fn of_several_dimensions_one_is_of_time_and_the_others_are_the_same() {
    let in_region = PartitionMapping::dimensions().on_by("day", "day", days_before(-1, -1));
    let error = counted(in_region.clone()).materialize(&"*".parse().unwrap()).try_plan().unwrap_err();
    insta::assert_snapshot!(without_lines(&error.to_string()), @r#"
    the job `materialize` cannot be planned
    error: `count` takes partitions of its own that do not all come before
      --> orch-core/tests/behaviour/earlier.rs:_ (takes them)
      hint: map each dimension on itself, and one by windows that end before: `PartitionMapping::dimensions().on("region", "region").on_by("day", "day", PartitionMapping::time_window(-1, -1))`
    "#);
    let error = make(&counted(in_region.on("region", "region")), &storage(), "*", 1).unwrap_err();
    let mut ends: Vec<_> = error.run().unwrap().events().iter().filter_map(ended).collect();
    ends.sort();
    insta::assert_debug_snapshot!(ends, @r#"
    [
        "count[2024-01-01|eu] succeeded",
        "count[2024-01-01|us] succeeded",
        "count[2024-01-02|eu] failed",
        "count[2024-01-02|us] succeeded",
        "count[2024-01-03|eu] skipped: Failed(count[2024-01-02|eu])",
        "count[2024-01-03|us] succeeded",
    ]
    "#);
}

/// The end of a step that counts.
fn ended(event: &Event) -> Option<String> {
    let step = event.step.as_ref().filter(|step| step.name() == "count")?;
    match &event.kind {
        EventKind::StepSuccess => Some(format!("{step} succeeded")),
        EventKind::StepFailure { .. } => Some(format!("{step} failed")),
        EventKind::StepSkipped { cause, .. } => Some(format!("{step} skipped: {cause:?}")),
        _ => None,
    }
}
