//! Backfills: each has a folder with what it was launched with, what was marked since, and the file by which it is held.
//!
//! They are files and no rows, since nothing else tells of them: a list that is lost is made anew of the runs. What is
//! marked is written while the list is locked, and so is a run of a backfill put into it, so that none is after a cancel.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{fs, io};

use orch_core::ids::BackfillId;
use orch_core::storage::{
    BackfillMark, BackfillMarks, BackfillRecord, HoldBackfill, Holder, ReadBackfills, RunRecord,
    StorageError, StorageErrorKind, WriteBackfills,
};

use crate::folder::Folder;
use crate::list::Locked;
use crate::lock::Hold;
use crate::{error, write};

/// The folder of backfills, within the home.
pub(crate) const BACKFILLS: &str = "backfills";

const RECORD: &str = "backfill.json";
const MARKS: &str = "marks.json";

impl HoldBackfill for Hold {}

impl ReadBackfills for Folder {
    fn backfills(&self) -> Result<Vec<BackfillRecord>, StorageError> {
        let mut backfills = Vec::new();
        for backfill in self.backfills_there()? {
            match self.backfill(backfill) {
                Ok(record) => backfills.push(record),
                // One that is being made, or was swept away.
                Err(error) if *error.kind() == StorageErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        backfills.sort_by_key(|backfill| std::cmp::Reverse((backfill.created, backfill.id)));
        Ok(backfills)
    }

    fn backfill(&self, backfill: BackfillId) -> Result<BackfillRecord, StorageError> {
        let mut record: BackfillRecord =
            read(&self.backfill_folder(backfill).join(RECORD), |json| serde_json::from_slice(json))?
                .ok_or_else(|| StorageError::no_backfill(backfill))?;
        record.marks = self.marks(backfill)?;
        Ok(record)
    }

    fn backfill_marks(&self, backfill: BackfillId) -> Result<BackfillMarks, StorageError> {
        self.has_backfill(backfill)?;
        self.marks(backfill)
    }

    fn backfill_holder(&self, backfill: BackfillId) -> Result<Option<Holder>, StorageError> {
        self.has_backfill(backfill)?;
        Hold::of(&self.backfill_folder(backfill))
    }
}

impl WriteBackfills for Folder {
    fn create_backfill(&self, backfill: &BackfillRecord) -> Result<Box<dyn HoldBackfill>, StorageError> {
        let folder = self.backfill_folder(backfill.id);
        let list = self.list().lock()?;
        if folder.join(RECORD).exists() {
            return Err(StorageError::backfill_exists(backfill.id));
        }
        let inner = Path::new(BACKFILLS).join(backfill.id.to_string());
        write::folders(self.path(), &inner, "backfill.folder")
            .map_err(|error| error::machine(&folder, "made", &error))?;
        // Held before it is one, so that nobody sweeps it away meanwhile.
        let hold = hold(&list, backfill.id, &folder)?;
        put(&folder.join(RECORD), serde_json::to_vec(backfill), "backfill.write")?;
        Ok(Box::new(hold))
    }

    fn hold_backfill(&self, backfill: BackfillId) -> Result<Box<dyn HoldBackfill>, StorageError> {
        let list = self.list().lock()?;
        self.has_backfill(backfill)?;
        Ok(Box::new(hold(&list, backfill, &self.backfill_folder(backfill))?))
    }

    fn mark_backfill(
        &self,
        backfill: BackfillId,
        mark: BackfillMark,
    ) -> Result<BackfillRecord, StorageError> {
        let _list = self.list().lock()?;
        let mut record = self.backfill(backfill)?;
        record.marks.mark(backfill, mark)?;
        put(&self.backfill_folder(backfill).join(MARKS), serde_json::to_vec(&record.marks), "backfill.mark")?;
        Ok(record)
    }
}

impl Folder {
    pub(crate) fn backfill_folder(&self, backfill: BackfillId) -> PathBuf {
        self.path().join(BACKFILLS).join(backfill.to_string())
    }

    /// Those that have a folder.
    pub(crate) fn backfills_there(&self) -> Result<Vec<BackfillId>, StorageError> {
        let folder = self.path().join(BACKFILLS);
        let cannot = |error: io::Error| error::machine(&folder, "read", &error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(cannot)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(cannot)?.file_name();
            found.extend(name.to_str().and_then(|name| name.parse::<BackfillId>().ok()));
        }
        Ok(found)
    }

    /// Whether the run may be put into the list, if it is of a backfill.
    pub(crate) fn admit(&self, _list: &Locked<'_>, run: &RunRecord) -> Result<(), StorageError> {
        let Some((backfill, _)) = run.unit() else { return Ok(()) };
        self.has_backfill(backfill)?;
        self.marks(backfill)?.admits(backfill)
    }

    pub(crate) fn has_backfill(&self, backfill: BackfillId) -> Result<(), StorageError> {
        match self.backfill_folder(backfill).join(RECORD).exists() {
            true => Ok(()),
            false => Err(StorageError::no_backfill(backfill)),
        }
    }

    fn marks(&self, backfill: BackfillId) -> Result<BackfillMarks, StorageError> {
        let path = self.backfill_folder(backfill).join(MARKS);
        Ok(read(&path, |json| serde_json::from_slice(json))?.unwrap_or_default())
    }
}

fn hold(list: &Locked<'_>, backfill: BackfillId, folder: &Path) -> Result<Hold, StorageError> {
    Hold::take(list, folder, |holder| StorageError::backfill_held(backfill, holder))
}

/// What a file says; none if there is none.
fn read<T>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> serde_json::Result<T>,
) -> Result<Option<T>, StorageError> {
    match fs::read(path) {
        Ok(json) => parse(&json).map(Some).map_err(|error| error::corrupt(path, error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error::machine(path, "read", &error)),
    }
}

fn put(path: &Path, json: serde_json::Result<Vec<u8>>, name: &str) -> Result<(), StorageError> {
    let written = write::whole(path, name, |out| Ok(out.write_all(&json?)?));
    written.map_err(|failure| StorageError::new(StorageErrorKind::Machine, failure.to_string()))
}
