use std::io::{SeekFrom, Write};

use polars::error::PolarsResult;
use polars::frame::DataFrame;
use polars::io::mmap::MmapBytesReader;
use polars::io::{SerReader as _, SerWriter as _};
use polars::prelude::{CsvReadOptions, CsvWriter};

use super::{Format, Wanted, sealed};

/// CSV with a header line: for people and other programs to read. It keeps texts, and no types.
///
/// Loaded as a `DataFrame` or a `LazyFrame`, types are guessed from all of the text:
///
/// | stored | loaded |
/// |---|---|
/// | `i32`, `f32` and other narrow numbers | `i64`, `f64` |
/// | texts that all look like numbers, such as `007` | numbers: 7 |
/// | dates and times | texts |
/// | a column without values, any column of a frame without rows | texts |
/// | an integer that is none of `i64` | nothing: the file cannot be read |
///
/// Loaded as a [`Frame<S>`](crate::Frame), or a `Lazy<S>`, columns have the types that `S` declares, so all of that is kept, except for
/// times of the day, which stay texts: declare them as `String`.
///
/// Of no use is a declaration to quotation marks in a column's name, which come back doubled, to lists, which cannot be
/// written, and to the number of rows of a frame without columns.
#[derive(Clone, Debug)]
pub struct Csv {
    separator: u8,
}

impl Csv {
    pub(crate) fn separate(&mut self, separator: u8) {
        self.separator = separator;
    }
}

impl Default for Csv {
    fn default() -> Self {
        Self { separator: b',' }
    }
}

impl sealed::Sealed for Csv {}

impl Format for Csv {
    const NAME: &'static str = "CSV file";
    const EXTENSION: &'static str = "csv";
    #[cfg(feature = "lazy")]
    const IN_PARTS: bool = false;

    fn write(&self, frame: &mut DataFrame, to: impl Write) -> PolarsResult<()> {
        CsvWriter::new(to).with_separator(self.separator).finish(frame)
    }

    fn read(&self, mut from: impl MmapBytesReader, wanted: &Wanted<'_>) -> PolarsResult<DataFrame> {
        // An empty line is what a frame without columns comes to; polars does not take it for a table.
        if from.seek(SeekFrom::End(0))? <= 1 {
            return wanted.of(DataFrame::empty());
        }
        from.rewind()?;
        // Of all rows, not of the first few: a column of numbers with one text in row 700 is a column of text.
        let columns = wanted.columns.iter().map(Into::into).collect::<Vec<_>>();
        let read = CsvReadOptions::default()
            .with_infer_schema_length(None)
            .with_schema_overwrite(wanted.types.map(super::textual))
            .with_columns((!columns.is_empty()).then(|| columns.into()))
            .map_parse_options(|options| options.with_separator(self.separator))
            .into_reader_with_file_handle(from)
            .finish()?;
        wanted.of(read)
    }

    #[cfg(feature = "lazy")]
    fn sink(&self) -> polars::prelude::FileWriteFormat {
        use polars::prelude::{CsvWriterOptions, SerializeOptions};
        let serialize = SerializeOptions { separator: self.separator, ..Default::default() };
        polars::prelude::FileWriteFormat::Csv(CsvWriterOptions {
            serialize_options: std::sync::Arc::new(serialize),
            // The name that it would look at is that of a temporary file.
            check_extension: false,
            ..Default::default()
        })
    }

    #[cfg(feature = "lazy")]
    fn scan(
        &self,
        source: polars::prelude::ScanSources,
        types: Option<&polars::prelude::SchemaRef>,
    ) -> PolarsResult<polars::prelude::LazyFrame> {
        use polars::prelude::{LazyCsvReader, LazyFileListReader as _};
        LazyCsvReader::new_with_sources(source)
            .with_infer_schema_length(None)
            .with_dtype_overwrite(types.map(super::textual))
            .with_separator(self.separator)
            .with_glob(false)
            .finish()
    }
}
