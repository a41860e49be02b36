//! A program that is killed by `kill -9` at each of its writes, and goes on.
//!
//! The writes are numbered by the program itself: each passes a boundary before and after it. The child is this test
//! binary, with one test alone. Its job has what is hard to go on with: sources within sources, retries, steps that are
//! skipped, one that fails, values that are files, values that live in memory alone.

mod backfills;
mod outcome;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::{env, fs};

use orch::define::Cancel;
use orch::event::{Event, EventKind, RunStatus, StepState};
use orch::ids::RunId;
use orch::prelude::*;
use orch::run::RunErrorKind;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};

use self::outcome::Outcome;

/// One of many that are made of nothing, so that they are as they were when they are made anew.
#[op]
fn regions() -> Dynamic<String> {
    Dynamic::from_iter(["north", "east", "south", "west"].map(|name| (name, name.to_owned())))
}

/// In memory alone: serde cannot write it.
#[derive(Clone)]
struct Shop {
    region: String,
    number: u32,
}

#[op]
fn shops(region: &str) -> Dynamic<Shop> {
    let region = region.to_owned();
    let count = if region == "west" { 0 } else { 5 };
    Dynamic::from_values((0..count).map(move |number| Shop { region: region.clone(), number }))
}

/// Fails at first for some.
#[op(retry(max = 4))]
fn sales(shop: &Shop, ctx: Context) -> Result<u64> {
    let amount = u64::from(shop.number + 1) * shop.region.len() as u64;
    if ctx.attempt() == 1 && shop.number == 1 { Err("the shop does not answer".into()) } else { Ok(amount) }
}

/// Skipped for what is sold little of.
#[op]
fn large(amount: u64) -> Optional<u64> {
    Optional::from((amount > 5).then_some(amount))
}

#[op]
async fn doubled(amount: u64) -> u64 {
    amount * 2
}

#[op]
fn total(amounts: &[u64]) -> u64 {
    amounts.iter().sum()
}

/// Fails for good for one.
#[op]
fn audit(total: u64) -> Result<u64> {
    if total == 75 { Err("not that much".into()) } else { Ok(total) }
}

/// So large that it becomes a file.
#[op]
fn archive(totals: &[u64]) -> Vec<u64> {
    totals.iter().flat_map(|&total| vec![total; 3_000]).collect()
}

#[op]
fn report(archive: &[u64], audits: Vec<Keyed<Result<u64, StepFailure>>>) -> String {
    let audits = audits.into_iter().map(|audit| match audit.value {
        Ok(total) => format!("{} {total}", audit.key),
        Err(failure) => format!("{} {failure}", audit.key),
    });
    format!("{} {:?}", archive.iter().sum::<u64>(), audits.collect::<Vec<_>>())
}

#[job(max_concurrent = 2)]
fn books() {
    let totals = regions().map(|region| {
        let sold = shops(region).map(sales);
        let large = sold.map(large).map(doubled);
        large.collect();
        total(sold.collect())
    });
    let audits = totals.map(audit);
    report(archive(totals.collect()), audits.collect_results());
}

const RUN: RunId = RunId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// The program that is killed; nothing unless this binary calls itself.
#[test]
fn child() {
    let Some(home) = env::var_os("CRASH_HOME") else { return };
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = Definitions::new().job(books());
    let runner = match storage.run(RUN) {
        // It was killed after its last event.
        Ok(run) if run.status.is_terminal() => return,
        // A run of which nothing was pinned yet has not begun.
        Ok(_) => definitions.resume(&storage, RUN).expect("it can be taken up"),
        Err(_) => definitions.runner(&definitions.jobs()[0]).run_id(RUN).record(&storage),
    };
    let cancel = Cancel::new();
    let token = cancel.clone();
    let cancels = env::var("CRASH_CANCEL").is_ok();
    let runner = runner.cancel(cancel).sink(move |event: &Event| {
        let done = matches!(event.kind, EventKind::StepSuccess);
        if cancels && done && event.step.as_ref().is_some_and(|step| step.name() == "sales") {
            token.cancel();
        }
    });
    if let Err(error) = runner.run_blocking() {
        let expected = matches!(error.kind(), RunErrorKind::Failed { .. } | RunErrorKind::Canceled { .. });
        assert!(expected, "{error}");
    }
}

/// How often a run is begun that is to come to a boundary.
const TRIES: usize = 20;

