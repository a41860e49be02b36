//! What runs again when a run is taken up, as stories of small jobs, and for random jobs cut off anywhere.

mod compare;
mod cost;
mod given;
mod gone;
mod random;
mod stories;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::define::{Args, Dynamic, JobOptions, One, OpDef, Optional};
use crate::event::sample::Log;
use crate::event::{EventKind, Logged};
use crate::failure::Result;
use crate::graph::{Call, DynamicOut, Job, Out};

type Plain = One<i64, 0>;
type Maybe = One<Optional<i64>, 1>;
type Many = One<Dynamic<i64>, 2>;

fn job<R>(body: impl FnOnce() -> R) -> Job {
    Job::compose(JobOptions::new("job"), body)
}

/// A step from numbers to a number; nobody calls it here.
fn step(name: &str, inputs: &[Out<i64>]) -> Out<i64> {
    let op = OpDef::builder(name);
    let op = (0..inputs.len()).fold(op, |op, input| op.input::<i64>(format!("x{input}")));
    let op = Arc::new(op.returns::<Plain>().blocking(|mut args| args.take::<i64>(0)));
    inputs.iter().fold(Call::of(&op), |call, &input| call.input::<i64>(input)).place::<Plain>()
}

fn maybe(name: &str) -> Out<i64> {
    let op = OpDef::builder(name).returns::<Maybe>().blocking(|_: Args| Ok(Optional::from(None)));
    Call::of(&Arc::new(op)).place::<Maybe>()
}

fn source(name: &str, inputs: &[Out<i64>]) -> DynamicOut<i64> {
    let op = OpDef::builder(name);
    let op = (0..inputs.len()).fold(op, |op, input| op.input::<i64>(format!("x{input}")));
    let op = Arc::new(op.returns::<Many>().blocking(|_: Args| Ok(Dynamic::from_values(0..3))));
    inputs.iter().fold(Call::of(&op), |call, &input| call.input::<i64>(input)).place::<Many>()
}

fn sum(name: &str, of: impl crate::graph::IntoInput<Vec<i64>>) -> Out<i64> {
    let op = OpDef::builder(name).input::<Vec<i64>>("xs").returns::<Plain>();
    let op = Arc::new(op.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.len() as i64)));
    Call::of(&op).input::<Vec<i64>>(of).place::<Plain>()
}

/// A step that has given its value, and ended.
fn done(log: &mut Log, name: &str) {
    log.start(name).push(Some(name), 1, EventKind::StepOutput { output: "result".into(), key: None });
    log.success(name, 1);
}

/// A source that has emitted these items, and ended.
fn emitted(log: &mut Log, name: &str, keys: &[&str]) {
    log.start(name);
    keys.iter().for_each(|key| _ = log.item(name, key));
    log.close(name, keys.len() as u64, 0).success(name, 1);
}

fn recorded(log: &Log) -> Recorded {
    let mut recorded = Recorded::default();
    for (event, number) in log.events().iter().zip(1..) {
        recorded.apply(&Logged { number, event: event.clone(), has_value: false });
    }
    recorded
}

/// A value as it is asked for: `load[a]`, or `extract: a` for an item.
fn asked_for(asked: &Asked<'_>) -> String {
    let key = asked.key.map_or_else(String::new, |key| format!(": {key}"));
    format!("{}{key}", asked.path)
}

/// What becomes of all steps of the log, and which values were asked for, if those of `memory` cannot be read.
fn taken_up(job: &Job, log: &Log, memory: &[&str]) -> String {
    taken_up_with(job, &job.plan(), log, memory)
}

fn taken_up_with(job: &Job, pinned: &Plan, log: &Log, memory: &[&str]) -> String {
    let program = Program::compile(job).unwrap_or_else(|error| panic!("{error}"));
    let memory: HashSet<&str> = memory.iter().copied().collect();
    let all = memory.contains("*");
    let asked = std::cell::RefCell::new(Vec::new());
    let readable = |value: &Asked<'_>| {
        let name = asked_for(value);
        let lost = all || memory.contains(name.as_str());
        asked.borrow_mut().push(name);
        if lost { Err(LostCause::Memory) } else { Ok(()) }
    };
    let recorded = recorded(log);
    let resumption = Resumption::of(&program, pinned, &recorded, (&readable, &|_, _| None));
    let mut marks: Vec<_> =
        recorded.steps().map(|(path, _)| (path.to_string(), resumption.mark(&recorded, path))).collect();
    marks.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut text = String::new();
    for (word, wanted) in [
        ("stays", Mark::Stays),
        ("interrupted", Mark::Interrupted),
        ("lost", Mark::Lost),
        ("waits", Mark::Waits),
    ] {
        let paths: Vec<_> =
            marks.iter().filter(|(_, mark)| *mark == wanted).map(|(path, _)| path.as_str()).collect();
        if !paths.is_empty() {
            writeln!(text, "{word}: {}", paths.join(", ")).expect("text");
        }
    }
    let asked = asked.into_inner();
    let distinct: HashSet<&String> = asked.iter().collect();
    assert_eq!(distinct.len(), asked.len(), "a value is asked for once: {asked:?}");
    if !asked.is_empty() {
        writeln!(text, "asked for: {}", asked.join(", ")).expect("text");
    }
    for Gone { path, key, cause, .. } in &resumption.gone {
        let key = key.as_ref().map_or_else(String::new, |key| format!(": {key}"));
        writeln!(text, "gone: {path}{key}, {cause:?}").expect("text");
    }
    text
}
