//! A blocking check in one of several partitions of a run: what is made of that partition is excluded, and the rest goes on.

use std::sync::atomic::AtomicBool;

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

/// Whether the table of limits cannot be read.
struct Limits(Arc<AtomicBool>);

#[asset_check(asset = orders, blocking)]
fn limits(orders: i64, limits: Res<Limits>) -> Result<CheckResult> {
    if limits.0.load(Ordering::SeqCst) {
        return Err(Failure::new("the table of limits cannot be read"));
    }
    Ok(CheckResult::expect(orders < 100, "too many"))
}

/// The shop with two checks, and the second of its resources.
fn limited() -> (Shop, Arc<AtomicBool>) {
    let (shop, unreadable) = (Shop::new(), Arc::new(AtomicBool::new(false)));
    let definitions =
        Definitions::new().assets(assets![orders, products, sales]).checks(checks![range, limits]);
    let definitions =
        definitions.resource(Rain(Arc::clone(&shop.rain))).resource(Limits(Arc::clone(&unreadable)));
    (Shop { definitions, ..shop }, unreadable)
}

#[test]
fn what_a_check_has_let_through_before_says_nothing_of_what_is_made_anew() {
    let (shop, unreadable) = limited();
    shop.rain.store(17, Ordering::SeqCst);
    let backfill = shop.launch("*", "2024-01-16..2024-01-18", 1).expect("it is launched");
    let id = backfill.id();
    insta::assert_snapshot!(told(backfill), @"
    done products , 6 left
    done orders 2024-01-16, 5 left
    done sales 2024-01-16, 4 left
    failed orders 2024-01-17, 2 left
    done orders 2024-01-18, 1 left
    done sales 2024-01-18, 0 left
    backfill ID: failure
    asset     asked for  done  excluded
    orders    3          3
    products  1          1
    sales     3          2     1

    failed      assets  run                                   why
    2024-01-17  orders  RUN  `orders.range[2024-01-17]` failed: the blocking check `range` of the asset `orders[2024-01-17]` has not passed: one row is not at least 1
    ");
    // It is made anew, and one of its checks cannot look at it.
    shop.rain.store(0, Ordering::SeqCst);
    unreadable.store(true, Ordering::SeqCst);
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(told(again), @"
    failed orders 2024-01-17, 0 left
    backfill ID: failure
    asset     asked for  done  excluded
    orders    3          3
    products  1          1
    sales     3          2     1

    failed      assets  run                                   why
    2024-01-17  orders  RUN  `orders.limits[2024-01-17]` failed: the table of limits cannot be read
    ");
    unreadable.store(false, Ordering::SeqCst);
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(told(again), @"
    done orders 2024-01-17, 1 left
    done sales 2024-01-17, 0 left
    backfill ID: success
    asset     asked for  done
    orders    3          3
    products  1          1
    sales     3          3
    ");
}

#[test]
fn what_was_mended_by_hand_is_excluded_no_more() {
    let (shop, _) = limited();
    shop.rain.store(17, Ordering::SeqCst);
    let backfill = shop.launch("*", "2024-01-15..2024-01-21", 7).expect("it is launched");
    let id = backfill.id();
    insta::assert_snapshot!(told(backfill), @"
    done products , 2 left
    failed orders 2024-01-15..2024-01-21, 1 left
    done sales 2024-01-15..2024-01-16, 2024-01-18..2024-01-21, 0 left
    backfill ID: failure
    asset     asked for  done  excluded
    orders    7          7
    products  1          1
    sales     7          6     1

    failed      assets  run                                   why
    2024-01-17  orders  RUN  `orders.range[2024-01-17]` failed: the blocking check `range` of the asset `orders[2024-01-17]` has not passed: one row is not at least 1
    ");
    // By hand that day is made, and let through.
    shop.rain.store(0, Ordering::SeqCst);
    let job = shop.definitions.materialize(&"orders".parse().expect("a selection"));
    let runner = shop.definitions.runner(&job).partition("2024-01-17").record(&shop.storage);
    runner.run_blocking().expect("it does not rain any more");
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(told(again), @"
    done orders 2024-01-15..2024-01-21, 1 left
    done sales 2024-01-17, 0 left
    backfill ID: success
    asset     asked for  done
    orders    7          7
    products  1          1
    sales     7          7
    ");
}
