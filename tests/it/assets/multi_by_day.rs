//! Several assets of one step that have partitions: what is passed over of them, given, and taken by runs that go on.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use orch::config::EnvVars;
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::run::{Making, Rerun, Runner};

use super::memo::standings;
use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

/// So many rows the third day has.
static THIRD: AtomicI64 = AtomicI64::new(3);

/// Whether counting fails.
static FAILS: AtomicBool = AtomicBool::new(false);

/// What is there by day is seen in no source: it is made anew where it is asked for.
#[asset]
fn rows(day: &Partition<Daily>, context: Context) -> Vec<i64> {
    let day = i64::from(day.window().start.day());
    let rows = if day == 3 { THIRD.load(Ordering::Relaxed) } else { day };
    context.set_data_version(rows.to_string());
    (0..rows).collect()
}

#[derive(Outputs)]
struct Split {
    #[asset]
    odd: Vec<i64>,
    #[asset]
    even: Optional<Vec<i64>>,
}

#[multi_asset(partitions = Daily, code_version = "1")]
fn split(rows: &[i64]) -> Split {
    let of = |rest: i64| rows.iter().copied().filter(|row| row % 2 == rest).collect::<Vec<_>>();
    Split { odd: of(1), even: Some(of(0)).into() }
}

#[asset(partitions = Daily, code_version = "1")]
fn counted(odd: &[i64], even: &[i64]) -> Result<usize> {
    if FAILS.load(Ordering::Relaxed) {
        return Err("not now".into());
    }
    Ok(odd.len() + even.len())
}

/// Of all days that there are; what it takes is not the first that its step makes.
#[asset(code_version = "1")]
fn evens(#[mapped(PartitionMapping::all().allow_missing())] even: &Partitions<Vec<i64>>) -> usize {
    even.values().map(Vec::len).sum()
}

const DAYS: &str = "2024-01-02..2024-01-04";

/// What became of the steps of a run: made, or in parentheses passed over.
fn told(run: &Run) -> String {
    let ended = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref().filter(|step| step.branch().is_some())?;
        match event.kind.name() {
            "STEP_SUCCESS" => Some(step.to_string()),
            "STEP_MEMOIZED" => Some(format!("({step})")),
            "STEP_FAILURE" => Some(format!("{step} failed")),
            _ => None,
        }
    });
    ended.collect::<Vec<_>>().join(" ").replace("2024-01-", "")
}

