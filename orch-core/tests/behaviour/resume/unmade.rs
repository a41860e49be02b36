//! Runs in which something cannot be read are interrupted at any commit: that an asset was not made for it is told once.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use orch_core::event::EventKind;
use orch_core::failure::Result;
use orch_core::graph::AssetDef;
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};

use super::*;

const RUN: RunId = RunId::from_u128(1);

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-04").into()
    }
}

/// Where others put a number for each day but the second.
struct Others;

impl IoManager<i64> for Others {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Err(Failure::new("others put it there"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        let day = at.asset.and_then(|asset| asset.partition).map_or("", |day| day.key());
        if day.ends_with("02") { Err(Failure::new("there is none")) } else { Ok(1) }
    }
}

fn foreign() -> &'static Arc<AssetDef> {
    static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
    ASSET.get_or_init(|| {
        let foreign = AssetDef::builder("foreign").io("others").partitioned_by::<Daily>();
        foreign.external::<i64>(Coded::<i64>::CODEC).into()
    })
}

/// Days of which each number is taken.
fn definitions() -> Definitions {
    let op = pass("taken");
    let taken = AssetDef::builder("taken").partitioned_by::<Daily>().takes_made(foreign());
    let taken =
        taken.drawn::<i64>(Coded::<i64>::CODEC, move |drawn| call(&op, &[drawn.of_made::<i64>(foreign())]));
    Definitions::new().assets([Arc::clone(foreign()), taken.into()]).io::<i64>("others", Others)
}

/// The days of which the log of the run tells that they were not made.
fn unmade(memory: &Memory) -> Vec<String> {
    let mut unmade = Vec::new();
    let mut add = |kind: &EventKind| {
        if let EventKind::AssetFailedToMaterialize { partition, .. } = kind {
            unmade.push(partition.as_deref().unwrap_or_default().to_owned());
        }
    };
    let log = memory.events(RUN).unwrap();
    log.events(0, false, &mut |logged| {
        add(&logged.event.kind);
        ControlFlow::Continue(())
    })
    .unwrap();
    unmade
}

#[test]
fn that_a_day_was_not_made_is_told_once() {
    for life in 0.. {
        let memory = Memory::new();
        let storage = |left| -> Arc<dyn Storage> {
            let left = Arc::new(AtomicUsize::new(left));
            Arc::new(Mortal { memory: memory.clone(), left, room: true, unread: None })
        };
        let definitions = definitions();
        let job = definitions.materialize(&"taken".parse().unwrap());
        let runner = definitions.runner(&job).run_id(RUN).max_concurrent(1).partition("*");
        let _ = runtime().block_on(runner.record(&storage(life)).run());
        let is_over = memory.run(RUN).is_ok_and(|run| run.status.is_terminal());
        if !is_over {
            let resumed = definitions.resume(&storage(usize::MAX), RUN).unwrap();
            let _ = runtime().block_on(resumed.run());
        }
        assert_eq!(unmade(&memory), ["2024-01-02"], "interrupted after {life} commits");
        if is_over {
            assert!(life >= 6, "{life} commits");
            break;
        }
    }
}
