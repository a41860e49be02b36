//! What is told of a frame that is never in memory as a whole: its parts are looked at on their way into the file.

use std::sync::{Arc, Mutex, PoisonError};

use orch_core::failure::Result;
use orch_core::io::Metadata;
use polars::error::{PolarsError, PolarsResult};
use polars::frame::DataFrame;
use polars::prelude::{AllowedOptimizations, IdxSize, LazyFrame, Schema, SchemaRef, all};
use serde_json::Value;

use super::{Describe, Statistics};

/// So many rows can be numbered; polars does not tell where its numbers end, a little later.
const MOST_NUMBERED: IdxSize = 4_000_000_000;

/// What has passed, to be asked for when the plan was executed.
pub(crate) struct Passing {
    describe: Describe,
    columns: SchemaRef,
    passed: Arc<Mutex<Passed>>,
}

struct Passed {
    rows: usize,
    /// In each column.
    nulls: Vec<usize>,
    statistics: Vec<Statistics>,
    /// The first rows, by the number of the first of each part: threads come in any order.
    sample: Vec<(IdxSize, Vec<Value>)>,
}

impl Describe {
    /// The same plan, and what looks at the parts of its frame, of these columns, while it is executed. The streaming engine does
    /// that with each part by itself, in the thread that has it.
    pub(crate) fn plan(self, plan: LazyFrame, columns: SchemaRef) -> (LazyFrame, Passing) {
        // Of a frame without rows nothing passes.
        let statistics = self.statistics(&DataFrame::empty_with_schema(&columns));
        let passed = Arc::new(Mutex::new(Passed {
            rows: 0,
            nulls: vec![0; columns.len()],
            statistics,
            sample: Vec::new(),
        }));
        let passing = Passing { describe: self, columns: Arc::clone(&columns), passed: Arc::clone(&passed) };

        let number = (self.sample > 0).then(|| unused(&columns));
        // Of a bare scan the number would become a part, and the scan be planned anew.
        let plan = plan.select([all().as_expr()]);
        let plan = number.iter().fold(plan, |plan, number| plan.with_row_index(&**number, None));
        let look = move |mut part: DataFrame| {
            let begin = number.as_ref().map(|number| begin(&mut part, number)).transpose()?;
            self.look(&part, begin, &passed);
            Ok(part)
        };
        let as_before = move |_: &Schema| -> PolarsResult<SchemaRef> { Ok(Arc::clone(&columns)) };
        let looked = plan.map(look, AllowedOptimizations::STREAMING, Some(Arc::new(as_before)), Some("LOOK"));
        (looked, passing)
    }

    fn look(self, part: &DataFrame, begin: Option<IdxSize>, passed: &Mutex<Passed>) {
        // All that takes its time comes before the lock.
        let statistics = self.statistics(part);
        let begin = begin.unwrap_or(IdxSize::MAX);
        let before = usize::try_from(begin).unwrap_or(usize::MAX);
        let sample = self.sample(part, self.sample.saturating_sub(before));
        let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.rows += part.height();
        let nulls = passed.nulls.iter_mut().zip(part.columns());
        nulls.for_each(|(nulls, column)| *nulls += column.null_count());
        let all = passed.statistics.iter_mut().zip(statistics);
        all.for_each(|(all, of_part)| all.add(of_part));
        if !sample.is_empty() {
            passed.sample.push((begin, sample));
        }
    }
}

/// A name that no column has.
fn unused(columns: &Schema) -> String {
    let mut name = "row".to_owned();
    while columns.contains(&name) {
        name.push('_');
    }
    name
}

/// The number of the first row of a part, which is taken out of it.
fn begin(part: &mut DataFrame, number: &str) -> PolarsResult<IdxSize> {
    let begin = part.drop_in_place(number)?.idx()?.iter().next().flatten().unwrap_or_default();
    if begin > MOST_NUMBERED {
        let message =
            format!("rows can be numbered up to {MOST_NUMBERED}: let no sample be taken of it, `.sample(0)`");
        return Err(PolarsError::ComputeError(message.into()));
    }
    Ok(begin)
}

impl Passing {
    /// What is told of all that has passed.
    ///
    /// # Errors
    /// If that is not as declared.
    pub(crate) fn told(self, declared: Option<&crate::schema::Schema>) -> Result<Metadata> {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let nulls = |column: &str| self.columns.index_of(column).map_or(0, |at| passed.nulls[at]);
        declared.map_or(Ok(()), |declared| declared.check_columns(&self.columns, nulls))?;
        passed.sample.sort_unstable_by_key(|(begin, _)| *begin);
        let sample = passed.sample.drain(..).flat_map(|(_, rows)| rows).collect();
        let statistics = std::mem::take(&mut passed.statistics);
        Ok(self.describe.told(&self.columns, passed.rows, statistics, sample))
    }
}
