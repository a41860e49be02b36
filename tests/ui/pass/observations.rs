//! Observations, in all forms that they may have.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

/// Another crate might have it.
mod lake {
    use orch::prelude::*;

    #[external_asset(io = "lake")]
    pub fn orders() -> i64;
}

#[external_asset]
fn refunds() -> i64;

#[external_asset]
fn prices() -> i64;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[external_asset(partitions = Daily)]
fn files() -> i64;

#[derive(Config)]
struct Table {
    name: String,
}

struct Lake;

#[asset_observation(asset = lake::orders, retry(max = 2), timeout = "30s", tags(team = "data"))]
fn written(lake: Res<Lake>, table: Config<Table>, context: Context) -> Result<DataVersion> {
    let _: &Lake = &lake;
    context.add_metadata("table", table.name.clone());
    Ok(DataVersion::new(&table.name))
}

#[asset_observation(asset = refunds, name = "seen", isolate)]
async fn looked() -> std::result::Result<WithMetadata<DataVersion>, std::fmt::Error> {
    Ok(WithMetadata::new(DataVersion::new(1)).metadata("rows", 3))
}

#[asset_observation(asset = prices)]
fn constant(_context: &Context) -> DataVersion {
    DataVersion::new("always the same")
}

#[asset_observation(asset = files, retry(max = 2))]
async fn file(table: Config<Table>, day: &Partition<Daily>, context: &Context) -> Result<DataVersion> {
    context.add_metadata("table", table.name.clone());
    Ok(DataVersion::new(day.key()))
}

#[asset_observation(asset = files)]
fn by_value(_day: Partition<Daily>) -> DataVersion {
    DataVersion::new(1)
}

type Perhaps = Option<DataVersion>;

#[asset_observation(asset = files)]
fn perhaps(_day: &Partition<Daily>) -> Perhaps {
    None
}

#[asset_observation(asset = files)]
async fn fallible(day: &Partition<Daily>) -> Result<Perhaps> {
    Ok(Some(DataVersion::new(day.key())))
}

#[asset_observation(asset = files)]
fn with_metadata(_day: &Partition<Daily>) -> Result<Option<WithMetadata<DataVersion>>, std::fmt::Error> {
    Ok(Some(WithMetadata::new(DataVersion::new(1)).metadata("rows", 3)))
}

fn main() {
    let definitions = Definitions::new()
        .assets(assets![lake::orders, refunds, prices, files])
        .observations(observations![written, looked, constant, file])
        .resource(Lake);
    let plan = definitions.observe_assets(&"*".parse().expect("all")).plan().to_string();
    assert!(plan.contains("orders.written") && plan.contains("refunds.seen"), "{plan}");
    assert!(plan.contains("files.file(day: &Partition<Daily> <- each daily_partitions)"), "{plan}");
    let _ = (by_value, perhaps, fallible, with_metadata);
}
