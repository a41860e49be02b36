//! Backfills from the terminal: launched, looked at, gone on with, canceled.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::backfill::Backfill;
use orch_core::event::RunStatus;
use orch_core::storage::{Memory, RunQuery, Storage, Unit};

use super::super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-20").into()
    }
}

/// Whether the log of the fourth day was found again.
struct Found(bool);

#[asset]
fn visits(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day()) * 10
}

#[asset(partitions = Daily)]
fn errors(visits: i64, found: Res<Found>) -> Result<i64> {
    if visits == 40 && !found.0 { Err(Failure::new("the log of that day is lost")) } else { Ok(visits / 7) }
}

#[asset]
fn worst(
    #[mapped(orch::partition::PartitionMapping::all().allow_missing())] errors: &Partitions<i64>,
) -> i64 {
    errors.values().copied().max().unwrap_or_default()
}

fn site(found: bool) -> Definitions {
    Definitions::new().assets(assets![visits, errors, worst]).resource(Found(found))
}

/// A folder that is none, seen when all of its runs are years old.
pub(super) fn around() -> Around {
    let homes = Homes::Given(Arc::new(Memory::new()));
    Around { env: EnvVars::none(), now: || "2030-01-01T00:00:00Z".parse().expect("a time"), homes }
}

pub(super) fn session(around: &Around, found: bool, args: &str) -> String {
    without_age(&super::shop::without_lines(&session_around(around, || Ok(site(found)), args)))
}

