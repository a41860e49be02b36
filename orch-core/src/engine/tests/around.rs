//! What surrounds the steps, in the words of the model, and random fortunes for it.

use std::sync::Arc;

use super::model::{At, Model};
use super::random::Random;
use super::simulation::Simulation;
use crate::define::{HookDef, RunOutcome, StepOutcome};
use crate::engine::{HookCall, HookTold, Message, Turn};
use crate::failure::Failure;
use crate::plan::Program;

/// What the model knows of it. Resources are numbered in the order of their opening.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) opening: bool,
    /// Whether anything was to be opened.
    opens: bool,
    /// What is just being opened.
    under_hand: Option<usize>,
    open: Vec<usize>,
    /// The last event, once the steps are over.
    last: Option<String>,
    /// Hooks that should be called in this turn, by name and what they are for.
    pub(super) calls: Vec<String>,
    /// Hooks that have not ended.
    pub(super) under_way: Vec<String>,
    called_of_run: bool,
}

impl Around {
    /// Whether all steps are over.
    pub(super) fn is_after(&self) -> bool {
        self.last.is_some()
    }

    /// Whether resources are being closed.
    fn is_closing(&self) -> bool {
        self.is_after() && self.opens && self.called_of_run && self.under_way.is_empty()
    }
}

impl Model {
    pub(super) fn begin(&mut self) {
        self.told.push("RUN_START".to_owned());
        (self.around.opening, self.around.opens) = (self.settings.resources, self.settings.resources);
    }

    pub(super) fn steps_over(&mut self, last: String) {
        self.running.clear();
        self.late.clear();
        self.around.last = Some(last);
        self.after_hooks();
    }

    /// What follows when no hook is under way.
    fn after_hooks(&mut self) {
        if !self.around.is_after() || !self.around.under_way.is_empty() {
            return;
        }
        self.call_of_run();
        if self.around.under_way.is_empty() && !self.around.opens {
            self.end();
        }
    }

    fn call_of_run(&mut self) {
        if std::mem::replace(&mut self.around.called_of_run, true) {
            return;
        }
        let last = self.around.last.clone().unwrap_or_default();
        let outcome = match last.split(' ').next() {
            Some("RUN_SUCCESS") => RunOutcome::Success,
            Some("RUN_CANCELED") => RunOutcome::Canceled,
            _ => RunOutcome::Failure,
        };
        for hook in self.program.hooks.clone() {
            if hook.is_of_runs() && hook.on().has(outcome) {
                self.call(format!("{} {}", hook.name(), outcome.name()));
            }
        }
    }

    fn call(&mut self, call: String) {
        self.around.calls.push(call.clone());
        self.around.under_way.push(call);
    }

    /// A step has come to this, and the hooks that should hear of it.
    pub(super) fn over(&mut self, at: &At, outcome: StepOutcome) {
        let mut hooks = self.program.step_hooks[at.0].clone();
        for hook in &self.program.hooks {
            if !hooks.iter().any(|other| Arc::ptr_eq(other, hook)) {
                hooks.push(Arc::clone(hook));
            }
        }
        for hook in hooks {
            if !hook.is_of_runs() && hook.on().has(outcome) {
                self.call(format!("{} {} {}", hook.name(), self.path(at), outcome.name()));
            }
        }
    }

    /// A hook has ended; the model knows it by what it was called for.
    pub(super) fn hook_done(&mut self, call: &str, well: bool) {
        let at = self.around.under_way.iter().position(|other| other == call).expect("it was called");
        self.around.under_way.remove(at);
        self.told.push(hook_told(call, well));
        self.after_hooks();
    }

    pub(super) fn starts_nothing(&self) -> bool {
        self.canceling || self.ended || self.around.opening || self.around.is_after()
    }

    fn end(&mut self) {
        self.told.extend(self.around.last.clone());
        self.ended = true;
    }

