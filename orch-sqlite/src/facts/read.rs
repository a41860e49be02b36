use orch_core::asset::{AssetKey, Materialization, MaterializationQuery, ValueAt};
use orch_core::event::Encoded;
use orch_core::ids::RunId;
use orch_core::storage::{ArtifactRef, AssetRecord, StorageError};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::error;
use crate::list::{List, nanoseconds};
use crate::sum::Fact;

/// The columns of a fact, in the order in which they are read.
const COLUMNS: &str =
    "fact.run, fact.event, fact.asset, fact.partition, fact.time, fact.fact, fact.sum, fact.observed";

/// Facts whose run is gone and whose place another has taken that stays: a run that is under way may have told it, and
/// lose it with the power. An observation takes the place of none: it says nothing of where the value lies.
const SUPERSEDED: &str =
    "SELECT old.id, old.fact, coalesce(length(old.value), 0), old.run, old.event FROM fact AS old
    WHERE old.alone = 1 AND NOT EXISTS (SELECT 1 FROM run WHERE id = old.run) AND EXISTS (
        SELECT 1 FROM fact AS new WHERE new.asset = old.asset AND new.partition IS old.partition
        AND new.time >= old.time AND (new.time, new.run, new.event) > (old.time, old.run, old.event)
        AND new.observed = 0
        AND NOT EXISTS (SELECT 1 FROM run WHERE id = new.run AND settled = 0))";

/// The latest facts of partitions, each with its sum, or null if it is not of that partition.
const LATEST: &str = "SELECT fact.run, fact.event, fact.asset, fact.partition, fact.time, fact.fact,
    CASE WHEN (fact.asset, fact.partition) = (of.asset, of.partition) THEN fact.sum END,
    fact.observed FROM asset_partition AS of CROSS JOIN fact ON fact.id = of.latest";

/// What to do about a fact that is damaged: the rest of the list stands.
const MEND: &str =
    "materialize the asset, or its partition, anew; or go back to a backup of the whole folder";

/// The same of a fact that is not the latest.
const SUCCEEDED: &str =
    "it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still";

/// What can be read of a row: the fact, or why it is none.
type Read = Result<Materialization, String>;

fn read(row: &Row<'_>) -> rusqlite::Result<Read> {
    let columns = Fact {
        run: row.get_ref(0)?.as_str()?,
        event: row.get(1)?,
        asset: row.get_ref(2)?.as_str()?,
        partition: row.get_ref(3)?.as_str_or_null()?,
        time: row.get(4)?,
        fact: row.get_ref(5)?.as_str()?,
    };
    let wrong = |why: &dyn std::fmt::Display| {
        format!(
            "the materialization of `{}` by event {} of the run {}: {why}",
            columns.asset, columns.event, columns.run
        )
    };
    if row.get::<_, Option<i64>>(6)? != Some(columns.sum()) {
        return Ok(Err(wrong(&"it is not what was written")));
    }
    let is_observed: i64 = row.get(7)?;
    let fact = serde_json::from_str(columns.fact).map_err(|error| wrong(&error));
    Ok(fact.and_then(|fact: Materialization| match observed(&fact) == is_observed {
        true => Ok(fact),
        false => Err(wrong(&"it is not what was written")),
    }))
}

/// What the column `observed` says of a fact.
pub(super) fn observed(fact: &Materialization) -> i64 {
    match (fact.is_observation(), fact.found_nothing()) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

/// A fact whose run is gone and whose place another has taken, and what may lie here of its value.
pub(crate) struct Superseded {
    pub(crate) id: i64,
    /// The run and the event that told it.
    pub(crate) told: (RunId, u64),
    pub(crate) file: Option<ArtifactRef>,
    /// How many bytes lie with the fact.
    pub(crate) bytes: u64,
}

/// The statement that finds the materializations that are asked for, and its values.
fn asked(query: &MaterializationQuery) -> (String, Vec<Value>) {
    let mut conditions = String::from("1");
    let mut values: Vec<Value> = Vec::new();
    let asset = query.asset.as_ref().map(ToString::to_string);
    let run = query.run.map(|run| run.to_string());
    let columns = [("asset", asset), ("partition", query.partition.clone()), ("run", run)];
    // Of an asset there may be any number, of a run there are few.
    let by_run = query.run.is_some() && query.partition.is_none();
    for (column, value) in columns {
        if let Some(value) = value {
            let plus = if by_run && column == "asset" { "+" } else { "" };
            conditions += &format!(" AND {plus}{column} = ?");
            values.push(value.into());
        }
    }
    if let Some(until) = query.until {
        conditions += " AND time <= ?";
        values.push(nanoseconds(until).into());
    }
    conditions += match query.observed {
        Some(true) => " AND observed <> 0",
        Some(false) => " AND observed = 0",
        None => "",
    };
    values.push(query.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1).into());
    let order = "ORDER BY time DESC, run DESC, event DESC LIMIT ?";
    let sql = format!("SELECT {COLUMNS} FROM fact WHERE {conditions} {order}");
    (sql, values)
}

