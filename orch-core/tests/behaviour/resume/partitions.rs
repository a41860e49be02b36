//! Runs for partitions are interrupted at any commit: each partition is made once, of the partitions that the run began with.

use std::sync::LazyLock;

use orch_core::asset::CheckResult;
use orch_core::define::Context;
use orch_core::event::{EventKind, Logged};
use orch_core::graph::{AssetDef, CheckDef, Upstream};
use orch_core::partition::{
    ByTime, Partition, PartitionMapping, Partitioning, Partitions, PartitionsDefinition, TimePartitions,
};
use orch_core::run::RunError;

use super::mortal::Unread;
use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

/// The run that makes the days anew while the one that takes them is interrupted.
const MEANWHILE: u128 = 4;

/// The day of the month, times a factor: what is made meanwhile is something else.
static DAY: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
    let op = OpDef::builder("day").input::<Partition<Daily>>("day").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| {
            let day = args.take::<Partition<Daily>>(0)?.window().start.day();
            let meanwhile = args.context().run_id() == RunId::from_u128(MEANWHILE);
            Ok(i64::from(day) * if meanwhile { 8 } else { 7 })
        })
        .into();
    let def = AssetDef::builder("day").partitioned_by::<Daily>();
    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        Call::of(&op).input::<Partition<Daily>>(upstream.partition::<Daily>()).place::<Plain>();
    }))
});

/// One more.
static NEXT: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
    let op = OpDef::builder("next").input::<i64>("day").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let op: Arc<OpDef> = op.blocking(|mut args| Ok(args.take::<i64>(0)? + 1)).into();
    let def = AssetDef::builder("next").partitioned_by::<Daily>().takes_made(&DAY);
    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        Call::of(&op).input::<i64>(upstream.of_made::<i64>(&DAY)).place::<Plain>();
    }))
});

/// All that there are.
static TOTAL: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
    let op = OpDef::builder("total").input::<Partitions<i64>>("next").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| Ok(args.take::<Partitions<i64>>(0)?.values().sum()))
        .into();
    let def = AssetDef::builder("total").takes_partitions_made(&NEXT);
    let def = def.mapped(PartitionMapping::all().allow_missing());
    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let next = upstream.partitions_of_made::<i64>(&NEXT);
        Call::of(&op).input::<Partitions<i64>>(next).place::<Plain>();
    }))
});

fn definitions() -> Definitions {
    Definitions::new().assets([&DAY, &NEXT, &TOTAL].map(|asset| Arc::clone(asset)))
}

fn materialize(storage: &Arc<dyn Storage>, what: &str, days: &str, id: u128) -> Result<(), RunError> {
    let definitions = definitions();
    let job = definitions.materialize(&what.parse().unwrap());
    let runner = definitions.runner(&job).run_id(RunId::from_u128(id)).max_concurrent(1);
    let runner = runner.partition(days).record(storage);
    runtime().block_on(runner.run()).map(drop)
}

/// What is known of the assets that the run made, by the asset, and the value of the last.
fn facts(memory: &Memory, run: RunId) -> (Vec<String>, Option<Vec<u8>>) {
    let query = MaterializationQuery { run: Some(run), ..MaterializationQuery::default() };
    let facts = memory.materializations(&query).unwrap();
    let value = facts.first().and_then(|fact| memory.asset_value(fact).unwrap());
    let told = facts.iter().map(|fact| {
        let inputs: Vec<_> = fact
            .inputs
            .iter()
            .map(|input| {
                let partition = input.partition.as_deref().unwrap_or_default();
                let version = input.data_version.as_deref().map_or("", |version| &version[..4]);
                format!("{}[{partition}] {version} of {:?}", input.asset, input.run.map(|run| run.as_u128()))
            })
            .collect();
        let version = fact.data_version.as_deref().map_or("", |version| &version[..4]);
        let partition = fact.partition.as_deref().unwrap_or_default();
        format!("{}[{partition}] {version}: {}", fact.asset, inputs.join(", "))
    });
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    (told, value.map(|value| value.bytes().to_vec()))
}

