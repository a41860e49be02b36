//! What a durable log costs, beside the same rows written by rusqlite alone, in one run:
//!
//!     cargo bench -p orch-sqlite --bench log
//!
//! A step is four events: its start, its input, its output with a small value, its success. One that materializes an asset
//! has four too, and what it tells of the asset is put beside the list of runs. Prints a table of microseconds
//! a step, each the median of several runs that take turns with their yardstick, the ratio to it, and how large the
//! database has become; then what reading back and listing cost. What a figure is to stay below, its bar, stands beside it. A
//! bench is a look at the machine and no test: nothing here fails.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orch_core::asset::{AssetKey, MaterializationQuery};
use orch_core::event::{Detail, Encoded, Entry, Event, EventKind, RunView};
use orch_core::ids::RunId;
use orch_core::storage::conformance::{asset, pinned, step};
use orch_core::storage::{ReadAssets, ReadRuns, Row, RunQuery, RunRecord, WriteEvents, WriteRuns};
use orch_sqlite::{Durability, Folder};
use rusqlite::Connection;

const SQL: &str = "INSERT INTO event (number, time, step, attempt, kind, fields, sum, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

/// In how many milliseconds an instance with 10,000 runs is to be opened and the newest 50 listed.
const LIST: &str = "20";

/// As long as most are.
const SUM: i64 = 0x1234_5678;

fn main() {
    // `cargo test` and `cargo bench -- --test` only want to see that it builds and runs.
    let short = !std::env::args().any(|argument| argument == "--bench");
    let (runs, scale) = if short { (1, 100) } else { (5, 1) };
    println!(
        "\n{:<34}{:>10}{:>10}{:>10}{:>8}{:>14}",
        "microseconds a step", "steps", "orch", "rusqlite", "ratio", "bytes a step"
    );
    let (normal, full) = (Durability::Normal, Durability::Full);
    let (a_step, an_asset): (Step, Step) = (|run, n| step(run, n).into(), an_asset);
    for (name, durability, steps, commit, of) in [
        ("normal, 1 step a commit", normal, 20_000, 1, a_step),
        ("normal, 1 asset a commit", normal, 20_000, 1, an_asset),
        ("normal, 64 steps a commit", normal, 100_000, 64, a_step),
        ("normal, 64 assets a commit", normal, 100_000, 64, an_asset),
        ("full, 1 step a commit", full, 4_000, 1, a_step),
        ("full, 1 asset a commit", full, 4_000, 1, an_asset),
        ("full, 64 steps a commit", full, 100_000, 64, a_step),
    ] {
        let (steps, mut ours, mut raw, mut bytes) = (steps / scale, Vec::new(), Vec::new(), 0);
        for _ in 0..runs {
            let home = Home::new();
            let written = home.write(durability, steps, commit, of);
            ours.push(written.elapsed);
            bytes = fs::metadata(written.file).map_or(0, |file| file.len());
            raw.push(home.raw(durability, steps, commit, of));
        }
        let each = |times: &mut [Duration]| median(times).as_secs_f64() * 1e6 / steps as f64;
        let (ours, raw, bytes) = (each(&mut ours), each(&mut raw), bytes / steps);
        println!("{name:<34}{steps:>10}{ours:>10.2}{raw:>10.2}{:>8.2}{bytes:>14}", ours / raw);
    }

    println!("\n{:<34}{:>10}{:>10}{:>6}", "milliseconds", "of", "", "bar");
    let steps = 100_000 / scale;
    let home = Home::new();
    let run = home.write(normal, steps, 64, a_step).run;
    let mut read: Vec<_> = (0..runs).map(|_| home.read(run)).collect();
    println!("{:<34}{:>10}{:>10.1}", "read all events", steps * 4, milliseconds(&mut read));
    let listed = 10_000 / scale;
    home.fill(listed);
    let mut list: Vec<_> = (0..runs).map(|_| home.list()).collect();
    println!(
        "{:<34}{listed:>10}{:>10.2}{LIST:>6}",
        "open, and list the newest 50 runs",
        milliseconds(&mut list)
    );
    let mut make: Vec<_> = (0..20).map(|_| home.make()).collect();
    println!("{:<34}{:>10}{:>10.2}", "make a run", 1, milliseconds(&mut make));

    let (home, facts) = (Home::new(), ASSETS * 100 / scale);
    home.write(normal, facts, 64, an_asset);
    for (name, query) in home.questions() {
        let mut asked: Vec<_> = (0..runs).map(|_| home.ask(&query)).collect();
        println!("{name:<34}{facts:>10}{:>10.2}", milliseconds(&mut asked));
    }
    let mut assets: Vec<_> = (0..runs).map(|_| home.assets()).collect();
    println!("{:<34}{facts:>10}{:>10.2}", "all assets, each with its latest", milliseconds(&mut assets));
}

/// A folder of its own, removed at the end.
struct Home(PathBuf);

struct Written {
    run: RunId,
    file: PathBuf,
    elapsed: Duration,
}

