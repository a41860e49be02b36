//! What memoized steps were made of, kept beside what is known of assets: told by the same logs, in the same ways, but of the
//! runs that keep the values. So it goes with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use orch_core::ids::RunId;
use orch_core::memo::{Given, Memo, MemoQuery};
use orch_core::storage::StorageError;
use rusqlite::types::Value;
use rusqlite::{Error, Result, Row, params_from_iter};
use serde::de::DeserializeOwned;

use crate::error;
use crate::list::{List, nanoseconds};
use crate::sum::Sum;
use crate::write::Writing;

const PUT: &str = "INSERT INTO memo (run, event, op, code, key, time, memo, sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run, event) DO NOTHING";

/// The columns, in the order in which they are read.
const COLUMNS: &str = "run, event, op, code, key, time, memo, sum";

/// The newest first.
const NEWEST: &str = "ORDER BY time DESC, run DESC, event DESC";

/// Puts memos that are not there yet.
pub(super) fn put(writing: &Writing<'_>, remembered: &[Memo]) -> Result<()> {
    if remembered.is_empty() {
        return Ok(());
    }
    let mut put = writing.prepare(PUT)?;
    for memo in remembered {
        let (run, code, json) = (memo.run.to_string(), memo.code(), serde_json::to_string(memo));
        let columns = Columns {
            run: &run,
            event: i64::try_from(memo.event).unwrap_or(i64::MAX),
            op: &memo.op,
            code: code.as_deref(),
            key: &memo.key,
            time: nanoseconds(memo.time),
            memo: &json.map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?,
        };
        let Columns { event, op, code, key, time, memo, .. } = columns;
        put.run((&run, event, op, code, key, time, memo, columns.sum()))?;
    }
    Ok(())
}

/// Puts the memos that the log of a run tells after an event in the place of those that are there.
pub(super) fn replace(writing: &Writing<'_>, run: RunId, after: u64, remembered: &[Memo]) -> Result<()> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    writing.run("DELETE FROM memo WHERE run = ?1 AND event > ?2", (run.to_string(), after))?;
    put(writing, remembered)
}

/// Forgets those of a run.
pub(super) fn forget(writing: &Writing<'_>, run: &str) -> Result<usize> {
    writing.run("DELETE FROM memo WHERE run = ?1", [run])
}

/// The columns that the sum of a memo is made of.
struct Columns<'a> {
    run: &'a str,
    event: i64,
    op: &'a str,
    code: Option<&'a str>,
    key: &'a str,
    time: i64,
    memo: &'a str,
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row<'_>) -> Result<Self> {
        Ok(Self {
            run: row.get_ref(0)?.as_str()?,
            event: row.get(1)?,
            op: row.get_ref(2)?.as_str()?,
            code: row.get_ref(3)?.as_str_or_null()?,
            key: row.get_ref(4)?.as_str()?,
            time: row.get(5)?,
            memo: row.get_ref(6)?.as_str()?,
        })
    }

    fn sum(&self) -> i64 {
        Sum::of(self.event)
            .bytes(Some(self.run.as_bytes()))
            .bytes(Some(self.op.as_bytes()))
            .bytes(self.code.map(str::as_bytes))
            .bytes(Some(self.key.as_bytes()))
            .word(self.time.cast_unsigned())
            .bytes(Some(self.memo.as_bytes()))
            .short()
    }
}

/// What can be read of a row: the memo, or as much of it as is wanted, or why it is none.
type Read<T> = std::result::Result<T, String>;

fn read<T: DeserializeOwned>(row: &Row<'_>) -> Result<Read<T>> {
    // A column that is no text any more has changed as well as one that is another.
    let columns = match Columns::of(row) {
        Ok(columns) => columns,
        Err(error) => return Ok(Err(format!("what a memoized step was made of: {error}"))),
    };
    let wrong = |why: &dyn std::fmt::Display| {
        let Columns { op, event, run, .. } = columns;
        format!("what a step of `{op}` was made of, by event {event} of the run {run}: {why}")
    };
    if row.get(7) != Ok(columns.sum()) {
        return Ok(Err(wrong(&"it is not what was written")));
    }
    Ok(serde_json::from_str(columns.memo).map_err(|error| wrong(&error)))
}

/// The statement that finds the memos that are asked for, and its values.
fn asked(query: &MemoQuery) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = (String::from("1"), Vec::<Value>::new());
    let columns = [("op", query.op.clone()), ("run", query.run.map(|run| run.to_string()))];
    for (column, value) in columns {
        if let Some(value) = value {
            conditions += &format!(" AND {column} = ?");
            values.push(value.into());
        }
    }
    values.push(query.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1).into());
    (format!("SELECT {COLUMNS} FROM memo WHERE {conditions} {NEWEST} LIMIT ?"), values)
}

/// The statement that finds the memos of an op and code. It is in the order of time, in which they also lie: to look for each by its
/// key would be to look all over the table.
fn of_code() -> String {
    format!("SELECT {COLUMNS} FROM memo WHERE op = ?1 AND code = ?2 {NEWEST}")
}

impl List {
    /// The memos that are asked for, the newest first.
    pub(crate) fn memos(&self, query: &MemoQuery) -> std::result::Result<Vec<Memo>, StorageError> {
        let (sql, values) = asked(query);
        let found: Vec<Read<Memo>> = self
            .read(|list| list.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect())?;
        found.into_iter().map(|memo| memo.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What is remembered last of each recipe of an op and code, in the order of their keys. Where that is damaged, the next older
    /// one of the key is as good.
    pub(crate) fn latest_memos(&self, op: &str, code: &str) -> std::result::Result<Vec<Given>, StorageError> {
        self.read(|list| {
            let mut of_code = list.prepare_cached(&of_code())?;
            let (mut latest, mut rows) = (BTreeMap::<Arc<str>, Given>::new(), of_code.query((op, code))?);
            while let Some(row) = rows.next()? {
                let is_known = row.get_ref(4)?.as_str().is_ok_and(|key| latest.contains_key(key));
                if !is_known && let Ok(given) = read::<Given>(row)? {
                    latest.insert(Arc::clone(&given.key), given);
                }
            }
            Ok(latest.into_values().collect())
        })
    }

    /// What is wrong with the memos themselves.
    pub(crate) fn damaged_memos(&self) -> std::result::Result<Vec<String>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM memo ORDER BY run, event");
        let read: Vec<Read<Memo>> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        Ok(read.into_iter().filter_map(Read::err).collect())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::schema::INSTANCE;

    #[test]
    fn what_is_asked_for_is_found_by_an_index() {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch(INSTANCE.steps[0]).expect("its tables");
        let way = |(sql, values): (String, Vec<Value>)| -> String {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
            let rows = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n")
        };
        let limit = Some(1);
        insta::assert_snapshot!(way(asked(&MemoQuery { limit, ..MemoQuery::of("mail::embed") })), @r"
        SEARCH memo USING INDEX newest_of_op (op=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
        let values = ["mail::embed", "code_version 1"].map(|value| value.to_owned().into());
        insta::assert_snapshot!(way((of_code(), values.into())), @"SEARCH memo USING INDEX newest_of_op (op=? AND code=?)");
    }
}
