//! Which partitions of an asset are materialized, which failed and were not made good since, which were observed, and at which the
//! last look failed: four bitmaps, kept beside the facts so that nobody has to read millions of these.
//!
//! They are a cache. Facts are added all the time and nobody thinks of it; whoever asks adds those that came since, and if they
//! are many, keeps what has come of it. They are read while others write, who would wait for long where millions came since.
//! Whoever takes a fact away has what is kept dropped with it, and what others are about to keep refused, so that what is kept
//! is never more than the facts say, and a number that is given anew is never taken for one that was seen. What is damaged,
//! or is of other indexes, is as good as not there.
//!
//! A fact of a key that has no index is left out. If keys come to have one, in a dynamic set, what is kept holds as long as
//! none was left out; else it may have been one of theirs, and all facts are read anew.

use std::collections::BTreeMap;

use orch_core::asset::AssetKey;
use orch_core::partition::{Keyspace, PartitionSet};
use orch_core::storage::{PartitionStatus, StorageError};
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

use crate::list::List;
use crate::sum::Sum;
use crate::write::Writing;

/// So many facts are looked at each time rather than written about.
const FEW: usize = 64;
/// So many are not left to whoever asks.
const MANY: usize = 1024;

const KEPT: &str =
    "SELECT partitions, left_out, fact, failure, passed_over, materialized, failed, observed, unseen, sum, taken_away
    FROM partition_status WHERE asset = ?1";
const KEEP: &str = "INSERT OR REPLACE INTO partition_status
    (asset, partitions, left_out, fact, failure, passed_over, materialized, failed, observed, unseen, sum, taken_away)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const DROP: &str = "INSERT INTO partition_status
    (asset, partitions, left_out, fact, failure, passed_over, materialized, failed, observed, unseen, sum, taken_away)
    VALUES (?1, '', 0, 0, 0, 0, x'', x'', x'', x'', 0, 1)
    ON CONFLICT (asset) DO UPDATE SET partitions = '', materialized = x'', failed = x'', observed = x'', unseen = x'',
        taken_away = taken_away + 1";
const TAKEN_AWAY: &str = "SELECT taken_away FROM partition_status WHERE asset = ?1";
/// What became known of an asset after these facts.
const MADE: &str = "SELECT id, partition, observed FROM fact WHERE asset = ?1 AND id > ?2 ORDER BY id";
const FAILED: &str = "SELECT id, partition FROM failed WHERE asset = ?1 AND id > ?2 ORDER BY id";
const PASSED_OVER: &str = "SELECT id, partition FROM passed_over WHERE asset = ?1 AND id > ?2 ORDER BY id";
/// Up to which facts it was kept, and whether some were left out.
const REACHED: &str = "SELECT left_out, fact, failure, passed_over FROM partition_status WHERE asset = ?1";
/// Whether so many became known since.
const IS_BEHIND: &str = "SELECT EXISTS (SELECT 1 FROM fact WHERE asset = ?1 AND id > ?2 LIMIT 1 OFFSET ?5)
    OR EXISTS (SELECT 1 FROM failed WHERE asset = ?1 AND id > ?3 LIMIT 1 OFFSET ?5)
    OR EXISTS (SELECT 1 FROM passed_over WHERE asset = ?1 AND id > ?4 LIMIT 1 OFFSET ?5)";
/// Whether the last attempt at a partition failed, and whether the last look did.
const IS_FAILED: &str = "SELECT EXISTS (SELECT 1 FROM failed WHERE asset = ?1 AND partition = ?2 AND observed = 0 AND NOT EXISTS (
        SELECT 1 FROM fact AS new WHERE new.asset = failed.asset AND new.partition = failed.partition AND new.observed = 0
        AND new.time >= failed.time AND (new.time, new.run, new.event) > (failed.time, failed.run, failed.event))
    AND NOT EXISTS (
        SELECT 1 FROM passed_over AS new WHERE new.asset = failed.asset AND new.partition = failed.partition
        AND new.time >= failed.time AND (new.time, new.run, new.event) > (failed.time, failed.run, failed.event))),
    EXISTS (SELECT 1 FROM failed WHERE asset = ?1 AND partition = ?2 AND observed = 1 AND NOT EXISTS (
        SELECT 1 FROM fact AS new WHERE new.asset = failed.asset AND new.partition = failed.partition
        AND new.time >= failed.time AND (new.time, new.run, new.event) > (failed.time, failed.run, failed.event)))";

/// Whether nothing was there when a partition was observed last.
const FOUND_NOTHING: &str =
    "SELECT observed = 2 FROM fact WHERE asset = ?1 AND partition = ?2 AND observed <> 0
    ORDER BY time DESC, run DESC, event DESC LIMIT 1";

/// What a fact says of a partition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    Made,
    PassedOver,
    Failed,
}

