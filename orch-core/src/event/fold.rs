use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use self::stream::OpenStream;
use super::view::{
    AttemptView, CanceledStep, CheckView, Counts, Detail, FailedStep, HookError, LiveStep, OpView,
    ResourceView, RunStatus, StepState, StepView, between,
};
use super::{Event, EventKind, PlannedStep, SkipCause, StreamName};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::{Branch, PathMap, QuickMap, RunId, StepPath};

mod check;
mod resume;
mod show;
mod stream;
mod surround;
#[cfg(test)]
mod tests;

/// How many failures are kept with their errors, copies that failed alike as one; and how many canceled steps, when steps
/// are not kept.
const KEPT_FAILURES: usize = 100;

/// How many of the copies that failed like one before them are named.
const KEPT_ALIKE: usize = 3;

/// A run as its events tell it: the one derivation that text, progress, charts and resumption share.
///
/// What holds after any sequence of events:
///
/// - The counts of the run are the sums of the counts of its ops, and with [`Detail::Steps`] those of the steps.
/// - A step is counted in one state only; [`RunView::live`] has exactly the running and the waiting ones.
/// - An event after the run's end, and an event of another run, changes nothing.
/// - Of a step that is not live only a start, a failure, a skip or that it was memoized is heeded, since anything else has no
///   beginning. The engine tells of each step's end once; the view could not tell a second one from another step's without
///   keeping every path. For the same reason it is believed of a step that is lost that it had succeeded, unless steps are kept.
/// - An event costs the same whatever came before it. Only the end of the run looks at all live steps, and the first
///   lost step at all steps, if they are kept.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    detail: Detail,
    run: Option<RunId>,
    job: Arc<str>,
    tags: BTreeMap<String, String>,
    max_concurrent: Option<usize>,
    status: RunStatus,
    start: Option<Timestamp>,
    latest: Option<Timestamp>,
    /// Of a run under way, the moment that it is shown at.
    until: Option<Timestamp>,
    counts: Counts,
    ops: Vec<OpView>,
    op_of_name: QuickMap<Arc<str>, usize>,
    planned: bool,
    /// The streams found at each depth of nesting; tells what a copy is mapped over where the log does not say it.
    streams_at: Vec<Vec<StreamName>>,
    live: PathMap<Live>,
    steps: Vec<StepView>,
    failures: Vec<FailedStep>,
    canceled: Vec<CanceledStep>,
    detached: Vec<StepPath>,
    resources: Vec<ResourceView>,
    /// Checks that have not passed.
    unpassed: Vec<CheckView>,
    not_checked: Vec<(StepPath, String)>,
    hook_errors: Vec<HookError>,
    hooks_errored: u64,
    /// How often the run was taken up again.
    resumed: u64,
    /// The ops that a program it went on with had other code of.
    other_code: BTreeSet<Arc<str>>,
    /// The last that was told but for the wish to cancel it, which may be that of who takes it up again.
    told: Option<Timestamp>,
    /// The same of the process before the present one.
    gone: Option<Timestamp>,
    /// The positions of steps in `steps`, from the first lost one on.
    view_of: Option<PathMap<usize>>,
}

#[derive(Clone, Debug)]
struct Live {
    step: LiveStep,
    op: usize,
    /// The position in `steps`, where these are kept.
    view: usize,
    streams: Vec<OpenStream>,
    /// Why the attempt failed, while the step waits for the next.
    error: Option<Arc<ErrorInfo>>,
    /// Whether an attempt of it has failed.
    retried: bool,
    /// When its attempt was cut off, of a run that is taken up only to end.
    cut: Option<Timestamp>,
    /// Whether it had succeeded before. The items of its streams have been counted then, and there will be no others.
    lost: bool,
}

impl Live {
    fn new(step: LiveStep, op: usize, view: usize) -> Self {
        Self { step, op, view, streams: Vec::new(), error: None, retried: false, cut: None, lost: false }
    }
}

