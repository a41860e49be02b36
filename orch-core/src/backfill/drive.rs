use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;

use super::error::BackfillError;
use super::event::{BackfillEvent, Makes};
use super::lacking::lost;
use super::progress::{Progress, Stands};
use super::schedule::Schedule;
use super::status::BackfillStatus;
use super::stops::Stops;
use super::units::Units;
use crate::asset::AssetKey;
use crate::define::Cancel;
use crate::event::RunStatus;
use crate::graph::Job;
use crate::ids::{BackfillId, RunId};
use crate::partition::PartitionSet;
use crate::plan::{PlanError, Problem, ProblemKind};
use crate::run::{Definitions, Rerun, Run, RunError, RunErrorKind, Runner};
use crate::storage::{
    BackfillMark, BackfillRecord, HoldBackfill, Storage, StorageError, StorageErrorKind, Unit,
};

/// A backfill that is held, and ready to be driven.
pub struct Backfill<'a> {
    definitions: &'a Definitions,
    storage: Arc<dyn Storage>,
    record: BackfillRecord,
    units: Arc<Units>,
    hold: Box<dyn HoldBackfill>,
    cancel: Cancel,
    grace: Duration,
    accepts_changes: bool,
    /// The failed runs in whose place others are to be made, until that is marked.
    again: Option<Vec<RunId>>,
    watch: Watch<'a>,
}

type Watch<'a> = Box<dyn FnMut(&BackfillEvent<'_>) + Send + 'a>;

/// How a run of a unit came to its end.
struct Ended {
    unit: Unit,
    partitions: PartitionSet,
    run: RunId,
    result: Result<Run, RunError>,
}

impl<'a> Backfill<'a> {
    pub(super) fn new(
        definitions: &'a Definitions,
        storage: &Arc<dyn Storage>,
        record: BackfillRecord,
        units: Units,
        hold: Box<dyn HoldBackfill>,
    ) -> Self {
        let (storage, units) = (Arc::clone(storage), Arc::new(units));
        let (cancel, grace) = (Cancel::new(), Duration::from_secs(10));
        let watch: Watch<'a> = Box::new(|_| ());
        let (accepts_changes, again) = (false, None);
        Self { definitions, storage, record, units, hold, cancel, grace, accepts_changes, again, watch }
    }

    /// These runs have failed, and others are made in their place, and of all units of which none could begin.
    pub(super) fn again(mut self, failed: Vec<RunId>) -> Self {
        self.again = Some(failed);
        self
    }

    /// What is kept of it.
    #[must_use]
    pub fn record(&self) -> &BackfillRecord {
        &self.record
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> BackfillId {
        self.record.id
    }

    /// How many units it has.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.units.len()
    }

    /// Lets it go on though the program has changed since it was launched: what is done stays, the rest is done in the new way.
    #[must_use]
    pub fn accept_changes(mut self) -> Self {
        self.accepts_changes = true;
        self
    }

