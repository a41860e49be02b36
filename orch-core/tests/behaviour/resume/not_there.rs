//! Runs that look at days of what others make, of which some are not there, are interrupted at any commit: what is yet to be made takes
//! the days that are there by the last look, and what was made stays as made of those that were.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use orch_core::asset::{DataVersion, Materialization};
use orch_core::graph::{Asset, AssetDef, ObservationDef, Upstream};
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::partition::{
    ByTime, Partition, PartitionMapping, Partitioning, Partitions, PartitionsDefinition, TimePartitions,
};

use super::*;

const RUN: RunId = RunId::from_u128(1);

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-05").into()
    }
}

/// Where others put a number for each day, and take it away.
struct Others;

impl IoManager<i64> for Others {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata, Failure> {
        Err(Failure::new("others put it there"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64, Failure> {
        Ok(1)
    }
}

fn foreign() -> &'static Arc<AssetDef> {
    static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
    ASSET.get_or_init(|| {
        let foreign = AssetDef::builder("foreign").partitioned_by::<Daily>().io("others");
        foreign.external::<i64>(Coded::<i64>::CODEC).into()
    })
}

/// How many are there of a day; if `apart`, of it and the day before, which are looked at in another map.
fn count(apart: bool) -> AssetDef {
    let count = AssetDef::builder("count").code_version("1").partitioned_by::<Daily>();
    let op = OpDef::builder("count");
    if apart {
        let op = op.input::<Partitions<i64>>("days").returns::<Plain>().coded([Coded::<i64>::CODEC]);
        let op: Arc<OpDef> =
            op.blocking(|mut args| Ok(args.take::<Partitions<i64>>(0)?.values().sum())).into();
        let count = count.takes_partitions_made(foreign());
        let count = count.mapped(PartitionMapping::time_window(-1, 0).allow_missing());
        return count.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
            let days = upstream.partitions_of_made::<i64>(foreign());
            Call::of(&op).input::<Partitions<i64>>(days).place::<Plain>();
        });
    }
    let op = op.input::<Option<i64>>("day").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let op: Arc<OpDef> = op.blocking(|mut args| Ok(args.take::<Option<i64>>(0)?.unwrap_or_default())).into();
    let count = count.takes_made(foreign()).taken_as::<i64, Option<i64>, _>();
    count.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        Call::of(&op).input::<Option<i64>>(upstream.optional_of_made::<i64>(foreign())).place::<Plain>();
    })
}

/// Of which each second look finds nothing.
fn definitions(looks: &Arc<AtomicUsize>, apart: bool) -> Definitions {
    let looks = Arc::clone(looks);
    let seen = ObservationDef::builder_of(foreign(), "seen").looks_at(move |_: &Partition<Daily>, _| {
        let look = looks.fetch_add(1, Ordering::Relaxed);
        look.is_multiple_of(2).then(|| DataVersion::new(look))
    });
    let assets = [Arc::clone(foreign()), count(apart).into()];
    Definitions::new().assets(assets).observations([seen]).io::<i64>("others", Others)
}

/// What is known, the oldest first.
fn known(memory: &Memory) -> Vec<Materialization> {
    let mut facts = memory.materializations(&MaterializationQuery::default()).unwrap();
    facts.reverse();
    facts
}

/// Of each day how many were counted, and how many are to be by what was found.
fn counted(memory: &Memory, apart: bool) -> BTreeMap<String, (i64, i64)> {
    let there = |day: i8| {
        let latest = MaterializationQuery {
            partition: Some(format!("2024-01-0{day}")),
            ..MaterializationQuery::latest(foreign().key())
        };
        let latest = memory.materializations(&latest).unwrap();
        i64::from(latest.first().is_some_and(|fact| !fact.found_nothing()))
    };
    let counts = known(memory).into_iter().filter(|fact| fact.asset.as_str() == "count");
    let of = |fact: Materialization| {
        let value = memory.asset_value(&fact).unwrap().expect("it is small");
        let day = fact.partition.clone().unwrap_or_default();
        let number: i8 = day.trim_start_matches("2024-01-0").parse().expect("a day");
        let before = if apart { there(number - 1) } else { 0 };
        // A small number is written as this one byte.
        (day, (i64::from(value.bytes()[0]), there(number) + before))
    };
    counts.map(of).collect()
}

