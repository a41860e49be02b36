//! Looks at what others make that failed: told until a later one succeeds.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::run::Runner;
use orch_core::select::AssetSelection;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-05").into()
    }
}

/// On which days the folder can be looked at, and whether the lake can.
#[derive(Clone, Copy)]
struct Open {
    until: i8,
    lake: bool,
}

#[external_asset(partitions = Daily)]
fn raw() -> ();

#[asset_observation(asset = raw)]
fn written(day: &Partition<Daily>, open: Res<Open>) -> Result<DataVersion> {
    match day.window().start.day() <= open.until {
        true => Ok(DataVersion::new(day.key())),
        false => Err(Failure::new("the folder cannot be reached").hint("mount it")),
    }
}

#[external_asset]
fn lake() -> ();

#[asset_observation(asset = lake)]
fn measured(open: Res<Open>) -> Result<Option<DataVersion>> {
    if open.lake { Ok(None) } else { Err(Failure::new("the lake is frozen")) }
}

#[asset(code_version = "1", partitions = Daily, deps = [raw])]
fn sales() -> i64 {
    1
}

/// Of all days.
#[asset(code_version = "1")]
fn total(#[mapped(PartitionMapping::all().allow_missing())] sales: &Partitions<i64>) -> i64 {
    sales.values().sum()
}

#[asset(code_version = "1", deps = [lake])]
fn fish() -> i64 {
    1
}

fn program(until: i8, lake: bool) -> Definitions {
    Definitions::new()
        .assets(assets![raw, lake, sales, total, fish])
        .observations(observations![written, measured])
        .resource(Open { until, lake })
}

fn selected(text: &str) -> AssetSelection {
    text.parse().expect("a selection")
}

/// What has happened: of three days two could be looked at, and the lake could not; if `mended`, both can since.
fn looked(mended: bool) -> Shop {
    let mut shop = Shop::empty();
    let three = |runner: Runner| runner.partition("2024-01-01..2024-01-03").max_concurrent(1);
    shop.put_failing(0, &program(2, false), &selected("raw or sales"), three);
    shop.put_failing(1, &program(2, false), &selected("lake or fish"), |runner| runner);
    if mended {
        shop.put_with(2, &program(4, true), &selected("raw"), three);
        shop.put_with(3, &program(4, true), &selected("lake"), |runner| runner);
    }
    shop
}

