use orch_core::asset::CheckResult;
use orch_core::failure::Failure;
use orch_core::graph::{Asset, CheckDef};
use polars::frame::DataFrame;

#[cfg(feature = "lazy")]
use super::planned;
use super::{AnyFrame, Found, HasFrame, lack, named, verb};

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

fn look(frame: AnyFrame<'_>, names: &[String]) -> Result<CheckResult, Failure> {
    if let Some(lack) = lack(&*frame.schema()?, names) {
        return Ok(lack);
    }
    let (rows, nulls) = match frame {
        AnyFrame::Whole(frame) => find(frame, names)?,
        #[cfg(feature = "lazy")]
        AnyFrame::Planned(plan) => planned::nulls(plan, names)?,
    };
    let nulls: Vec<_> = names.iter().zip(nulls).filter(|(_, nulls)| *nulls > 0).collect();
    let of: Vec<_> = nulls.iter().map(|(name, _)| (*name).clone()).collect();
    let why = format!("{} a null in {}", verb(rows.number, "has", "have"), named(&of));
    let told = |result: CheckResult, (name, nulls): (&String, usize)| {
        result.metadata(format!("nulls in {name}"), nulls as i64)
    };
    Ok(nulls.into_iter().fold(rows.told(&why), told))
}

/// Rows with nulls, and how many there are in each of these columns.
fn find(frame: &DataFrame, names: &[String]) -> Result<(Found, Vec<usize>), Failure> {
    let mut found = vec![false; frame.height()];
    let mut nulls = Vec::new();
    for name in names {
        let column = frame.column(name)?;
        nulls.push(column.null_count());
        if column.null_count() > 0 {
            column.is_null().iter().zip(&mut found).for_each(|(null, found)| *found |= null == Some(true));
        }
    }
    let rows: Vec<usize> = (0..found.len()).filter(|&row| found[row]).collect();
    Ok((Found::of(frame, &rows), nulls))
}
