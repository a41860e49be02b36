use std::collections::{BTreeSet, HashSet};
use std::num::NonZero;
use std::sync::Arc;

use jiff::Timestamp;

use super::drive::Backfill;
use super::error::BackfillError;
use super::progress::{Part, Progress, Stands};
use super::units::Units;
use crate::asset::AssetKey;
use crate::define::RunPartitions;
use crate::graph::{AssetGraph, asset_groups};
use crate::ids::BackfillId;
use crate::partition::quoted;
use crate::plan::{PlanError, PlannedAsset, Problem, ProblemKind, Step};
use crate::run::{Definitions, Pin, Runner, ToMake};
use crate::storage::{BackfillGroup, BackfillMark, BackfillRecord, BackfillTakes, Storage};

/// A backfill that is to be launched.
#[derive(Debug)]
#[must_use]
pub struct Launch<'a> {
    definitions: &'a Definitions,
    asked: Runner,
    id: BackfillId,
    per: u64,
    max_concurrent: usize,
    /// What of it is made, if that is not all.
    only: Option<ToMake>,
}

impl Definitions {
    /// A backfill of what a run would make, by many runs: each for one partition, or [for several](Launch::per).
    ///
    /// The run is one of a job of assets, [`Definitions::materialize`], and is told its partitions, its environment, its
    /// configuration and its tags, which are those of all runs. What code gives it beside these, such as a resource for this
    /// run alone, runs of a backfill do not have, as a run that is resumed has not.
    pub fn backfill(&self, asked: Runner) -> Launch<'_> {
        Launch { definitions: self, asked, id: BackfillId::new(), per: 1, max_concurrent: 1, only: None }
    }

    /// A backfill that goes on where it was interrupted. What is done is not done again, runs that were interrupted are
    /// resumed.
    ///
    /// # Errors
    /// If there is no such backfill, it is over, or someone else drives it.
    pub fn resume_backfill(
        &self,
        storage: &Arc<dyn Storage>,
        backfill: BackfillId,
    ) -> Result<Backfill<'_>, BackfillError> {
        let (backfill, progress) = self.taken(storage, backfill)?;
        backfill.record().marks.admits(backfill.record().id)?;
        if backfill.record().marks.ended.is_some() {
            let id = backfill.record().id;
            let message = format!("nothing is left to be done of the backfill {id}");
            let hint = match progress.failed().next() {
                Some(_) => format!("what failed can be made again: `backfill retry-failed {id}`"),
                None => format!("look at it: `backfill status {id}`"),
            };
            return Err(BackfillError::over(message, &hint));
        }
        Ok(backfill)
    }

    /// A backfill that makes what failed again, and then what that excluded: by runs that go on from the end of those that
    /// failed, where there are some.
    ///
    /// # Errors
    /// If there is no such backfill, it was canceled, nothing of it failed, or someone else drives it.
    pub fn retry_backfill(
        &self,
        storage: &Arc<dyn Storage>,
        backfill: BackfillId,
    ) -> Result<Backfill<'_>, BackfillError> {
        let (backfill, progress) = self.taken(storage, backfill)?;
        let id = backfill.record().id;
        backfill.record().marks.admits(id)?;
        if progress.failed().next().is_none() {
            let message = format!("nothing of the backfill {id} has failed");
            let hint = match backfill.record().marks.ended {
                Some(_) => format!("look at it: `backfill status {id}`"),
                None => format!("it has not come to its end: `backfill resume {id}`"),
            };
            return Err(BackfillError::over(message, &hint));
        }
        let failed = progress.standing(Stands::Failed).filter_map(Part::run).map(|run| run.id).collect();
        Ok(backfill.again(failed))
    }

    /// Marks a backfill as canceled: from then on no run of it is made. If nobody drives it, the result brings the runs that
    /// were interrupted to their end, as canceled, when it is run.
    ///
    /// # Errors
    /// If there is no such backfill. If someone else drives it, it is marked all the same, and the error is
    /// [`Held`](crate::storage::StorageErrorKind::Held): who drives it is to be told.
    pub fn cancel_backfill(
        &self,
        storage: &Arc<dyn Storage>,
        backfill: BackfillId,
    ) -> Result<Backfill<'_>, BackfillError> {
        storage.mark_backfill(backfill, BackfillMark::Canceled(Timestamp::now()))?;
        Ok(self.taken(storage, backfill)?.0.accept_changes())
    }

    fn taken(
        &self,
        storage: &Arc<dyn Storage>,
        backfill: BackfillId,
    ) -> Result<(Backfill<'_>, Progress), BackfillError> {
        let hold = storage.hold_backfill(backfill)?;
        // After it is held, so that all is known of it.
        let record = storage.backfill(backfill)?;
        let units = Units::read(&record)?;
        let progress = Progress::read(&**storage, &record, &units)?;
        Ok((Backfill::new(self, storage, record, units, hold), progress))
    }
}

