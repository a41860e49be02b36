use std::fmt;
use std::sync::Arc;

use super::query::Each;
use super::watch::Unwoken;
use super::{
    AssetRecord, BackfillMark, BackfillMarks, BackfillRecord, HoldBackfill, Holder, LogQuery,
    PartitionStatus, Pinned, RunQuery, RunRecord, StorageError, Watch,
};
use crate::asset::{
    AssetKey, CheckEvaluation, EvaluationQuery, FailedMaterialization, Materialization, MaterializationQuery,
    PassedOver,
};
use crate::event::{Encoded, Journal, Logged};
use crate::failure::Failure;
use crate::ids::{BackfillId, RunId};
use crate::io::Artifacts;
use crate::memo::{Given, Memo, MemoQuery};
use crate::partition::{ChangedKeys, KeySet, KeySets, Keyspace};

/// Where runs are kept, and what they have made. Implemented for whatever has all its parts; nothing to implement by hand.
pub trait Storage:
    ReadRuns + WriteRuns + ReadAssets + ReadBackfills + WriteBackfills + ReadKeySets + WriteKeySets
{
}

impl<S> Storage for S where
    S: ReadRuns + WriteRuns + ReadAssets + ReadBackfills + WriteBackfills + ReadKeySets + WriteKeySets
{
}

/// The list of runs, and the way to what is kept of each.
pub trait ReadRuns: fmt::Debug + Send + Sync + 'static {
    /// Where it is and how durable, for people: `` `.orch`, durability normal ``.
    fn describe(&self) -> String;

    /// The runs that are asked for, the newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError>;

    /// The run of this identifier.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn run(&self, run: RunId) -> Result<RunRecord, StorageError>;

    /// The runs whose identifiers begin with `prefix`, in hexadecimal with or without dashes; no more than `limit`, the
    /// newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError>;

    /// What the run was begun with.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read.
    fn pinned(&self, run: RunId) -> Result<Pinned, StorageError>;

    /// Who runs the run at present; none if nobody does. Of a run whose process has died nobody does, from the moment of
    /// its death.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn holder(&self, run: RunId) -> Result<Option<Holder>, StorageError>;

    /// The events of a run. It can be read while someone else writes it, and is then read as far as it had come when the
    /// reading began.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be read.
    fn events(&self, run: RunId) -> Result<Box<dyn ReadEvents>, StorageError>;

    /// Waits for changes of a run, from now on. A storage that cannot wake its readers has them look ten times a second,
    /// which is what is done here.
    ///
    /// # Errors
    /// If there is no such run, or it cannot be watched.
    fn watch(&self, run: RunId) -> Result<Box<dyn Watch>, StorageError> {
        self.run(run)?;
        Ok(Box::new(Unwoken))
    }

    /// The files of a run.
    ///
    /// # Errors
    /// If there is no such run.
    fn artifacts(&self, run: RunId) -> Result<Arc<dyn Artifacts>, StorageError>;

    /// What is remembered of memoized steps, as far as it is asked for, the newest first. It is of runs that are there: with a
    /// run it goes.
    ///
    /// # Errors
    /// If it cannot be read.
    fn memos(&self, query: &MemoQuery) -> Result<Vec<Memo>, StorageError>;

    /// What is remembered last of each recipe of an op that is made by this code, as [`code_of`](crate::memo::code_of) says it, in the
    /// order of their keys. What is damaged is not remembered: of several of one key it is the newest of those that can be read.
    ///
    /// # Errors
    /// If they cannot be read.
    fn latest_memos(&self, op: &str, code: &str) -> Result<Vec<Given>, StorageError>;
}