struct Case {
    home: PathBuf,
    cancels: bool,
}

impl Case {
    fn new(name: &str, cancels: bool) -> Self {
        let home =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{name}-{}", std::process::id()));
        Self { home, cancels }
    }

    /// Runs the program; it is killed at the boundary of this number, if it gets there.
    fn live(&self, crash: Option<usize>, log: Option<&Path>) -> ExitStatus {
        let mut child = Command::new(env::current_exe().expect("this binary"));
        child.args(["--exact", "child", "--test-threads=1"]).env("CRASH_HOME", &self.home);
        child.envs(crash.map(|number| ("ORCH_CRASH_AT", number.to_string())));
        child.envs(log.map(|file| ("ORCH_CRASH_LOG", file)));
        child.envs(self.cancels.then_some(("CRASH_CANCEL", "1")));
        child.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it can be started")
    }

    fn outcome(&self) -> Outcome {
        Outcome::read(&self.home, RUN)
    }

    fn clear(&self) {
        if self.home.exists() {
            fs::remove_dir_all(&self.home).expect("the folder was made here");
        }
    }

    /// The undisturbed run, and the names of the boundaries that it passes.
    fn undisturbed(&self) -> (Outcome, Vec<String>) {
        let log = self.home.with_extension("log");
        assert!(self.live(None, Some(&log)).success(), "the program runs");
        let passed = taken(&log);
        let outcome = self.outcome();
        self.clear();
        (outcome, passed)
    }

    /// Has the program killed at the boundary of this number; says whether it was. What happens while a commit is made is
    /// in the next, so that a run may be over before it has passed so many.
    fn is_killed(&self, at: usize) -> bool {
        let log = self.home.with_extension("log");
        for _ in 0..TRIES {
            let killed = !self.live(Some(at), Some(&log)).success();
            let passed = taken(&log).len();
            if killed {
                assert_eq!(passed, at, "it is killed at once");
                return true;
            }
            assert!(passed < at, "it passed {passed} boundaries and was not killed at {at}");
            self.clear();
        }
        false
    }
}

/// What was written there, which is gone then.
fn taken(log: &Path) -> Vec<String> {
    let lines = fs::read_to_string(log).expect("the log is there");
    fs::remove_file(log).expect("it was made here");
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn killed_at_each_write_it_goes_on_to_the_same_end() {
    let case = Case::new("each", false);
    let (expected, boundaries) = case.undisturbed();
    assert_eq!(expected.status, RunStatus::Failure);
    assert!(expected.steps.len() >= 60, "{} steps", expected.steps.len());
    assert!(expected.values.contains_key("report result"), "the report is kept");
    for (at, name) in (1..).zip(&boundaries) {
        let killed = case.is_killed(at);
        assert!(killed || at + 20 > boundaries.len(), "boundary {at} of {} is not met", boundaries.len());
        assert!(case.live(None, None).success(), "it goes on after {at} ({name})");
        assert_eq!(case.outcome(), expected, "killed at {at} ({name})");
        case.clear();
    }
}

#[test]
fn killed_several_times_it_goes_on_to_the_same_end() {
    let case = Case::new("again", false);
    let (expected, boundaries) = case.undisturbed();
    let mut random = 7_usize;
    for round in 0..12 {
        let mut kills = Vec::new();
        for _ in 0..3 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            kills.push(1 + (random >> 33) % boundaries.len());
        }
        for at in &kills {
            case.live(Some(*at), None);
        }
        assert!(case.live(None, None).success(), "round {round}, killed at {kills:?}");
        assert_eq!(case.outcome(), expected, "round {round}, killed at {kills:?}");
        case.clear();
    }
}

#[test]
fn killed_while_it_is_being_canceled_it_ends_as_canceled() {
    let case = Case::new("cancel", true);
    let (expected, boundaries) = case.undisturbed();
    assert_eq!(expected.status, RunStatus::Canceled);
    for at in (1..=boundaries.len()).step_by(3) {
        case.live(Some(at), None);
        assert!(case.live(None, None).success(), "it goes on after {at}");
        let outcome = case.outcome();
        assert_eq!(outcome.status, RunStatus::Canceled, "killed at {at}");
        let under_way = outcome.steps.values().any(|state| matches!(state, StepState::Running));
        assert!(!under_way, "killed at {at}");
        case.clear();
    }
}
