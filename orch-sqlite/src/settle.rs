//! What the list says of runs that a process has left without saying how they ended, and the facts about assets that it
//! could not put beside it.

use std::ops::ControlFlow;

use orch_core::event::{Detail, RunView};
use orch_core::ids::RunId;
use orch_core::storage::{RunRecord, StorageError};

use crate::facts::OfRun;
use crate::folder::Folder;
use crate::lock::Hold;
use crate::{error, log, write};

/// A run, and what its events say of it up to the last that was read.
struct Told {
    run: RunRecord,
    /// Of those events alone that say where it stands as a whole.
    outline: RunView,
    /// What they tell of assets.
    facts: OfRun,
    last: u64,
}

impl Told {
    fn of(run: RunRecord) -> Self {
        Self { run, outline: RunView::new(Detail::Counts), facts: OfRun::default(), last: 0 }
    }

    /// Reads the events that came after the last.
    fn read_on(&mut self, reader: &log::Reader) -> Result<(), StorageError> {
        let (outline, before) = (&mut self.outline, self.last);
        self.last = reader.outline(self.last, &mut |logged| {
            outline.apply(&logged.event);
            ControlFlow::Continue(())
        })?;
        let more = reader.facts(before, self.last)?;
        if before == 0 {
            self.facts.after = more.after;
        }
        self.facts.told.extend(more.told);
        self.facts.failed.extend(more.failed);
        self.facts.passed_over.extend(more.passed_over);
        self.facts.found.extend(more.found);
        self.facts.remembered.extend(more.remembered);
        if self.outline.status().is_terminal() {
            // Of a run that is over the list says more, and it needs all events.
            let mut view = RunView::new(Detail::Counts);
            reader.each(|event| view.apply(event))?;
            self.run.tell(&view);
        } else {
            self.run.tell(&self.outline);
        }
        Ok(())
    }
}

/// The lines that are right now, and why the list could not be written.
type Settled = (Vec<RunRecord>, Option<StorageError>);

impl Folder {
    /// Corrects what the list says of the runs that are under way by it and that nobody holds: of all, or of one. Gives
    /// the lines that are now right, whether the list could be written or not.
    pub(crate) fn settle(&self, only: Option<RunId>) -> Result<Vec<RunRecord>, StorageError> {
        self.settle_or_tell(only).map(|(corrected, _)| corrected)
    }

    /// The same, with why the list could not be written, if that is so.
    pub(crate) fn settle_or_tell(&self, only: Option<RunId>) -> Result<Settled, StorageError> {
        let left = self.left(only)?;
        if left.is_empty() { Ok((Vec::new(), None)) } else { self.correct(left) }
    }

    /// The runs that may have to be corrected. Their events are read while others write the list.
    fn left(&self, only: Option<RunId>) -> Result<Vec<Told>, StorageError> {
        let mut unsettled = self.list().unsettled()?;
        unsettled.retain(|run| only.is_none_or(|only| only == run.id));
        if unsettled.is_empty() {
            return Ok(Vec::new());
        }
        unsettled.retain(|run| matches!(Hold::of(&self.run_folder(run.id)), Ok(None)));
        let told = unsettled.into_iter().filter_map(|run| {
            // Of one that is damaged the list says what it did before; `check` tells of the damage.
            let reader = self.reader(run.id).ok()?;
            let mut told = Told::of(run);
            told.read_on(&reader).ok().map(|()| told)
        });
        Ok(told.collect())
    }

    /// Puts right what the list says of these. Each may have been taken up again, or removed, since it was read, and
    /// then the list says more of it; or taken up and left again, and then it has further events.
    fn correct(&self, left: Vec<Told>) -> Result<Settled, StorageError> {
        let mut list = match self.list().look()? {
            Ok(list) => list,
            // Another process keeps the list, and is told already. Whoever looks sees what the runs say.
            Err(kept) => return Ok((left.into_iter().map(|told| told.run).collect(), Some(kept))),
        };
        let (mut corrected, mut refused) = (Vec::new(), None);
        for mut told in left {
            let folder = self.run_folder(told.run.id);
            let free = matches!(Hold::of(&folder), Ok(None));
            if !free || !list.is_unsettled(told.run.id)? {
                continue;
            }
            // While the list is locked nobody takes hold of it, so these are all.
            let Ok(Some(reader)) = log::Reader::open(told.run.id, &folder) else { continue };
            if told.read_on(&reader).is_ok() {
                // What the list says lasts; so must what it is told by, which may not be on the disk yet.
                let path = log::path(&folder);
                let lasts = write::sync_left(&path, "settle.log")
                    .map_err(|error| error::machine(&path, "written", &error));
                let settled = lasts.and_then(|()| list.settle(&told.run, true, &told.facts));
                // A list that cannot be written is right to whoever reads it by way of this.
                refused = settled.err().or(refused);
                corrected.push(told.run);
            }
        }
        Ok((corrected, refused))
    }
}

#[cfg(test)]
mod tests;
