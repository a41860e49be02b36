use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::ForPartitions;
use super::missing::{Absent, Lacking, Taker, absent, lacks, not_stored, unmapped};
use super::reading::Reading;
use super::stopped::Stopped;
use super::unpassed::Unpassed;
use super::whole::Whole;
use crate::asset::{AssetKey, InputVersion, Materialization, MaterializationQuery};
use crate::define::{ReadPartitions, ReadsAssets};
use crate::engine::{Earlier, Memory};
use crate::event::Encoded;
use crate::failure::Failure;
use crate::ids::{Branch, MappingKey, RunId, StepPath};
use crate::io::IoManagers;
use crate::partition::{Keyspace, PartitionSet};
use crate::plan::{Problem, ProblemKind, Program};
use crate::storage::{Storage, StorageError};
use crate::value::{TypeInfo, Value};

/// So many partitions are looked up one by one; of more, all that are known are read at once.
const FEW: u64 = 8;

/// Reads assets, and partitions of assets, for the steps of a run: those that the run takes as they were when it began, and those
/// that it makes itself as it has made them.
pub(in crate::run) struct Reader {
    pub(super) storage: Option<Arc<dyn Storage>>,
    pub(super) io: Arc<IoManagers>,
    pub(super) run: RunId,
    /// The runs that it goes on from: what they made is as good as made by it.
    ancestors: Vec<RunId>,
    pub(super) job: Arc<str>,
    now: Timestamp,
    /// By the numbers of the steps.
    readings: HashMap<usize, Reading>,
    /// Assets without partitions, by the numbers of the steps that read them.
    pub(super) wholes: HashMap<usize, Whole>,
    /// The materializations that the run takes; of an asset without partitions under no name.
    pub(super) taken: HashMap<AssetKey, BTreeMap<String, Materialization>>,
    /// Those that it has made so far, with the values of those that are small.
    pub(super) made: Mutex<HashMap<(AssetKey, String), Made>>,
    /// Those that it has not made, or that a blocking check has stopped.
    stopped: Stopped,
    /// Of those that it takes what is not to be taken.
    pub(super) unpassed: Unpassed,
}

pub(super) type Made = (Materialization, Option<Encoded>);

impl Reader {
    /// Finds out what the steps of a program read, and where that is, and what of it is not there. `before` is what the run has
    /// taken before, if it goes on: it takes that and nothing else.
    pub(in crate::run) fn of(
        program: &Program,
        partitions: &ForPartitions,
        (storage, io): (Option<Arc<dyn Storage>>, Arc<IoManagers>),
        (run, ancestors): (RunId, Vec<RunId>),
        before: Option<&[Materialization]>,
    ) -> Result<(Self, Vec<Lacking>), Vec<Problem>> {
        let pinned = partitions.pinned.as_ref();
        let mut reader = Self {
            storage,
            io,
            run,
            ancestors,
            job: program.plan.job.as_str().into(),
            now: pinned.map_or_else(Timestamp::now, |pinned| pinned.now),
            readings: HashMap::new(),
            wholes: HashMap::new(),
            taken: HashMap::new(),
            made: Mutex::default(),
            stopped: Stopped::of(program),
            unpassed: Unpassed::default(),
        };
        let (mut lacking, mut problems) = (Vec::new(), Vec::new());
        for (number, asset) in program.loads() {
            let Some(of) = &asset.partitions else { continue };
            let place = &program.plan.steps[number].place;
            let taker = Taker::of(program, number, &asset.key);
            match Reading::of(asset, of, &taker, partitions) {
                Ok(reading) => match reader.take(&reading, &taker, before).and_then(|absent| {
                    reading.check_readable(&taker, program.ops[number].reads).map(|()| absent)
                }) {
                    Ok(none) if none.is_empty() => _ = reader.readings.insert(number, reading),
                    Ok(those) => {
                        let problem = taker.told(absent(&reading, &taker, &those), place);
                        let name = &program.plan.steps[number].name;
                        lacking.push(reader.lacking((number, name), &reading, &those, problem));
                        reader.readings.insert(number, reading);
                    }
                    Err(problem) => problems.push(taker.told(problem, place)),
                },
                Err(failure) => {
                    let problem = Problem::new(ProblemKind::InvalidPartition, failure.to_string());
                    problems.push(taker.told(problem, place));
                }
            }
        }
        if problems.is_empty() {
            return Ok((reader, lacking));
        }
        problems.extend(lacking.into_iter().map(|lacking| lacking.problem));
        Err(problems)
    }

