//! Random jobs and random fortunes: every turn of the engine against the model.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::around::{Called, Opener, draw_hooks};
use super::fortune::given;
use super::knowledge::Known;
use super::model::{Model, Outcome};
use super::random::{Random, job};
use crate::config::Scrubber;
use crate::define::{Products, Tags};
use crate::engine::{Message, Produced, Settings, State, Task, Timer, Token, Turn, Work, Written};
use crate::event::{Event, EventKind, SkipCause};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::plan::Program;

/// As many seeds as `ORCH_SIM_SEEDS` says; a failure prints the command that plays its seed alone.
#[test]
fn every_decision_follows_the_rules() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("ORCH_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ORCH_SIM_SEEDS").unwrap_or(1000),
    };
    let mut runs = HashSet::new();
    for seed in seeds.clone() {
        let named = Named(seed);
        runs.extend(Simulation::new(seed).play());
        drop(named);
    }
    // A simulation that never gets anywhere would find nothing either.
    if seeds.end - seeds.start >= 1000 {
        for kind in [
            "RUN_SUCCESS",
            "RUN_FAILURE",
            "RUN_CANCELED",
            "STEP_UP_FOR_RETRY",
            "STEP_SKIPPED",
            "orphaned",
            "stale",
            "stored",
            "stored late",
            "RESOURCE_INIT_FAILURE",
            "RESOURCE_CLOSED",
            "RESOURCE_CLOSE_FAILURE",
            "HOOK_COMPLETED",
            "HOOK_ERRORED",
        ] {
            assert!(runs.contains(kind), "no run had {kind}: {runs:?}");
        }
    }
}

/// Says which seed it was.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let command = "cargo test -p orch-core --lib engine::tests::simulation";
            eprintln!("seed {0}; again: ORCH_SIM_SEED={0} {command}", self.0);
        }
    }
}

