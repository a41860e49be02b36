use std::collections::HashSet;
use std::sync::Arc;
use std::{panic, thread};

use super::archive::Which;
use super::check::Wanted;
use super::execute::PARTITION_TAG;
use super::gone_on::Anew;
use super::lineage::{History, Lineage, lacks, numbers_of};
use super::partitions::taken_by_key;
use super::record::{Recorder, files};
use super::{Definitions, RunError, RunErrorKind, Runner};
use crate::asset::Versions;
use crate::config::{FileFormat, RunConfig};
use crate::define::{OpDef, OutputDef, OutputKind, StepOutcome, StepTold, Tags};
use crate::engine::{Memory, OwedHooks, Past, PastStep, PastStream};
use crate::event::{LostCause, Recorded, RecordedEnd, RecordedStep, RecordedStream, RunStatus, SkipCause};
use crate::graph::Job;
use crate::ids::{Branch, MappingKey, QuickMap, RunId, StepPath};
use crate::io::{ARTIFACTS, ASSET_FILES, IoManagers};
use crate::plan::{Asked, Ended, Failed, Mark, Plan, PlanError, Program, Resumption, Step};
use crate::step::Files;
use crate::storage::{BACKFILL_TAG, Pinned, RunRecord, Storage, StorageError, StorageErrorKind, UNIT_TAG};

/// A run that was interrupted, and is to go on.
#[derive(Clone, Debug)]
pub(super) struct Interrupted {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) record: RunRecord,
    pub(super) pinned: Pinned,
    /// Whether the program may be another than the one that began it.
    pub(super) accepts_changes: bool,
}

/// A run that goes on: it is held, and all is known of it that is recorded.
pub(super) struct TakenUp {
    pub(super) journal: Recorder,
    pub(super) files: Files,
    pub(super) ended: Vec<(StepPath, Ended)>,
    /// None if nothing of it was told yet.
    pub(super) past: Option<Past>,
    /// The versions of the assets that it has made.
    pub(super) made: Versions,
}

impl Definitions {
    /// A run that goes on where the recorded one was interrupted, with what that was begun with: job, environment,
    /// configuration, selection. What is done is not done again; see [`Runner::run`].
    ///
    /// # Errors
    /// If there is no such run, it is over, or this program has no such job or environment. What else keeps it from going on
    /// is found out when the result is run: someone may hold it, or the program may have changed.
    pub fn resume(&self, storage: &Arc<dyn Storage>, run: RunId) -> Result<Runner, RunError> {
        let record = storage.run(run).map_err(RunError::storage)?;
        if record.status.is_terminal() {
            return Err(RunError::storage(over(run, record.status)));
        }
        let pinned = storage.pinned(run).map_err(RunError::storage)?;
        let mut runner = self.runner_of(storage, &record, &pinned)?;
        runner.id = run;
        runner.tags = own_tags(&record);
        runner.own = record.unit().map_or_else(Tags::new, |(backfill, unit)| unit.tags(backfill));
        let storage = Arc::clone(storage);
        runner.interrupted = Some(Box::new(Interrupted { storage, record, pinned, accepts_changes: false }));
        Ok(runner)
    }

    /// A run of the job of a recorded one, with what that was begun with.
    pub(super) fn runner_of(
        &self,
        storage: &Arc<dyn Storage>,
        record: &RunRecord,
        pinned: &Pinned,
    ) -> Result<Runner, RunError> {
        let what = format!("the run {}", record.id);
        let mut runner = self.runner_with(&what, &record.job, &pinned.plan.steps, pinned)?;
        if let Some(pinned) = &pinned.partitions {
            (runner.partition, runner.begun) = (pinned.selection.clone(), Some(pinned.now));
            runner.keys = Some(pinned.keys.clone());
        }
        if let Some(selection) = &pinned.selection {
            let selection = selection.parse().map_err(|error| {
                unknown(
                    format!("the selection `{selection}` of the run cannot be read: {error}"),
                    String::new(),
                )
            })?;
            runner = runner.select(selection);
            if let Some(upstream) = pinned.upstream {
                if let Err(error) = storage.run(upstream) {
                    let is_gone = *error.kind() == StorageErrorKind::NotFound;
                    return Err(RunError::storage(if is_gone { lacks(record.id, upstream) } else { error }));
                }
                runner.take_values_of(storage, upstream)?;
            }
        }
        Ok(runner)
    }

