mod backfills;
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use backfills::Backfills;

use super::query::Each;
use super::{
    ArtifactRef, Artifacts, AssetRecord, Facts, Holder, LogQuery, PartitionStatus, Pinned, ReadAssets,
    ReadEvents, ReadRuns, RunQuery, RunRecord, StorageError, StorageErrorKind, WriteEvents, WriteRuns,
    check_name,
};
use crate::asset::{
    AssetKey, CheckEvaluation, EvaluationQuery, FailedMaterialization, Materialization, MaterializationQuery,
    PassedOver,
};
use crate::event::{Detail, Encoded, Entry, EventKind, Journal, Logged, RunView};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::memo::{Given, Memo, MemoQuery};
use crate::partition::{KeysInMemory, Keyspace};

/// A storage in the memory of the process, for tests: what is in it survives a run, and not the process.
///
/// Clones are the same storage.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    runs: Arc<Mutex<BTreeMap<RunId, Arc<Kept>>>>,
    assets: Arc<Assets>,
    backfills: Backfills,
    keys: Arc<KeysInMemory>,
}

/// What is known of assets.
#[derive(Debug, Default)]
struct Assets {
    /// From the oldest.
    facts: Mutex<BTreeMap<Age, (Materialization, Option<Encoded>)>>,
    /// Attempts that failed, likewise.
    failed: Mutex<BTreeMap<Age, FailedMaterialization>>,
    /// The last that runs have passed over each, by asset and partition.
    passed_over: Mutex<BTreeMap<(AssetKey, Option<String>), PassedOver>>,
    /// What checks have found, likewise.
    evaluations: Mutex<BTreeMap<Age, CheckEvaluation>>,
    files: Files,
}

impl Assets {
    /// The latest attempt that failed, or the latest look.
    fn failure(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
        observed: bool,
    ) -> Option<FailedMaterialization> {
        let of = |fact: &&FailedMaterialization| {
            fact.asset == *asset && fact.partition.as_deref() == partition && fact.observed == observed
        };
        locked(&self.failed).values().rev().find(of).cloned()
    }
}

/// What tells which of two facts is newer: its time, and where it stands in the log of which run.
type Age = (Timestamp, RunId, u64);

fn age(fact: &Materialization) -> Age {
    (fact.time, fact.run, fact.event)
}

/// What is kept of a run.
#[derive(Debug)]
struct Kept {
    pinned: Pinned,
    record: Mutex<RunRecord>,
    events: Mutex<Vec<(Logged, Option<Encoded>)>>,
    files: Files,
    held: Mutex<bool>,
}

impl Memory {
    /// One with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self, run: RunId) -> Result<Arc<Kept>, StorageError> {
        locked(&self.runs).get(&run).cloned().ok_or_else(|| StorageError::no_run(run))
    }

    /// The runs that `wanted` says, the newest first.
    fn newest(&self, limit: Option<usize>, wanted: impl Fn(&RunRecord) -> bool) -> Vec<RunRecord> {
        let mut runs: Vec<_> = locked(&self.runs).values().map(|kept| kept.record()).filter(wanted).collect();
        runs.sort_by_key(|run| std::cmp::Reverse((run.created, run.id)));
        runs.truncate(limit.unwrap_or(usize::MAX));
        runs
    }
}

impl Kept {
    /// The list's line, corrected by the events if nobody is there to do it.
    fn record(&self) -> RunRecord {
        let mut record = locked(&self.record);
        if !record.status.is_terminal() && !*locked(&self.held) {
            let events = locked(&self.events);
            record.tell(&RunView::of(Detail::Counts, events.iter().map(|(logged, _)| &logged.event)));
        }
        record.clone()
    }
}

impl ReadRuns for Memory {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StorageError> {
        Ok(self.newest(query.limit, |run| query.matches(run)))
    }

    fn run(&self, run: RunId) -> Result<RunRecord, StorageError> {
        Ok(self.kept(run)?.record())
    }

    fn begin_with(&self, prefix: &str, limit: usize) -> Result<Vec<RunRecord>, StorageError> {
        let plain = |text: &str| text.to_lowercase().replace('-', "");
        let prefix = plain(prefix);
        Ok(self.newest(Some(limit), |run| plain(&run.id.to_string()).starts_with(&prefix)))
    }

    fn pinned(&self, run: RunId) -> Result<Pinned, StorageError> {
        Ok(self.kept(run)?.pinned.clone())
    }

    fn holder(&self, run: RunId) -> Result<Option<Holder>, StorageError> {
        Ok(locked(&self.kept(run)?.held).then(this_process))
    }

