use std::io;

use orch_core::storage::{Pinned, RunRecord, StorageError};

use super::Writer;
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
    let writer = Writer::open(folder, hold, run.id)?;
    let path = writer.path();
    let json = |error: serde_json::Error| error::corrupt(path, error);
    let record = serde_json::to_string(run).map_err(json)?;
    let pinned = serde_json::to_string(pinned).map_err(json)?;
    let sql = "INSERT INTO run (record, pinned) VALUES (?1, ?2)";
    write::transaction(writer.connection(), "run.pin", |writing| writing.run(sql, (&record, &pinned)))
        .map_err(|error| error::database(path, "written", &error))?;
    let cannot = |error: io::Error| error::machine(path, "written", &error);
    write::sync_folder(&folder.run_folder(run.id), "run.sync_folder").map_err(cannot)?;
    write::sync_folder(&folder.runs_folder(), "run.sync_folder").map_err(cannot)?;
    Ok(writer)
}