    /// That these partitions are not there which the step of this number and name reads.
    fn lacking(
        &self,
        (number, name): (usize, &str),
        reading: &Reading,
        absent: &Absent,
        problem: Problem,
    ) -> Lacking {
        let down = reading.down();
        let copy = |index: u64| {
            let absent = absent.of(&reading.needed(&PartitionSet::from_iter([index]), self.now).keys);
            let within = reading.within.as_ref().and_then(|within| within.keyspace.key_of(index).ok());
            let branch = within.map(|key| Branch::new(None, key.as_str().into(), 0));
            let told = || (StepPath::new(name, branch), lacks(reading, &absent));
            (!absent.is_empty()).then(told)
        };
        let copies: Vec<_> = down.iter().filter_map(copy).collect();
        let all = copies.len() as u64 == down.len();
        Lacking { number, copies, all, problem }
    }

    /// Whether steps read what others of the same run make.
    pub(in crate::run) fn reads_what_is_made(&self) -> bool {
        self.readings.values().any(|reading| reading.of.made.is_some())
            || self.wholes.values().any(|whole| whole.made || whole.asset.external)
    }

    /// The partitions that its steps take, whoever makes them.
    pub(in crate::run) fn taken(&self) -> impl Iterator<Item = (Keyspace, PartitionSet)> {
        self.readings.values().map(|reading| {
            let needed = reading.needed(&reading.down(), self.now);
            (reading.up.clone(), needed.keys)
        })
    }

    /// The same, that refuses what is not to be taken.
    pub(in crate::run) fn heeding(self, unpassed: Unpassed) -> Self {
        Self { unpassed, ..self }
    }

    /// The materializations that the run takes.
    pub(in crate::run) fn facts(&self) -> impl Iterator<Item = &Materialization> {
        self.taken.values().flat_map(BTreeMap::values)
    }

    /// An asset was made, or a partition of one.
    pub(in crate::run) fn tell(&self, fact: Materialization, value: Option<Encoded>) {
        if self.is_read(&fact.asset, fact.partition.is_some()) {
            let partition = fact.partition.clone().unwrap_or_default();
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.insert((fact.asset.clone(), partition), (fact, value));
        }
    }

    /// The latest of an asset that steps wait for, which read nothing of it, and that the run does not make.
    pub(super) fn waited_for(&self, key: &AssetKey) -> Result<Vec<Materialization>, StorageError> {
        let Some(storage) = &self.storage else { return Ok(Vec::new()) };
        let mut latest = Vec::new();
        for reading in self.readings.values().filter(|of| of.of.waits && of.asset.key == *key) {
            let others = &reading.needed(&reading.down(), self.now).keys - &reading.made;
            let of = (key, reading.asset.external);
            latest.extend(latest_of(&**storage, of, &reading.up, &others)?);
        }
        Ok(latest)
    }

    /// Whether steps read the asset, by partition or as a whole.
    fn is_read(&self, key: &AssetKey, by_partition: bool) -> bool {
        match by_partition {
            true => self.readings.values().any(|reading| reading.asset.key == *key),
            false => self.wholes.values().any(|whole| whole.asset.key == *key),
        }
    }

