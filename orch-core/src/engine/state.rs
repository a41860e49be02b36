use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::fetch::fetch_value;
use super::frame::{Content, Frame, FrameId, Missing, Phase, StepRun};
use super::hook::Hooks;
use super::layout::Layout;
use super::memo::Outputs;
use super::ready::{Ready, ReadyQueue};
use super::settle::{Settle, ancestor};
use super::store::LateStore;
use super::surround::{Around, Life};
use super::{Kept, LetGo, Message, Produced, Settings, Stored, Task, Timer, Token, Turn, Work, Written};
use crate::define::{Inputs, Product, Products};
use crate::event::{Event, EventKind, SkipCause};
use crate::failure::{ErrorInfo, ErrorKind, Failure, RetryWish};
use crate::ids::StepPath;
use crate::plan::Program;
use crate::value::Value;

/// The whole state of a run. A pure machine: [`State::apply`] is its only door.
pub(crate) struct State {
    pub(super) program: Arc<Program>,
    /// Whether there are steps that do not run.
    pub(super) has_given: bool,
    pub(super) layout: Layout,
    pub(super) settings: Settings,
    pub(super) frames: Vec<Frame>,
    /// Numbers of frames that are over.
    pub(super) free: Vec<FrameId>,
    pub(super) ready: ReadyQueue,
    /// What follows from what has just happened; empty between turns.
    pub(super) settling: VecDeque<Settle>,
    pub(super) canceling: bool,
    pub(super) life: Life,
    /// What surrounds the steps, and what is left to do of it.
    pub(super) around: Around,
    pub(super) hooks: Hooks,
    pub(super) now: Timestamp,
    /// The names of the plan's steps, shared by all their paths.
    names: Vec<Arc<str>>,
    pub(super) running: usize,
    /// The last ticket given out; what comes back with another than the present one is late, and ignored.
    pub(super) tickets: u64,
    /// What the present turn lets go of.
    pub(super) let_go: LetGo,
    /// By ticket.
    pub(super) late: HashMap<u64, LateStore>,
    random: u64,
    pub(super) failed: u64,
    pub(super) first_failed: Option<StepPath>,
}

/// The frame of the job itself.
pub(super) const ROOT: FrameId = 0;

impl State {
    pub(crate) fn new(program: Arc<Program>, settings: Settings) -> Self {
        let layout = Layout::new(&program, &settings);
        let ready = ReadyQueue::new(&layout.classes);
        Self {
            names: program.plan.steps.iter().map(|step| step.name.as_str().into()).collect(),
            has_given: program.has_given(),
            random: (settings.run.as_u128() >> 64) as u64 ^ settings.run.as_u128() as u64,
            program,
            layout,
            settings,
            frames: Vec::new(),
            free: Vec::new(),
            ready,
            settling: VecDeque::new(),
            canceling: false,
            life: Life::Before,
            around: Around::default(),
            hooks: Hooks::default(),
            now: Timestamp::UNIX_EPOCH,
            running: 0,
            tickets: 0,
            let_go: LetGo::default(),
            late: HashMap::new(),
            failed: 0,
            first_failed: None,
        }
    }

    /// Takes in what happened and decides what follows.
    ///
    /// One turn: commit what happened, settle everything that follows from it, and only then give out slots, so that
    /// a step made ready by this very event has its say in who comes next.
    pub(crate) fn apply(&mut self, now: Timestamp, message: Message, turn: &mut Turn) {
        if self.life == Life::Over {
            return turn.let_go.messages.push(message);
        }
        self.now = now;
        turn.time = now;
        if self.life == Life::Steps {
            self.commit(message, turn);
        } else {
            self.surround(message, turn);
        }
        if self.life == Life::Steps {
            self.settle(turn);
            self.give_out_slots(turn);
        }
        self.let_go.hand_over(&mut turn.let_go);
    }

