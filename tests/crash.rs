//! A program that is killed by `kill -9` at each of its writes, and goes on. Its job has what is hard to go on with: sources
//! within sources, retries, steps that are skipped, one that fails, values that are files, values that live in memory alone.

mod backfills;
mod canceled;
mod killed;
mod outcome;

use std::env;
use std::sync::Arc;

use orch::define::Cancel;
use orch::event::{Event, RunStatus};
use orch::ids::RunId;
use orch::prelude::*;
use orch::run::RunErrorKind;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};

use self::killed::{At, Case, HOME};
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
async fn doubled(amount: u64, ctx: Context) -> u64 {
    if canceled::hangs(ctx.step()) {
        std::future::pending::<()>().await;
    }
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
    let Some(home) = env::var_os(HOME) else { return };
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
    let runner = runner.cancel(cancel).sink(move |event: &Event| {
        if canceled::is_the_time(event) {
            token.cancel();
        }
    });
    if let Err(error) = runner.run_blocking() {
        let expected = matches!(error.kind(), RunErrorKind::Failed { .. } | RunErrorKind::Canceled { .. });
        assert!(expected, "{error}");
    }
}

/// The run undisturbed.
fn expected() -> (Outcome, Vec<String>) {
    let case = Case::new("child", "whole", &[]);
    let boundaries = case.undisturbed();
    (Outcome::read(&case.home, RUN), boundaries)
}

#[test]
fn killed_at_each_write_it_goes_on_to_the_same_end() {
    let (expected, boundaries) = expected();
    assert_eq!(expected.status, RunStatus::Failure);
    assert!(expected.steps.len() >= 60, "{} steps", expected.steps.len());
    assert!(expected.values.contains_key("report result"), "the report is kept");
    let case = Case::new("child", "each", &[]);
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        assert_eq!(Outcome::read(&case.home, RUN), expected, "{place}");
    };
    case.killed_at_each(&boundaries, |_| {}, look);
}

#[test]
fn killed_several_times_it_goes_on_to_the_same_end() {
    let (expected, boundaries) = expected();
    let case = Case::new("child", "again", &[]);
    let mut random = 7_usize;
    for round in 0..12 {
        let mut kills = Vec::new();
        for _ in 0..3 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            kills.push(1 + (random >> 33) % boundaries.len());
        }
        for &number in &kills {
            case.live(Some(At { number, name: None }), None);
        }
        assert!(case.live(None, None).success(), "round {round}, killed at {kills:?}");
        assert_eq!(Outcome::read(&case.home, RUN), expected, "round {round}, killed at {kills:?}");
        case.clear();
    }
}
