//! What it costs that a run survives, beside raw rusqlite that commits the same rows, in one run:
//!
//!     cargo bench --bench durable
//!     cargo bench --bench durable -- "normal: chain"
//!
//! The second measures only what is called so. Prints microseconds a step, the median of several runs that take turns with
//! their yardstick, the ratio to it, and the size of the run's folder in bytes a step; beside a figure stands its bar, what it is to
//! stay below, if it has one. A step has four events: its start, its input, its
//! output with a small value, its success; in a fan-out there is a fifth, the item that it is made for. Raw is one prepared
//! `INSERT` for each of these, with one commit for as many steps as can be written together: no more than there are slots,
//! and 64 at most. A bench is a look at the machine and no test: nothing here fails.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use orch::event::{Event, EventKind};
use orch::prelude::*;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};
use rusqlite::Connection;
use tokio::runtime::Runtime;

const RUNS: usize = 5;

/// What a step of a chain is to cost at most, in what raw takes for it, and one of a fan-out with room for 64 steps a commit.
const CHAIN: f64 = 1.5;
const FAN_OUT: f64 = 2.0;

/// How many bytes of file a step is to leave at most.
const BYTES: f64 = 500.0;

/// In how many milliseconds the first step of a run of 100,000 that goes on is to begin.
const RESUME: f64 = 1000.0;

/// So many steps raw writes together, if there are so many at once.
const TOGETHER: usize = 64;