    /// A run of the job of this name, which had these steps, with what was pinned of something: environment, configuration,
    /// limits.
    pub(super) fn runner_with(
        &self,
        what: &str,
        job: &str,
        steps: &[Step],
        pinned: &Pinned,
    ) -> Result<Runner, RunError> {
        let job = self.job_of(job, steps).ok_or_else(|| {
            let known: Vec<_> = self.jobs().iter().map(|job| format!("`{}`", job.name())).collect();
            unknown(
                format!("{what} is one of the job `{job}`, which this program has not"),
                format!("jobs of this program: {}", known.join(", ")),
            )
        })?;
        Ok(self.surrounded(what, &job, pinned)?.config(config_of(what, pinned)))
    }

    /// The same, of this job, and not yet configured.
    pub(super) fn surrounded(&self, what: &str, job: &Job, pinned: &Pinned) -> Result<Runner, RunError> {
        let runner = match &pinned.environment {
            None => self.runner(job),
            Some(name) => self.runner_in(name, job).ok_or_else(|| {
                let known: Vec<_> = self.environments().map(|name| format!("`{name}`")).collect();
                unknown(
                    format!("{what} was begun in the environment `{name}`, which this program has not"),
                    format!("environments of this program: {}", known.join(", ")),
                )
            })?,
        };
        let mut runner = runner;
        (runner.memoizes, runner.only_missing) = (pinned.memoizes, pinned.only_missing);
        runner.takes_memos = !pinned.without_memos;
        runner.heeded.clone_from(&pinned.heeded);
        runner.max_concurrent = pinned.plan.max_concurrent;
        runner.max_in_flight = pinned.plan.max_in_flight;
        runner.order = Some(pinned.plan.order);
        Ok(runner)
    }
}

/// The configuration that was pinned of something.
pub(super) fn config_of(what: &str, pinned: &Pinned) -> RunConfig {
    let from = what.strip_prefix("the ").unwrap_or(what);
    RunConfig::new().text(FileFormat::Json, from, &pinned.config.to_string())
}

fn unknown(what: String, hint: String) -> RunError {
    RunError::storage(StorageError::new(StorageErrorKind::NotFound, what).hint(hint))
}

impl Runner {
    /// Lets a run go on though the program has changed since it was begun. What is done stays as it is, as far as it still
    /// fits; what is not is done in the new way.
    #[must_use]
    pub fn accept_changes(mut self) -> Self {
        if let Some(interrupted) = &mut self.interrupted {
            interrupted.accepts_changes = true;
        }
        self
    }
}

impl Runner {
    /// Of a run that goes on the ops whose functions are others than when it was begun, by name, in the order of the plan. What
    /// they call is not known, and neither is an op without a [fingerprint](OpDef::fingerprint), then or now. It is no reason
    /// not to go on: what is done stands, what is left runs by the new code.
    ///
    /// # Errors
    /// As [`Runner::plan`].
    pub fn other_code(&self) -> Result<Vec<Arc<str>>, PlanError> {
        let Some(interrupted) = &self.interrupted else { return Ok(Vec::new()) };
        Ok(self.check_for(Wanted::Plan)?.program.other_code(&interrupted.pinned.code))
    }
}

impl Interrupted {
    /// Takes the run up again; if it is `canceled`, for its end alone.
    pub(super) fn take_up(
        self,
        program: &Program,
        io: &Arc<IoManagers>,
        (memory, since): (&Memory, &Versions),
        canceled: bool,
    ) -> Result<TakenUp, RunError> {
        let Self { storage, record, pinned, accepts_changes } = self;
        let run = record.id;
        // From here on nobody else writes it.
        let events = storage.reopen(run).map_err(RunError::storage)?;
        let mut history =
            History::read(&*storage, run, program.plan.has_memoized()).map_err(RunError::storage)?;
        let (recorded, view) = (&mut history.recorded, std::mem::take(&mut history.view));
        if view.status().is_terminal() {
            return Err(RunError::storage(over(run, view.status())));
        }
        let changes = pinned.plan.changes_to(&program.plan);
        if !(changes.is_empty() || accepts_changes) {
            return Err(RunError::of_kind(RunErrorKind::Changed { run, changes }));
        }
        let files = files(&*storage, run).map_err(RunError::storage)?;
        let past = Past {
            canceling: recorded.is_canceling(),
            ends: canceled || recorded.is_canceling(),
            other_code: program.other_code(&pinned.code),
            run_hooks: recorded.hooks().iter().map(ToString::to_string).collect(),
            ..Past::default()
        };
        if canceled {
            recorded.cancel();
        }
        // A process that died before its first event has begun nothing.
        let begun = recorded.last_event() > 0;
        let anew = Anew { storage: &*storage, program, memory, since };
        let lineage = Lineage::of(&storage, run, history, io, &anew).map_err(RunError::storage)?;
        let (ended, past) = behind(program, &pinned, &lineage, memory, past);
        let (past, made) = (begun.then_some(past), lineage.recorded.assets().clone());
        Ok(TakenUp { journal: Recorder::new(events, record, view), files, ended, past, made })
    }
}

