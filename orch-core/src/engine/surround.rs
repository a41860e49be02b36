use std::sync::Arc;
use std::time::Duration;

use super::state::ROOT;
use super::{Kept, Message, State, Timer, Turn};
use crate::event::{EventKind, PlannedStep, StreamName};
use crate::failure::{ErrorInfo, ErrorKind, Failure};
use crate::plan::{Plan, Step};

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// Nothing has been told.
    Before,
    /// Resources are being opened; no step begins.
    Opening,
    /// Steps run.
    Steps,
    /// All steps are over, and what the run came to is settled. Hooks are under way: first those of steps, then the run's.
    Hooks,
    /// Resources are being closed.
    Closing,
    /// The last event is told.
    Over,
}

/// What surrounds the steps.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Whether someone was asked to open resources.
    opens: bool,
    /// The resource that is being opened.
    opening: Option<Arc<str>>,
    /// Resources that are open, in the order of their opening.
    open: Vec<Arc<str>>,
    /// The last event, once the steps are over.
    last: Option<EventKind>,
}

/// What comes before the first step and after the last: resources are opened and closed, hooks have ended, and the last
/// event is told.
impl State {
    pub(super) fn surround(&mut self, message: Message, turn: &mut Turn) {
        match message {
            Message::Begin => self.begin(self.settings.resources, turn),
            Message::BeginCanceled => {
                // Nothing is to be opened for steps that will not run.
                self.begin(false, turn);
                self.cancel_steps(turn);
                self.tell_canceled(turn);
            }
            Message::Opened if self.life == Life::Opening => self.begin_steps(turn),
            Message::ResourceOpening { resource } => {
                self.around.opening = Some(Arc::clone(&resource));
                self.emit_run(EventKind::ResourceInitStarted { resource }, turn);
            }
            // Also what became open while the run was being canceled: it will be closed like the others.
            Message::ResourceOpened { resource, took } => {
                self.around.opening = None;
                self.around.open.push(Arc::clone(&resource));
                self.emit_run(EventKind::ResourceInitSuccess { resource, took }, turn);
            }
            Message::ResourceBroke { resource, failure } => self.not_opened(resource, &failure, turn),
            Message::ResourceClosed { resource, result } => self.closed(resource, result, turn),
            Message::Closed if self.life == Life::Closing => self.end(turn),
            Message::HookDone { number, result } => self.hook_done(number, result, turn),
            Message::Cancel => self.cancel_around(turn),
            Message::Due(Timer::LastGrace) => self.out_of_time(turn),
            Message::Log { step, attempt, level, target, mut message, mut fields } => {
                self.settings.scrubber.text(&mut message);
                self.settings.scrubber.texts(&mut fields);
                let kind = EventKind::Log { level, target, message, fields };
                turn.events.push(self.event(step, attempt, kind));
            }
            // What steps report after the steps were over.
            late => self.let_go.messages.push(late),
        }
    }

    fn begin(&mut self, opens: bool, turn: &mut Turn) {
        let plan = &self.program.plan;
        let mut tags = plan.tags.clone();
        tags.extend(self.settings.tags.clone());
        let kind = EventKind::RunStart {
            job: plan.job.as_str().into(),
            tags,
            max_concurrent: self.settings.max_concurrent,
            steps: planned_steps(plan),
        };
        match self.settings.past.clone() {
            None => self.emit_run(kind, turn),
            Some(past) => self.tell_past(&past, turn),
        }
        if opens {
            (self.life, self.around.opens, turn.open) = (Life::Opening, true, true);
        } else {
            self.begin_steps(turn);
        }
    }

    fn begin_steps(&mut self, turn: &mut Turn) {
        self.life = Life::Steps;
        self.call_owed_hooks(turn);
        self.open_frame(0, ROOT, None, None);
    }

    fn not_opened(&mut self, resource: Arc<str>, failure: &Failure, turn: &mut Turn) {
        self.around.opening = None;
        let error = Arc::new(self.settings.scrubber.error(failure.info()));
        let kind =
            EventKind::ResourceInitFailure { resource: Arc::clone(&resource), error: Arc::clone(&error) };
        self.emit_run(kind, turn);
        // Of a run that is being canceled nothing more follows from it.
        if self.life == Life::Opening {
            self.keep_unopened(&resource, &error);
            turn.kept.push(Kept::Unopened { resource: Arc::clone(&resource), error });
            self.steps_over(EventKind::RunFailure { failed: 0, first: None, resource: Some(resource) }, turn);
        }
    }

