//! An observation returns what is no version.

use orch::prelude::*;

#[external_asset(io = "lake")]
fn raw_orders() -> i64;

#[asset_observation(asset = raw_orders)]
fn written() -> String {
    "today".to_owned()
}

#[external_asset(io = "lake")]
fn raw_refunds() -> i64;

#[asset_observation(asset = raw_refunds)]
fn counted() -> Result<i64> {
    Ok(1)
}

#[external_asset(io = "lake")]
fn raw_visits() -> i64;

#[asset_observation(asset = raw_visits)]
fn seen() -> Result<Option<String>> {
    Ok(None)
}

fn main() {}