    /// Takes in what happened while steps run.
    fn commit(&mut self, message: Message, turn: &mut Turn) {
        match message {
            Message::Returned { token, result, written } => self.returned(token, result, written, turn),
            Message::Item { token, key, value, written, rest } => {
                self.item(token, (key, value, written), rest, turn);
            }
            Message::Ended { token } => self.stream_ended(token, turn),
            Message::Broke { token, failure } => {
                if let Some(step) = self.pull_of(token) {
                    self.broke(token, step, &failure, turn);
                }
            }
            Message::Stored { token, produced, result } => self.stored(token, produced, result, turn),
            Message::Due(timer) => self.due(timer, turn),
            Message::Cancel => self.cancel_steps(turn),
            other => self.surround(other, turn),
        }
    }

    fn give_out_slots(&mut self, turn: &mut Turn) {
        if self.canceling {
            if self.running == 0 && self.life == Life::Steps {
                self.end_canceled(turn);
            }
        } else {
            while let Some(ready) = self.ready.take() {
                self.start(&ready, turn);
                // Something follows at once if the step does not run; that may be the end of all steps.
                self.settle(turn);
                if self.life != Life::Steps {
                    return;
                }
            }
        }
    }

    /// Gives a slot to the first in the ready order.
    fn start(&mut self, ready: &Ready, turn: &mut Turn) {
        let step = ready.step as usize;
        self.running += 1;
        let local = self.layout.steps[step].local;
        let (path, token, task) = match ready.stream {
            Some((stream, ticket)) => {
                let token = Token { frame: ready.frame, step: local, stream: Some(stream), ticket };
                match self.begin_pull(ready.frame, stream as usize, ticket) {
                    Some((_, items)) if self.is_given(ready.frame, step) => {
                        return self.hand_on_item(token, step, items, turn);
                    }
                    Some((output, items)) => {
                        (self.path(ready.frame, step), token, Task::Pull { output, items })
                    }
                    None => return self.release_slot(step),
                }
            }
            None => {
                self.tickets += 1;
                let token = Token { frame: ready.frame, step: local, stream: None, ticket: self.tickets };
                if self.is_given(ready.frame, step) {
                    return self.hand_on(token, step, turn);
                }
                (self.path(ready.frame, step), token, self.begin_attempt(token, step, turn))
            }
        };
        if let Some(timeout) = self.layout.timeout(step) {
            turn.timers.push((timeout, Timer::Deadline(token)));
        }
        let attempt = self.run(ready.frame, local).attempt;
        turn.work.push_back(Work { token, step, path, attempt, task });
    }

    fn begin_attempt(
        &mut self,
        Token { frame, step: local, ticket, .. }: Token,
        step: usize,
        turn: &mut Turn,
    ) -> Task {
        let retry = self.layout.retry(step);
        let now = self.now;
        let run = self.run(frame, local);
        run.begin(ticket);
        let (attempt, failures) = (run.attempt, run.failures);
        let waited = now.duration_since(run.ready_at).unsigned_abs();
        // Inputs are handed over for good only to an attempt that no other can follow.
        let keep = retry.is_some_and(|retry| failures < retry.max);
        run.holds_inputs = keep;
        let kind =
            if attempt == 1 { EventKind::StepStart { waited } } else { EventKind::StepRestarted { waited } };
        self.emit(frame, step, kind, turn);
        let count = self.layout.fetches(step).len();
        let mut inputs = Inputs::with_capacity(count);
        for index in 0..count {
            let fetch = &self.layout.fetches(step)[index];
            let (value, gathered) =
                fetch_value(&self.program, &mut self.frames, frame, fetch, keep, &mut self.let_go.values);
            let value = self.loaded(step, index, value);
            let input = Arc::clone(&self.program.ops[step].inputs()[index].name);
            self.emit(frame, step, EventKind::StepInput { input, gathered }, turn);
            inputs.push(Some(value));
        }
        Task::Call(inputs)
    }

