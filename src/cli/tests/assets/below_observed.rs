//! What is made of what is observed, and is stale or refused for that: what is told leads to a look.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::run::Runner;

use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-03").into()
    }
}

/// What the file of each day says.
#[derive(Clone)]
struct Says(i64);

#[external_asset(partitions = Daily)]
fn raw() -> ();

#[asset_observation(asset = raw)]
fn written(_day: &Partition<Daily>, says: Res<Says>) -> DataVersion {
    DataVersion::new(says.0)
}

#[asset(code_version = "1", partitions = Daily, deps = [raw], trust_resources)]
fn sales(says: Res<Says>) -> i64 {
    says.0
}

#[asset_check(asset = sales, blocking)]
fn positive(sales: i64) -> bool {
    sales > 0
}

#[asset(code_version = "1", partitions = Daily)]
fn revenue(sales: i64) -> i64 {
    sales * 100
}

/// Of all days that there are.
#[asset(code_version = "1")]
fn total(#[mapped(PartitionMapping::all().allow_missing())] sales: &Partitions<i64>) -> i64 {
    sales.values().sum()
}

fn program(says: i64) -> Definitions {
    let definitions =
        Definitions::new().assets(assets![raw, sales, revenue, total]).checks(checks![positive]);
    definitions.observations(observations![written]).resource(Says(says))
}

/// What has happened: all was made, and then the file of a day was observed to say this.
fn observed(says: i64) -> Shop {
    let mut shop = Shop::empty();
    let second = |runner: Runner| runner.partition("2024-01-02").max_concurrent(1);
    shop.put_with(0, &program(1), &"*".parse().expect("a selection"), second);
    shop.put_with(1, &program(says), &"raw".parse().expect("a selection"), second);
    shop
}

#[test]
fn what_waits_for_what_it_is_made_of_is_not_told_as_well() {
    let shop = observed(2);
    insta::assert_snapshot!(shop.session(program(2), "materialize revenue --stale --partition 2024-01-02"), @"
    exit 0
    --- stderr
    nothing that was asked for would come out otherwise as long as what `revenue` is made of is as it is; with that: `program materialize --stale +revenue --partition '2024-01-02'`
    ");
    let made = shop.session(program(2), "materialize +revenue --stale --partition 2024-01-02 --quiet");
    assert!(made.starts_with("exit 0"), "{made}");
    let why = shop.session(program(2), "why revenue --partition 2024-01-02");
    assert!(why.contains("is fresh"), "{why}");
}

#[test]
fn what_a_check_has_refused_is_made_anew_of_what_a_look_finds() {
    let shop = observed(-1);
    let refused = shop.session(program(-1), "materialize +sales --partition 2024-01-02 --quiet");
    assert!(refused.starts_with("exit 1"), "{refused}");
    let why = shop.session(program(3), "why revenue --partition 2024-01-02");
    let hint = "hint: mend it, and have it made anew: `materialize +sales --partition '2024-01-02'`";
    assert!(why.contains(hint), "{why}");
    let made = shop.session(program(3), "materialize +sales --partition 2024-01-02 --quiet");
    assert!(made.starts_with("exit 0"), "{made}");
    let why = shop.session(program(3), "why sales --partition 2024-01-02");
    assert!(why.contains("is fresh"), "{why}");
}

#[test]
fn a_day_that_came_out_the_same_is_no_cause() {
    let mut shop = Shop::empty();
    let of = |days: &'static str| move |runner: Runner| runner.partition(days).max_concurrent(1);
    let all = "raw or sales or total".parse().expect("a selection");
    shop.put_with(0, &program(1), &all, of("2024-01-01"));
    shop.put_with(
        1,
        &program(1),
        &"raw or sales".parse().expect("a selection"),
        of("2024-01-01..2024-01-02"),
    );
    insta::assert_snapshot!(shop.session(program(1), "why total"), @"
    exit 0
    --- stdout
    total is stale: the run 019a5f3c-0000 made it 4h ago
      the data of `sales` has changed: b89db3aa → f92f3f01
        it was made of 2024-01-01, and would be made of 2024-01-01..2024-01-02
        `sales[2024-01-02]` was made by the run 019a5f3c-0001 3h ago
    ");
}
