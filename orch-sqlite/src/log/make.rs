use orch_core::storage::{Pinned, RunRecord, StorageError};

use super::Writer;
use super::extent::Extent;
use crate::folder::Folder;
use crate::lock::Hold;
use crate::{error, write};

/// Makes the log of a run, with what the run was begun with.
pub(crate) fn make(
    folder: &Folder,
    hold: Hold,
    run: &RunRecord,
    pinned: &Pinned,
) -> Result<Writer, StorageError> {
    let path = super::path(&folder.run_folder(run.id));
    let json = |error: serde_json::Error| error::corrupt(&path, error);
    let record = serde_json::to_string(run).map_err(json)?;
    // A plan says nearly the same of each step: it shrinks to a fraction.
    let pinned = lz4_flex::compress_prepend_size(&serde_json::to_vec(pinned).map_err(json)?);
    let blake3 = blake3::hash(&pinned).to_hex();
    let writer = Writer::make(folder, hold, run.id, |connection| {
        let sql = "INSERT INTO run (record, pinned, blake3) VALUES (?1, ?2, ?3)";
        let pin = |writing: &write::Writing<'_>| {
            writing.run(sql, (&record, &pinned, blake3.as_str()))?;
            Extent::begin(writing)
        };
        let written = write::transaction(connection, "run.pin", pin);
        written.map_err(|error| error::database(&path, "written", &error))
    })?;
    folder.sync_runs()?;
    Ok(writer)
}
