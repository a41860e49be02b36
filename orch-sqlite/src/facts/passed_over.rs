//! What runs have passed over, since it was as it would be made: told by the same logs as what was materialized, in the same ways.
//!
//! Some runs pass over nearly all that they look at, each time. So what a removed run has passed over goes with it, but for what
//! nobody has passed over since.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use orch_core::asset::{AssetKey, PassedOver};
use orch_core::ids::RunId;
use orch_core::storage::StorageError;
use rusqlite::{OptionalExtension as _, Result, Row};

use super::status;
use crate::error;
use crate::list::{List, nanoseconds};
use crate::sum::Fact;
use crate::write::Writing;

const PUT: &str = "INSERT INTO passed_over (run, event, asset, partition, time, sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (run, event, asset) DO NOTHING";

/// The columns, in the order in which they are read.
const COLUMNS: &str = "run, event, asset, partition, time, sum";

/// The latest of an asset, or of a partition of it.
const LATEST: &str =
    "FROM passed_over WHERE asset = ?1 AND partition IS ?2 ORDER BY time DESC, run DESC, event DESC LIMIT 1";

/// Takes away, of what runs have passed over that were removed before, what this one has passed over too and is not the latest: of each
/// partition there is but one.
const LEAVE_ALONE: &str = "DELETE FROM passed_over AS old
    WHERE id IN (SELECT other.id FROM passed_over AS own JOIN passed_over AS other INDEXED BY passed_over_alone
        ON other.alone = 1 AND other.asset = own.asset AND other.partition IS own.partition WHERE own.run = ?1)
    AND EXISTS (SELECT 1 FROM passed_over AS new WHERE new.asset = old.asset AND new.partition IS old.partition
        AND new.time >= old.time AND (new.time, new.run, new.event) > (old.time, old.run, old.event))";

/// Takes away what a run has passed over and is not the latest.
const LEAVE_OWN: &str = "DELETE FROM passed_over AS old WHERE run = ?1
    AND EXISTS (SELECT 1 FROM passed_over AS new WHERE new.asset = old.asset AND new.partition IS old.partition
        AND new.time >= old.time AND (new.time, new.run, new.event) > (old.time, old.run, old.event))";

const MARK: &str = "UPDATE passed_over SET alone = 1 WHERE run = ?1";

/// Puts those that are not there yet.
pub(super) fn put(writing: &Writing<'_>, passed_over: &[PassedOver]) -> Result<()> {
    if passed_over.is_empty() {
        return Ok(());
    }
    let mut put = writing.prepare(PUT)?;
    for fact in passed_over {
        let run = fact.run.to_string();
        let columns = columns(fact, &run);
        let sum = columns.sum();
        let Fact { run, event, asset, partition, time, .. } = columns;
        put.run((run, event, asset, partition, time, sum))?;
    }
    Ok(())
}

