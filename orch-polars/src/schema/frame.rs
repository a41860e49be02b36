use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use orch_core::failure::{Failure, Result};
use polars::frame::DataFrame;

use super::FrameSchema;

/// A DataFrame that has the columns of `S`: it was checked when it was made, and cannot be changed.
///
/// An op that takes one need not look, and an op that returns one cannot return another. An IO manager checks what it
/// loads, since a file may be older than the program.
///
/// ```
/// use orch_core::failure::Result;
/// use orch_polars::polars::df;
/// use orch_polars::{Frame, schema};
///
/// schema! {
///     /// What was sold.
///     pub struct Sales {
///         id: i64,
///         name: Option<String>,
///         "unit price": f64,
///     }
/// }
///
/// fn sales() -> Result<Frame<Sales>> {
///     Frame::checked(df!("id" => [1i64], "name" => [None::<&str>], "unit price" => [2.5])?)
/// }
///
/// fn total(sales: &Frame<Sales>) -> Result<f64> {
///     Ok(sales.column("unit price")?.f64()?.iter().flatten().sum())
/// }
/// # assert_eq!(total(&sales().unwrap()).unwrap(), 2.5);
/// ```
pub struct Frame<S> {
    frame: DataFrame,
    schema: PhantomData<fn() -> S>,
}

impl<S: FrameSchema> Frame<S> {
    /// The frame, if it has the columns of `S`.
    ///
    /// # Errors
    /// If it has not. One error names all that is different.
    pub fn checked(frame: DataFrame) -> Result<Self> {
        S::schema().check(&frame)?;
        Ok(Self { frame, schema: PhantomData })
    }
}

impl<S> Frame<S> {
    /// The frame alone, to be changed.
    #[must_use]
    pub fn into_inner(self) -> DataFrame {
        self.frame
    }
}

/// To read; a changed frame has to be checked again.
impl<S> Deref for Frame<S> {
    type Target = DataFrame;

    fn deref(&self) -> &DataFrame {
        &self.frame
    }
}

impl<S: FrameSchema> TryFrom<DataFrame> for Frame<S> {
    type Error = Failure;

    fn try_from(frame: DataFrame) -> Result<Self> {
        Self::checked(frame)
    }
}

impl<S> From<Frame<S>> for DataFrame {
    fn from(frame: Frame<S>) -> Self {
        frame.frame
    }
}

// By hand, since a derive would ask as much of `S`.
impl<S> Clone for Frame<S> {
    fn clone(&self) -> Self {
        Self { frame: self.frame.clone(), schema: PhantomData }
    }
}

impl<S> fmt::Debug for Frame<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.frame.fmt(f)
    }
}