impl List {
    /// What is known of each asset.
    pub(crate) fn assets(&self) -> Result<Vec<AssetRecord>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS}, materializations FROM asset JOIN fact ON fact.id = asset.latest ORDER BY asset.key"
        );
        let found: Vec<(Read, i64)> = self.read(|list| {
            list.prepare_cached(&sql)?.query_map([], |row| Ok((read(row)?, row.get(8)?)))?.collect()
        })?;
        let record = |(fact, number): (Read, i64)| Some(AssetRecord::new(fact.ok()?, number.unsigned_abs()));
        Ok(found.into_iter().filter_map(record).collect())
    }

    /// What is damaged of the latest of all assets and partitions.
    pub(crate) fn damaged_latest(&self) -> Result<Vec<StorageError>, StorageError> {
        Ok(self.wrong_latest()?.into_iter().map(|why| self.damaged(why, MEND)).collect())
    }

    /// Why the latest of these are none.
    fn wrong_latest(&self) -> Result<Vec<String>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM asset CROSS JOIN fact ON fact.id = asset.latest
                WHERE asset.latest NOT IN (SELECT latest FROM asset_partition WHERE asset = asset.key)
                UNION ALL {LATEST} ORDER BY 3, 4"
        );
        let found: Vec<Read> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        Ok(found.into_iter().filter_map(Read::err).collect())
    }

    fn damaged(&self, why: String, hint: &str) -> StorageError {
        error::corrupt(self.path(), why).hint(hint)
    }

    fn asked(&self, query: &MaterializationQuery) -> Result<Vec<Read>, StorageError> {
        let (sql, values) = asked(query);
        self.read(|list| list.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect())
    }

    /// The materializations that are asked for, the newest first.
    pub(crate) fn materializations(
        &self,
        query: &MaterializationQuery,
    ) -> Result<Vec<Materialization>, StorageError> {
        let found = self.asked(query)?.into_iter();
        found.map(|fact| fact.map_err(|why| self.damaged(why, MEND))).collect()
    }

    /// The same without what is damaged, and what that is, but for the latest.
    pub(crate) fn history(
        &self,
        query: &MaterializationQuery,
    ) -> Result<(Vec<Materialization>, Vec<StorageError>), StorageError> {
        let (mut facts, mut wrong) = (Vec::new(), Vec::new());
        for found in self.asked(query)? {
            match found {
                Ok(fact) => facts.push(fact),
                Err(why) => wrong.push(why),
            }
        }
        if !wrong.is_empty() {
            let latest = self.wrong_latest()?;
            wrong.retain(|why| !latest.contains(why));
        }
        Ok((facts, wrong.into_iter().map(|why| self.damaged(why, SUCCEEDED)).collect()))
    }

    /// The latest materialization of each partition of an asset.
    pub(crate) fn latest_partitions(&self, asset: &AssetKey) -> Result<Vec<Materialization>, StorageError> {
        let sql = format!("{LATEST} WHERE of.asset = ?1 ORDER BY of.partition");
        let found: Vec<Read> =
            self.read(|list| list.prepare_cached(&sql)?.query_map([asset.as_str()], read)?.collect())?;
        Ok(found.into_iter().filter_map(Read::ok).collect())
    }

    /// The value that lies with a fact.
    pub(crate) fn asset_value(&self, fact: &Materialization) -> Result<Option<Encoded>, StorageError> {
        let event = i64::try_from(fact.event).unwrap_or(i64::MAX);
        let sql = "SELECT value, value_sum FROM fact WHERE run = ?1 AND event = ?2";
        let row = |row: &Row<'_>| Ok((row.get::<_, Option<Vec<u8>>>(0)?, row.get::<_, Option<i64>>(1)?));
        let found = self.read(|list| {
            list.prepare_cached(sql)?.query_row((fact.run.to_string(), event), row).optional()
        })?;
        let Some((value, sum)) = found else { return Ok(None) };
        if value.as_ref().map(|value| Fact::value_sum(event, value)) != sum {
            return Err(error::corrupt(self.path(), changed(fact)));
        }
        Ok(value.map(Encoded::from))
    }

    /// How many assets are known.
    pub(crate) fn asset_count(&self) -> Result<u64, StorageError> {
        let count =
            |list: &Connection| list.query_row("SELECT count(*) FROM asset", [], |row| row.get::<_, i64>(0));
        self.read(count).map(i64::unsigned_abs)
    }

    /// The facts of which nothing need lie here any more.
    pub(crate) fn superseded(&self) -> Result<Vec<Superseded>, StorageError> {
        let superseded = |row: &Row<'_>| {
            // Of one that is damaged `check` tells; its file is not known.
            let fact = serde_json::from_str::<Materialization>(row.get_ref(1)?.as_str()?);
            let file = fact.ok().and_then(|fact| file(&fact).cloned());
            let run = row.get_ref(3)?.as_str()?.parse().unwrap_or(RunId::from_u128(0));
            let told = (run, row.get::<_, i64>(4)?.unsigned_abs());
            Ok(Superseded { id: row.get(0)?, told, file, bytes: row.get::<_, i64>(2)?.unsigned_abs() })
        };
        self.read(|list| list.prepare_cached(SUPERSEDED)?.query_map([], superseded)?.collect())
    }

    /// The other facts of the same asset whose values may lie in this file.
    pub(crate) fn who_needs(&self, fact: i64, file: &ArtifactRef) -> Result<Vec<i64>, StorageError> {
        let sql = "SELECT id FROM fact WHERE asset = (SELECT asset FROM fact WHERE id = ?1) AND id <> ?1
            AND fact ->> '$.value.file.file' = ?2 AND (alone = 1 OR EXISTS (SELECT 1 FROM run WHERE id = fact.run))";
        self.read(|list| list.prepare_cached(sql)?.query_map((fact, &file.file), |row| row.get(0))?.collect())
    }

    /// The latest of each asset and partition, if their values lie in files.
    pub(crate) fn files_of_latest(&self) -> Result<Vec<(Materialization, ArtifactRef)>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM fact WHERE fact ->> '$.value.file' IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM fact AS new WHERE new.asset = fact.asset AND new.partition IS fact.partition
                AND new.time >= fact.time AND (new.time, new.run, new.event) > (fact.time, fact.run, fact.event)
                AND new.observed = 0)
                ORDER BY asset, partition"
        );
        let found: Vec<Read> = self.read(|list| list.prepare(&sql)?.query_map([], read)?.collect())?;
        // Of those that are damaged is told elsewhere.
        let with_file = |fact: Materialization| file(&fact).cloned().map(|file| (fact, file));
        Ok(found.into_iter().filter_map(Result::ok).filter_map(with_file).collect())
    }

    /// What is wrong with the facts themselves, and what to do about it.
    pub(crate) fn damaged_facts(&self) -> Result<Vec<(String, &'static str)>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS}, value, value_sum, id IN (SELECT latest FROM asset UNION SELECT latest FROM asset_partition)
                FROM fact ORDER BY id"
        );
        let damage = |row: &Row<'_>| {
            let wrong = match read(row)? {
                Ok(fact) => {
                    let value = row.get_ref(8)?.as_blob_or_null()?;
                    let sum = value.map(|value| Fact::value_sum(row.get(1).unwrap_or_default(), value));
                    (sum != row.get(9)?).then(|| changed(&fact))
                }
                Err(why) => Some(why),
            };
            let is_latest: bool = row.get(10)?;
            Ok(wrong.map(|why| match is_latest {
                true => (why, error::LIST),
                false => (format!("{why}; something newer has taken its place"), SUCCEEDED),
            }))
        };
        let damaged: Vec<Option<(String, &str)>> =
            self.read(|list| list.prepare(&sql)?.query_map([], damage)?.collect())?;
        let uncounted = "SELECT asset.key FROM asset WHERE materializations <> (SELECT count(*) FROM fact
                WHERE asset = asset.key) OR latest IS NOT (SELECT id FROM fact WHERE asset = asset.key
                ORDER BY time DESC, run DESC, event DESC LIMIT 1)
            UNION SELECT asset FROM fact WHERE asset NOT IN (SELECT key FROM asset)
            UNION SELECT asset FROM asset_partition AS of WHERE latest IS NOT (SELECT id FROM fact
                WHERE asset = of.asset AND partition = of.partition ORDER BY time DESC, run DESC, event DESC LIMIT 1)
            UNION SELECT asset FROM fact WHERE partition IS NOT NULL AND NOT EXISTS (SELECT 1 FROM asset_partition AS of
                WHERE of.asset = fact.asset AND of.partition = fact.partition)";
        let told = |row: &Row<'_>| {
            let asset: String = row.get(0)?;
            let wrong = format!("what is known of `{asset}` at a glance is not what its facts say");
            Ok(Some((wrong, error::LIST)))
        };
        let uncounted: Vec<Option<(String, &str)>> =
            self.read(|list| list.prepare(uncounted)?.query_map([], told)?.collect())?;
        Ok(damaged.into_iter().chain(uncounted).flatten().collect())
    }
}

