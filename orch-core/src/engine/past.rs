use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::frame::FrameId;
use super::{State, Turn};
use crate::define::{OutputMetadata, StepOutcome, StepTold};
use crate::event::{EventKind, LostCause, SkipCause};
use crate::ids::{MappingKey, PathMap, QuickMap, StepPath};

/// What a run has behind it that goes on after its process was gone: asked for by the paths of steps, as their frames
/// open. Of steps that are over the program knows the outputs, as of those that are given; here is the rest.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) steps: PathMap<PastStep>,
    /// Attempts that were under way.
    pub(crate) interrupted: Vec<(StepPath, u32)>,
    /// The ops whose functions are others than when the run was begun.
    pub(crate) other_code: Vec<Arc<str>>,
    /// Steps that had succeeded and run again.
    pub(crate) lost: Vec<(StepPath, u32, LostCause)>,
    /// Of steps that are over, what hooks are to be told that were not called, or had not ended.
    pub(crate) owed: Vec<OwedHooks>,
    /// Hooks of the run that have ended.
    pub(crate) run_hooks: HashSet<String>,
    /// Whether someone had asked to cancel the run.
    pub(crate) canceling: bool,
    /// Whether it goes on only to end as canceled.
    pub(crate) ends: bool,
    /// Of a run that ends, the copies that had not begun, though their items were there.
    pub(crate) waiting: Vec<StepPath>,
}

/// What the hooks of a step that is over are to be told.
#[derive(Debug)]
pub(crate) struct OwedHooks {
    pub(crate) told: Arc<StepTold>,
    /// Those that have ended.
    pub(crate) done: HashSet<String>,
}

/// A step that had begun and is not over.
#[derive(Debug, Default)]
pub(crate) struct PastStep {
    /// Attempts begun.
    pub(crate) attempts: u32,
    /// Attempts that failed, for the retry policy: an interrupted one says nothing of the code.
    pub(crate) failures: u32,
    /// When the next attempt was to begin, if it waited for it.
    pub(crate) due: Option<Timestamp>,
    /// Its dynamic outputs, by number.
    pub(crate) streams: Vec<(usize, PastStream)>,
}

/// A dynamic output that had emitted items.
#[derive(Clone, Debug, Default)]
pub(crate) struct PastStream {
    /// The keys of its items, in the order of their emission.
    pub(crate) keys: Vec<MappingKey>,
    /// Whether it had ended: these are then all the items that there are.
    pub(crate) closed: bool,
}

impl State {
    /// The run goes on: tells what has become of what was under way.
    pub(super) fn tell_past(&self, past: &Past, turn: &mut Turn) {
        // Told first: what goes on only to end is not resumed.
        if past.ends && !past.canceling {
            self.emit_run(EventKind::RunCanceling, turn);
        }
        self.emit_run(EventKind::RunResumed { other_code: past.other_code.clone() }, turn);
        for (path, attempt) in &past.interrupted {
            turn.events.push(self.event(Some(path.clone()), *attempt, EventKind::StepInterrupted));
        }
        for (path, attempt, cause) in &past.lost {
            let kind = EventKind::StepLost { cause: cause.clone() };
            turn.events.push(self.event(Some(path.clone()), *attempt, kind));
        }
    }

    /// The run goes on to be canceled: copies of steps are told, as no frame of theirs will open. The older branch comes
    /// first, then the plan's order.
    pub(super) fn tell_canceled(&mut self, turn: &mut Turn) {
        let Some(past) = self.settings.past.clone() else { return };
        let begun = past.steps.iter().map(|(path, step)| (path, step.attempts));
        let waiting = past.waiting.iter().map(|path| (path, 0));
        let steps = &self.program.plan.steps;
        let numbers: QuickMap<&str, usize> = steps.iter().map(|step| &*step.name).zip(0..).collect();
        let copy = |(path, attempt): (&StepPath, u32)| {
            let number = *numbers.get(path.name())?;
            Some((path.branch()?.clone(), number, path.clone(), attempt))
        };
        let mut copies: Vec<_> = begun.chain(waiting).filter_map(copy).collect();
        copies.sort_unstable_by(|a, b| a.0.age_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, step, path, attempt) in copies {
            let kind = EventKind::StepSkipped { cause: SkipCause::Canceled };
            turn.events.push(self.event(Some(path.clone()), attempt, kind));
            let told = StepTold {
                path,
                op: self.program.ops[step].name().to_owned(),
                attempt,
                outcome: if attempt > 0 { StepOutcome::Canceled } else { StepOutcome::NotExecuted },
                error: None,
                outputs: OutputMetadata::default(),
            };
            self.tell_hooks(&Arc::new(told), &HashSet::new(), turn);
        }
    }

    /// Whether a hook of the run has been called already, and has ended.
    pub(super) fn run_was_told(&self, hook: &str) -> bool {
        self.settings.past.as_ref().is_some_and(|past| past.run_hooks.contains(hook))
    }

    /// A frame has been opened: what its steps have behind them.
    pub(super) fn recall(&mut self, frame: FrameId) {
        let Some(past) = self.settings.past.clone() else { return };
        for local in 0..self.frames[frame as usize].steps.len() {
            let step = self.layout.scopes[self.frames[frame as usize].scope].steps[local] as usize;
            let path = self.path(frame, step);
            let Some(known) = past.steps.get(&path) else { continue };
            let run = self.run(frame, local as u32);
            (run.attempt, run.failures, run.due) = (known.attempts, known.failures, known.due);
            for (output, stream) in &known.streams {
                if let Some(local) = self.layout.stream(step, *output) {
                    self.frames[frame as usize].streams[local].recall(stream);
                }
            }
        }
    }

    /// How long a step that waited for its next attempt still has to wait.
    pub(super) fn still_waits(&mut self, frame: FrameId, local: u32) -> Option<Duration> {
        let now = self.now;
        let due = self.run(frame, local).due.take()?;
        Duration::try_from(due.duration_since(now)).ok().filter(|left| !left.is_zero())
    }
}

impl super::frame::Stream {
    fn recall(&mut self, past: &PastStream) {
        self.emitted = past.keys.len() as u64;
        // Items without keys of their own have their numbers for keys.
        let numbered = past.keys.iter().zip(0..).all(|(key, number)| key.as_index() == Some(number));
        self.keyed = (!numbered).then_some(true);
        self.keys = past.keys.iter().cloned().zip(0..).collect();
        self.unopened = vec![true; past.keys.len()];
        (self.closed_before, self.end_told) = (past.closed, past.closed);
    }

    /// Whether the item of this number was emitted in the process before, and not yet in this one.
    pub(super) fn reopens(&mut self, index: u64) -> bool {
        let place = usize::try_from(index).ok().and_then(|index| self.unopened.get_mut(index));
        place.is_some_and(std::mem::take)
    }

    /// An item that had been emitted before the stream was closed, and that a later process has not emitted again.
    pub(super) fn not_emitted_again(&self) -> Option<&MappingKey> {
        if !self.closed_before {
            return None;
        }
        let missing = self.unopened.iter().position(|unopened| *unopened)? as u64;
        self.keys.iter().find(|(_, index)| **index == missing).map(|(key, _)| key)
    }
}
