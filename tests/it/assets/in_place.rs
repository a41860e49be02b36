//! What lies where an IO manager has stored an asset: what it was, something else, or nothing.

mod moved;
mod read;
mod since;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use orch::ids::RunId;
use orch::io::{DATA_VERSION, Found, IoManager, Metadata, OutputAt, STAMP};
use orch::partition::{ByKey, Partitioning, PartitionsDefinition};
use orch::prelude::*;
use orch::run::{LatestFacts, Run, RunError, Standings};
use orch::storage::{RunQuery, Storage};

use super::storage;

/// Knows numbers again by what they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf(Arc<Mutex<BTreeMap<String, i64>>>);

impl Shelf {
    pub(super) fn put(&self, place: &str, number: Option<i64>) {
        let mut shelf = self.0.lock().expect("not poisoned");
        match number {
            Some(number) => shelf.insert(place.to_owned(), number),
            None => shelf.remove(place),
        };
    }

    pub(super) fn get(&self, place: &str) -> Option<i64> {
        self.0.lock().expect("not poisoned").get(place).copied()
    }
}

impl IoManager<i64> for Shelf {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        self.put(&at.relative_path(), Some(*number));
        let told = [DATA_VERSION, STAMP].map(|name| (name.to_owned(), number.to_string().into()));
        Ok(told.into())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.get(&at.relative_path()).ok_or_else(|| Failure::new("it is not on the shelf"))
    }

    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found> {
        Ok(match self.get(&at.relative_path()) {
            Some(number) if number.to_string() == stamp => Found::Same,
            Some(_) => Found::Other,
            None => Found::Nothing,
        })
    }
}

struct Daily;

impl Partitioning for Daily {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["mon", "tue"])
    }
}

#[asset(io = "shelf", code_version = "1")]
fn stock() -> i64 {
    7
}

#[asset(code_version = "1")]
fn report(stock: i64) -> i64 {
    stock * 2
}

#[asset(partitions = Daily, io = "shelf", code_version = "1")]
fn sold(day: &Partition<Daily>) -> i64 {
    day.key().as_str().len() as i64
}

#[asset(code_version = "1")]
fn total(sold: &Partitions<i64>) -> i64 {
    sold.values().sum()
}

fn definitions(shelf: &Shelf) -> Definitions {
    let definitions = Definitions::new().assets(assets![stock, report, sold, total]);
    definitions.io::<i64>("shelf", shelf.clone())
}

/// Makes what is asked for, or of all what is not as it would be made; the runs are numbered.
fn materialize(definitions: &Definitions, storage: &Arc<dyn Storage>, what: &str) -> Result<Run, RunError> {
    let job = definitions.materialize(&what.parse().expect("a selection"));
    let runs = storage.runs(&RunQuery::default()).expect("the runs that there are").len();
    let runner = definitions.runner(&job).run_id(RunId::from_u128(runs as u128 + 1)).max_concurrent(1);
    let runner = runner.keep_events().record(storage);
    if what == "*" { runner.memoize().partition("*").run_blocking() } else { runner.run_blocking() }
}

/// What a run has made.
fn made(run: &Run) -> Vec<String> {
    let told = run.events().iter().filter(|event| event.kind.name() == "ASSET_MATERIALIZATION");
    told.filter_map(|event| event.step.as_ref().map(ToString::to_string)).collect()
}

/// How all assets stand, and their partitions.
fn stand(definitions: &Definitions, storage: &Arc<dyn Storage>) -> String {
    let graph = definitions.asset_graph();
    let runner = definitions.runner(&definitions.materialize(&"*".parse().expect("all")));
    let mut latest = LatestFacts::read(&**storage, graph).expect("what is known");
    assert!(runner.look(&mut latest).expect("it is planned").is_empty());
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let standings = Standings::of(graph, runner.recipes().expect("it is configured"), &latest, now);
    let stands = graph.assets().iter().map(|asset| match standings.partitions(asset.key()) {
        Some(of) => {
            format!(
                "{}: missing {:?}, changed {:?}",
                asset.key(),
                of.missing(),
                of.changed().collect::<Vec<_>>()
            )
        }
        None => format!("{}: {:?}", asset.key(), standings.get(asset.key()).expect("it is of the program")),
    });
    stands.collect::<Vec<_>>().join("\n")
}