impl<'a> Launch<'a> {
    /// How many partitions a run has, at most: 1 if nothing is said. With 0 it is not launched.
    pub fn per(mut self, partitions: u64) -> Self {
        self.per = partitions;
        self
    }

    /// How many runs may be under way at once: 1 if nothing is said, since pools are limits of one run. With 0 it is not
    /// launched.
    pub fn max_concurrent(mut self, runs: usize) -> Self {
        self.max_concurrent = runs;
        self
    }

    /// Makes only this of what was asked for, which [`Standings::to_make_of`] says: for runs that
    /// [memoize](Runner::memoize), or make [only what is missing](Runner::only_missing).
    ///
    /// [`Standings::to_make_of`]: crate::run::Standings::to_make_of
    pub fn only(mut self, made: ToMake) -> Self {
        self.only = Some(made);
        self
    }

    /// Gives the backfill this identifier.
    pub fn id(mut self, id: BackfillId) -> Self {
        self.id = id;
        self
    }

    /// Keeps the backfill, and holds it. It begins when the result is run; if that does not come about, it can be resumed.
    ///
    /// # Errors
    /// If what it is to make cannot be planned or configured, if it makes no assets, if it takes something that it does not
    /// make and that is not there, or if it cannot be kept.
    pub fn launch(self, storage: &Arc<dyn Storage>) -> Result<Backfill<'a>, BackfillError> {
        let definitions = self.definitions;
        let record = self.record(storage)?;
        let units = Units::read(&record)?;
        let hold = storage.create_backfill(&record)?;
        Ok(Backfill::new(definitions, storage, record, units, hold))
    }

    /// What would be launched: how many runs there would be, and for how many partitions of each asset, in the order in which
    /// they are made.
    ///
    /// # Errors
    /// As of [`Launch::launch`], but that nothing is kept.
    pub fn preview(self, storage: &Arc<dyn Storage>) -> Result<(u64, Vec<(AssetKey, u64)>), BackfillError> {
        let record = self.record(storage)?;
        let units = Units::read(&record)?;
        let assets = record.groups.iter().enumerate().flat_map(|(number, group)| {
            let partitions = units.all(number).len();
            group.assets.iter().map(move |key| (key.clone(), partitions))
        });
        Ok((units.len(), assets.collect()))
    }

    fn record(self, storage: &Arc<dyn Storage>) -> Result<BackfillRecord, BackfillError> {
        let created = Timestamp::now();
        let asked = self.asked.with_keys_of(&**storage)?;
        // What its runs take and do not make is to be there before the first of them, as it is before a run of all.
        let Pin { pinned, partitions, tags } =
            asked.pin(created, Some(storage)).map_err(BackfillError::Plan)?;
        let job = pinned.plan.job.as_str();
        let per = NonZero::new(self.per).ok_or_else(|| BackfillError::limit(job, "per"))?;
        let max_concurrent =
            NonZero::new(self.max_concurrent).ok_or_else(|| BackfillError::limit(job, "max_concurrent"))?;
        let graph = self.definitions.asset_graph();
        let planned: Vec<&PlannedAsset> = pinned.plan.steps.iter().flat_map(|step| &step.assets).collect();
        if planned.is_empty() {
            let selection = pinned.partitions.as_ref().and_then(|told| told.selection.as_deref());
            let problem = nothing_made(job, &pinned.plan.steps, selection);
            return Err(BackfillError::Plan(PlanError::new(job.to_owned(), vec![problem])));
        }
        let groups = grouped(graph, &planned, &partitions, self.only.as_ref());
        let problems = too_early(graph, &pinned.plan.steps, &groups);
        if !problems.is_empty() {
            return Err(BackfillError::Plan(PlanError::new(job.to_owned(), problems)));
        }
        let mut record = BackfillRecord::new(self.id, created, groups, pinned);
        (record.tags, record.per, record.max_concurrent) = (tags, per, max_concurrent);
        // What is wrong with the job of a group, such as its name, would else be told by each of its runs.
        for group in 0..record.groups.len() {
            let job = self.definitions.job_of_group(&record, group);
            job.try_plan().map_err(BackfillError::Plan)?;
        }
        Ok(record)
    }
}