    /// Lets `cancel` cancel it: it is marked first, so that nothing of it begins any more, and then its runs are canceled.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// How long runs that are canceled wait for the code of their steps, by default ten seconds.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Tells `watch` what happens, in place of whoever was told before.
    #[must_use]
    pub fn watch(mut self, watch: impl FnMut(&BackfillEvent<'_>) + Send + 'a) -> Self {
        self.watch = Box::new(watch);
        self
    }

    /// Drives it until nothing is left to be done, on a runtime of its own.
    ///
    /// # Errors
    /// As of [`Backfill::run`], and if it is called by async code, which would then wait for itself.
    pub fn run_blocking(self) -> Result<BackfillStatus, BackfillError> {
        let runtime = self.runtime()?;
        let result = runtime.block_on(self.run());
        // Code that outlived a canceled run or a timeout is not waited for.
        runtime.shutdown_background();
        result
    }

    /// A runtime with a timer, and with a blocking thread for each step that may run at once.
    ///
    /// # Errors
    /// If no thread can be started, or this is code that is polled by another one.
    pub fn runtime(&self) -> Result<tokio::runtime::Runtime, BackfillError> {
        self.definitions
            .runtime_of(&self.record.pinned, self.record.max_concurrent.get())
            .map_err(BackfillError::Runtime)
    }

    /// Drives it until nothing is left to be done: what is ready begins, as many runs at once as it may have, and the next as
    /// soon as one ends. What has failed excludes all that needs it, and the rest goes on. The result tells where it stands
    /// then; that something failed, or that it was canceled, is no error.
    ///
    /// Who polls it waits for the storage now and then, a moment; steps run on threads of the runtime.
    ///
    /// # Errors
    /// If the program has changed since it was launched, or it broke off at a run, or at a write of its own. What is under way
    /// then is waited for, and the backfill can be resumed.
    pub async fn run(mut self) -> Result<BackfillStatus, BackfillError> {
        let canceled_before = self.record.marks.canceled.is_some();
        if !canceled_before {
            self.check_changes()?;
            if let Some(failed) = self.again.take() {
                // Not before it is known that it goes on: what is marked is not failed any more.
                self.record = self.storage.mark_backfill(self.record.id, BackfillMark::Again(failed))?;
            }
        }
        let units = Arc::clone(&self.units);
        let progress = Progress::read(&*self.storage, &self.record, &units)?;
        let mut driven = Driven {
            progress: &progress,
            units: &units,
            schedule: progress.schedule(&*self.storage, &self.record, &units)?,
            gone_on: HashSet::new(),
            jobs: HashMap::new(),
            runs: HashMap::new(),
            cancel: Cancel::new(),
            canceled: canceled_before,
            broken: None,
        };
        let mut stops = Stops::of(&self.storage, self.record.id);
        let mut under_way: FuturesUnordered<BoxFuture<'static, Ended>> = FuturesUnordered::new();
        if driven.canceled {
            driven.stop(Cancel::cancel);
            under_way.extend(self.end_interrupted(&mut driven));
        }
        loop {
            if self.cancel.is_canceled() && !driven.canceled {
                under_way.extend(self.cancel_all(&mut driven));
            }
            while !driven.canceled
                && driven.broken.is_none()
                && under_way.len() < self.record.max_concurrent.get()
            {
                let Some(unit) = driven.schedule.next() else { break };
                under_way.extend(self.begin(&mut driven, unit));
            }
            let canceled = self.cancel.clone();
            let ended = tokio::select! {
                biased;
                ended = under_way.next() => ended,
                () = canceled.canceled(), if !driven.canceled => continue,
                () = canceled.insisted(), if !driven.cancel.is_insisted() => {
                    driven.stop(Cancel::insist);
                    continue;
                }
                run = stops.next() => {
                    self.record.marks.stopped.insert(run);
                    driven.runs.get(&run).into_iter().for_each(Cancel::cancel);
                    continue;
                }
            };
            let Some(ended) = ended else { break };
            self.end(&mut driven, ended);
        }
        if let Some(error) = driven.broken {
            return Err(error);
        }
        let status = BackfillStatus::of(&*self.storage, &self.record)?.with_causes(&*self.storage);
        if !driven.canceled {
            self.record =
                self.storage.mark_backfill(self.record.id, BackfillMark::Ended(Timestamp::now()))?;
        }
        drop(self.hold);
        if !driven.canceled {
            return Ok(status);
        }
        Ok(BackfillStatus::read(&*self.storage, self.record.id)?.with_causes(&*self.storage))
    }

    /// Whether the program is the one that launched it.
    fn check_changes(&self) -> Result<(), BackfillError> {
        let whole = self.definitions.whole_of(&self.record).map_err(|error| self.broken(error))?;
        let now = whole.pin(self.record.created, None).map_err(BackfillError::Plan)?.pinned.plan;
        let changes = self.record.pinned.plan.changes_to(&now);
        if changes.is_empty() || self.accepts_changes {
            return Ok(());
        }
        Err(BackfillError::Changed { backfill: self.record.id, changes })
    }

    /// Begins a run of what is left of a unit, or lets one go on; nothing if none can.
    fn begin(&mut self, driven: &mut Driven<'_>, unit: Unit) -> Option<BoxFuture<'static, Ended>> {
        let before = driven.progress.goes_on(unit, &driven.gone_on);
        driven.gone_on.extend(before.map(|(_, run)| run.id));
        let partitions =
            before.map_or_else(|| driven.schedule.left_of(unit), |(part, _)| part.partitions.clone());
        let before = before.map(|(part, run)| (part.stands, run.id));
        let of = (unit, &partitions);
        let runner = match self.runner(driven, of, before) {
            Ok(runner) => runner,
            Err(error) => {
                match before {
                    Some((Stands::Interrupted, run)) if is_of_that_run(&error) => self.over(driven, of, run),
                    _ => self.refuse(driven, of, error),
                }
                return None;
            }
        };
        let resumed = matches!(before, Some((Stands::Interrupted, _)));
        let shown = driven.units.show(unit.group, &partitions);
        let makes = Makes { assets: &self.record.groups[unit.group].assets, partitions: shown.as_deref() };
        (self.watch)(&BackfillEvent::Begins { run: runner.id(), makes, resumed });
        Some(self.start(driven, (unit, partitions), runner))
    }

    fn start(
        &self,
        driven: &mut Driven<'_>,
        (unit, partitions): (Unit, PartitionSet),
        runner: Runner,
    ) -> BoxFuture<'static, Ended> {
        let (run, cancel) = (runner.id(), Cancel::new());
        if driven.cancel.is_canceled() || self.record.marks.stopped.contains(&run) {
            cancel.cancel();
        }
        let runner = runner.cancel(cancel.clone()).grace(self.grace);
        driven.runs.insert(run, cancel);
        Box::pin(async move { Ended { unit, partitions, run, result: runner.run().await } })
    }

    /// The run of partitions of a unit: the one that was interrupted, one that goes on from the end of one that failed, or a new one.
    fn runner(
        &self,
        driven: &mut Driven<'_>,
        (unit, partitions): (Unit, &PartitionSet),
        before: Option<(Stands, RunId)>,
    ) -> Result<Runner, RunError> {
        match before {
            Some((Stands::Interrupted | Stands::UnderWay, run)) => {
                let runner = self.definitions.resume(&self.storage, run)?;
                return Ok(if self.accepts_changes { runner.accept_changes() } else { runner });
            }
            Some((Stands::Again, run)) => {
                match self.definitions.rerun(&self.storage, run, Rerun::FromFailure) {
                    Ok(runner) => return Ok(runner.for_unit(&self.record, unit)),
                    // One that is gone, or of which nothing is left to go on from.
                    Err(error) if is_of_that_run(&error) => {}
                    Err(error) => return Err(error),
                }
            }
            _ => {}
        }
        let (definitions, record) = (self.definitions, &self.record);
        let assets = &record.groups[unit.group].assets;
        let lacks = |key: &&AssetKey| definitions.asset_graph().number(key).is_none();
        if let Some(gone) = assets.iter().find(lacks) {
            return Err(RunError::plan(gone_since(record, gone)));
        }
        let job =
            driven.jobs.entry(unit.group).or_insert_with(|| definitions.job_of_group(record, unit.group));
        let partitions = driven.units.show(unit.group, partitions);
        definitions.run_of_unit(&self.storage, record, (unit, job), partitions)
    }

    /// A run is over: others may begin, or are excluded.
    fn end(&mut self, driven: &mut Driven<'_>, Ended { unit, partitions, run, result }: Ended) {
        let (error, of) = (result.err(), (unit, &partitions));
        driven.runs.remove(&run);
        match error.as_ref().map(RunError::kind) {
            None => driven.schedule.succeed(unit, &partitions),
            Some(
                RunErrorKind::Failed { .. } | RunErrorKind::Resource { .. } | RunErrorKind::Canceled { .. },
            ) => self.fail(driven, of, run),
            Some(RunErrorKind::Plan(error)) => {
                let why = error.to_string();
                return self.refused(driven, of, &why);
            }
            Some(RunErrorKind::Storage(error)) if *error.kind() == StorageErrorKind::Over => {
                return self.over(driven, of, run);
            }
            Some(_) => {}
        }
        let shown = driven.units.show(unit.group, &partitions);
        let makes = Makes { assets: &self.record.groups[unit.group].assets, partitions: shown.as_deref() };
        let left = driven.schedule.units_left();
        (self.watch)(&BackfillEvent::Ended { run, makes, error: error.as_ref(), left });
        if let Some(error) = error.filter(|error| !has_ended(error)) {
            driven.broken.get_or_insert_with(|| self.broken(error));
        }
    }

    /// A run has failed: what is not there by it, or not let through, excludes what needs that.
    fn fail(&self, driven: &mut Driven<'_>, of @ (unit, partitions): (Unit, &PartitionSet), run: RunId) {
        let mut runs = vec![run];
        runs.extend(driven.progress.runs_of(unit).iter().copied().filter(|before| *before != run));
        match lost(&*self.storage, (&self.record, driven.units), of, &runs) {
            Ok(lost) => driven.schedule.fail(unit, partitions, &lost),
            Err(error) => _ = driven.broken.get_or_insert(error.into()),
        }
    }

    /// A run was not made since someone has canceled the backfill at this very moment; or one was not taken up again, since someone
    /// else has brought it to its end.
    fn over(&mut self, driven: &mut Driven<'_>, of @ (unit, partitions): (Unit, &PartitionSet), run: RunId) {
        let record = match self.storage.backfill(self.record.id) {
            Ok(record) => record,
            Err(error) => {
                driven.broken.get_or_insert(error.into());
                return;
            }
        };
        if record.marks.canceled.is_some() {
            (self.record, driven.canceled) = (record, true);
            return driven.stop(Cancel::cancel);
        }
        match self.storage.run(run) {
            Ok(run) if run.status == RunStatus::Success => driven.schedule.succeed(unit, partitions),
            Ok(run) => self.fail(driven, of, run.id),
            Err(error) => _ = driven.broken.get_or_insert(error.into()),
        }
    }

    /// No run of a unit can begin: if that concerns it alone, it is marked, and the others go on.
    fn refuse(&mut self, driven: &mut Driven<'_>, of: (Unit, &PartitionSet), error: RunError) {
        match error.kind() {
            RunErrorKind::Plan(error) => {
                let why = error.to_string();
                self.refused(driven, of, &why);
            }
            _ => _ = driven.broken.get_or_insert_with(|| self.broken(error)),
        }
    }

    fn refused(&mut self, driven: &mut Driven<'_>, (unit, partitions): (Unit, &PartitionSet), why: &str) {
        let assets = &self.record.groups[unit.group].assets;
        driven.schedule.fail(unit, partitions, &vec![partitions.clone(); assets.len()]);
        let shown = driven.units.show(unit.group, partitions);
        let makes = Makes { assets, partitions: shown.as_deref() };
        (self.watch)(&BackfillEvent::Refused { makes, why });
        match self.storage.mark_backfill(self.record.id, BackfillMark::Refused(unit, why.to_owned())) {
            Ok(record) => self.record = record,
            // It was canceled in the meantime.
            Err(error) if *error.kind() == StorageErrorKind::Over => {
                driven.canceled = true;
                driven.stop(Cancel::cancel);
            }
            Err(error) => _ = driven.broken.get_or_insert(error.into()),
        }
    }

    /// Marks that it is canceled, and then cancels what is under way.
    fn cancel_all(&mut self, driven: &mut Driven<'_>) -> Vec<BoxFuture<'static, Ended>> {
        match self.storage.mark_backfill(self.record.id, BackfillMark::Canceled(Timestamp::now())) {
            Ok(record) => self.record = record,
            Err(error) => _ = driven.broken.get_or_insert(error.into()),
        }
        driven.canceled = true;
        driven.stop(Cancel::cancel);
        (self.watch)(&BackfillEvent::Canceled);
        self.end_interrupted(driven)
    }

    /// Brings the runs that were interrupted, and have not gone on, to their end as canceled.
    fn end_interrupted(&self, driven: &mut Driven<'_>) -> Vec<BoxFuture<'static, Ended>> {
        let mut ending = Vec::new();
        let progress = driven.progress;
        for part in progress.standing(Stands::Interrupted) {
            let Some(run) = part.run().filter(|run| driven.gone_on.insert(run.id)) else { continue };
            match self.definitions.resume(&self.storage, run.id) {
                Ok(runner) => {
                    let of = (part.unit, part.partitions.clone());
                    ending.push(self.start(driven, of, runner.accept_changes()));
                }
                // One that has ended in the meantime.
                Err(error) if is_of_that_run(&error) => {}
                Err(error) => _ = driven.broken.get_or_insert_with(|| self.broken(error)),
            }
        }
        ending
    }

    fn broken(&self, error: RunError) -> BackfillError {
        BackfillError::Broken { backfill: self.record.id, error }
    }
}

/// Where a backfill has come to while it is driven.
struct Driven<'a> {
    progress: &'a Progress,
    units: &'a Units,
    schedule: Schedule<'a>,
    /// The runs that have gone on, or in whose place others are made.
    gone_on: HashSet<RunId>,
    /// By group, once they are drawn.
    jobs: HashMap<usize, Job>,
    /// What is under way, with what cancels it.
    runs: HashMap<RunId, Cancel>,
    /// What has been asked of all of them.
    cancel: Cancel,
    canceled: bool,
    broken: Option<BackfillError>,
}

impl Driven<'_> {
    /// Stops all runs in this way, also those that are yet to be taken up.
    fn stop(&self, how: impl Fn(&Cancel)) {
        self.runs.values().chain([&self.cancel]).for_each(how);
    }
}

/// What a unit is to make, the program makes no more.
fn gone_since(record: &BackfillRecord, asset: &AssetKey) -> PlanError {
    let message = format!("this program has no asset `{asset}`, which it had when the backfill was launched");
    let problem = Problem::new(ProblemKind::UnknownAsset, message)
        .hint("go on with the program that launched it, or launch another one for what there is");
    PlanError::new(record.pinned.plan.job.clone(), vec![problem])
}

/// Whether a run came to an end, however it did; else it can be resumed.
fn has_ended(error: &RunError) -> bool {
    matches!(
        error.kind(),
        RunErrorKind::Failed { .. } | RunErrorKind::Resource { .. } | RunErrorKind::Canceled { .. }
    )
}

/// Whether it says something of that run, and not of the machine.
fn is_of_that_run(error: &RunError) -> bool {
    let is =
        |error: &StorageError| matches!(error.kind(), StorageErrorKind::NotFound | StorageErrorKind::Over);
    matches!(error.kind(), RunErrorKind::Storage(error) if is(error))
}

impl fmt::Debug for Backfill<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backfill").field("record", &self.record.id).finish_non_exhaustive()
    }
}