/// What is known of assets, apart from the runs that made them.
///
/// Nobody writes these facts by hand: a storage takes them from the events of runs with [`Facts`](super::Facts),
/// [`CheckEvaluation::told`], [`FailedMaterialization::told`] and [`PassedOver::told`], when they are committed, and once more of a
/// run whose process died before it could. A run that is removed takes none of its facts along, nor the values of the latest.
pub trait ReadAssets: Send + Sync + 'static {
    /// All assets that were ever materialized, or observed, by their keys.
    ///
    /// # Errors
    /// If they cannot be read.
    fn assets(&self) -> Result<Vec<AssetRecord>, StorageError>;

    /// What is damaged of the latest materializations, one error for each. [`assets`](Self::assets) and
    /// [`latest_partitions`](Self::latest_partitions) leave it out, so that the others are known, and until it is made anew it
    /// is as good as never made.
    ///
    /// # Errors
    /// If they cannot be read.
    fn damaged_assets(&self) -> Result<Vec<StorageError>, StorageError> {
        Ok(Vec::new())
    }

    /// The materializations that are asked for, and observations, the newest first: by the times at which they were told, whenever that
    /// became known here.
    ///
    /// # Errors
    /// If they cannot be read.
    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, StorageError>;

    /// The same, for whoever shows them: what is damaged is left out. Of what is damaged of the latest
    /// [`damaged_assets`](Self::damaged_assets) tells, and this of the rest, one error for each.
    ///
    /// # Errors
    /// If they cannot be read.
    fn history(
        &self,
        query: &MaterializationQuery,
    ) -> Result<(Vec<Materialization>, Vec<StorageError>), StorageError> {
        Ok((self.materializations(query)?, Vec::new()))
    }

    /// The latest materialization of each partition of an asset, in the order of their keys as text.
    ///
    /// # Errors
    /// If they cannot be read.
    fn latest_partitions(&self, asset: &AssetKey) -> Result<Vec<Materialization>, StorageError>;

    /// Which partitions of an asset are materialized, which were observed, and which failed. What it costs does not grow with how many there are, but
    /// with what has become known since someone asked.
    ///
    /// # Errors
    /// If it cannot be read.
    fn partition_status(
        &self,
        asset: &AssetKey,
        partitions: &Keyspace,
    ) -> Result<PartitionStatus, StorageError>;

    /// Of these assets those of which so much has become known since someone asked for their
    /// [`partition_status`](Self::partition_status) that it is better found out before the next one waits for it: a run does so
    /// at its end with those that it makes. A storage that has it ready in any case names none, as here.
    ///
    /// # Errors
    /// If that cannot be read.
    fn status_behind<'a>(&self, assets: &[&'a AssetKey]) -> Result<Vec<&'a AssetKey>, StorageError> {
        let _ = assets;
        Ok(Vec::new())
    }

    /// The latest attempt that failed to materialize an asset, or a partition of it, if one did, whatever has become of it since.
    ///
    /// # Errors
    /// If it cannot be read.
    fn latest_failure(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError>;

    /// The latest look that failed at an asset that others make, or at a partition of it, likewise.
    ///
    /// # Errors
    /// If it cannot be read.
    fn latest_failed_look(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError>;

    /// When a run last passed over an asset, or a partition of it, since it was as it would be made.
    ///
    /// # Errors
    /// If it cannot be read.
    fn latest_passed_over(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<PassedOver>, StorageError>;

    /// The latest materialization of an asset, or of a partition of it; of an asset that has none that of a partition is none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn latest_made(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<Materialization>, StorageError> {
        let query = MaterializationQuery {
            partition: partition.map(str::to_owned),
            observed: Some(false),
            ..MaterializationQuery::latest(asset)
        };
        let latest = self.materializations(&query)?.into_iter().next();
        if latest.as_ref().is_none_or(|fact| fact.partition.as_deref() == partition) {
            return Ok(latest);
        }
        // It had partitions before.
        let all = self.materializations(&MaterializationQuery { limit: None, ..query })?;
        Ok(all.into_iter().find(|fact| fact.partition.is_none()))
    }

    /// As [`latest_partitions`](Self::latest_partitions), without observations: of what was observed since it was materialized the
    /// latest materialization, and nothing of what was observed alone.
    ///
    /// # Errors
    /// If they cannot be read.
    fn latest_made_partitions(&self, asset: &AssetKey) -> Result<Vec<Materialization>, StorageError> {
        let mut made = Vec::new();
        for latest in self.latest_partitions(asset)? {
            if !latest.is_observation() {
                made.push(latest);
                continue;
            }
            let query = MaterializationQuery {
                partition: latest.partition,
                observed: Some(false),
                ..MaterializationQuery::latest(asset)
            };
            // What is damaged is left out here too.
            made.extend(self.history(&query)?.0);
        }
        Ok(made)
    }

    /// The last attempt at an asset, or at a partition of it, if it failed: it was neither made since, nor passed over.
    ///
    /// # Errors
    /// If it cannot be read.
    fn failed_last(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        let Some(failed) = self.latest_failure(asset, partition)? else { return Ok(None) };
        let made = self.latest_made(asset, partition)?;
        let passed_over = self.latest_passed_over(asset, partition)?;
        Ok(Some(failed).filter(|failed| failed.is_after(made.as_ref(), passed_over.as_ref())))
    }

    /// The last look at an asset that others make, or at a partition of it, if it failed: it was neither observed nor made since.
    ///
    /// # Errors
    /// If it cannot be read.
    fn look_failed_last(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        let Some(failed) = self.latest_failed_look(asset, partition)? else { return Ok(None) };
        let query = MaterializationQuery {
            partition: partition.map(str::to_owned),
            ..MaterializationQuery::latest(asset)
        };
        let latest = self.materializations(&query)?.pop();
        Ok(Some(failed).filter(|failed| failed.is_after(latest.as_ref(), None)))
    }

    /// The evaluations of checks that are asked for, the newest first, as materializations are.
    ///
    /// # Errors
    /// If they cannot be read.
    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, StorageError>;

    /// The names of the checks that have looked at an asset, in their order as text.
    ///
    /// # Errors
    /// If they cannot be read.
    fn checks_of(&self, asset: &AssetKey) -> Result<Vec<String>, StorageError>;

    /// What a check found last of each partition of its asset, in the order of their keys as text.
    ///
    /// # Errors
    /// If it cannot be read.
    fn latest_evaluations(&self, asset: &AssetKey, check: &str)
    -> Result<Vec<CheckEvaluation>, StorageError>;

    /// What a check found last of its asset; if that has partitions, of each of these.
    ///
    /// # Errors
    /// If it cannot be read.
    fn found_last(
        &self,
        asset: &AssetKey,
        check: &str,
        has_partitions: bool,
    ) -> Result<Vec<CheckEvaluation>, StorageError> {
        match has_partitions {
            true => self.latest_evaluations(asset, check),
            false => self.evaluations(&EvaluationQuery::latest(asset, check)),
        }
    }

    /// The value of a materialization that lies with the fact, [`ValueAt::Fact`](crate::asset::ValueAt::Fact); none if it
    /// does not lie there any more: those of earlier materializations go after a while.
    ///
    /// # Errors
    /// If it cannot be read, or is not what was written.
    fn asset_value(&self, fact: &Materialization) -> Result<Option<Encoded>, StorageError>;

    /// The files of assets, of whichever run. A file is written once and stays until a later materialization has taken
    /// its place.
    ///
    /// # Errors
    /// If they cannot be reached.
    fn asset_files(&self) -> Result<Arc<dyn Artifacts>, StorageError>;
}

/// Begins runs, takes them up again and removes them.
pub trait WriteRuns: Send + Sync + 'static {
    /// Makes a run. Whoever has the result holds the run until it is dropped, or the process is gone.
    ///
    /// # Errors
    /// If there is such a run already, if the one that it is made from is there no more, or if it cannot be written. If it is
    /// of a backfill that is not there, or [`Over`](super::StorageErrorKind::Over) if that was canceled: after the mark no run
    /// of it is made, whoever wanted to at that moment.
    fn create(&self, run: &RunRecord, pinned: &Pinned) -> Result<Box<dyn WriteEvents>, StorageError>;

    /// Takes up a run again; its events go on where they ended.
    ///
    /// # Errors
    /// If there is no such run, [`Held`](super::StorageErrorKind::Held) if someone holds it, or if it cannot be written.
    fn reopen(&self, run: RunId) -> Result<Box<dyn WriteEvents>, StorageError>;

    /// Removes a run and all that is kept of it. What was stored by IO managers of the program's own stays.
    ///
    /// # Errors
    /// If there is no such run, if someone holds it, [`Needed`](super::StorageErrorKind::Needed) if another was made of it, or
    /// if it cannot be removed.
    fn remove(&self, run: RunId) -> Result<(), StorageError>;
}

