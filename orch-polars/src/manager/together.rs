//! Several partitions as one frame, with a column for each dimension.

use std::path::{Path, PathBuf};

use orch_core::failure::{Failure, Result};
use orch_core::io::{DimensionAt, OutputAt};
use polars::frame::DataFrame;
use polars::prelude::{Column, Scalar, SchemaRef};

use super::FrameIo;
use crate::file::{cannot, decode, missing};
use crate::format::{Format, Wanted};
use crate::schema::Schema;

/// What partitions are in their dimensions: a row for each of them, a column for each dimension.
pub(super) struct Dimensions(DataFrame);

impl Dimensions {
    /// Those of the partitions of one asset.
    ///
    /// # Errors
    /// If they are not.
    pub(super) fn of<'a>(at: impl Iterator<Item = &'a OutputAt<'a>>) -> Result<Self> {
        let rows: Option<Vec<_>> = at.map(|at| Some(at.asset?.partition?.dimensions())).collect();
        let strangers = || Failure::new("these are not partitions of one asset").not_retryable();
        let rows = rows.ok_or_else(strangers)?;
        let first = rows.first().map_or(&[] as &[_], Vec::as_slice);
        let column = |(number, DimensionAt { name, .. }): (usize, &DimensionAt<'_>)| {
            let values: Option<Vec<_>> = rows
                .iter()
                .map(|row| row.get(number).filter(|at| at.name == *name).map(|at| at.value))
                .collect();
            values.map(|values| Column::new((*name).into(), values)).ok_or_else(strangers)
        };
        let columns = first.iter().enumerate().map(column).collect::<Result<_>>()?;
        Ok(Self(DataFrame::new(rows.len(), columns)?))
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.0.column(column).is_ok()
    }

    /// That the files have no column of the name of a dimension. Where columns are named, that name is the dimension's.
    pub(super) fn check<'a>(
        &self,
        path: &Path,
        columns: &[String],
        mut names: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        match names.find(|name| columns.is_empty() && self.has(name)) {
            None => Ok(()),
            Some(name) => {
                let message =
                    format!("it has a column `{name}`, and its partitions give another one of that name");
                let hint = format!(
                    "leave it out of what is stored, or name the columns that are wanted, of which `{name}` is then that of the \
                     partitions: `#[stored(together, columns = [..])]`"
                );
                Err(cannot("read", path, Failure::new(message)).hint(hint).not_retryable())
            }
        }
    }

    /// The frame with what its partition, that of a row, is in these dimensions.
    fn beside(&self, frame: &mut DataFrame, row: usize, wanted: impl Fn(&str) -> bool) -> Result<()> {
        for column in self.0.columns().iter().filter(|column| wanted(column.name())) {
            let value = Scalar::new(column.dtype().clone(), column.get(row)?.into_static());
            frame.with_column(Column::new_scalar(column.name().clone(), value, frame.height()))?;
        }
        Ok(())
    }
}

#[cfg(feature = "lazy")]
impl From<Dimensions> for DataFrame {
    fn from(dimensions: Dimensions) -> Self {
        dimensions.0
    }
}

/// A partition that has a file.
pub(super) struct Found<'a, T> {
    pub(super) at: OutputAt<'a>,
    pub(super) path: PathBuf,
    pub(super) opened: T,
}