/// How a step ended.
enum End<'a> {
    Success,
    Failure(&'a Arc<ErrorInfo>),
    Canceled,
    Skip(&'a SkipCause),
    /// The asset would have come out as this run made it.
    Memoized(RunId),
}

impl RunView {
    /// The picture of a run of which nothing has been told.
    #[must_use]
    pub fn new(detail: Detail) -> Self {
        Self { detail, ..Self::default() }
    }

    /// The picture after all these events.
    #[must_use]
    pub fn of<'a>(detail: Detail, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut view = Self::new(detail);
        events.into_iter().for_each(|event| view.apply(event));
        view
    }

    /// Takes one event; they come in the order of their emission.
    pub fn apply(&mut self, event: &Event) {
        if self.status.is_terminal() || self.run.is_some_and(|run| run != event.run) {
            return;
        }
        self.run = Some(event.run);
        if let EventKind::RunResumed { other_code } = &event.kind {
            self.resume(other_code);
        }
        self.start.get_or_insert(event.time);
        self.latest = self.latest.max(Some(event.time));
        if event.kind != EventKind::RunCanceling {
            self.told = self.latest;
        }
        match (&event.kind, &event.step) {
            (EventKind::RunStart { job, tags, max_concurrent, steps }, _) => {
                self.job = Arc::clone(job);
                self.tags.clone_from(tags);
                self.max_concurrent = Some(*max_concurrent);
                self.plan(steps);
            }
            (EventKind::RunCanceling, _) => self.status = RunStatus::Canceling,
            (EventKind::RunSuccess, _) => self.end_run(RunStatus::Success),
            (EventKind::RunFailure { .. }, _) => self.end_run(RunStatus::Failure),
            (EventKind::RunCanceled { detached }, _) => {
                self.detached.clone_from(detached);
                self.end_run(RunStatus::Canceled);
            }
            (EventKind::HookErrored { hook, error }, step) => self.hook_errored(hook, step.as_ref(), error),
            (kind, Some(path)) => self.apply_to_step(path, event, kind),
            (kind, None) => self.apply_to_resource(kind, event.time),
        }
    }

    fn apply_to_step(&mut self, path: &StepPath, event: &Event, kind: &EventKind) {
        match kind {
            EventKind::StepStart { waited } | EventKind::StepRestarted { waited } => {
                self.begin(path, event.attempt, event.time, *waited);
            }
            EventKind::StepOutput { output, key: Some(_) } => {
                self.item(path, output, event.time);
            }
            EventKind::StreamClosed { output, count, orphaned, .. } => {
                self.close(path, output, count.saturating_add(*orphaned));
            }
            EventKind::StepUpForRetry { error, delay } => {
                self.wait_for_retry(path, event.time, error, *delay);
            }
            EventKind::AssetCheckEvaluation { asset, blocking, result, .. } => {
                self.evaluated(path, asset, *blocking, result);
            }
            EventKind::StepInterrupted => self.interrupt(path, event.time),
            EventKind::StepLost { .. } => self.lose(path, event),
            EventKind::StepSuccess => self.end_step(path, event, &End::Success),
            EventKind::StepFailure { error } if error.kind == ErrorKind::Canceled => {
                self.end_step(path, event, &End::Canceled);
            }
            EventKind::StepFailure { error } => self.end_step(path, event, &End::Failure(error)),
            // Of a step that waits for its next attempt, canceling does not make one that never ran.
            EventKind::StepSkipped { cause: SkipCause::Canceled } if self.live.contains_key(path) => {
                self.end_step(path, event, &End::Canceled);
            }
            EventKind::StepSkipped { cause } => {
                self.left_out(path, cause);
                self.end_step(path, event, &End::Skip(cause));
            }
            EventKind::StepMemoized { of, .. } => self.end_step(path, event, &End::Memoized(*of)),
            _ => {}
        }
    }

    fn plan(&mut self, steps: &[PlannedStep]) {
        self.planned = !steps.is_empty();
        for step in steps {
            let op = self.op_index(&step.name);
            self.ops[op].mapped |= step.over.is_some();
            self.ops[op].over.clone_from(&step.over);
        }
    }

    fn begin(&mut self, path: &StepPath, attempt: u32, time: Timestamp, waited: Duration) {
        let number = attempt.max(1);
        let view = if let Some(live) = self.live.get_mut(path) {
            let was_waiting = live.step.retry_after.take().is_some();
            live.step.attempt = number;
            live.step.since = time;
            (live.error, live.cut) = (None, None);
            let was_open = std::mem::take(&mut live.step.open);
            live.streams.iter_mut().for_each(|open| open.emitted = 0);
            let (op, view) = (live.op, live.view);
            self.count(op, |counts| counts.open -= u64::from(was_open));
            if was_waiting {
                self.count(op, |counts| {
                    counts.waiting_retry -= 1;
                    counts.running += 1;
                });
            }
            view
        } else {
            let op = self.op_of(path);
            let view = self.keep(path, StepState::Running, time);
            let path = path.clone();
            let step = LiveStep { path, attempt: number, since: time, retry_after: None, open: false };
            let key = step.path.clone();
            self.live.insert(key, Live::new(step, op, view));
            self.count(op, |counts| counts.running += 1);
            view
        };
        if let Some(step) = self.steps.get_mut(view) {
            let earliest = step.attempts.last().and_then(|last| last.end);
            let ready =
                time.checked_sub(waited).unwrap_or(time).max(earliest.unwrap_or(Timestamp::MIN)).min(time);
            step.state = StepState::Running;
            step.first = step.first.min(ready);
            let attempt = AttemptView {
                number,
                ready,
                start: time,
                opened: None,
                end: None,
                error: None,
                interrupted: false,
            };
            step.attempts.push(attempt);
        }
    }

    fn wait_for_retry(&mut self, path: &StepPath, time: Timestamp, error: &Arc<ErrorInfo>, delay: Duration) {
        let Some((op, view)) = self.wait(path, time, delay, Some(error)) else { return };
        self.count(op, |counts| counts.retries += 1);
        if let Some(live) = self.live.get_mut(path) {
            live.retried = true;
        }
        self.end_attempt(view, time, Some(error));
    }

    /// A running step waits for its next attempt from now on; none if it does not run. Gives its op and view.
    fn wait(
        &mut self,
        path: &StepPath,
        time: Timestamp,
        delay: Duration,
        error: Option<&Arc<ErrorInfo>>,
    ) -> Option<(usize, usize)> {
        let live = self.live.get_mut(path).filter(|live| live.step.retry_after.is_none())?;
        live.step.retry_after = Some(delay);
        live.step.since = time;
        live.error = error.cloned();
        let was_open = std::mem::take(&mut live.step.open);
        let (op, view) = (live.op, live.view);
        self.count(op, |counts| {
            counts.running -= 1;
            counts.open -= u64::from(was_open);
            counts.waiting_retry += 1;
        });
        if let Some(step) = self.steps.get_mut(view) {
            step.state = StepState::WaitingRetry;
        }
        Some((op, view))
    }

    fn end_step(&mut self, path: &StepPath, event: &Event, end: &End<'_>) {
        let live = self.live.remove(path);
        if live.is_none() && matches!(end, End::Success | End::Canceled) {
            return;
        }
        let (op, view) = match &live {
            Some(live) => (live.op, live.view),
            None => (self.op_of(path), self.keep(path, StepState::Running, event.time)),
        };
        let attempt = live.as_ref().map_or(event.attempt, |live| live.step.attempt);
        let running = live.as_ref().filter(|live| live.step.retry_after.is_none());
        let took = running.map(|live| between(live.step.since, event.time));
        self.count(op, |counts| {
            match &live {
                Some(live) if live.step.retry_after.is_some() => counts.waiting_retry -= 1,
                Some(live) => {
                    counts.running -= 1;
                    counts.open -= u64::from(live.step.open);
                }
                None => {}
            }
            match end {
                End::Success => {
                    counts.succeeded += 1;
                    counts.retried += u64::from(live.as_ref().is_some_and(|live| live.retried));
                }
                End::Failure(_) => counts.failed += 1,
                End::Canceled => counts.canceled += 1,
                End::Skip(_) => counts.skipped += 1,
                End::Memoized(_) => counts.memoized += 1,
            }
        });
        if let (End::Canceled, Some(live)) = (end, &live) {
            self.keep_canceled(live, event.time);
        }
        let error = match end {
            End::Failure(error) => Some(*error),
            _ => None,
        };
        self.end_attempt(view, event.time, error);
        if let Some(step) = self.steps.get_mut(view) {
            step.state = match end {
                End::Success => StepState::Succeeded,
                End::Failure(_) => StepState::Failed,
                End::Canceled => StepState::Canceled,
                End::Skip(cause) => StepState::Skipped((*cause).clone()),
                End::Memoized(of) => StepState::Memoized(*of),
            };
        }
        if let Some(error) = error {
            self.keep_failure(FailedStep::new(path.clone(), attempt, took, Arc::clone(error)));
        }
    }

    /// A wrong setting lets every item fail in the same way; that is one thing to read and not hundreds.
    fn keep_failure(&mut self, failed: FailedStep) {
        let alike =
            |kept: &&mut FailedStep| kept.path.name() == failed.path.name() && kept.error == failed.error;
        if let Some(kept) = self.failures.iter_mut().find(alike) {
            kept.alike += 1;
            if kept.first_alike.len() < KEPT_ALIKE {
                kept.first_alike.push(failed.path);
            }
        } else if self.failures.len() < KEPT_FAILURES {
            self.failures.push(failed);
        }
    }

    fn end_attempt(&mut self, view: usize, time: Timestamp, error: Option<&Arc<ErrorInfo>>) {
        let last = self.steps.get_mut(view).and_then(|step| step.attempts.last_mut());
        if let Some(attempt) = last.filter(|attempt| attempt.end.is_none()) {
            attempt.end = Some(time.max(attempt.opened.unwrap_or(attempt.start)));
            attempt.error = error.cloned();
        }
    }

    /// Whatever is still live when the run ends was given up, and cannot end otherwise any more.
    fn end_run(&mut self, status: RunStatus) {
        let time = self.latest.unwrap_or_default();
        let mut live: Vec<_> = std::mem::take(&mut self.live).into_values().collect();
        live.sort_by_cached_key(|live| (live.step.since, live.step.path.to_string()));
        for live in live {
            self.keep_canceled(&live, time);
            let waiting = u64::from(live.step.retry_after.is_some());
            self.count(live.op, |counts| {
                counts.waiting_retry -= waiting;
                counts.open -= u64::from(live.step.open);
                counts.running -= 1 - waiting;
                counts.canceled += 1;
            });
            self.end_attempt(live.view, time, None);
            if let Some(step) = self.steps.get_mut(live.view) {
                step.state = StepState::Canceled;
            }
        }
        self.status = status;
    }

    fn keep_canceled(&mut self, live: &Live, time: Timestamp) {
        if self.detail == Detail::Counts && self.canceled.len() >= KEPT_FAILURES {
            return;
        }
        let step = &live.step;
        let took = step.retry_after.is_none().then(|| between(step.since, live.cut.unwrap_or(time)));
        let (path, attempt, error) = (step.path.clone(), step.attempt, live.error.clone());
        self.canceled.push(CanceledStep { path, attempt, took, error });
    }

    /// Changes the counts of an op and of the run alike.
    fn count(&mut self, op: usize, change: impl Fn(&mut Counts)) {
        change(&mut self.ops[op].counts);
        change(&mut self.counts);
    }

    fn keep(&mut self, path: &StepPath, state: StepState, first: Timestamp) -> usize {
        if self.detail == Detail::Counts {
            return usize::MAX;
        }
        self.steps.push(StepView { path: path.clone(), state, attempts: Vec::new(), first });
        let view = self.steps.len() - 1;
        if let Some(views) = &mut self.view_of {
            views.insert(path.clone(), view);
        }
        view
    }

    fn op_index(&mut self, name: &str) -> usize {
        if let Some(&op) = self.op_of_name.get(name) {
            return op;
        }
        let name: Arc<str> = name.into();
        let op = OpView {
            name: Arc::clone(&name),
            mapped: false,
            over: None,
            counts: Counts::default(),
            streams: Vec::new(),
        };
        self.ops.push(op);
        self.op_of_name.insert(name, self.ops.len() - 1);
        self.ops.len() - 1
    }

    fn op_of(&mut self, path: &StepPath) -> usize {
        let op = self.op_index(path.name());
        if path.branch().is_some() && !self.ops[op].mapped {
            // The log does not say over what. A copy's item was emitted before it, one map further out; if only one
            // stream is known there, it is that one, and if there are more, the total stays unknown.
            let outer = self.streams_at.get(depth(path) - 1);
            self.ops[op].mapped = true;
            self.ops[op].over = outer.and_then(|streams| match &streams[..] {
                [only] => Some(only.clone()),
                _ => None,
            });
        }
        op
    }
}

fn depth(path: &StepPath) -> usize {
    std::iter::successors(path.branch(), |branch| Branch::parent(branch)).count()
}