/// Puts those that the log of a run tells after an event, and takes away what it does not tell.
pub(super) fn replace(
    writing: &Writing<'_>,
    run: RunId,
    after: u64,
    passed_over: &[PassedOver],
) -> Result<()> {
    let run = run.to_string();
    let columns = passed_over.iter().map(|fact| columns(fact, &run));
    let told: HashSet<_> = columns.map(|of| (of.event, of.asset.to_owned(), of.sum())).collect();
    let sql = "SELECT id, event, asset, sum FROM passed_over WHERE run = ?1 AND event > ?2";
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let there: Vec<(i64, (i64, String, i64))> =
        writing.read(sql, (&run, after), |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
    let mut gone = BTreeSet::new();
    for (id, fact) in there.into_iter().filter(|(_, fact)| !told.contains(fact)) {
        writing.run("DELETE FROM passed_over WHERE id = ?1", [id])?;
        gone.insert(fact.1);
    }
    gone.iter().try_for_each(|asset| status::drop(writing, asset))?;
    put(writing, passed_over)
}

/// Takes away what need not be known any more when a run is removed.
pub(super) fn leave(writing: &Writing<'_>, run: &str) -> Result<()> {
    [LEAVE_ALONE, LEAVE_OWN, MARK].into_iter().try_for_each(|sql| writing.run(sql, [run]).map(drop))
}

fn columns<'a>(fact: &'a PassedOver, run: &'a str) -> Fact<'a> {
    Fact {
        run,
        event: i64::try_from(fact.event).unwrap_or(i64::MAX),
        asset: fact.asset.as_str(),
        partition: fact.partition.as_deref(),
        time: nanoseconds(fact.time),
        // There is no more to it.
        fact: "",
    }
}

/// What can be read of a row: the fact, or why it is none.
type Read = std::result::Result<PassedOver, String>;

fn read(row: &Row<'_>) -> Result<Read> {
    let columns = Fact {
        run: row.get_ref(0)?.as_str()?,
        event: row.get(1)?,
        asset: row.get_ref(2)?.as_str()?,
        partition: row.get_ref(3)?.as_str_or_null()?,
        time: row.get(4)?,
        fact: "",
    };
    let Fact { run, event, asset, partition, time, .. } = columns;
    let found = || {
        let (run, asset) = (run.parse().ok()?, asset.parse().ok()?);
        let time = Timestamp::from_nanosecond(time.into()).ok()?;
        Some(PassedOver::new(asset, partition.map(str::to_owned), (run, event.unsigned_abs(), time)))
    };
    let is_whole = columns.sum() == row.get::<_, i64>(5)?;
    Ok(is_whole.then(found).flatten().ok_or_else(|| {
        format!(
            "that `{asset}` was passed over, by event {event} of the run {run}: it is not what was written"
        )
    }))
}

impl List {
    /// When an asset was passed over last, or a partition of it. Of a damaged fact `check` tells.
    pub(crate) fn latest_passed_over(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> std::result::Result<Option<PassedOver>, StorageError> {
        let sql = format!("SELECT {COLUMNS} {LATEST}");
        let values = (asset.as_str(), partition);
        let found: Option<Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_row(values, read).optional())?;
        Ok(found.and_then(Read::ok))
    }

    /// What a run has told, in the order of its log.
    pub(crate) fn passed_over_by(&self, run: RunId) -> std::result::Result<Vec<PassedOver>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM passed_over WHERE run = ?1 ORDER BY event, id");
        let found: Vec<Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_map([run.to_string()], read)?.collect())?;
        found.into_iter().map(|fact| fact.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What is wrong with these facts themselves.
    pub(crate) fn damaged_passed_over(&self) -> std::result::Result<Vec<String>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM passed_over ORDER BY id");
        let read: Vec<Read> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        Ok(read.into_iter().filter_map(Read::err).collect())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params_from_iter};

    use super::*;
    use crate::schema::INSTANCE;

    #[test]
    fn it_is_found_and_left_by_an_index() {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch(INSTANCE.steps[0]).expect("its tables");
        let way = |sql: &str, values: &[&str]| {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
            let rows = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n")
        };
        insta::assert_snapshot!(way(&format!("SELECT {COLUMNS} {LATEST}"), &["orders", "monday"]), @"
        SEARCH passed_over USING INDEX newest_passed_over (asset=? AND partition=?)
        USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
        ");
        insta::assert_snapshot!(way(LEAVE_ALONE, &["run"]), @"
        SEARCH old USING INTEGER PRIMARY KEY (rowid=?)
        LIST SUBQUERY 1
        SEARCH own USING INDEX sqlite_autoindex_passed_over_1 (run=?)
        SEARCH other USING COVERING INDEX passed_over_alone (asset=? AND partition=?)
        CORRELATED SCALAR SUBQUERY 2
        SEARCH new USING INDEX newest_passed_over (asset=? AND partition=? AND time>?)
        ");
        insta::assert_snapshot!(way(LEAVE_OWN, &["run"]), @"
        SEARCH old USING INDEX sqlite_autoindex_passed_over_1 (run=?)
        CORRELATED SCALAR SUBQUERY 1
        SEARCH new USING INDEX newest_passed_over (asset=? AND partition=? AND time>?)
        ");
        insta::assert_snapshot!(way(MARK, &["run"]), @"SEARCH passed_over USING INDEX sqlite_autoindex_passed_over_1 (run=?)");
    }
}