/// The tags that the run was given: those of orch's own are told by what they say.
pub(super) fn own_tags(record: &RunRecord) -> Tags {
    let mut tags = record.tags.clone();
    for tag in [PARTITION_TAG, BACKFILL_TAG, UNIT_TAG] {
        tags.remove(tag);
    }
    tags
}

fn over(run: RunId, status: RunStatus) -> StorageError {
    let parts = if status == RunStatus::Success { "--all" } else { "--from-failure, or --all" };
    StorageError::new(StorageErrorKind::Over, format!("the run {run} is over: {}", status.name()))
        .hint(format!("make a new run of it: rerun {run} {parts}"))
}

/// What lies behind a run: the steps that have ended, and what has become of the others.
pub(super) fn behind(
    program: &Program,
    pinned: &Pinned,
    lineage: &Lineage,
    memory: &Memory,
    mut past: Past,
) -> (Vec<(StepPath, Ended)>, Past) {
    let recorded = &lineage.recorded;
    let numbers = numbers_of(program);
    let readable = |asked: &Asked<'_>| {
        let which = Which {
            path: asked.path.clone(),
            op: Arc::clone(asked.op),
            output: asked.output,
            key: asked.key.cloned(),
        };
        lineage.readable(&which, asked.value)
    };
    let is_observed = program.plan.steps.iter().any(|step| step.observes.is_some());
    let taken = is_observed.then(|| taken_by_key(&program.plan, pinned.partitions.as_ref()));
    let takers = |step: usize, made: &HashSet<MappingKey>| taken.as_ref()?(step, made);
    // What a step has given is found without knowing whether it stays so, which is found meanwhile.
    let (resumption, mut ended) = thread::scope(|scope| {
        let all = || ends(program, &numbers, lineage, memory);
        let apart = thread::Builder::new().name("orch past".into()).spawn_scoped(scope, all);
        let resumption = Resumption::of(program, &pinned.plan, recorded, (&readable, &takers));
        let ended = match apart {
            Ok(apart) => apart.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)),
            // A machine that has no thread left.
            Err(_) => all(),
        };
        (resumption, ended)
    });
    // Mostly nothing is lost, and need not be asked of each step.
    let stays =
        |path: &StepPath| resumption.lost.is_empty() || resumption.mark(recorded, path) == Mark::Stays;
    ended.retain(|(path, _)| stays(path));
    let hooked = !program.all_hooks().is_empty();
    let observed = resumption.lost.iter().filter(|(_, cause)| *cause == LostCause::Observed);
    let of_other_data: HashSet<&StepPath> = observed.map(|(path, _)| path).collect();
    for (path, step) in recorded.steps() {
        let Some(op) = numbers.get(path.name()).map(|&number| &program.ops[number]) else { continue };
        if step.end().is_none() || !stays(path) {
            past.steps.insert(path.clone(), past_step(op, step, of_other_data.contains(path)));
        } else if hooked && lineage.is_own(path) {
            past.owed.extend(owed(op, path, step, recorded));
        }
    }
    let attempt = |path: &StepPath| recorded.step(path).map_or(0, RecordedStep::attempts);
    if past.ends {
        past.waiting = waiting(&program.plan, lineage);
    }
    past.interrupted = resumption.interrupted.iter().map(|path| (path.clone(), attempt(path))).collect();
    past.lost = resumption
        .lost
        .into_iter()
        .map(|(path, cause)| {
            let attempt = attempt(&path);
            (path, attempt, cause)
        })
        .collect();
    (ended, past)
}

/// The copies that nothing was told of, though the run has had their items.
fn waiting(plan: &Plan, lineage: &Lineage) -> Vec<StepPath> {
    let recorded = &lineage.recorded;
    let mut waiting = Vec::new();
    for (number, map) in plan.maps.iter().enumerate() {
        let source = &plan.steps[map.step];
        let output = &source.outputs[map.output].name;
        let copied: Vec<_> =
            plan.steps.iter().filter(|step| step.map == Some(number) && !step.given).collect();
        let sources = recorded.steps().filter(|(path, _)| path.name() == source.name && lineage.is_own(path));
        for (path, step) in sources {
            for (item, index) in step.stream(output).into_iter().flat_map(RecordedStream::items).zip(0..) {
                let branch = Branch::new(path.branch(), item.key().clone(), index);
                let copies = copied.iter().map(|step| StepPath::new(&*step.name, Some(branch.clone())));
                let untold = copies.filter(|copy| !item.is_orphan() && recorded.step(copy).is_none());
                waiting.extend(untold);
            }
        }
    }
    waiting
}

