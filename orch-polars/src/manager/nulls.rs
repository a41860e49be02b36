//! Nulls that a frame may not have, where it is read when somebody collects it.

use polars::error::PolarsError;
use polars::prelude::{Column, LazyFrame, col};

/// The plan, which fails at the first part in which one of these columns has a null, when that is read. `refused` says so of one.
pub(super) fn look(plan: LazyFrame, columns: &[&str], refused: impl Fn(&str) -> String) -> LazyFrame {
    if columns.is_empty() {
        return plan;
    }
    let looking = columns.iter().map(|&name| {
        let refused = refused(name);
        let look = move |column: Column| match column.null_count() {
            0 => Ok(column),
            _ => Err(PolarsError::InvalidOperation(refused.clone().into())),
        };
        col(name).map(look, |_, field| Ok(field.clone()))
    });
    plan.with_columns(looking.collect::<Vec<_>>())
}

/// How many nulls a column of the file of a scan has, if that is Parquet and its footer says so, which the plan keeps. Of lists a
/// footer counts what is within as well, so that only of none it is known.
#[cfg(feature = "parquet")]
pub(super) fn told(scan: &LazyFrame, column: &str) -> Option<usize> {
    use std::sync::PoisonError;

    use polars::prelude::DslPlan;
    use polars_plan::dsl::FileScanIR;
    use polars_plan::plans::IR;

    let plan = match &scan.logical_plan {
        // As which it stands in a plan that was asked for its columns.
        DslPlan::IR { dsl, .. } => dsl,
        plan => plan,
    };
    let DslPlan::Scan { cached_ir, .. } = plan else { return None };
    let resolved = cached_ir.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(IR::Scan { scan_type, file_info, .. }) = &*resolved else { return None };
    let FileScanIR::Parquet { first_metadata: Some(footer), .. } = &**scan_type else { return None };
    let is_nested = file_info.schema.get(column)?.is_nested();
    let mut nulls = 0;
    for group in &footer.row_groups {
        let mut leaves = group.columns_under_root_iter(column)?;
        let (leaf, None) = (leaves.next()?, leaves.next()) else { return None };
        let statistics = leaf.statistics(&footer.footer_buf)?.ok()?;
        nulls += usize::try_from(statistics.null_count()?).ok()?;
    }
    (nulls == 0 || !is_nested).then_some(nulls)
}

/// Of other formats nothing says so.
#[cfg(not(feature = "parquet"))]
pub(super) fn told(_: &LazyFrame, _: &str) -> Option<usize> {
    None
}