    pub(super) fn content(&self, frame: FrameId, up: u32, cell: u32) -> &Content {
        &self.frames[ancestor(&self.frames, frame, up) as usize].cells[cell as usize].content
    }

    pub(super) fn run(&mut self, frame: FrameId, local: u32) -> &mut StepRun {
        &mut self.frames[frame as usize].steps[local as usize]
    }

    pub(super) fn returned(
        &mut self,
        token: Token,
        mut result: Result<Products, Failure>,
        mut written: Written,
        turn: &mut Turn,
    ) {
        let Some(step) = self.attempt_of(token) else {
            return result.into_iter().for_each(|products| self.let_go.products(products));
        };
        let declared = self.layout.cells(step).len();
        if let Ok(products) = &mut result {
            self.leave_out(step, products, &mut written);
        }
        match result {
            Ok(products) if products.len() != declared => {
                let message = format!("the op declares {declared} outputs and gave {}", products.len());
                self.let_go.products(products);
                self.broke(token, step, &Failure::contract(message), turn);
            }
            Ok(products) if self.is_to_store(token.frame, step, &products, &written) => {
                self.store(token, step, Produced::Outputs { products, written }, turn);
            }
            Ok(products) => {
                self.end_attempt(token, step);
                self.produced(token.frame, step, products, (written, Vec::new()), turn);
            }
            Err(failure) => self.broke(token, step, &failure, turn),
        }
    }

    /// The code of an attempt is done, and gives its slot back.
    pub(super) fn end_attempt(&mut self, token: Token, step: usize) {
        self.release_slot(step);
        self.run(token.frame, token.step).ticket = 0;
    }

    pub(super) fn produced(
        &mut self,
        frame: FrameId,
        step: usize,
        products: Products,
        (mut written, mut stored): (Written, Vec<Stored>),
        turn: &mut Turn,
    ) {
        let local = self.layout.steps[step].local;
        if self.layout.steps[step].check
            && let Some(error) = self.evaluated(frame, step, &products, turn)
        {
            self.let_go.products(products);
            return self.fail(frame, step, Arc::new(error), turn);
        }
        let mut outputs = self.layout.steps[step].memoized.then(Outputs::new);
        let run = self.run(frame, local);
        // After a retry of a source the outputs of its first opening stand: others may have used them.
        let known = run.has_outputs;
        if let Some(said) = &mut written.said {
            let read = said.read.drain(..).map(|version| (step as u32, version));
            self.frames[frame as usize].versions.extend(read);
        }
        for ((output, product), cell) in products.into_iter().enumerate().zip(self.layout.cells(step)) {
            match product {
                Product::Items(items) => self.open_stream(frame, step, output, items),
                Product::Value(value) if known => self.let_go.values.push(value),
                Product::Absent if known => {}
                Product::Value(mut value) => {
                    let stored =
                        stored.iter().position(|stored| stored.output == output).map(|at| stored.remove(at));
                    self.keep_for_hooks(frame, step, stored.as_ref());
                    if self.settings.keep {
                        let (path, value) = (self.path(frame, step), value.clone());
                        turn.kept.push(Kept::Value { path, step, output, key: None, value });
                    }
                    let inline = written.take(output);
                    let said = written.said.as_deref();
                    let fact = match self.is_given(frame, step) {
                        true => None,
                        false => self
                            .materialized(frame, step, output, inline.as_ref(), stored.as_ref(), said)
                            .or_else(|| self.observed(frame, step, &value, said)),
                    };
                    if self.layout.steps[step].versioned || outputs.is_some() {
                        let version =
                            self.version_given(frame, (step, output), (&inline, &stored), fact.as_ref());
                        let is_kept = inline.is_some() || stored.is_some();
                        outputs = outputs.filter(|_| is_kept);
                        if let Some(outputs) = &mut outputs {
                            outputs.push((self.output_name(step, output), version.clone()));
                        }
                        value = version.into_iter().fold(value, Value::versioned);
                    }
                    self.emit_output(frame, step, (output, None), (inline, stored), turn);
                    if let Some(fact) = fact {
                        self.emit(frame, step, fact, turn);
                    }
                    self.resolve(frame, cell, Content::Value(value));
                }
                Product::Absent => {
                    let missing = Missing::Absent(self.path(frame, step));
                    self.resolve(frame, cell, Content::Missing(Box::new(missing)));
                }
            }
        }
        if self.layout.steps[step].dynamic {
            self.run(frame, local).phase = Phase::Streaming;
            self.outputs_known(frame, local);
            self.finish_if_streamed(frame, step, turn);
        } else {
            self.tell_recipe(frame, step, outputs, turn);
            self.finish(frame, step, None, turn);
        }
    }

