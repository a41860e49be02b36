//! What a key of partitions stands for is part of what is made of it.

use std::sync::atomic::{AtomicBool, Ordering};

use orch_core::partition::{ByTime, Partition, Partitioning, PartitionsDefinition, TimePartitions};
use orch_core::run::Standing;

use super::*;

static LATER: AtomicBool = AtomicBool::new(false);

struct Days;

impl Partitioning for Days {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        let days = TimePartitions::daily("2024-01-01").until("2024-01-04");
        if LATER.load(Ordering::Relaxed) { days.hour(6).into() } else { days.into() }
    }
}

fn definitions() -> Definitions {
    let op = OpDef::builder("hours").input::<Partition<Days>>("day").returns::<Plain>();
    let op = op.coded([Coded::<i64>::CODEC]);
    let op: Arc<OpDef> =
        op.blocking(|mut args| Ok(args.take::<Partition<Days>>(0)?.window().start.hour().into())).into();
    let called = Arc::clone(&op);
    let def = AssetDef::builder("hours").partitioned_by::<Days>().code_version("1");
    Definitions::new().assets([Arc::new(def.made_by(&op, move |drawn| {
        Call::of(&called).input::<Partition<Days>>(drawn.partition::<Days>()).place::<Plain>();
    }))])
}

#[test]
fn a_window_of_the_same_key_by_another_cron_is_another_partition() {
    let memory = Memory::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let run = || {
        let definitions = definitions();
        let runner = definitions.runner(&definitions.materialize(&"*".parse().unwrap()));
        let runner = runner.partition("2024-01-02").max_concurrent(1).memoize().record(&storage);
        ends(&runner.keep_events().run_blocking().unwrap())
    };
    let stands = || {
        let definitions = definitions();
        let recipes = definitions.runner(&definitions.materialize(&"*".parse().unwrap())).recipes().unwrap();
        let graph = definitions.asset_graph();
        let latest = LatestFacts::read(&memory, graph).unwrap();
        let standings = Standings::of(graph, recipes, &latest, jiff::Timestamp::now());
        let hours = standings.partitions(&"hours".parse().unwrap()).unwrap();
        let index = hours.keyspace().index_of("2024-01-02").unwrap();
        hours.get(index)
    };
    assert_eq!(stands(), Standing::Missing);
    insta::assert_snapshot!(run(), @"hours[2024-01-02] made, days_partitions made");
    assert_eq!(stands(), Standing::Fresh);
    assert!(run().starts_with("hours[2024-01-02] as by run"), "it is passed over");
    LATER.store(true, Ordering::Relaxed);
    insta::assert_debug_snapshot!(stands(), @r#"
    Stale(
        Difference {
            ingredient: Partitions,
            change: Other {
                before: "0 0 * * * UTC",
                now: "0 6 * * * UTC",
            },
        },
    )
    "#);
    insta::assert_snapshot!(run(), @"hours[2024-01-02] made, days_partitions made");
    assert_eq!(stands(), Standing::Fresh);
}
