//! What is told of a stored frame beside the run: metadata of its output, small whatever the frame's size.

#[cfg(all(feature = "lazy", feature = "parquet"))]
mod footer;
pub(crate) mod value;

use orch_core::io::Metadata;
use polars::frame::DataFrame;
use polars::prelude::{Column, DataType, Scalar, Schema};
use serde_json::{Map, Value, json};

#[cfg(all(feature = "lazy", feature = "parquet"))]
pub(crate) use footer::footer;

/// Of so many columns there are statistics and samples; the schema has all of them. An event of a frame of thousands of
/// columns would be large otherwise, and read by nobody.
const MOST_COLUMNS: usize = 100;

/// How much is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Describe {
    /// How many of the first rows.
    pub(crate) sample: usize,
    /// Whether anything of the columns' values.
    pub(crate) statistics: bool,
}

/// What is told of the values of one column.
#[derive(Debug)]
pub(crate) struct Statistics {
    name: String,
    nulls: Option<usize>,
    /// The smallest and the largest, if the column's values have an order that people know.
    range: Option<[Value; 2]>,
}

impl Describe {
    /// Of a frame in memory.
    pub(crate) fn frame(self, frame: &DataFrame) -> Metadata {
        let mut metadata = schema(frame.schema());
        metadata.insert("rows".to_owned(), frame.height().into());
        let columns = || frame.columns().iter().take(MOST_COLUMNS);
        if self.statistics {
            metadata.insert("statistics".to_owned(), list(columns().map(Statistics::of)));
        }
        if self.sample > 0 {
            let row = |row| {
                let field = |column: &Column| {
                    let value = column.get(row).map_or(Value::Null, |value| value::json(&value));
                    (column.name().to_string(), value)
                };
                Value::Object(columns().map(field).collect())
            };
            metadata.insert("sample".to_owned(), (0..frame.height().min(self.sample)).map(row).collect());
        }
        metadata
    }

    /// Of a file that was written without the frame ever being in memory: what the plan and the file tell by themselves.
    #[cfg(feature = "lazy")]
    pub(crate) fn file(self, columns: &Schema, index: crate::format::Index) -> Metadata {
        let mut metadata = schema(columns);
        if let Some(rows) = index.rows {
            metadata.insert("rows".to_owned(), rows.into());
        }
        if let Some(statistics) = index.statistics.filter(|_| self.statistics) {
            let told = list(statistics.into_iter().take(MOST_COLUMNS));
            metadata.insert("statistics".to_owned(), told);
        }
        metadata
    }
}

fn schema(schema: &Schema) -> Metadata {
    let column =
        |(name, dtype): (_, &DataType)| json!({ "name": format!("{name}"), "dtype": dtype.to_string() });
    Metadata::from([
        ("columns".to_owned(), schema.len().into()),
        ("schema".to_owned(), schema.iter().map(column).collect()),
    ])
}

fn list(statistics: impl Iterator<Item = Statistics>) -> Value {
    statistics.map(Statistics::into_json).collect()
}

impl Statistics {
    fn of(column: &Column) -> Self {
        let range = has_range(column.dtype()).then(|| range(column.min_reduce(), column.max_reduce()));
        Self { name: column.name().to_string(), nulls: Some(column.null_count()), range: range.flatten() }
    }

    fn into_json(self) -> Value {
        let mut told = Map::from_iter([("name".to_owned(), self.name.into())]);
        told.extend(self.nulls.map(|nulls| ("nulls".to_owned(), nulls.into())));
        let named = |[min, max]: [Value; 2]| [("min".to_owned(), min), ("max".to_owned(), max)];
        told.extend(self.range.map(named).into_iter().flatten());
        Value::Object(told)
    }
}

/// Whether the least and the greatest of such values say something.
fn has_range(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || dtype.is_temporal() || dtype.is_string()
}

fn range<E>(min: Result<Scalar, E>, max: Result<Scalar, E>) -> Option<[Value; 2]> {
    Some([value::json(min.ok()?.value()), value::json(max.ok()?.value())])
}
