//! A blocking check in one of several partitions of a run: what is made of that partition is excluded, and the rest goes on.

use orch::asset::CheckResult;
use orch::checks;

use super::*;

struct FiveWeeks;

impl Partitioning for FiveWeeks {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").until("2024-02-05").into()
    }
}

struct Days;

impl Partitioning for Days {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-02-05").into()
    }
}

/// Nothing is sold on a day on which it rains.
#[asset]
fn orders(day: &Partition<Days>, rain: Res<Rain>) -> i64 {
    let today = &day.window().start;
    let rains = today.month() == 1 && u32::from(today.day().unsigned_abs()) == rain.0.load(Ordering::SeqCst);
    if rains { -1 } else { 1 }
}

#[asset]
fn products() -> i64 {
    10
}

#[asset(partitions = Days)]
fn sales(orders: i64, products: i64) -> i64 {
    orders * products
}

#[asset]
fn weekly(_week: &Partition<FiveWeeks>, sales: &Partitions<i64>) -> i64 {
    sales.values().sum()
}

#[asset]
fn best(#[mapped(PartitionMapping::all().allow_missing())] sales: &Partitions<i64>) -> i64 {
    sales.values().copied().max().unwrap_or_default()
}

#[asset_check(asset = orders, blocking)]
fn range(orders: i64) -> CheckResult {
    CheckResult::expect(orders > 0, "one row is not at least 1")
}

/// What ends, with how much is left then, and where all stands.
fn told(backfill: Backfill<'_>) -> String {
    let mut told = Vec::new();
    let watched = backfill.watch(|event| {
        if let BackfillEvent::Ended { makes, error, left, .. } = event {
            let how = if error.is_some() { "failed" } else { "done" };
            let keys: Vec<_> = makes.assets.iter().map(|key| key.as_str()).collect();
            let partitions = makes.partitions.unwrap_or_default();
            told.push(format!("{how} {} {partitions}, {left} left", keys.join(" ")));
        }
    });
    let status = watched.run_blocking().expect("it is driven");
    format!("{}\n{}", told.join("\n"), shown(&status))
}

#[test]
fn one_day_that_a_blocking_check_refuses_excludes_what_is_made_of_it() {
    let shop = Shop::new();
    let definitions = Definitions::new().assets(assets![orders, products, sales, weekly, best]);
    let definitions = definitions.checks(checks![range]).resource(Rain(Arc::clone(&shop.rain)));
    let shop = Shop { definitions, ..shop };
    shop.rain.store(17, Ordering::SeqCst);
    let backfill = shop.launch("*", "2024-01-01..2024-02-04", 7).expect("it is launched");
    let id = backfill.id();
    insta::assert_snapshot!(told(backfill), @r"
    done products , 12 left
    done orders 2024-01-01..2024-01-07, 11 left
    done sales 2024-01-01..2024-01-07, 10 left
    done orders 2024-01-08..2024-01-14, 9 left
    done sales 2024-01-08..2024-01-14, 8 left
    failed orders 2024-01-15..2024-01-21, 6 left
    done sales 2024-01-15..2024-01-16, 2024-01-18..2024-01-21, 5 left
    done orders 2024-01-22..2024-01-28, 4 left
    done sales 2024-01-22..2024-01-28, 3 left
    done orders 2024-01-29..2024-02-04, 2 left
    done sales 2024-01-29..2024-02-04, 1 left
    done weekly 2024-01-07, 2024-01-21..2024-01-28, 0 left
    backfill ID: failure
    asset     asked for  done  excluded
    orders    35         35
    products  1          1
    sales     35         34    1
    weekly    4          3     1
    best      1                1

    failed      assets  run                                   why
    2024-01-17  orders  RUN  `orders.range[2024-01-17]` failed: the blocking check `range` of the asset `orders[2024-01-17]` has not passed: one row is not at least 1
    ");
    shop.rain.store(0, Ordering::SeqCst);
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(told(again), @r"
    done orders 2024-01-15..2024-01-21, 3 left
    done sales 2024-01-17, 2 left
    done best , 1 left
    done weekly 2024-01-14, 0 left
    backfill ID: success
    asset     asked for  done
    orders    35         35
    products  1          1
    sales     35         35
    weekly    4          4
    best      1          1
    ");
}