fn changed(fact: &Materialization) -> String {
    format!(
        "the value of `{}` by event {} of the run {} is not what was written",
        fact.asset, fact.event, fact.run
    )
}

/// The file in which its value lies, or lay.
fn file(fact: &Materialization) -> Option<&ArtifactRef> {
    match &fact.value {
        ValueAt::File(file) => Some(file),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use orch_core::ids::RunId;

    use super::*;
    use crate::schema::INSTANCE;

    /// How SQLite finds what a statement asks for.
    fn way(sql: &str, values: Vec<Value>) -> String {
        let list = Connection::open_in_memory().expect("a database");
        INSTANCE.steps.iter().for_each(|step| list.execute_batch(step).expect("tables"));
        let mut plan = list.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let steps = plan.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).expect("a plan");
        steps.map(|step| step.expect("a step")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_asked_for_often_is_found_without_looking_at_all() {
        let asset = || "orders".parse().ok();
        let all = MaterializationQuery::default;
        let of = |query: MaterializationQuery| {
            let (sql, values) = asked(&query);
            way(&sql, values)
        };
        insta::assert_snapshot!(of(MaterializationQuery { asset: asset(), ..all() }), @r"
        SEARCH fact USING INDEX newest_of_asset (asset=?)
        USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
        ");
        let partition = Some("monday".to_owned());
        insta::assert_snapshot!(of(MaterializationQuery { asset: asset(), partition, ..all() }), @r"
        SEARCH fact USING INDEX newest_made (asset=? AND partition=?)
        USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
        ");
        // Of an asset there may be any number, of a run there are few.
        let run = Some(orch_core::ids::RunId::from_u128(1));
        insta::assert_snapshot!(of(MaterializationQuery { asset: asset(), run, ..all() }), @r"
        SEARCH fact USING INDEX sqlite_autoindex_fact_1 (run=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
        let until = Some(jiff::Timestamp::UNIX_EPOCH);
        insta::assert_snapshot!(of(MaterializationQuery { asset: asset(), until, ..all() }), @r"
        SEARCH fact USING INDEX newest_of_asset (asset=? AND time<?)
        USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
        ");
        insta::assert_snapshot!(of(MaterializationQuery { run: Some(RunId::from_u128(1)), ..all() }), @r"
        SEARCH fact USING INDEX sqlite_autoindex_fact_1 (run=?)
        USE TEMP B-TREE FOR ORDER BY
        ");
        let latest = format!("{LATEST} WHERE of.asset = ?1 ORDER BY of.partition");
        insta::assert_snapshot!(way(&latest, vec!["orders".to_owned().into()]), @r"
        SEARCH of USING PRIMARY KEY (asset=?)
        SEARCH fact USING INTEGER PRIMARY KEY (rowid=?)
        ");
        insta::assert_snapshot!(way(SUPERSEDED, Vec::new()), @r"
        SCAN old USING INDEX alone
        CORRELATED SCALAR SUBQUERY 1
        SEARCH run USING PRIMARY KEY (id=?)
        SEARCH new EXISTS USING INDEX newest_made (asset=? AND partition=? AND time>?)
        CORRELATED SCALAR SUBQUERY 2
        SEARCH run USING PRIMARY KEY (id=?)
        ");
    }
}
