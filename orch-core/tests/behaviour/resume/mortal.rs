//! A storage that dies.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use orch_core::asset::{
    AssetKey, CheckEvaluation, EvaluationQuery, FailedMaterialization, Materialization, MaterializationQuery,
    PassedOver,
};
use orch_core::event::{Encoded, Entry, Journal};
use orch_core::failure::Failure;
use orch_core::ids::{BackfillId, RunId};
use orch_core::io::{ArtifactRef, Artifacts};
use orch_core::memo::{Given, Memo, MemoQuery};
use orch_core::partition::{ChangedKeys, KeySet, KeySets, Keyspace};
use orch_core::storage::{
    AssetRecord, BackfillMark, BackfillRecord, HoldBackfill, Holder, Memory, PartitionStatus, Pinned,
    ReadAssets, ReadBackfills, ReadEvents, ReadKeySets, ReadRuns, RunQuery, RunRecord, StorageError,
    StorageErrorKind, WriteBackfills, WriteEvents, WriteKeySets, WriteRuns,
};

/// A storage whose process is gone after so many commits.
#[derive(Debug)]
pub(crate) struct Mortal {
    pub(crate) memory: Memory,
    pub(crate) left: Arc<AtomicUsize>,
    /// Whether there is room for files.
    pub(crate) room: bool,
    /// What of assets cannot be read.
    pub(crate) unread: Option<Unread>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Unread {
    /// Which partitions there are.
    Partitions,
    /// What checks have found of them.
    Found,
}

/// A place for files that is full.
#[derive(Debug)]
struct Full(Arc<dyn Artifacts>);

impl Artifacts for Full {
    fn write(
        &self,
        _: &str,
        _: &mut dyn FnMut(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<ArtifactRef, Failure> {
        Err(Failure::new("the disk is full"))
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, StorageError> {
        self.0.open(name)
    }
}

struct MortalLog {
    log: Box<dyn WriteEvents>,
    left: Arc<AtomicUsize>,
}

impl Journal for MortalLog {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(Failure::new("the process is gone"));
        }
        self.left.store(left - 1, Ordering::Relaxed);
        self.log.commit(entries)
    }

    fn blocks_from(&self) -> usize {
        self.log.blocks_from()
    }
}

impl WriteEvents for MortalLog {
    fn update(&mut self, run: &RunRecord) -> Result<(), Failure> {
        self.log.update(run)
    }
}

impl Mortal {
    fn log(&self, log: Box<dyn WriteEvents>) -> Box<dyn WriteEvents> {
        Box::new(MortalLog { log, left: Arc::clone(&self.left) })
    }

    fn check_readable(&self, what: Unread) -> Result<(), StorageError> {
        match self.unread == Some(what) {
            true => Err(StorageError::new(StorageErrorKind::Corrupt, "the page is torn")),
            false => Ok(()),
        }
    }
}

impl WriteRuns for Mortal {
    fn create(&self, run: &RunRecord, pinned: &Pinned) -> Result<Box<dyn WriteEvents>, StorageError> {
        self.memory.create(run, pinned).map(|log| self.log(log))
    }

    fn reopen(&self, run: RunId) -> Result<Box<dyn WriteEvents>, StorageError> {
        self.memory.reopen(run).map(|log| self.log(log))
    }