/// What is kept, or is to be.
#[derive(Default)]
pub(crate) struct Kept {
    status: PartitionStatus,
    /// Whether facts are not in it, since their keys have no index.
    left_out: bool,
    /// The last facts that are in it.
    fact: i64,
    failure: i64,
    passed_over: i64,
    /// How many came since.
    new: usize,
    /// How often facts of the asset had been taken away.
    taken_away: i64,
}

impl Kept {
    /// What all facts of an asset say, as they are at one moment; none if more than `most` came since it was kept.
    fn of(list: &Connection, asset: &AssetKey, partitions: &Keyspace, most: usize) -> Result<Option<Self>> {
        let list = list.unchecked_transaction()?;
        let kept = Self::read(&list, asset, partitions)?;
        kept.brought_up(&list, asset, partitions, most)
    }

    /// What is kept of an asset; nothing if it is not of these partitions.
    fn read(list: &Connection, asset: &AssetKey, partitions: &Keyspace) -> Result<Self> {
        let kept = |row: &Row<'_>| {
            let kept = Self::whole(row, asset, partitions).unwrap_or_default();
            Ok(Self { taken_away: row.get(10)?, ..kept })
        };
        let kept = list.prepare_cached(KEPT)?.query_row([asset.as_str()], kept).optional()?;
        Ok(kept.unwrap_or_default())
    }

    /// What a row says, if it can be relied on.
    fn whole(row: &Row<'_>, asset: &AssetKey, partitions: &Keyspace) -> Option<Self> {
        let columns = Columns {
            asset: asset.as_str(),
            partitions: row.get_ref(0).ok()?.as_str().ok()?,
            left_out: row.get(1).ok()?,
            fact: row.get(2).ok()?,
            failure: row.get(3).ok()?,
            passed_over: row.get(4).ok()?,
            materialized: row.get_ref(5).ok()?.as_blob().ok()?,
            failed: row.get_ref(6).ok()?.as_blob().ok()?,
            observed: row.get_ref(7).ok()?.as_blob().ok()?,
            unseen: row.get_ref(8).ok()?.as_blob().ok()?,
        };
        let holds = match columns.left_out {
            false => partitions.goes_on_from(columns.partitions),
            true => columns.partitions == partitions.indexing(),
        };
        if row.get(9) != Ok(columns.sum()) || !holds {
            return None;
        }
        let set = |bytes| PartitionSet::from_bytes(bytes).ok();
        let (materialized, failed) = (set(columns.materialized)?, set(columns.failed)?);
        let status = PartitionStatus::new(materialized, failed, set(columns.observed)?, set(columns.unseen)?);
        let Columns { left_out, fact, failure, passed_over, .. } = columns;
        Some(Self { status, left_out, fact, failure, passed_over, ..Self::default() })
    }

    /// Adds what became known since; none if that is more than `most`.
    fn brought_up(
        mut self,
        list: &Connection,
        asset: &AssetKey,
        partitions: &Keyspace,
        most: usize,
    ) -> Result<Option<Self>> {
        // Facts come in any order of their times, so of a partition that has failed it is looked up which was last.
        let mut open: BTreeMap<u64, String> = BTreeMap::new();
        // So of one of which nothing was there: what it was before is not kept.
        let (mut looked_at, has_all): (BTreeMap<u64, String>, bool) = (BTreeMap::new(), self.fact == 0);
        let all = [
            (MADE, Tells::Made, &mut self.fact),
            (PASSED_OVER, Tells::PassedOver, &mut self.passed_over),
            (FAILED, Tells::Failed, &mut self.failure),
        ];
        for (sql, tells, after) in all {
            let mut told = list.prepare_cached(sql)?;
            let mut rows = told.query((asset.as_str(), *after))?;
            while let Some(row) = rows.next()? {
                *after = row.get(0)?;
                let Some(key) = row.get_ref(1)?.as_str_or_null()? else { continue };
                self.new += 1;
                if self.new > most {
                    return Ok(None);
                }
                let Some(index) = partitions.known_index(key) else {
                    self.left_out = true;
                    continue;
                };
                if tells == Tells::Made {
                    match row.get::<_, i64>(2)? {
                        0 => _ = self.status.materialized.insert(index),
                        1 if has_all || self.status.observed.contains(index) => {
                            self.status.observed.insert(index);
                        }
                        _ => _ = looked_at.insert(index, key.to_owned()),
                    }
                }
                let PartitionStatus { failed, unseen, .. } = &self.status;
                if tells == Tells::Failed || failed.contains(index) || unseen.contains(index) {
                    open.insert(index, key.to_owned());
                }
            }
        }
        let mut found_nothing = list.prepare_cached(FOUND_NOTHING)?;
        for (index, key) in looked_at {
            match found_nothing.query_row((asset.as_str(), key), |row| row.get(0))? {
                true => self.status.observed.remove(index),
                false => self.status.observed.insert(index),
            };
        }
        let mut is_failed = list.prepare_cached(IS_FAILED)?;
        for (index, key) in open {
            let failed = is_failed.query_row((asset.as_str(), key), |row| Ok((row.get(0)?, row.get(1)?)))?;
            for (is_failed, set) in [(failed.0, &mut self.status.failed), (failed.1, &mut self.status.unseen)]
            {
                if is_failed {
                    set.insert(index)
                } else {
                    set.remove(index)
                };
            }
        }
        Ok(Some(self))
    }

    fn put(&self, writing: &Writing<'_>, asset: &AssetKey, partitions: &Keyspace) -> Result<()> {
        let indexing = partitions.indexing();
        let PartitionStatus { materialized, failed, observed, unseen, .. } = &self.status;
        let (materialized, failed) = (materialized.to_bytes(), failed.to_bytes());
        let (observed, unseen) = (observed.to_bytes(), unseen.to_bytes());
        let columns = Columns {
            asset: asset.as_str(),
            partitions: &indexing,
            left_out: self.left_out,
            fact: self.fact,
            failure: self.failure,
            passed_over: self.passed_over,
            materialized: &materialized,
            failed: &failed,
            observed: &observed,
            unseen: &unseen,
        };
        let Columns {
            asset,
            partitions,
            left_out,
            fact,
            failure,
            passed_over,
            materialized,
            failed,
            observed,
            unseen,
        } = columns;
        let sum = columns.sum();
        let row = (
            asset,
            partitions,
            left_out,
            fact,
            failure,
            passed_over,
            materialized,
            failed,
            observed,
            unseen,
            sum,
            self.taken_away,
        );
        writing.run(KEEP, row).map(std::mem::drop)
    }
}

