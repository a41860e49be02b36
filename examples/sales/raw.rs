//! What the shop writes, as frames, and what is wrong with it.

use std::path::PathBuf;
use std::sync::Arc;

use orch::graph::{CheckDef, ObservationDef};
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

impl Shop {
    fn receipts(&self, day: &Partition<Daily>) -> PathBuf {
        self.folder.join("orders").join(format!("{}.csv", day.key()))
    }

    fn price_list(&self) -> PathBuf {
        self.folder.join("products.csv")
    }
}

/// The file that the tills write on a day.
#[external_asset(group = "files", kind = "csv", partitions = Daily)]
pub(crate) fn receipts() -> ();

/// What is in it by now.
#[asset_observation(asset = receipts)]
fn written(day: &Partition<Daily>, shop: Config<Shop>) -> Result<DataVersion> {
    DataVersion::of_file(shop.receipts(day))
}

/// The file that the office writes.
#[external_asset(group = "files", kind = "csv")]
pub(crate) fn price_list() -> ();

/// What is in it by now.
#[asset_observation(asset = price_list)]
fn valid(shop: Config<Shop>) -> Result<DataVersion> {
    DataVersion::of_file(shop.price_list())
}

/// What the tills wrote on a day.
#[asset(group = "raw", io = "lake", deps = [receipts], fingerprint = "function")]
pub(crate) fn orders(day: &Partition<Daily>, shop: Config<Shop>) -> Result<Frame<Order>> {
    Frame::checked(read_csv(shop.receipts(day))?)
}

/// What everything costs.
#[asset(group = "raw", io = "lake", deps = [price_list], fingerprint = "function")]
pub(crate) fn products(shop: Config<Shop>) -> Result<Frame<Product>> {
    Frame::checked(read_csv(shop.price_list())?)
}

/// All of this, with the lake in which frames lie.
pub(crate) fn definitions() -> Definitions {
    let lake = ParquetIo::new("lake");
    Definitions::new()
        .assets(assets![receipts, price_list, orders, products])
        .observations(observations())
        .checks(checks())
        .frames("lake", lake.clone())
        .io::<Frame<Order>>("lake", lake.clone())
        .io::<Frame<Product>>("lake", lake)
}

/// Who looks whether the files are others by now.
fn observations() -> [Arc<ObservationDef>; 2] {
    observations![written, valid]
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
