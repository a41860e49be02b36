//! What checks have found, kept beside what was materialized: told by the same logs, in the same ways.

use std::collections::BTreeSet;

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

/// Says of an evaluation that it is the newest of its partition, if it is.
const SUCCEED: &str = "INSERT INTO check_partition (run, event, asset, name, partition, time)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (asset, name, partition) DO UPDATE
    SET run = excluded.run, event = excluded.event, time = excluded.time
    WHERE (time, run, event) < (excluded.time, excluded.run, excluded.event)";
/// Finds out which of a partition is the newest.
const FIND: &str = "INSERT OR REPLACE INTO check_partition (run, event, asset, name, partition, time)
    SELECT run, event, asset, name, partition, time FROM evaluation
    WHERE asset = ?1 AND name = ?2 AND partition = ?3 ORDER BY time DESC, run DESC, event DESC LIMIT 1";

/// What a check found last of each partition. The sum is over what is known of the newest here, so that it is that.
const LATEST: &str = "SELECT of.run, of.event, of.asset, of.name, of.partition, of.time,
    coalesce(found.fact, ''), coalesce(found.sum, 0)
    FROM check_partition AS of LEFT JOIN evaluation AS found ON found.run = of.run AND found.event = of.event
    WHERE of.asset = ?1 AND of.name = ?2 ORDER BY of.partition";

/// The names of the checks of an asset, each found from the one before it: there may be many facts of each.
const NAMES: &str = "WITH RECURSIVE names(name) AS (
    SELECT min(name) FROM evaluation WHERE asset = ?1
    UNION ALL SELECT (SELECT min(name) FROM evaluation WHERE asset = ?1 AND name > names.name)
        FROM names WHERE names.name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL";

/// Checks of which something else is said to be the newest of a partition than is.
const MISTAKEN: &str = "SELECT asset, name FROM check_partition AS of WHERE (run, event) IS NOT (
        SELECT run, event FROM evaluation WHERE asset = of.asset AND name = of.name AND partition = of.partition
        ORDER BY time DESC, run DESC, event DESC LIMIT 1)
    UNION SELECT asset, name FROM evaluation AS found WHERE partition IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM check_partition AS of
        WHERE of.asset = found.asset AND of.name = found.name AND of.partition = found.partition)";

/// Puts evaluations that are not there yet.
pub(super) fn put(writing: &Writing<'_>, found: &[CheckEvaluation]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let (mut put, mut succeed) = (writing.prepare(PUT)?, writing.prepare(SUCCEED)?);
    for fact in found {
        let (run, json) = written(fact)?;
        let columns = columns(fact, &run, &json);
        let sum = columns.sum();
        let Columns { run, event, asset, name, partition, time, fact } = columns;
        if put.run((run, event, asset, name, partition, time, fact, sum))? > 0
            && let Some(partition) = partition
        {
            succeed.run((run, event, asset, name, partition, time))?;
        }
    }
    Ok(())
}

/// Puts the evaluations that the log of a run tells after an event, and takes away what it does not tell.
pub(super) fn replace(
    writing: &Writing<'_>,
    run: RunId,
    after: u64,
    found: &[CheckEvaluation],
) -> Result<()> {
    let (run, after) = (run.to_string(), i64::try_from(after).unwrap_or(i64::MAX));
    let sql = "SELECT event, sum, asset, name, partition FROM evaluation WHERE run = ?1 AND event > ?2";
    type There = (i64, i64, (String, String, Option<String>));
    let there: Vec<There> = writing.read(sql, (&run, after), |row| {
        Ok((row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?, row.get(4)?)))
    })?;
    let mut gone = BTreeSet::new();
    for (event, sum, of) in there {
        let at = found.binary_search_by_key(&event.unsigned_abs(), |fact| fact.event);
        if let Ok(at) = at {
            let (run, json) = written(&found[at])?;
            if columns(&found[at], &run, &json).sum() == sum {
                continue;
            }
        }
        writing.run("DELETE FROM evaluation WHERE run = ?1 AND event = ?2", (&run, event))?;
        gone.insert(of);
    }
    for (asset, name, partition) in gone {
        if writing.run(FIND, (&asset, &name, &partition))? == 0 {
            let sql = "DELETE FROM check_partition WHERE asset = ?1 AND name = ?2 AND partition = ?3";
            writing.run(sql, (&asset, &name, &partition))?;
        }
    }
    put(writing, found)
}

