use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Live, RunView};
use crate::event::Event;
use crate::event::view::{Detail, LiveStep, RunStatus, StepState};
use crate::ids::StepPath;

/// What is told when a run is taken up again.
impl RunView {
    /// What comes from here on is of another process.
    pub(super) fn resume(&mut self, other_code: &[Arc<str>]) {
        self.other_code.extend(other_code.iter().cloned());
        // One that is taken up only to end does not go on.
        self.resumed += u64::from(self.status != RunStatus::Canceling);
        self.gone = self.told;
    }

    /// An attempt was cut off with its process; the step waits for the next.
    pub(super) fn interrupt(&mut self, path: &StepPath, time: Timestamp) {
        if self.status == RunStatus::Canceling {
            return self.cut(path, time);
        }
        let Some((op, view)) = self.wait(path, time, Duration::ZERO, None) else { return };
        self.count(op, |counts| counts.interrupted += 1);
        // When exactly it was cut off nobody could tell any more; it is not the time for which nobody ran the run.
        self.end_attempt(view, self.gone.unwrap_or(time), None);
        if let Some(attempt) = self.steps.get_mut(view).and_then(|step| step.attempts.last_mut()) {
            attempt.interrupted = true;
        }
    }

    /// The same in a run that goes on only to end: for the step there is no next attempt.
    fn cut(&mut self, path: &StepPath, time: Timestamp) {
        let gone = self.gone.unwrap_or(time);
        let Some(live) = self.live.get_mut(path).filter(|live| live.step.retry_after.is_none()) else {
            return;
        };
        live.cut = Some(gone);
        let view = live.view;
        self.end_attempt(view, gone, None);
    }

    /// A step that had succeeded waits for a further attempt.
    pub(super) fn lose(&mut self, path: &StepPath, event: &Event) {
        if self.live.contains_key(path) {
            return;
        }
        let Some(&op) = self.op_of_name.get(path.name()).filter(|&&op| self.ops[op].counts.succeeded > 0)
        else {
            return;
        };
        let Some(view) = self.succeeded(path) else { return };
        // If it was another one of the op, the two make up for each other when this one succeeds again.
        let was_retried = event.attempt > 1 && self.ops[op].counts.retried > 0;
        self.count(op, |counts| {
            counts.succeeded -= 1;
            counts.retried -= u64::from(was_retried);
            counts.waiting_retry += 1;
            counts.lost += 1;
        });
        if let Some(step) = self.steps.get_mut(view) {
            step.state = StepState::WaitingRetry;
        }
        let step = LiveStep {
            path: path.clone(),
            attempt: event.attempt.max(1),
            since: event.time,
            retry_after: Some(Duration::ZERO),
            open: false,
        };
        let live = Live { retried: was_retried, lost: true, ..Live::new(step, op, view) };
        self.live.insert(path.clone(), live);
    }

    /// The position of a step in `steps`; none if steps are kept and this one has not succeeded.
    fn succeeded(&mut self, path: &StepPath) -> Option<usize> {
        if self.detail == Detail::Counts {
            return Some(usize::MAX);
        }
        let steps = &self.steps;
        let views = self.view_of.get_or_insert_with(|| {
            steps.iter().enumerate().map(|(view, step)| (step.path.clone(), view)).collect()
        });
        let view = *views.get(path)?;
        (self.steps[view].state == StepState::Succeeded).then_some(view)
    }
}