/// A backfill that would make nothing: of what others make, it could only look at that.
fn nothing_made(job: &str, steps: &[Step], partitions: Option<&str>) -> Problem {
    let observed: Vec<&str> =
        steps.iter().filter_map(|step| step.observes.as_ref()).map(AssetKey::as_str).collect();
    let Some(first) = observed.first() else {
        return Problem::new(ProblemKind::UnknownAsset, format!("the job `{job}` makes no assets"))
            .hint("a backfill is of assets that runs make: select some, `Definitions::materialize(..)`");
    };
    let message = format!("`{first}` is external: others make it, and a backfill makes assets");
    let partitions = partitions.map_or_else(String::new, |told| format!(" --partition {}", quoted(told)));
    Problem::new(ProblemKind::UnknownAsset, message).hint(format!(
        "to look at it, `assets observe {}{partitions}`; to make what depends on it, select that: `{first}+`",
        observed.join(" ")
    ))
}

/// What is planned as groups, each with its partitions; if `only` some of it is made, what is made of that.
fn grouped(
    graph: &AssetGraph,
    planned: &[&PlannedAsset],
    partitions: &[Arc<RunPartitions>],
    only: Option<&ToMake>,
) -> Vec<BackfillGroup> {
    let key = |number: usize| graph.assets()[number].key();
    let of = |number: usize| planned.iter().find(|asset| asset.key == *key(number));
    let kept = |number: usize| only.and_then(|only| only.partitions.get(&number));
    let is_made =
        |number: usize| of(number).is_some() && only.is_none_or(|only| only.assets.contains(&number));
    let groups = asset_groups(graph, is_made, |one, other| kept(one) == kept(other));
    let group = |group: crate::graph::AssetGroup| {
        let first = group.assets.first().copied();
        let mut told = BackfillGroup::new(group.assets.iter().map(|&number| key(number).clone()).collect());
        told.definition = first.and_then(|first| graph.assets()[first].partitions().cloned());
        let asked = first.and_then(of).and_then(|asset| asset.partitions).map(|number| &partitions[number]);
        told.partitions = asked.and_then(|asked| {
            let set = match first.and_then(kept) {
                Some(kept) => &asked.set & kept,
                None => asked.set.clone(),
            };
            (!set.is_empty()).then(|| asked.keyspace.show(&set))
        });
        let takes = group.takes.into_iter();
        let takes =
            takes.map(|taken| BackfillTakes::new(taken.group, taken.mapping).of(key(taken.asset).clone()));
        told.takes = takes.collect();
        told
    };
    groups.into_iter().map(group).collect()
}

/// Checks that would look too early: they look in the run of their asset, and take what a later one makes.
fn too_early(graph: &AssetGraph, steps: &[Step], groups: &[BackfillGroup]) -> Vec<Problem> {
    let group_of = |key: &AssetKey| groups.iter().position(|group| group.assets.contains(key));
    // The groups that each one waits for; a group takes only those before it.
    let mut before: Vec<HashSet<usize>> = Vec::with_capacity(groups.len());
    for (number, group) in groups.iter().enumerate() {
        let others = group.takes.iter().filter(|taken| taken.group != number);
        let taken = others.flat_map(|taken| before[taken.group].iter().copied().chain([taken.group]));
        let taken = taken.collect();
        before.push(taken);
    }
    let key_of = |number: usize| graph.assets()[number].key();
    let mut problems = Vec::new();
    for (number, check) in graph.checks().iter().enumerate() {
        let key = graph.assets()[graph.looked_at(number)].key();
        let planned =
            |step: &Step| step.check.as_ref().is_some_and(|of| of.asset == *key && *of.name == *check.name());
        let Some(own) = group_of(key).filter(|_| steps.iter().any(planned)) else { continue };
        let is_later = |group: usize| group != own && !before[own].contains(&group);
        let later = graph.taken_by(number).filter(|&other| group_of(key_of(other)).is_some_and(is_later));
        // Of other partitions than those that the run of its asset waits for nobody knows whether they are there.
        let apart = graph.taken_apart(number).filter(|&other| group_of(key_of(other)).is_some());
        let others: BTreeSet<usize> = later.chain(apart).collect();
        for other in others.into_iter().map(key_of) {
            let name = check.name();
            let message = format!(
                "the check `{name}` of `{key}` takes `{other}`, which another run of the backfill makes, perhaps later"
            );
            let problem = Problem::new(ProblemKind::InvalidPartition, message);
            problems.push(problem.at("the check", check.place().clone()).hint(
                "let one run make both, `materialize`; or leave the checks out, `--no-checks`, and look afterwards, \
                 `assets check`",
            ));
        }
    }
    problems
}
