//! Runs in virtual time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::fixture::{compile, settings};
use super::resources::Opens;
use crate::define::{Args, Body, Cancel, Context, KnownAssets, RunContext, Tags};
use crate::engine::{HookCall, Message, Settings, State, Task, Token, Turn, Work, Written};
use crate::event::{Event, EventKind, SkipCause};
use crate::failure::Failure;
use crate::graph::Job;
use crate::plan::Program;

/// A run whose ops are called at once and report after a virtual second, or as many as their tag `cost` says; `never`
/// stands for code that does not return. The pull of an item takes a second too, or what the tag `pull` says, and so does
/// storing, with the tag `store`.
pub(super) struct Play {
    program: Arc<Program>,
    state: State,
    context: Arc<RunContext>,
    turn: Turn,
    now: u64,
    /// By second and by age.
    coming: BTreeMap<(u64, usize), Message>,
    sent: usize,
    running: BTreeMap<u64, (u64, String)>,
    schedule: Vec<(u64, String)>,
    story: String,
    resources: Vec<Opens>,
    /// How many of them are open.
    open: usize,
    pub(super) most_running: usize,
    pub(super) most_live: usize,
    pub(super) aborted: Vec<Token>,
}

impl Play {
    pub(super) fn new(job: &Job) -> Self {
        Self::with(job, |settings| settings)
    }

    pub(super) fn with(job: &Job, change: impl FnOnce(Settings) -> Settings) -> Self {
        let program = compile(job);
        let settings = change(settings(job));
        let context = RunContext {
            run: settings.run,
            job: "job".into(),
            tags: Tags::new(),
            cancel: Cancel::new(),
            reader: None,
            partitions: std::collections::HashMap::new(),
            assets: KnownAssets::default(),
            keys: Arc::new(crate::partition::KeysInMemory::default()),
            given: std::sync::RwLock::default(),
            hooks: std::sync::RwLock::default(),
        };
        let mut play = Self {
            state: State::new(Arc::clone(&program), settings),
            program,
            context: Arc::new(context),
            turn: Turn::default(),
            now: 0,
            coming: BTreeMap::new(),
            sent: 0,
            running: BTreeMap::new(),
            schedule: Vec::new(),
            story: String::new(),
            resources: Vec::new(),
            open: 0,
            most_running: 0,
            most_live: 0,
            aborted: Vec::new(),
        };
        play.send(0, Message::Begin);
        play
    }

    /// A run with these resources.
    pub(super) fn with_resources(job: &Job, resources: &[Opens]) -> Self {
        Self::with_resources_and(job, resources, |settings| settings)
    }

    pub(super) fn with_resources_and(
        job: &Job,
        resources: &[Opens],
        change: impl FnOnce(Settings) -> Settings,
    ) -> Self {
        let mut play = Self::with(job, |settings| Settings { resources: true, ..change(settings) });
        play.resources = resources.to_vec();
        play
    }

    /// Has the run canceled before it begins.
    pub(super) fn begin_canceled(&mut self) {
        self.coming.clear();
        self.send(0, Message::BeginCanceled);
    }

    /// Has `message` arrive at a second.
    pub(super) fn at(mut self, second: u64, message: Message) -> Self {
        self.send(second, message);
        self
    }

    /// Plays to the end of the run, and tells its events.
    #[track_caller]
    pub(super) fn story(mut self) -> String {
        self.play();
        self.story
    }

    /// Plays to the end of the run, and tells what started when.
    #[track_caller]
    pub(super) fn schedule(mut self) -> String {
        self.play();
        let mut text = String::new();
        for second in self.schedule.chunk_by(|(a, _), (b, _)| a == b) {
            let names: Vec<_> = second.iter().map(|(_, name)| name.as_str()).collect();
            let _ = writeln!(text, "{} | {}", second[0].0, names.join(" "));
        }
        text
    }

    #[track_caller]
    pub(super) fn play(&mut self) {
        while self.step() {}
        assert!(
            self.story.lines().last().is_some_and(|line| line.contains("RUN_")),
            "not over:\n{}",
            self.story
        );
        assert_eq!(self.state.live_values(), 0);
    }

