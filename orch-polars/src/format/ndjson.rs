use std::io::{BufReader, SeekFrom, Write};
use std::sync::Arc;

use polars::error::PolarsResult;
use polars::frame::DataFrame;
use polars::io::mmap::MmapBytesReader;
use polars::io::ndjson::infer_schema;
use polars::io::{SerReader as _, SerWriter as _};
use polars::prelude::{JsonFormat, JsonReader, JsonWriter};

use super::{Format, Wanted, sealed};

/// NDJSON, an object on each line: for other programs to read. It keeps those types that JSON has.
///
/// Loaded as a `DataFrame` or a `LazyFrame`:
///
/// | stored | loaded |
/// |---|---|
/// | `i32`, `f32` and other narrow numbers | `i64`, `f64` |
/// | an integer that is none of `i64` | `i128` |
/// | dates and times | texts |
/// | a column without values | nulls, of no other type |
/// | a frame without rows | one without columns |
///
/// Loaded as a [`Frame<S>`](crate::Frame), or a `Lazy<S>`, columns have the types that `S` declares, so all of that is kept, except for
/// times of the day, which stay texts: declare them as `String`.
///
/// Of no use is a declaration to what is no finite number, which comes back as a null, and to the number of rows of a frame
/// without columns.
#[derive(Clone, Debug, Default)]
pub struct Ndjson {}

impl sealed::Sealed for Ndjson {}

impl Format for Ndjson {
    const NAME: &'static str = "NDJSON file";
    const EXTENSION: &'static str = "ndjson";
    #[cfg(feature = "lazy")]
    const IN_PARTS: bool = false;

    fn write(&self, frame: &mut DataFrame, to: impl Write) -> PolarsResult<()> {
        JsonWriter::new(to).with_json_format(JsonFormat::JsonLines).finish(frame)
    }

    fn read(&self, mut from: impl MmapBytesReader, wanted: &Wanted<'_>) -> PolarsResult<DataFrame> {
        let types = wanted.types;
        if from.seek(SeekFrom::End(0))? == 0 {
            let empty = types.map_or_else(DataFrame::empty, |types| DataFrame::empty_with_schema(types));
            return wanted.of(empty);
        }
        from.rewind()?;
        // Of all rows, not of the first few: a column of numbers with one text in row 700 is a column of text.
        let mut schema = infer_schema(&mut BufReader::new(&mut from), None)?;
        let told = types.map(super::textual).unwrap_or_default();
        for (name, dtype) in told.iter() {
            if let Some(inferred) = schema.get_mut(name) {
                inferred.clone_from(dtype);
            }
        }
        from.rewind()?;
        let reader = JsonReader::new(from).with_json_format(JsonFormat::JsonLines);
        // Each line is read as a whole anyway.
        wanted.of(reader.with_schema(Arc::new(schema)).finish()?)
    }

    #[cfg(feature = "lazy")]
    fn sink(&self) -> polars::prelude::FileWriteFormat {
        polars::prelude::FileWriteFormat::NDJson(polars::io::ndjson::NDJsonWriterOptions::default())
    }

    #[cfg(feature = "lazy")]
    fn scan(
        &self,
        source: polars::prelude::ScanSources,
        types: Option<&polars::prelude::SchemaRef>,
    ) -> PolarsResult<polars::prelude::LazyFrame> {
        use polars::prelude::{LazyFileListReader as _, LazyJsonLineReader};
        LazyJsonLineReader::new_with_sources(source)
            .with_infer_schema_length(None)
            .with_schema_overwrite(types.map(super::textual))
            .finish()
    }
}
