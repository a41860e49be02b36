use orch_core::storage::RunRecord;
use rusqlite::{Result, Row};

use crate::sum::Sum;

/// The columns of a line, in the order in which they are read.
pub(super) const COLUMNS: &str = "id, job, status, created, record, sum";

/// The columns of a line that its sum is made of.
pub(super) struct Columns<'a> {
    pub(super) id: &'a str,
    pub(super) job: &'a str,
    pub(super) status: &'a str,
    pub(super) created: i64,
    pub(super) record: &'a str,
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get_ref(0)?.as_str()?,
            job: row.get_ref(1)?.as_str()?,
            status: row.get_ref(2)?.as_str()?,
            created: row.get(3)?,
            record: row.get_ref(4)?.as_str()?,
        })
    }

    pub(super) fn sum(&self) -> i64 {
        Sum::of(self.created)
            .bytes(Some(self.id.as_bytes()))
            .bytes(Some(self.job.as_bytes()))
            .bytes(Some(self.status.as_bytes()))
            .bytes(Some(self.record.as_bytes()))
            .short()
    }
}

/// What can be read of a line: the run, or why it is none.
pub(super) type Read = std::result::Result<RunRecord, String>;

pub(super) fn read(row: &Row<'_>) -> Result<Read> {
    // A column that is no text any more has changed as well as one that is another.
    let columns = match Columns::of(row) {
        Ok(columns) => columns,
        Err(error) => return Ok(Err(format!("what the list says of a run: {error}"))),
    };
    let wrong = |why: &dyn std::fmt::Display| format!("what the list says of the run {}: {why}", columns.id);
    if row.get(5) != Ok(columns.sum()) {
        return Ok(Err(wrong(&"it is not what was written")));
    }
    Ok(serde_json::from_str(columns.record).map_err(|error| wrong(&error)))
}