    /// Which of the partitions that the run makes are not there to be taken.
    pub(in crate::run) fn stopped(&self) -> &Stopped {
        &self.stopped
    }

    /// Finds what a step reads of what the run does not make. Gives what is not there and cannot be done without.
    fn take(
        &mut self,
        reading: &Reading,
        taker: &Taker,
        before: Option<&[Materialization]>,
    ) -> Result<Absent, Problem> {
        let key = &reading.asset.key;
        let versions_alone = reading.asset.versions_alone();
        if reading.of.waits && !versions_alone {
            return Ok(Absent::default());
        }
        let needed = reading.needed(&reading.down(), self.now);
        if !needed.missing.is_empty() && !versions_alone {
            return Err(unmapped(reading, taker, &needed.missing));
        }
        if reading.of.single {
            reading.check_single(taker, self.now, &self.io)?;
        }
        let taken = &needed.keys - &reading.made;
        // What the run has made before it goes on is read as what it is.
        let again = if reading.made.is_empty() { PartitionSet::new() } else { &needed.keys & &reading.made };
        let Some(storage) = self.storage.clone() else {
            return match reading.asset.read_by.is_some() || versions_alone {
                true => Ok(Absent::default()),
                false => Err(not_stored(key, taker)),
            };
        };
        let unread = |error: StorageError| unread(key, &error);
        let facts = facts(&*storage, reading, &taken, before).map_err(unread)?;
        let mut lacking = Absent::default();
        for index in taken.iter() {
            match reading.up.key_of(index).ok().and_then(|partition| facts.get(partition.as_str())) {
                // Of what may be missing the version is taken, be there a value or not.
                Some(fact)
                    if versions_alone
                        || reading.allows_missing()
                        || self.is_had(reading, fact).map_err(unread)? =>
                {
                    let of_asset = self.taken.entry(key.clone()).or_default();
                    of_asset.insert(fact.partition.clone().unwrap_or_default(), fact.clone());
                }
                Some(fact) if fact.found_nothing() => _ = lacking.nothing_there.insert(index),
                // Others may have stored it without a word.
                None if reading.asset.external && reading.asset.read_by.is_some() => {}
                _ => _ = lacking.never.insert(index),
            }
        }
        if reading.asset.external && reading.asset.read_by.is_none() && !versions_alone {
            for index in again.iter() {
                let partition = reading.up.key_of(index).ok();
                let made =
                    partition.map(|of| self.made_by_others(key, of.as_str())).transpose().map_err(unread)?;
                if made.flatten().is_none() {
                    lacking.never.insert(index);
                }
            }
        }
        if !again.is_empty() {
            self.made_before(key).map_err(unread)?;
        }
        Ok(if reading.allows_missing() || versions_alone { Absent::default() } else { lacking })
    }

    /// Whether there is a value of what is known: of what was observed alone its IO manager has one, or this instance.
    fn is_had(&self, reading: &Reading, fact: &Materialization) -> Result<bool, StorageError> {
        if fact.found_nothing() {
            return Ok(false);
        }
        if !fact.is_observation() || reading.asset.read_by.is_some() {
            return Ok(true);
        }
        let partition = fact.partition.as_deref().unwrap_or_default();
        Ok(self.made_by_others(&reading.asset.key, partition)?.is_some())
    }

    /// Whether there is no value of a partition, which was observed alone: for whoever does without one it is as if nobody knew of it.
    fn is_observed_alone(
        &self,
        reading: &Reading,
        partition: &str,
        is_made: bool,
    ) -> Result<bool, StorageError> {
        let key = &reading.asset.key;
        let known = if is_made { self.made_here(key, partition) } else { self.taken_of(key, partition) };
        known.map_or(Ok(false), |(fact, _)| Ok(!self.is_had(reading, &fact)?))
    }

