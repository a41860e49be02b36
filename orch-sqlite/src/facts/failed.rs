//! What was to be materialized and failed, kept beside what was: told by the same logs, in the same ways.

use orch_core::asset::{AssetKey, FailedMaterialization};
use orch_core::ids::RunId;
use orch_core::storage::StorageError;
use rusqlite::{Error, OptionalExtension as _, Result, Row};

use super::status;
use crate::error;
use crate::list::{List, nanoseconds};
use crate::sum::Fact;
use crate::write::Writing;

const PUT: &str = "INSERT INTO failed (run, event, asset, partition, time, fact, sum, observed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run, event) DO NOTHING";

/// The columns, in the order in which they are read.
const COLUMNS: &str = "run, event, asset, partition, time, fact, sum, observed";

/// The latest of an asset, or of a partition of it, be they looks or not.
const LATEST: &str = "FROM failed WHERE asset = ?1 AND partition IS ?2 AND observed = ?3
    ORDER BY time DESC, run DESC, event DESC LIMIT 1";

/// Puts those that are not there yet.
pub(super) fn put(writing: &Writing<'_>, failed: &[FailedMaterialization]) -> Result<()> {
    if failed.is_empty() {
        return Ok(());
    }
    let mut put = writing.prepare(PUT)?;
    for fact in failed {
        let (failed_look, (run, json)) = (fact.observed, written(fact)?);
        let columns = columns(fact, &run, &json);
        let sum = columns.sum();
        let Fact { run, event, asset, partition, time, fact } = columns;
        put.run((run, event, asset, partition, time, fact, sum, failed_look))?;
    }
    Ok(())
}

/// Puts those that the log of a run tells after an event, and takes away what it does not tell.
pub(super) fn replace(
    writing: &Writing<'_>,
    run: RunId,
    after: u64,
    failed: &[FailedMaterialization],
) -> Result<()> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let sql = "SELECT id, event, sum, asset FROM failed WHERE run = ?1 AND event > ?2";
    let there: Vec<(i64, i64, i64, String)> = writing.read(sql, (run.to_string(), after), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    for (id, event, sum, asset) in there {
        let at = failed.binary_search_by_key(&event.unsigned_abs(), |fact| fact.event);
        if let Ok(at) = at {
            let (run, json) = written(&failed[at])?;
            if columns(&failed[at], &run, &json).sum() == sum {
                continue;
            }
        }
        writing.run("DELETE FROM failed WHERE id = ?1", [id])?;
        status::drop(writing, &asset)?;
    }
    put(writing, failed)
}

/// The texts of its run and of all that is known of it.
fn written(fact: &FailedMaterialization) -> Result<(String, String)> {
    let json = serde_json::to_string(fact);
    Ok((fact.run.to_string(), json.map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?))
}

fn columns<'a>(fact: &'a FailedMaterialization, run: &'a str, json: &'a str) -> Fact<'a> {
    Fact {
        run,
        event: i64::try_from(fact.event).unwrap_or(i64::MAX),
        asset: fact.asset.as_str(),
        partition: fact.partition.as_deref(),
        time: nanoseconds(fact.time),
        fact: json,
    }
}

/// What can be read of a row: the fact, or why it is none.
type Read = std::result::Result<FailedMaterialization, String>;

fn read(row: &Row<'_>) -> Result<Read> {
    let columns = Fact {
        run: row.get_ref(0)?.as_str()?,
        event: row.get(1)?,
        asset: row.get_ref(2)?.as_str()?,
        partition: row.get_ref(3)?.as_str_or_null()?,
        time: row.get(4)?,
        fact: row.get_ref(5)?.as_str()?,
    };
    let wrong = |why: &dyn std::fmt::Display| {
        let Fact { asset, event, run, .. } = columns;
        format!("that `{asset}` failed, by event {event} of the run {run}: {why}")
    };
    if columns.sum() != row.get::<_, i64>(6)? {
        return Ok(Err(wrong(&"it is not what was written")));
    }
    let is_look: bool = row.get(7)?;
    let fact = serde_json::from_str(columns.fact).map_err(|error| wrong(&error));
    Ok(fact.and_then(|fact: FailedMaterialization| match fact.observed == is_look {
        true => Ok(fact),
        false => Err(wrong(&"it is not what was written")),
    }))
}

impl List {
    /// The latest attempt that failed to materialize an asset, or a partition of it, or the latest look at it. Of a damaged fact
    /// `check` tells.
    pub(crate) fn latest_failure(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
        observed: bool,
    ) -> std::result::Result<Option<FailedMaterialization>, StorageError> {
        let sql = format!("SELECT {COLUMNS} {LATEST}");
        let values = (asset.as_str(), partition, observed);
        let found: Option<Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_row(values, read).optional())?;
        Ok(found.and_then(Read::ok))
    }

    /// What a run has told, in the order of its log.
    pub(crate) fn failures_of(
        &self,
        run: RunId,
    ) -> std::result::Result<Vec<FailedMaterialization>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM failed WHERE run = ?1 ORDER BY event");
        let found: Vec<Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_map([run.to_string()], read)?.collect())?;
        found.into_iter().map(|fact| fact.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What is wrong with these facts themselves.
    pub(crate) fn damaged_failures(&self) -> std::result::Result<Vec<String>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM failed ORDER BY id");
        let read: Vec<Read> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        Ok(read.into_iter().filter_map(Read::err).collect())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::schema::INSTANCE;

    #[test]
    fn the_latest_is_found_by_an_index() {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch(INSTANCE.steps[0]).expect("its tables");
        let sql = format!("EXPLAIN QUERY PLAN SELECT {COLUMNS} {LATEST}");
        let mut explain = connection.prepare(&sql).expect("a statement");
        let rows = explain.query_map(("orders", "monday", false), |row| row.get::<_, String>(3));
        let way = rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n");
        insta::assert_snapshot!(way, @r"
        SEARCH failed USING INDEX newest_failed (asset=? AND partition=?)
        USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
        ");
    }
}
