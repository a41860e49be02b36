use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset]
fn sales(context: Context) -> Result<i64> {
    context.partitions::<Daily>().add(["2024-01-02"])?;
    Ok(1)
}

fn main() {}
