use std::sync::Arc;

use jiff::Timestamp;

use super::{RunError, runtime};
use crate::define::RunContext;
use crate::event::{Detail, Entry, Journal, RunView};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::step::Files;
use crate::storage::{Pinned, RunRecord, Storage, StorageError, WriteEvents};

/// Where a new run is recorded, and what it is made from.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) storage: Arc<dyn Storage>,
    /// The run that it names as its parent.
    pub(super) parent: Option<RunRecord>,
    pub(super) upstream: Option<Upstream>,
}

/// The run that another takes values from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upstream {
    pub(super) run: RunId,
    /// Whether it goes on from its end: what succeeded there does not run.
    pub(super) goes_on: bool,
}

/// What a run that is recorded needs of its storage.
pub(super) struct Recording {
    pub(super) journal: Recorder,
    pub(super) files: Files,
}

impl Record {
    /// Begins the record, on a thread that may block.
    pub(super) async fn begin(self, pinned: Pinned, run: &RunContext) -> Result<Recording, RunError> {
        let Self { storage, parent, upstream } = self;
        let mut pinned = pinned;
        pinned.upstream = upstream.map(|upstream| upstream.run);
        let record = RunRecord::new(run.run, &*run.job, run.tags.clone(), Timestamp::now());
        let record = parent.iter().fold(record, RunRecord::made_from);
        runtime::blocking(move || {
            let events = storage.create(&record, &pinned).map_err(RunError::storage)?;
            let files = files(&*storage, record.id).map_err(RunError::storage)?;
            Ok(Recording { journal: Recorder::new(events, record, RunView::new(Detail::Counts)), files })
        })
        .await
    }
}

/// Where the values of a run are written that are too large for its log.
pub(super) fn files(storage: &dyn Storage, run: RunId) -> Result<Files, StorageError> {
    Ok(Files { run: storage.artifacts(run)?, assets: storage.asset_files()? })
}

/// The journal of a run in a storage: its events, and its line in the list of runs.
pub(super) struct Recorder {
    events: Box<dyn WriteEvents>,
    record: RunRecord,
    view: RunView,
}

impl Recorder {
    /// Goes on from `view`, the fold of the events that are there.
    pub(super) fn new(events: Box<dyn WriteEvents>, record: RunRecord, view: RunView) -> Self {
        Self { events, record, view }
    }
}

impl Journal for Recorder {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        self.events.commit(entries)?;
        entries.iter().for_each(|entry| self.view.apply(&entry.event));
        Ok(())
    }

    fn blocks_from(&self) -> usize {
        self.events.blocks_from()
    }
}

impl Drop for Recorder {
    /// Nobody waits for the list while the run goes on: other programs write it too. If it cannot be written, whoever reads
    /// it next corrects it by the events.
    fn drop(&mut self) {
        if self.view.status() != self.record.status {
            self.record.tell(&self.view);
            let _ = self.events.update(&self.record);
        }
    }
}
