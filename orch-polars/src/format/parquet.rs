use std::io::Write;

use polars::error::PolarsResult;
use polars::frame::DataFrame;
use polars::io::SerReader as _;
use polars::io::mmap::MmapBytesReader;
use polars::prelude::{ParquetCompression, ParquetReader, ParquetWriteOptions};

use super::{Format, Wanted, sealed};

/// Parquet: keeps all types, and statistics of each column beside them.
#[derive(Clone, Debug, Default)]
pub struct Parquet {
    options: ParquetWriteOptions,
}

impl Parquet {
    pub(crate) fn compress(&mut self, compression: ParquetCompression) {
        self.options.compression = compression;
    }

    pub(crate) fn group_rows(&mut self, rows: usize) {
        self.options.row_group_size = Some(rows);
    }
}

impl sealed::Sealed for Parquet {}

impl Format for Parquet {
    const NAME: &'static str = "Parquet file";
    const EXTENSION: &'static str = "parquet";
    #[cfg(feature = "lazy")]
    const IN_PARTS: bool = true;

    fn write(&self, frame: &mut DataFrame, to: impl Write) -> PolarsResult<()> {
        self.options.to_writer(to).finish(frame).map(drop)
    }

    fn read(&self, from: impl MmapBytesReader, wanted: &Wanted<'_>) -> PolarsResult<DataFrame> {
        wanted.of(ParquetReader::new(from).with_columns(wanted.names()).finish()?)
    }

    #[cfg(feature = "lazy")]
    fn sink(&self) -> polars::prelude::FileWriteFormat {
        polars::prelude::FileWriteFormat::Parquet(std::sync::Arc::new(self.options.clone()))
    }

    #[cfg(feature = "lazy")]
    fn scan(
        &self,
        source: polars::prelude::ScanSources,
        _types: Option<&polars::prelude::SchemaRef>,
    ) -> PolarsResult<polars::prelude::LazyFrame> {
        use polars::io::HiveOptions;
        use polars::prelude::{LazyFrame, ScanArgsParquet};
        let hive_options = HiveOptions::new_disabled();
        let args = ScanArgsParquet { glob: false, hive_options, ..Default::default() };
        LazyFrame::scan_parquet_sources(source, args)
    }
}
