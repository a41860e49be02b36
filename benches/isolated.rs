//! What it costs to give steps a process of their own:
//!
//!     cargo bench --bench isolated
//!
//! Prints what a step takes in the process of the run, in a worker that is there, and in one that has to be started, each
//! the median of several runs, with small values and with large ones; beside what the last two are over the first stands its bar,
//! what it is to stay below, if it has one. A bench is a look at the machine and no test: nothing here fails. Times are those between the first and the last event of a run, or of its first step.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::time::Duration;

use orch::event::EventKind;
use orch::prelude::*;

#[op]
fn add(x: u64) -> u64 {
    x + 1
}

#[op(isolate)]
fn add_apart(x: u64) -> u64 {
    x + 1
}

#[op]
fn invert(mut block: Vec<u8>) -> Vec<u8> {
    block.iter_mut().for_each(|byte| *byte = !*byte);
    block
}

#[op(isolate)]
fn invert_apart(mut block: Vec<u8>) -> Vec<u8> {
    block.iter_mut().for_each(|byte| *byte = !*byte);
    block
}

#[job(max_concurrent = 1)]
fn chain(n: usize) {
    let mut value = lit(0);
    for _ in 0..n {
        value = add(value);
    }
}

#[job(max_concurrent = 1)]
fn chain_apart(n: usize) {
    let mut value = lit(0);
    for _ in 0..n {
        value = add_apart(value);
    }
}

#[job(max_concurrent = 1)]
fn blocks(n: usize) {
    let mut value = lit(vec![7; 1 << 20]);
    for _ in 0..n {
        value = invert(value);
    }
}

#[job(max_concurrent = 1)]
fn blocks_apart(n: usize) {
    let mut value = lit(vec![7; 1 << 20]);
    for _ in 0..n {
        value = invert_apart(value);
    }
}

/// How many microseconds more than in process a step with a small value is to take at most, in a worker that is there and in one
/// that has to be started.
const WARM: f64 = 1_000.0;
const COLD: f64 = 15_000.0;

const STEPS: usize = 500;
const BLOCKS: usize = 50;

#[job(max_concurrent = 1)]
fn pair() {
    add(add(lit(0)));
}

#[job(max_concurrent = 1)]
fn pair_apart() {
    add_apart(add_apart(lit(0)));
}

/// What a worker makes too, before its first step.
fn definitions() -> Definitions {
    Definitions::new().job(pair_apart()).job(chain_apart(STEPS)).job(blocks_apart(BLOCKS))
}

fn main() {
    orch::run::worker(|| Ok(definitions()));
    let short = !std::env::args().any(|argument| argument == "--bench");
    let runs = if short { 1 } else { 9 };
    println!(
        "{:<36}{:>11}{:>10}{:>10}{:>7}{:>10}{:>10}{:>7}",
        "microseconds a step", "in process", "warm", "over", "bar", "cold", "over", "bar"
    );
    let small = Some((WARM, COLD));
    for (what, here, apart, n, bars) in [
        ("a number, in a job of 2 steps", pair(), pair_apart(), 2, small),
        ("the same, in one of 500", chain(STEPS), chain_apart(STEPS), STEPS, small),
        ("a list of 1 Mi numbers, in and out", blocks(BLOCKS), blocks_apart(BLOCKS), BLOCKS, None),
    ] {
        let (mut ours, mut warm, mut cold) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            ours.push(times(&here, n).1);
            let (first, others) = times(&apart, n);
            cold.push(first);
            warm.push(others);
        }
        let (ours, warm, cold) = (median(ours), median(warm), median(cold));
        let bar = |bar: Option<f64>| bar.map(|bar| format!("{bar:.0}")).unwrap_or_default();
        let (warm_bar, cold_bar) = (bar(bars.map(|bars| bars.0)), bar(bars.map(|bars| bars.1)));
        println!(
            "{what:<36}{ours:>11.1}{warm:>10.1}{:>10.1}{warm_bar:>7}{cold:>10.1}{:>10.1}{cold_bar:>7}",
            warm - ours,
            cold - ours
        );
    }
}

/// What the first step of a run took, and what those after it took each, in microseconds.
fn times(job: &Job, n: usize) -> (f64, f64) {
    let run = job.runner().keep_events().run_blocking().expect("success");
    let at = |kind: fn(&EventKind) -> bool| {
        let times = run.events().iter().filter(move |event| kind(&event.kind)).map(|event| event.time);
        times.collect::<Vec<_>>()
    };
    let begun = at(|kind| matches!(kind, EventKind::StepStart { .. }));
    let done = at(|kind| matches!(kind, EventKind::StepSuccess));
    let took = |from: usize, to: usize| {
        let time = Duration::try_from(done[to].duration_since(begun[from])).unwrap_or_default();
        time.as_secs_f64() * 1e6
    };
    (took(0, 0), took(1, n - 1) / (n - 1) as f64)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
