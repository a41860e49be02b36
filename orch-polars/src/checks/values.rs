use std::ops::{Bound, RangeBounds};

use orch_core::asset::CheckResult;
use orch_core::failure::Failure;
use orch_core::graph::{Asset, CheckDef};
use polars::frame::DataFrame;
use polars::prelude::DataType;

#[cfg(feature = "lazy")]
use super::planned;
use super::{AnyFrame, Found, HasFrame, lack, verb};

/// That the numbers of a column are in this range: named `range`.
///
/// It tells the smallest and the largest number. A null is passed over, a NaN is in no range. Numbers are compared as `f64`.
#[must_use]
#[track_caller]
pub fn range<A: Asset<Value: HasFrame>>(
    column: impl Into<String>,
    range: impl RangeBounds<f64> + Send + Sync + 'static,
) -> CheckDef {
    let names = [column.into()];
    CheckDef::builder::<A>("range")
        .description(format!("The numbers in `{}` are {}.", names[0], bounds(&range)))
        .looks_at(move |value: &A::Value, _| look(value.frame(), &names, &range))
}

fn look(
    frame: AnyFrame<'_>,
    names: &[String],
    range: &impl RangeBounds<f64>,
) -> Result<CheckResult, Failure> {
    let (name, schema) = (&names[0], frame.schema()?);
    if let Some(lack) = lack(&schema, names) {
        return Ok(lack);
    }
    let ty = schema.try_get(name)?;
    if !ty.is_primitive_numeric() {
        return Ok(CheckResult::failed(format!("the column `{name}` has no numbers: it is {ty}")));
    }
    let (rows, extremes) = match frame {
        AnyFrame::Whole(frame) => find(frame, name, range)?,
        #[cfg(feature = "lazy")]
        AnyFrame::Planned(plan) => planned::outside(plan, name, range)?,
    };
    let why = format!("{} not {} in `{name}`", verb(rows.number, "is", "are"), bounds(range));
    let result = rows.told(&why);
    Ok(match extremes {
        Some((least, most)) => result.metadata("smallest", least).metadata("largest", most),
        None => result,
    })
}

/// Rows whose number is not in the range, with the smallest and the largest.
fn find(
    frame: &DataFrame,
    name: &str,
    range: &impl RangeBounds<f64>,
) -> Result<(Found, Option<(f64, f64)>), Failure> {
    let numbers = frame.column(name)?.cast(&DataType::Float64)?;
    let (mut rows, mut extremes) = (Vec::new(), None::<(f64, f64)>);
    for (row, number) in numbers.f64()?.iter().enumerate().filter_map(|(row, number)| Some((row, number?))) {
        if !range.contains(&number) {
            rows.push(row);
        }
        if !number.is_nan() {
            let (least, most) = extremes.unwrap_or((number, number));
            extremes = Some((least.min(number), most.max(number)));
        }
    }
    Ok((Found::of(frame, &rows), extremes))
}

/// A range as people say it: `at least 0 and below 10`.
pub(super) fn bounds(range: &impl RangeBounds<f64>) -> String {
    let from = match range.start_bound() {
        Bound::Included(from) => Some(format!("at least {from}")),
        Bound::Excluded(from) => Some(format!("above {from}")),
        Bound::Unbounded => None,
    };
    let to = match range.end_bound() {
        Bound::Included(to) => Some(format!("at most {to}")),
        Bound::Excluded(to) => Some(format!("below {to}")),
        Bound::Unbounded => None,
    };
    let parts: Vec<_> = from.into_iter().chain(to).collect();
    if parts.is_empty() { "any number".to_owned() } else { parts.join(" and ") }
}