    /// An attempt, or the pull of a stream, failed: the retry policy decides.
    pub(super) fn attempt_failed(&mut self, frame: FrameId, step: usize, failure: &Failure, turn: &mut Turn) {
        if self.is_given(frame, step) && self.program.given_failure(&self.path(frame, step)).is_some() {
            return self.fail_again(frame, step, turn);
        }
        let local = self.layout.steps[step].local;
        self.close_streams(frame, step, turn);
        if let Some((by, error)) = failure.by_which_kept() {
            let error = error.cloned();
            let error = error.unwrap_or_else(|| Arc::new(self.settings.scrubber.error(failure.info())));
            let (missing, cause) = (Missing::Failed(by.clone(), error), SkipCause::Failed(by.clone()));
            return self.skip(frame, step, Box::new(missing), cause, turn);
        }
        let run = self.run(frame, local);
        run.failures += 1;
        let failures = run.failures;
        let policy = self.layout.retry(step);
        let left = policy.filter(|retry| failures <= retry.max && !self.canceling);
        let delay = match (failure.retry_wish(), left) {
            (RetryWish::Policy, Some(retry)) => Some(retry.delay_before(failures, self.next_random())),
            (RetryWish::After(delay), Some(_)) => Some(delay),
            _ => None,
        };
        let mut error = self.settings.scrubber.error(failure.info());
        if let Some(delay) = delay {
            self.emit(frame, step, EventKind::StepUpForRetry { error: Arc::new(error), delay }, turn);
            return self.back_off(frame, local, delay, turn);
        }
        if matches!(failure.retry_wish(), RetryWish::After(_)) && policy.is_none() {
            error =
                error.hint("the op asked for a retry but declares none: add `retry(max = 3)` to its `#[op]`");
        }
        self.store_for_nobody(frame, local);
        self.fail(frame, step, Arc::new(error), turn);
    }

    /// The last attempt at a step has failed.
    pub(super) fn fail(&mut self, frame: FrameId, step: usize, error: Arc<ErrorInfo>, turn: &mut Turn) {
        let (path, attempts) =
            (self.path(frame, step), self.run(frame, self.layout.steps[step].local).attempt);
        self.tell_unmade(frame, step, (&path, &error), turn);
        self.emit(frame, step, EventKind::StepFailure { error: Arc::clone(&error) }, turn);
        turn.kept.push(Kept::Failed { path: path.clone(), attempts, error: Arc::clone(&error) });
        self.call_hooks_of_failure(frame, step, &error, turn);
        self.failed += 1;
        self.first_failed.get_or_insert_with(|| path.clone());
        self.finish(frame, step, Some(Box::new(Missing::Failed(path, error))), turn);
    }

    /// The next attempt at a step begins after this delay.
    pub(super) fn back_off(&mut self, frame: FrameId, local: u32, delay: Duration, turn: &mut Turn) {
        self.tickets += 1;
        let ticket = self.tickets;
        let run = self.run(frame, local);
        (run.phase, run.ticket) = (Phase::Backoff, ticket);
        turn.timers.push((delay, Timer::Retry(Token { frame, step: local, stream: None, ticket })));
    }