#[test]
fn that_the_last_look_failed_is_told() {
    let shop = looked(false);
    let told = |words: &str| shop.session(program(2, false), words);
    insta::assert_snapshot!(told("assets list"), @"
    exit 0
    --- stdout
    asset  materialized  observed  run            times  state
    fish   never                                         missing
    lake                                                 observable, failed
    raw                  4h ago    019a5f3c-0000  2      observable, 2 of 4 partitions, 1 failed
    sales  4h ago                  019a5f3c-0000  2      2 of 4 partitions
    total  never                                         missing
    ");
    insta::assert_snapshot!(told("assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 4 partitions
    state        count  partitions
    observed     2      2024-01-01..2024-01-02
    in progress  0
    failed       1      2024-01-03
    missing      1      2024-01-04
    ");
    insta::assert_snapshot!(told("assets partitions raw --state failed"), @"
    exit 0
    --- stdout
    2024-01-03
    ");
    insta::assert_snapshot!(told("assets show raw --partition 2024-01-03"), @"
    exit 0
    --- stdout
    raw

    external     others make it
    observed by  written
    type         ()
    defined      src/cli/tests/assets/look_failed.rs:_
    partitions   2 of 4 partitions are observed
    present      2024-01-01..2024-01-02
    missing      2024-01-03..2024-01-04
    failed       2024-01-03, of those above

    downstream  materialized  run
    sales       4h ago        019a5f3c-0000

    the last look failed, in the run 019a5f3c-0000 4h ago: the folder cannot be reached

    never observed
    ");
    insta::assert_snapshot!(told("assets show lake"), @"
    exit 0
    --- stdout
    lake

    external     others make it
    observed by  measured
    type         ()
    defined      src/cli/tests/assets/look_failed.rs:_

    downstream  materialized
    fish        never

    the last look failed, in the run 019a5f3c-0001 3h ago: the lake is frozen

    never observed
    ");
    insta::assert_snapshot!(told("why raw --partition 2024-01-03"), @"
    exit 0
    --- stdout
    raw[2024-01-03] is external, never observed
      the last look failed, in the run 019a5f3c-0000 4h ago: the folder cannot be reached
      hint: mount it
    --- stderr
    hint: `program assets observe raw --partition '2024-01-03'` looks again
    ");
    insta::assert_snapshot!(told("why raw"), @"
    exit 0
    --- stdout
    raw is external: the run 019a5f3c-0000 observed `raw[2024-01-02]` as 2024-01-02 4h ago
      failed 2024-01-03, in the run 019a5f3c-0000 4h ago: the folder cannot be reached
    --- stderr
    hint: `program assets observe raw --partition '2024-01-03'` looks again
    ");
    insta::assert_snapshot!(told("why lake"), @"
    exit 0
    --- stdout
    lake is external, never observed
      the last look failed, in the run 019a5f3c-0001 3h ago: the lake is frozen
    --- stderr
    hint: `program assets observe lake` looks again
    ");
    insta::assert_snapshot!(told("assets graph --status raw+ lake+"), @"
    exit 0
    --- stdout
    raw        external, observable  2 of 4 partitions, 1 failed
      sales      2 of 4 partitions
        total    missing: it was never materialized
    lake       external, observable  the last look failed, in the run 019a5f3c-0001 3h ago
      fish       missing: it was never materialized
    ");
}

#[test]
fn what_stands_behind_it_names_the_look() {
    let shop = looked(false);
    let told = |words: &str| shop.session(program(2, false), words);
    insta::assert_snapshot!(told("why sales --partition 2024-01-03"), @"
    exit 0
    --- stdout
    sales[2024-01-03] is missing
      it was never materialized
      the last look at what it is made of failed: `raw[2024-01-03]`, in the run 019a5f3c-0000 4h ago: the folder cannot be reached
    --- stderr
    hint: `program assets observe raw --partition '2024-01-03'` looks again
    ");
    insta::assert_snapshot!(told("why sales --partition 2024-01-04"), @"
    exit 0
    --- stdout
    sales[2024-01-04] is missing
      it was never materialized
    ");
    insta::assert_snapshot!(told("why sales"), @"
    exit 0
    --- stdout
    sales has 4 partitions: 2 fresh, 2 missing
      missing 2024-01-03: it was never materialized, and what it is made of failed
      missing 2024-01-04: it was never materialized
      the last look at what it is made of failed: `raw[2024-01-03]`, in the run 019a5f3c-0000 4h ago: the folder cannot be reached
    --- stderr
    hint: `program assets observe raw --partition '2024-01-03'` looks again
    ");
    insta::assert_snapshot!(told("why total"), @"
    exit 0
    --- stdout
    total is missing
      it was never materialized
    ");
    insta::assert_snapshot!(told("why fish"), @"
    exit 0
    --- stdout
    fish is missing
      it was never materialized
      the last look at what it is made of failed: `lake`, in the run 019a5f3c-0001 3h ago: the lake is frozen
    --- stderr
    hint: `program assets observe lake` looks again
    ");
}

#[test]
fn a_later_look_that_succeeds_ends_that() {
    let shop = looked(true);
    let told = |words: &str| shop.session(program(4, true), words);
    insta::assert_snapshot!(told("assets list"), @"
    exit 0
    --- stdout
    asset  materialized  observed  run            times  state
    fish   never                                         missing
    lake                 1h ago    019a5f3c-0003  1      observable, nothing there
    raw                  2h ago    019a5f3c-0002  5      observable, 3 of 4 partitions
    sales  4h ago                  019a5f3c-0000  2      2 of 4 partitions
    total  never                                         missing
    ");
    insta::assert_snapshot!(told("assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 4 partitions
    state        count  partitions
    observed     3      2024-01-01..2024-01-03
    in progress  0
    failed       0
    missing      1      2024-01-04
    ");
    insta::assert_snapshot!(told("why raw --partition 2024-01-03"), @"
    exit 0
    --- stdout
    raw[2024-01-03] is external: the run 019a5f3c-0002 observed it as 2024-01-03 2h ago
    ");
    insta::assert_snapshot!(told("why lake"), @"
    exit 0
    --- stdout
    lake is external: the run 019a5f3c-0003 looked at it 1h ago, nothing there
    ");
    insta::assert_snapshot!(told("why sales --partition 2024-01-03"), @"
    exit 0
    --- stdout
    sales[2024-01-03] is missing
      it was never materialized
    ");
}

/// The program that makes the days on the instance.
mod makers {
    use orch::prelude::*;

    use super::Daily;

    #[asset(partitions = Daily)]
    pub(super) fn raw() {}
}

#[test]
fn who_makes_it_has_not_failed() {
    let shop = looked(false);
    let makers = || Definitions::new().assets(assets![makers::raw]);
    insta::assert_snapshot!(shop.session(makers(), "assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 4 partitions
    state         count  partitions
    materialized  0
    in progress   0
    failed        0
    missing       4      2024-01-01..2024-01-04
    ");
    insta::assert_snapshot!(shop.session(makers(), "why raw --partition 2024-01-03"), @"
    exit 0
    --- stdout
    raw[2024-01-03] is missing
      it was never materialized
    ");
}