    /// Plays until the run is over or `messages` have arrived.
    pub(super) fn play_some(&mut self, messages: usize) {
        for _ in 0..messages {
            if !self.step() {
                return;
            }
        }
    }

    pub(super) fn told(&self) -> &str {
        &self.story
    }

    fn send(&mut self, second: u64, message: Message) {
        self.sent += 1;
        self.coming.insert((second, self.sent), message);
    }

    fn step(&mut self) -> bool {
        let Some(((second, _), message)) = self.coming.pop_first() else { return false };
        self.now = second;
        let token = match &message {
            Message::Returned { token, .. }
            | Message::Item { token, .. }
            | Message::Ended { token }
            | Message::Broke { token, .. }
            | Message::Stored { token, .. } => Some(*token),
            _ => None,
        };
        if let Some(token) = token {
            self.running.remove(&token.ticket());
        }
        let opened = matches!(message, Message::ResourceOpened { .. });
        let closed = matches!(message, Message::ResourceClosed { .. });
        let mut turn = std::mem::take(&mut self.turn);
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second as i64);
        self.state.apply(now, message, &mut turn);
        for event in &turn.events {
            if let Some(line) = line(event) {
                let _ = writeln!(self.story, "{second} {line}");
            }
        }
        for token in turn.aborts.drain(..) {
            self.running.remove(&token.ticket());
            self.aborted.push(token);
        }
        for (after, timer) in turn.timers.drain(..) {
            self.send(second + after.as_secs(), Message::Due(timer));
        }
        for call in turn.hooks.drain(..) {
            self.call(&call);
        }
        self.open += usize::from(opened);
        if turn.open || opened {
            self.open_next();
        }
        if turn.close {
            self.stop_opening();
        }
        if turn.close || closed {
            self.close_next();
        }
        let ended = turn.ended;
        for work in turn.work.drain(..) {
            self.work(work);
        }
        turn.clear();
        self.turn = turn;
        self.most_running = self.most_running.max(self.running.len());
        self.most_live = self.most_live.max(self.state.live_values());
        !ended
    }

    /// A hook takes a second, or what its name says.
    fn call(&mut self, call: &HookCall) {
        let (took, result) = match call.hook.name() {
            "never" => return,
            "slow" => (5, Ok(Duration::from_secs(5))),
            "fails" => (1, Err(Failure::new("no route"))),
            _ => (1, Ok(Duration::from_secs(1))),
        };
        self.send(self.now + took, Message::HookDone { number: call.number, result });
    }

    fn open_next(&mut self) {
        let Some(next) = self.resources.get(self.open).copied() else {
            return self.send(self.now, Message::Opened);
        };
        self.send(self.now, Message::ResourceOpening { resource: next.key.into() });
        let message = if next.breaks {
            Message::ResourceBroke { resource: next.key.into(), failure: "no".into() }
        } else {
            Message::ResourceOpened { resource: next.key.into(), took: next.opening }
        };
        self.send(self.now + next.opening.as_secs(), message);
    }

    /// What is being opened when the run is canceled is given up.
    fn stop_opening(&mut self) {
        let coming = std::mem::take(&mut self.coming);
        for (at, message) in coming {
            match message {
                Message::ResourceOpening { .. } | Message::Opened => {}
                Message::ResourceOpened { resource, .. } | Message::ResourceBroke { resource, .. } => {
                    self.send(self.now, Message::ResourceBroke { resource, failure: Failure::canceled() });
                }
                other => drop(self.coming.insert(at, other)),
            }
        }
    }

    fn close_next(&mut self) {
        let Some(last) = self.open.checked_sub(1) else { return self.send(self.now, Message::Closed) };
        self.open = last;
        let Opens { key, closing, .. } = self.resources[last];
        self.send(
            self.now + closing.as_secs(),
            Message::ResourceClosed { resource: key.into(), result: Ok(closing) },
        );
    }

    fn work(&mut self, work: Work) {
        let Work { token, step, path, attempt, task } = work;
        let tags = &self.program.plan.steps[step].tags;
        let (name, tag) = match &task {
            Task::Call(_) => (path.to_string(), "cost"),
            Task::Pull { .. } => (format!("{path}.."), "pull"),
            Task::Store(_) => (format!("{path}!"), "store"),
        };
        let cost = tags.get(tag).map_or("1", String::as_str);
        self.schedule.push((self.now, name.clone()));
        self.running.insert(token.ticket(), (self.now, name));
        let message = match task {
            Task::Call(inputs) => {
                let context = Context::new(Arc::clone(&self.context), step, path, attempt, None, None);
                let result = match self.program.ops[step].body() {
                    Body::Blocking(body) => body(Args::of(inputs, context)),
                    Body::Async(body) => futures::executor::block_on(body(Args::of(inputs, context))),
                };
                Message::Returned { token, result, written: Written::default() }
            }
            Task::Pull { mut items, .. } => match items.next_blocking(std::future::pending()) {
                Some(Ok((key, value))) => {
                    Message::Item { token, key, value, written: Written::default(), rest: items }
                }
                Some(Err(failure)) => Message::Broke { token, failure },
                None => Message::Ended { token },
            },
            Task::Store(produced) => Message::Stored { token, produced, result: Ok(Vec::new()) },
        };
        if cost != "never" {
            let cost: u64 = cost.parse().unwrap();
            self.send(self.now + cost, message);
        }
    }
}

