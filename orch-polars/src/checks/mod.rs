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
//! A `LazyFrame` is looked at without being in memory as a whole. What a check asks is a plan of its own, which polars' streaming engine
//! executes batch by batch, and once more for the rows that it shows, if there are some; [`unique`] gathers the sets of values that
//! there are. In the run that makes the frame a check is given the plan, as a step is, and executes that: where it costs too much,
//! return a `DataFrame`, or run the checks by themselves, `assets check`, which look at what is stored.
//!
//! | of | null | NaN |
//! |---|---|---|
//! | [`not_null`] | is found | is a value |
//! | [`unique`] | is a value: two of them are the same | is a value: two of them are the same |
//! | [`range`] | is passed over | is in no range |

mod nulls;
#[cfg(feature = "lazy")]
mod planned;
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

/// The value of an asset that is a frame: a [`DataFrame`], one whose columns are declared, or with the feature `lazy`
/// a `LazyFrame`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no frame",
    label = "the asset is no frame",
    note = "these checks look at assets that are a `DataFrame`, a `LazyFrame` or a `Frame<S>`; of others write one, `#[asset_check(asset = ..)]`"
)]
pub trait HasFrame: Data {
    /// The frame.
    fn frame(&self) -> AnyFrame<'_>;
}

/// A frame, be it in memory or not.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum AnyFrame<'a> {
    /// In memory.
    Whole(&'a DataFrame),
    /// Planned.
    #[cfg(feature = "lazy")]
    Planned(&'a pl::LazyFrame),
}

impl std::fmt::Debug for AnyFrame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(frame) => frame.fmt(f),
            #[cfg(feature = "lazy")]
            Self::Planned(_) => f.write_str("a frame that is planned"),
        }
    }
}

impl AnyFrame<'_> {
    fn rows(self) -> Result<usize, Failure> {
        match self {
            Self::Whole(frame) => Ok(frame.height()),
            #[cfg(feature = "lazy")]
            Self::Planned(plan) => planned::rows(plan),
        }
    }

    fn schema(self) -> Result<pl::SchemaRef, Failure> {
        match self {
            Self::Whole(frame) => Ok(frame.schema().clone()),
            #[cfg(feature = "lazy")]
            Self::Planned(plan) => Ok(plan.clone().collect_schema()?),
        }
    }
}

impl HasFrame for DataFrame {
    fn frame(&self) -> AnyFrame<'_> {
        AnyFrame::Whole(self)
    }
}

impl<S> HasFrame for Frame<S>
where
    Self: Data,
{
    fn frame(&self) -> AnyFrame<'_> {
        AnyFrame::Whole(self)
    }
}

#[cfg(feature = "lazy")]
impl HasFrame for pl::LazyFrame {
    fn frame(&self) -> AnyFrame<'_> {
        AnyFrame::Planned(self)
    }
}

#[cfg(feature = "lazy")]
impl<S> HasFrame for crate::Lazy<S>
where
    Self: Data,
{
    fn frame(&self) -> AnyFrame<'_> {
        AnyFrame::Planned(self)
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

/// What was found, if there is a column of one of these names not.
fn lack(schema: &pl::Schema, names: &[String]) -> Option<CheckResult> {
    let name = names.iter().find(|name| !schema.contains(name))?;
    let there: Vec<_> = schema.iter_names().map(|name| format!("`{name}`")).collect();
    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    Some(CheckResult::failed(format!("there is no column `{name}`; there are {there}")))
}

/// `one row`, `3 rows`
fn counted(rows: usize) -> String {
    if rows == 1 { "one row".to_owned() } else { format!("{rows} rows") }
}

/// `` `id`, `amount` ``
fn named(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Rows that are not as they should be.
struct Found {
    /// How many there are.
    number: usize,
    /// Of how many.
    of: usize,
    /// The first of them.
    shown: MetadataValue,
}

impl Found {
    fn told(self, why: &str) -> CheckResult {
        let Self { number, of, shown } = self;
        let result = CheckResult::expect(number == 0, format!("{} {why}", counted(number)))
            .metadata("rows", MetadataValue::RowCount(of as u64))
            .metadata("found", number as i64);
        if number == 0 { result } else { result.metadata("sample", shown) }
    }

    /// These rows of a frame.
    fn of(frame: &DataFrame, rows: &[usize]) -> Self {
        let first = rows.iter().take(SHOWN).map(|&row| (row as u64, row));
        Self { number: rows.len(), of: frame.height(), shown: sample(frame, first) }
    }
}

/// `have` or `has`
fn verb<'a>(rows: usize, one: &'a str, many: &'a str) -> &'a str {
    if rows == 1 { one } else { many }
}

/// Rows as a table, each behind the number that it is told by.
fn sample(frame: &DataFrame, rows: impl Iterator<Item = (u64, usize)>) -> MetadataValue {
    let columns = || frame.columns().iter().take(SHOWN_COLUMNS);
    let head = columns().map(|column| Column::new(column.name().as_str(), column.dtype().to_string()));
    let row = |(number, row): (u64, usize)| {
        let values = columns()
            .map(|column| column.get(row).map_or(serde_json::Value::Null, |value| value::json(&value)));
        [serde_json::Value::from(number)].into_iter().chain(values).collect()
    };
    MetadataValue::Table(Table {
        columns: [Column::new("row", "u64")].into_iter().chain(head).collect(),
        rows: rows.map(row).collect(),
    })
}
