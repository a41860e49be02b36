use orch_core::asset::AssetKey;
use orch_core::graph::AssetGraph;
use orch_core::partition::{KeySets, Keyspace, PartitionSet};
use orch_core::report::{self, ShownPartitions};
use orch_core::run::InProgress;
use orch_core::storage::{PartitionStatus, Storage};

use super::super::Exit;
use super::super::args::{AssetPartitionsArgs, PartitionIs};
use super::super::home::{self, Around};
use super::super::printer::Printer;
use super::find;

/// Which partitions of an asset are materialized, observed, in progress, failed or missing, from what is kept of all of them together and the
/// runs under way.
pub(super) fn show(
    args: &AssetPartitionsArgs,
    graph: &AssetGraph,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let storage = home::perhaps(&args.home, around, printer)?;
    let key = find(&args.key, graph, &[], printer)?;
    let number = graph.number(key);
    let Some(definition) = number.and_then(|number| graph.assets()[number].partitions()) else {
        printer.error(&format!("`{key}` has no partitions"), Some("`assets show` shows it as a whole"));
        return Err(Exit::Usage);
    };
    let sets = storage.as_ref().map_or_else(|| Ok(KeySets::new()), |storage| storage.key_sets());
    let sets = sets.map_err(|error| home::refused(&error, printer))?;
    let keyspace = definition.resolve(&sets).map_err(|error| {
        printer.error(&format!("of `{key}`: {}", error.message()), error.advice());
        Exit::Usage
    })?;
    let in_progress = in_progress(storage.as_deref(), printer).partitions(key, &keyspace);
    let status = status(storage.as_deref(), (key, graph), &keyspace, printer)?;
    let shown = ShownPartitions::of(key, &keyspace, &status, &in_progress, (around.now)());
    let Some(state) = args.state else {
        printer.data(&match args.json {
            true => format!("{:#}\n", report::asset_partitions_as_json(&shown)),
            false => report::asset_partitions(&shown, printer.data_palette()),
        });
        return Ok(());
    };
    let (selected, what) = match state {
        PartitionIs::Materialized => (shown.materialized(), "is materialized"),
        PartitionIs::Observed => (shown.observed(), "was observed alone"),
        PartitionIs::InProgress => (shown.in_progress(), "is in progress"),
        PartitionIs::Failed => (shown.failed(), "failed"),
        PartitionIs::Missing => (shown.missing(), "is missing"),
    };
    match selected.is_empty() {
        true => printer.note(&format!("no partition of `{key}` {what}\n")),
        false => printer.data(&format!("{selected}\n")),
    }
    Ok(())
}

/// Which partitions of an asset are materialized, which failed, and which were observed; none where nothing is recorded yet. That
/// others have observed what the program makes, or could not, says nothing of it. What it does not make has failed if the last look has.
pub(super) fn status(
    storage: Option<&dyn Storage>,
    (key, graph): (&AssetKey, &AssetGraph),
    partitions: &Keyspace,
    printer: &Printer,
) -> Result<PartitionStatus, Exit> {
    let status = storage
        .map_or_else(|| Ok(PartitionStatus::default()), |storage| storage.partition_status(key, partitions));
    let mut status = status.map_err(|error| home::refused(&error, printer))?;
    let unseen = std::mem::take(&mut status.unseen);
    match graph.number(key).is_some_and(|number| !graph.assets()[number].is_external()) {
        true => status.observed = PartitionSet::new(),
        false => status.failed |= &unseen,
    }
    Ok(status)
}

/// What runs under way are to make; nothing where nothing is recorded yet. It is asked for before the status, so that what is made
/// meanwhile is in one of both. Where it cannot be read, nobody knows; the rest is told.
pub(super) fn in_progress(storage: Option<&dyn Storage>, printer: &Printer) -> InProgress {
    let found =
        storage.map_or_else(|| Ok(InProgress::default()), |storage| InProgress::read(storage, storage));
    found.unwrap_or_else(|error| {
        printer.warning(&format!("what is in progress is not known here: {error}"), error.advice());
        InProgress::default()
    })
}
