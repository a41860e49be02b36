//! What others make, observed in a process of its own.

use orch::event::EventKind;
use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

#[external_asset(io = "shelf")]
pub(crate) fn foreign() -> i64;

/// Says which version there is, and in which process it has looked.
#[asset_observation(asset = foreign, isolate)]
pub(crate) fn seen(context: Context) -> DataVersion {
    context.add_metadata("process", std::process::id());
    DataVersion::new("v3")
}

pub(crate) fn an_observation_looks_in_a_process_of_its_own() {
    let definitions = crate::ops::definitions();
    let job = definitions.observe_assets(&"foreign".parse().expect("a selection"));
    let run = definitions.runner(&job).keep_events().run_blocking().expect("it succeeds");
    let told = run.events().iter().find_map(|event| match &event.kind {
        EventKind::AssetObservation { metadata, data_version, .. } => Some((metadata, data_version)),
        _ => None,
    });
    let (metadata, version) = told.expect("it is told");
    assert_ne!(metadata["process"].number(), Some(f64::from(std::process::id())));
    assert_eq!(version.as_deref(), Some("v3"));
}

pub(crate) struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[external_asset(partitions = Daily, io = "shelf")]
pub(crate) fn foreign_days() -> i64;

/// Says which version there is of a day, if there is one, and in which process it has looked.
#[asset_observation(asset = foreign_days, isolate)]
pub(crate) fn seen_of_day(day: &Partition<Daily>, context: Context) -> Option<DataVersion> {
    context.add_metadata("process", std::process::id());
    let day = day.window().start.day();
    (day < 4).then(|| DataVersion::new(format!("v{day}")))
}

pub(crate) fn a_process_looks_at_a_partition() {
    let definitions = crate::ops::definitions();
    let job = definitions.observe_assets(&"foreign_days".parse().expect("a selection"));
    let runner = definitions.runner(&job).partition("2024-01-02..2024-01-04").keep_events();
    let run = runner.max_concurrent(1).run_blocking().expect("it succeeds");
    let told = run.events().iter().filter_map(|event| match &event.kind {
        EventKind::AssetObservation { partition, metadata, data_version, .. } => {
            assert_ne!(metadata["process"].number(), Some(f64::from(std::process::id())));
            let found = data_version.as_deref().unwrap_or("nothing");
            Some(format!("{} {found}", partition.as_deref().unwrap_or_default()))
        }
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["2024-01-02 v2", "2024-01-03 v3", "2024-01-04 nothing"]);
}
