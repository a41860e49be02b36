//! What is told of a stored frame beside the run: metadata of its output, small whatever the frame's size.

#[cfg(feature = "lazy")]
mod passing;
mod statistics;
pub(crate) mod value;

use orch_core::io::Metadata;
use polars::frame::DataFrame;
use polars::prelude::{Column, DataType, Schema};
use rayon::prelude::*;
use serde_json::{Value, json};

use self::statistics::Statistics;

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

impl Describe {
    /// Of a frame in memory.
    pub(crate) fn frame(self, frame: &DataFrame) -> Metadata {
        let (statistics, sample) = (self.statistics(frame), self.sample(frame, self.sample));
        self.told(frame.schema(), frame.height(), statistics, sample)
    }

    /// Of a frame with these columns and so many rows.
    fn told(
        self,
        columns: &Schema,
        rows: usize,
        statistics: Vec<Statistics>,
        sample: Vec<Value>,
    ) -> Metadata {
        let mut metadata = schema(columns);
        metadata.insert("rows".to_owned(), rows.into());
        if self.statistics {
            let told = statistics.into_iter().map(Statistics::into_json).collect();
            metadata.insert("statistics".to_owned(), told);
        }
        if self.sample > 0 {
            metadata.insert("sample".to_owned(), sample.into());
        }
        metadata
    }

    /// Of each column, if that is to be told.
    fn statistics(self, frame: &DataFrame) -> Vec<Statistics> {
        let most = if self.statistics { MOST_COLUMNS } else { 0 };
        frame.columns().par_iter().take(most).map(Statistics::of).collect()
    }

    /// The first rows of a frame, no more than so many.
    fn sample(self, frame: &DataFrame, most: usize) -> Vec<Value> {
        let row = |row| {
            let field = |column: &Column| {
                let value = column.get(row).map_or(Value::Null, |value| value::json(&value));
                (column.name().to_string(), value)
            };
            Value::Object(frame.columns().iter().take(MOST_COLUMNS).map(field).collect())
        };
        (0..frame.height().min(most)).map(row).collect()
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
