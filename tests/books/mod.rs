//! The job whose program is killed. It has what is hard to go on with: sources within sources, retries, steps that are skipped, one
//! that fails, values that are files, values that live in memory alone, and steps in processes of their own.

use std::path::Path;
use std::sync::Arc;

use orch::define::Cancel;
use orch::event::Event;
use orch::ids::RunId;
use orch::partition::{BySet, Partitioning, PartitionsDefinition};
use orch::prelude::*;
use orch::run::{RunErrorKind, Runner};
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};

use crate::canceled;

/// One of many that are made of nothing, so that they are as they were when they are made anew. They stay in a process of their own,
/// from which each is asked for.
#[op(isolate, retry(max = 6))]
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

/// The totals that were audited: a set that the instance holds.
struct Audited;

impl Partitioning for Audited {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("audited")
    }
}

/// Fails for good for one. It has a process of its own too, to which it is sent, which asks for what the instance holds, and which may
/// be killed.
#[op(isolate, retry(max = 6))]
async fn audit(total: u64, ctx: Context) -> Result<u64> {
    tracing::info!(total, "looks");
    ctx.partitions::<Audited>().add([total.to_string()])?;
    if canceled::hangs(ctx.step()) {
        std::future::pending::<()>().await;
    }
    if total == 75 { Err(Failure::new("not that much").not_retryable()) } else { Ok(total) }
}

/// So large that it becomes a file.
#[op]
fn archive(totals: &[u64]) -> Vec<u64> {
    totals.iter().flat_map(|&total| vec![total; 6_000]).collect()
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
pub(crate) fn books() {
    let totals = regions().map(|region| {
        let sold = shops(region).map(sales);
        let large = sold.map(large).map(doubled);
        large.collect();
        total(sold.collect())
    });
    let audits = totals.map(audit);
    report(archive(totals.collect()), audits.collect_results());
}

pub(crate) fn definitions() -> Definitions {
    Definitions::new().job(books())
}

/// Where there are such, its steps have processes of their own.
pub(crate) fn apart(runner: Runner) -> Runner {
    if cfg!(unix) { runner } else { runner.in_process() }
}

pub(crate) const RUN: RunId = RunId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// The program that is killed: it begins the run, or goes on with it.
pub(crate) fn live(home: &Path) {
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = definitions();
    let runner = match storage.run(RUN) {
        // It was killed after its last event.
        Ok(run) if run.status.is_terminal() => return,
        // A run of which nothing was pinned yet has not begun.
        Ok(_) => definitions.resume(&storage, RUN).expect("it can be taken up"),
        Err(_) => definitions.runner(&definitions.jobs()[0]).run_id(RUN).record(&storage),
    };
    let cancel = Cancel::new();
    let token = cancel.clone();
    let runner = apart(runner).cancel(cancel).sink(move |event: &Event| {
        if canceled::is_the_time(event) {
            token.cancel();
        }
    });
    if let Err(error) = runner.run_blocking() {
        let expected = matches!(error.kind(), RunErrorKind::Failed { .. } | RunErrorKind::Canceled { .. });
        assert!(expected, "{error}");
    }
}