    pub(super) fn out_of_time(&mut self) -> bool {
        self.call_of_run();
        self.around.calls.clear();
        for call in std::mem::take(&mut self.around.under_way) {
            self.told.push(hook_told(&call, false));
        }
        if let Some(resource) = self.around.under_hand.take() {
            self.told.push(format!("RESOURCE_INIT_FAILURE {resource}"));
        }
        for resource in self.around.open.drain(..).rev() {
            self.told.push(format!("RESOURCE_CLOSE_FAILURE {resource}"));
        }
        self.end();
        true
    }

    fn surround(&mut self, next: Next) {
        match next {
            Next::Opening(resource) => self.around.under_hand = Some(resource),
            Next::Open(_) | Next::Break(_) => self.around.under_hand = None,
            Next::AllOpen | Next::Close(..) | Next::AllClosed => {}
        }
        let line = match next {
            Next::Opening(resource) => format!("RESOURCE_INIT_STARTED {resource}"),
            Next::Open(resource) => {
                self.around.open.push(resource);
                format!("RESOURCE_INIT_SUCCESS {resource}")
            }
            Next::Break(resource) => format!("RESOURCE_INIT_FAILURE {resource}"),
            Next::Close(resource, well) => {
                self.around.open.retain(|open| *open != resource);
                format!("RESOURCE_CLOSE{} {resource}", if well { "D" } else { "_FAILURE" })
            }
            Next::AllOpen => {
                self.around.opening = false;
                return;
            }
            Next::AllClosed => return self.end(),
        };
        self.told.push(line);
        if let Next::Break(resource) = next
            && std::mem::take(&mut self.around.opening)
        {
            self.steps_over(format!("RUN_FAILURE for want of {resource}"));
        }
    }
}

/// What happens next around the steps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Opening(usize),
    Open(usize),
    Break(usize),
    AllOpen,
    Close(usize, bool),
    AllClosed,
}

/// Who opens and closes the resources.
#[derive(Debug, Default)]
pub(super) struct Opener {
    pub(super) resources: usize,
    /// Which one cannot be opened.
    pub(super) breaks: Option<usize>,
    open: Vec<usize>,
    /// At what time what comes next.
    pub(super) next: Option<(u64, Next)>,
    closing: bool,
}

impl Opener {
    /// Does what comes next, and gives the message that tells of it.
    fn message(&mut self, next: Next) -> Message {
        match next {
            Next::Opening(resource) => Message::ResourceOpening { resource: name(resource) },
            Next::Open(resource) => {
                self.open.push(resource);
                Message::ResourceOpened { resource: name(resource), took: std::time::Duration::ZERO }
            }
            Next::Break(resource) => {
                Message::ResourceBroke { resource: name(resource), failure: Failure::new("no") }
            }
            Next::AllOpen => Message::Opened,
            Next::Close(resource, well) => {
                self.open.pop();
                let result = if well { Ok(std::time::Duration::ZERO) } else { Err(Failure::new("no")) };
                Message::ResourceClosed { resource: name(resource), result }
            }
            Next::AllClosed => Message::Closed,
        }
    }
}

fn name(resource: usize) -> Arc<str> {
    resource.to_string().into()
}

impl Simulation {
    pub(super) fn next_around(&mut self) {
        let Some((_, next)) = self.opener.next.take() else { return };
        let message = self.opener.message(next);
        self.model.surround(next);
        self.turn(message);
        // The turn may have said what comes next; else it is what follows.
        if self.opener.next.is_some() || self.model.ended {
            return;
        }
        let next = match next {
            _ if self.opener.closing => self.draw_close(),
            Next::Opening(resource) if self.opener.breaks == Some(resource) => Next::Break(resource),
            Next::Opening(resource) => Next::Open(resource),
            Next::Open(resource) if resource + 1 < self.opener.resources => Next::Opening(resource + 1),
            Next::Open(_) => Next::AllOpen,
            Next::AllOpen | Next::Break(_) | Next::Close(..) | Next::AllClosed => return,
        };
        self.coming_around(next);
    }

    fn draw_close(&mut self) -> Next {
        let well = !self.random.chance(20);
        self.opener.open.last().map_or(Next::AllClosed, |&last| Next::Close(last, well))
    }

    fn coming_around(&mut self, next: Next) {
        let takes = if self.random.chance(10) { 20 } else { self.random.below(4) as u64 };
        self.opener.next = Some((self.now + takes, next));
    }

