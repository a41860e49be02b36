mod lack;
mod loaded;
mod looked;
mod takers;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use self::lack::Lack;
pub(super) use self::loaded::Loaded;
use self::takers::Takers;
use super::partitions::{ForPartitions, Reader, Unpassed, Whole, latest_of};
use super::place::{Named, Stored, as_it_lies, newer};
use crate::asset::{
    AssetKey, CheckEvaluation, EvaluationQuery, InputVersion, Materialization, MaterializationQuery, ValueAt,
};
use crate::define::{KeptOutput, OpDef, OutputDef, OutputKind, RunPartitions};
use crate::engine::{Memory, Remembered};
use crate::ids::{RunId, StepPath};
use crate::io::{Found, IoManagers};
use crate::partition::quoted;
use crate::plan::{Ended, LoadedAsset, PlanError, PlannedCheck, Program};
use crate::storage::{Storage, StorageError, StorageErrorKind};
use crate::value::Value;

/// The way to the values of assets.
#[derive(Clone)]
pub(super) struct Loader {
    /// None if the run knows of no instance.
    pub(super) storage: Option<Arc<dyn Storage>>,
    pub(super) io: Arc<IoManagers>,
    pub(super) run: RunId,
    pub(super) job: Arc<str>,
    /// The runs that it goes on from, the last first.
    pub(super) ancestors: Vec<RunId>,
    /// What was taken before by the run, or in the place of what it makes by the one that it goes on from: it is taken again.
    pub(super) taken: Vec<Materialization>,
    /// Whether the run itself goes on: what it takes of others is what it took before.
    pub(super) goes_on: bool,
    /// The checks that must have let through what the run takes of the partitions of their assets, those that are blocking.
    pub(super) heeded: Vec<PlannedCheck>,
}

impl Loader {
    /// That of a run that has not begun and goes on from no other.
    pub(super) fn of_new(run: RunId, job: &str, storage: Arc<dyn Storage>, io: Arc<IoManagers>) -> Self {
        let (ancestors, taken, heeded) = (Vec::new(), Vec::new(), Vec::new());
        Self { storage: Some(storage), io, run, job: job.into(), ancestors, taken, goes_on: false, heeded }
    }

