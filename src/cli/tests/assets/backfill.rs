//! Backfills from the terminal: launched, looked at, gone on with, canceled.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::backfill::Backfill;
use orch_core::storage::{Memory, Storage};

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
fn around() -> Around {
    let homes = Homes::Given(Arc::new(Memory::new()));
    Around { env: EnvVars::none(), now: || "2030-01-01T00:00:00Z".parse().expect("a time"), homes }
}

fn session(around: &Around, found: bool, args: &str) -> String {
    let told = session_around(around, || Ok(site(found)), args);
    // How many days ago depends on the present.
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
    insta::assert_snapshot!(session(&around, false, &format!("{launch} --dry-run --per 2")), @"");
    insta::assert_snapshot!(session(&around, false, "backfill list"), @"");
    insta::assert_snapshot!(session(&around, false, launch), @"");
    insta::assert_snapshot!(session(&around, false, "backfill status latest"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill list"), @"");
    insta::assert_snapshot!(session(&around, true, "backfill resume latest"), @"");
    insta::assert_snapshot!(session(&around, true, "backfill retry-failed latest --verbose"), @"");
    insta::assert_snapshot!(session(&around, true, "backfill retry-failed latest"), @"");
    insta::assert_snapshot!(session(&around, true, "backfill cancel latest"), @"");
    let json = session(&around, true, "backfill status latest --json");
    let from = json.find("\"assets\"").expect("they are told");
    insta::assert_snapshot!(&json[from..], @"");
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
    insta::assert_snapshot!(session(&around, true, "backfill status latest"), @"");
    insta::assert_snapshot!(session(&around, true, "backfill cancel latest"), @"");
    insta::assert_snapshot!(session(&around, true, "backfill resume latest"), @"");
    assert!(session(&around, true, "runs").contains("there are no runs"));
}

#[test]
fn what_is_wrong_is_said_before_anything_is_launched() {
    let around = around();
    insta::assert_snapshot!(session(&around, false, "backfill launch --partition latest"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill launch visit --partition latest"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill launch visits"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill launch visits --partition latest --per 0"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill launch visits --partition latest --tags a=1,a=2"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill status latest"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill status 0190"), @"");
    insta::assert_snapshot!(session(&around, false, "backfill list"), @"");
}
