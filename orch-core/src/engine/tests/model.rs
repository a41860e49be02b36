//! The rules of a run once more, as naively as can be: nothing is remembered that can be found out by looking at
//! everything again. What the engine decides is compared with this, turn by turn.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::around::Around;
use crate::define::{OutputKind, StepOutcome};
use crate::engine::{Settings, Timer, Token};
use crate::plan::{Plan, Program};

/// The numbers of the items something lies in, the outermost first.
pub(super) type Branch = Vec<usize>;
/// A step of the plan in one branch.
pub(super) type At = (usize, Branch);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    #[default]
    Waiting,
    Ready,
    Running,
    Streaming,
    Backoff,
    /// The delay is over, and something of the last attempt is still being stored.
    Due,
    /// Was told that it will not start, since the run is canceled.
    Canceled,
    Done,
}

/// Why there is no value: the step's path, and whether it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) path: String,
    pub(super) failed: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    pub(super) status: Status,
    pub(super) attempt: u32,
    /// By output, once its code has returned: the value, or none if it was left out or is dynamic.
    pub(super) outputs: Option<Vec<Option<i64>>>,
    pub(super) gone: Option<Gone>,
    /// The timer that its next attempt waits for.
    timer: Option<Timer>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    /// All items ever emitted: their keys and values.
    pub(super) items: Vec<(String, i64)>,
    /// The keys of the present attempt.
    pub(super) seen: Vec<String>,
    /// How many items the present attempt found when it began.
    before: usize,
    pub(super) pulling: bool,
    /// No further items.
    pub(super) over: bool,
    /// Its end was found, so it is over for good.
    pub(super) complete: bool,
    pub(super) orphans: Vec<usize>,
}

/// Work under way.
pub(super) type Held = (At, Option<usize>);

pub(super) struct Model {
    pub(super) program: Arc<Program>,
    pub(super) settings: Settings,
    pub(super) steps: HashMap<At, Step>,
    pub(super) streams: HashMap<(At, usize), Stream>,
    pub(super) running: HashMap<Token, Held>,
    /// What this turn should have stored.
    pub(super) to_store: Option<(Held, Outcome)>,
    /// Of what is or was under way, what was to be stored.
    pub(super) storing: HashSet<Token>,
    /// What is being stored of attempts that have failed, and whether the next one waits for it.
    pub(super) late: HashMap<Token, (At, bool)>,
    pub(super) canceling: bool,
    pub(super) ended: bool,
    /// What surrounds the steps.
    pub(super) around: Around,
    failed: Vec<String>,
    /// What should be told in this turn, apart from what starts.
    pub(super) told: Vec<String>,
    pub(super) aborts: Vec<Token>,
}

/// How an attempt or a pull came out.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Returned(Vec<Option<i64>>),
    Item(String, i64),
    Ended,
    /// What this was has been stored.
    Stored(Box<Self>),
    TimedOut,
    /// Whether a retry may help.
    Failed {
        retryable: bool,
    },
}

