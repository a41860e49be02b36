//! Assets with partitions of several kinds, and what they are asked for of.

use orch::partition::{
    ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions, Weekday,
};
use orch::prelude::*;
use orch_core::io::{IoManager, Metadata, OutputAt};

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-02-05").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").weekday(Weekday::Monday).into()
    }
}

struct Hourly;

impl Partitioning for Hourly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::hourly("2024-01-01T00:00").into()
    }
}

/// The files of others.
struct Folder;

impl IoManager<u64> for Folder {
    fn store(&self, _: &OutputAt<'_>, _: &u64) -> Result<Metadata, Failure> {
        Err(Failure::new("others write them"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<u64, Failure> {
        let day = at.asset.and_then(|asset| asset.partition).map_or("", |day| day.key());
        day[8..].parse().map_err(|_| Failure::new("no such file"))
    }
}

/// A file for each day.
#[external_asset(partitions = Daily, io = "folder")]
fn raw() -> u64;

#[asset(partitions = Daily)]
fn sales(raw: u64) -> u64 {
    raw
}

/// What was sold the day before.
#[asset(partitions = Daily)]
fn returns(#[mapped(PartitionMapping::time_window(-1, -1))] raw: Option<u64>) -> u64 {
    raw.unwrap_or_default()
}

#[asset(partitions = Weekly)]
fn week(raw: &Partitions<u64>) -> u64 {
    raw.values().sum()
}

/// Of the same, by way of nothing that is read.
#[asset(partitions = Weekly, deps = [raw])]
fn letter(week: &Partition<Weekly>) -> String {
    week.key().to_string()
}

#[asset_observation(asset = raw)]
fn written(day: &Partition<Daily>) -> DataVersion {
    DataVersion::new(day.key())
}

#[external_asset(partitions = Hourly, io = "folder")]
fn visits() -> u64;

#[asset_observation(asset = visits)]
fn counted(hour: &Partition<Hourly>) -> DataVersion {
    DataVersion::new(hour.key())
}

#[asset(partitions = Hourly)]
fn peak(visits: u64) -> u64 {
    visits
}

fn unobserved() -> Definitions {
    Definitions::new().assets(assets![raw, sales, returns, week, letter]).io::<u64>("folder", Folder)
}

fn observed() -> Definitions {
    unobserved().observations(observations![written])
}

fn with_hours() -> Definitions {
    let more = assets![visits, peak];
    observed().assets(more).observations(observations![counted])
}

/// Which partitions there are after a command.
fn made(program: impl Fn() -> Definitions, args: &str) -> String {
    let kept = Shop::empty();
    let told = kept.session(program(), args);
    let exit = told.lines().next().unwrap_or_default().to_owned();
    let told = if exit == "exit 0" { exit } else { told };
    let made = |key: &str| {
        let said = kept.session(program(), &format!("assets partitions {key} --state materialized"));
        said.lines().nth(2).map(|set| format!("\n{key}: {set}"))
    };
    let keys = ["sales", "returns", "week", "letter"];
    told + &keys.into_iter().filter_map(made).collect::<String>()
}

#[test]
fn what_is_made_of_an_external_asset_is_asked_for_of_that() {
    let one = made(unobserved, "materialize sales week --partition 2024-01-01..2024-01-14");
    insta::assert_snapshot!(one, @"
    exit 0
    sales: 2024-01-01..2024-01-14
    returns: no partition of `returns` is materialized
    week: 2024-01-01..2024-01-08
    letter: no partition of `letter` is materialized
    ");
    assert_eq!(made(unobserved, "materialize +sales +week --partition 2024-01-01..2024-01-14"), one);
    insta::assert_snapshot!(made(observed, "materialize +sales +week --partition 2024-01-01..2024-01-14"), @"
    exit 0
    sales: 2024-01-01..2024-01-14
    returns: no partition of `returns` is materialized
    week: 2024-01-01..2024-01-08
    letter: no partition of `letter` is materialized
    ");
    insta::assert_snapshot!(made(unobserved, "materialize returns letter --partition 2024-01-08"), @"
    exit 0
    sales: no partition of `sales` is materialized
    returns: 2024-01-08
    week: no partition of `week` is materialized
    letter: 2024-01-08
    ");
    insta::assert_snapshot!(made(observed, "materialize --all --stale --partition 2024-01-01..2024-01-07"), @"
    exit 0
    sales: 2024-01-01..2024-01-07
    returns: 2024-01-01..2024-01-07
    week: 2024-01-01
    letter: 2024-01-01
    ");
    insta::assert_snapshot!(made(observed, "backfill launch sales week --partition 2024-01-01..2024-01-14"), @"
    exit 0
    sales: 2024-01-01..2024-01-14
    returns: no partition of `returns` is materialized
    week: 2024-01-01..2024-01-08
    letter: no partition of `letter` is materialized
    ");
}

#[test]
fn a_run_of_them_is_run_again() {
    let kept = Shop::empty();
    kept.session(
        unobserved(),
        "materialize sales week --partition 2024-01-01..2024-01-14 --max-concurrent 1",
    );
    let again = kept.session(unobserved(), "rerun latest --all --progress none");
    let made = again.lines().filter(|line| line.starts_with("Materialized"));
    assert_eq!(made.filter(|line| line.contains("week[")).count(), 2, "{again}");
}

#[test]
fn a_backfill_of_what_others_make_is_told_what_looks_at_it() {
    let kept = Shop::empty();
    let launch = "backfill launch raw --partition 2024-01-01..2024-01-02";
    insta::assert_snapshot!(kept.session(observed(), launch), @"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `raw` is external: others make it, and a backfill makes assets
      hint: to look at it, `assets observe raw --partition '2024-01-01..2024-01-02'`; to make what depends on it, select that: `raw+`
    ");
    insta::assert_snapshot!(kept.session(unobserved(), launch), @"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `raw` is external: others make it, and this program takes it
      --> src/cli/tests/assets/two_kinds.rs:_ (the asset)
      hint: to make what depends on it, select that: `raw+`
    ");
}

#[test]
fn what_it_is_not_told_or_told_wrongly_is_told_of_the_external_asset() {
    let kept = Shop::empty();
    let mut told = String::new();
    for args in ["materialize sales week", "materialize sales week --partition 2023-12-31"] {
        told += &format!("$ program {args}\n{}\n", kept.session(unobserved(), args));
    }
    insta::assert_snapshot!(told, @r#"
    $ program materialize sales week
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `sales` and `week` have partitions that follow from those of `raw`, and the run is not told for which of those it is
      --> src/cli/tests/assets/two_kinds.rs:_ (the asset)
      hint: name them: `--partition 2024-02-04` is one, `--partition 2024-01-01..2024-02-04` all from one to the other, `--partition latest` the last; in code `.partition("2024-02-04")`
    $ program materialize sales week --partition 2023-12-31
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: of the partitions of `raw`: `2023-12-31` is before the first of these partitions
      --> src/cli/tests/assets/two_kinds.rs:_ (the asset)
      hint: the first is `2024-01-01`
    "#);
}

#[test]
fn what_is_of_several_kinds_is_told_with_the_commands_that_do_it() {
    let kept = Shop::empty();
    let mut told = String::new();
    for args in [
        "materialize --all --partition 2024-01-01",
        "assets observe",
        "assets observe --partition 2024-01-01..2024-01-02",
    ] {
        let said = kept.session(with_hours(), args);
        told += &format!("$ program {args}\n{said}\n");
    }
    insta::assert_snapshot!(told, @"
    $ program materialize --all --partition 2024-01-01
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `sales` and `peak` have partitions of different kinds, and neither follow from those of the other
      --> src/cli/tests/assets/two_kinds.rs:_ (the asset)
      hint: a run is for partitions of one kind: run one after the other `materialize raw sales returns week letter --partition '2024-01-01'`, `materialize visits peak --partition ..`
    $ program assets observe
    exit 2
    --- stderr
    error: the job `observe_assets` cannot be planned
    error: `raw` and `visits` have partitions of different kinds, and neither follow from those of the other
      --> src/cli/tests/assets/two_kinds.rs:_ (the observation)
      hint: a run is for partitions of one kind: run one after the other `assets observe raw --partition ..`, `assets observe visits --partition ..`
    $ program assets observe --partition 2024-01-01..2024-01-02
    exit 2
    --- stderr
    error: the job `observe_assets` cannot be planned
    error: `raw` and `visits` have partitions of different kinds, and neither follow from those of the other
      --> src/cli/tests/assets/two_kinds.rs:_ (the observation)
      hint: a run is for partitions of one kind: run one after the other `assets observe raw --partition '2024-01-01..2024-01-02'`, `assets observe visits --partition ..`
    ");
}
