//! Which partitions are asked for, and for which there is nothing to do.

use orch::prelude::*;

use super::keys::{Customers, Stations, market, orders, weather};
use super::*;

#[test]
fn a_partition_of_several_dimensions_is_named_as_it_is_made() {
    let kept = Shop::empty();
    kept.session(market(), "partitions add stations north south");
    let mut told = String::new();
    for partition in [
        "date=2024-01-01;station=north",
        "2024-01-01|north",
        "date=2024-01-01",
        "station=west",
        "day=2024-01-01",
    ] {
        for command in ["why", "assets show"] {
            let args = format!("{command} weather --partition {partition}");
            told += &format!("$ program {args}\n{}\n", kept.session(market(), &args));
        }
    }
    insta::assert_snapshot!(told, @r"
    $ program why weather --partition date=2024-01-01;station=north
    exit 0
    --- stdout
    weather[2024-01-01|north] is missing
      it was never materialized
    $ program assets show weather --partition date=2024-01-01;station=north
    exit 0
    --- stdout
    weather

    type         i64
    defined      src/cli/tests/assets/keys.rs:_
    partitions   0 of 4 partitions are materialized
    missing      date=2024-01-01..2024-01-02; station=north, south

    `2024-01-01|north` was never materialized
    $ program why weather --partition 2024-01-01|north
    exit 0
    --- stdout
    weather[2024-01-01|north] is missing
      it was never materialized
    $ program assets show weather --partition 2024-01-01|north
    exit 0
    --- stdout
    weather

    type         i64
    defined      src/cli/tests/assets/keys.rs:_
    partitions   0 of 4 partitions are materialized
    missing      date=2024-01-01..2024-01-02; station=north, south

    `2024-01-01|north` was never materialized
    $ program why weather --partition date=2024-01-01
    exit 2
    --- stderr
    error: of `weather`: `date=2024-01-01; station=north, south` selects 2 partitions, and one is asked for
    hint: name one of them: `--partition '2024-01-01|north'`
    $ program assets show weather --partition date=2024-01-01
    exit 2
    --- stderr
    error: of `weather`: `date=2024-01-01; station=north, south` selects 2 partitions, and one is asked for
    hint: name one of them: `--partition '2024-01-01|north'`
    $ program why weather --partition station=west
    exit 2
    --- stderr
    error: of `weather`: dimension `station`: `west` is not in the set `stations`
    hint: add it with `partitions add stations west`
    $ program assets show weather --partition station=west
    exit 2
    --- stderr
    error: of `weather`: dimension `station`: `west` is not in the set `stations`
    hint: add it with `partitions add stations west`
    $ program why weather --partition day=2024-01-01
    exit 2
    --- stderr
    error: of `weather`: there is no dimension `day`
    hint: the dimensions are date, station
    $ program assets show weather --partition day=2024-01-01
    exit 2
    --- stderr
    error: of `weather`: there is no dimension `day`
    hint: the dimensions are date, station
    ");
}

#[test]
fn that_there_are_no_keys_is_told() {
    let kept = Shop::empty();
    let mut told = String::new();
    for args in [
        "materialize orders bills --partition *",
        "materialize weather --partition *",
        "backfill launch orders --partition *",
        "materialize orders --missing --partition *",
    ] {
        told += &format!("$ program {args}\n{}\n", kept.session(market(), args));
    }
    told += &kept.session(market(), "runs");
    insta::assert_snapshot!(told, @r"
    $ program materialize orders bills --partition *
    exit 0
    --- stderr
    the set `customers` is empty: there is nothing to do; `program partitions add customers KEY` adds a key
    $ program materialize weather --partition *
    exit 0
    --- stderr
    the set `stations` is empty: there is nothing to do; `program partitions add stations KEY` adds a key
    $ program backfill launch orders --partition *
    exit 0
    --- stderr
    the set `customers` is empty: there is nothing to do; `program partitions add customers KEY` adds a key
    $ program materialize orders --missing --partition *
    exit 0
    --- stderr
    nothing is missing: there is nothing to make
    exit 0
    --- stderr
    there are no runs
    ");
}

/// All that is sold, whoever buys it.
#[asset]
fn prices() -> i64 {
    3
}

#[asset(partitions = Customers)]
fn offers(orders: &str, prices: &i64) -> String {
    format!("{orders} for {prices}")
}

#[asset(partitions = Stations)]
fn forecast(weather: i64) -> i64 {
    weather
}

#[asset(deps = [offers, forecast])]
fn letter() -> i64 {
    1
}

#[test]
fn what_one_run_cannot_make_is_told_with_the_runs_that_can() {
    let kept = Shop::empty();
    kept.session(market(), "partitions add customers acme");
    kept.session(market(), "partitions add stations north");
    let program = || Definitions::new().assets(assets![letter, prices, orders, offers, forecast, weather]);
    insta::assert_snapshot!(kept.session(program(), "materialize --all --partition acme"), @r"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `orders` and `weather` have partitions of different kinds, and neither follow from those of the other
      --> src/cli/tests/assets/keys.rs:_ (the asset)
      hint: a run is for partitions of one kind: run one after the other `materialize prices orders offers --partition 'acme'`, `materialize weather forecast letter --partition ..`
    ");
}
