use orch_core::asset::CheckResult;
use orch_core::graph::{Asset, CheckDef};
use polars::frame::DataFrame;

use super::{HasFrame, columns, named, told};

/// That none of these columns has a null: named `not_null`.
///
/// It tells of each column how many nulls it has. A NaN is a value, and no null.
#[must_use]
#[track_caller]
pub fn not_null<A: Asset<Value: HasFrame>>(names: impl IntoIterator<Item = impl Into<String>>) -> CheckDef {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    CheckDef::builder::<A>("not_null")
        .description(format!("There are no nulls in {}.", named(&names)))
        .looks_at(move |value: &A::Value, _| look(value.frame(), &names))
}

pub(super) fn look(frame: &DataFrame, names: &[String]) -> CheckResult {
    let columns = match columns(frame, names) {
        Ok(columns) => columns,
        Err(lack) => return lack,
    };
    let mut found = vec![false; frame.height()];
    let mut nulls = Vec::new();
    for column in columns.iter().filter(|column| column.null_count() > 0) {
        nulls.push((column.name().to_string(), column.null_count() as i64));
        column.is_null().iter().zip(&mut found).for_each(|(null, found)| *found |= null == Some(true));
    }
    let rows: Vec<usize> = (0..found.len()).filter(|&row| found[row]).collect();
    let of: Vec<_> = nulls.iter().map(|(name, _)| name.clone()).collect();
    let verb = if rows.len() == 1 { "has" } else { "have" };
    let result = told(frame, &rows, &format!("{verb} a null in {}", named(&of)));
    nulls.into_iter().fold(result, |result, (name, nulls)| result.metadata(format!("nulls in {name}"), nulls))
}