    /// Has resources opened and closed, when the engine and the model want it.
    pub(super) fn open_and_close(&mut self, turn: &Turn, began: bool) {
        assert_eq!(turn.open, began && self.model.around.opening);
        if turn.open {
            self.coming_around(Next::Opening(0));
        }
        let given_up = self.model.ended && self.model.around.opens && !self.opener.closing;
        let closes = (self.model.around.is_closing() || given_up) && !self.opener.closing;
        assert_eq!(turn.close, closes, "what is closed");
        if turn.close {
            self.opener.closing = true;
            let next = match self.opener.next {
                // What is being opened is given up, unless it was done at that very moment.
                Some((_, Next::Open(resource))) if self.random.chance(30) => Next::Open(resource),
                Some((_, Next::Open(resource) | Next::Break(resource))) => Next::Break(resource),
                _ => self.draw_close(),
            };
            self.coming_around(next);
        }
    }
}

/// The end of a hook as an event tells it: its name, the step, and whether it ended well.
fn hook_told(call: &str, well: bool) -> String {
    let mut words = call.split(' ');
    let (hook, step) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let kind = if well { "HOOK_COMPLETED" } else { "HOOK_ERRORED" };
    match words.next() {
        Some(_) => format!("{kind} {step} {hook}"),
        None => format!("{kind} {hook}"),
    }
}

/// Hooks for all outcomes and for some, on steps and on the run.
pub(super) fn draw_hooks(program: &mut Program, random: &mut Random) {
    const STEPS: [StepOutcome; 5] = [
        StepOutcome::Success,
        StepOutcome::Failed,
        StepOutcome::TimedOut,
        StepOutcome::Canceled,
        StepOutcome::NotExecuted,
    ];
    const RUNS: [RunOutcome; 3] = [RunOutcome::Success, RunOutcome::Failure, RunOutcome::Canceled];
    let hooks: Vec<Arc<HookDef>> = (0..1 + random.below(4))
        .map(|number| {
            if random.chance(30) {
                let on = RUNS.into_iter().filter(|_| random.chance(60));
                return HookDef::run_builder(format!("run_hook_{number}")).on(on).blocking(|_| Ok(()));
            }
            let on = STEPS.into_iter().filter(|_| random.chance(50));
            HookDef::builder(format!("hook_{number}")).on(on).blocking(|_| Ok(()))
        })
        .collect();
    for hook in &hooks {
        if hook.is_of_runs() || random.chance(40) {
            program.hooks.push(Arc::clone(hook));
        }
        for own in &mut program.step_hooks {
            if !hook.is_of_runs() && random.chance(30) {
                own.push(Arc::clone(hook));
            }
        }
    }
}

/// A hook that was called, when it ends, and what it was called for in the words of the model.
pub(super) struct Called {
    pub(super) at: u64,
    number: u64,
    call: String,
}

impl Simulation {
    pub(super) fn next_hook(&mut self, which: usize) {
        let Called { number, call, .. } = self.hooks.swap_remove(which);
        let well = !self.random.chance(30);
        let result = if well { Ok(std::time::Duration::ZERO) } else { Err(Failure::new("no")) };
        self.model.hook_done(&call, well);
        self.turn(Message::HookDone { number, result });
    }

    /// Compares the hooks that are called with those that should be.
    pub(super) fn call_hooks(&mut self, calls: Vec<HookCall>) {
        let mut expected = std::mem::take(&mut self.model.around.calls);
        let mut actual = Vec::new();
        for HookCall { number, hook, told } in calls {
            let call = match told {
                HookTold::Step(step) => format!("{} {} {}", hook.name(), step.path, step.outcome.name()),
                HookTold::Run(end) => format!("{} {}", hook.name(), end.outcome.name()),
            };
            actual.push(call.clone());
            let takes = if self.random.chance(10) { 30 } else { self.random.below(5) as u64 };
            self.hooks.push(Called { at: self.now + takes, number, call });
        }
        expected.sort_unstable();
        actual.sort_unstable();
        assert_eq!(actual, expected, "hooks");
    }
}