    fn events(&self, run: RunId) -> Result<Box<dyn ReadEvents>, StorageError> {
        Ok(Box::new(Reader(self.kept(run)?)))
    }

    fn artifacts(&self, run: RunId) -> Result<Arc<dyn Artifacts>, StorageError> {
        Ok(Arc::new(self.kept(run)?.files.clone()))
    }

    fn memos(&self, query: &MemoQuery) -> Result<Vec<Memo>, StorageError> {
        let runs: Vec<_> = locked(&self.runs).values().cloned().collect();
        let told = |kept: Arc<Kept>| -> Vec<Memo> {
            let events = locked(&kept.events);
            events.iter().filter_map(|(logged, _)| Memo::told(logged.number, &logged.event)).collect()
        };
        let mut memos: Vec<_> = runs.into_iter().flat_map(told).filter(|memo| query.matches(memo)).collect();
        memos.sort_by_key(|memo| std::cmp::Reverse((memo.time, memo.run, memo.event)));
        memos.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(memos)
    }

    fn latest_memos(&self, op: &str, code: &str) -> Result<Vec<Given>, StorageError> {
        let memos = self.memos(&MemoQuery::of(op))?;
        let of_code = memos.into_iter().rev().filter(|memo| memo.code().as_deref() == Some(code));
        let latest: BTreeMap<_, _> = of_code.map(|memo| (Arc::clone(&memo.key), memo.into())).collect();
        Ok(latest.into_values().collect())
    }
}

impl ReadAssets for Memory {
    fn assets(&self) -> Result<Vec<AssetRecord>, StorageError> {
        let mut assets: BTreeMap<AssetKey, AssetRecord> = BTreeMap::new();
        for (fact, _) in locked(&self.assets.facts).values() {
            let record = || AssetRecord::new(fact.clone(), 0);
            let asset = assets.entry(fact.asset.clone()).or_insert_with(record);
            (asset.latest, asset.materializations) = (fact.clone(), asset.materializations + 1);
        }
        Ok(assets.into_values().collect())
    }

    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, StorageError> {
        let facts = locked(&self.assets.facts);
        let found = facts.values().rev().map(|(fact, _)| fact).filter(|fact| query.matches(fact));
        Ok(found.take(query.limit.unwrap_or(usize::MAX)).cloned().collect())
    }

    fn latest_partitions(&self, asset: &AssetKey) -> Result<Vec<Materialization>, StorageError> {
        let facts = locked(&self.assets.facts);
        let of_asset = facts.values().map(|(fact, _)| fact).filter(|fact| fact.asset == *asset);
        let latest: BTreeMap<_, _> =
            of_asset.filter_map(|fact| Some((fact.partition.as_deref()?, fact))).collect();
        Ok(latest.into_values().cloned().collect())
    }

    fn partition_status(
        &self,
        asset: &AssetKey,
        partitions: &Keyspace,
    ) -> Result<PartitionStatus, StorageError> {
        let (made, failed) = (locked(&self.assets.facts), locked(&self.assets.failed));
        let last = |facts: &mut dyn Iterator<Item = (&Age, Option<&str>)>| -> BTreeMap<u64, Age> {
            // From the oldest, so that of each the last stays.
            facts.filter_map(|(age, key)| Some((partitions.known_index(key?)?, *age))).collect()
        };
        let known = made.iter().filter(|(_, (fact, _))| fact.asset == *asset);
        let known = last(&mut known.map(|(age, (fact, _))| (age, fact.partition.as_deref())));
        let failed = |observed: bool| {
            let failed = failed.iter().filter(|(_, fact)| fact.asset == *asset && fact.observed == observed);
            last(&mut failed.map(|(age, fact)| (age, fact.partition.as_deref())))
        };
        let (observed, made): (Vec<_>, Vec<_>) = made
            .iter()
            .filter(|(_, (fact, _))| fact.asset == *asset)
            .partition(|(_, (fact, _))| fact.is_observation());
        let observed = observed.into_iter().filter_map(|(_, (fact, _))| {
            Some((partitions.known_index(fact.partition.as_deref()?)?, fact.found_nothing()))
        });
        // From the oldest, so that of each the last stays.
        let observed: BTreeMap<u64, bool> = observed.collect();
        let observed = observed.into_iter().filter(|(_, is_nothing)| !is_nothing);
        let observed = observed.map(|(index, _)| index).collect();
        let made = made.into_iter().map(|(age, (fact, _))| (age, fact.partition.as_deref()));
        let passed_over = locked(&self.assets.passed_over);
        let passed_over: BTreeMap<_, _> = passed_over
            .values()
            .filter(|fact| fact.asset == *asset)
            .filter_map(|fact| {
                Some((partitions.known_index(fact.partition.as_deref()?)?, (fact.time, fact.run, fact.event)))
            })
            .collect();
        let (made, mut failed, mut unseen) = (last(&mut { made }), failed(false), failed(true));
        unseen.retain(|index, age| known.get(index).is_none_or(|known| known < age));
        failed.retain(|index, age| {
            [&made, &passed_over].iter().all(|good| good.get(index).is_none_or(|good| good < age))
        });
        let (made, failed) = (made.into_keys().collect(), failed.into_keys().collect());
        Ok(PartitionStatus::new(made, failed, observed, unseen.into_keys().collect()))
    }