#[test]
fn of_each_day_all_that_one_step_makes_is_passed_over_given_and_taken_together() {
    let definitions = Definitions::new().assets(assets![rows, odd, even, counted]);
    let storage = storage();
    let runner = |selection: &str| {
        let job = definitions.materialize(&selection.parse().expect("a selection"));
        let runner = definitions.runner(&job).partition(DAYS).max_concurrent(1).record(&storage);
        runner.keep_events().keep_outputs()
    };
    let succeeds = |runner: Runner| told(&runner.run_blocking().expect("it succeeds"));

    // Where one of the two was not asked for, the step is to make both.
    insta::assert_snapshot!(succeeds(runner("rows or odd").memoize()), @"rows[02] split[02] rows[03] split[03] rows[04] split[04]");
    insta::assert_snapshot!(succeeds(runner("odd").memoize()), @"read_rows[02] (split[02]) read_rows[03] (split[03]) read_rows[04] (split[04])");
    insta::assert_snapshot!(succeeds(runner("* and not rows").memoize()), @"read_rows[02] split[02] counted[02] read_rows[03] split[03] counted[03] read_rows[04] split[04] counted[04]");
    insta::assert_snapshot!(succeeds(runner("* and not rows").memoize()), @"read_rows[02] (split[02]) (counted[02]) read_rows[03] (split[03]) (counted[03]) read_rows[04] (split[04]) (counted[04])");

    // A day that is something else is made anew, and no other.
    THIRD.store(8, Ordering::Relaxed);
    insta::assert_snapshot!(succeeds(runner("rows").partition("2024-01-03")), @"rows[03]");
    insta::assert_snapshot!(succeeds(runner("* and not rows").memoize()), @"read_rows[02] (split[02]) (counted[02]) read_rows[03] split[03] counted[03] read_rows[04] (split[04]) (counted[04])");

    // A run that failed behind what it has passed over takes it again.
    THIRD.store(9, Ordering::Relaxed);
    succeeds(runner("rows").partition("2024-01-03"));
    FAILS.store(true, Ordering::Relaxed);
    let failed = runner("* and not rows").memoize().run_blocking().expect_err("it fails");
    let failed = failed.run().expect("it has begun");
    insta::assert_snapshot!(told(failed), @"read_rows[02] (split[02]) (counted[02]) read_rows[03] split[03] counted[03] failed read_rows[04] (split[04]) (counted[04])");
    FAILS.store(false, Ordering::Relaxed);
    let again = definitions.rerun(&storage, failed.id(), Rerun::FromFailure).expect("it failed");
    insta::assert_snapshot!(succeeds(again.keep_events()), @"counted[03]");

    // Of what is there nothing is made, and of a step of which one is missing both are.
    let elsewhere: Arc<dyn Storage> = Arc::new(Memory::new());
    let of_days = |selection: &str, days: &str| runner(selection).partition(days).record(&elsewhere);
    succeeds(of_days("rows or odd", "2024-01-02..2024-01-03"));
    succeeds(of_days("even", "2024-01-03"));
    // That is told before.
    let all = runner("*").env(EnvVars::none());
    let standings = standings(&definitions, all.recipes().expect("they are known"), &elsewhere);
    let selected = vec![true; definitions.asset_graph().assets().len()];
    let asked = all.partitions().expect("they are told");
    let to_make = standings.to_make_of(&selected, Making::Missing, &asked);
    let days = to_make.partitions.iter().map(|(number, set)| {
        let asset = &definitions.asset_graph().assets()[*number];
        let days = standings.partitions(asset.key()).expect("it has some").keyspace();
        format!("{} {}", asset.key(), days.show(set))
    });
    insta::assert_snapshot!(days.collect::<Vec<_>>().join("; ").replace("2024-01-", ""), @"rows 04; odd 02, 04; even 02, 04; counted 02..04");
    insta::assert_snapshot!(succeeds(of_days("*", DAYS).only_missing()), @"split[02] counted[02] counted[03] rows[04] split[04] counted[04]");
    insta::assert_snapshot!(succeeds(of_days("*", DAYS).only_missing()), @"");
}

#[test]
fn who_takes_days_of_any_of_them_finds_those_that_were_passed_over() {
    let definitions = Definitions::new().assets(assets![rows, odd, even, evens]);
    let storage = storage();
    let go = |selection: &str, partition: Option<&str>| {
        let job = definitions.materialize(&selection.parse().expect("a selection"));
        let runner = definitions.runner(&job).max_concurrent(1).record(&storage).keep_events().keep_outputs();
        partition.into_iter().fold(runner, Runner::partition)
    };
    let days = Some("2024-01-05..2024-01-06");
    let first = go("*", days).run_blocking().expect("it succeeds");
    let again = go("* and not rows", days).memoize().run_blocking().expect("it succeeds");
    assert_eq!((*first.output::<evens>(), *again.output::<evens>()), (6, 6));
    insta::assert_snapshot!(told(&again), @"read_rows[05] (split[05]) read_rows[06] (split[06])");
    let other = Definitions::new().assets(assets![rows, odd, even, later::evens]);
    let job = other.materialize(&"* and not rows".parse().expect("a selection"));
    let runner = other.runner(&job).partition("2024-01-05..2024-01-06").max_concurrent(1).record(&storage);
    let changed = runner.keep_events().keep_outputs().memoize().run_blocking().expect("it succeeds");
    insta::assert_snapshot!(told(&changed), @"read_rows[05] (split[05]) read_rows[06] (split[06])");
    assert_eq!(*changed.output::<later::evens>(), 12);
}

mod later {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn evens(
        #[mapped(PartitionMapping::all().allow_missing())] even: &Partitions<Vec<i64>>,
    ) -> usize {
        2 * even.values().map(Vec::len).sum::<usize>()
    }
}