/// The texts of its run and of all that is known of it.
fn written(fact: &CheckEvaluation) -> Result<(String, String)> {
    let json = serde_json::to_string(fact);
    Ok((fact.run.to_string(), json.map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?))
}

fn columns<'a>(fact: &'a CheckEvaluation, run: &'a str, json: &'a str) -> Columns<'a> {
    Columns {
        run,
        event: i64::try_from(fact.event).unwrap_or(i64::MAX),
        asset: fact.asset.as_str(),
        name: &fact.check,
        partition: fact.partition.as_deref(),
        time: nanoseconds(fact.time),
        fact: json,
    }
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

    /// The names of the checks that have looked at an asset.
    pub(crate) fn checks_of(&self, asset: &AssetKey) -> std::result::Result<Vec<String>, StorageError> {
        self.read(|list| list.prepare_cached(NAMES)?.query_map([asset.as_str()], |row| row.get(0))?.collect())
    }

    /// What a check found last of each partition of its asset.
    pub(crate) fn latest_evaluations(
        &self,
        asset: &AssetKey,
        check: &str,
    ) -> std::result::Result<Vec<CheckEvaluation>, StorageError> {
        let values = (asset.as_str(), check);
        let found: Vec<Read> =
            self.read(|list| list.prepare_cached(LATEST)?.query_map(values, read)?.collect())?;
        found.into_iter().map(|fact| fact.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What is wrong with the evaluations themselves.
    pub(crate) fn damaged_evaluations(&self) -> std::result::Result<Vec<String>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM evaluation ORDER BY run, event");
        let read: Vec<Read> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        let mistaken: Vec<String> = self.read(|list| {
            let told = |row: &Row<'_>| {
                let (asset, name): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(format!("what the check `{name}` of `{asset}` found last is not what its facts say"))
            };
            list.prepare(MISTAKEN)?.query_map([], told)?.collect()
        })?;
        Ok(read.into_iter().filter_map(Read::err).chain(mistaken).collect())
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
        let mut latest = connection.prepare(&format!("EXPLAIN QUERY PLAN {LATEST}")).expect("a statement");
        let rows = latest.query_map(("orders", "unique"), |row| row.get::<_, String>(3));
        let of_latest = rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n");
        insta::assert_snapshot!(of_latest, @r"
        SEARCH of USING PRIMARY KEY (asset=? AND name=?)
        SEARCH found USING PRIMARY KEY (run=? AND event=?) LEFT-JOIN
        ");
        let mut names = connection.prepare(&format!("EXPLAIN QUERY PLAN {NAMES}")).expect("a statement");
        let rows = names.query_map(["orders"], |row| row.get::<_, String>(3));
        let of_names = rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n");
        insta::assert_snapshot!(of_names, @"
        CO-ROUTINE names
        SETUP
        SEARCH evaluation USING COVERING INDEX newest_of_check (asset=?)
        RECURSIVE STEP
        SCAN names
        CORRELATED SCALAR SUBQUERY 2
        SEARCH evaluation USING COVERING INDEX newest_of_check (asset=? AND name>?)
        SCAN names
        ");
        let run = Some(RunId::from_u128(1));
        insta::assert_snapshot!(way(EvaluationQuery { run, ..EvaluationQuery::default() }), @r"
        SEARCH evaluation USING PRIMARY KEY (run=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
    }
}