impl Model {
    pub(super) fn new(program: Arc<Program>, settings: Settings) -> Self {
        Self {
            program,
            settings,
            steps: HashMap::new(),
            streams: HashMap::new(),
            running: HashMap::new(),
            to_store: None,
            storing: HashSet::new(),
            late: HashMap::new(),
            canceling: false,
            ended: false,
            around: Around::default(),
            failed: Vec::new(),
            told: Vec::new(),
            aborts: Vec::new(),
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.program.plan
    }

    pub(super) fn step(&self, at: &At) -> Step {
        self.steps.get(at).cloned().unwrap_or_default()
    }

    pub(super) fn stream(&self, at: &At, output: usize) -> Stream {
        self.streams.get(&(at.clone(), output)).cloned().unwrap_or_default()
    }

    fn change(&mut self, at: &At) -> &mut Step {
        self.steps.entry(at.clone()).or_default()
    }

    pub(super) fn change_stream(&mut self, at: &At, output: usize) -> &mut Stream {
        self.streams.entry((at.clone(), output)).or_default()
    }

    fn dynamic_outputs(&self, step: usize) -> Vec<usize> {
        let outputs = self.plan().steps[step].outputs.iter().enumerate();
        outputs.filter(|(_, output)| output.kind == OutputKind::Dynamic).map(|(index, _)| index).collect()
    }

    fn tell(&mut self, kind: &str, at: &At, rest: &str) {
        let line = format!("{kind} {} #{}{rest}", self.path(at), self.step(at).attempt);
        self.told.push(line);
    }

    /// Takes in the outcome of work that is under way.
    pub(super) fn report(&mut self, token: Token, outcome: Outcome) {
        let Some((at, output)) = self.running.remove(&token) else { panic!("{token:?} is not under way") };
        let outcome = match outcome {
            Outcome::Stored(outcome) => *outcome,
            outcome if self.is_to_store(&at, output, &outcome) => {
                self.to_store = Some(((at, output), outcome));
                return;
            }
            outcome => outcome,
        };
        if let Some(output) = output {
            self.change_stream(&at, output).pulling = false;
        }
        match (outcome, output) {
            (Outcome::Returned(values), None) => self.returned(&at, &values),
            (Outcome::Item(key, value), Some(output)) => self.item(&at, output, &key, value),
            (Outcome::Ended, Some(output)) => {
                let stream = self.change_stream(&at, output);
                (stream.over, stream.complete) = (true, true);
                let again = |index: &usize| stream.seen.contains(&stream.items[*index].0);
                stream.orphans = (0..stream.before).filter(|index| !again(index)).collect();
                let (count, orphaned) = (stream.items.len() - stream.orphans.len(), stream.orphans.len());
                self.tell("STREAM_CLOSED", &at, &format!(" {output} {count} {orphaned}"));
                self.succeed_if_streamed(&at);
            }
            (Outcome::Failed { retryable }, _) => self.fail(&at, retryable, StepOutcome::Failed),
            (Outcome::TimedOut, _) => self.fail(&at, true, StepOutcome::TimedOut),
            (outcome, _) => panic!("{outcome:?} is no outcome of this work"),
        }
    }

    /// Whether it is new, and goes to an IO manager.
    fn is_to_store(&self, at: &At, output: Option<usize>, outcome: &Outcome) -> bool {
        let is_new = match (outcome, output) {
            (Outcome::Returned(values), _) => {
                self.step(at).outputs.is_none() && values.iter().any(Option::is_some)
            }
            (Outcome::Item(key, _), Some(output)) => {
                let stream = self.stream(at, output);
                !stream.seen.contains(key) && !stream.items.iter().any(|(known, _)| known == key)
            }
            _ => false,
        };
        is_new && self.program.ops[at.0].io().is_some()
    }

    /// If it is something of an attempt that failed, it has been stored, and gives its slot back.
    pub(super) fn stored_late(&mut self, token: Token) -> bool {
        let Some(at) = self.late.remove(&token) else { return false };
        if at.1 && self.step(&at.0).status == Status::Due && !self.late.values().any(|other| *other == at) {
            self.change(&at.0).status = Status::Ready;
        }
        true
    }

    fn returned(&mut self, at: &At, values: &[Option<i64>]) {
        let dynamic = self.dynamic_outputs(at.0);
        if self.step(at).outputs.is_none() {
            for (output, _) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
                self.tell("STEP_OUTPUT", at, &format!(" {output} -"));
            }
            self.change(at).outputs = Some(values.to_vec());
        }
        self.change(at).status = Status::Streaming;
        for output in dynamic {
            let stream = self.change_stream(at, output);
            if !stream.over {
                stream.before = stream.items.len();
                stream.seen.clear();
            }
        }
        self.succeed_if_streamed(at);
    }