    /// Finds what the run itself has made of an asset before it goes on: of others that have made it meanwhile nothing is taken.
    pub(super) fn made_before(&self, key: &AssetKey) -> Result<(), StorageError> {
        std::iter::once(&self.run).chain(&self.ancestors).try_for_each(|run| self.made_by(key, *run))
    }

    /// The same of one run, or what it has found of an asset that others make.
    pub(super) fn made_by(&self, key: &AssetKey, run: RunId) -> Result<(), StorageError> {
        let Some(storage) = &self.storage else { return Ok(()) };
        let query = MaterializationQuery { asset: Some(key.clone()), run: Some(run), ..Default::default() };
        storage.materializations(&query)?.into_iter().for_each(|fact| self.tell_again(fact));
        Ok(())
    }

    /// What the run has passed over before it goes on: of these versions those that are still known.
    pub(in crate::run) fn remember<'a>(
        &self,
        memory: &Memory,
        versions: impl Iterator<Item = &'a InputVersion>,
    ) {
        let is_read =
            |version: &&InputVersion| version.partition.is_some() || self.is_read(&version.asset, false);
        for version in versions.filter(is_read) {
            let known = memory.get(&version.asset, &version.partition);
            if let Some(known) = known.filter(|known| version.run == Some(known.fact.run)) {
                self.tell_again(known.fact.clone());
            }
        }
    }

    /// It was made before the run went on; what was told first is the newest.
    pub(super) fn tell_again(&self, fact: Materialization) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let partition = fact.partition.clone().unwrap_or_default();
        made.entry((fact.asset.clone(), partition)).or_insert((fact, None));
    }
}

impl Earlier for Reader {
    fn items_before(&self, step: usize, item: &MappingKey) -> Vec<MappingKey> {
        let Some(reading) = self.readings.get(&step).filter(|reading| reading.of.own) else {
            return Vec::new();
        };
        let own = reading.within.as_ref().and_then(|of| of.keyspace.find(&item.to_string()));
        let needed = own.map(|own| reading.needed(&PartitionSet::from_iter([own]), self.now).keys);
        let made = &needed.unwrap_or_default() & &reading.made;
        made.iter().filter_map(|index| Some(reading.up.key_of(index).ok()?.as_str().into())).collect()
    }
}

impl ReadsAssets for Reader {
    fn read_whole(
        &self,
        (number, path): (usize, &StepPath),
        ty: TypeInfo,
        without: Option<fn() -> Value>,
    ) -> Result<(Value, Option<InputVersion>), Failure> {
        self.whole(number, path, ty, without)
    }

