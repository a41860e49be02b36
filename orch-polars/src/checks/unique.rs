use orch_core::asset::CheckResult;
use orch_core::failure::Failure;
use orch_core::graph::{Asset, CheckDef};
use polars::frame::DataFrame;
use polars::prelude::GroupsIndicator;

use super::{HasFrame, columns, named, told};

/// That no two rows have the same values in these columns: named `unique`.
///
/// Rows that are found are all of those that share their values with another. Two nulls are the same, and so are two NaNs.
#[must_use]
#[track_caller]
pub fn unique<A: Asset<Value: HasFrame>>(names: impl IntoIterator<Item = impl Into<String>>) -> CheckDef {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    CheckDef::builder::<A>("unique")
        .description(format!("No two rows have the same {}.", named(&names)))
        .looks_at(move |value: &A::Value, _| look(value.frame(), &names))
}

pub(super) fn look(frame: &DataFrame, names: &[String]) -> Result<CheckResult, Failure> {
    if let Err(lack) = columns(frame, names) {
        return Ok(lack);
    }
    let groups = frame.group_by(names.iter().map(String::as_str))?;
    let mut rows = Vec::new();
    for group in groups.get_groups().iter().filter(|group| group.len() > 1) {
        match group {
            GroupsIndicator::Idx((_, group)) => {
                rows.extend(group.iter().map(|&row| row as usize));
            }
            GroupsIndicator::Slice([first, length]) => {
                rows.extend((first..first + length).map(|row| row as usize));
            }
        }
    }
    rows.sort_unstable();
    Ok(told(frame, &rows, &format!("share {} with another", named(names))))
}