    fn succeed_if_streamed(&mut self, at: &At) {
        let mut dynamic = self.dynamic_outputs(at.0).into_iter();
        if self.step(at).status == Status::Streaming && dynamic.all(|output| self.stream(at, output).over) {
            self.change(at).status = Status::Done;
            self.tell("STEP_SUCCESS", at, "");
            self.over(at, StepOutcome::Success);
        }
    }

    fn item(&mut self, at: &At, output: usize, key: &str, value: i64) {
        let stream = self.change_stream(at, output);
        if stream.seen.iter().any(|seen| seen == key) {
            return self.fail(at, false, StepOutcome::Failed);
        }
        stream.seen.push(key.to_owned());
        if !stream.items.iter().any(|(known, _)| known == key) {
            stream.items.push((key.to_owned(), value));
            self.tell("STEP_OUTPUT", at, &format!(" {output} {key}"));
        }
    }

    fn fail(&mut self, at: &At, retryable: bool, outcome: StepOutcome) {
        for output in self.dynamic_outputs(at.0) {
            if std::mem::take(&mut self.change_stream(at, output).pulling) {
                let held = (at.clone(), Some(output));
                let token =
                    *self.running.iter().find(|(_, running)| **running == held).expect("it has a slot").0;
                self.running.remove(&token);
                // What is being stored is not stopped: nobody could say what is left of it.
                if self.storing.contains(&token) {
                    self.late.insert(token, (at.clone(), true));
                } else {
                    self.aborts.push(token);
                }
            }
        }
        let retries = self.plan().steps[at.0].retry.map_or(0, |retry| retry.max);
        if retryable && self.step(at).attempt <= retries && !self.canceling {
            self.tell("STEP_UP_FOR_RETRY", at, "");
            self.change(at).status = Status::Backoff;
            return;
        }
        self.late.values_mut().filter(|late| late.0 == *at).for_each(|late| late.1 = false);
        self.tell("STEP_FAILURE", at, "");
        self.over(at, outcome);
        let path = self.path(at);
        self.failed.push(path.clone());
        self.give_up(at, &Gone { path, failed: true });
    }

    /// The step is done without success.
    fn give_up(&mut self, at: &At, gone: &Gone) {
        let step = self.change(at);
        (step.status, step.gone) = (Status::Done, Some(gone.clone()));
        for output in self.dynamic_outputs(at.0) {
            self.change_stream(at, output).over = true;
        }
    }

    /// The retry timer that the engine asked for in this turn.
    pub(super) fn set_retry_timer(&mut self, timer: Timer) {
        let waiting = |step: &&mut Step| step.status == Status::Backoff && step.timer.is_none();
        let mut steps: Vec<_> = self.steps.values_mut().filter(waiting).collect();
        assert_eq!(steps.len(), 1, "a retry timer without a step that waits for one");
        steps[0].timer = Some(timer);
    }

    /// A timer is due; gives whether that matters.
    pub(super) fn due(&mut self, timer: Timer) -> bool {
        if self.around.is_after() {
            return timer == Timer::LastGrace && self.out_of_time();
        }
        match timer {
            Timer::Retry(_) if self.canceling => false,
            Timer::Retry(_) => {
                let waiting = |step: &Step| step.status == Status::Backoff && step.timer == Some(timer);
                let Some((at, step)) = self.steps.iter_mut().find(|(_, step)| waiting(step)) else {
                    return false;
                };
                let is_late = self.late.values().any(|late| late.1 && late.0 == *at);
                (step.status, step.timer) = (if is_late { Status::Due } else { Status::Ready }, None);
                true
            }
            Timer::Deadline(token) => {
                let under_way = self.running.contains_key(&token);
                if under_way {
                    self.aborts.push(token);
                    self.report(token, Outcome::TimedOut);
                }
                under_way
            }
            Timer::Grace => {
                self.end_canceled();
                true
            }
            Timer::LastGrace => false,
        }
    }