/// How the steps have ended that have come to an end.
fn ends(
    program: &Program,
    numbers: &QuickMap<&str, usize>,
    lineage: &Lineage,
    memory: &Memory,
) -> Vec<(StepPath, Ended)> {
    let end = |(path, step): (&StepPath, &RecordedStep)| {
        let &number = numbers.get(path.name())?;
        let op = &program.ops[number];
        let end = match step.end()? {
            RecordedEnd::Succeeded => Ended::Succeeded(lineage.outputs(path, op, step)),
            RecordedEnd::Failed(error) => Ended::Failed(Failed {
                error: Arc::clone(error),
                attempts: step.attempts(),
                outputs: lineage.outputs(path, op, step),
                ended: op.outputs().iter().map(|output| has_ended(output, step)).collect(),
            }),
            RecordedEnd::Skipped(cause) => Ended::Skipped(SkipCause::clone(cause)),
            RecordedEnd::Memoized(taken) => {
                Ended::Succeeded(lineage.taken(program, number, taken, memory, |_| true)?)
            }
        };
        Some((path.clone(), end))
    };
    lineage.recorded.steps().filter_map(end).collect()
}

/// What hooks are to be told of a step that is over; none if there is nothing to tell.
fn owed(op: &OpDef, path: &StepPath, step: &RecordedStep, recorded: &Recorded) -> Option<OwedHooks> {
    let (outcome, error) = match step.end()? {
        RecordedEnd::Succeeded => (StepOutcome::Success, None),
        RecordedEnd::Failed(error) => (StepOutcome::of_failure(error), Some(error)),
        RecordedEnd::Memoized(..) => return None,
        RecordedEnd::Skipped(cause) => match &**cause {
            SkipCause::Absent(_) | SkipCause::Lacking(_) => return None,
            SkipCause::Canceled if step.attempts() > 0 => (StepOutcome::Canceled, None),
            SkipCause::Canceled => (StepOutcome::NotExecuted, None),
            SkipCause::Failed(failed) => match recorded.step(failed).and_then(RecordedStep::end) {
                Some(RecordedEnd::Failed(error)) => (StepOutcome::NotExecuted, Some(error)),
                _ => (StepOutcome::NotExecuted, None),
            },
        },
    };
    let stored = op.outputs().iter().filter_map(|output| {
        let handled = step
            .plain(&output.name)?
            .handled()
            .filter(|handled| !matches!(handled.io(), ARTIFACTS | ASSET_FILES))?;
        Some((output.name.to_string(), handled.metadata()))
    });
    let told = StepTold {
        path: path.clone(),
        op: op.name().to_owned(),
        attempt: step.attempts(),
        outcome,
        error: error.cloned(),
        outputs: stored.collect(),
    };
    Some(OwedHooks { told: Arc::new(told), done: step.hooks().iter().map(ToString::to_string).collect() })
}

/// Whether the end of a dynamic output was told.
fn has_ended(output: &OutputDef, step: &RecordedStep) -> bool {
    output.kind == OutputKind::Dynamic && step.stream(&output.name).is_some_and(RecordedStream::is_closed)
}

/// A step that has begun, and runs again or goes on; if `of_other_data`, it may give other items than it did.
fn past_step(op: &OpDef, step: &RecordedStep, of_other_data: bool) -> PastStep {
    let lost = step.end().is_some();
    let streams = op.outputs().iter().enumerate().filter(|(_, output)| output.kind == OutputKind::Dynamic);
    let streams = streams.filter_map(|(number, output)| {
        let stream = step.stream(&output.name)?;
        let items = stream.items().iter().filter(|item| !item.is_orphan());
        let keys = items.map(|item| item.key().clone()).collect();
        Some((number, PastStream { keys, closed: stream.is_closed() && !of_other_data }))
    });
    PastStep {
        attempts: step.attempts(),
        // A step that is lost begins anew, with all its retries.
        failures: if lost { 0 } else { step.failed() },
        due: step.due(),
        streams: streams.collect(),
    }
}
