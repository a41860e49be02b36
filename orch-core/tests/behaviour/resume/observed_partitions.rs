//! Runs that observe partitions of what others make are interrupted at any commit: which were observed are not observed again, and
//! what is made is made of what was found of that very partition.

use std::sync::OnceLock;

use orch_core::asset::DataVersion;
use orch_core::graph::{AssetDef, ObservationDef};
use orch_core::partition::{
    ByTime, Partition, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions,
};

use super::*;

const RUN: RunId = RunId::from_u128(1);

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-04").into()
    }
}

fn foreign() -> &'static Arc<AssetDef> {
    static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
    ASSET.get_or_init(|| {
        AssetDef::builder("foreign").partitioned_by::<Daily>().external::<i64>(Coded::<i64>::CODEC).into()
    })
}

/// What others make, of which each look finds a later version, and a number for each day that is made when that day was looked at;
/// if `apart`, when the day before was looked at too, and so in another map than these looks.
fn definitions(looks: &Arc<AtomicUsize>, apart: bool) -> Definitions {
    let op = give("next", || Ok(2));
    let next = AssetDef::builder("next").code_version("1").partitioned_by::<Daily>().after(foreign);
    let next = match apart {
        true => next.mapped(PartitionMapping::time_window(-1, 0).allow_missing()),
        false => next,
    };
    let next = next.drawn::<i64>(Coded::<i64>::CODEC, move |_| call(&op, &[]));
    let looks = Arc::clone(looks);
    let seen = ObservationDef::builder_of(foreign(), "seen").looks_at(move |day: &Partition<Daily>, _| {
        DataVersion::new(format!("{} {}", day.key(), looks.fetch_add(1, Ordering::Relaxed)))
    });
    Definitions::new().assets([Arc::clone(foreign()), next.into()]).observations([seen])
}

/// What is known: which versions were observed, and of which the numbers were made.
fn known(memory: &Memory) -> Vec<String> {
    let facts = memory.materializations(&MaterializationQuery::default()).unwrap();
    let told = facts.iter().rev().map(|fact| {
        let (asset, partition) = (&fact.asset, fact.partition.as_deref().unwrap_or_default());
        match fact.inputs.first().and_then(|input| input.data_version.as_deref()) {
            Some(input) => format!("{asset}[{partition}] of {input}"),
            None => format!("{asset}[{partition}] {:?}", fact.data_version),
        }
    });
    told.collect()
}

/// What is known at the end of a run of two days that was interrupted after any number of commits, if it comes to an end at all.
fn interrupted(apart: bool) -> Vec<String> {
    let storage = |memory: &Memory, left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    for life in 0.. {
        let (memory, looks) = (Memory::new(), Arc::new(AtomicUsize::new(0)));
        let definitions = definitions(&looks, apart);
        let begun = storage(&memory, life);
        let job = definitions.materialize(&"*".parse().unwrap());
        let runner = definitions.runner(&job).run_id(RUN).max_concurrent(1).record(&begun);
        let runner = runner.partition("2024-01-02..2024-01-03");
        let _ = runtime().block_on(runner.run());
        let is_over = memory.run(RUN).is_ok_and(|run| run.status.is_terminal());
        let before = known(&memory);
        if !is_over {
            let runner = definitions.resume(&storage(&memory, usize::MAX), RUN).unwrap();
            runtime().block_on(runner.run()).unwrap();
        }
        let after = known(&memory);
        assert_eq!(after[..before.len()], before, "what was known stays, interrupted after {life} commits");
        let of = |asset: &str| after.iter().filter(|told| told.starts_with(asset)).count();
        assert_eq!((of("foreign"), of("next")), (if apart { 3 } else { 2 }, 2), "{life} commits: {after:?}");
        if !apart {
            for day in ["2024-01-02", "2024-01-03"] {
                let latest = MaterializationQuery::latest(foreign().key());
                let latest = MaterializationQuery { partition: Some(day.to_owned()), ..latest };
                let version = memory.materializations(&latest).unwrap()[0].data_version.clone().unwrap();
                assert!(after.contains(&format!("next[{day}] of {version}")), "{after:?}");
            }
        }
        if is_over {
            assert!(life >= 6, "{life} commits");
            return after;
        }
    }
    unreachable!("it comes to its end")
}

#[test]
fn partitions_that_were_observed_are_not_observed_again() {
    insta::assert_debug_snapshot!(interrupted(false), @r#"
    [
        "foreign[2024-01-02] Some(\"2024-01-02 0\")",
        "next[2024-01-02] of 2024-01-02 0",
        "foreign[2024-01-03] Some(\"2024-01-03 1\")",
        "next[2024-01-03] of 2024-01-03 1",
    ]
    "#);
    insta::assert_debug_snapshot!(interrupted(true), @r#"
    [
        "foreign[2024-01-01] Some(\"2024-01-01 0\")",
        "foreign[2024-01-02] Some(\"2024-01-02 1\")",
        "foreign[2024-01-03] Some(\"2024-01-03 2\")",
        "next[2024-01-02] of 81ce7e37e9d05759964fa7b71663ccca60f79115da4c57a57ad77c627d7a3a85",
        "next[2024-01-03] of 678a58682d631d1a8c338bdfaa1d164546719f91900a454465c1c3f3df62e0cd",
    ]
    "#);
}
