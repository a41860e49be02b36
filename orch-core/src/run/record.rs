use std::sync::Arc;

use jiff::Timestamp;

use super::RunError;
use crate::define::RunContext;
use crate::event::{Detail, Entry, Journal, RunView};
use crate::failure::Failure;
use crate::io::Artifacts;
use crate::storage::{Made, Pinned, RunRecord, Storage, WriteEvents};

/// Where a run is recorded, and as what.
#[derive(Clone, Debug)]
pub(super) enum Record {
    /// As a run of its own; one that was made from another names it.
    New { storage: Arc<dyn Storage>, parent: Option<RunRecord> },
}

/// What a run that is recorded needs of its storage.
pub(super) struct Recording {
    pub(super) journal: Recorder,
    pub(super) artifacts: Arc<dyn Artifacts>,
}

impl Record {
    /// Begins the record, on a thread that may block.
    pub(super) async fn begin(self, pinned: Pinned, run: &RunContext) -> Result<Recording, RunError> {
        let Self::New { storage, parent } = self;
        let record = RunRecord::new(run.run, &*run.job, run.tags.clone(), Timestamp::now());
        let record = parent.iter().fold(record, RunRecord::made_from);
        let begun = tokio::task::spawn_blocking(move || {
            let events = storage.create(&record, &pinned)?;
            let artifacts = storage.artifacts(record.id)?;
            Ok(Recording { journal: Recorder::new(events, record, RunView::new(Detail::Counts)), artifacts })
        });
        match begun.await {
            Ok(begun) => begun.map_err(RunError::storage),
            Err(error) => Err(RunError::runtime(std::io::Error::other(error))),
        }
    }
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
        if self.view.status() != self.record.status {
            self.record.tell(&self.view);
            // The list is corrected by the events if it cannot be written now.
            if let Err(failure) = self.events.update(&self.record) {
                tracing::warn!("the list of runs cannot be written: {failure}");
            }
        }
        Ok(())
    }

    fn blocks(&self) -> bool {
        self.events.blocks()
    }
}

/// This program, as far as it can be told.
pub(super) fn this_program() -> Made {
    let mut made = Made::default();
    made.orch = env!("CARGO_PKG_VERSION").to_owned();
    if let Ok(path) = std::env::current_exe() {
        made.build = std::fs::metadata(&path).ok().and_then(|metadata| {
            let changed = Timestamp::try_from(metadata.modified().ok()?).ok()?;
            Some(format!("{} bytes, {changed}", metadata.len()))
        });
        made.executable = Some(path.display().to_string());
    }
    made
}