/// A storage that ends after so many commits, before which two days were made and one of the next ones.
fn begun(memory: &Memory, left: usize) -> Arc<dyn Storage> {
    let storage = |left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    materialize(&storage(usize::MAX), "day", "2024-01-01..2024-01-03", 1).unwrap();
    materialize(&storage(usize::MAX), "next", "2024-01-03", 2).unwrap();
    storage(left)
}

const DAYS: &str = "2024-01-01..2024-01-02";

#[test]
fn a_run_for_partitions_goes_on_with_those_that_it_began_with() {
    let run = RunId::from_u128(3);
    let whole = Memory::new();
    materialize(&begun(&whole, usize::MAX), "next or total", DAYS, 3).unwrap();
    let undisturbed = facts(&whole, run);
    insta::assert_debug_snapshot!(undisturbed.0, @r#"
    [
        "next[2024-01-01] 2ef3: day[2024-01-01] 448b of Some(1)",
        "next[2024-01-02] 0bf6: day[2024-01-02] 3162 of Some(1)",
        "total[] 2df9: next[2024-01-01..2024-01-03] 71a5 of Some(3)",
    ]
    "#);
    for life in 0.. {
        let memory = Memory::new();
        if materialize(&begun(&memory, life), "next or total", DAYS, 3).is_ok() {
            // At least before and behind the step that gives the days, of each day both steps, and the three behind them.
            assert!(life >= 8, "{life} commits");
            break;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        materialize(&storage, "day", "2024-01-01..2024-01-03", MEANWHILE).unwrap();
        let runner = definitions().resume(&storage, run).unwrap();
        runtime().block_on(runner.run()).unwrap();
        assert_eq!(facts(&memory, run), undisturbed, "interrupted after {life} commits");
    }
}

/// It is told when all are there, and takes none of them.
static NOTICE: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
    let op = OpDef::builder("notice").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let op: Arc<OpDef> = op.blocking(|_| Ok(1)).into();
    let def = AssetDef::builder("notice").after_made(&NEXT);
    Arc::new(def.made_by(&Arc::clone(&op), move |_: &Upstream| {
        Call::of(&op).place::<Plain>();
    }))
});

/// A check of each day, blocking: the second is too large, and panics in place of a finding if `panics`.
fn checked(panics: bool) -> Definitions {
    let small = move |day: &i64, _: &Context| {
        assert!(*day < 14 || !panics, "{day} is too large to look at");
        CheckResult::expect(*day < 14, format!("{day} is large"))
    };
    let check = CheckDef::builder_of(&NEXT, "small").blocking().looks_at(small);
    definitions().assets([Arc::clone(&NOTICE)]).checks([check])
}

/// The ends of the steps of a run, with what failed ones say, but for those that only read: their values are in memory alone.
fn ends(memory: &Memory, run: RunId) -> Vec<String> {
    let mut ends = Vec::new();
    let mut tell = |logged: Logged, _: Option<&[u8]>| {
        let step = logged.event.step.as_ref().map(ToString::to_string).unwrap_or_default();
        match logged.event.kind {
            EventKind::StepSuccess if step.starts_with("read_day") => {}
            EventKind::StepSuccess => ends.push(format!("{step} succeeded")),
            EventKind::StepFailure { error, .. } => ends.push(format!("{step} failed: {}", error.message)),
            EventKind::StepSkipped { .. } => ends.push(format!("{step} skipped")),
            EventKind::AssetCheckEvaluation { partition, .. } => {
                ends.push(format!("{step} looked at {partition:?}"));
            }
            _ => {}
        }
    };
    memory.events(run).unwrap().history(&mut tell).unwrap();
    ends.sort();
    ends
}

