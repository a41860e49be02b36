//! Data with partitions: what each day came to, what each week did, and a day made anew.
//!
//! ```sh
//! cargo run --example partitions -- materialize --all --partition 2024-01-01..2024-01-14
//! cargo run --example partitions -- assets list
//! cargo run --example partitions -- materialize revenue+ --partition 2024-01-08   # one day, and its week
//! cargo run --example partitions -- assets show revenue
//! ```

use orch::partition::{
    ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions, Weekday,
};
use orch::prelude::*;

/// Days, from the first one of the shop on.
struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

/// Weeks, from Monday to Sunday.
struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").weekday(Weekday::Monday).into()
    }
}

/// The lines of the till of a day.
#[asset(group = "raw", kind = "csv")]
fn till(day: &Partition<Daily>) -> String {
    let pieces = day.window().start.day();
    format!("ada,{pieces},2.50\ngrace,1,10.00\n")
}

/// What a day came to.
#[asset(group = "sales", partitions = Daily)]
fn revenue(till: &str, ctx: Context) -> Result<f64> {
    let mut revenue = 0.0;
    for line in till.lines() {
        let [_, pieces, price] = line.split(',').collect::<Vec<_>>()[..] else {
            return Err(Failure::new(format!("the line `{line}` has not three columns")));
        };
        revenue += pieces.parse::<f64>()? * price.parse::<f64>()?;
    }
    ctx.add_metadata("revenue", revenue);
    Ok(revenue)
}

/// What a week came to, of all of its days.
#[asset(group = "sales")]
fn week(week: &Partition<Weekly>, revenue: &Partitions<f64>) -> String {
    let total: f64 = revenue.values().sum();
    format!("the week of {}: {total:.2} euros on {} days", week.key(), revenue.len())
}

/// The best day of all that there are.
#[asset(group = "sales")]
fn best_day(
    #[mapped(PartitionMapping::all().allow_missing())] revenue: &Partitions<f64>,
) -> Option<(String, f64)> {
    let best = revenue.iter().max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.map(|(day, revenue)| (day.to_string(), *revenue))
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new().assets(assets![till, revenue, week, best_day]).asset_job("nightly", "group:sales")
}