impl Home {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self, durability: Durability) -> Folder {
        Folder::open(&self.0, durability).expect("a folder")
    }

    fn make_in(&self, folder: &Folder) -> (RunRecord, Box<dyn WriteEvents>) {
        let run = RunRecord::new(RunId::new(), "bench", [].into(), jiff::Timestamp::now());
        let writer = folder.create(&run, &pinned()).expect("a run");
        (run, writer)
    }

    fn write(&self, durability: Durability, steps: u64, commit: u64, of: Step) -> Written {
        let (RunRecord { id: run, .. }, mut writer) = self.make_in(&self.open(durability));
        let batches = batches(run, steps, commit, of);
        let elapsed = timed(|| {
            for batch in &batches {
                writer.commit(batch).expect("a commit");
            }
        });
        drop(writer);
        let file = self.0.join(format!("runs/{run}/run.db"));
        Written { run, file, elapsed }
    }

    /// The same rows, made beforehand, by rusqlite alone and in the same way.
    fn raw(&self, durability: Durability, steps: u64, commit: u64, of: Step) -> Duration {
        let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
        let raw = Connection::open(self.0.join("raw.db")).expect("a database");
        raw.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
            CREATE TABLE event (
                number INTEGER PRIMARY KEY, time INTEGER NOT NULL, step TEXT, attempt INTEGER NOT NULL,
                kind TEXT NOT NULL, fields TEXT, sum INTEGER NOT NULL, value BLOB
            ) STRICT;"
        ))
        .expect("a table");
        let (mut row, mut number) = (Row::default(), 0);
        let mut rows = |entry: &Entry| {
            let Entry { event, value } = entry;
            let (kind, fields) = row.write(&event.kind).expect("a row");
            number += 1;
            let time = i64::try_from(event.time.as_nanosecond()).expect("a time");
            let step = event.step.as_ref().map(ToString::to_string);
            let value = value.as_ref().map(Encoded::bytes).map(<[u8]>::to_vec);
            (number, time, step, event.attempt, kind, fields.map(str::to_owned), value)
        };
        let batches = batches(RunId::new(), steps, commit, of);
        let batches: Vec<Vec<_>> =
            batches.iter().map(|batch| batch.iter().map(&mut rows).collect()).collect();
        timed(|| {
            for batch in &batches {
                raw.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).expect("begun");
                let mut insert = raw.prepare_cached(SQL).expect("a statement");
                for (number, time, step, attempt, kind, fields, value) in batch {
                    insert.execute((number, time, step, attempt, kind, fields, SUM, value)).expect("a row");
                }
                raw.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).expect("committed");
            }
        })
    }

    fn read(&self, run: RunId) -> Duration {
        let folder = self.open(Durability::Normal);
        timed(|| {
            let mut count = 0_u64;
            let mut each = |_| {
                count += 1;
                ControlFlow::Continue(())
            };
            folder.events(run).and_then(|events| events.events(0, false, &mut each)).expect("the events");
            assert!(count > 0);
        })
    }

    /// Makes so many runs that are over.
    fn fill(&self, runs: u64) {
        let folder = self.open(Durability::Normal);
        for _ in 0..runs {
            let (mut run, mut writer) = self.make_in(&folder);
            let end = Event::new(run.created, run.id, None, 0, EventKind::RunSuccess);
            run.tell(&RunView::of(Detail::Counts, [&end]));
            writer.commit(&[end.into()]).expect("a commit");
            writer.update(&run).expect("a line");
        }
    }

    fn list(&self) -> Duration {
        timed(|| {
            let query = RunQuery { limit: Some(50), ..RunQuery::default() };
            assert_eq!(self.open(Durability::Normal).runs(&query).expect("a list").len(), 50);
        })
    }

    /// What is asked of materializations.
    fn questions(&self) -> [(&'static str, MaterializationQuery); 3] {
        let of = || MaterializationQuery { limit: Some(50), ..MaterializationQuery::default() };
        let asset: Option<AssetKey> = key(7).parse().ok();
        let run = self.open(Durability::Normal).runs(&RunQuery::default()).expect("a list")[0].id;
        [
            ("the newest 50 of an asset", MaterializationQuery { asset: asset.clone(), ..of() }),
            ("the newest of an asset", MaterializationQuery { asset, limit: Some(1), ..of() }),
            ("the newest 50 of a run", MaterializationQuery { run: Some(run), ..of() }),
        ]
    }

    fn ask(&self, query: &MaterializationQuery) -> Duration {
        let folder = self.open(Durability::Normal);
        timed(|| assert!(!folder.materializations(query).expect("the facts").is_empty()))
    }

    fn assets(&self) -> Duration {
        let folder = self.open(Durability::Normal);
        timed(|| assert!(!folder.assets().expect("the assets").is_empty()))
    }

    fn make(&self) -> Duration {
        let folder = self.open(Durability::Normal);
        timed(|| drop(self.make_in(&folder)))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The events of a step.
type Step = fn(RunId, u64) -> Vec<Entry>;

/// How many assets there are.
const ASSETS: u64 = 10_000;

/// One of them after the other.
fn an_asset(run: RunId, number: u64) -> Vec<Entry> {
    asset(run, number, &key(number), None)
}

fn key(number: u64) -> String {
    format!("warehouse/orders_{}", number % ASSETS)
}

fn batches(run: RunId, steps: u64, commit: u64, of: Step) -> Vec<Vec<Entry>> {
    let steps: Vec<u64> = (0..steps).collect();
    steps.chunks(commit as usize).map(|steps| steps.iter().flat_map(|n| of(run, *n)).collect()).collect()
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(times: &mut [Duration]) -> f64 {
    median(times).as_secs_f64() * 1e3
}