/// Keeps what was found, unless facts were taken away since; those that came since are added by whoever looks next.
pub(crate) fn keep(
    writing: &Writing<'_>,
    asset: &AssetKey,
    partitions: &Keyspace,
    found: &Kept,
) -> Result<()> {
    let taken_away = writing.read(TAKEN_AWAY, [asset.as_str()], |row| row.get::<_, i64>(0))?;
    match taken_away.first().copied().unwrap_or_default() == found.taken_away {
        true => found.put(writing, asset, partitions),
        false => Ok(()),
    }
}

/// Drops what is kept of an asset, with a fact that is in it or that someone is about to keep.
pub(super) fn drop(writing: &Writing<'_>, asset: &str) -> Result<()> {
    writing.run(DROP, [asset]).map(std::mem::drop)
}

/// The columns that the sum is made of.
struct Columns<'a> {
    asset: &'a str,
    partitions: &'a str,
    left_out: bool,
    fact: i64,
    failure: i64,
    passed_over: i64,
    materialized: &'a [u8],
    failed: &'a [u8],
    observed: &'a [u8],
    unseen: &'a [u8],
}

impl Columns<'_> {
    fn sum(&self) -> i64 {
        Sum::of(self.fact)
            .word(self.failure.cast_unsigned())
            .word(self.left_out.into())
            .word(self.passed_over.cast_unsigned())
            .bytes(Some(self.asset.as_bytes()))
            .bytes(Some(self.partitions.as_bytes()))
            .bytes(Some(self.materialized))
            .bytes(Some(self.failed))
            .bytes(Some(self.observed))
            .bytes(Some(self.unseen))
            .short()
    }
}

impl List {
    /// Which partitions of an asset are materialized, which failed, and which were observed.
    pub(crate) fn partition_status(
        &self,
        asset: &AssetKey,
        partitions: &Keyspace,
    ) -> std::result::Result<PartitionStatus, StorageError> {
        if let Some(kept) = self.read(|list| Kept::of(list, asset, partitions, FEW))? {
            return Ok(kept.status);
        }
        let found = self.found(asset, partitions)?;
        // Where nothing can be written it is found out each time.
        let _ = self.lock().and_then(|mut list| list.keep_status(asset, partitions, &found));
        Ok(found.status)
    }

    /// Those of which many facts came since it was kept. Where some were left out each key that is added has all facts read anew,
    /// which is left to whoever asks.
    pub(crate) fn status_behind<'a>(
        &self,
        assets: &[&'a AssetKey],
    ) -> std::result::Result<Vec<&'a AssetKey>, StorageError> {
        self.read(|list| {
            let (mut reached, mut is_behind) =
                (list.prepare_cached(REACHED)?, list.prepare_cached(IS_BEHIND)?);
            let mut behind = Vec::new();
            for &asset in assets {
                let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
                let reached: Option<(bool, i64, i64, i64)> =
                    reached.query_row([asset.as_str()], columns).optional()?;
                let (left_out, fact, failure, passed_over) = reached.unwrap_or_default();
                let since = (asset.as_str(), fact, failure, passed_over, MANY as i64 - 1);
                if !left_out && is_behind.query_row(since, |row| row.get(0))? {
                    behind.push(asset);
                }
            }
            Ok(behind)
        })
    }

    /// What all facts say, read while others may write.
    fn found(&self, asset: &AssetKey, partitions: &Keyspace) -> std::result::Result<Kept, StorageError> {
        let found = self.read_alone(|list| Kept::of(list, asset, partitions, usize::MAX))?;
        Ok(found.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
