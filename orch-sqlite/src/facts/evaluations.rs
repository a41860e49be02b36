//! What checks have found, kept beside what was materialized: told by the same logs, in the same ways.

use orch_core::asset::{AssetKey, CheckEvaluation, EvaluationQuery};
use orch_core::ids::RunId;
use orch_core::storage::StorageError;
use rusqlite::types::Value;
use rusqlite::{Error, Result, Row, params_from_iter};

use crate::error;
use crate::list::{List, nanoseconds};
use crate::sum::Sum;
use crate::write::Writing;

const PUT: &str = "INSERT INTO evaluation (run, event, asset, name, partition, time, fact, sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run, event) DO NOTHING";

/// The columns, in the order in which they are read.
const COLUMNS: &str = "run, event, asset, name, partition, time, fact, sum";

/// What a check found last of each partition.
const LATEST: &str =
    "FROM evaluation AS found WHERE asset = ?1 AND name = ?2 AND partition IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM evaluation AS new WHERE new.asset = found.asset AND new.name = found.name
        AND new.partition = found.partition AND new.partition IS NOT NULL
        AND new.time >= found.time AND (new.time, new.run, new.event) > (found.time, found.run, found.event))
        ORDER BY partition";

/// Puts evaluations that are not there yet.
pub(super) fn put(writing: &Writing<'_>, found: &[CheckEvaluation]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut put = writing.prepare(PUT)?;
    for fact in found {
        let (run, json) = (fact.run.to_string(), serde_json::to_string(fact));
        let columns = Columns {
            run: &run,
            event: i64::try_from(fact.event).unwrap_or(i64::MAX),
            asset: fact.asset.as_str(),
            name: &fact.check,
            partition: fact.partition.as_deref(),
            time: nanoseconds(fact.time),
            fact: &json.map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?,
        };
        let Columns { event, asset, name, partition, time, fact, .. } = columns;
        put.run((&run, event, asset, name, partition, time, fact, columns.sum()))?;
    }
    Ok(())
}

/// Puts the evaluations that the log of a run tells after an event in the place of those that are there.
pub(super) fn replace(
    writing: &Writing<'_>,
    run: RunId,
    after: u64,
    found: &[CheckEvaluation],
) -> Result<()> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    writing.run("DELETE FROM evaluation WHERE run = ?1 AND event > ?2", (run.to_string(), after))?;
    put(writing, found)
}

/// The columns that the sum of an evaluation is made of.
struct Columns<'a> {
    run: &'a str,
    event: i64,
    asset: &'a str,
    name: &'a str,
    partition: Option<&'a str>,
    time: i64,
    fact: &'a str,
}

impl Columns<'_> {
    fn sum(&self) -> i64 {
        Sum::of(self.event)
            .bytes(Some(self.run.as_bytes()))
            .bytes(Some(self.asset.as_bytes()))
            .bytes(Some(self.name.as_bytes()))
            .bytes(self.partition.map(str::as_bytes))
            .word(self.time.cast_unsigned())
            .bytes(Some(self.fact.as_bytes()))
            .short()
    }
}

/// What can be read of a row: the evaluation, or why it is none.
type Read = std::result::Result<CheckEvaluation, String>;

fn read(row: &Row<'_>) -> Result<Read> {
    let columns = Columns {
        run: row.get_ref(0)?.as_str()?,
        event: row.get(1)?,
        asset: row.get_ref(2)?.as_str()?,
        name: row.get_ref(3)?.as_str()?,
        partition: row.get_ref(4)?.as_str_or_null()?,
        time: row.get(5)?,
        fact: row.get_ref(6)?.as_str()?,
    };
    let wrong = |why: &dyn std::fmt::Display| {
        let Columns { asset, name, event, run, .. } = columns;
        format!("what the check `{name}` of `{asset}` found, by event {event} of the run {run}: {why}")
    };
    if columns.sum() != row.get::<_, i64>(7)? {
        return Ok(Err(wrong(&"it is not what was written")));
    }
    Ok(serde_json::from_str(columns.fact).map_err(|error| wrong(&error)))
}

/// The statement that finds the evaluations that are asked for, and its values.
fn asked(query: &EvaluationQuery) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = (String::from("1"), Vec::<Value>::new());
    let columns = [
        ("asset", query.asset.as_ref().map(ToString::to_string)),
        ("name", query.check.clone()),
        ("partition", query.partition.clone()),
        ("run", query.run.map(|run| run.to_string())),
    ];
    for (column, value) in columns {
        if let Some(value) = value {
            conditions += &format!(" AND {column} = ?");
            values.push(value.into());
        }
    }
    values.push(query.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1).into());
    let order = "ORDER BY time DESC, run DESC, event DESC LIMIT ?";
    (format!("SELECT {COLUMNS} FROM evaluation WHERE {conditions} {order}"), values)
}

impl List {
    /// The evaluations that are asked for, the newest first.
    pub(crate) fn evaluations(
        &self,
        query: &EvaluationQuery,
    ) -> std::result::Result<Vec<CheckEvaluation>, StorageError> {
        let (sql, values) = asked(query);
        let found: Vec<Read> = self
            .read(|list| list.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect())?;
        found.into_iter().map(|fact| fact.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What a check found last of each partition of its asset.
    pub(crate) fn latest_evaluations(
        &self,
        asset: &AssetKey,
        check: &str,
    ) -> std::result::Result<Vec<CheckEvaluation>, StorageError> {
        let sql = format!("SELECT {COLUMNS} {LATEST}");
        let values = (asset.as_str(), check);
        let found: Vec<Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_map(values, read)?.collect())?;
        found.into_iter().map(|fact| fact.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What is wrong with the evaluations themselves.
    pub(crate) fn damaged_evaluations(&self) -> std::result::Result<Vec<String>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM evaluation ORDER BY run, event");
        let read: Vec<Read> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        Ok(read.into_iter().filter_map(Read::err).collect())
    }
}

#[cfg(test)]
mod tests {
    use orch_core::ids::RunId;
    use rusqlite::Connection;

    use super::*;
    use crate::schema::INSTANCE;

    #[test]
    fn what_is_asked_for_is_found_by_an_index() {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch(INSTANCE.steps[0]).expect("its tables");
        let way = |query: EvaluationQuery| -> String {
            let (sql, values) = asked(&query);
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
            let rows = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n")
        };
        let key = "orders".parse().expect("a key");
        insta::assert_snapshot!(way(EvaluationQuery::latest(&key, "unique")), @"SEARCH evaluation USING INDEX newest_of_check (asset=? AND name=?)");
        let partition = Some("monday".to_owned());
        let of_partition = EvaluationQuery { partition, ..EvaluationQuery::latest(&key, "unique") };
        insta::assert_snapshot!(way(of_partition), @"SEARCH evaluation USING INDEX newest_of_partition (asset=? AND name=? AND partition=?)");
        let run = Some(RunId::from_u128(1));
        insta::assert_snapshot!(way(EvaluationQuery { run, ..EvaluationQuery::default() }), @r"
        SEARCH evaluation USING PRIMARY KEY (run=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
    }
}
