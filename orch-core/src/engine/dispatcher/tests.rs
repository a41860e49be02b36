//! Runs with a journal: nothing follows from an event that is not in there.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use super::write::MOST_HELD;
use crate::define::{Dynamic, JobOptions, One, OpBuilder, OpDef};
use crate::event::{Entry, Event, EventKind, Journal};
use crate::failure::Failure;
use crate::graph::{Call, Job, Out};
use crate::report;
use crate::run::{Run, RunError, RunErrorKind};

type Plain = One<i64, 0>;

/// What was committed, shared by a journal and those who look at it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Vec<Event>>>>);

impl Log {
    fn commits(&self) -> Vec<Vec<Event>> {
        self.0.lock().expect("nobody panicked").clone()
    }

    fn events(&self) -> Vec<Event> {
        self.commits().into_iter().flatten().collect()
    }

    fn lines(&self) -> Vec<String> {
        let message = |event: Event| match event.kind {
            EventKind::Log { message, .. } => Some(message),
            _ => None,
        };
        self.events().into_iter().filter_map(message).collect()
    }

    /// Whether the log has an event of this step and kind.
    fn has(&self, step: &str, kind: &str) -> bool {
        let commits = self.0.lock().expect("nobody panicked");
        let mut events = commits.iter().flatten();
        events.any(|event| {
            event.kind.name() == kind && event.step.as_ref().is_some_and(|path| path.to_string() == step)
        })
    }
}

/// Keeps what is committed, until it has so many commits.
struct Paper {
    log: Log,
    room: usize,
    blocks: Blocks,
}

/// From how many events on a commit takes long after so many commits.
type Blocks = fn(usize) -> usize;

const NEVER: Blocks = |_| usize::MAX;

/// None that takes long, all, every third, and those of several steps.
const ALL: [Blocks; 4] = [NEVER, |_| 0, |commits| if commits % 3 == 1 { 0 } else { usize::MAX }, |_| 6];

impl Journal for Paper {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        let mut commits = self.log.0.lock().expect("nobody panicked");
        if commits.len() == self.room {
            return Err(Failure::new("the paper is full"));
        }
        commits.push(entries.iter().map(|entry| entry.event.clone()).collect());
        Ok(())
    }

    fn blocks_from(&self) -> usize {
        (self.blocks)(self.log.commits().len())
    }
}

/// A source of five items, a step for each, that looks for its own start in the log, and one that counts them.
fn fan_out(log: &Log, sync: bool) -> Job {
    let source = OpDef::builder("source").returns::<One<Dynamic<i64>, 2>>();
    let source = source.blocking(|_| Ok(Dynamic::from_values(0..5))).into();
    let log = log.clone();
    let look = move |mut args: crate::define::Args| {
        let value = args.take::<i64>(0)?;
        let begun = log.has(&format!("look[{value}]"), "STEP_START");
        let emitted = log.has("source", "STEP_OUTPUT");
        if begun && emitted { Ok(value) } else { Err(Failure::new("it runs and nobody has written it down")) }
    };
    let op: OpBuilder<Plain> = OpDef::builder("look").input::<i64>("x").returns::<Plain>();
    let op: Arc<OpDef> = if sync {
        op.blocking(look).into()
    } else {
        op.asynchronous(move |args| std::future::ready(look(args))).into()
    };
    let count = OpDef::builder("count").input::<Vec<i64>>("all").returns::<Plain>();
    let count = count.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.len() as i64)).into();
    Job::compose(JobOptions::new("job").max_concurrent(2), || {
        let items = Call::of(&source).place::<One<Dynamic<i64>, 2>>();
        let looked = items.map(|x: Out<i64>| Call::of(&op).input::<i64>(x).place::<Plain>());
        Call::of(&count).input::<Vec<i64>>(looked.collect()).place::<Plain>();
    })
}

fn run(job: &Job, log: &Log, room: usize, blocks: Blocks) -> Result<Run, RunError> {
    let log = log.clone();
    job.runner().keep_events().journal(Paper { log, room, blocks }).run_blocking()
}

#[test]
fn no_code_runs_before_its_start_is_written() {
    for (number, blocks) in ALL.into_iter().enumerate() {
        for sync in [true, false] {
            let log = Log::default();
            let run =
                run(&fan_out(&log, sync), &log, usize::MAX, blocks).expect("all of it was written before");
            assert_eq!(run.events(), log.events(), "sync {sync}, journal {number}");
        }
    }
}