    pub(super) fn cancel(&mut self) -> bool {
        if std::mem::replace(&mut self.canceling, true) {
            return false;
        }
        if self.around.is_after() {
            return true;
        }
        self.around.opening = false;
        self.told.push("RUN_CANCELING".to_owned());
        for at in self.every_step() {
            if self.step(&at).status == Status::Ready {
                self.skip_canceled(&at);
            }
        }
        true
    }

    fn skip_canceled(&mut self, at: &At) {
        self.change(at).status = Status::Canceled;
        self.tell("STEP_SKIPPED", at, " canceled");
        let began = self.step(at).attempt > 0;
        self.over(at, if began { StepOutcome::Canceled } else { StepOutcome::NotExecuted });
    }

    /// Everything that follows, until nothing changes any more.
    pub(super) fn settle(&mut self) {
        if self.around.opening || self.around.is_after() {
            return;
        }
        loop {
            let before = self.told.len();
            let mut changed = false;
            for at in self.every_step() {
                if self.step(&at).status != Status::Waiting || !self.has_all(&at) {
                    continue;
                }
                changed = true;
                if self.canceling {
                    self.skip_canceled(&at);
                    continue;
                }
                match self.why_not(&at) {
                    None => self.change(&at).status = Status::Ready,
                    Some(gone) => {
                        let how = if gone.failed { "failed" } else { "absent" };
                        let path = self.path(&at);
                        self.told.push(format!("STEP_SKIPPED {path} #0 {how} {}", gone.path));
                        if gone.failed {
                            self.over(&at, StepOutcome::NotExecuted);
                        }
                        self.give_up(&at, &gone);
                    }
                }
            }
            if !changed && self.told.len() == before {
                break;
            }
        }
        if self.canceling {
            if self.running.is_empty() && self.late.is_empty() && self.to_store.is_none() && !self.ended {
                self.end_canceled();
            }
        } else if self.is_over(None, &[]) && self.late.is_empty() {
            let last = match self.failed.first() {
                None => "RUN_SUCCESS".to_owned(),
                Some(first) => format!("RUN_FAILURE {} {first}", self.failed.len()),
            };
            self.steps_over(last);
        }
    }

    fn end_canceled(&mut self) {
        for at in self.every_step() {
            match self.step(&at).status {
                Status::Running | Status::Streaming => {
                    self.tell("STEP_FAILURE", &at, "");
                    self.over(&at, StepOutcome::Canceled);
                }
                Status::Waiting | Status::Ready | Status::Backoff | Status::Due => self.skip_canceled(&at),
                Status::Canceled | Status::Done => {}
            }
        }
        self.steps_over("RUN_CANCELED".to_owned());
    }

    /// Gives out slots: what starts, in order.
    pub(super) fn start_all(&mut self) -> Vec<Held> {
        let mut started: Vec<Held> = Vec::new();
        while let Some(held) = self.first_eligible(&started) {
            match held.1 {
                Some(output) => self.change_stream(&held.0, output).pulling = true,
                None => {
                    let step = self.change(&held.0);
                    step.status = Status::Running;
                    step.attempt += 1;
                }
            }
            started.push(held);
        }
        started
    }

    /// How often each limit is used by `held`, for all limits that concern it.
    pub(super) fn limits_of(&self, step: usize) -> BTreeMap<String, usize> {
        let step = &self.plan().steps[step];
        let mut limits = BTreeMap::from([("job".to_owned(), self.settings.max_concurrent)]);
        for (at, limit) in self.plan().limits.iter().enumerate() {
            let Some(value) = step.tags.get(&limit.key) else { continue };
            if limit.value.as_ref().is_none_or(|wanted| wanted == value) {
                let name = if limit.per_value { format!("{at} {value}") } else { at.to_string() };
                limits.insert(name, limit.max);
            }
        }
        if let Some(pool) = &step.pool {
            limits.insert(format!("pool {pool}"), self.settings.pools[pool]);
        }
        limits
    }
}
