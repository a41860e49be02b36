//! The ports of a storage.

use std::sync::Arc;

use orch_core::event::{Detail, Event, RunView};
use orch_core::ids::RunId;
use orch_core::storage::{
    Artifacts, Holder, Pinned, ReadEvents, ReadRuns, RunQuery, RunRecord, StorageError, Watch, WriteEvents,
    WriteRuns,
};

use crate::files::Files;
use crate::folder::{Folder, GONE};
use crate::lock::Hold;
use crate::{error, log, watch, write};

impl ReadRuns for Folder {
    fn describe(&self) -> String {
        format!("`{}`, durability {}", self.path().display(), self.durability())
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError> {
        let corrected = self.settle(None)?;
        let mut runs = self.list().runs(query)?;
        if !corrected.is_empty() {
            replace(&mut runs, &corrected);
            runs.retain(|run| query.matches(run));
        }
        Ok(runs)
    }

    fn run(&self, run: RunId) -> Result<RunRecord, StorageError> {
        let mut runs = vec![self.list().run(run)?];
        if !runs[0].status.is_terminal() {
            let corrected = self.settle(Some(run))?;
            runs = vec![self.list().run(run)?];
            replace(&mut runs, &corrected);
        }
        runs.pop().ok_or_else(|| StorageError::no_run(run))
    }

    fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError> {
        let corrected = self.settle(None)?;
        let mut runs = self.list().begin_with(prefix, limit)?;
        replace(&mut runs, &corrected);
        Ok(runs)
    }

    fn pinned(&self, run: RunId) -> Result<Pinned, StorageError> {
        self.list().run(run)?;
        self.reader(run)?.pinned()
    }

    fn holder(&self, run: RunId) -> Result<Option<Holder>, StorageError> {
        self.list().run(run)?;
        Hold::of(&self.list().lock()?, &self.run_folder(run))
    }

    fn events(&self, run: RunId) -> Result<Box<dyn ReadEvents>, StorageError> {
        self.list().run(run)?;
        Ok(Box::new(self.reader(run)?))
    }

    fn watch(&self, run: RunId) -> Result<Box<dyn Watch>, StorageError> {
        self.list().run(run)?;
        Ok(watch::watch(&self.run_folder(run)))
    }

    fn artifacts(&self, run: RunId) -> Result<Arc<dyn Artifacts>, StorageError> {
        self.list().run(run)?;
        Ok(Arc::new(Files::of(&self.run_folder(run))))
    }
}

impl WriteRuns for Folder {
    fn create(&self, run: &RunRecord, pinned: &Pinned) -> Result<Box<dyn WriteEvents>, StorageError> {
        let folder = self.run_folder(run.id);
        // The line of the list comes last: until then whatever is there is no run, and nobody's once its maker is gone.
        let hold = {
            let list = self.list().lock()?;
            if list.has(run.id)? {
                return Err(StorageError::exists(run.id));
            }
            let cannot = |error: std::io::Error| error::machine(&folder, "made", &error);
            if !write::folder(&folder, "run.folder").map_err(cannot)? {
                if let Some(holder) = Hold::of(&list, &folder)? {
                    return Err(StorageError::held(run.id, holder));
                }
                write::remove_folder(&folder, "run.sweep").map_err(cannot)?;
                write::folder(&folder, "run.folder").map_err(cannot)?;
            }
            Hold::take(&list, run.id, &folder)?
        };
        let made = log::make(self, hold, run, pinned).and_then(|writer| {
            self.list().lock()?.put(run, false)?;
            Ok(writer)
        });
        if made.is_err() {
            // If this fails too, it is swept away later.
            let _ = write::remove_folder(&folder, "run.sweep");
        }
        Ok(Box::new(made?))
    }

    fn reopen(&self, run: RunId) -> Result<Box<dyn WriteEvents>, StorageError> {
        let hold = {
            let list = self.list().lock()?;
            if !list.has(run)? {
                return Err(StorageError::no_run(run));
            }
            let hold = Hold::take(&list, run, &self.run_folder(run))?;
            list.unsettle(run)?;
            hold
        };
        Ok(Box::new(log::Writer::open(self, hold, run)?))
    }

    fn remove(&self, run: RunId) -> Result<(), StorageError> {
        let folder = self.run_folder(run);
        let gone = folder.with_extension(GONE);
        {
            let list = self.list().lock()?;
            if !list.has(run)? {
                return Err(StorageError::no_run(run));
            }
            if let Some(holder) = Hold::of(&list, &folder)? {
                return Err(StorageError::held(run, holder));
            }
            // Under its new name it is no run, whatever becomes of this process.
            match write::rename(&folder, &gone, "run.rename") {
                // Of a run that has lost its folder there is only the line in the list.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                renamed => renamed.map_err(|error| error::machine(&folder, "removed", &error))?,
            }
            list.delete(run)?;
        }
        match write::remove_folder(&gone, "run.remove") {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error::machine(&gone, "removed", &error))
            }
            _ => Ok(()),
        }
    }
}

impl Folder {
    /// Corrects what the list says of the runs that are under way by it and that nobody holds: of all, or of one. Gives
    /// the lines that are now right, whether the list could be written or not.
    fn settle(&self, only: Option<RunId>) -> Result<Vec<RunRecord>, StorageError> {
        let mut unsettled = self.list().unsettled()?;
        unsettled.retain(|run| only.is_none_or(|only| only == run.id));
        if unsettled.is_empty() {
            return Ok(unsettled);
        }
        {
            let list = self.list().lock()?;
            let free = |run: &RunRecord| matches!(Hold::of(&list, &self.run_folder(run.id)), Ok(None));
            unsettled.retain(free);
        }
        // Of one that is damaged the list says what it did before; `check` tells of the damage.
        unsettled.retain_mut(|run| self.tell(run).is_ok());
        let list = self.list().lock()?;
        for run in &unsettled {
            let free = matches!(Hold::of(&list, &self.run_folder(run.id)), Ok(None));
            // It may have been taken up again, or removed, in the meantime. A list that cannot be written is right to
            // whoever reads it by way of this.
            if free && list.is_unsettled(run.id)? {
                let _ = list.put(run, true);
            }
        }
        Ok(unsettled)
    }

    /// Says of the run what its events say.
    fn tell(&self, run: &mut RunRecord) -> Result<(), StorageError> {
        let mut view = RunView::new(Detail::Counts);
        self.reader(run.id)?.each(|event: &Event| view.apply(event))?;
        run.tell(&view);
        Ok(())
    }
}

fn replace(runs: &mut [RunRecord], corrected: &[RunRecord]) {
    for run in runs {
        if let Some(corrected) = corrected.iter().find(|corrected| corrected.id == run.id) {
            run.clone_from(corrected);
        }
    }
}
