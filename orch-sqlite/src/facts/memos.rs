//! What memoized steps were made of, kept beside what is known of assets: told by the same logs, in the same ways, but of the
//! runs that keep the values. So it goes with them.

use orch_core::ids::RunId;
use orch_core::memo::{Memo, MemoQuery};
use orch_core::storage::StorageError;
use rusqlite::types::Value;
use rusqlite::{Error, Result, Row, params_from_iter};

use crate::error;
use crate::list::{List, nanoseconds};
use crate::sum::Sum;
use crate::write::Writing;

const PUT: &str = "INSERT INTO memo (run, event, op, code, time, memo, sum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (run, event) DO NOTHING";

/// The columns, in the order in which they are read.
const COLUMNS: &str = "run, event, op, code, time, memo, sum";

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
            time: nanoseconds(memo.time),
            memo: &json.map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?,
        };
        let Columns { event, op, code, time, memo, .. } = columns;
        put.run((&run, event, op, code, time, memo, columns.sum()))?;
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
    time: i64,
    memo: &'a str,
}

impl Columns<'_> {
    fn sum(&self) -> i64 {
        Sum::of(self.event)
            .bytes(Some(self.run.as_bytes()))
            .bytes(Some(self.op.as_bytes()))
            .bytes(self.code.map(str::as_bytes))
            .word(self.time.cast_unsigned())
            .bytes(Some(self.memo.as_bytes()))
            .short()
    }
}

/// What can be read of a row: the memo, or why it is none.
type Read = std::result::Result<Memo, String>;

fn read(row: &Row<'_>) -> Result<Read> {
    let columns = Columns {
        run: row.get_ref(0)?.as_str()?,
        event: row.get(1)?,
        op: row.get_ref(2)?.as_str()?,
        code: row.get_ref(3)?.as_str_or_null()?,
        time: row.get(4)?,
        memo: row.get_ref(5)?.as_str()?,
    };
    let wrong = |why: &dyn std::fmt::Display| {
        let Columns { op, event, run, .. } = columns;
        format!("what a step of `{op}` was made of, by event {event} of the run {run}: {why}")
    };
    if columns.sum() != row.get::<_, i64>(6)? {
        return Ok(Err(wrong(&"it is not what was written")));
    }
    Ok(serde_json::from_str(columns.memo).map_err(|error| wrong(&error)))
}

/// The statement that finds the memos that are asked for, and its values.
fn asked(query: &MemoQuery) -> (String, Vec<Value>) {
    let (mut conditions, mut values) = (String::from("1"), Vec::<Value>::new());
    let columns = [
        ("op", query.op.clone()),
        ("code", query.code.clone()),
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
    (format!("SELECT {COLUMNS} FROM memo WHERE {conditions} {order}"), values)
}

impl List {
    /// The memos that are asked for, the newest first.
    pub(crate) fn memos(&self, query: &MemoQuery) -> std::result::Result<Vec<Memo>, StorageError> {
        let (sql, values) = asked(query);
        let found: Vec<Read> = self
            .read(|list| list.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect())?;
        found.into_iter().map(|memo| memo.map_err(|why| error::corrupt(self.path(), why))).collect()
    }

    /// What is wrong with the memos themselves.
    pub(crate) fn damaged_memos(&self) -> std::result::Result<Vec<String>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM memo ORDER BY run, event");
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
    fn what_is_asked_for_is_found_by_an_index() {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch(INSTANCE.steps[0]).expect("its tables");
        let way = |query: MemoQuery| -> String {
            let (sql, values) = asked(&query);
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
            let rows = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
            rows.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a way").join("\n")
        };
        let code = Some("code_version 1".to_owned());
        insta::assert_snapshot!(way(MemoQuery { code, ..MemoQuery::of("mail::embed") }), @"SEARCH memo USING INDEX newest_of_op (op=? AND code=?)");
        insta::assert_snapshot!(way(MemoQuery { limit: Some(1), ..MemoQuery::of("mail::embed") }), @r"
        SEARCH memo USING INDEX newest_of_op (op=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
    }
}
