use orch_core::asset::CheckResult;
use orch_core::failure::Failure;
use orch_core::graph::{Asset, CheckDef};
use polars::frame::DataFrame;
use polars::prelude::GroupsIndicator;

#[cfg(feature = "lazy")]
use super::planned;
use super::{AnyFrame, Found, HasFrame, lack, named};

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

fn look(frame: AnyFrame<'_>, names: &[String]) -> Result<CheckResult, Failure> {
    if let Some(lack) = lack(&*frame.schema()?, names) {
        return Ok(lack);
    }
    let rows = match frame {
        AnyFrame::Whole(frame) => find(frame, names)?,
        #[cfg(feature = "lazy")]
        AnyFrame::Planned(plan) => planned::shared(plan, names)?,
    };
    Ok(rows.told(&format!("share {} with another", named(names))))
}

/// Rows that share these values with another.
fn find(frame: &DataFrame, names: &[String]) -> Result<Found, Failure> {
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
    Ok(Found::of(frame, &rows))
}