#[test]
fn a_step_of_a_chain_is_one_commit() {
    let first = OpDef::builder("first").returns::<Plain>().blocking(|_| Ok(1)).into();
    let second = OpDef::builder("second").input::<i64>("x").returns::<Plain>();
    let second = second.blocking(|mut args| args.take::<i64>(0)).into();
    let job = Job::compose(JobOptions::new("chain"), || {
        let one = Call::of(&first).place::<Plain>();
        Call::of(&second).input::<i64>(one).place::<Plain>();
    });
    let log = Log::default();
    run(&job, &log, usize::MAX, NEVER).expect("a run");
    let commits: Vec<_> = log.commits().iter().map(report::story).collect();
    insta::assert_snapshot!(commits.join("\n--\n"), @r"
    RUN_START chain
    STEP_START first
    --
    STEP_OUTPUT first result
    STEP_SUCCESS first
    STEP_START second
    STEP_INPUT second x
    --
    STEP_OUTPUT second result
    STEP_SUCCESS second
    RUN_SUCCESS
    ");
}

#[test]
fn a_run_that_cannot_be_written_breaks_off_and_nothing_follows() {
    for blocks in ALL {
        for room in 0..6 {
            let log = Log::default();
            let told = Arc::new(Mutex::new(Vec::new()));
            let sink = Arc::clone(&told);
            let paper = Paper { log: log.clone(), room, blocks };
            let runner = fan_out(&log, true).runner().journal(paper);
            let runner = runner.sink(move |event: &Event| sink.lock().expect("a list").push(event.clone()));
            let error = runner.run_blocking().expect_err("the paper is full");
            assert!(matches!(error.kind(), RunErrorKind::Unrecorded { .. }));
            assert_eq!(
                error.to_string(),
                format!(
                    "the run of `job` broke off, since what happens cannot be recorded any more: the paper is full\n  hint: when \
                     that is mended, let it go on: resume {}",
                    error.run().expect("it has begun").id()
                )
            );
            let told = told.lock().expect("a list");
            assert_eq!(*told, log.events(), "told is what was written, with room for {room}");
        }
    }
}

/// A journal that says when it has the first line, and writes it when the step's code has ended.
struct Waits {
    paper: Paper,
    begun: Option<Sender<()>>,
    ended: Receiver<()>,
}

impl Journal for Waits {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        let has_lines = entries.iter().any(|entry| matches!(entry.event.kind, EventKind::Log { .. }));
        if let Some(begun) = self.begun.take_if(|_| has_lines) {
            begun.send(()).expect("the step goes on");
            self.ended.recv().expect("the step ends");
        }
        self.paper.commit(entries)
    }

    fn blocks_from(&self) -> usize {
        self.paper.blocks_from()
    }
}

#[test]
fn code_that_logs_more_than_is_held_ends_though_the_journal_waits_for_it() {
    for blocks in ALL {
        let ((begun, begins), (end, ended)) = (channel(), channel());
        let journal = Mutex::new((begins, end));
        let lines: Vec<_> = (0..MOST_HELD + 3).map(|line| line.to_string()).collect();
        let logs = lines.clone();
        let talkative = OpDef::builder("talkative").returns::<Plain>().blocking(move |_| {
            let journal = journal.lock().expect("nobody panicked");
            tracing::info!("{}", logs[0]);
            journal.0.recv().expect("the journal has the first line");
            logs[1..].iter().for_each(|line| tracing::info!("{line}"));
            journal.1.send(()).expect("the journal waits");
            Ok(1)
        });
        let talkative = talkative.into();
        let job = Job::compose(JobOptions::new("job"), || Call::of(&talkative).place::<Plain>());
        let log = Log::default();
        let paper = Paper { log: log.clone(), room: usize::MAX, blocks };
        let run = job.runner().keep_events().journal(Waits { paper, begun: Some(begun), ended });
        let run = run.run_blocking().expect("it is recorded");
        assert_eq!(log.lines(), lines);
        assert_eq!(run.events(), log.events());
    }
}

#[test]
fn a_journal_that_panics_breaks_the_run_off() {
    struct Panics;
    impl Journal for Panics {
        fn commit(&mut self, _: &[Entry]) -> Result<(), Failure> {
            panic!("no pen");
        }
        fn blocks_from(&self) -> usize {
            usize::MAX
        }
    }
    let error = fan_out(&Log::default(), true).runner().journal(Panics).run_blocking().expect_err("no pen");
    assert!(error.to_string().contains("cannot be recorded any more: no pen"), "{error}");
}