    fn latest_failure(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        Ok(self.assets.failure(asset, partition, false))
    }

    fn latest_failed_look(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<FailedMaterialization>, StorageError> {
        Ok(self.assets.failure(asset, partition, true))
    }

    fn latest_passed_over(
        &self,
        asset: &AssetKey,
        partition: Option<&str>,
    ) -> Result<Option<PassedOver>, StorageError> {
        let of = (asset.clone(), partition.map(str::to_owned));
        Ok(locked(&self.assets.passed_over).get(&of).cloned())
    }

    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, StorageError> {
        let evaluations = locked(&self.assets.evaluations);
        let found = evaluations.values().rev().filter(|fact| query.matches(fact));
        Ok(found.take(query.limit.unwrap_or(usize::MAX)).cloned().collect())
    }

    fn checks_of(&self, asset: &AssetKey) -> Result<Vec<String>, StorageError> {
        let evaluations = locked(&self.assets.evaluations);
        let of_asset = evaluations.values().filter(|fact| fact.asset == *asset);
        let names: BTreeSet<_> = of_asset.map(|fact| fact.check.to_string()).collect();
        Ok(names.into_iter().collect())
    }

    fn latest_evaluations(
        &self,
        asset: &AssetKey,
        check: &str,
    ) -> Result<Vec<CheckEvaluation>, StorageError> {
        let evaluations = locked(&self.assets.evaluations);
        let of_check = evaluations.values().filter(|fact| fact.asset == *asset && *fact.check == *check);
        let latest: BTreeMap<_, _> =
            of_check.filter_map(|fact| Some((fact.partition.as_deref()?, fact))).collect();
        Ok(latest.into_values().cloned().collect())
    }

    fn asset_value(&self, fact: &Materialization) -> Result<Option<Encoded>, StorageError> {
        Ok(locked(&self.assets.facts).get(&age(fact)).and_then(|(_, value)| value.clone()))
    }

    fn asset_files(&self) -> Result<Arc<dyn Artifacts>, StorageError> {
        Ok(Arc::new(self.assets.files.clone()))
    }
}

impl WriteRuns for Memory {
    fn create(&self, run: &RunRecord, pinned: &Pinned) -> Result<Box<dyn WriteEvents>, StorageError> {
        let kept = Arc::new(Kept {
            pinned: pinned.clone(),
            record: Mutex::new(run.clone()),
            events: Mutex::default(),
            files: Files::default(),
            held: Mutex::new(true),
        });
        let mut runs = locked(&self.runs);
        self.backfills.admit(run)?;
        if runs.contains_key(&run.id) {
            return Err(StorageError::exists(run.id));
        }
        if let Some(parent) = run.parent.filter(|parent| !runs.contains_key(parent)) {
            return Err(StorageError::no_run(parent));
        }
        runs.insert(run.id, Arc::clone(&kept));
        Ok(Box::new(Writer { kept, assets: Arc::clone(&self.assets), facts: Facts::default() }))
    }

    fn reopen(&self, run: RunId) -> Result<Box<dyn WriteEvents>, StorageError> {
        let kept = self.kept(run)?;
        if std::mem::replace(&mut *locked(&kept.held), true) {
            return Err(StorageError::held(run, this_process()));
        }
        Ok(Box::new(Writer { kept, assets: Arc::clone(&self.assets), facts: Facts::default() }))
    }

