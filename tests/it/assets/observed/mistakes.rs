//! What the compiler cannot see of observations, told when a job of assets is planned.

use orch::define::{One, OpDef};
use orch::graph::{AssetDef, Call, ObservationDef, asset_of};
use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::Daily;

#[external_asset(io = "rates")]
fn rate() -> f64;

#[asset_observation(asset = rate)]
fn published() -> DataVersion {
    DataVersion::new("today")
}

#[asset_observation(asset = rate)]
fn counted() -> DataVersion {
    DataVersion::new(1)
}

#[asset_check(asset = rate, name = "published")]
fn plausible(rate: f64) -> bool {
    rate > 0.0
}

#[asset]
fn price(rate: f64) -> f64 {
    100.0 * rate
}

/// The problems of the plan of what observes a selection.
fn planned(definitions: &Definitions, selection: &str) -> String {
    let job = definitions.observe_assets(&selection.parse().expect("a selection"));
    job.try_plan().expect_err("it cannot be planned").to_string()
}

#[test]
fn two_observations_of_one_asset_are_told() {
    let definitions =
        Definitions::new().assets(assets![rate]).observations(observations![published, counted]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: two observations look at `rate`: `published` and `counted`
      --> tests/it/assets/observed/mistakes.rs:13 (first)
      --> tests/it/assets/observed/mistakes.rs:18 (second)
      hint: an asset has one version: let one function look, and make one `DataVersion` of all that it finds
    ");
    // One that is listed twice is one.
    let twice = Definitions::new()
        .observations(observations![published])
        .assets(assets![rate])
        .observations(observations![published]);
    assert_eq!(twice.observe_assets(&"*".parse().expect("all")).plan().steps.len(), 1);
}

#[test]
fn an_observation_of_what_is_not_listed_is_told() {
    let definitions = Definitions::new().assets(assets![]).observations(observations![published]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned: 2 problems
    error: the observation `published` looks at `rate`, which is not listed
      --> tests/it/assets/observed/mistakes.rs:13 (the observation)
      --> tests/it/assets/observed/mistakes.rs:11 (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., rate])`
    error: the selection leaves no asset
      hint: select others: `*` is all of them, and `assets list` shows them
    ");
}

#[test]
fn an_observation_of_what_the_program_makes_is_told() {
    let observed = ObservationDef::builder_of(asset_of::<price>(), "seen").looks(|_| DataVersion::new(1));
    let definitions = Definitions::new().assets(assets![rate, price]).observations([observed]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the observation `seen` looks at `price`, whose version is known: this program makes it
      --> tests/it/assets/observed/mistakes.rs:74 (the observation)
      --> tests/it/assets/observed/mistakes.rs:29 (the asset)
      hint: leave the observation out: whoever makes an asset says its version, `context.set_data_version(..)`; what others make is an `#[external_asset]`
    ");
}

/// A file for each day, which others write.
#[external_asset(partitions = Daily, io = "rates")]
fn days() -> f64;

struct Hourly;

impl Partitioning for Hourly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::hourly("2024-01-01").into()
    }
}

mod of_days {
    use orch::prelude::*;

    use super::{Daily, Hourly, days, rate};

    #[asset_observation(asset = days)]
    pub(super) fn as_a_whole() -> DataVersion {
        DataVersion::new(1)
    }

    #[asset_observation(asset = days)]
    pub(super) fn by_hour(hour: &Partition<Hourly>) -> DataVersion {
        DataVersion::new(hour.key())
    }

    #[asset_observation(asset = rate)]
    pub(super) fn by_day(day: &Partition<Daily>) -> DataVersion {
        DataVersion::new(day.key())
    }
}

