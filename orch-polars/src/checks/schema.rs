use orch_core::asset::{CheckResult, Column, MetadataValue};
use orch_core::define::Context;
use orch_core::failure::Failure;
use orch_core::graph::{Asset, CheckDef};

use super::{AnyFrame, HasFrame, before};

/// That the columns are those of the materialization before, with the same types, in whatever order: named `same_schema`.
///
/// A change is found once: the next materialization is compared with the one that had it. Of the first one there is nothing
/// to say. A partition by time is compared with the nearest before it that was looked at, of 31. What columns an asset is to have for good is better said with [`schema!`](crate::schema!).
#[must_use]
#[track_caller]
pub fn same_schema<A: Asset<Value: HasFrame>>() -> CheckDef {
    CheckDef::builder::<A>("same_schema")
        .description("The columns are those that there were before.")
        .looks_at(|value: &A::Value, context| look(value.frame(), context))
}

fn look(frame: AnyFrame<'_>, context: &Context) -> Result<CheckResult, Failure> {
    let schema = frame.schema()?;
    let columns: Vec<Column> =
        schema.iter().map(|(name, ty)| Column::new(name.as_str(), ty.to_string())).collect();
    let earlier = before(context, 1)?;
    let before = earlier.first().and_then(|earlier| match earlier.result.metadata.get("columns") {
        Some(MetadataValue::TableSchema(columns)) => Some(columns),
        _ => None,
    });
    let result = match before {
        None => CheckResult::passed().description("there is nothing yet to compare with"),
        Some(before) => {
            let changes = changes(before, &columns);
            CheckResult::expect(changes.is_empty(), changes.join("; "))
        }
    };
    Ok(result.metadata("columns", MetadataValue::TableSchema(columns)))
}

/// A sentence for each column that is new, gone, or of another type.
fn changes(before: &[Column], now: &[Column]) -> Vec<String> {
    let of = |columns: &'_ [Column], name: &str| columns.iter().find(|column| column.name == name).cloned();
    let changed = now.iter().filter_map(|column| match of(before, &column.name) {
        None => Some(format!("`{}` is new", column.name)),
        Some(old) if old.ty != column.ty => {
            Some(format!("`{}` was {} and is {}", column.name, old.ty, column.ty))
        }
        Some(_) => None,
    });
    let gone = before.iter().filter(|column| of(now, &column.name).is_none());
    changed.chain(gone.map(|column| format!("`{}` is gone", column.name))).collect()
}
