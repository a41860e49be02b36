//! What the footer of a Parquet file tells of its columns.

use polars::error::PolarsResult;
use polars::prelude::{ArrowField, ArrowSchema, DataType, IdxSize, Series};
use polars_parquet::read::statistics::{ArrowColumnStatisticsArrays, deserialize_all};
use polars_parquet::read::{FileMetadata, RowGroupMetadata};
use serde_json::Value;

use super::{Statistics, has_range, range};

/// Columns in the order of the file. Nested ones have no statistics, and neither has anything in a file without rows.
///
/// Of long texts the footer has no more than the beginning, so what it tells are then bounds.
pub(crate) fn footer(schema: &ArrowSchema, footer: &FileMetadata) -> PolarsResult<Vec<Statistics>> {
    let groups = &footer.row_groups;
    let column = |field: &ArrowField| {
        let mut column = Statistics { name: field.name.to_string(), nulls: None, range: None };
        let Some(place) = place(groups, &field.name) else { return Ok(column) };
        if let Some(told) = deserialize_all(field, groups, place, &footer.footer_buf)? {
            // A group that does not tell makes the sum unknown, and the range as well.
            let nulls: Option<Vec<_>> = told.null_count.iter().map(Option::<&_>::copied).collect();
            column.range = nulls
                .as_ref()
                .and_then(|nulls| range_of(field, told, nulls, groups).transpose())
                .transpose()?;
            column.nulls = nulls.map(|nulls| nulls.into_iter().map(|nulls| nulls as usize).sum());
        }
        Ok(column)
    };
    schema.iter_values().map(column).collect()
}

/// Where a row group has the column, if that is one place: nested ones are in several.
fn place(groups: &[RowGroupMetadata], name: &str) -> Option<usize> {
    match groups.first()?.columns_idxs_under_root_iter(name)? {
        &[place] => Some(place),
        _ => None,
    }
}

fn range_of(
    field: &ArrowField,
    told: ArrowColumnStatisticsArrays,
    nulls: &[IdxSize],
    groups: &[RowGroupMetadata],
) -> PolarsResult<Option<[Value; 2]>> {
    // Of a group with what is not a number nothing is told; of one of nulls alone there is nothing to tell.
    let is_told = |group: usize| {
        let all_null = nulls[group] as usize == groups[group].num_rows();
        all_null || told.min_value.is_valid(group) && told.max_value.is_valid(group)
    };
    let dtype = DataType::from_arrow_field(field);
    if !has_range(&dtype) || !(0..groups.len()).all(is_told) {
        return Ok(None);
    }
    let values = |array| Series::from_arrow(field.name.clone(), array)?.cast(&dtype);
    Ok(range(values(told.min_value)?.min_reduce(), values(told.max_value)?.max_reduce()))
}