/// All is made, and then something else lies on the shelf without a word, or nothing.
fn replaced(place: &str, number: Option<i64>) -> (Definitions, Arc<dyn Storage>) {
    let (shelf, storage) = (Shelf::default(), storage());
    let definitions = definitions(&shelf);
    materialize(&definitions, &storage, "*").expect("it succeeds");
    shelf.put(place, number);
    (definitions, storage)
}

#[test]
fn what_lies_where_it_was_stored_is_taken() {
    let (definitions, storage) = replaced("elsewhere", Some(1));
    insta::assert_snapshot!(stand(&definitions, &storage), @r"
    stock: Fresh
    report: Fresh
    sold: missing 0 {}, changed []
    total: Fresh
    ");
    assert_eq!(made(&materialize(&definitions, &storage, "*").expect("it succeeds")), [""; 0]);
}

#[test]
fn what_nobody_has_told_of_is_not_taken() {
    let (definitions, storage) = replaced("stock", Some(8));
    let refused = materialize(&definitions, &storage, "report and not stock").expect_err("it is another");
    insta::assert_snapshot!(refused, @r"
    the run of `materialize` failed: 1 step
    `report`: the asset `stock` cannot be loaded
      caused by: `stock` was stored by the run 00000000-0000-0000-0000-000000000001, and something else lies in its place now
      hint: have it made anew: `materialize stock`
    ");
    let (definitions, storage) = replaced("sold/partition=tue", None);
    let refused = materialize(&definitions, &storage, "total").expect_err("it is gone");
    insta::assert_snapshot!(refused, @r"
    the run of `materialize` failed: 1 step
    `read_sold`: `sold[tue]` cannot be read
      caused by: `sold[tue]` was stored by the run 00000000-0000-0000-0000-000000000001, and nothing lies in its place any more
      hint: have it made anew: `materialize sold --partition 'tue'`
    ");
}

#[test]
fn it_is_made_anew_and_what_is_made_of_it_stays_if_it_comes_out_the_same() {
    let (definitions, storage) = replaced("stock", Some(8));
    insta::assert_snapshot!(stand(&definitions, &storage), @r#"
    stock: Lost(Other)
    report: Behind(AssetKey("stock"))
    sold: missing 0 {}, changed []
    total: Fresh
    "#);
    assert_eq!(made(&materialize(&definitions, &storage, "*").expect("it succeeds")), ["stock"]);
    assert!(stand(&definitions, &storage).contains("stock: Fresh"));
    let (definitions, storage) = replaced("sold/partition=tue", None);
    insta::assert_snapshot!(stand(&definitions, &storage), @r#"
    stock: Fresh
    report: Fresh
    sold: missing 1 {1}, changed [(1, Lost(Nothing))]
    total: Behind(AssetKey("sold"))
    "#);
    assert_eq!(made(&materialize(&definitions, &storage, "*").expect("it succeeds")), ["sold[tue]"]);
}

/// So many that they are looked at by several at once.
struct Numbered;

impl Partitioning for Numbered {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of((0..200).map(|number| format!("n{number}")))
    }
}

#[asset(partitions = Numbered, io = "shelf", code_version = "1")]
fn counted() -> i64 {
    1
}

#[test]
fn of_many_partitions_each_is_looked_at() {
    let (shelf, storage) = (Shelf::default(), storage());
    let definitions = Definitions::new().assets(assets![counted]).io::<i64>("shelf", shelf.clone());
    materialize(&definitions, &storage, "*").expect("it succeeds");
    let runner = definitions.runner(&definitions.materialize(&"*".parse().expect("all")));
    let lost = || {
        let mut latest = LatestFacts::read(&*storage, definitions.asset_graph()).expect("what is known");
        assert!(runner.look(&mut latest).expect("it is planned").is_empty());
        let lost = latest.lost.into_iter().map(|((_, partition), found)| format!("{partition:?} {found:?}"));
        lost.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(lost(), "");
    for (number, lies) in [(0, Some(2)), (70, None), (199, Some(2))] {
        shelf.put(&format!("counted/partition=n{number}"), lies);
    }
    insta::assert_snapshot!(lost(), @r#"Some("n0") Other, Some("n199") Other, Some("n70") Nothing"#);
}

/// Looks in one place when it is looked in two.
#[derive(Default)]
struct Slow {
    shelf: Shelf,
    looks: Mutex<usize>,
    another: Condvar,
}

impl IoManager<i64> for Slow {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        self.shelf.store(at, number)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.shelf.load(at)
    }

    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found> {
        let mut looks = self.looks.lock().expect("not poisoned");
        *looks += 1;
        self.another.notify_all();
        // Without another it is a failure in place of a test that does not end.
        let waited = self.another.wait_timeout_while(looks, Duration::from_secs(60), |looks| *looks < 2);
        drop(waited.expect("not poisoned").0);
        match *self.looks.lock().expect("not poisoned") {
            2 => self.shelf.look(at, stamp),
            _ => Err(Failure::new("nobody looks elsewhere")),
        }
    }
}

#[asset(io = "shelf", code_version = "1")]
fn ordered() -> i64 {
    1
}

#[test]
fn several_assets_are_looked_at_at_once() {
    let (shelf, storage) = (Shelf::default(), storage());
    let slow = Slow { shelf: shelf.clone(), ..Slow::default() };
    let definitions = Definitions::new().assets(assets![stock, ordered]).io::<i64>("shelf", slow);
    let all = definitions.materialize(&"*".parse().expect("all"));
    definitions.runner(&all).record(&storage).run_blocking().expect("it succeeds");
    shelf.put("ordered", None);
    let mut latest = LatestFacts::read(&*storage, definitions.asset_graph()).expect("what is known");
    assert!(definitions.runner(&all).look(&mut latest).expect("it is planned").is_empty());
    insta::assert_debug_snapshot!(latest.lost, @r#"
    {
        (
            AssetKey(
                "ordered",
            ),
            None,
        ): Nothing,
    }
    "#);
}

/// Keeps what it is given, and is not to be reached when someone looks.
#[derive(Clone, Default)]
struct Far {
    shelf: Shelf,
    asked: Arc<AtomicUsize>,
}

impl IoManager<i64> for Far {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        self.shelf.store(at, number)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.shelf.load(at)
    }

    fn look(&self, _: &OutputAt<'_>, _: &str) -> Result<Found> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(Failure::new("connection refused").context("`s3://sales` cannot be reached"))
    }
}

#[test]
fn where_nobody_can_look_it_is_told_and_not_asked_again_for_each_partition() {
    let (far, storage) = (Far::default(), storage());
    let definitions = Definitions::new().assets(assets![sold]).io::<i64>("shelf", far.clone());
    materialize(&definitions, &storage, "*").expect("it succeeds");
    let runner = definitions.runner(&definitions.materialize(&"*".parse().expect("all")));
    let mut latest = LatestFacts::read(&*storage, definitions.asset_graph()).expect("what is known");
    let failures = runner.look(&mut latest).expect("it is planned");
    insta::assert_debug_snapshot!(failures, @r"
    [
        whether `sold` still lies where it was stored is not known here
          caused by: `s3://sales` cannot be reached
          caused by: connection refused,
    ]
    ");
    assert_eq!((far.asked.load(Ordering::Relaxed), latest.lost.len()), (1, 0));
}
