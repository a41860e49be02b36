//! A backfill whose process is killed at any of its writes goes on to the end that it would have come to, and makes nothing twice.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::Arc;

use orch::asset::MaterializationQuery;
use orch::backfill::{BackfillEvent, BackfillStatus};
use orch::define::Cancel;
use orch::ids::BackfillId;
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::run::InProgress;
use orch::storage::{ReadAssets as _, ReadBackfills as _, ReadRuns as _, RunQuery, RunState, Storage};
use orch_sqlite::{Durability, Folder};

use crate::killed::{At, Case};

/// Set if what was lost is found again.
const FOUND: &str = "BACKFILL_FOUND";

/// Set if the backfill is to be canceled.
const CANCELED: &str = "BACKFILL_CANCEL";

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-04").into()
    }
}

#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

/// Of the third day it is lost, unless it was found again.
#[asset(partitions = Daily)]
fn revenue(sold: i64) -> Result<i64> {
    let is_found = env::var_os(FOUND).is_some();
    if sold == 3 && !is_found { Err("it is lost".into()) } else { Ok(sold * 10) }
}

#[asset(partitions = Daily)]
fn growth(
    revenue: i64,
    #[from(revenue)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> i64 {
    revenue - before.values().sum::<i64>()
}

#[asset]
fn total(#[mapped(PartitionMapping::all())] growth: &Partitions<i64>) -> i64 {
    growth.values().sum()
}

const ID: BackfillId = BackfillId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);

/// The program that is killed.
pub(crate) fn live(home: &Path) {
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = Definitions::new().assets(assets![sold, revenue, growth, total]);
    let (cancels, again) = (env::var_os(CANCELED).is_some(), env::var_os(FOUND).is_some());
    let backfill = match storage.backfill(ID) {
        Err(_) => {
            let job = definitions.materialize(&"*".parse().expect("a selection"));
            definitions.backfill(definitions.runner(&job).partition("*")).id(ID).launch(&storage)
        }
        Ok(record) if record.marks.canceled.is_some() => definitions.cancel_backfill(&storage, ID),
        // It was killed after its last mark.
        Ok(record) if record.marks.ended.is_some() && (!again || !record.marks.again.is_empty()) => return,
        Ok(record) if again && record.marks.again.is_empty() => definitions.retry_backfill(&storage, ID),
        Ok(_) => definitions.resume_backfill(&storage, ID),
    };
    let cancel = Cancel::new();
    let token = cancel.clone();
    let backfill = backfill.expect("nobody holds it").cancel(cancel).watch(move |event| {
        if cancels
            && matches!(event, BackfillEvent::Begins { makes, .. } if makes.partitions == Some("2024-01-02"))
        {
            token.cancel();
        }
    });
    backfill.run_blocking().expect("it is driven");
}

/// What became of a backfill, without what differs from run to run.
#[derive(Debug, PartialEq)]
struct Became {
    state: RunState,
    assets: Vec<String>,
    failed: Vec<String>,
    /// The digest of each partition's latest value.
    data: BTreeMap<String, String>,
    /// How many runs each unit had.
    runs: BTreeMap<String, usize>,
}

impl Became {
    fn read(home: &Path) -> Self {
        let folder = Folder::open(home, Durability::Normal).expect("a folder");
        let status = BackfillStatus::read(&folder, ID).expect("it is kept");
        assert_eq!(folder.backfill_holder(ID).expect("it is known"), None);
        let assets = status.assets.iter().map(|asset| format!("{asset:?}")).collect();
        let failed =
            status.failed.iter().map(|failed| format!("{:?} {:?}", failed.assets, failed.partitions));
        let facts = folder.materializations(&MaterializationQuery::default()).expect("the facts");
        let data = facts.iter().rev().map(|fact| {
            let key = format!("{}[{}]", fact.asset, fact.partition.as_deref().unwrap_or_default());
            (key, fact.data_version.as_deref().unwrap_or_default().to_owned())
        });
        let mut runs = BTreeMap::new();
        for run in folder.runs(&RunQuery::default()).expect("the runs") {
            assert!(run.status.is_terminal(), "nothing is left under way");
            *runs.entry(run.unit().expect("it is of the backfill").1.to_string()).or_default() += 1;
        }
        Self { state: status.state, assets, failed: failed.collect(), data: data.collect(), runs }
    }
}

const PROGRAM: &str = "backfill";

/// What becomes of it undisturbed, and the names of the boundaries that it passes.
fn undisturbed(case: &Case) -> (Became, Vec<String>) {
    let boundaries = case.undisturbed();
    (Became::read(&case.home), boundaries)
}

pub(crate) fn killed_at_each_write_it_goes_on_to_the_same_end() {
    let case = Case::new(PROGRAM, "each", &[]);
    let (expected, boundaries) = undisturbed(&case);
    assert_eq!(expected.state, RunState::Failure);
    assert_eq!(expected.runs.len(), 5, "three days, and the growth of two: {:?}", expected.runs);
    for at in ["before backfill.write", "before backfill.mark", "before run.folder"] {
        assert!(boundaries.iter().any(|name| name == at), "{at} is passed");
    }
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        assert_eq!(Became::read(&case.home), expected, "{place}");
    };
    case.killed_at_each(&boundaries, |_| {}, look);
}

pub(crate) fn killed_while_failed_ones_are_made_again_it_goes_on_to_the_same_end() {
    let (failed, case) = (Case::new(PROGRAM, "failed", &[]), Case::new(PROGRAM, "again", &[FOUND]));
    failed.undisturbed();
    let failed_before = |home: &Path| {
        let folder = Folder::open(&failed.home, Durability::Normal).expect("a folder");
        folder.backup(home).expect("it can be copied");
    };
    failed_before(&case.home);
    let (expected, boundaries) = undisturbed(&case);
    assert_eq!(expected.state, RunState::Success);
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        assert_eq!(Became::read(&case.home), expected, "{place}");
    };
    case.killed_at_each(&boundaries, failed_before, look);
}

pub(crate) fn killed_while_it_is_being_canceled_it_ends_as_canceled() {
    let case = Case::new(PROGRAM, "cancel", &[CANCELED]);
    let (expected, boundaries) = undisturbed(&case);
    assert_eq!(expected.state, RunState::Canceled);
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        let became = Became::read(&case.home);
        assert_eq!(became.state, RunState::Canceled, "{place}");
        assert!(became.runs.values().all(|runs| *runs == 1), "{place}: {:?}", became.runs);
    };
    case.killed_at_each(&boundaries, |_| {}, look);
}

pub(crate) fn killed_it_has_nothing_in_progress() {
    let case = Case::new(PROGRAM, "progress", &[]);
    let at = At { number: 2, name: Some("before journal.commit") };
    assert!(!case.live(Some(at), None).success(), "it is killed");
    let folder = Folder::open(&case.home, Durability::Normal).expect("a folder");
    let mut run = folder.runs(&RunQuery::default()).expect("the runs").pop().expect("one that has begun");
    assert_eq!(RunState::look(&folder, &mut run).expect("it is known"), RunState::Interrupted);
    assert_eq!(InProgress::read(&folder, &folder).expect("the runs").runs().count(), 0);
    assert!(case.live(None, None).success(), "it goes on");
}