impl<F: Format> FrameIo<F> {
    /// The files of all of these partitions, opened or read.
    ///
    /// # Errors
    /// If there is none at all, or one is missing or cannot be opened.
    pub(super) fn find_all<'a, T>(
        &self,
        at: &[OutputAt<'a>],
        open: impl Fn(&Path) -> Result<Option<T>>,
    ) -> Result<Vec<Found<'a, T>>> {
        if at.is_empty() {
            let message = "there are no partitions, and so no file that could tell which columns it has";
            let hint = "take it as an `Option`, which is then `None`";
            return Err(Failure::new(message).hint(hint).not_retryable());
        }
        let all = at.iter().map(|at| {
            let path = self.path(at);
            let opened = open(&path)?.ok_or_else(|| missing(&path))?;
            Ok(Found { at: *at, path, opened })
        });
        all.collect()
    }

    /// The files of those partitions that have one, opened or read; `None` if there is none.
    pub(super) fn find_some<'a, T>(
        &self,
        at: &[OutputAt<'a>],
        open: impl Fn(&Path) -> Result<Option<T>>,
    ) -> Result<Option<Vec<Found<'a, T>>>> {
        let some = at.iter().filter_map(|at| {
            let path = self.path(at);
            let opened = open(&path).transpose()?;
            Some(opened.map(|opened| Found { at: *at, path, opened }))
        });
        let some = some.collect::<Result<Vec<_>>>()?;
        Ok((!some.is_empty()).then_some(some))
    }

    /// How the frame of each of these partitions is read, one file after the other: of what it `declared` the types are known.
    pub(super) fn reader<'a>(
        &'a self,
        at: &[OutputAt<'a>],
        declared: Option<&Schema>,
    ) -> Result<impl Fn(&Path) -> Result<Option<DataFrame>> + 'a> {
        let dimensions = Dimensions::of(at.iter())?;
        let columns = at.first().map_or(&[] as &[_], |at| at.columns);
        let columns: Vec<_> = columns.iter().filter(|name| !dimensions.has(name)).cloned().collect();
        let types = declared.map(|declared| {
            let types = declared.types().into_iter().filter(|(name, _)| !dimensions.has(name));
            SchemaRef::new(types.collect())
        });
        Ok(move |path: &Path| {
            let wanted = Wanted { types: types.as_ref(), columns: &columns };
            self.open(path)?.map(|file| decode(&self.format, file, path, &wanted)).transpose()
        })
    }
}

/// The frames of partitions below each other. Each is checked by itself, with what its partition is in those dimensions that are
/// `declared`.
pub(super) fn join(found: Vec<Found<'_, DataFrame>>, declared: Option<&Schema>) -> Result<DataFrame> {
    let dimensions = Dimensions::of(found.iter().map(|found| &found.at))?;
    let mut whole: Option<(PathBuf, DataFrame)> = None;
    for (row, Found { at, path, opened: mut frame }) in found.into_iter().enumerate() {
        let is_wanted = |name: &str| match at.columns {
            [] => declared.is_none_or(|declared| declared.takes(name)),
            columns => columns.iter().any(|column| column == name),
        };
        let names = frame.get_column_names().into_iter().map(|name| name.as_str());
        dimensions.check(&path, at.columns, names.filter(|name| is_wanted(name)))?;
        dimensions.beside(&mut frame, row, is_wanted)?;
        if !at.columns.is_empty() {
            frame = frame.select(at.columns)?;
        }
        if let Some(declared) = declared {
            declared.check(&frame).map_err(|failure| cannot("load", &path, failure))?;
        }
        match &mut whole {
            None => whole = Some((path, frame)),
            Some((first, whole)) => {
                same_columns(whole, &frame, first).map_err(|failure| cannot("read", &path, failure))?;
                let names = whole.get_column_names_owned();
                whole.vstack_mut_owned(frame.select(names)?)?;
            }
        }
    }
    Ok(whole.map(|(_, whole)| whole).unwrap_or_default())
}

/// That a frame has the columns of that of another file.
fn same_columns(first: &DataFrame, frame: &DataFrame, path: &Path) -> Result<()> {
    let (expected, found) = (first.schema(), frame.schema());
    let differs = expected.iter().filter_map(|(name, dtype)| match found.get(name) {
        None => Some(format!("`{name}` is missing, a column of {dtype}")),
        Some(other) if other != dtype => Some(format!("`{name}` is {other} and not {dtype}")),
        Some(_) => None,
    });
    let more = found.iter().filter(|(name, _)| !expected.contains(name));
    let more = more.map(|(name, dtype)| format!("`{name}` is one more, a column of {dtype}"));
    let lines: String = differs.chain(more).map(|line| format!("\n  - {line}")).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("its columns are not those of `{}`:{lines}", path.display()))
        .hint(
            "make one of them anew, or name columns that all have: `#[stored(together, columns = [..])]`; of a format that keeps no \
             types, declare them: `Frame<S>`",
        )
        .not_retryable())
}
