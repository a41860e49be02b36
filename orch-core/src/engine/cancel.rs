use std::sync::Arc;

use super::frame::{FrameId, Phase, StreamPhase};
use super::{State, Timer, Turn};
use crate::define::StepOutcome;
use crate::event::{EventKind, SkipCause};
use crate::failure::{ErrorInfo, ErrorKind};

/// Cancellation: nothing starts any more, what is under way has its grace, and every step is told.
impl State {
    pub(super) fn cancel_steps(&mut self, turn: &mut Turn) {
        if std::mem::replace(&mut self.canceling, true) {
            return;
        }
        if !self.settings.past.as_ref().is_some_and(|past| past.canceling || past.ends) {
            self.emit_run(EventKind::RunCanceling, turn);
        }
        let mut never_start: Vec<_> = self.ready.drain();
        never_start.sort_unstable_by(|a, b| b.cmp(a));
        for ready in never_start.into_iter().filter(|ready| ready.stream.is_none()) {
            self.skip_canceled(ready.frame, ready.step as usize, turn);
        }
        turn.cancel = true;
        if self.running > 0 {
            turn.timers.push((self.settings.grace, Timer::Grace));
        }
    }

    /// Tells a step that has no code under way that the run is canceled.
    pub(super) fn skip_canceled(&mut self, frame: FrameId, step: usize, turn: &mut Turn) {
        self.run(frame, self.layout.steps[step].local).phase = Phase::Canceled;
        self.emit(frame, step, EventKind::StepSkipped { cause: SkipCause::Canceled }, turn);
        // One that waited for its next attempt has run.
        let began = self.run(frame, self.layout.steps[step].local).attempt > 0;
        let outcome = if began { StepOutcome::Canceled } else { StepOutcome::NotExecuted };
        self.call_hooks(frame, step, outcome, None, turn);
    }

    /// No step is waited for any more. Every step that is not done is told so: the older branch first, then in the plan's
    /// order.
    pub(super) fn end_canceled(&mut self, turn: &mut Turn) {
        let error = Arc::new(ErrorInfo::new(ErrorKind::Canceled, "the run was canceled"));
        let mut detached = Vec::new();
        let mut open: Vec<FrameId> = (0..self.frames.len() as FrameId).collect();
        open.sort_by(|&a, &b| match (&self.frames[a as usize].branch, &self.frames[b as usize].branch) {
            (Some(a), Some(b)) => a.age_cmp(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
        for frame in open {
            for local in 0..self.frames[frame as usize].steps.len() {
                let entry = &self.frames[frame as usize];
                let phase = entry.steps[local].phase;
                let step = self.layout.scopes[entry.scope].steps[local] as usize;
                let pulling = |stream: usize| {
                    matches!(entry.streams[stream].phase, StreamPhase::Pulling | StreamPhase::Storing)
                };
                let under_way = phase == Phase::Running || self.layout.streams(step).any(pulling);
                match phase {
                    // It was over before.
                    Phase::Running | Phase::Streaming if entry.steps[local].is_given => {}
                    Phase::Running | Phase::Streaming => {
                        if under_way {
                            detached.push(self.path(frame, step));
                        }
                        let failure = EventKind::StepFailure { error: Arc::clone(&error) };
                        self.emit(frame, step, failure, turn);
                        self.call_hooks(frame, step, StepOutcome::Canceled, Some(&error), turn);
                    }
                    Phase::Waiting | Phase::Ready | Phase::Backoff | Phase::Due => {
                        self.skip_canceled(frame, step, turn);
                    }
                    Phase::Canceled | Phase::Done => {}
                }
            }
        }
        let mut late: Vec<_> = self.late.iter().collect();
        late.sort_unstable_by_key(|(ticket, _)| **ticket);
        for (_, late) in late {
            if !detached.contains(&late.path) {
                detached.push(late.path.clone());
            }
        }
        self.steps_over(EventKind::RunCanceled { detached }, turn);
    }
}