/// The backfills, beside their runs.
pub trait ReadBackfills: Send + Sync + 'static {
    /// All there are, the newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn backfills(&self) -> Result<Vec<BackfillRecord>, StorageError>;

    /// The backfill of this identifier.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn backfill(&self, backfill: BackfillId) -> Result<BackfillRecord, StorageError>;

    /// What is marked of the backfill, which is asked for again and again while it is driven.
    ///
    /// # Errors
    /// As [`ReadBackfills::backfill`].
    fn backfill_marks(&self, backfill: BackfillId) -> Result<BackfillMarks, StorageError> {
        Ok(self.backfill(backfill)?.marks)
    }

    /// Who drives the backfill at present; none if nobody does, from the moment of the death of who did.
    ///
    /// # Errors
    /// If there is no such backfill, or that cannot be found out.
    fn backfill_holder(&self, backfill: BackfillId) -> Result<Option<Holder>, StorageError>;
}

/// Launches backfills, takes them up again and marks them.
pub trait WriteBackfills: Send + Sync + 'static {
    /// Makes a backfill, without marks. Whoever has the result holds it until it is dropped, or the process is gone.
    ///
    /// # Errors
    /// If there is such a backfill already, or if it cannot be written.
    fn create_backfill(&self, backfill: &BackfillRecord) -> Result<Box<dyn HoldBackfill>, StorageError>;

    /// Takes hold of a backfill.
    ///
    /// # Errors
    /// If there is none, [`Held`](super::StorageErrorKind::Held) if someone holds it, or if that cannot be written.
    fn hold_backfill(&self, backfill: BackfillId) -> Result<Box<dyn HoldBackfill>, StorageError>;

    /// Marks something of a backfill, whoever holds it, and gives it as it is then. It outlives a loss of power.
    ///
    /// # Errors
    /// If there is none, [`Over`](super::StorageErrorKind::Over) if it was canceled and the mark would have it go on, or if
    /// it cannot be written.
    fn mark_backfill(&self, backfill: BackfillId, mark: BackfillMark)
    -> Result<BackfillRecord, StorageError>;
}