    fn due(&mut self, timer: Timer, turn: &mut Turn) {
        match timer {
            Timer::Retry(token) => {
                let frame = &self.frames[token.frame as usize];
                let Some(run) = frame.steps.get(token.step as usize) else { return };
                if run.phase != Phase::Backoff || run.ticket != token.ticket || self.canceling {
                    return;
                }
                if self.is_stored_late(token.frame, token.step) {
                    self.run(token.frame, token.step).phase = Phase::Due;
                } else {
                    self.settling.push_back(Settle::Ready(token.frame, token.step));
                }
            }
            Timer::Deadline(token) => {
                let Some(step) = self.work_of(token) else { return };
                turn.aborts.push(token);
                let timeout = self.layout.timeout(step).unwrap_or_default();
                self.broke(token, step, &Failure::timeout(timeout), turn);
            }
            Timer::Grace => {
                if self.canceling {
                    self.end_canceled(turn);
                }
            }
            Timer::LastGrace => {}
        }
    }

    /// Lets go of all values without dropping them.
    pub(crate) fn leak(&mut self) {
        std::mem::forget((std::mem::take(&mut self.frames), std::mem::take(&mut self.let_go)));
    }

    /// The plan's step of a piece of work that is still under way.
    pub(super) fn work_of(&self, token: Token) -> Option<usize> {
        match token.stream {
            None => self.attempt_of(token),
            Some(_) => self.pull_of(token),
        }
    }

    /// The plan's step of an attempt that is still under way.
    fn attempt_of(&self, token: Token) -> Option<usize> {
        let frame = self.frames.get(token.frame as usize)?;
        let run = frame.steps.get(token.step as usize)?;
        (run.phase == Phase::Running && run.ticket == token.ticket)
            .then(|| self.layout.scopes[frame.scope].steps[token.step as usize] as usize)
    }

    pub(super) fn release_slot(&mut self, step: usize) {
        self.running -= 1;
        self.ready.release(self.layout.steps[step].class);
    }

    pub(super) fn path(&self, frame: FrameId, step: usize) -> StepPath {
        StepPath::new(Arc::clone(&self.names[step]), self.frames[frame as usize].branch.clone())
    }

    /// Tells something of the present attempt at a step.
    pub(super) fn emit(&self, frame: FrameId, step: usize, kind: EventKind, turn: &mut Turn) {
        if self.is_silent(frame, step, &kind) {
            return;
        }
        let attempt = self.frames[frame as usize].steps[self.layout.steps[step].local as usize].attempt;
        turn.events.push(self.event(Some(self.path(frame, step)), attempt, kind));
    }

    /// Tells something of the run itself.
    pub(super) fn emit_run(&self, kind: EventKind, turn: &mut Turn) {
        turn.events.push(self.event(None, 0, kind));
    }

    pub(super) fn event(&self, step: Option<StepPath>, attempt: u32, kind: EventKind) -> Event {
        Event { time: self.now, run: self.settings.run, step, attempt, kind }
    }

    pub(super) fn output_name(&self, step: usize, output: usize) -> Arc<str> {
        Arc::clone(&self.program.ops[step].outputs()[output].name)
    }

    /// The next number in `0.0..1.0` of a sequence that the run's id decides (`SplitMix64`).
    fn next_random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The 53 bits that a float holds; more could round up to 1.
        ((z ^ (z >> 31)) >> 11) as f64 / 2.0_f64.powi(53)
    }

    /// How many values the run holds at present, for tests.
    #[cfg(test)]
    pub(crate) fn live_values(&self) -> usize {
        let held = |frame: &Frame| {
            frame.cells.iter().filter(|cell| matches!(cell.content, Content::Value(_))).count()
        };
        self.frames.iter().map(held).sum()
    }
}

/// The failure that the engine itself makes.
impl Failure {
    fn timeout(after: Duration) -> Self {
        Self::of_kind(ErrorKind::Timeout, format!("timeout: no result within {after:?}"))
    }
}