    fn cancel_around(&mut self, turn: &mut Turn) {
        match self.life {
            // The steps are told that they will not run, as if they had been about to begin.
            Life::Opening => {
                self.begin_steps(turn);
                self.cancel_steps(turn);
            }
            // What the run has come to stands. It is over in bounded time all the same.
            Life::Hooks | Life::Closing if !self.canceling => {
                self.canceling = true;
                turn.timers.push((self.settings.grace, Timer::LastGrace));
            }
            Life::Before | Life::Steps | Life::Hooks | Life::Closing | Life::Over => {}
        }
    }

    /// All steps have succeeded, failed or been skipped.
    pub(super) fn finished(&mut self, turn: &mut Turn) {
        let kind = match self.first_failed.take() {
            first @ Some(_) => EventKind::RunFailure { failed: self.failed, first, resource: None },
            None => EventKind::RunSuccess,
        };
        self.steps_over(kind, turn);
    }

    /// No step runs any more; `last` will be the last event.
    pub(super) fn steps_over(&mut self, last: EventKind, turn: &mut Turn) {
        self.around.last = Some(last);
        self.let_go.frames.append(&mut self.frames);
        self.life = Life::Hooks;
        self.go_on(turn);
        if self.canceling && self.life != Life::Over {
            turn.timers.push((self.settings.grace, Timer::LastGrace));
        }
    }

    /// Goes from one thing to the next after the steps, as far as nothing is under way.
    pub(super) fn go_on(&mut self, turn: &mut Turn) {
        if self.hooks.are_under_way() {
            return;
        }
        if let Some(last) = self.around.last.take() {
            self.call_hooks_of_run(&last, turn);
            self.around.last = Some(last);
        }
        if self.hooks.are_under_way() {
            return;
        }
        if self.around.opens {
            self.life = Life::Closing;
            turn.close = true;
        } else {
            self.end(turn);
        }
    }

    fn closed(&mut self, resource: Arc<str>, result: Result<Duration, Failure>, turn: &mut Turn) {
        self.around.open.retain(|open| *open != resource);
        let kind = match result {
            Ok(took) => EventKind::ResourceClosed { resource, took },
            Err(failure) => EventKind::ResourceCloseFailure {
                resource,
                error: Arc::new(self.settings.scrubber.error(failure.info())),
            },
        };
        self.emit_run(kind, turn);
    }

    /// A canceled run waits no longer. What has not ended is told so, and what is still open, the last one first, as it
    /// would have been closed.
    fn out_of_time(&mut self, turn: &mut Turn) {
        self.give_up_hooks("the hook did not end within the grace period of the canceled run", turn);
        // Those of the run have waited for these, and are told with them.
        if let Some(last) = self.around.last.clone() {
            self.call_hooks_of_run(&last, turn);
            turn.hooks.clear();
        }
        self.give_up_hooks(
            "the hook was not called: those of steps did not end within the grace period",
            turn,
        );
        // It is closed all the same, and nobody is told of it.
        turn.close = self.life == Life::Hooks && self.around.opens;
        if let Some(resource) = self.around.opening.take() {
            let message = "not open within the grace period of the canceled run: its code is left alone";
            let error = Arc::new(ErrorInfo::new(ErrorKind::Canceled, message));
            self.emit_run(EventKind::ResourceInitFailure { resource, error }, turn);
        }
        let message = "not closed within the grace period of the canceled run";
        let error = Arc::new(ErrorInfo::new(ErrorKind::Canceled, message));
        for resource in std::mem::take(&mut self.around.open).into_iter().rev() {
            self.emit_run(EventKind::ResourceCloseFailure { resource, error: Arc::clone(&error) }, turn);
        }
        self.end(turn);
    }

    fn end(&mut self, turn: &mut Turn) {
        let Some(last) = self.around.last.take() else { return };
        turn.kept.push(Kept::End(last.clone()));
        self.emit_run(last, turn);
        self.life = Life::Over;
        turn.ended = true;
    }
}

/// The steps as the first event of a run tells them.
fn planned_steps(plan: &Plan) -> Arc<[PlannedStep]> {
    let stream = |map: usize| {
        let map = &plan.maps[map];
        let source = &plan.steps[map.step];
        StreamName {
            step: source.name.as_str().into(),
            output: source.outputs[map.output].name.as_str().into(),
        }
    };
    let planned = |step: &Step| PlannedStep { name: step.name.as_str().into(), over: step.map.map(stream) };
    plan.steps.iter().filter(|step| !step.given).map(planned).collect()
}
