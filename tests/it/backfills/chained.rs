//! Assets that take earlier partitions of their own, among others that do not: only what descends from a day waits for it.

use super::*;

#[asset]
fn raw(day: &Partition<Daily>, rain: Res<Rain>) -> Result<i64> {
    sold(day, rain)
}

/// What is left of the day before, and the day.
#[asset(partitions = Daily)]
fn stock(raw: i64, #[mapped(PartitionMapping::time_window(-1, -1))] stock: Option<i64>) -> Result<i64> {
    if raw == 3 { Err("it is not counted".into()) } else { Ok(stock.unwrap_or_default() + raw) }
}

#[asset(partitions = Daily)]
fn compared(raw: i64, stock: i64) -> i64 {
    stock - raw
}

#[test]
fn a_day_that_failed_keeps_back_those_that_take_it_and_no_others() {
    let shop = Shop::new();
    let definitions = Definitions::new().assets(assets![raw, stock, compared]);
    let shop = Shop { definitions: definitions.resource(Rain(Arc::clone(&shop.rain))), ..shop };
    let backfill = shop.launch("*", "2024-01-01..2024-01-05", 1).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun raw 2024-01-01
    begun stock 2024-01-01
    begun compared 2024-01-01
    begun raw 2024-01-02
    begun stock 2024-01-02
    begun compared 2024-01-02
    begun raw 2024-01-03
    begun stock 2024-01-03
    failed stock 2024-01-03
    begun raw 2024-01-04
    begun raw 2024-01-05
    backfill ID: failure
    asset     asked for  done  failed  excluded
    raw       5          5
    stock     5          2     1       2
    compared  5          2             3

    failed      assets  run                                   why
    2024-01-03  stock   RUN  `stock[2024-01-03]` failed: it is not counted
    ");
}