/// The named sets of keys of partitions, as they are now.
pub trait ReadKeySets: Send + Sync + 'static {
    /// All sets to which a key was ever added.
    ///
    /// # Errors
    /// If they cannot be read.
    fn key_sets(&self) -> Result<KeySets, StorageError>;

    /// The set of this name; one that nobody has added a key to is empty.
    ///
    /// # Errors
    /// If it cannot be read.
    fn key_set(&self, set: &str) -> Result<KeySet, StorageError>;
}

/// Changes sets of keys. What is changed outlives a loss of power, and of two who change a set at once neither undoes what the
/// other has done.
pub trait WriteKeySets: Send + Sync + 'static {
    /// Adds keys to the set of this name, in this order. A new key has the next number, and one that was removed has its own
    /// again; one that is there stays as it is.
    ///
    /// # Errors
    /// [`Invalid`](super::StorageErrorKind::Invalid) if the name or a key cannot be one, and then none is added; or if they
    /// cannot be written.
    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError>;

    /// Removes keys from the set of this name. Their numbers are given to no others.
    ///
    /// # Errors
    /// As [`WriteKeySets::add_keys`].
    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError>;
}

/// The events of a run, to be read.
pub trait ReadEvents: Send {
    /// Calls `each` for the events after the one of number `after`, in their order. Log lines are left out unless `logs` are asked for.
    ///
    /// # Errors
    /// If they cannot be read. What was called for before is as it was told.
    fn events(&self, after: u64, logs: bool, each: Each<'_, Logged>) -> Result<(), StorageError>;

    /// Calls `each` for the log lines after the event of number `after` that are asked for, in their order.
    ///
    /// # Errors
    /// As [`ReadEvents::events`].
    fn logs(&self, after: u64, query: &LogQuery, each: Each<'_, Logged>) -> Result<(), StorageError>;

    /// Calls `each` for what whoever takes the run up again needs to know, in the order of the log: all events but log lines
    /// and those of [`StepInput`](crate::event::EventKind::StepInput), with the values that were committed with them.
    ///
    /// # Errors
    /// As [`ReadEvents::events`].
    fn history(&self, each: &mut dyn FnMut(Logged, Option<&[u8]>)) -> Result<(), StorageError>;

    /// The value that was committed with the event of this number; none if there was none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn value(&self, event: u64) -> Result<Option<Encoded>, StorageError>;
}

/// The events of a run that is held, to be written: its journal.
pub trait WriteEvents: Journal {
    /// Puts this into the list of runs, in place of what it says of the run. If the process is gone before, the list is
    /// corrected by the events, which are the truth.
    ///
    /// # Errors
    /// If it cannot be written.
    fn update(&mut self, run: &RunRecord) -> Result<(), Failure>;
}
