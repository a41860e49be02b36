use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::frame::{FrameId, Missing};
use super::surround::Life;
use super::{HookCall, HookTold, OwedHooks, State, Stored, Turn};
use crate::define::{HookDef, Outcomes, OutputMetadata, RunOutcome, RunTold, StepOutcome, StepTold};
use crate::event::EventKind;
use crate::failure::{ErrorInfo, ErrorKind, Failure};
use crate::ids::StepPath;
use crate::plan::Program;

/// How many failed steps the hooks of a run are told.
const TOLD_FAILURES: usize = 10;

/// The hooks that were called and have not ended, and what is kept for those to come.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    under_way: BTreeMap<u64, HookCall>,
    called: u64,
    /// What IO managers say of the outputs of steps that have hooks and are not over.
    stored: HashMap<(FrameId, u32), OutputMetadata>,
    /// The first failed steps, if a hook of the run is to be told of them.
    failures: Vec<(StepPath, Arc<ErrorInfo>)>,
    unopened: Option<(Arc<str>, Arc<ErrorInfo>)>,
    /// Whether those of the run have been called.
    called_of_run: bool,
}

impl Hooks {
    pub(super) fn are_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }
}

impl Program {
    /// All hooks that a step has: its own, those of its graphs and those of the job, each once.
    fn hooks_of(&self, step: usize) -> impl Iterator<Item = &Arc<HookDef>> {
        let own = &self.step_hooks[step];
        let of_job = self.hooks.iter().filter(|hook| !own.contains(hook));
        own.iter().chain(of_job).filter(|hook| !hook.is_of_runs())
    }

    /// The outcomes for which a step has hooks. One that does not run comes to no end that anyone is to be told of.
    pub(super) fn hooked(&self, step: usize) -> Outcomes {
        if self.plan.steps[step].given {
            return Outcomes::default();
        }
        self.hooks_of(step).fold(Outcomes::default(), |all, hook| all.and(hook.on()))
    }

    /// All hooks, each once.
    pub(crate) fn all_hooks(&self) -> Vec<&Arc<HookDef>> {
        let mut hooks: Vec<&Arc<HookDef>> = Vec::new();
        for hook in self.hooks.iter().chain(self.step_hooks.iter().flatten()) {
            if !hooks.contains(&hook) {
                hooks.push(hook);
            }
        }
        hooks
    }

    fn hooks_of_run(&self) -> impl Iterator<Item = &Arc<HookDef>> {
        self.hooks.iter().filter(|hook| hook.is_of_runs())
    }
}

/// Hooks are called when something is over, and change nothing of it. They hold no slot; only the end of the run waits
/// for them.
impl State {
    /// A step is over, or will not run.
    pub(super) fn call_hooks(
        &mut self,
        frame: FrameId,
        step: usize,
        outcome: StepOutcome,
        error: Option<&Arc<ErrorInfo>>,
        turn: &mut Turn,
    ) {
        let hooks = self.layout.steps[step].hooks;
        if hooks.is_empty() {
            return;
        }
        let local = self.layout.steps[step].local;
        let outputs = self.hooks.stored.remove(&(frame, local)).unwrap_or_default();
        if !hooks.has(outcome) {
            return;
        }
        let (program, path) = (Arc::clone(&self.program), self.path(frame, step));
        // Whoever is to be told of what was over before is told when the run goes on.
        if self.is_given(frame, step) || program.was_skipped(&path).is_some() {
            return;
        }
        let told = Arc::new(StepTold {
            path,
            op: program.ops[step].name().to_owned(),
            attempt: self.run(frame, local).attempt,
            outcome,
            error: error.cloned(),
            outputs,
        });
        for hook in program.hooks_of(step).filter(|hook| hook.on().has(outcome)) {
            self.call_hook(hook, HookTold::Step(Arc::clone(&told)), turn);
        }
    }

    /// The run goes on: hooks that had not ended when the process before was gone are told what they were to be told.
    pub(super) fn call_owed_hooks(&mut self, turn: &mut Turn) {
        let Some(past) = self.settings.past.clone() else { return };
        for OwedHooks { told, done } in &past.owed {
            self.tell_hooks(told, done, turn);
        }
    }

    /// Calls the hooks of a step that has no frame, but those that are `done`.
    pub(super) fn tell_hooks(&mut self, told: &Arc<StepTold>, done: &HashSet<String>, turn: &mut Turn) {
        let program = Arc::clone(&self.program);
        let step = program.plan.steps.iter().position(|step| step.name == told.path.name());
        let hooks = step.into_iter().flat_map(|step| program.hooks_of(step));
        for hook in hooks.filter(|hook| hook.on().has(told.outcome) && !done.contains(hook.name())) {
            self.call_hook(hook, HookTold::Step(Arc::clone(told)), turn);
        }
    }