    /// Finds what the program takes. The values themselves are loaded when someone looks at them.
    pub(super) fn load(&self, program: &Program, partitions: &ForPartitions) -> Result<Loaded, PlanError> {
        let (mut loaded, mut problems, mut wholes) = (Loaded::default(), Vec::new(), Vec::new());
        let made = program.made();
        let (takers, mut lacking) = (Takers::of(program), Vec::new());
        // Partitions are read while the run goes on.
        for (number, asset) in program.loads().filter(|(_, asset)| asset.partitions.is_none()) {
            let Some(taker) = takers.first(number) else { continue };
            // What is read when its step runs may be made before it.
            let is_read = asset.read_by.is_some();
            if is_read && made.contains(&asset.key) {
                wholes.push((number, Whole::made(asset)));
                continue;
            }
            match self.find_there(asset, &program.made_of(&asset.key, taker), program, number) {
                Ok((value, fact)) => {
                    if is_read {
                        wholes.push((number, Whole::taken(asset, fact.clone())));
                    } else {
                        let path = StepPath::new(program.plan.steps[number].name.as_str(), None);
                        loaded.ended.push((path, Ended::Succeeded(vec![KeptOutput::Value(value)])));
                    }
                    let unknown = || InputVersion::new(asset.key.clone(), None, None);
                    loaded.versions.insert(fact.as_ref().map_or_else(unknown, InputVersion::from));
                    loaded.facts.extend(fact);
                }
                Err(lack) => lacking.push(takers.lacking(number, taker, asset, lack)),
            }
        }
        self.add_dependencies(program, &made, &mut loaded);
        if partitions.pinned.is_some() || program.loads().any(|(_, asset)| asset.is_read()) {
            let (storage, run) = (self.storage.clone(), (self.run, self.ancestors.clone()));
            let before = self.goes_on.then_some(&*self.taken);
            match Reader::of(program, partitions, (storage, Arc::clone(&self.io)), run, before) {
                Ok((reader, others)) => {
                    lacking.extend(others);
                    loaded.facts.extend(reader.facts().cloned());
                    let unpassed = Unpassed::of(&reader, &self.heeded, |check| self.found_last(check));
                    match unpassed.and_then(|unpassed| reader.heeding(unpassed).with_wholes(wholes)) {
                        Ok(reader) => loaded.reader = Some(Arc::new(reader)),
                        Err(wrong) => problems.push(wrong),
                    }
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        problems.extend(takers.without(lacking, &mut loaded));
        self.add_looked_at(program, partitions, &made, &mut loaded);
        if problems.is_empty() { Ok(loaded) } else { Err(PlanError::new(program.plan.job.clone(), problems)) }
    }

    /// Finds which materializations there are of what is to be there before, and of which no value is taken. If they cannot
    /// be read, as little is known of them as if there were none.
    fn add_dependencies(&self, program: &Program, made: &HashSet<&AssetKey>, loaded: &mut Loaded) {
        let running = program.plan.steps.iter().filter(|step| !step.given);
        let upstream = running.clone().flat_map(|step| &step.assets).flat_map(|asset| &asset.upstream);
        let upstream = upstream.map(|key| (key, program.takes_external(key)));
        let checks = running.filter_map(|step| step.check.as_ref());
        let looked_at = checks.filter(|check| check.partitions.is_none());
        let looked_at = looked_at.map(|check| (&check.asset, check.external));
        for (key, external) in upstream.chain(looked_at).filter(|(key, _)| !made.contains(key)) {
            if !loaded.versions.contains(key)
                && let Ok(Some(fact)) = self.fact(key, external)
                // Which partitions are meant, the steps know that read them.
                && fact.partition.is_none()
            {
                loaded.versions.insert(InputVersion::from(&fact));
                loaded.facts.push(fact);
            }
        }
    }

    /// Finds which materializations there are of the partitions that checks look at and that the run does not make.
    fn add_looked_at(
        &self,
        program: &Program,
        partitions: &ForPartitions,
        made: &HashSet<&AssetKey>,
        loaded: &mut Loaded,
    ) {
        let running = program.plan.steps.iter().filter(|step| !step.given);
        let checks = running.filter_map(|step| step.check.as_ref());
        let checks = checks.filter(|check| !made.contains(&check.asset));
        let known: HashSet<_> = loaded.facts.iter().map(|fact| (fact.run, fact.event)).collect();
        let looked_at: HashMap<_, _> =
            checks.filter_map(|check| Some(((&check.asset, check.external), check.partitions?))).collect();
        for (of, within) in looked_at {
            let Some(run) = partitions.of.get(within) else { continue };
            let facts = self.facts_of(of, run, self.goes_on).unwrap_or_default();
            facts.iter().for_each(|fact| loaded.is(fact));
            loaded.facts.extend(facts.into_iter().filter(|fact| !known.contains(&(fact.run, fact.event))));
        }
    }

    /// Finds the latest of the assets that steps are to make, as far as their values can be had: a step that would make the same
    /// need not run. Of whatever nothing is known, or of which its IO manager does not find what it has stored, the step runs; that a
    /// value cannot be loaded is told to the step that takes it.
    pub(super) fn remember(&self, program: &Program, partitions: &ForPartitions) -> Memory {
        self.remember_those(program, partitions, partitions.goes_on, |_| true)
    }

    /// As [`Loader::remember`], of what others have made anew since the runs that this one goes on from have made it. A run that goes on
    /// itself takes what it took before.
    pub(super) fn since(&self, program: &Program, partitions: &ForPartitions) -> Memory {
        let made = |fact: &Materialization, run: RunId| {
            let query = MaterializationQuery {
                asset: Some(fact.asset.clone()),
                partition: fact.partition.clone(),
                run: Some(run),
                limit: Some(1),
                ..MaterializationQuery::default()
            };
            self.storage.as_ref()?.materializations(&query).ok()?.pop()
        };
        let taken: HashSet<_> = self.taken.iter().map(|taken| (taken.run, taken.event)).collect();
        let is_since = |fact: &Materialization| {
            // Mostly it is what they have made, and nothing need be looked up.
            if self.ancestors.contains(&fact.run) || self.goes_on && !taken.contains(&(fact.run, fact.event))
            {
                return false;
            }
            let before = self.ancestors.iter().filter_map(|run| made(fact, *run)).max_by_key(age);
            before.is_some_and(|before| age(&before) < age(fact)) && !self.is_refused(fact)
        };
        let before = if self.goes_on { self.taken.clone() } else { Vec::new() };
        let latest = Self { taken: before, ..self.clone() };
        latest.remember_those(program, partitions, self.goes_on, is_since)
    }

    /// Whether a blocking check has refused a materialization: of the same it would find the same.
    fn is_refused(&self, fact: &Materialization) -> bool {
        let of_it = EvaluationQuery {
            asset: Some(fact.asset.clone()),
            partition: fact.partition.clone(),
            ..EvaluationQuery::default()
        };
        let found = self.storage.as_ref().map_or(Ok(Vec::new()), |storage| storage.evaluations(&of_it));
        found.unwrap_or_default().iter().any(|found| {
            let is_target = found.target.as_ref().is_some_and(|target| target.run == fact.run);
            is_target && found.partition == fact.partition && found.blocking && found.result.is_error()
        })
    }

    /// Of the latest those that are wanted; where `goes_on`, of those that were taken before.
    fn remember_those(
        &self,
        program: &Program,
        partitions: &ForPartitions,
        goes_on: bool,
        is_wanted: impl Fn(&Materialization) -> bool,
    ) -> Memory {
        let mut memory = Memory::default();
        let graphs = program.plan.asset_steps();
        let graphs: HashMap<_, _> = graphs.iter().map(|graph| (&graph.asset, graph.step)).collect();
        for maker in &program.makers {
            let number = match maker.steps.as_slice() {
                [step] if maker.is_op => program.plan.steps.iter().position(|other| other.name == *step),
                _ => graphs.get(maker.asset.key()).copied(),
            };
            let Some(number) = number else { continue };
            let (op, key) = (&program.ops[number], maker.asset.key());
            // What is left out is not there, and the step runs.
            let is_told = op.outputs()[maker.output].kind != OutputKind::Dynamic;
            if program.plan.steps[number].given || !is_told {
                continue;
            }
            let asset = LoadedAsset::of(key.clone(), false);
            let within = program.plan.steps[number].assets.iter().find_map(|asset| asset.partitions);
            if let Some(run) = within.and_then(|within| partitions.of.get(within)) {
                for fact in self.facts_of((key, false), run, goes_on).unwrap_or_default() {
                    let output = &op.outputs()[maker.output];
                    if !is_wanted(&fact) || self.is_lost(&fact, &asset, (op, output), Some(run)) {
                        continue;
                    }
                    if let Ok(value) = self.value(&fact, &asset, (op, output), Some(run)) {
                        memory.insert(Remembered { fact, value });
                    }
                }
                continue;
            }
            if !matches!(self.fact(key, false), Ok(Some(fact)) if is_wanted(&fact)) {
                continue;
            }
            if let Ok((value, Some(fact))) = self.find(&asset, key.as_str(), op, maker.output)
                && fact.partition.is_none()
                && !self.is_lost(&fact, &asset, (op, &op.outputs()[maker.output]), None)
            {
                memory.insert(Remembered { fact, value });
            }
        }
        memory
    }

    /// Whether something else lies where an IO manager has stored this, or nothing. Where nobody knows it again it is what was told last.
    /// One that cannot look says so when it is to load it.
    pub(super) fn is_lost(
        &self,
        fact: &Materialization,
        asset: &LoadedAsset,
        output: (&Arc<OpDef>, &OutputDef),
        of: Option<&Arc<RunPartitions>>,
    ) -> bool {
        let ValueAt::Io(io) = &fact.value else { return false };
        let found = self.stored(asset, io, output, Some(fact), of).ok().and_then(|stored| stored.look().ok());
        let is_replaced = |storage: &Arc<dyn Storage>| {
            newer(&**storage, fact).is_some_and(|newer| newer.value == fact.value)
        };
        match found {
            Some(Found::Unseen) => self.storage.as_ref().is_some_and(is_replaced),
            found => found.is_some_and(Found::is_lost),
        }
    }

    /// The materialization that lies in the place of one that was taken before. If none does, who takes it is told.
    fn as_it_lies(
        &self,
        fact: Materialization,
        asset: &LoadedAsset,
        output: (&Arc<OpDef>, &OutputDef),
    ) -> Materialization {
        let (Some(storage), ValueAt::Io(io)) = (self.storage.as_deref(), &fact.value) else { return fact };
        // What is the latest is looked at when it is loaded.
        if newer(storage, &fact).is_none() {
            return fact;
        }
        let look =
            |stored: Stored| as_it_lies(fact.clone(), Some(storage), |stamp| stored.look_for(stamp)).ok();
        self.stored(asset, io, output, Some(&fact), None).ok().and_then(look).unwrap_or(fact)
    }

    /// What a check found last, by partition.
    fn found_last(
        &self,
        check: &PlannedCheck,
    ) -> Result<HashMap<Option<String>, CheckEvaluation>, StorageError> {
        let Some(storage) = &self.storage else { return Ok(HashMap::new()) };
        let found = storage.found_last(&check.asset, &check.name, check.partitions.is_some())?;
        Ok(found.into_iter().map(|found| (found.partition.clone(), found)).collect())
    }

    /// The materialization that is taken of an asset, if one is known: the one that was taken before, else the latest. As what others
    /// have observed it counts of what is external alone: what the program makes is what it has made.
    fn fact(&self, key: &AssetKey, external: bool) -> Result<Option<Materialization>, StorageError> {
        if let Some(taken) = self.taken.iter().find(|fact| fact.asset == *key && fact.partition.is_none()) {
            return Ok(Some(taken.clone()));
        }
        let Some(storage) = &self.storage else { return Ok(None) };
        let latest = MaterializationQuery {
            observed: (!external).then_some(false),
            ..MaterializationQuery::latest(key)
        };
        let whole = |fact: &Materialization| fact.partition.is_none();
        let found = storage.materializations(&latest)?.into_iter().next();
        if found.as_ref().is_none_or(whole) {
            return Ok(found);
        }
        // A partition is not the asset; it may have had none before.
        let all = storage.materializations(&MaterializationQuery { limit: None, ..latest })?;
        Ok(all.into_iter().find(whole))
    }

    /// Where the value of an asset comes from that is this output of an op, and the materialization that it is, if one is known.
    fn find(
        &self,
        asset: &LoadedAsset,
        taker: &str,
        op: &Arc<OpDef>,
        output: usize,
    ) -> Result<(Value, Option<Materialization>), Lack> {
        let (key, output) = (&asset.key, &op.outputs()[output]);
        let fact = self.fact(key, asset.external).map_err(|error| Lack::storage(&error))?;
        let fact = fact.map(|fact| self.as_it_lies(fact, asset, (op, output)));
        if let Some(io) = &asset.read_by {
            return match fact.is_some() || asset.external || self.storage.is_none() {
                true => self.managed(asset, io, (op, output), fact.as_ref(), None).map(|value| (value, fact)),
                false => Err(Lack::never(asset, taker, true)),
            };
        }
        let Some(fact) = fact else {
            let may_be_there = asset.external || self.storage.is_none();
            return match op.io().filter(|_| may_be_there) {
                Some(io) => self.managed(asset, io, (op, output), None, None).map(|value| (value, None)),
                None => Err(Lack::never(asset, taker, self.storage.is_some())),
            };
        };
        Ok((self.value(&fact, asset, (op, output), None)?, Some(fact)))
    }

    /// The materializations of those partitions of an asset, which may be external, that a run is for: what it took before if it goes
    /// on, else the latest.
    fn facts_of(
        &self,
        (key, external): (&AssetKey, bool),
        run: &RunPartitions,
        goes_on: bool,
    ) -> Result<Vec<Materialization>, StorageError> {
        let mut facts = match &self.storage {
            Some(storage) if !goes_on => latest_of(&**storage, (key, external), &run.keyspace, &run.set)?,
            _ => self.taken.iter().filter(|fact| fact.asset == *key).cloned().collect(),
        };
        let index = |fact: &Materialization| run.keyspace.find(fact.partition.as_deref().unwrap_or_default());
        facts.retain(|fact| index(fact).is_some_and(|index| run.set.contains(index)));
        Ok(facts)
    }

    /// The value of a materialization, which may be that of a partition of those that a run is for.
    fn value(
        &self,
        fact: &Materialization,
        asset: &LoadedAsset,
        (op, output): (&Arc<OpDef>, &OutputDef),
        of: Option<&Arc<RunPartitions>>,
    ) -> Result<Value, Lack> {
        match &fact.value {
            ValueAt::Io(io) => self.managed(asset, io, (op, output), Some(fact), of),
            ValueAt::Nowhere => Err(Lack::in_memory(asset)),
            ValueAt::Elsewhere => self.foreign(fact, asset, (op, output), of),
            ValueAt::Fact | ValueAt::File(_) => self.written(fact, asset, output),
        }
    }

    /// The value of what others make, of which a run has observed the version: their IO manager has it, or this instance, if they
    /// run on it.
    fn foreign(
        &self,
        observed: &Materialization,
        asset: &LoadedAsset,
        (op, output): (&Arc<OpDef>, &OutputDef),
        of: Option<&Arc<RunPartitions>>,
    ) -> Result<Value, Lack> {
        if let Some(io) = op.io() {
            return self.managed(asset, io, (op, output), Some(observed), of);
        }
        let partition = observed.partition.as_deref();
        let made =
            self.storage.as_ref().map_or(Ok(None), |storage| storage.latest_made(&observed.asset, partition));
        match made.map_err(|error| Lack::storage(&error))? {
            Some(made) => self.value(&made, asset, (op, output), of),
            None => Err(Lack::never(asset, asset.key.as_str(), self.storage.is_some())),
        }
    }

    /// The value that an IO manager has stored.
    fn managed(
        &self,
        asset: &LoadedAsset,
        io: &str,
        output: (&Arc<OpDef>, &OutputDef),
        fact: Option<&Materialization>,
        of: Option<&Arc<RunPartitions>>,
    ) -> Result<Value, Lack> {
        let stored = self.stored(asset, io, output, fact, of)?;
        Ok(Value::later(move || stored.load()))
    }

    /// Where an IO manager has stored an asset.
    fn stored(
        &self,
        asset: &LoadedAsset,
        io: &str,
        (op, output): (&Arc<OpDef>, &OutputDef),
        fact: Option<&Materialization>,
        of: Option<&Arc<RunPartitions>>,
    ) -> Result<Stored, Lack> {
        let manager = self.io.get(io, output.ty).map(Arc::clone).ok_or_else(|| Lack {
            why: format!(
                "which the IO manager `{io}` has stored, and there is none of that key for `{}`",
                output.ty.name()
            ),
            hint: format!("define it: `Definitions::new().io(\"{io}\", manager)`"),
        })?;
        Ok(Stored {
            manager,
            io: io.to_owned(),
            asset: asset.clone(),
            run: self.run,
            job: Arc::clone(&self.job),
            step: StepPath::new(op.name(), None),
            output: Arc::clone(&output.name),
            fact: fact.cloned(),
            of: of.cloned(),
            storage: self.storage.clone(),
        })
    }

    /// The value that was written as the codec of its type does.
    fn written(
        &self,
        fact: &Materialization,
        asset: &LoadedAsset,
        output: &OutputDef,
    ) -> Result<Value, Lack> {
        let codec = output.codec.ok_or_else(|| Lack {
            why: format!("whose type `{}` serde cannot read", output.ty.name()),
            hint:
                "derive `Serialize` and `Deserialize` for it, or have an IO manager store it: `io = \"..\"`"
                    .to_owned(),
        })?;
        let storage = Arc::clone(self.storage.as_ref().ok_or_else(Lack::no_instance)?);
        let (fact, external, ty) = (fact.clone(), asset.external, output.ty.name());
        Ok(Value::later(move || {
            let bytes = match &fact.value {
                ValueAt::File(file) => storage.asset_files().and_then(|files| files.read(file)),
                _ => storage.asset_value(&fact).and_then(|value| {
                    let gone = || {
                        StorageError::new(
                            StorageErrorKind::NotFound,
                            format!("the value of `{}` is there no more", fact.asset),
                        )
                    };
                    value.map(|value| value.bytes().to_vec()).ok_or_else(gone)
                }),
            };
            let read = bytes.map_err(StorageError::into_failure).and_then(|bytes| codec.decode(&bytes));
            read.map_err(|failure| {
                let asset = Named(&fact.asset, fact.partition.as_deref());
                let hint = match external {
                    true => format!(
                        "it is taken as `{ty}`: is that what the program makes of it that others run?"
                    ),
                    false => match &fact.partition {
                        Some(partition) => {
                            format!(
                                "have it made anew: `materialize {} --partition {}`",
                                fact.asset,
                                quoted(partition)
                            )
                        }
                        None => format!("have it made anew: `materialize {}`", fact.asset),
                    },
                };
                let what = format!("the asset `{asset}`, as the run {} made it, cannot be loaded", fact.run);
                failure.context(what).hint(hint)
            })
        }))
    }
}

/// By which of two materializations the later one is told.
fn age(fact: &Materialization) -> (Timestamp, RunId, u64) {
    (fact.time, fact.run, fact.event)
}
