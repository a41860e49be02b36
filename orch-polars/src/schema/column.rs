//! The types of columns.

use polars::prelude::{DataType, TimeUnit};

/// A type that stands for the type of a column.
///
/// What is not among them, such as a time with a zone, is a type of your own:
///
/// ```
/// use orch_polars::polars::prelude::{DataType, TimeUnit, TimeZone};
/// use orch_polars::schema::ColumnType;
///
/// /// Milliseconds, in UTC.
/// struct Instant;
///
/// impl ColumnType for Instant {
///     fn dtype() -> DataType {
///         DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC))
///     }
/// }
///
/// orch_polars::schema! {
///     struct Logins { at: Instant, user: String }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a column",
    label = "no column has values of this type",
    note = "there are `bool`, `i32`, `i64`, `u32`, `u64`, `f32`, `f64`, `String`, `Date`, `Datetime`, `Time`, `Vec` of these for lists, \
            and `Option` of all of them for columns with nulls; for others, implement `ColumnType` for a type of your own"
)]
pub trait ColumnType {
    /// Whether the column may have nulls.
    const NULLABLE: bool = false;

    /// The type as polars has it.
    fn dtype() -> DataType;
}

/// A column of days of the calendar.
#[derive(Debug)]
pub enum Date {}

/// A column of days with times, without a zone, in microseconds.
#[derive(Debug)]
pub enum Datetime {}

/// A column of times of the day.
#[derive(Debug)]
pub enum Time {}

macro_rules! columns {
    ($($ty:ty => $dtype:expr,)*) => {
        $(
            impl ColumnType for $ty {
                fn dtype() -> DataType {
                    $dtype
                }
            }
        )*
    };
}

columns! {
    bool => DataType::Boolean,
    i8 => DataType::Int8,
    i16 => DataType::Int16,
    i32 => DataType::Int32,
    i64 => DataType::Int64,
    u8 => DataType::UInt8,
    u16 => DataType::UInt16,
    u32 => DataType::UInt32,
    u64 => DataType::UInt64,
    f32 => DataType::Float32,
    f64 => DataType::Float64,
    String => DataType::String,
    Date => DataType::Date,
    Datetime => DataType::Datetime(TimeUnit::Microseconds, None),
    Time => DataType::Time,
}

/// A column of lists. Whether there are nulls within lists is not said.
impl<T: ColumnType> ColumnType for Vec<T> {
    fn dtype() -> DataType {
        DataType::List(Box::new(T::dtype()))
    }
}

/// A column that may have nulls.
impl<T: ColumnType> ColumnType for Option<T> {
    const NULLABLE: bool = true;

    fn dtype() -> DataType {
        T::dtype()
    }
}
