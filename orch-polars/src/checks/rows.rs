use std::ops::RangeBounds;

use orch_core::asset::{CheckEvaluation, CheckResult, MetadataValue};
use orch_core::define::Context;
use orch_core::failure::Failure;
use orch_core::graph::{Asset, CheckDef};

use super::values::bounds;
use super::{AnyFrame, HasFrame, before, counted};

/// With how many earlier materializations the present one is compared.
const EARLIER: usize = 7;

/// That there are about as many rows as in earlier materializations: named `row_count_within`.
///
/// It compares with the median of what it has counted in the last seven of them, be it that it passed then or not: `0.5..2.0`
/// finds less than half as many, and twice as many or more. So a single table that was too small spoils nothing, and what has
/// changed for good is found a few times and then becomes what is compared with. Of the first materialization there is
/// nothing to say.
///
/// Of partitions by time it compares with the last seven of the 31 before it, by what was counted last in each: a day with the
/// days before it, also where it was made before.
#[must_use]
#[track_caller]
pub fn row_count_within<A: Asset<Value: HasFrame>>(
    times: impl RangeBounds<f64> + Send + Sync + 'static,
) -> CheckDef {
    CheckDef::builder::<A>("row_count_within")
        .description(format!("There are {} times as many rows as before.", bounds(&times)))
        .looks_at(move |value: &A::Value, context| look(value.frame(), &times, context))
}

fn look(
    frame: AnyFrame<'_>,
    times: &impl RangeBounds<f64>,
    context: &Context,
) -> Result<CheckResult, Failure> {
    let rows = frame.rows()?;
    let mut earlier: Vec<u64> = before(context, EARLIER)?.iter().filter_map(told_rows).collect();
    let counted_now = |result: CheckResult| result.metadata("rows", MetadataValue::RowCount(rows as u64));
    let Some(median) = median(&mut earlier) else {
        return Ok(counted_now(CheckResult::passed().description("there is nothing yet to compare with")));
    };
    let ratio = if median > 0.0 {
        rows as f64 / median
    } else if rows == 0 {
        1.0
    } else {
        f64::INFINITY
    };
    let why = format!("{} after {median} before", counted(rows));
    let result = CheckResult::expect(times.contains(&ratio), why);
    Ok(counted_now(result).metadata("rows before", median).metadata("times", ratio))
}

/// How many rows an earlier materialization had.
fn told_rows(earlier: &CheckEvaluation) -> Option<u64> {
    match earlier.result.metadata.get("rows") {
        Some(MetadataValue::RowCount(rows)) => Some(*rows),
        _ => None,
    }
}

fn median(counts: &mut [u64]) -> Option<f64> {
    counts.sort_unstable();
    let (&high, &low) = (counts.get(counts.len() / 2)?, counts.get(counts.len().checked_sub(1)? / 2)?);
    Some((low as f64 + high as f64) / 2.0)
}