/// The columns of an event that differ: its kind, its fields, its value.
type Row = (&'static str, Option<&'static str>, Option<&'static [u8]>);

/// Those of an item, and of the step that it is made for.
const ROWS: [Row; 5] = [
    ("STEP_OUTPUT", Some(r#"{"output":"result","key":"12345"}"#), Some(&[0xcd, 1, 2])),
    ("STEP_START", Some(r#"{"waited":{"secs":0,"nanos":1200}}"#), None),
    ("STEP_INPUT", Some(r#"{"input":"x"}"#), None),
    ("STEP_OUTPUT", Some(r#"{"output":"result"}"#), Some(&[0xcd, 1, 2])),
    ("STEP_SUCCESS", None, None),
];

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

fn main() {
    let short = !std::env::args().any(|argument| argument == "--bench");
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted));
    let (runs, chains, fans): (_, &[usize], &[usize]) =
        if short { (1, &[100], &[1_000]) } else { (RUNS, &[1_000, 10_000], &[10_000, 100_000]) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let bench = Bench { runtime: runtime.expect("a runtime"), runs, folder: scratch() };
    println!(
        "{:<44}{:>10}{:>9}{:>9}{:>8}{:>6}{:>8}{:>6}",
        "microseconds a step", "steps", "orch", "raw", "ratio", "bar", "bytes", "bar"
    );
    for (name, durability) in [("normal", Durability::Normal), ("full", Durability::Full)] {
        let chain_of = format!("{name}: chain / commit of one step");
        for &n in chains.iter().filter(|_| wanted(&chain_of)) {
            let mut bytes = 0;
            let (ours, raw) = bench.medians(
                n,
                || bench.steps(&chain(n), 2, durability, &mut bytes),
                || bench.raw(n, &ROWS[1..], 1, durability),
            );
            row(&chain_of, n, (ours, raw), Some(CHAIN), bytes);
        }
        for &n in fans {
            let fan = |slots: usize| {
                format!("{name}: fan-out, {slots} slots / commit of {} steps", slots.min(TOGETHER))
            };
            for slots in [2, 64, 256].into_iter().filter(|slots| wanted(&fan(*slots))) {
                let mut bytes = 0;
                let (ours, raw) = bench.medians(
                    n,
                    || bench.steps(&fan_out(n), slots, durability, &mut bytes),
                    || bench.raw(n, &ROWS, slots.min(TOGETHER), durability),
                );
                let bar = (slots >= TOGETHER).then_some(FAN_OUT);
                row(&fan(slots), n, (ours, raw), bar, bytes);
            }
        }
    }
    println!("\n{:<44}{:>10}{:>9}{:>6}", "milliseconds", "steps", "orch", "bar");
    let resume = "resume, until its first step begins";
    for &n in fans.iter().filter(|_| wanted(resume)) {
        let took = bench.resume(n).as_secs_f64() * 1e3;
        println!("{resume:<44}{n:>10}{took:>9.0}{RESUME:>6.0}");
    }
    std::fs::remove_dir_all(&bench.folder).expect("the folder was made here");
}

fn row(what: &str, n: usize, (orch, raw): (f64, f64), bar: Option<f64>, bytes: u64) {
    let (ratio, bytes) = (orch / raw, bytes as f64 / n as f64);
    let bar = bar.map(|bar| format!("{bar:.1}")).unwrap_or_default();
    println!("{what:<44}{n:>10}{orch:>9.1}{raw:>9.1}{ratio:>8.2}{bar:>6}{bytes:>8.0}{BYTES:>6.0}");
}

struct Bench {
    runtime: Runtime,
    runs: usize,
    folder: PathBuf,
}

impl Bench {
    /// Microseconds for one of `n` steps, of ours and of raw ones that take turns with them.
    fn medians(
        &self,
        n: usize,
        mut ours: impl FnMut() -> Duration,
        mut raw: impl FnMut() -> Duration,
    ) -> (f64, f64) {
        let (ours, raw) = std::iter::repeat_with(|| (ours(), raw())).take(self.runs).unzip();
        let median = |mut times: Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1e6 / n as f64
        };
        (median(ours), median(raw))
    }

    /// These rows for each of `n` steps, committed together for so many steps.
    fn raw(&self, n: usize, rows: &[Row], together: usize, durability: Durability) -> Duration {
        let file = self.folder.join("raw.db");
        let database = Connection::open(&file).expect("a database");
        let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
        database.pragma_update(None, "journal_mode", "WAL").expect("a mode");
        database.pragma_update(None, "synchronous", synchronous).expect("a level");
        let table = "CREATE TABLE event (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, step TEXT, \
                     attempt INTEGER NOT NULL, kind TEXT NOT NULL, fields TEXT, value BLOB)";
        database.execute(table, ()).expect("a table");
        let start = Instant::now();
        let mut number = 0_i64;
        for step in 0..n {
            if step % together == 0 {
                database.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
            }
            let name = format!("add[{step}]");
            let mut insert = database
                .prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                .expect("a statement");
            for (kind, fields, value) in rows {
                number += 1;
                let time = 1_763_000_000_000_000_000 + number;
                insert.execute((number, time, &name, 1, kind, fields, value)).expect("a row");
            }
            drop(insert);
            if step % together == together - 1 || step == n - 1 {
                database.execute_batch("COMMIT").expect("a commit");
            }
        }
        let took = start.elapsed();
        database.close().expect("closed");
        std::fs::remove_file(&file).expect("the file was made here");
        let _ = std::fs::remove_file(self.folder.join("raw.db-wal"));
        let _ = std::fs::remove_file(self.folder.join("raw.db-shm"));
        took
    }

    /// The time between the first and the last event of a run that is recorded.
    fn steps(&self, job: &Job, slots: usize, durability: Durability, bytes: &mut u64) -> Duration {
        let home = self.folder.join("home");
        let storage: Arc<dyn Storage> = Arc::new(Folder::open(&home, durability).expect("a folder"));
        let (start, end) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
        let (began, ended) = (Arc::clone(&start), Arc::clone(&end));
        let sink = move |event: &Event| {
            began.get_or_init(Instant::now);
            if let EventKind::RunSuccess = event.kind {
                ended.get_or_init(Instant::now);
            }
        };
        let runner = job.runner().max_concurrent(slots).sink(sink).record(&storage);
        let run = self.runtime.block_on(async { tokio::spawn(runner.run()).await.expect("no panic") });
        drop(run.expect("success"));
        drop(storage);
        *bytes = size(&home.join("runs"));
        std::fs::remove_dir_all(&home).expect("the folder was made here");
        *end.get().expect("an end") - *start.get().expect("a beginning")
    }
}

impl Bench {
    /// The time from the word to go on to the start of the first step, which takes all that the `n` before it have made.
    fn resume(&self, n: usize) -> Duration {
        let home = self.folder.join("home");
        let storage: Arc<dyn Storage> = Arc::new(Folder::open(&home, Durability::Normal).expect("a folder"));
        let definitions = Definitions::new().job(fan_out(n));
        // What a sink does not survive, the run does not either: it is interrupted before its last step.
        let stops = |event: &Event| {
            let last = event.step.as_ref().is_some_and(|step| step.name() == "count");
            assert!(!last, "as if the process were gone");
        };
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let runner =
            definitions.runner(&definitions.jobs()[0]).max_concurrent(64).sink(stops).record(&storage);
        let error = self.runtime.block_on(runner.run()).expect_err("it is interrupted");
        std::panic::set_hook(hook);
        let run = error.run().expect("it has begun").id();
        let start = Instant::now();
        let first = Arc::new(OnceLock::new());
        let began = Arc::clone(&first);
        let sink = move |event: &Event| {
            if matches!(event.kind, EventKind::StepStart { .. } | EventKind::StepRestarted { .. }) {
                began.get_or_init(Instant::now);
            }
        };
        let runner = definitions.resume(&storage, run).expect("it can go on").max_concurrent(64).sink(sink);
        drop(self.runtime.block_on(runner.run()).expect("success"));
        drop(storage);
        std::fs::remove_dir_all(&home).expect("the folder was made here");
        *first.get().expect("a start") - start
    }
}

/// A folder of this process alone, on the disk of the project: one in memory would flatter.
fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("durable-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { size(&path) } else { path.metadata().map_or(0, |m| m.len()) }).sum()
}
