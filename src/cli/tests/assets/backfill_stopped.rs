//! One run of a backfill that is canceled: it ends, and the backfill goes on.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::event::RunStatus;
use orch_core::storage::{ReadRuns as _, RunQuery};

use super::super::*;
use super::backfill::without_age;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-20").into()
    }
}

/// Tells that the fourth day has begun, which then hangs.
struct Hangs(Option<Sender<()>>);

#[asset]
async fn visits(day: &Partition<Daily>, hangs: Res<Hangs>) -> i64 {
    let day = day.window().start.day();
    if let (4, Some(begun)) = (day, &hangs.0) {
        let _ = begun.send(());
        std::future::pending::<()>().await;
    }
    i64::from(day) * 10
}

#[asset]
fn worst(#[mapped(PartitionMapping::all().allow_missing())] visits: &Partitions<i64>) -> i64 {
    visits.values().copied().max().unwrap_or_default()
}

#[test]
fn one_run_that_is_canceled_leaves_its_backfill_to_go_on() {
    let storage = Arc::new(Memory::new());
    let homes = Homes::Given(Arc::clone(&storage) as Arc<dyn orch_core::storage::Storage>);
    let around = Around { homes, ..Around::of(EnvVars::none()) };
    let site = |hangs| Ok(Definitions::new().assets(assets![visits, worst]).resource(Hangs(hangs)));
    let ask = |hangs, args: &str| {
        let here = format!("process {} on", std::process::id());
        let told = session_around(&around, || site(hangs), args).replace(&here, "process 4242 on");
        without_age(&super::shop::without_lines(&told))
    };
    let (begins, begun) = channel();
    let (driven, canceled) = thread::scope(|scope| {
        let launch = "backfill launch --all --partition 2024-01-03..2024-01-05 --max-concurrent 1";
        let driven = scope.spawn(|| ask(Some(begins), launch));
        begun.recv().expect("the day begins");
        let runs = storage.runs(&RunQuery::default()).expect("runs");
        let run = runs.iter().find(|run| run.status == RunStatus::Running).expect("one is under way");
        let canceled = ask(None, &format!("cancel {}", run.id));
        (driven.join().expect("no panic"), canceled)
    });
    insta::assert_snapshot!(canceled, @"
    exit 0
    --- stderr
    asked process 4242 on `this machine` to end this run alone; it drives the backfill <run>, which goes on
    the run <run> is canceled
    hint: what is made of it does not begin; `program backfill retry-failed <run>` makes it after all
    ");
    insta::assert_snapshot!(driven, @"
    exit 1
    --- stderr
    backfill <run> of 4 runs, recorded in memory
    done     visits 2024-01-03, 3 runs left
    canceled visits 2024-01-04, run <run>
    done     visits 2024-01-05, 0 runs left
    backfill <run>: failure
    asset   asked for  done  failed  excluded
    visits  3          2     1
    worst   1                        1

    failed      assets  run                                   why
    2024-01-04  visits  <run>  canceled
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
    let again = ask(None, "backfill retry-failed latest");
    insta::assert_snapshot!(again.lines().take(12).collect::<Vec<_>>().join("\n"), @"
    exit 0
    --- stderr
    backfill <run> of 4 runs, recorded in memory
    done     visits 2024-01-04, 1 run left
    done     worst, 0 runs left
    backfill <run>: success
    asset   asked for  done
    visits  3          3
    worst   1          1
    ");
}