#[test]
fn an_observation_of_partitions_as_a_whole_is_told() {
    let definitions = Definitions::new().assets(assets![days]);
    let definitions = definitions.observations(observations![of_days::as_a_whole]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the observation `as_a_whole` looks at `days` as a whole, which has partitions, each with a version of its own
      --> tests/it/assets/observed/mistakes.rs:104 (the observation)
      --> tests/it/assets/observed/mistakes.rs:87 (the asset)
      hint: have it take the one that it looks at: a parameter `partition: &Partition<Daily>`; by hand `.looks_at(|partition: &Partition<Daily>, _| ..)`
    ");
    let days = AssetDef::builder("days").partitioned_by::<Daily>().external::<i64>(None).into();
    let observed = ObservationDef::builder_of(&days, "seen").looks(|_| DataVersion::new(1));
    let definitions = Definitions::new().assets([days]).observations([observed]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the observation `seen` looks at `days` as a whole, which has partitions, each with a version of its own
      --> tests/it/assets/observed/mistakes.rs:132 (the observation)
      --> tests/it/assets/observed/mistakes.rs:131 (the asset)
      hint: have it take the one that it looks at: a parameter `partition: &Partition<Daily>`; by hand `.looks_at(|partition: &Partition<Daily>, _| ..)`
    ");
}

#[test]
fn an_observation_of_other_partitions_than_the_asset_has_is_told() {
    let definitions = Definitions::new().assets(assets![days]);
    let definitions = definitions.observations(observations![of_days::by_hour]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the observation `by_hour` takes a partition of `Hourly`, and `days` has those of `Daily`
      --> tests/it/assets/observed/mistakes.rs:110 (takes it)
      --> tests/it/assets/observed/mistakes.rs:87 (the asset)
      hint: it looks at the partitions that its asset has: take a `Partition<Daily>`
    ");
    let definitions = Definitions::new().assets(assets![rate]).observations(observations![of_days::by_day]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the observation `by_day` takes a partition of `Daily`, and `rate` has none
      --> tests/it/assets/observed/mistakes.rs:115 (takes it)
      --> tests/it/assets/observed/mistakes.rs:11 (the asset)
      hint: leave the parameter out, or say by what the asset is partitioned: `#[external_asset(partitions = Daily)]`
    ");
    // By hand it can say that it takes a second one.
    let days = AssetDef::builder("days").partitioned_by::<Daily>().external::<i64>(None).into();
    let observed = ObservationDef::builder_of(&days, "seen").takes_partition::<Hourly>();
    let observed = observed.looks_at(|_: &Partition<Daily>, _| DataVersion::new(1));
    let definitions = Definitions::new().assets([days]).observations([observed]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the observation `seen` takes a partition of `Hourly`, and `days` has those of `Daily`
      --> tests/it/assets/observed/mistakes.rs:164 (takes it)
      --> tests/it/assets/observed/mistakes.rs:163 (the asset)
      hint: it looks at the partitions that its asset has: take a `Partition<Daily>`
    ");
}

#[test]
fn an_observation_that_gives_no_version_is_told() {
    let op = OpDef::builder("seen").returns::<One<i64, 0>>().blocking(|_| Ok(1)).into();
    let call = std::sync::Arc::clone(&op);
    let observed = ObservationDef::builder::<rate>("seen").made_by(&op, move |_| {
        Call::of(&call).place::<One<i64, 0>>();
    });
    let definitions = Definitions::new().assets(assets![rate]).observations([observed]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: the op of the observation `seen` gives `i64`, and no `DataVersion`
      --> tests/it/assets/observed/mistakes.rs:180 (the observation)
      hint: its only output is a `DataVersion`
    ");
}

#[test]
fn an_observation_with_the_name_of_a_check_is_told() {
    let definitions = Definitions::new().assets(assets![rate]).checks(checks![plausible]);
    let definitions = definitions.observations(observations![published]);
    insta::assert_snapshot!(planned(&definitions, "*"), @r#"
    the job `observe_assets` cannot be planned
    error: the observation of `rate` and a check of it have one name, `published`
      --> tests/it/assets/observed/mistakes.rs:13 (the observation)
      --> tests/it/assets/observed/mistakes.rs:23 (the check)
      hint: give one of them another: `#[asset_observation(name = "..")]`
    "#);
}

#[test]
fn a_selection_of_nothing_that_can_be_observed_is_told() {
    let definitions = Definitions::new().assets(assets![rate, price]).observations(observations![published]);
    insta::assert_snapshot!(planned(&definitions, "price"), @r"
    the job `observe_assets` cannot be planned
    error: nothing that is selected has an observation: `price`
      hint: write one for what others make, `#[asset_observation(asset = ..)]`, and list it: `Definitions::new().observations(observations![..])`
    ");
    insta::assert_snapshot!(planned(&definitions, "not *"), @r"
    the job `observe_assets` cannot be planned
    error: the selection leaves no asset
      hint: select others: `*` is all of them, and `assets list` shows them
    ");
    // Of what others make nothing is made, but it is observed if it can be.
    let job = definitions.materialize(&"rate".parse().expect("a selection"));
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    rate.published() -> DataVersion
      | observes asset rate
    ");
    let without = Definitions::new().assets(assets![rate, price]);
    let error = without.materialize(&"rate".parse().expect("a selection")).try_plan().expect_err("external");
    insta::assert_snapshot!(error, @"
    the job `materialize` cannot be planned
    error: `rate` is external: others make it, and this program takes it
      --> tests/it/assets/observed/mistakes.rs:11 (the asset)
      hint: to make what depends on it, select that: `rate+`
    ");
}

#[test]
fn a_job_with_the_name_of_what_observes_is_told() {
    let definitions = Definitions::new().assets(assets![rate, price]).observations(observations![published]);
    let definitions = definitions.asset_job("observe_assets", "price");
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `observe_assets` cannot be planned
    error: a job is named `observe_assets`, as is what observes the assets of a selection
      --> tests/it/assets/observed/mistakes.rs:239 (the job)
      hint: give the job another name
    ");
}

#[external_asset(partitions = Hourly, io = "rates")]
fn hours() -> f64;

#[asset_observation(asset = hours)]
fn of_hour(hour: &Partition<Hourly>) -> DataVersion {
    DataVersion::new(hour.key())
}

#[asset_observation(asset = days)]
fn of_day(day: &Partition<Daily>) -> DataVersion {
    DataVersion::new(day.key())
}

#[test]
fn partitions_of_two_kinds_observed_at_once_are_told() {
    let definitions = Definitions::new().assets(assets![days, hours]);
    let definitions = definitions.observations(observations![of_day, of_hour]);
    let job = definitions.observe_assets(&"*".parse().expect("a selection"));
    let run = definitions.runner(&job).partition("2024-01-01").run_blocking();
    insta::assert_snapshot!(run.expect_err("a run is for one kind"), @"
    the job `observe_assets` cannot be planned
    error: `days` and `hours` have partitions of different kinds, and neither follow from those of the other
      --> tests/it/assets/observed/mistakes.rs:256 (the observation)
      hint: a run is for partitions of one kind: run one after the other `assets observe days --partition '2024-01-01'`, `assets observe hours --partition ..`
    ");
    let whole = Definitions::new().assets(assets![rate]).observations(observations![published]);
    let job = whole.observe_assets(&"*".parse().expect("a selection"));
    let run = whole.runner(&job).partition("2024-01-01").run_blocking();
    insta::assert_snapshot!(run.expect_err("it has none"), @"
    the job `observe_assets` cannot be planned
    error: the run is told the partition `2024-01-01`, and nothing that it looks at has partitions
      hint: leave it out, or select an asset of `observe_assets` that has some
    ");
}
