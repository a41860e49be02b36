//! What columns a frame must have, said in its type.

mod check;
mod column;
mod declare;
mod frame;
#[cfg(feature = "lazy")]
mod lazy;

use std::fmt;

use polars::prelude::DataType;

pub use check::Mismatch;
pub use column::{ColumnType, Date, Datetime, Time};
#[doc(hidden)]
pub use declare::declared_once;
pub use frame::Frame;
#[cfg(feature = "lazy")]
pub use lazy::Lazy;

/// A type that says what columns a frame has, made by [`schema!`](crate::schema!).
///
/// By hand it is `schema()`, which puts a [`Schema`] together.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what columns a frame has",
    label = "is no schema",
    note = "declare it: `orch_polars::schema! {{ struct Sales {{ id: i64, name: Option<String> }} }}`"
)]
pub trait FrameSchema: 'static {
    /// The columns.
    fn schema() -> Schema;
}

/// What columns a frame has: their names, types, and which of them have nulls.
///
/// ```
/// use orch_polars::polars::df;
/// use orch_polars::schema::Schema;
///
/// # fn main() -> orch_core::failure::Result<()> {
/// let sales = Schema::new("Sales").column::<i64>("id").column::<Option<String>>("name");
/// sales.check(&df!("id" => [1i64, 2], "name" => [Some("soap"), None])?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Schema {
    name: String,
    columns: Vec<Declared>,
    /// Whether a frame may have more.
    open: bool,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
struct Declared {
    name: String,
    dtype: DataType,
    nullable: bool,
}

impl Schema {
    /// No columns yet; `name` is what messages call it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), columns: Vec::new(), open: false }
    }

    /// Adds a column; one of the same name is replaced. An `Option` is a column that may have nulls.
    #[must_use]
    pub fn column<T: ColumnType>(mut self, name: impl Into<String>) -> Self {
        let column = Declared { name: name.into(), dtype: T::dtype(), nullable: T::NULLABLE };
        match self.columns.iter_mut().find(|other| other.name == column.name) {
            Some(other) => *other = column,
            None => self.columns.push(column),
        }
        self
    }

    /// Lets frames have other columns as well.
    #[must_use]
    pub fn and_others(mut self) -> Self {
        self.open = true;
        self
    }

    /// Whether a frame may have a column of this name.
    pub(crate) fn takes(&self, column: &str) -> bool {
        self.open || self.columns.iter().any(|declared| declared.name == column)
    }

    /// The columns that may have no nulls.
    #[cfg(feature = "lazy")]
    pub(crate) fn without_nulls(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|declared| !declared.nullable).map(|declared| declared.name.as_str())
    }

    /// The columns' types, for what reads a file that has none.
    pub(crate) fn types(&self) -> polars::prelude::Schema {
        let types = self.columns.iter().map(|column| (column.name.as_str().into(), column.dtype.clone()));
        types.collect()
    }
}

impl fmt::Debug for Schema {
    /// As it is declared: `Sales { id: i64, name: Option<str>, .. }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_struct(&self.name);
        for Declared { name, dtype, nullable } in &self.columns {
            if *nullable {
                list.field(name, &format_args!("Option<{dtype}>"));
            } else {
                list.field(name, &format_args!("{dtype}"));
            }
        }
        if self.open { list.finish_non_exhaustive() } else { list.finish() }
    }
}
