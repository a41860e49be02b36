//! All that keeps a frame from having the columns that it should have.

use std::fmt;

use orch_core::failure::{Failure, Result};
use orch_core::ids::nearest;
use polars::frame::DataFrame;
use polars::prelude::{Column, DataType, Schema as ColumnTypes};

use super::Schema;

/// One thing in which a frame is not what its schema says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mismatch {
    /// There is no such column.
    Missing {
        /// Its name.
        column: String,
        /// The type that it should have.
        dtype: DataType,
    },
    /// It has another type.
    Dtype {
        /// The column.
        column: String,
        /// The type that it should have.
        declared: DataType,
        /// The one that it has.
        found: DataType,
    },
    /// It has nulls and should have none.
    Nulls {
        /// The column.
        column: String,
        /// How many.
        nulls: usize,
    },
    /// It is not among those declared.
    Extra {
        /// The column.
        column: String,
        /// Its type.
        dtype: DataType,
    },
}

impl Schema {
    /// In what `frame` is not as declared: columns in the order of the schema, then those that are too many. The order of
    /// a frame's columns does not matter.
    #[must_use]
    pub fn mismatches(&self, frame: &DataFrame) -> Vec<Mismatch> {
        let nulls = |column: &str| frame.column(column).map_or(0, Column::null_count);
        self.mismatches_of(frame.schema(), nulls)
    }

    /// The same of a frame with these columns and so many nulls in each.
    fn mismatches_of(&self, columns: &ColumnTypes, nulls: impl Fn(&str) -> usize) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        for declared in &self.columns {
            let name = || declared.name.clone();
            let Some(found) = columns.get(&declared.name) else {
                mismatches.push(Mismatch::Missing { column: name(), dtype: declared.dtype.clone() });
                continue;
            };
            if *found != declared.dtype {
                let (declared, found) = (declared.dtype.clone(), found.clone());
                mismatches.push(Mismatch::Dtype { column: name(), declared, found });
            }
            let nulls = if declared.nullable { 0 } else { nulls(&declared.name) };
            if nulls > 0 {
                mismatches.push(Mismatch::Nulls { column: name(), nulls });
            }
        }
        let is_declared = |name: &str| self.columns.iter().any(|declared| declared.name == name);
        let extra = columns.iter().filter(|(name, _)| !self.open && !is_declared(name));
        mismatches.extend(
            extra.map(|(name, dtype)| Mismatch::Extra { column: name.to_string(), dtype: dtype.clone() }),
        );
        mismatches
    }

    /// Checks that `frame` is as declared.
    ///
    /// # Errors
    /// If it is not; all [`mismatches`](Self::mismatches) are named, a line for each.
    pub fn check(&self, frame: &DataFrame) -> Result<()> {
        self.refuse(&self.mismatches(frame))
    }

    /// Checks that a frame with these columns, and so many nulls in each, is as declared.
    #[cfg(feature = "lazy")]
    pub(crate) fn check_columns(&self, columns: &ColumnTypes, nulls: impl Fn(&str) -> usize) -> Result<()> {
        self.refuse(&self.mismatches_of(columns, nulls))
    }

    /// What is said when nulls are found in this column of a frame while that is read.
    #[cfg(feature = "lazy")]
    pub(crate) fn refused_nulls(&self, column: &str, of: &str) -> String {
        format!("`{column}` has nulls and may have none, as `{}` declares it: {of}", self.name)
    }

    fn refuse(&self, mismatches: &[Mismatch]) -> Result<()> {
        if mismatches.is_empty() {
            return Ok(());
        }
        let lines: String = mismatches.iter().map(|mismatch| format!("\n  - {mismatch}")).collect();
        let message = format!("the frame is not what `{}` declares:{lines}", self.name);
        Err(Failure::new(message).hint(hint(mismatches)).not_retryable())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { column, dtype } => {
                write!(f, "`{column}` is missing, a column of {dtype}")
            }
            Self::Dtype { column, declared, found } => {
                write!(f, "`{column}` is {found} and not {declared}")
            }
            Self::Nulls { column, nulls: 1 } => write!(f, "`{column}` has 1 null and may have none"),
            Self::Nulls { column, nulls } => write!(f, "`{column}` has {nulls} nulls and may have none"),
            Self::Extra { column, dtype } => {
                write!(f, "`{column}` is not declared, a column of {dtype}")
            }
        }
    }
}

/// What to do about it, for each kind that there is.
fn hint(mismatches: &[Mismatch]) -> String {
    let first = |hint: fn(&Mismatch) -> Option<String>| mismatches.iter().find_map(hint);
    let cast = first(|mismatch| match mismatch {
        Mismatch::Dtype { column, .. } => {
            Some(format!("cast it, `frame.column(\"{column}\")?.cast(&dtype)?`, or declare what it is"))
        }
        _ => None,
    });
    let nulls = first(|mismatch| match mismatch {
        Mismatch::Nulls { column, .. } => {
            Some(format!("declare `{column}` as an `Option`, or fill or drop its nulls"))
        }
        _ => None,
    });
    let extra = first(|mismatch| match mismatch {
        Mismatch::Extra { column, .. } => {
            Some(format!("leave `{column}` out, or end the declaration with `..`"))
        }
        _ => None,
    });
    let hints: Vec<_> = [renamed(mismatches), cast, nulls, extra].into_iter().flatten().collect();
    // None of these is for columns that are missing and nothing else.
    if hints.is_empty() {
        "add the column, or declare what the frame has".to_owned()
    } else {
        hints.join("; ")
    }
}

/// A column that is missing while there is one of nearly its name.
fn renamed(mismatches: &[Mismatch]) -> Option<String> {
    let extra = || {
        mismatches.iter().filter_map(|mismatch| match mismatch {
            Mismatch::Extra { column, .. } => Some(column.as_str()),
            _ => None,
        })
    };
    mismatches.iter().find_map(|mismatch| match mismatch {
        Mismatch::Missing { column, .. } => {
            let other = nearest(column, extra())?;
            Some(format!("is `{other}` the column `{column}`? rename one of them"))
        }
        _ => None,
    })
}
