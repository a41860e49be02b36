//! Frames that are never in memory as a whole.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use orch_core::failure::{Failure, Result};
use orch_core::io::{self, IoManager, Metadata, OutputAt, STAMP};
use polars::error::PolarsResult;
use polars::frame::DataFrame;
use polars::io::utils::file::Writable;
use polars::prelude::{
    DslPlan, Engine, ExtraColumnsPolicy, LazyFrame, PlRefPath, ScanSource, ScanSourceRef, ScanSources,
    SchemaRef, SinkDestination, SinkTarget, SpecialEq, UnifiedSinkArgs, all, col,
};
use polars_plan::plans::IR;
use polars_plan::plans::hive::HivePartitionsDf;

use super::FrameIo;
use super::eager::types;
use super::file::about;
use super::hashing::Hashing;
use super::nulls;
use super::stamp::stamp;
use super::together::{Dimensions, Found};
use crate::file::{cannot, lacks_column, missing, unreadable};
use crate::format::Format;
#[cfg(feature = "objects")]
use crate::place::Objects;
use crate::place::Place;
use crate::schema::{FrameSchema, Lazy, Schema};

/// Stored, the plan is executed by polars' streaming engine, batch by batch into the file. Loaded, it is the plan of a
/// scan: columns that nobody asks for and rows that a filter leaves out are not read, as far as the format allows that.
///
/// The scan holds the file open. If another file takes its place while the plan is around, it still reads the one that it
/// was loaded from. It is read at each collect; who collects twice should collect once and share the `DataFrame`.
///
/// Loaded of several partitions it is one scan of all their files, which are opened when they are read: of one that was made anew
/// meanwhile the newer is read. Its columns are those of the first file. Of a partition that a filter leaves out nothing is
/// read.
///
/// # In an object store
///
/// What is fetched, and when, depends on the format:
///
/// | | when it is loaded | when it is collected |
/// |---|---|---|
/// | Parquet | the footer | of the row groups in which a filter may find something, the columns that are asked for |
/// | Arrow IPC | the footer | all batches with all columns |
/// | CSV, NDJSON | all of it, to find out which columns there are | nothing |
///
/// Of partitions together, in the first two formats, the footer of the first one is fetched when they are loaded, and when they are
/// collected all else, of those alone that a filter of their dimensions leaves.
///
/// If another object takes its place while the plan is around, collecting fails and says so, in stores that give tags. What is sunk
/// is written to a temporary file and then put as an object, so it can take the place of what it was made of.
///
/// # In the same run
///
/// A step that takes the `LazyFrame` which another one has returned is handed a scan of what was stored of it, so that the plan is
/// executed once, whoever takes it. Of CSV and NDJSON, which do not keep the types of all columns, it is handed the plan itself, and
/// executes it once more; where that costs too much, return a `DataFrame`.
impl<F: Format> IoManager<LazyFrame> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &LazyFrame) -> Result<Metadata> {
        self.sink(at, frame, None)
    }

    fn hand_on(&self, at: &OutputAt<'_>, _: &LazyFrame, told: &Metadata) -> Result<Option<LazyFrame>> {
        self.handed(at, told, None)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<LazyFrame> {
        let path = self.path(at);
        let source = self.alone(&path)?.ok_or_else(|| missing(&path))?;
        self.scan(source, &path, at, None)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<LazyFrame> {
        self.scan_together(self.find_all(at, |path| self.source(path))?, None)
    }

    of_every_frame!();
}

impl<F: Format> IoManager<Option<LazyFrame>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Option<LazyFrame>) -> Result<Metadata> {
        match frame {
            Some(frame) => self.sink(at, frame, None),
            None => self.write_nothing(at),
        }
    }

    fn hand_on(
        &self,
        at: &OutputAt<'_>,
        frame: &Option<LazyFrame>,
        told: &Metadata,
    ) -> Result<Option<Option<LazyFrame>>> {
        let Some(frame) = frame else { return Ok(None) };
        Ok(self.hand_on(at, frame, told)?.map(Some))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<LazyFrame>> {
        let path = self.path(at);
        self.alone(&path)?.map(|source| self.scan(source, &path, at, None)).transpose()
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Option<LazyFrame>> {
        let found = self.find_some(at, |path| self.source(path))?;
        found.map(|found| self.scan_together(found, None)).transpose()
    }

    of_every_frame!();
}

impl<F: Format, S: FrameSchema> IoManager<Lazy<S>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Lazy<S>) -> Result<Metadata> {
        self.sink(at, frame, Some(&S::schema()))
    }

    fn hand_on(&self, at: &OutputAt<'_>, _: &Lazy<S>, told: &Metadata) -> Result<Option<Lazy<S>>> {
        let handed = self.handed(at, told, Some(&types::<S>()))?;
        handed.map(|handed| checked(&self.path(at), handed)).transpose()
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Lazy<S>> {
        let path = self.path(at);
        let source = self.alone(&path)?.ok_or_else(|| missing(&path))?;
        self.declared(source, &path, at)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Lazy<S>> {
        let found = self.find_all(at, |path| self.source(path))?;
        self.declared_together(found)
    }

    of_every_frame!();
}

impl<F: Format, S: FrameSchema> IoManager<Option<Lazy<S>>> for FrameIo<F> {
    fn store(&self, at: &OutputAt<'_>, frame: &Option<Lazy<S>>) -> Result<Metadata> {
        match frame {
            Some(frame) => self.sink(at, frame, Some(&S::schema())),
            None => self.write_nothing(at),
        }
    }

    fn hand_on(
        &self,
        at: &OutputAt<'_>,
        frame: &Option<Lazy<S>>,
        told: &Metadata,
    ) -> Result<Option<Option<Lazy<S>>>> {
        let Some(frame) = frame else { return Ok(None) };
        Ok(self.hand_on(at, frame, told)?.map(Some))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<Lazy<S>>> {
        let path = self.path(at);
        let Some(source) = self.alone(&path)? else { return Ok(None) };
        self.declared(source, &path, at).map(Some)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Option<Lazy<S>>> {
        let Some(found) = self.find_some(at, |path| self.source(path))? else { return Ok(None) };
        self.declared_together(found).map(Some)
    }

    of_every_frame!();
}

impl<F: Format> FrameIo<F> {
    /// Executes a plan into the file. What it comes to is to be as declared.
    fn sink(&self, at: &OutputAt<'_>, frame: &LazyFrame, declared: Option<&Schema>) -> Result<Metadata> {
        let path = self.path(at);
        let sunk = self.place.replace(&path, |file, _| {
            let columns = frame.clone().collect_schema()?;
            let (plan, passing) = self.describe.plan(frame.clone(), columns);
            let hashing = Hashing::new(at, file)?;
            let target = Writable::Dyn(Box::new(hashing.clone()));
            let target = SinkTarget::Dyn(SpecialEq::new(Arc::new(Mutex::new(Some(target)))));
            plan.sink(SinkDestination::File { target }, self.format.sink(), UnifiedSinkArgs::default())?
                .collect_with_engine(Engine::Streaming)?;
            let mut metadata = passing.told(declared)?;
            metadata.extend(about(&path, file.metadata()?.len()));
            Ok((metadata, hashing))
        });
        let ((mut metadata, hashing), mark) = sunk.map_err(|failure| cannot("write", &path, failure))?;
        metadata.extend(hashing.data_version());
        stamp(at, &mark, &mut metadata);
        Ok(metadata)
    }

    fn scan(
        &self,
        source: ScanSource,
        path: &Path,
        at: &OutputAt<'_>,
        types: Option<&SchemaRef>,
    ) -> Result<LazyFrame> {
        of_columns::<F>(self.whole(source, path, types)?, path, at.columns)
    }

    /// All columns of a file.
    fn whole(&self, source: ScanSource, path: &Path, types: Option<&SchemaRef>) -> Result<LazyFrame> {
        let scanned = self.format.scan(source.into_sources(), types);
        let mut scanned = scanned.map_err(|error| unreadable::<F>(path, error))?;
        if F::IN_PARTS {
            // The footer, which the plan keeps. Whoever collects the plan would be told as well that there is none, but not of
            // which file.
            scanned.collect_schema().map_err(|error| unreadable::<F>(path, error))?;
        }
        Ok(scanned)
    }

    /// A file that is as declared, as far as that is known without reading it; of what is not, the nulls are found when it is read.
    fn declared<S: FrameSchema>(
        &self,
        source: ScanSource,
        path: &Path,
        at: &OutputAt<'_>,
    ) -> Result<Lazy<S>> {
        let declared = S::schema();
        let whole = self.whole(source, path, Some(&types::<S>()))?;
        let told = |name: &str| nulls::told(&whole, name);
        let mut plan = of_columns::<F>(whole.clone(), path, at.columns)?;
        let columns = plan.collect_schema().map_err(|error| unreadable::<F>(path, error))?;
        let checked = declared.check_columns(&columns, |name| told(name).unwrap_or_default());
        checked.map_err(|failure| cannot("load", path, failure))?;
        let unknown: Vec<_> = declared.without_nulls().filter(|name| told(name).is_none()).collect();
        let of = format!("`{}`", path.display());
        Lazy::checked(nulls::look(plan, &unknown, |name| declared.refused_nulls(name, &of)))
    }

    /// The same of several files, of which the first one alone is looked at before they are read.
    fn declared_together<S: FrameSchema>(&self, found: Vec<Found<'_, ScanSource>>) -> Result<Lazy<S>> {
        let declared = S::schema();
        let dimensions = Dimensions::of(found.iter().map(|found| &found.at))?;
        let first = found.first().map(|found| found.path.display().to_string()).unwrap_or_default();
        let plan = Lazy::<S>::checked(self.scan_together(found, Some(&types::<S>()))?)?.into_inner();
        // What is known of partitions lets files be left out, and has no nulls.
        let unknown: Vec<_> = declared.without_nulls().filter(|name| !dimensions.has(name)).collect();
        let of = format!("`{first}` or a file beside it");
        Lazy::checked(nulls::look(plan, &unknown, |name| declared.refused_nulls(name, &of)))
    }

    /// A scan of what has just been stored, if that is what was given to be stored, and no other run has put another one in its place.
    /// Where that may be, the file is held open; of what no other run stores there may be more than a process may have open.
    fn handed(
        &self,
        at: &OutputAt<'_>,
        told: &Metadata,
        types: Option<&SchemaRef>,
    ) -> Result<Option<LazyFrame>> {
        if !F::IN_PARTS {
            return Ok(None);
        }
        let path = self.path(at);
        let source = if at.asset.is_some() { self.alone(&path)? } else { self.source(&path)? };
        // Looked at after it was opened: what lies there now, lay there then.
        if let Some(stamp) = told.get(STAMP).and_then(|stamp| stamp.as_str())
            && !matches!(self.find_stored(at, stamp)?, io::Found::Same | io::Found::Unseen)
        {
            return Ok(None);
        }
        self.scan(source.ok_or_else(|| missing(&path))?, &path, at, types).map(Some)
    }

    /// A file that is scanned by itself, `None` if there is none: held open, or an object of which parts are fetched.
    fn alone(&self, path: &Path) -> Result<Option<ScanSource>> {
        #[cfg(feature = "objects")]
        if let (Place::Objects(objects), true) = (&self.place, F::IN_PARTS) {
            return in_parts(objects, path);
        }
        Ok(self.open(path)?.map(|file| ScanSource::File(Arc::new(file))))
    }

    /// A file as one of several that are scanned: more than a process may have open.
    fn source(&self, path: &Path) -> Result<Option<ScanSource>> {
        let opened = |source: fn(&Path, &File) -> PolarsResult<ScanSource>| {
            let Some(file) = self.open(path)? else { return Ok(None) };
            source(path, &file).map(Some).map_err(|error| unreadable::<F>(path, error))
        };
        match &self.place {
            Place::Folder => opened(|path, _| PlRefPath::try_from_path(path).map(ScanSource::Path)),
            #[cfg(feature = "objects")]
            Place::Objects(objects) if F::IN_PARTS => in_parts(objects, path),
            _ => opened(|_, file| ScanSourceRef::File(file).to_memslice().map(ScanSource::Buffer)),
        }
    }

    fn scan_together(
        &self,
        found: Vec<Found<'_, ScanSource>>,
        types: Option<&SchemaRef>,
    ) -> Result<LazyFrame> {
        let dimensions = Dimensions::of(found.iter().map(|found| &found.at))?;
        let columns = found.first().map_or(&[] as &[_], |found| found.at.columns);
        let first = found.first().map(|found| found.path.clone()).unwrap_or_default();
        let (mut paths, mut buffers) = (Vec::new(), Vec::new());
        for Found { opened, path, .. } in found {
            match opened {
                ScanSource::Path(path) => paths.push(path),
                opened => {
                    let buffer = opened.as_scan_source_ref().to_memslice();
                    buffers.push(buffer.map_err(|error| unreadable::<F>(&path, error))?);
                }
            }
        }
        let sources = if buffers.is_empty() {
            ScanSources::Paths(paths.into())
        } else {
            ScanSources::Buffers(buffers.into())
        };
        let scanned = self.format.scan(sources, types).map_err(|error| unreadable::<F>(&first, error))?;
        let scanned = with_dimensions::<F>(scanned, dimensions, columns, &first)?;
        // Never the bare scan: polars makes some of its methods, such as `with_row_index`, a part of one, and plans it anew.
        if columns.is_empty() {
            Ok(scanned.select([all().as_expr()]))
        } else {
            of_columns::<F>(scanned, &first, columns)
        }
    }
}

/// The plan, if it comes to what is declared.
fn checked<S: FrameSchema>(path: &Path, plan: LazyFrame) -> Result<Lazy<S>> {
    Lazy::checked(plan).map_err(|failure| cannot("load", path, failure))
}

/// A scan of files that tells of each which partition it is, as polars has it of folders of Hive's: by its row in these dimensions.
///
/// Polars knows such columns of paths alone, and makes of what a path has escaped what it takes it for. Told as what they are,
/// they need no path.
fn with_dimensions<F: Format>(
    scanned: LazyFrame,
    dimensions: Dimensions,
    columns: &[String],
    first: &Path,
) -> Result<LazyFrame> {
    let unknown = || {
        Failure::new("polars plans a scan otherwise than this build of `orch-polars` knows").not_retryable()
    };
    let mut plan = scanned.logical_plan;
    let DslPlan::Scan { unified_scan_args, cached_ir, .. } = &mut plan else { return Err(unknown()) };
    // Paths are what they are.
    unified_scan_args.glob = false;
    if !columns.is_empty() {
        unified_scan_args.extra_columns_policy = ExtraColumnsPolicy::Ignore;
    }
    let cached_ir = Arc::clone(cached_ir);
    // What the plan comes to, with the columns of the first file, polars keeps beside it.
    let found =
        LazyFrame::from(plan.clone()).collect_schema().map_err(|error| unreadable::<F>(first, error))?;
    dimensions.check(first, columns, found.iter_names().map(|name| name.as_str()))?;
    let mut resolved = cached_ir.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(IR::Scan { file_info, hive_parts, unified_scan_args, .. }) = &mut *resolved else {
        return Err(unknown());
    };
    if found.iter_names().any(|name| dimensions.has(name)) {
        let others = found.iter_names().filter(|name| !dimensions.has(name));
        unified_scan_args.projection = Some(others.cloned().collect());
    }
    let dimensions = DataFrame::from(dimensions);
    file_info.update_schema_with_hive_schema(Arc::clone(dimensions.schema()));
    *hive_parts = Some(HivePartitionsDf::from(dimensions));
    drop(resolved);
    Ok(LazyFrame::from(plan))
}

/// These columns of a scan of the file; all if none are named.
///
/// # Errors
/// If there is no such column: whoever collects the plan would be told so with all of the plan, and not of which file.
fn of_columns<F: Format>(mut frame: LazyFrame, path: &Path, columns: &[String]) -> Result<LazyFrame> {
    if columns.is_empty() {
        return Ok(frame);
    }
    let there = frame.collect_schema().map_err(|error| unreadable::<F>(path, error))?;
    match columns.iter().find(|name| !there.contains(name)) {
        Some(name) => {
            let there: Vec<_> = there.iter_names().map(|name| name.as_str()).collect();
            Err(lacks_column(path, name, &there))
        }
        None => Ok(frame.select(columns.iter().map(col).collect::<Vec<_>>())),
    }
}

#[cfg(feature = "objects")]
fn in_parts(objects: &Objects, path: &Path) -> Result<Option<ScanSource>> {
    let url = objects.url(path).map_err(|failure| cannot("read", path, failure))?;
    Ok(url.map(ScanSource::Path))
}
