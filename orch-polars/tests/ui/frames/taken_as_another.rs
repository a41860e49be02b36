//! Frames that are taken as what they are not.

use orch::prelude::*;
use orch_polars::polars::df;
use orch_polars::{DataFrame, Frame, schema};

schema! {
    struct Order { id: i64 }
}

schema! {
    struct Return { id: i64 }
}

#[asset]
fn orders() -> Result<Frame<Order>> {
    Frame::checked(df!("id" => [1i64])?)
}

#[asset]
fn untyped(orders: &DataFrame) -> usize {
    orders.height()
}

#[asset]
fn of_others(orders: &Frame<Return>) -> usize {
    orders.height()
}

fn main() {}
