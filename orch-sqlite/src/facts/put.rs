use std::collections::BTreeSet;

use orch_core::ids::RunId;
use rusqlite::{Error, Result};

use super::read::observed;
use super::{OfRun, Told, evaluations, failed, memos, passed_over, status};
use crate::list::nanoseconds;
use crate::sum::Fact;
use crate::write::Writing;

const PUT: &str =
    "INSERT INTO fact (run, event, asset, partition, time, fact, sum, value, value_sum, observed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (run, event) DO NOTHING";
/// Counts the fact that was put last, of an asset, a time, a run and an event.
const COUNT: &str = "INSERT INTO asset (key, materializations, latest) VALUES (?1, 1, last_insert_rowid())
    ON CONFLICT (key) DO UPDATE SET materializations = materializations + 1, latest = CASE
        WHEN (SELECT (time, run, event) < (?2, ?3, ?4) FROM fact WHERE id = latest)
        THEN excluded.latest ELSE latest END";
const RECOUNT: &str = "UPDATE asset SET
    materializations = (SELECT count(*) FROM fact WHERE asset = key),
    latest = coalesce((SELECT id FROM fact WHERE asset = key ORDER BY time DESC, run DESC, event DESC LIMIT 1), 0)
    WHERE key = ?1";
/// Says that the fact that was put last, of an asset, a partition, a time, a run and an event, is the newest of its partition, if it
/// is.
const SUCCEED: &str =
    "INSERT INTO asset_partition (asset, partition, latest) VALUES (?1, ?2, last_insert_rowid())
    ON CONFLICT (asset, partition) DO UPDATE SET latest = excluded.latest
        WHERE (SELECT (time, run, event) < (?3, ?4, ?5) FROM fact WHERE id = latest) IS NOT 0";
/// Finds out which of a partition is the newest.
const FIND: &str = "INSERT OR REPLACE INTO asset_partition (asset, partition, latest)
    SELECT asset, partition, id FROM fact WHERE asset = ?1 AND partition = ?2
    ORDER BY time DESC, run DESC, event DESC LIMIT 1";

/// Puts facts that are not there yet.
pub(crate) fn put(
    writing: &Writing<'_>,
    OfRun { told, failed, passed_over, found, remembered, .. }: &OfRun,
) -> Result<()> {
    failed::put(writing, failed)?;
    passed_over::put(writing, passed_over)?;
    evaluations::put(writing, found)?;
    memos::put(writing, remembered)?;
    if told.is_empty() {
        return Ok(());
    }
    let (mut put, mut count) = (writing.prepare(PUT)?, writing.prepare(COUNT)?);
    let mut succeed = writing.prepare(SUCCEED)?;
    for told in told {
        let row = Row::of(told)?;
        let Fact { run, event, asset, partition, time, fact } = row.columns();
        let (sum, value, value_sum) = (row.columns().sum(), row.value, row.value_sum());
        if put.run((run, event, asset, partition, time, fact, sum, value, value_sum, row.observed))? > 0 {
            count.run((asset, time, run, event))?;
            if let Some(partition) = partition {
                succeed.run((asset, partition, time, run, event))?;
            }
        }
    }
    Ok(())
}

/// Puts the facts that the log of a run tells, and takes away what it does not tell: a loss of power may have taken the
/// end of the log alone.
pub(crate) fn replace(writing: &Writing<'_>, run: RunId, told: &OfRun) -> Result<()> {
    let (id, run) = (run, run.to_string());
    let rows: Vec<_> = told.told.iter().map(Row::of).collect::<Result<_>>()?;
    let sql = "SELECT id, event, sum, asset, partition FROM fact WHERE run = ?1 AND event > ?2";
    let after = i64::try_from(told.after).unwrap_or(i64::MAX);
    type There = (i64, i64, i64, (String, Option<String>));
    let there: Vec<There> = writing.read(sql, (&run, after), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, (row.get(3)?, row.get(4)?)))
    })?;
    let mut gone = BTreeSet::new();
    for (id, event, sum, of) in there {
        let at = rows.binary_search_by_key(&event, |row| row.event);
        if at.is_ok_and(|at| rows[at].columns().sum() == sum) {
            continue;
        }
        writing.run("DELETE FROM fact WHERE id = ?1", [id])?;
        gone.insert(of);
    }
    find_latest(writing, &gone)?;
    failed::replace(writing, id, told.after, &told.failed)?;
    passed_over::replace(writing, id, told.after, &told.passed_over)?;
    evaluations::replace(writing, id, told.after, &told.found)?;
    memos::replace(writing, id, told.after, &told.remembered)?;
    put(writing, told)
}

/// Finds out what is the latest of assets and partitions of which facts were taken away.
fn find_latest(writing: &Writing<'_>, gone: &BTreeSet<(String, Option<String>)>) -> Result<()> {
    for (asset, partition) in gone {
        let Some(partition) = partition else { continue };
        if writing.run(FIND, (asset, partition))? == 0 {
            let sql = "DELETE FROM asset_partition WHERE asset = ?1 AND partition = ?2";
            writing.run(sql, (asset, partition))?;
        }
    }
    let assets: BTreeSet<&String> = gone.iter().map(|(asset, _)| asset).collect();
    for asset in assets {
        writing.run(RECOUNT, [asset])?;
        writing.run("DELETE FROM asset WHERE key = ?1 AND materializations = 0", [asset])?;
        status::drop(writing, asset)?;
    }
    Ok(())
}

/// Says of the facts of a run that it is gone: what lies here of their values may go when others have taken their place. What
/// its memoized steps have given goes with it, and what it has passed over, where others have since.
pub(crate) fn leave(writing: &Writing<'_>, run: &str) -> Result<usize> {
    memos::forget(writing, run)?;
    passed_over::leave(writing, run)?;
    let sql = "UPDATE fact SET alone = 1
        WHERE run = ?1 AND (value IS NOT NULL OR fact ->> '$.value.file' IS NOT NULL)";
    writing.run(sql, [run])
}

/// Says of these facts that nothing of their values lies here any more.
pub(crate) fn clear<'a>(writing: &Writing<'_>, facts: impl IntoIterator<Item = &'a i64>) -> Result<usize> {
    let mut clear =
        writing.prepare("UPDATE fact SET value = NULL, value_sum = NULL, alone = 0 WHERE id = ?1")?;
    facts.into_iter().map(|fact| clear.run([fact])).sum()
}

/// A fact as its columns.
struct Row<'a> {
    run: String,
    event: i64,
    asset: &'a str,
    partition: Option<&'a str>,
    time: i64,
    fact: String,
    value: Option<&'a [u8]>,
    observed: i64,
}

impl<'a> Row<'a> {
    fn of((fact, value): &'a Told) -> Result<Self> {
        let json = serde_json::to_string(fact);
        Ok(Self {
            run: fact.run.to_string(),
            event: i64::try_from(fact.event).unwrap_or(i64::MAX),
            asset: fact.asset.as_str(),
            partition: fact.partition.as_deref(),
            time: nanoseconds(fact.time),
            fact: json.map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?,
            value: value.as_ref().map(|value| value.bytes()),
            observed: observed(fact),
        })
    }

    fn columns(&self) -> Fact<'_> {
        let Self { run, event, asset, partition, time, fact, .. } = self;
        Fact { run, event: *event, asset, partition: *partition, time: *time, fact }
    }

    fn value_sum(&self) -> Option<i64> {
        self.value.map(|value| Fact::value_sum(self.event, value))
    }
}
