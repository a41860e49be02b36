use std::io::Write;

use polars::error::PolarsResult;
use polars::frame::DataFrame;
use polars::io::mmap::MmapBytesReader;
use polars::io::{SerReader as _, SerWriter as _};
use polars::prelude::{IpcCompression, IpcReader, IpcWriterOptions};

use super::{Format, Wanted, sealed};

/// Arrow IPC, also known as Feather: keeps all types, and is the quickest to write and read.
#[derive(Clone, Debug, Default)]
pub struct Ipc {
    options: IpcWriterOptions,
}

impl Ipc {
    pub(crate) fn compress(&mut self, compression: IpcCompression) {
        self.options.compression = Some(compression);
    }
}

impl sealed::Sealed for Ipc {}

impl Format for Ipc {
    const NAME: &'static str = "Arrow IPC file";
    const EXTENSION: &'static str = "arrow";
    #[cfg(feature = "lazy")]
    const IN_PARTS: bool = true;

    fn write(&self, frame: &mut DataFrame, to: impl Write) -> PolarsResult<()> {
        self.options.to_writer(to).finish(frame)
    }

    fn read(&self, from: impl MmapBytesReader, wanted: &Wanted<'_>) -> PolarsResult<DataFrame> {
        wanted.of(IpcReader::new(from).with_columns(wanted.names()).finish()?)
    }

    #[cfg(feature = "lazy")]
    fn sink(&self) -> polars::prelude::FileWriteFormat {
        polars::prelude::FileWriteFormat::Ipc(self.options)
    }

    #[cfg(feature = "lazy")]
    fn scan(
        &self,
        source: polars::prelude::ScanSources,
        _types: Option<&polars::prelude::SchemaRef>,
    ) -> PolarsResult<polars::prelude::LazyFrame> {
        use polars::io::HiveOptions;
        use polars::prelude::{LazyFrame, UnifiedScanArgs};
        let hive_options = HiveOptions::new_disabled();
        let args = UnifiedScanArgs { glob: false, hive_options, ..Default::default() };
        LazyFrame::scan_ipc_sources(source, polars::io::ipc::IpcScanOptions::default(), args)
    }
}