    fn remove(&self, run: RunId) -> Result<(), StorageError> {
        let mut runs = locked(&self.runs);
        let kept = runs.get(&run).ok_or_else(|| StorageError::no_run(run))?;
        if *locked(&kept.held) {
            return Err(StorageError::held(run, this_process()));
        }
        if runs.values().any(|kept| locked(&kept.record).parent == Some(run)) {
            return Err(StorageError::needed(run));
        }
        runs.remove(&run);
        Ok(())
    }
}

struct Reader(Arc<Kept>);

impl Reader {
    /// Calls `each` for what is there now and is `wanted`.
    fn read(&self, after: u64, wanted: impl Fn(&Logged) -> bool, each: Each<'_, Logged>) {
        let events = locked(&self.0.events);
        let found = events.iter().map(|(logged, _)| logged).filter(|logged| logged.number > after);
        let found: Vec<Logged> = found.filter(|logged| wanted(logged)).cloned().collect();
        // Whoever is called may write to the same run.
        drop(events);
        for logged in found {
            if each(logged).is_break() {
                break;
            }
        }
    }
}

impl ReadEvents for Reader {
    fn events(&self, after: u64, logs: bool, each: Each<'_, Logged>) -> Result<(), StorageError> {
        let is_log = |logged: &Logged| matches!(logged.event.kind, EventKind::Log { .. });
        self.read(after, |logged| logs || !is_log(logged), each);
        Ok(())
    }

    fn logs(&self, after: u64, query: &LogQuery, each: Each<'_, Logged>) -> Result<(), StorageError> {
        self.read(after, |logged| query.matches(&logged.event), each);
        Ok(())
    }

    fn history(&self, each: &mut dyn FnMut(Logged, Option<&[u8]>)) -> Result<(), StorageError> {
        let is_wanted =
            |kind: &EventKind| !matches!(kind, EventKind::Log { .. } | EventKind::StepInput { .. });
        let events = locked(&self.0.events).clone();
        for (logged, value) in events.into_iter().filter(|(logged, _)| is_wanted(&logged.event.kind)) {
            each(logged, value.as_ref().map(Encoded::bytes));
        }
        Ok(())
    }

    fn value(&self, event: u64) -> Result<Option<Encoded>, StorageError> {
        let events = locked(&self.0.events);
        Ok(events.iter().find(|(logged, _)| logged.number == event).and_then(|(_, value)| value.clone()))
    }
}

/// Holds the run as long as it lives.
struct Writer {
    kept: Arc<Kept>,
    assets: Arc<Assets>,
    facts: Facts,
}

impl Journal for Writer {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        let mut events = locked(&self.kept.events);
        for Entry { event, value } in entries {
            let number = events.last().map_or(1, |(last, _)| last.number + 1);
            let told = self.facts.take(number, event, value.as_ref());
            locked(&self.assets.facts).extend(told.map(|told| (age(&told.0), told)));
            let failed = FailedMaterialization::told(number, event);
            let failed = failed.map(|fact| ((fact.time, fact.run, fact.event), fact));
            locked(&self.assets.failed).extend(failed);
            let mut passed_over = locked(&self.assets.passed_over);
            for fact in PassedOver::told(number, event) {
                let age = |fact: &PassedOver| (fact.time, fact.run, fact.event);
                let of = (fact.asset.clone(), fact.partition.clone());
                if passed_over.get(&of).is_none_or(|last| age(last) < age(&fact)) {
                    passed_over.insert(of, fact);
                }
            }
            drop(passed_over);
            let found = CheckEvaluation::told(number, event);
            let found = found.map(|fact| ((fact.time, fact.run, fact.event), fact));
            locked(&self.assets.evaluations).extend(found);
            let logged = Logged { number, event: event.clone(), has_value: value.is_some() };
            events.push((logged, value.clone()));
        }
        Ok(())
    }

    fn blocks_from(&self) -> usize {
        usize::MAX
    }
}

impl WriteEvents for Writer {
    fn update(&mut self, run: &RunRecord) -> Result<(), Failure> {
        *locked(&self.kept.record) = run.clone();
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        *locked(&self.kept.held) = false;
    }
}

#[derive(Clone, Debug, Default)]
struct Files(Arc<Mutex<BTreeMap<String, Arc<[u8]>>>>);

impl Artifacts for Files {
    fn write(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<ArtifactRef, Failure> {
        check_name(name).map_err(StorageError::into_failure)?;
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let blake3 = blake3::hash(&bytes).to_hex().to_string();
        let artifact = ArtifactRef { file: name.to_owned(), bytes: bytes.len() as u64, blake3 };
        locked(&self.0).insert(name.to_owned(), bytes.into());
        Ok(artifact)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, StorageError> {
        match locked(&self.0).get(name) {
            Some(bytes) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
            None => Err(StorageError::new(StorageErrorKind::NotFound, format!("there is no file `{name}`"))),
        }
    }
}

fn this_process() -> Holder {
    Holder::new(std::process::id(), "this machine")
}

/// What is locked is whole at any moment: nothing panics in between.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::storage::conformance;

    #[test]
    fn it_is_a_storage() {
        conformance::check(|| Box::new(Memory::new()));
    }
}
