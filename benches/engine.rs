//! What the engine costs, beside bare tokio, in one run:
//!
//!     cargo bench --bench engine
//!
//! Prints a table of nanoseconds a step, the median of several runs, each beside its yardstick and the ratio to it; then
//! what a plan costs, and what memory a wide fan-out needs. A bench is a look at the machine and no test: nothing here fails.
//! The times of steps are those between the first and the last event of a run; building the plan stands in a row of
//! its own, and a run as a whole, from the job to the result, in another.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use orch::event::{Event, EventKind};
use orch::prelude::*;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Each figure is the median of so many runs. The best would flatter tokio: now and then a whole run of it goes by without
/// a thread being woken, and costs half.
const RUNS: usize = 9;
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

#[op]
async fn add(x: u64) -> u64 {
    x + 1
}

#[op]
async fn numbers(n: u64) -> Dynamic<u64> {
    Dynamic::from_values(0..n)
}

#[op]
async fn count(values: &[u64]) -> usize {
    values.len()
}

#[op]
async fn blocks(n: u64) -> Dynamic<Vec<u8>> {
    Dynamic::from_values((0..n).map(|_| vec![1; 8 << 20]))
}

#[op]
fn invert(mut block: Vec<u8>) -> Vec<u8> {
    block.iter_mut().for_each(|byte| *byte = !*byte);
    block
}

#[op]
fn sum(block: &[u8]) -> u64 {
    block.iter().map(|&byte| u64::from(byte)).sum()
}

#[job]
fn chain(n: usize) {
    let mut value = lit(0);
    for _ in 0..n {
        value = add(value);
    }
}

#[job]
fn fan_out(n: usize) {
    count(numbers(lit(n as u64)).map(add).collect());
}

#[job(max_in_flight = 64)]
fn stream(n: usize) {
    numbers(lit(n as u64)).map(add);
}

/// With a step that waits behind everything, and a limit, so that steps are of several classes.
#[job(max_in_flight = 64, max_concurrent = 1, limit("db", 1))]
fn limited(n: usize) {
    numbers(lit(n as u64)).map(|x| add(x).tag("db", "a"));
    add(lit(0)).priority(-1);
}

#[op]
async fn named(n: u64) -> Dynamic<u64> {
    Dynamic::from_iter((0..n).map(|i| (format!("item {i}"), i)))
}

#[job(max_in_flight = 64)]
fn keyed(n: usize) {
    named(lit(n as u64)).map(add);
}

#[job(max_concurrent = 2)]
fn large() {
    blocks(lit(64)).map(|block| sum(invert(invert(block))));
}

