//! What the shop wants to know, by day and by week. Frames are scanned: of each file only the columns are read that are needed.

use std::sync::Arc;

use orch::graph::{AssetDef, CheckDef};
use orch::partition::{
    ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions, Weekday,
};
use orch::prelude::*;
use orch_polars::polars::prelude::{JoinArgs, JoinType, LazyFrame, col};

use super::raw::{Daily, orders, products};

/// Weeks, from Monday to Sunday.
pub(crate) struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").weekday(Weekday::Monday).until("2024-02-05").into()
    }
}

/// Each line of a day with what it came to.
#[asset(group = "sales", io = "lake", partitions = Daily, fingerprint = "function")]
pub(crate) fn sales(#[stored] orders: LazyFrame, #[stored] products: LazyFrame) -> LazyFrame {
    orders
        .join(products, [col("product")], [col("product")], JoinArgs::new(JoinType::Left))
        .with_column((col("pieces") * col("cents")).alias("revenue"))
        .sort(["order"], Default::default())
}

/// All that is sold has a price.
#[asset_check(asset = sales, blocking)]
pub(crate) fn priced(#[stored] sales: LazyFrame, day: &Partition<Daily>) -> Result<CheckResult> {
    let unpriced = sales.filter(col("cents").is_null()).collect()?.height();
    Ok(CheckResult::expect(unpriced == 0, format!("{unpriced} lines of {} have no price", day.key())))
}

/// What a week came to, by category.
#[asset(group = "mart", io = "lake", fingerprint = "function")]
pub(crate) fn weekly(_week: &Partition<Weekly>, #[stored(together)] sales: LazyFrame) -> LazyFrame {
    let by_category = sales.group_by([col("category")]);
    by_category.agg([col("revenue").sum()]).sort(["category"], Default::default())
}

/// The product of which most pieces were sold, of all days that there are.
#[asset(group = "mart", fingerprint = "function")]
pub(crate) fn best_seller(
    #[stored(together)]
    #[mapped(PartitionMapping::all().allow_missing())]
    sales: Option<LazyFrame>,
) -> Result<Option<String>> {
    let Some(sales) = sales else { return Ok(None) };
    let sums = sales.group_by([col("product")]).agg([col("pieces").sum()]).collect()?;
    let names = sums.column("product")?.str()?;
    let pieces = sums.column("pieces")?.i64()?;
    let best =
        names.iter().zip(pieces.iter()).max_by_key(|(name, pieces)| (*pieces, std::cmp::Reverse(*name)));
    Ok(best.and_then(|(name, _)| name).map(str::to_owned))
}

/// All of them.
pub(crate) fn assets() -> Vec<Arc<AssetDef>> {
    assets![sales, weekly, best_seller].into()
}

/// What is looked at of them.
pub(crate) fn checks() -> [Arc<CheckDef>; 1] {
    checks![priced]
}