/// Interrupts a run with that check before each of its commits, and takes it up again; all of them come to the same.
fn stopped(panics: bool) -> Vec<String> {
    let run = RunId::from_u128(3);
    let materialize = |storage: &Arc<dyn Storage>| {
        let definitions = checked(panics);
        let job = definitions.materialize(&"next or total or notice".parse().unwrap());
        let runner = definitions.runner(&job).run_id(run).max_concurrent(1).partition(DAYS).record(storage);
        runtime().block_on(runner.run()).expect_err("a day is stopped, or the process is gone");
    };
    let whole = Memory::new();
    materialize(&begun(&whole, usize::MAX));
    let undisturbed = ends(&whole, run);
    for life in 0.. {
        let memory = Memory::new();
        materialize(&begun(&memory, life));
        if memory.run(run).is_ok_and(|run| run.status.is_terminal()) {
            assert!(life >= 8, "{life} commits");
            break;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        let runner = checked(panics).resume(&storage, run).unwrap().max_concurrent(1);
        runtime().block_on(runner.run()).expect_err("a day is stopped");
        assert_eq!(ends(&memory, run), undisturbed, "interrupted after {life} commits");
    }
    undisturbed
}

#[test]
fn a_partition_that_a_check_has_stopped_stays_so_and_is_looked_at_once() {
    insta::assert_debug_snapshot!(stopped(false), @r#"
    [
        "all_daily_partitions succeeded",
        "daily_partitions succeeded",
        "next.small[2024-01-01] looked at Some(\"2024-01-01\")",
        "next.small[2024-01-01] succeeded",
        "next.small[2024-01-02] failed: the blocking check `small` of the asset `next[2024-01-02]` has not passed: 15 is large",
        "next.small[2024-01-02] looked at Some(\"2024-01-02\")",
        "next[2024-01-01] succeeded",
        "next[2024-01-02] succeeded",
        "notice skipped",
        "read_next skipped",
        "total skipped",
        "wait_for_next skipped",
    ]
    "#);
}

#[test]
fn a_partition_that_could_not_be_looked_at_stays_stopped() {
    insta::assert_debug_snapshot!(stopped(true), @r#"
    [
        "all_daily_partitions succeeded",
        "daily_partitions succeeded",
        "next.small[2024-01-01] looked at Some(\"2024-01-01\")",
        "next.small[2024-01-01] succeeded",
        "next.small[2024-01-02] failed: 15 is too large to look at",
        "next[2024-01-01] succeeded",
        "next[2024-01-02] succeeded",
        "notice skipped",
        "read_next skipped",
        "total skipped",
        "wait_for_next skipped",
    ]
    "#);
}

#[test]
fn where_nobody_can_say_what_was_let_through_nothing_is_made() {
    let memory = Memory::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    materialize(&storage, "day or next", DAYS, 1).unwrap();
    let missing = |unread: Option<Unread>, what: &str| {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let storage: Arc<dyn Storage> = Arc::new(Mortal { memory: memory.clone(), left, room: true, unread });
        let definitions = checked(false);
        let job = definitions.materialize(&what.parse().unwrap());
        let runner = definitions.runner(&job).only_missing().partition("2024-01-01").max_concurrent(1);
        runtime().block_on(runner.record(&storage).run()).unwrap_err().to_string()
    };
    insta::assert_snapshot!(missing(None, "next or notice"), @"
    the run of `materialize` failed: 1 step
    `wait_for_next`: `next[2024-01-02]` is not to be taken as it is: its blocking check `small` has not looked at it
      hint: have it looked at: `assets check next --partition '2024-01-02'`
    ");
    insta::assert_snapshot!(missing(Some(Unread::Partitions), "next or notice"), @"
    the job `materialize` cannot be planned
    error: what is known of `next` cannot be read: the page is torn
    ");
    insta::assert_snapshot!(missing(Some(Unread::Found), "next or notice"), @"
    the job `materialize` cannot be planned
    error: what is known of `next` cannot be read: the page is torn
    ");
    insta::assert_snapshot!(missing(Some(Unread::Found), "next or total"), @"
    the job `materialize` cannot be planned
    error: what is known of `next` cannot be read: the page is torn
    ");
}