/// How many days ago something was depends on the present.
pub(super) fn without_age(told: &str) -> String {
    let told = told.lines().map(|line| match line.find("d ago") {
        Some(at) => {
            let number = line[..at].rfind(' ').map_or(0, |before| before + 1);
            format!("{}_{}", &line[..number], &line[at..])
        }
        None => line.trim_end().to_owned(),
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_backfill_is_launched_looked_at_and_gone_on_with() {
    let around = around();
    let launch = "backfill launch --all --partition 2024-01-03..2024-01-05";
    insta::assert_snapshot!(session(&around, false, &format!("{launch} --dry-run --per 2")), @r"
    exit 0
    --- stdout
    3 runs of
      visits: 3 partitions
      errors: 3 partitions
      worst: 1 partition
    ");
    insta::assert_snapshot!(session(&around, false, "backfill list"), @r"
    exit 0
    --- stderr
    there are no backfills
    ");
    insta::assert_snapshot!(session(&around, false, launch), @r"
    exit 1
    --- stderr
    backfill <run> of 4 runs, recorded in memory
    done     visits, errors 2024-01-03, 3 runs left
    failed   visits, errors 2024-01-04, run <run>
    done     visits, errors 2024-01-05, 0 runs left
    backfill <run>: failure
    asset   asked for  done  failed  excluded
    visits  3          3
    errors  3          2     1
    worst   1                        1

    failed      assets  run                                   why
    2024-01-04  errors  <run>  `errors[2024-01-04]` failed: the log of that day is lost
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
    insta::assert_snapshot!(session(&around, false, "backfill status latest"), @r"
    exit 0
    --- stdout
    backfill <run>: failure
    asset   asked for  done  failed  excluded
    visits  3          3
    errors  3          2     1
    worst   1                        1

    failed      assets  run                                   why
    2024-01-04  errors  <run>  `errors[2024-01-04]` failed: the log of that day is lost
    ");
    insta::assert_snapshot!(session(&around, false, "backfill list"), @r"
    exit 0
    --- stdout
    backfill                              status   when       assets                 partitions              done
    <run>  failure  _d ago  visits, errors, worst  2024-01-03..2024-01-05  5 of 7
    ");
    insta::assert_snapshot!(session(&around, true, "backfill resume latest"), @"
    exit 2
    --- stderr
    error: nothing is left to be done of the backfill <run>
    hint: what failed can be made again: `backfill retry-failed <run>`
    ");
    insta::assert_snapshot!(session(&around, true, "backfill retry-failed latest --verbose"), @r"
    exit 0
    --- stderr
    backfill <run> of 4 runs, recorded in memory
    begun    visits, errors 2024-01-04, run <run>
    done     visits, errors 2024-01-04, 1 run left
    begun    worst, run <run>
    done     worst, 0 runs left
    backfill <run>: success
    asset   asked for  done
    visits  3          3
    errors  3          3
    worst   1          1
    ");
    insta::assert_snapshot!(session(&around, true, "backfill retry-failed latest"), @"
    exit 2
    --- stderr
    error: nothing of the backfill <run> has failed
    hint: look at it: `backfill status <run>`
    ");
    insta::assert_snapshot!(session(&around, true, "backfill cancel latest"), @r"
    exit 2
    --- stderr
    error: the backfill <run> is over: success
    hint: there is nothing to cancel
    ");
    let json = session(&around, true, "backfill status latest --json");
    let from = json.find("\"assets\"").expect("they are told");
    insta::assert_snapshot!(&json[from..], @r#"
    "assets": [
        {
          "asset": "visits",
          "asked": 3,
          "done": 3,
          "under_way": 0,
          "failed": 0,
          "excluded": 0,
          "left": 0,
          "canceled": 0
        },
        {
          "asset": "errors",
          "asked": 3,
          "done": 3,
          "under_way": 0,
          "failed": 0,
          "excluded": 0,
          "left": 0,
          "canceled": 0
        },
        {
          "asset": "worst",
          "asked": 1,
          "done": 1,
          "under_way": 0,
          "failed": 0,
          "excluded": 0,
          "left": 0,
          "canceled": 0
        }
      ],
      "failed": [],
      "under_way": [],
      "removed": {}
    }
    "#);
    let listed = session(&around, true, "backfill list --json");
    assert!(listed.contains("\"state\":\"success\""), "{listed}");
}

#[test]
fn one_that_nobody_drives_is_canceled_by_this_command() {
    let around = around();
    let Homes::Given(storage) = &around.homes else { unreachable!("it is given") };
    let storage: Arc<dyn Storage> = Arc::clone(storage);
    let definitions = site(true);
    let job = definitions.materialize(&"visits".parse().expect("a selection"));
    let asked = definitions.runner(&job).partition("2024-01-03..2024-01-05");
    let launched = definitions.backfill(asked).launch(&storage).map(|backfill: Backfill<'_>| backfill.id());
    launched.expect("it is launched");
    insta::assert_snapshot!(session(&around, true, "backfill status latest"), @r"
    exit 0
    --- stdout
    backfill <run>: interrupted
    asset   asked for  left
    visits  3          3
    --- stderr
    hint: nobody drives it: `program backfill resume <run>` goes on with it
    ");
    insta::assert_snapshot!(session(&around, true, "backfill cancel latest"), @r"
    exit 0
    --- stderr
    the backfill <run> is canceled
    backfill <run>: canceled
    asset   asked for  canceled
    visits  3          3
    ");
    insta::assert_snapshot!(session(&around, true, "backfill resume latest"), @r"
    exit 2
    --- stderr
    error: the backfill <run> was canceled: no run of it is made any more
    hint: launch another one for what is left: `backfill launch ..`
    ");
    assert!(session(&around, true, "runs").contains("there are no runs"));
}

#[test]
fn what_is_wrong_is_said_before_anything_is_launched() {
    let around = around();
    insta::assert_snapshot!(session(&around, false, "backfill launch --partition latest"), @r"
    exit 2
    --- stderr
    error: which assets?
    hint: name some, `program backfill launch ASSET --partition ..`, or take all, `--all`; `program assets list` shows them
    ");
    insta::assert_snapshot!(session(&around, false, "backfill launch visit --partition latest"), @r"
    exit 2
    --- stderr
    error: no asset fits `key:visit`, at column 1
      visit
      ^^^^^
      hint: did you mean `visits`? keys: errors, visits, worst
    ");
    insta::assert_snapshot!(session(&around, false, "backfill launch visits"), @r#"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `visits` has partitions, and the run is not told for which it is
      --> src/cli/tests/assets/backfill.rs:_ (the asset)
      hint: name them: `--partition 2024-01-19` is one, `--partition 2024-01-01..2024-01-19` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-19")`
    "#);
    insta::assert_snapshot!(session(&around, false, "backfill launch visits --partition latest --per 0"), @r"
    exit 2
    --- stderr
    error: invalid value '0' for '--per <PARTITIONS>': write 1 or more

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(session(&around, false, "backfill launch visits --partition latest --tags a=1,a=2"), @r"
    exit 2
    --- stderr
    error: the tag `a` is given twice
    hint: keep one: `--tags a=..`
    ");
    insta::assert_snapshot!(session(&around, false, "backfill status latest"), @r"
    exit 2
    --- stderr
    error: there are no backfills
    hint: `program backfill list` lists the backfills there are
    ");
    insta::assert_snapshot!(session(&around, false, "backfill status 0190"), @r"
    exit 2
    --- stderr
    error: there is no backfill whose identifier begins with `0190`
    hint: `program backfill list` lists the backfills there are
    ");
    insta::assert_snapshot!(session(&around, false, "backfill list"), @r"
    exit 0
    --- stderr
    there are no backfills
    ");
}

#[test]
fn a_run_of_one_that_nobody_drives_goes_on_and_tells_of_the_others() {
    let around = around();
    let Homes::Given(storage) = &around.homes else { unreachable!("it is given") };
    let storage: Arc<dyn Storage> = Arc::clone(storage);
    let definitions = site(true);
    let job = definitions.materialize(&"visits".parse().expect("a selection"));
    let asked = |partitions: &str| definitions.runner(&job).partition(partitions);
    let launched = definitions.backfill(asked("2024-01-03..2024-01-05")).launch(&storage);
    let backfill = launched.map(|backfill: Backfill<'_>| backfill.id()).expect("it is launched");
    // As if its process had died when the first run began.
    let raw: Arc<dyn Storage> = Arc::new(Memory::new());
    asked("2024-01-03").record(&raw).run_blocking().expect("it succeeds");
    let mut begun = raw.runs(&RunQuery::default()).expect("a run").remove(0);
    begun.tags = Unit { group: 0, chunk: 0 }.tags(backfill);
    begun.status = RunStatus::Running;
    drop(storage.create(&begun, &raw.pinned(begun.id).expect("its plan")).expect("it is recorded"));
    let told = session(&around, true, "resume latest --progress none");
    insta::assert_snapshot!(told, @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized visits[2024-01-03]
    hint: this was one run of the backfill <run>; `program backfill resume <run>` goes on with it
    ");
}