    fn read_partitions(
        &self,
        step: usize,
        within: Option<&str>,
        reads: ReadPartitions,
    ) -> Result<(Value, InputVersion), Failure> {
        let reading =
            self.readings.get(&step).ok_or_else(|| Failure::contract("the step reads no partitions"))?;
        let down = match (&reading.within, within) {
            (Some(of), Some(key)) => of.keyspace.index_of(key)?,
            _ => 0,
        };
        let needed = reading.needed(&PartitionSet::from_iter([down]), self.now).keys;
        let mut needed = self.there(reading, needed)?;
        let (mut keys, mut values, mut facts) = (Vec::new(), Vec::new(), Vec::new());
        for index in needed.clone().iter() {
            let (key, is_made) = (reading.up.key_of(index)?, reading.made.contains(index));
            if reading.of.waits {
                match is_made {
                    true => self.stopped.check_well(&reading.asset.key, key.as_str())?,
                    false => self.unpassed.check_passed(&reading.asset.key, key.as_str())?,
                }
            }
            if reading.of.waits && !reading.asset.versions_alone() {
                continue;
            }
            let taken = self.taken_of(&reading.asset.key, key.as_str());
            let is_known = is_made || taken.is_some();
            // What others store without a word is there or is not: only its IO manager knows. Whoever observes it knows of a version.
            let is_untold = reading.asset.external && reading.asset.read_by.is_some();
            if !is_known && reading.allows_missing() && self.storage.is_some() && !is_untold {
                needed.remove(index);
                continue;
            }
            if reading.of.waits {
                let known = taken.or_else(|| self.made_here(&reading.asset.key, key.as_str()));
                keys.push(key);
                facts.push(known.map(|(fact, _)| fact));
                continue;
            }
            if reading.allows_missing() && self.is_observed_alone(reading, key.as_str(), is_made)? {
                needed.remove(index);
                continue;
            }
            if is_made && reading.allows_missing() && self.is_left_out(reading, key.as_str())? {
                needed.remove(index);
                continue;
            }
            let is_stored = is_known && taken.is_none_or(|(fact, _)| !fact.is_observation());
            let is_stored = is_stored && !(is_made && is_untold);
            let may_be_there = !is_stored && (is_untold || self.storage.is_none());
            let reads = match reads.if_there.filter(|_| may_be_there) {
                Some(ty) if self.is_managed(reading, ty) => ReadPartitions { ty, ..reads },
                _ => reads,
            };
            let known = self.known(reading, key.as_str(), is_made)?;
            let lies = |made| self.as_it_lies(reading, key.as_str(), made, reads.ty);
            let known = known.map(lies).transpose()?;
            if !reads.is_together() {
                let value = self.value(reading, key.as_str(), known.as_ref(), reads)?;
                values.push((key.clone(), value));
            }
            keys.push(key);
            facts.push(known.map(|(fact, _)| fact));
        }
        let value = match reads.gather {
            Some(gather) => gather(values)?,
            None => self.together(reading, &keys, &facts, reads)?,
        };
        let parts = keys.into_iter().zip(facts.iter().map(Option::as_ref));
        let version = InputVersion::of_partitions(&reading.asset.key, || reading.up.show(&needed), parts);
        Ok((value, version))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({} steps)", self.readings.len())
    }
}

/// The materializations of these partitions that the run is to take: what it took before, else the latest.
fn facts(
    storage: &dyn Storage,
    reading: &Reading,
    wanted: &PartitionSet,
    before: Option<&[Materialization]>,
) -> Result<HashMap<String, Materialization>, StorageError> {
    let key = &reading.asset.key;
    let mut facts = HashMap::new();
    let mut add = |fact: Materialization| {
        let partition = fact.partition.clone().unwrap_or_default();
        facts.entry(partition).or_insert(fact);
    };
    match before {
        Some(before) => before.iter().filter(|fact| fact.asset == *key).cloned().for_each(&mut add),
        None => {
            let latest = latest_of(storage, (key, reading.asset.external), &reading.up, wanted)?;
            latest.into_iter().for_each(&mut add);
        }
    }
    Ok(facts)
}

/// The latest materializations of these partitions of an asset, perhaps with those of others. As what they were observed counts of
/// an external one alone: what the program makes is what it has made.
pub(in crate::run) fn latest_of(
    storage: &dyn Storage,
    (key, external): (&AssetKey, bool),
    keyspace: &Keyspace,
    wanted: &PartitionSet,
) -> Result<Vec<Materialization>, StorageError> {
    if wanted.len() > FEW {
        return match external {
            true => storage.latest_partitions(key),
            false => storage.latest_made_partitions(key),
        };
    }
    let mut facts = Vec::new();
    for partition in wanted.iter().filter_map(|index| keyspace.key_of(index).ok()) {
        let query = MaterializationQuery {
            partition: Some(partition.to_string()),
            observed: (!external).then_some(false),
            ..MaterializationQuery::latest(key)
        };
        facts.extend(storage.materializations(&query)?);
    }
    Ok(facts)
}

/// That the storage cannot say what is known of an asset.
pub(super) fn unread(key: &AssetKey, error: &StorageError) -> Problem {
    let message = format!("what is known of `{key}` cannot be read: {error}");
    Problem::new(ProblemKind::MissingAsset, message)
}
