//! What is wrong with checks of partitions, told when a job is planned or a run begins.

use orch::checks::fresh;
use orch::graph::CheckDef;

use super::*;

#[asset]
fn price() -> i64 {
    10
}

#[asset_check(asset = sold)]
fn of_a_week(_sold: i64, _week: &Partition<Weekly>) -> bool {
    true
}

#[asset_check(asset = price)]
fn of_a_day(_price: i64, _day: &Partition<Daily>) -> bool {
    true
}

#[asset_check(asset = sold)]
fn of_prices(_sold: i64, _price: &Partitions<i64>) -> bool {
    true
}

#[asset_check(asset = week)]
fn of_one_day(_week: i64, _sold: i64) -> bool {
    true
}

/// The problems of the plan of what materializes all assets.
fn planned(checks: Vec<Arc<CheckDef>>) -> String {
    let definitions = Definitions::new().assets(assets![sold, revenue, week, best, price]).checks(checks);
    let job = definitions.materialize(&"*".parse().expect("all"));
    job.try_plan().expect_err("it cannot be planned").to_string()
}

#[test]
fn a_check_looks_at_the_partitions_that_its_asset_has() {
    insta::assert_snapshot!(planned(checks![of_a_week].into()), @"
    the job `materialize` cannot be planned
    error: the check `of_a_week` takes a partition of `Weekly`, and `sold` has those of `Daily`
      --> tests/it/assets/checks/partitions/mistakes.rs:14 (takes it)
      --> tests/it/assets/checks/partitions.rs:56 (the asset)
      hint: it looks at the partitions that its asset has: take a `Partition<Daily>`
    ");
    insta::assert_snapshot!(planned(checks![of_a_day].into()), @r"
    the job `materialize` cannot be planned
    error: the check `of_a_day` takes a partition of `Daily`, and `price` has none
      --> tests/it/assets/checks/partitions/mistakes.rs:19 (takes it)
      --> tests/it/assets/checks/partitions/mistakes.rs:9 (the asset)
      hint: leave the parameter out, or say by what the asset is partitioned: `#[asset(partitions = Daily)]`
    ");
}

#[test]
fn what_it_takes_of_others_is_there() {
    insta::assert_snapshot!(planned(checks![of_prices].into()), @r"
    the job `materialize` cannot be planned
    error: the check `of_prices` takes partitions of `price`, which has none
      --> tests/it/assets/checks/partitions/mistakes.rs:24 (takes it)
      --> tests/it/assets/checks/partitions/mistakes.rs:9 (the asset)
      hint: take it as what it is, `price: &i64`
    ");
    insta::assert_snapshot!(planned(checks![of_one_day].into()), @r"
    the job `materialize` cannot be planned
    error: the check `of_one_day` takes `sold` as one value, and takes several partitions of it
      --> tests/it/assets/checks/partitions/mistakes.rs:29 (takes it)
      --> tests/it/assets/checks/partitions.rs:56 (the asset)
      hint: take them by key, `sold: &Partitions<i64>`, or say which one: `#[mapped(PartitionMapping::last())] sold: &i64`
    ");
}

#[asset_check(asset = sold, blocking)]
fn grows_or_stops(
    sold: i64,
    #[from(sold)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> bool {
    before.values().all(|before| *before < sold)
}

#[test]
fn a_blocking_check_looks_before_the_others_are_made() {
    insta::assert_snapshot!(planned(checks![grows_or_stops].into()), @r"
    the job `materialize` cannot be planned
    error: the check `grows_or_stops` is blocking, and looks only when all partitions of `sold` are made: it takes other partitions than the one that it looks at
      --> tests/it/assets/checks/partitions/mistakes.rs:76 (the check)
      --> tests/it/assets/checks/partitions/mistakes.rs:79 (takes it)
      hint: leave `blocking` out, or have it look at the partition alone
    ");
}

#[test]
fn a_run_of_checks_is_told_its_partitions_and_they_are_there() {
    let shop = Shop::new();
    shop.materialize("*", "2024-01-07..2024-01-13").expect("all is well");
    let refused = |ran: Result<Run, RunError>| ran.expect_err("it cannot begin").to_string();
    let job = shop.definitions.check_assets(&"sold".parse().expect("a selection"));
    let untold = shop.definitions.runner(&job).record(&shop.storage).run_blocking();
    insta::assert_snapshot!(refused(untold), @r#"
    the job `check_assets` cannot be planned
    error: `sold` has partitions, and the run is not told for which it is
      --> tests/it/assets/checks/partitions.rs:77 (the check)
      hint: name them: `--partition 2024-01-28` is one, `--partition 2024-01-01..2024-01-28` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-28")`
    "#);
    insta::assert_snapshot!(refused(shop.check("sold", "2024-01-05..2024-01-06")), @r"
    the job `check_assets` cannot be planned
    error: `sold.positive` looks at partitions of `sold` that were never materialized: 2024-01-05..2024-01-06
      --> tests/it/assets/checks/partitions.rs:77 (looks at it)
      --> tests/it/assets/checks/partitions.rs:56 (the asset)
      hint: materialize them before, `materialize sold --partition '2024-01-05..2024-01-06'`, or look at others
    ");
    insta::assert_snapshot!(refused(shop.check("sold", "2024-02-30")), @r"
    the job `check_assets` cannot be planned
    error: of the partitions of `sold`: `2024-02-30` is no key of these partitions by time
      --> tests/it/assets/checks/partitions.rs:77 (the check)
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
    let of_two = Definitions::new().assets(assets![sold, stock]).checks(checks![positive, filled]);
    insta::assert_snapshot!(refused(Shop::of(of_two).check("*", "2024-01-07")), @"
    the job `check_assets` cannot be planned
    error: `sold` and `stock` have partitions of different kinds, and neither follow from those of the other
      --> tests/it/assets/checks/partitions.rs:77 (the check)
      hint: a run is for partitions of one kind: run one after the other `assets check sold --partition '2024-01-07'`, `assets check stock --partition ..`
    ");
    let of_none =
        Definitions::new().assets(assets![price]).checks([fresh::<price>(std::time::Duration::MAX)]);
    insta::assert_snapshot!(refused(Shop::of(of_none).check("*", "2024-01-07")), @r"
    the job `check_assets` cannot be planned
    error: the run is told the partition `2024-01-07`, and nothing that it looks at has partitions
      hint: leave it out, or select an asset of `check_assets` that has some
    ");
}

#[test]
fn in_a_backfill_no_check_takes_what_another_run_makes() {
    let definitions = Definitions::new().assets(assets![sold]).checks(checks![grows]);
    let shop = Shop::of(definitions);
    let job = shop.definitions.materialize(&"*".parse().expect("all"));
    let runner = shop.definitions.runner(&job).partition("2024-01-02..2024-01-04");
    let refused =
        shop.definitions.backfill(runner).launch(&shop.storage).expect_err("it could look too early");
    insta::assert_snapshot!(refused, @r"
    the job `materialize` cannot be planned
    error: the check `grows` of `sold` takes `sold`, which another run of the backfill makes, perhaps later
      --> tests/it/assets/checks/partitions.rs:326 (the check)
      hint: let one run make both, `materialize`; or leave the checks out, `--no-checks`, and look afterwards, `assets check`
    ");
}