    /// The last attempt at a step has failed.
    pub(super) fn call_hooks_of_failure(
        &mut self,
        frame: FrameId,
        step: usize,
        error: &Arc<ErrorInfo>,
        turn: &mut Turn,
    ) {
        self.call_hooks(frame, step, StepOutcome::of_failure(error), Some(error), turn);
        if self.hooks.failures.len() < TOLD_FAILURES && self.program.hooks_of_run().next().is_some() {
            let path = self.path(frame, step);
            self.hooks.failures.push((path, Arc::clone(error)));
        }
    }

    /// A step is skipped. For want of an output that was left out no hook is called: nothing was to be done.
    pub(super) fn call_hooks_of_skip(
        &mut self,
        frame: FrameId,
        step: usize,
        missing: &Missing,
        turn: &mut Turn,
    ) {
        if let Missing::Failed(_, error) = missing {
            self.call_hooks(frame, step, StepOutcome::NotExecuted, Some(error), turn);
        }
    }

    /// What an IO manager says of an output, for the hooks of its step.
    pub(super) fn keep_for_hooks(&mut self, frame: FrameId, step: usize, stored: Option<&Stored>) {
        if let Some(stored) = stored
            && !self.layout.steps[step].hooks.is_empty()
        {
            let name = self.output_name(step, stored.output).to_string();
            let outputs = self.hooks.stored.entry((frame, self.layout.steps[step].local)).or_default();
            outputs.insert(name, stored.metadata.clone());
        }
    }

    pub(super) fn keep_unopened(&mut self, resource: &Arc<str>, error: &Arc<ErrorInfo>) {
        self.hooks.unopened = Some((Arc::clone(resource), Arc::clone(error)));
    }

    /// The run is over but for what surrounds it. Its hooks are called once, after those of its steps have ended.
    pub(super) fn call_hooks_of_run(&mut self, last: &EventKind, turn: &mut Turn) {
        if std::mem::replace(&mut self.hooks.called_of_run, true) {
            return;
        }
        let outcome = match last {
            EventKind::RunSuccess => RunOutcome::Success,
            EventKind::RunCanceled { .. } => RunOutcome::Canceled,
            _ => RunOutcome::Failure,
        };
        let program = Arc::clone(&self.program);
        let hooks = program.hooks_of_run().filter(|hook| hook.on().has(outcome));
        let hooks: Vec<_> = hooks.filter(|hook| !self.run_was_told(hook.name())).collect();
        if hooks.is_empty() {
            return;
        }
        let first = std::mem::take(&mut self.hooks.failures);
        let told = RunTold { outcome, failed: self.failed, first, resource: self.hooks.unopened.take() };
        let told = Arc::new(told);
        for hook in hooks {
            self.call_hook(hook, HookTold::Run(Arc::clone(&told)), turn);
        }
    }

    fn call_hook(&mut self, hook: &Arc<HookDef>, told: HookTold, turn: &mut Turn) {
        self.hooks.called += 1;
        let call = HookCall { number: self.hooks.called, hook: Arc::clone(hook), told };
        self.hooks.under_way.insert(call.number, call.clone());
        turn.hooks.push(call);
    }

    pub(super) fn hook_done(&mut self, number: u64, result: Result<Duration, Failure>, turn: &mut Turn) {
        let Some(call) = self.hooks.under_way.remove(&number) else { return };
        let hook = Arc::clone(call.hook.shared_name());
        let kind = match result {
            Ok(took) => EventKind::HookCompleted { hook, took },
            Err(failure) => {
                let error = self.settings.scrubber.error(failure.info());
                EventKind::HookErrored { hook, error: Arc::new(error) }
            }
        };
        self.emit_hook(&call, kind, turn);
        if self.life == Life::Hooks {
            self.go_on(turn);
        }
    }

    /// Those that have not ended are waited for no longer.
    pub(super) fn give_up_hooks(&mut self, message: &str, turn: &mut Turn) {
        let error = Arc::new(ErrorInfo::new(ErrorKind::Canceled, message));
        for call in std::mem::take(&mut self.hooks.under_way).into_values() {
            let kind = EventKind::HookErrored {
                hook: Arc::clone(call.hook.shared_name()),
                error: Arc::clone(&error),
            };
            self.emit_hook(&call, kind, turn);
        }
    }

    fn emit_hook(&self, call: &HookCall, kind: EventKind, turn: &mut Turn) {
        let (step, attempt) = match &call.told {
            HookTold::Step(step) => (Some(step.path.clone()), step.attempt),
            HookTold::Run(_) => (None, 0),
        };
        turn.events.push(self.event(step, attempt, kind));
    }
}
