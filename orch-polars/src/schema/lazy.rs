use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use orch_core::failure::{Failure, Result};
use polars::prelude::LazyFrame;

use super::FrameSchema;

/// A `LazyFrame` that has the columns of `S`, as a [`Frame<S>`](crate::Frame) has them that is in memory.
///
/// Which columns it has, and of which types, the plan tells, and was checked when this was made. Whether there are nulls nobody
/// knows before the plan is executed. So a column that has some and may have none is refused
///
/// | of what | when |
/// |---|---|
/// | what an op returns | when an IO manager stores what passes; the file that was there before stays |
/// | a Parquet file that an IO manager loads | when it is loaded, by the statistics in its footer; nothing else is read for it |
/// | what has no such statistics, other formats, and several partitions together | when it is read, each part by itself: collecting or sinking the plan fails |
/// | a plan of one's own, `Lazy::checked(plan)` | never, until it is stored |
///
/// What is looked at when it is read is what the plan reads: of a column that nobody asks for, or rows that were left out before,
/// nothing is said. A filter of such a column looks at all rows first, and so keeps no row group of several Parquet files from being
/// read; one of the dimensions of partitions does.
///
/// ```
/// use orch_core::failure::Result;
/// use orch_polars::polars::prelude::{LazyFrame, col};
/// use orch_polars::{Lazy, schema};
///
/// schema! {
///     /// What was sold.
///     pub struct Sales { id: i64, price: f64 }
/// }
///
/// schema! {
///     pub struct Totals { total: f64 }
/// }
///
/// fn total(sales: &Lazy<Sales>) -> Result<Lazy<Totals>> {
///     Lazy::checked(sales.plan().select([col("price").sum().alias("total")]))
/// }
/// # use orch_polars::polars::{df, prelude::IntoLazy as _};
/// # let sales = df!("id" => [1i64, 2], "price" => [2.5, 0.5]).unwrap();
/// # let total = total(&Lazy::checked(sales.lazy()).unwrap()).unwrap().plan().collect().unwrap();
/// # assert_eq!(total, df!("total" => [3.0]).unwrap());
/// ```
pub struct Lazy<S> {
    plan: LazyFrame,
    schema: PhantomData<fn() -> S>,
}

impl<S: FrameSchema> Lazy<S> {
    /// The plan, if it comes to the columns of `S`. Nothing is executed for that; of a scan the file's own description of its
    /// columns is read.
    ///
    /// # Errors
    /// If it does not, or cannot be planned. One error names all that is different.
    pub fn checked(mut plan: LazyFrame) -> Result<Self> {
        let columns = plan.collect_schema()?;
        S::schema().check_columns(&columns, |_| 0)?;
        Ok(Self { plan, schema: PhantomData })
    }
}

impl<S> Lazy<S> {
    /// A plan that begins with this one, to go on with.
    pub fn plan(&self) -> LazyFrame {
        self.plan.clone()
    }

    /// The plan alone.
    pub fn into_inner(self) -> LazyFrame {
        self.plan
    }
}

/// To look at; a changed plan has to be checked again.
impl<S> Deref for Lazy<S> {
    type Target = LazyFrame;

    fn deref(&self) -> &LazyFrame {
        &self.plan
    }
}

impl<S: FrameSchema> TryFrom<LazyFrame> for Lazy<S> {
    type Error = Failure;

    fn try_from(plan: LazyFrame) -> Result<Self> {
        Self::checked(plan)
    }
}

impl<S> From<Lazy<S>> for LazyFrame {
    fn from(lazy: Lazy<S>) -> Self {
        lazy.plan
    }
}

// By hand, since a derive would ask as much of `S`.
impl<S> Clone for Lazy<S> {
    fn clone(&self) -> Self {
        Self { plan: self.plan.clone(), schema: PhantomData }
    }
}

impl<S: FrameSchema> fmt::Debug for Lazy<S> {
    /// What it comes to: a plan says more than anyone wants to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lazy").field(&S::schema()).finish()
    }
}