#[test]
fn what_is_made_takes_the_days_that_were_found_last() {
    for apart in [false, true] {
        for life in 0.. {
            let (memory, looks) = (Memory::new(), Arc::new(AtomicUsize::new(0)));
            let storage = |left| -> Arc<dyn Storage> {
                Arc::new(Mortal {
                    memory: memory.clone(),
                    left: Arc::new(AtomicUsize::new(left)),
                    room: true,
                    unread: None,
                })
            };
            let definitions = definitions(&looks, apart);
            let job = definitions.materialize(&"*".parse().unwrap());
            let runner = definitions.runner(&job).run_id(RUN).max_concurrent(1).memoize();
            let runner = runner.partition("2024-01-02..2024-01-04").record(&storage(life));
            let _ = runtime().block_on(runner.run());
            let is_over = memory.run(RUN).is_ok_and(|run| run.status.is_terminal());
            let before = known(&memory);
            if !is_over {
                let runner = definitions.resume(&storage(usize::MAX), RUN).unwrap();
                runtime().block_on(runner.run()).unwrap();
            }
            let after = known(&memory);
            assert_eq!(after[..before.len()], before, "what was known stays, after {life} commits");
            let of = |asset: &str| after.iter().filter(|fact| fact.asset.as_str() == asset).count();
            // Where something is yet to be made, a look is not the last.
            let looked_once = if apart { 4 } else { 3 };
            assert!(of("foreign") >= looked_once && (!is_over || of("foreign") == looked_once));
            assert_eq!(of("count"), 3, "{life} commits");
            // What was made before another look has found something else is made anew by what that found.
            let is_last = counted(&memory, apart).values().all(|(counted, there)| counted == there);
            assert!(is_last || apart && !is_over, "{life} commits");
            let alone = definitions.materialize(&"count".parse().unwrap());
            let runner = definitions.runner(&alone).memoize().partition("2024-01-02..2024-01-04");
            runtime().block_on(runner.record(&storage(usize::MAX)).run()).unwrap();
            assert!(apart && !is_over || known(&memory) == after, "nothing is made anew, {life} commits");
            let counted = counted(&memory, apart);
            assert!(counted.values().all(|(counted, there)| counted == there), "{life}: {counted:?}");
            if is_over {
                let found: Vec<_> = after.iter().map(Materialization::found_nothing).collect();
                assert!(found.contains(&true) && life >= 6, "{life} commits: {found:?}");
                break;
            }
        }
    }
}

/// What others make, without partitions.
struct Whole;

impl Asset for Whole {
    type Value = i64;

    fn asset() -> &'static Arc<AssetDef> {
        static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
        ASSET.get_or_init(|| {
            AssetDef::builder("whole").io("others").external::<i64>(Coded::<i64>::CODEC).into()
        })
    }
}

/// How many are there, as their IO manager has them when the step runs.
fn whole(looks: &Arc<AtomicUsize>) -> Definitions {
    let op = OpDef::builder("count").input::<Option<i64>>("whole").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| Ok(args.take::<Option<i64>>(0)?.unwrap_or_default()))
        .into();
    let count = AssetDef::builder("count").code_version("1").takes_stored(Whole::asset);
    let count = count.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let whole = upstream.stored_if_there::<Whole, i64>(&[]);
        Call::of(&op).input::<Option<i64>>(whole).place::<Plain>();
    });
    let looks = Arc::clone(looks);
    let seen = ObservationDef::builder_of(Whole::asset(), "seen").looks(move |_| {
        let look = looks.fetch_add(1, Ordering::Relaxed);
        (!look.is_multiple_of(2)).then(|| DataVersion::new(look))
    });
    let assets = [Arc::clone(Whole::asset()), count.into()];
    let definitions = Definitions::new().assets(assets).observations([seen]);
    definitions.io::<i64>("others", Others).io::<Option<i64>>("others", Others)
}

impl IoManager<Option<i64>> for Others {
    fn store(&self, _: &OutputAt<'_>, _: &Option<i64>) -> Result<Metadata, Failure> {
        Err(Failure::new("others put it there"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<Option<i64>, Failure> {
        Ok(Some(1))
    }
}

#[test]
fn what_is_read_when_its_step_runs_goes_by_what_was_found() {
    for life in 0.. {
        let (memory, looks) = (Memory::new(), Arc::new(AtomicUsize::new(0)));
        let storage = |left| -> Arc<dyn Storage> {
            Arc::new(Mortal {
                memory: memory.clone(),
                left: Arc::new(AtomicUsize::new(left)),
                room: true,
                unread: None,
            })
        };
        let definitions = whole(&looks);
        // Nothing was there before, which the run is not to go by.
        let observe = definitions.observe_assets(&"*".parse().unwrap());
        runtime().block_on(definitions.runner(&observe).record(&storage(usize::MAX)).run()).unwrap();
        let job = definitions.materialize(&"*".parse().unwrap());
        let runner = definitions.runner(&job).run_id(RUN).max_concurrent(1).record(&storage(life));
        let _ = runtime().block_on(runner.run());
        let is_over = memory.run(RUN).is_ok_and(|run| run.status.is_terminal());
        if !is_over {
            let runner = definitions.resume(&storage(usize::MAX), RUN).unwrap();
            runtime().block_on(runner.run()).unwrap();
        }
        let known = known(&memory);
        let [.., looked, count] = known.as_slice() else { panic!("interrupted after {life} commits") };
        let value = memory.asset_value(count).unwrap().expect("it is small");
        assert_eq!(value.bytes()[0] == 0, looked.found_nothing(), "{life} commits");
        assert!(known.len() >= 3 && (!is_over || known.len() == 3), "{life} commits: {}", known.len());
        if is_over {
            assert!(life >= 4, "{life} commits");
            break;
        }
    }
}
