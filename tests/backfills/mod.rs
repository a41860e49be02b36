//! A backfill whose process is killed at any of its writes goes on to the end that it would have come to, and makes nothing twice.

mod plain;
mod wide;

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::Arc;

use orch::asset::MaterializationQuery;
use orch::backfill::{BackfillEvent, BackfillStatus};
use orch::define::Cancel;
use orch::ids::BackfillId;
use orch::prelude::*;
use orch::run::InProgress;
use orch::storage::{ReadAssets as _, ReadBackfills as _, ReadRuns as _, RunQuery, RunState, Storage};
use orch_sqlite::{Durability, Folder};

use crate::killed::{At, Case};

/// Set if what was lost is found again.
const FOUND: &str = "BACKFILL_FOUND";

/// Set if the backfill is to be canceled.
const CANCELED: &str = "BACKFILL_CANCEL";

/// What a backfill makes, and how.
pub(crate) struct Shape {
    /// The name of the program.
    pub(crate) program: &'static str,
    definitions: fn(&Path) -> Definitions,
    /// For how many partitions a run is, and how many are under way at once.
    per: u64,
    max_concurrent: usize,
    /// It is canceled when a run for these begins.
    canceled_at: &'static str,
    /// How many runs its units have when something has failed, and when that is made again.
    runs: &'static [(&'static str, usize)],
    again: &'static [(&'static str, usize)],
    /// Copies what it keeps beside the instance.
    copy: fn(&Path, &Path),
}

/// All of them.
pub(crate) const SHAPES: [&Shape; 2] = [&plain::SHAPE, &wide::SHAPE];

const ID: BackfillId = BackfillId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);

/// The program that is killed.
pub(crate) fn live(home: &Path, shape: &Shape) {
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = (shape.definitions)(home);
    let (cancels, again) = (env::var_os(CANCELED).is_some(), env::var_os(FOUND).is_some());
    let backfill = match storage.backfill(ID) {
        Err(_) => {
            let job = definitions.materialize(&"*".parse().expect("a selection"));
            let backfill = definitions.backfill(definitions.runner(&job).partition("*")).id(ID);
            backfill.per(shape.per).max_concurrent(shape.max_concurrent).launch(&storage)
        }
        Ok(record) if record.marks.canceled.is_some() => definitions.cancel_backfill(&storage, ID),
        // It was killed after its last mark.
        Ok(record) if record.marks.ended.is_some() && (!again || !record.marks.again.is_empty()) => return,
        Ok(record) if again && record.marks.again.is_empty() => definitions.retry_backfill(&storage, ID),
        Ok(_) => definitions.resume_backfill(&storage, ID),
    };
    let cancel = Cancel::new();
    let token = cancel.clone();
    let at = Some(shape.canceled_at);
    let backfill = backfill.expect("nobody holds it").cancel(cancel).watch(move |event| {
        if cancels && matches!(event, BackfillEvent::Begins { makes, .. } if makes.partitions == at) {
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

/// What becomes of it undisturbed, and the names of the boundaries that it passes.
fn undisturbed(case: &Case) -> (Became, Vec<String>) {
    let boundaries = case.undisturbed();
    (Became::read(&case.home), boundaries)
}

fn runs(told: &[(&str, usize)]) -> BTreeMap<String, usize> {
    told.iter().map(|(unit, runs)| ((*unit).to_owned(), *runs)).collect()
}

pub(crate) fn killed_at_each_write_it_goes_on_to_the_same_end(shape: &Shape) {
    let case = Case::new(shape.program, "each", &[]);
    let (expected, boundaries) = undisturbed(&case);
    assert_eq!(expected.state, RunState::Failure);
    assert_eq!(expected.runs, runs(shape.runs));
    for at in ["before backfill.write", "before backfill.mark", "before run.folder"] {
        assert!(boundaries.iter().any(|name| name == at), "{at} is passed");
    }
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        assert_eq!(Became::read(&case.home), expected, "{place}");
    };
    case.killed_at_each(&boundaries, |_| {}, look);
}

pub(crate) fn killed_while_failed_ones_are_made_again_it_goes_on_to_the_same_end(shape: &Shape) {
    let failed = Case::new(shape.program, "failed", &[]);
    let case = Case::new(shape.program, "again", &[FOUND]);
    failed.undisturbed();
    let failed_before = |home: &Path| {
        let folder = Folder::open(&failed.home, Durability::Normal).expect("a folder");
        folder.backup(home).expect("it can be copied");
        (shape.copy)(&failed.home, home);
    };
    failed_before(&case.home);
    let (expected, boundaries) = undisturbed(&case);
    assert_eq!(expected.state, RunState::Success);
    assert_eq!(expected.runs, runs(shape.again));
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        assert_eq!(Became::read(&case.home), expected, "{place}");
    };
    case.killed_at_each(&boundaries, failed_before, look);
}

pub(crate) fn killed_while_it_is_being_canceled_it_ends_as_canceled(shape: &Shape) {
    let case = Case::new(shape.program, "cancel", &[CANCELED]);
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
    let case = Case::new(plain::SHAPE.program, "progress", &[]);
    let at = At { number: 2, name: Some("before journal.commit") };
    assert!(!case.live(Some(at), None).success(), "it is killed");
    let folder = Folder::open(&case.home, Durability::Normal).expect("a folder");
    let mut run = folder.runs(&RunQuery::default()).expect("the runs").pop().expect("one that has begun");
    assert_eq!(RunState::look(&folder, &mut run).expect("it is known"), RunState::Interrupted);
    assert_eq!(InProgress::read(&folder, &folder).expect("the runs").runs().count(), 0);
    assert!(case.live(None, None).success(), "it goes on");
}
