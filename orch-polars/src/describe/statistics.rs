//! What is told of the values of one column.

#[cfg(feature = "lazy")]
use std::cmp::Ordering;

use polars::prelude::{Column, DataType, Scalar};
use serde_json::{Map, Value};

use super::value;

#[derive(Debug)]
pub(super) struct Statistics {
    name: String,
    nulls: usize,
    /// The smallest and the largest, if the column's values have an order that people know.
    range: Option<[Scalar; 2]>,
}

impl Statistics {
    pub(super) fn of(column: &Column) -> Self {
        let range = || Some([column.min_reduce().ok()?, column.max_reduce().ok()?]);
        let range = has_range(column.dtype()).then(range).flatten();
        Self { name: column.name().to_string(), nulls: column.null_count(), range }
    }

    /// Adds what is told of other values of the same column.
    #[cfg(feature = "lazy")]
    pub(super) fn add(&mut self, other: Self) {
        self.nulls += other.nulls;
        let ranges = self.range.take().zip(other.range);
        self.range = ranges.map(|([min, max], [other_min, other_max])| {
            [the(Ordering::Less, min, other_min), the(Ordering::Greater, max, other_max)]
        });
    }

    pub(super) fn into_json(self) -> Value {
        let mut told =
            Map::from_iter([("name".to_owned(), self.name.into()), ("nulls".to_owned(), self.nulls.into())]);
        if let Some([min, max]) = self.range {
            told.insert("min".to_owned(), value::json(min.value()));
            told.insert("max".to_owned(), value::json(max.value()));
        }
        Value::Object(told)
    }
}

/// Whether the least and the greatest of such values say something.
fn has_range(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || dtype.is_temporal() || dtype.is_string()
}

/// The lesser or the greater of two. A null is neither, and of what is no number there is only where all are none.
#[cfg(feature = "lazy")]
fn the(which: Ordering, one: Scalar, other: Scalar) -> Scalar {
    let says_less = |value: &Scalar| (value.is_null(), value.is_nan());
    match says_less(&one).cmp(&says_less(&other)) {
        Ordering::Less => one,
        Ordering::Greater => other,
        Ordering::Equal if other.value().partial_cmp(one.value()) == Some(which) => other,
        Ordering::Equal => one,
    }
}
