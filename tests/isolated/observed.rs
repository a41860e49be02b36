//! What others make, observed in a process of its own.

use orch::event::EventKind;
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
    assert_eq!(&**version, "v3");
}
