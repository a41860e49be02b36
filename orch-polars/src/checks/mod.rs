//! Checks of frames that are ready-made: a line each, beside the assets that they look at.
//!
//! ```
//! # mod shop {
//! # use std::sync::{Arc, OnceLock};
//! # use orch_core::graph::{Asset, AssetDef};
//! # pub struct orders;
//! # impl Asset for orders {
//! #     type Value = orch_polars::DataFrame;
//! #     fn asset() -> &'static Arc<AssetDef> {
//! #         static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
//! #         ASSET.get_or_init(|| Arc::new(AssetDef::builder("orders").external::<orch_polars::DataFrame>(None)))
//! #     }
//! # }
//! # }
//! # use shop::orders;
//! use orch_core::asset::Severity;
//! use orch_core::run::Definitions;
//! use orch_polars::checks;
//!
//! // Of an asset `orders` that is a `DataFrame`.
//! let definitions = Definitions::new().checks([
//!     checks::not_null::<orders>(["id", "amount"]),
//!     checks::unique::<orders>(["id"]),
//!     checks::range::<orders>("amount", 0.0..),
//!     checks::row_count_within::<orders>(0.5..2.0),
//!     checks::same_schema::<orders>().severity(Severity::Warn),
//! ]);
//! ```
//!
//! Each has a name of its own, that of its function; where an asset has two of a kind, one is `.named("other")`. What is made
//! of the asset waits for one that is [`blocking`](orch_core::graph::CheckDef::blocking). Each tells what it has counted, and shows the first few
//! rows that are not as they should be. A column that is not there is a finding, and no failure of the check.
//!
//! Of an asset with partitions each looks at each partition. What is compared with earlier ones, rows and columns, is compared with
//! the partitions before it in time: seven days, and the day before. Of partitions that are not by time it is compared with
//! earlier materializations of the same one.
//!
//! | of | null | NaN |
//! |---|---|---|
//! | [`not_null`] | is found | is a value |
//! | [`unique`] | is a value: two of them are the same | is a value: two of them are the same |
//! | [`range`] | is passed over | is in no range |

mod nulls;
mod rows;
mod schema;
mod unique;
mod values;

use orch_core::asset::{CheckEvaluation, CheckResult, Column, MetadataValue, Table};
use orch_core::define::Context;
use orch_core::failure::Failure;
use orch_core::value::Data;
use polars::frame::DataFrame;
use polars::prelude as pl;

use crate::Frame;
use crate::describe::value;

pub use nulls::not_null;
pub use rows::row_count_within;
pub use schema::same_schema;
pub use unique::unique;
pub use values::range;

/// The value of an asset that is a frame: a [`DataFrame`], or one whose columns are declared.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no frame",
    label = "the asset is no frame in memory",
    note = "these checks look at assets that are a `DataFrame` or a `Frame<S>`; of others write one, `#[asset_check(asset = ..)]`"
)]
pub trait HasFrame: Data {
    /// The frame.
    fn frame(&self) -> &DataFrame;
}

impl HasFrame for DataFrame {
    fn frame(&self) -> &DataFrame {
        self
    }
}

impl<S> HasFrame for Frame<S>
where
    Self: Data,
{
    fn frame(&self) -> &DataFrame {
        self
    }
}

/// How many rows are shown.
const SHOWN: usize = 5;

/// How many columns of them.
const SHOWN_COLUMNS: usize = 20;

/// What a check has found before, of as many materializations at most, the nearest first: of a partition by time of those before
/// it, which are as it should be, while it was seldom made before; of all else of earlier materializations of the same.
fn before(context: &Context, limit: usize) -> Result<Vec<CheckEvaluation>, Failure> {
    match context.evaluations_before(limit)? {
        Some(before) => Ok(before),
        None => context.earlier_evaluations(limit),
    }
}

/// The columns of these names; if one is not there, that is what was found.
fn columns<'a>(frame: &'a DataFrame, names: &[String]) -> Result<Vec<&'a pl::Column>, CheckResult> {
    let lack = |name: &String| {
        let there: Vec<_> = frame.columns().iter().map(|column| format!("`{}`", column.name())).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        CheckResult::failed(format!("there is no column `{name}`; there are {there}"))
    };
    names.iter().map(|name| frame.column(name).map_err(|_| lack(name))).collect()
}

/// `one row`, `3 rows`
fn counted(rows: usize) -> String {
    if rows == 1 { "one row".to_owned() } else { format!("{rows} rows") }
}

/// `` `id`, `amount` ``
fn named(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What was found of these rows, which are not as they should be: how many there are, and the first of them.
fn told(frame: &DataFrame, rows: &[usize], why: &str) -> CheckResult {
    let result = CheckResult::expect(rows.is_empty(), format!("{} {why}", counted(rows.len())))
        .metadata("rows", MetadataValue::RowCount(frame.height() as u64))
        .metadata("found", rows.len() as i64);
    if rows.is_empty() { result } else { result.metadata("sample", sample(frame, rows)) }
}

/// The first of these rows as a table, each behind its number.
fn sample(frame: &DataFrame, rows: &[usize]) -> MetadataValue {
    let columns = || frame.columns().iter().take(SHOWN_COLUMNS);
    let head = columns().map(|column| Column::new(column.name().as_str(), column.dtype().to_string()));
    let row = |&row: &usize| {
        let values = columns()
            .map(|column| column.get(row).map_or(serde_json::Value::Null, |value| value::json(&value)));
        [serde_json::Value::from(row)].into_iter().chain(values).collect()
    };
    MetadataValue::Table(Table {
        columns: [Column::new("row", "u64")].into_iter().chain(head).collect(),
        rows: rows.iter().take(SHOWN).map(row).collect(),
    })
}