    fn remove(&self, run: RunId) -> Result<(), StorageError> {
        self.memory.remove(run)
    }
}

impl ReadRuns for Mortal {
    fn describe(&self) -> String {
        self.memory.describe()
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError> {
        self.memory.runs(query)
    }

    fn run(&self, run: RunId) -> Result<RunRecord, StorageError> {
        self.memory.run(run)
    }

    fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError> {
        self.memory.begin_with(prefix, limit)
    }

    fn pinned(&self, run: RunId) -> Result<Pinned, StorageError> {
        self.memory.pinned(run)
    }

    fn holder(&self, run: RunId) -> Result<Option<Holder>, StorageError> {
        self.memory.holder(run)
    }

    fn events(&self, run: RunId) -> Result<Box<dyn ReadEvents>, StorageError> {
        self.memory.events(run)
    }

    fn artifacts(&self, run: RunId) -> Result<Arc<dyn Artifacts>, StorageError> {
        let files = self.memory.artifacts(run)?;
        Ok(if self.room { files } else { Arc::new(Full(files)) })
    }

    fn memos(&self, query: &MemoQuery) -> Result<Vec<Memo>, StorageError> {
        self.memory.memos(query)
    }

    fn latest_memos(&self, op: &str, code: &str) -> Result<Vec<Given>, StorageError> {
        self.memory.latest_memos(op, code)
    }
}

impl ReadKeySets for Mortal {
    fn key_sets(&self) -> Result<KeySets, StorageError> {
        self.memory.key_sets()
    }

    fn key_set(&self, set: &str) -> Result<KeySet, StorageError> {
        self.memory.key_set(set)
    }
}

impl WriteKeySets for Mortal {
    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError> {
        self.memory.add_keys(set, keys)
    }

    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, StorageError> {
        self.memory.remove_keys(set, keys)
    }
}

impl ReadBackfills for Mortal {
    fn backfills(&self) -> Result<Vec<BackfillRecord>, StorageError> {
        self.memory.backfills()
    }

    fn backfill(&self, backfill: BackfillId) -> Result<BackfillRecord, StorageError> {
        self.memory.backfill(backfill)
    }

    fn backfill_holder(&self, backfill: BackfillId) -> Result<Option<Holder>, StorageError> {
        self.memory.backfill_holder(backfill)
    }
}

impl WriteBackfills for Mortal {
    fn create_backfill(&self, backfill: &BackfillRecord) -> Result<Box<dyn HoldBackfill>, StorageError> {
        self.memory.create_backfill(backfill)
    }

    fn hold_backfill(&self, backfill: BackfillId) -> Result<Box<dyn HoldBackfill>, StorageError> {
        self.memory.hold_backfill(backfill)
    }

    fn mark_backfill(&self, id: BackfillId, mark: BackfillMark) -> Result<BackfillRecord, StorageError> {
        self.memory.mark_backfill(id, mark)
    }
}

impl ReadAssets for Mortal {
    fn assets(&self) -> Result<Vec<AssetRecord>, StorageError> {
        self.memory.assets()
    }

    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, StorageError> {
        self.memory.materializations(query)
    }

    fn latest_partitions(&self, asset: &AssetKey) -> Result<Vec<Materialization>, StorageError> {
        self.check_readable(Unread::Partitions)?;
        self.memory.latest_partitions(asset)
    }

    fn partition_status(
        &self,
        asset: &AssetKey,
        partitions: &Keyspace,
    ) -> Result<PartitionStatus, StorageError> {
        self.memory.partition_status(asset, partitions)
    }

    fn latest_failure(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        self.memory.latest_failure(asset, partition)
    }

    fn latest_failed_look(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        self.memory.latest_failed_look(asset, partition)
    }

    fn latest_passed_over(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<PassedOver>, StorageError> {
        self.memory.latest_passed_over(asset, partition)
    }

    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, StorageError> {
        self.memory.evaluations(query)
    }

    fn checks_of(&self, asset: &AssetKey) -> Result<Vec<String>, StorageError> {
        self.memory.checks_of(asset)
    }

    fn latest_evaluations(
        &self,
        asset: &AssetKey,
        check: &str,
    ) -> Result<Vec<CheckEvaluation>, StorageError> {
        self.check_readable(Unread::Found)?;
        self.memory.latest_evaluations(asset, check)
    }

    fn asset_value(&self, fact: &Materialization) -> Result<Option<Encoded>, StorageError> {
        self.memory.asset_value(fact)
    }

    fn asset_files(&self) -> Result<Arc<dyn Artifacts>, StorageError> {
        let files = self.memory.asset_files()?;
        Ok(if self.room { files } else { Arc::new(Full(files)) })
    }
}