/// An event as a line of a story; none for inputs that are not gathered, which say nothing new.
pub(super) fn line(event: &Event) -> Option<String> {
    let mut line = event.kind.name().to_owned();
    if let Some(step) = &event.step {
        let _ = write!(line, " {step}");
    }
    if event.attempt > 1 {
        let _ = write!(line, " #{}", event.attempt);
    }
    let _ = match &event.kind {
        EventKind::StepInput { gathered: None, .. } => return None,
        EventKind::StepInput { input, gathered: Some(n) } => write!(line, " {input} of {n}"),
        EventKind::StepStart { waited } | EventKind::StepRestarted { waited } if !waited.is_zero() => {
            write!(line, " waited {waited:?}")
        }
        EventKind::StepOutput { output, key } => match key {
            Some(key) if &**output == "result" => write!(line, " {key}"),
            Some(key) => write!(line, " {output} {key}"),
            None if &**output == "result" => Ok(()),
            None => write!(line, " {output}"),
        },
        EventKind::StreamClosed { output, count, orphaned, .. } => {
            let name = if &**output == "result" { String::new() } else { format!(" {output}") };
            let orphans = if *orphaned == 0 { String::new() } else { format!(", {orphaned} orphaned") };
            write!(line, "{name} {count}{orphans}")
        }
        EventKind::StepUpForRetry { error, delay } => write!(line, " in {delay:?}: {}", error.message),
        EventKind::StepFailure { error } => write!(line, ": {}", error.message),
        EventKind::StepSkipped { cause } => match cause {
            SkipCause::Absent(step) => write!(line, ": {step} left it out"),
            SkipCause::Lacking(why) => write!(line, ": {why}"),
            SkipCause::Failed(step) => write!(line, ": {step} failed"),
            SkipCause::Canceled => write!(line, ": canceled"),
        },
        EventKind::ResourceInitStarted { resource }
        | EventKind::ResourceInitSuccess { resource, .. }
        | EventKind::ResourceClosed { resource, .. } => write!(line, " {resource}"),
        EventKind::ResourceInitFailure { resource, error }
        | EventKind::ResourceCloseFailure { resource, error } => {
            write!(line, " {resource}: {}", error.message)
        }
        EventKind::HookCompleted { hook, .. } => write!(line, " {hook}"),
        EventKind::HookErrored { hook, error } => write!(line, " {hook}: {}", error.message),
        EventKind::RunFailure { resource: Some(resource), .. } => write!(line, " for want of {resource}"),
        EventKind::RunFailure { failed, first: Some(first), .. } => {
            write!(line, " {failed}, first {first}")
        }
        EventKind::RunCanceled { detached } if !detached.is_empty() => write!(line, " detached {detached:?}"),
        _ => Ok(()),
    };
    Some(line)
}