fn main() {
    // `cargo test` and `cargo bench -- --test` only want to see that it builds and runs.
    let short = !std::env::args().any(|argument| argument == "--bench");
    let (runs, sizes) = if short { (1, &SIZES[..1]) } else { (RUNS, &SIZES[..]) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let bench = Bench { runtime: runtime.expect("a runtime"), runs };
    // Before anything large has been: what the process holds then never goes back below.
    bench.memory(if short { 10_000 } else { 1_000_000 });
    println!("\n{:<34}{:>10}{:>12}{:>10}{:>8}", "nanoseconds a step", "steps", "orch", "tokio", "ratio");
    for &n in sizes {
        let spawned = bench.median(n, || bench.spawned_chain(n));
        let boxed = bench.median(n, || bench.boxed_chain(n));
        let steps = bench.median(n, || bench.steps(&chain(n), 2));
        row("chain / spawned tasks", n, steps, spawned);
        row("chain / boxed futures", n, steps, boxed);
        row("chain, job to result / spawned", n, bench.median(n, || bench.whole(n)), spawned);
        let set = bench.median(n, || bench.join_set(n));
        row("fan-out, 1 slot / JoinSet", n, bench.median(n, || bench.steps(&fan_out(n), 1)), set);
        row("fan-out, 2 slots / JoinSet", n, bench.median(n, || bench.steps(&fan_out(n), 2)), set);
        row("fan-out, 64 slots / JoinSet", n, bench.median(n, || bench.steps(&fan_out(n), 64)), set);
    }
    println!("\n{:<34}{:>10}{:>12}", "plan", "steps", "ms");
    for &n in sizes {
        let job = chain(n);
        let elapsed = median(runs, || timed(|| drop(job.plan())));
        println!("{:<34}{n:>10}{:>12.2}", "build the plan of a chain", elapsed.as_secs_f64() * 1e3);
    }
}

struct Bench {
    runtime: Runtime,
    runs: usize,
}

impl Bench {
    /// Nanoseconds for one of `n` steps.
    fn median(&self, n: usize, run: impl FnMut() -> Duration) -> f64 {
        median(self.runs, run).as_secs_f64() * 1e9 / n as f64
    }

    /// Within the runtime, as any yardstick is: from outside, each step would pay for waking a thread.
    fn inside<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> F::Output {
        self.runtime.block_on(async { tokio::spawn(future).await.expect("no panic") })
    }

    fn spawned_chain(&self, n: usize) -> Duration {
        self.inside(async move {
            let (start, mut value) = (Instant::now(), 0);
            for _ in 0..n {
                value = tokio::spawn(async move { value + 1 }).await.expect("no panic");
            }
            assert_eq!(value, n);
            start.elapsed()
        })
    }

    fn boxed_chain(&self, n: usize) -> Duration {
        type Boxed = std::pin::Pin<Box<dyn Future<Output = usize> + Send>>;
        self.inside(async move {
            let (start, mut value) = (Instant::now(), 0);
            for _ in 0..n {
                let future: Boxed = Box::pin(async move { std::hint::black_box(value) + 1 });
                value = future.await;
            }
            assert_eq!(value, n);
            start.elapsed()
        })
    }

    fn join_set(&self, n: usize) -> Duration {
        self.inside(async move {
            let (start, mut set, mut values) = (Instant::now(), JoinSet::new(), Vec::new());
            for i in 0..n {
                set.spawn(async move { i + 1 });
            }
            while let Some(value) = set.join_next().await {
                values.push(value.expect("no panic"));
            }
            assert_eq!(values.len(), n);
            start.elapsed()
        })
    }

    /// The time between the first and the last event, all events going to a sink that counts them.
    fn steps(&self, job: &Job, slots: usize) -> Duration {
        let (events, start, end) =
            (Arc::new(AtomicU64::new(0)), Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
        let (counted, began, ended) = (Arc::clone(&events), Arc::clone(&start), Arc::clone(&end));
        let sink = move |event: &Event| {
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                began.get_or_init(Instant::now);
            }
            if let EventKind::RunSuccess = event.kind {
                ended.get_or_init(Instant::now);
            }
        };
        let run = self.inside(job.runner().max_concurrent(slots).sink(sink).run());
        drop(run.expect("success"));
        assert!(events.load(Ordering::Relaxed) > 4);
        *end.get().expect("an end") - *start.get().expect("a beginning")
    }

    /// A chain from the call of the job's function to the result, everything dropped.
    fn whole(&self, n: usize) -> Duration {
        timed(|| drop(self.inside(chain(n).runner().run()).expect("success")))
    }

    /// How far the process grows over what it was at rest.
    fn memory(&self, items: usize) {
        println!("{:<34}{:>10}{:>12}", "memory at its highest, over idle", "items", "MB");
        drop(self.inside(stream(1_000).runner().run()));
        let idle = reset_peak();
        self.inside(stream(items).runner().run()).expect("success");
        println!("{:<34}{items:>10}{:>12.1}", "small items, 64 in flight", peak() - idle);
        let idle = reset_peak();
        self.inside(limited(items).runner().run()).expect("success");
        println!("{:<34}{items:>10}{:>12.1}", "the same, under a limit", peak() - idle);
        let idle = reset_peak();
        self.inside(keyed(items).runner().run()).expect("success");
        println!("{:<34}{items:>10}{:>12.1}", "the same, each under a text key", peak() - idle);
        let idle = reset_peak();
        self.inside(large().runner().run()).expect("success");
        println!("{:<34}{:>10}{:>12.1}", "8 MiB items, 3 steps, 2 slots", 64, peak() - idle);
    }
}

fn row(what: &str, n: usize, orch: f64, tokio: f64) {
    println!("{what:<34}{n:>10}{orch:>12.0}{tokio:>10.0}{:>8.2}", orch / tokio);
}

fn median(runs: usize, run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = std::iter::repeat_with(run).take(runs).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// The resident size at its highest so far, in MB; not a number where the system does not tell.
fn peak() -> f64 {
    status("VmHWM:")
}

/// Forgets the highest size so far, and gives the present one.
fn reset_peak() -> f64 {
    // Linux only; elsewhere the figures are not numbers anyway.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    status("VmRSS:")
}

fn status(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok())
        .map_or(f64::NAN, |kb| kb / 1024.0)
}
