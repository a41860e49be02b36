//! Runs for partitions are interrupted at any commit: each partition is made once, of the partitions that the run began with.

use std::sync::LazyLock;

use orch_core::graph::{AssetDef, Upstream};
use orch_core::partition::{
    ByTime, Partition, PartitionMapping, Partitioning, Partitions, PartitionsDefinition, TimePartitions,
};
use orch_core::run::RunError;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

static FACTOR: AtomicUsize = AtomicUsize::new(7);

/// The day of the month, times a factor that changes.
static DAY: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
    let op = OpDef::builder("day").input::<Partition<Daily>>("day").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| {
            let day = args.take::<Partition<Daily>>(0)?.window().start.day();
            Ok(i64::from(day) * FACTOR.load(Ordering::Relaxed) as i64)
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
    let runner = definitions.runner(&job).run_id(RunId::from_u128(id)).partition(days).record(storage);
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
        Arc::new(Mortal { memory: memory.clone(), left: Arc::new(AtomicUsize::new(left)), room: true })
    };
    FACTOR.store(7, Ordering::Relaxed);
    materialize(&storage(usize::MAX), "day", "2024-01-01..2024-01-03", 1).unwrap();
    materialize(&storage(usize::MAX), "next", "2024-01-03", 2).unwrap();
    storage(left)
}

const DAYS: &str = "2024-01-01..2024-01-02";

#[test]
fn a_run_for_partitions_goes_on_with_those_that_it_began_with() {
    let run = RunId::from_u128(3);
    let mut undisturbed = None;
    for life in 0_usize.. {
        let memory = Memory::new();
        if materialize(&begun(&memory, life), "next or total", DAYS, 3).is_ok() {
            undisturbed = Some((facts(&memory, run), life));
            break;
        }
    }
    let (undisturbed, lives) = undisturbed.expect("with enough commits it comes to its end");
    // At least before and behind the step that gives the days, of each day both steps, and the three behind them.
    assert!(lives >= 8, "{lives} commits");
    insta::assert_debug_snapshot!(undisturbed.0, @r#"
    [
        "next[2024-01-01] 2ef3: day[2024-01-01] 448b of Some(1)",
        "next[2024-01-02] 0bf6: day[2024-01-02] 3162 of Some(1)",
        "total[] 2df9: next[2024-01-01..2024-01-03] 71a5 of Some(3)",
    ]
    "#);
    for life in 0..lives {
        let memory = Memory::new();
        materialize(&begun(&memory, life), "next or total", DAYS, 3).expect_err("the process is gone");
        // Meanwhile what it takes is made anew, and is something else.
        FACTOR.store(8, Ordering::Relaxed);
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        materialize(&storage, "day", "2024-01-01..2024-01-03", 4).unwrap();
        let runner = definitions().resume(&storage, run).unwrap();
        runtime().block_on(runner.run()).unwrap();
        assert_eq!(facts(&memory, run), undisturbed, "interrupted after {life} commits");
    }
}