pub(super) struct Simulation {
    pub(super) random: Random,
    pub(super) program: Arc<Program>,
    state: State,
    pub(super) model: Model,
    pub(super) now: u64,
    /// Work under way, and when it reports what; work that was given up reports all the same.
    work: Vec<(u64, Token, Outcome)>,
    timers: Vec<(u64, Timer)>,
    /// Tokens whose reports must be ignored.
    spent: Vec<Token>,
    /// How many further items all streams may emit together.
    pub(super) items: usize,
    pub(super) values: i64,
    cancel_at: Option<u64>,
    pub(super) opener: Opener,
    pub(super) hooks: Vec<Called>,
    attempts: HashMap<String, u32>,
    over: HashSet<String>,
    seen: HashSet<&'static str>,
    log: String,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut program = job(&mut random);
        if random.chance(40) {
            draw_hooks(&mut program, &mut random);
        }
        let program = Arc::new(program);
        let max_concurrent = 1 + random.below(4);
        let mut opener = Opener::default();
        if random.chance(30) {
            opener.resources = 1 + random.below(3);
            opener.breaks = random.chance(20).then(|| random.below(opener.resources));
        }
        let settings = Settings {
            run: RunId::from_u128(u128::from(random.next())),
            tags: Tags::new(),
            max_concurrent,
            max_in_flight: 1 + random.below(4),
            order: program.plan.order,
            pools: [("pool".to_owned(), 1 + random.below(2))].into(),
            keep: false,
            scrubber: Scrubber::default(),
            resources: opener.resources > 0,
            grace: Duration::from_secs(5),
            versions: crate::asset::Versions::default(),
            recipes: HashMap::new(),
            memory: Arc::default(),
            ops: Arc::default(),
            earlier: None,
            past: None,
        };
        Self {
            state: State::new(Arc::clone(&program), settings.clone()),
            model: Model::new(Arc::clone(&program), settings),
            program,
            now: 0,
            work: Vec::new(),
            timers: Vec::new(),
            spent: Vec::new(),
            items: 4 + random.below(16),
            values: 0,
            cancel_at: random.chance(15).then(|| random.below(40) as u64),
            opener,
            hooks: Vec::new(),
            attempts: HashMap::new(),
            over: HashSet::new(),
            seen: HashSet::new(),
            log: String::new(),
            random,
        }
    }

    fn play(mut self) -> HashSet<&'static str> {
        self.model.begin();
        self.turn(Message::Begin);
        while !self.model.ended {
            self.next();
        }
        self.stale_reports(20);
        assert_eq!(self.state.live_values(), 0, "{}", self.log);
        self.seen
    }

    /// Lets happen what comes next in time.
    fn next(&mut self) {
        if self.random.chance(20) {
            self.stale_reports(2);
        }
        let times = self.work.iter().map(|(at, ..)| *at).chain(self.timers.iter().map(|(at, _)| *at));
        let around = self.opener.next.map(|(at, _)| at);
        let hooks = self.hooks.iter().map(|called| called.at);
        let Some(next) = times.chain(self.cancel_at).chain(around).chain(hooks).min() else {
            panic!("nothing is under way and the run is not over\n{}\n{}", self.program.plan, self.log);
        };
        self.now = next;
        if self.cancel_at == Some(next) {
            self.cancel_at = None;
            assert!(self.model.cancel());
            return self.turn(Message::Cancel);
        }
        if around == Some(next) {
            return self.next_around();
        }
        if let Some(which) = self.hooks.iter().position(|called| called.at == next) {
            return self.next_hook(which);
        }
        let due: Vec<_> = (0..self.timers.len()).filter(|&at| self.timers[at].0 == next).collect();
        let done: Vec<_> = (0..self.work.len()).filter(|&at| self.work[at].0 == next).collect();
        let pick = self.random.below(due.len() + done.len());
        if pick < due.len() {
            let (_, timer) = self.timers.swap_remove(due[pick]);
            let matters = self.model.due(timer);
            return if matters { self.turn(Message::Due(timer)) } else { self.nothing(Message::Due(timer)) };
        }
        let (_, token, outcome) = self.work.swap_remove(done[pick - due.len()]);
        self.spent.push(token);
        let message = self.message(token, &outcome);
        if self.model.running.contains_key(&token) {
            self.model.report(token, outcome);
            self.turn(message);
        } else if self.model.stored_late(token) {
            self.seen.insert("stored late");
            self.turn(message);
        } else {
            self.nothing(message);
        }
    }

    /// Reports that are late or come twice, of work whose place may be another's by now.
    fn stale_reports(&mut self, times: usize) {
        for _ in 0..times {
            if self.spent.is_empty() {
                return;
            }
            let token = self.spent[self.random.below(self.spent.len())];
            let message = match self.random.below(7) {
                0 => self.message(token, &Outcome::Item("late".to_owned(), 0)),
                1 => Message::Ended { token },
                2 => Message::Broke { token, failure: Failure::new("late") },
                3 => Message::Due(Timer::Deadline(token)),
                4 => Message::Due(Timer::Retry(token)),
                5 => Message::Stored {
                    token,
                    produced: Produced::Outputs { products: Products::new(), written: Written::default() },
                    result: Ok(Vec::new()),
                },
                _ => Message::Returned {
                    token,
                    result: Err(Failure::new("late")),
                    written: Written::default(),
                },
            };
            self.nothing(message);
            self.seen.insert("stale");
        }
    }

    /// A message that must change nothing.
    fn nothing(&mut self, message: Message) {
        let told = format!("{message:?}");
        let mut turn = Turn::default();
        let live = self.state.live_values();
        self.state.apply(self.time(), message, &mut turn);
        let silent =
            turn.events.is_empty() && turn.work.is_empty() && turn.timers.is_empty() && turn.hooks.is_empty();
        assert!(
            silent && turn.aborts.is_empty() && !turn.ended && !turn.cancel,
            "{told} gave {turn:?}\n{}",
            self.log
        );
        assert_eq!(self.state.live_values(), live, "{told}");
    }

    fn time(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.now as i64)
    }

    /// One turn of the engine, and the same of the model.
    pub(super) fn turn(&mut self, message: Message) {
        let began = matches!(message, Message::Begin);
        let _ = writeln!(self.log, "{} {message:?}", self.now);
        let mut turn = Turn::default();
        self.state.apply(self.time(), message, &mut turn);
        self.model.settle();
        let started = if self.model.starts_nothing() { Vec::new() } else { self.model.start_all() };
        self.compare_events(&turn);
        assert_eq!(turn.ended, self.model.ended, "{}", self.log);
        self.open_and_close(&turn, began);
        self.call_hooks(std::mem::take(&mut turn.hooks));
        let mut aborts = std::mem::take(&mut self.model.aborts);
        let mut aborted = turn.aborts.clone();
        aborts.sort_unstable_by_key(|token| token.ticket());
        aborted.sort_unstable_by_key(|token| token.ticket());
        assert_eq!(aborted, aborts, "{}", self.log);
        for (after, timer) in turn.timers {
            if let Timer::Retry(_) = timer {
                self.model.set_retry_timer(timer);
            }
            self.timers.push((self.now + after.as_secs(), timer));
        }
        let expected: Vec<_> =
            started.iter().map(|(at, output)| format!("{} {output:?}", self.model.path(at))).collect();
        let (stores, starts): (Vec<_>, Vec<_>) =
            turn.work.into_iter().partition(|work| matches!(work.task, Task::Store(_)));
        self.begin_store(stores);
        let actual: Vec<_> =
            starts.iter().map(|work| format!("{} {:?}", work.path, self.output_of(work))).collect();
        assert_eq!(actual, expected, "what starts\n{}\n{}", self.program.plan, self.log);
        for (work, held) in starts.into_iter().zip(started) {
            self.model.running.insert(work.token, held);
            self.begin(work);
        }
        let is_over = self.model.ended || self.model.around.is_after();
        let needed = if is_over { 0 } else { self.model.needed_values() };
        let live = self.state.live_values();
        let ready = &self.state.ready;
        assert!(ready.heads() <= ready.classes(), "{} heads", ready.heads());
        assert!(live <= needed, "{live} values live, {needed} needed\n{}\n{}", self.program.plan, self.log);
    }

    fn compare_events(&mut self, turn: &Turn) {
        let starts = |event: &&Event| {
            matches!(
                event.kind,
                EventKind::StepStart { .. } | EventKind::StepRestarted { .. } | EventKind::StepInput { .. }
            )
        };
        let first_start = turn.events.iter().position(|event| starts(&event)).unwrap_or(turn.events.len());
        assert!(
            turn.events[first_start..].iter().all(|event| starts(&event)),
            "starts come last: {:?}",
            turn.events
        );
        let mut actual: Vec<_> = turn.events[..first_start].iter().map(|event| self.tell(event)).collect();
        if turn.ended {
            assert!(actual.last().is_some_and(|line| line.starts_with("RUN_")), "{actual:?}");
        }
        for line in &actual {
            let _ = writeln!(self.log, "    {line}");
        }
        actual.sort_unstable();
        self.model.told.sort_unstable();
        let expected = std::mem::take(&mut self.model.told);
        assert_eq!(actual, expected, "\n{}\n{}", self.program.plan, self.log);
        for event in &turn.events {
            self.check(event);
        }
    }

    /// What holds for every event, whatever the model says.
    fn check(&mut self, event: &Event) {
        let kind = event.kind.name();
        self.seen.insert(kind);
        if kind.starts_with("HOOK") {
            return;
        }
        let Some(step) = event.step.as_ref().map(ToString::to_string) else { return };
        assert!(!self.over.contains(&step), "{kind} of {step}, which is over\n{}", self.log);
        match &event.kind {
            EventKind::StepStart { .. } | EventKind::StepRestarted { .. } => {
                let before = self.attempts.insert(step.clone(), event.attempt).unwrap_or(0);
                assert_eq!(event.attempt, before + 1, "{step}");
                assert_eq!(kind == "STEP_START", event.attempt == 1, "{step}");
            }
            EventKind::StepSuccess | EventKind::StepFailure { .. } | EventKind::StepSkipped { .. } => {
                self.over.insert(step);
            }
            EventKind::StreamClosed { orphaned, .. } if *orphaned > 0 => {
                self.seen.insert("orphaned");
            }
            _ => {}
        }
    }

    /// An event in the words of the model.
    fn tell(&self, event: &Event) -> String {
        let mut line = event.kind.name().to_owned();
        if let EventKind::HookCompleted { hook, .. } | EventKind::HookErrored { hook, .. } = &event.kind {
            let step = event.step.as_ref().map_or_else(String::new, |step| format!(" {step}"));
            return format!("{line}{step} {hook}");
        }
        if let Some(step) = &event.step {
            let _ = write!(line, " {step} #{}", event.attempt);
        }
        let number = |name: &str| {
            let step = self.program.plan.step(event.step.as_ref().unwrap().name()).unwrap();
            step.outputs.iter().position(|output| output.name == name).unwrap()
        };
        let _ = match &event.kind {
            EventKind::StepOutput { output, key: Some(key) } => write!(line, " {} {key}", number(output)),
            EventKind::StepOutput { output, key: None } => write!(line, " {} -", number(output)),
            EventKind::StreamClosed { output, count, orphaned, .. } => {
                write!(line, " {} {count} {orphaned}", number(output))
            }
            EventKind::StepSkipped { cause: SkipCause::Canceled } => write!(line, " canceled"),
            EventKind::StepSkipped { cause: SkipCause::Absent(path) } => write!(line, " absent {path}"),
            EventKind::StepSkipped { cause: SkipCause::Failed(path) } => write!(line, " failed {path}"),
            EventKind::ResourceInitStarted { resource }
            | EventKind::ResourceInitSuccess { resource, .. }
            | EventKind::ResourceInitFailure { resource, .. }
            | EventKind::ResourceClosed { resource, .. }
            | EventKind::ResourceCloseFailure { resource, .. } => write!(line, " {resource}"),
            EventKind::RunFailure { resource: Some(resource), .. } => {
                write!(line, " for want of {resource}")
            }
            EventKind::RunFailure { failed, first, .. } => {
                write!(line, " {failed} {}", first.as_ref().map_or_else(String::new, ToString::to_string))
            }
            _ => Ok(()),
        };
        line
    }

    /// The output that is pulled; none if the op is called.
    fn output_of(&self, work: &Work) -> Option<usize> {
        let plan = &self.program.plan;
        let scope = plan.steps[work.step].map;
        let stream = work.token.stream? as usize;
        let mut maps = plan.maps.iter().filter(|map| map.parent == scope);
        maps.nth(stream).map(|map| map.output)
    }

    /// What an attempt gave is stored if it is new, and nothing else is.
    fn begin_store(&mut self, stores: Vec<Work>) {
        let expected = self.model.to_store.take();
        assert_eq!(stores.len(), usize::from(expected.is_some()), "what is stored\n{}", self.log);
        for (Work { token, step, path, task, .. }, (held, outcome)) in stores.into_iter().zip(expected) {
            assert_eq!((step, path.to_string()), (held.0.0, self.model.path(&held.0)));
            match (task, &outcome) {
                (Task::Store(Produced::Item { output, value, .. }), Outcome::Item(_, expected)) => {
                    assert_eq!((Some(output), value.take::<i64>().unwrap()), (held.1, *expected));
                }
                (Task::Store(Produced::Outputs { products, .. }), Outcome::Returned(expected)) => {
                    assert_eq!(products.len(), expected.len());
                }
                (task, outcome) => panic!("{task:?} for {outcome:?}"),
            }
            self.model.running.insert(token, held);
            self.model.storing.insert(token);
            let outcome = self.draw_store(outcome);
            let takes = if self.random.chance(25) { 20 } else { self.random.below(6) as u64 };
            self.work.push((self.now + takes, token, outcome));
            self.seen.insert("stored");
        }
    }

    /// Looks at what a step was given, and draws what will become of the work.
    fn begin(&mut self, work: Work) {
        let output = self.output_of(&work);
        let Work { token, step, task, .. } = work;
        let (at, _) = self.model.running[&token].clone();
        let plan = &self.program.plan.steps[step];
        let outcome = match task {
            Task::Call(inputs) => {
                for (input, value) in plan.inputs.iter().zip(inputs) {
                    let expected = self.model.known(&input.source, &at.1);
                    let given =
                        Known::Value(given(&self.program, &input.source, value.expect("not taken yet")));
                    assert_eq!(given, expected, "input `{}` of {}\n{}", input.name, work.path, self.log);
                }
                self.draw_return(step)
            }
            Task::Pull { .. } => self.draw_pull(&at, output.expect("a stream has an output")),
            Task::Store(_) => panic!("to be stored is what was given"),
        };
        let has_timeout = self.program.plan.steps[step].timeout.is_some();
        let takes = if has_timeout && self.random.chance(20) { 50 } else { self.random.below(6) as u64 };
        self.work.push((self.now + takes, token, outcome));
    }
}
