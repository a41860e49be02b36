//! What the shop writes, as frames, and what is wrong with it.

use std::path::PathBuf;

use orch::graph::CheckDef;
use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
// A program of your own depends on `orch` with the feature `polars-lazy` and writes `use orch::polars::{..}`.
use orch_polars::{Frame, ParquetIo, RegisterFrames as _, checks, read_csv, schema};

/// Days, for the five weeks in which the shop was open.
pub(crate) struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-02-05").into()
    }
}

/// Where the shop writes.
#[derive(Config)]
pub(crate) struct Shop {
    /// `products.csv` lies here, and a file for each day in `orders/`.
    #[config(default = "data/sales".into())]
    folder: PathBuf,
}

schema! {
    /// A line of a receipt.
    pub(crate) struct Order {
        order: i64,
        product: String,
        pieces: i64,
    }
}

schema! {
    /// What is sold.
    pub(crate) struct Product {
        product: String,
        category: String,
        cents: i64,
    }
}

/// What the tills wrote on a day.
#[asset(group = "raw", kind = "csv", io = "lake", fingerprint = "function")]
pub(crate) fn orders(day: &Partition<Daily>, shop: Config<Shop>) -> Result<Frame<Order>> {
    Frame::checked(read_csv(shop.folder.join("orders").join(format!("{}.csv", day.key())))?)
}

/// The price list.
#[asset(group = "raw", kind = "csv", io = "lake", fingerprint = "function")]
pub(crate) fn products(shop: Config<Shop>) -> Result<Frame<Product>> {
    Frame::checked(read_csv(shop.folder.join("products.csv"))?)
}

/// All of this, with the lake in which frames lie.
pub(crate) fn definitions() -> Definitions {
    let lake = ParquetIo::new("lake");
    Definitions::new()
        .assets(assets![orders, products])
        .checks(checks())
        .frames("lake", lake.clone())
        .io::<Frame<Order>>("lake", lake.clone())
        .io::<Frame<Product>>("lake", lake)
}

/// What is looked at when they are read: of nothing that is wrong with a day anything is made.
fn checks() -> [CheckDef; 4] {
    [
        checks::range::<orders>("pieces", 1.0..).blocking(),
        checks::unique::<orders>(["order"]).blocking(),
        checks::row_count_within::<orders>(0.4..2.5),
        checks::unique::<products>(["product"]).blocking(),
    ]
}
