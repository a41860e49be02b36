//! The options of managers.

#[cfg(feature = "csv")]
use orch_core::failure::{Failure, Result};

use super::FrameIo;

impl<F> FrameIo<F> {
    /// How many of a frame's first rows are told as metadata: 5 if nothing is said, 0 for none. Of a `LazyFrame` of more than
    /// 4,000,000,000 rows there can be none, and it can be stored only so.
    #[must_use]
    pub fn sample(mut self, rows: usize) -> Self {
        self.describe.sample = rows;
        self
    }

    /// Whether the number of nulls, the least and the greatest value of each column are told as metadata, as they are if
    /// nothing is said.
    #[must_use]
    pub fn statistics(mut self, told: bool) -> Self {
        self.describe.statistics = told;
        self
    }

    /// Whether each frame in memory is read again before its file takes its place, and is refused if it does not come back
    /// as it was. If nothing is said it is not, for it takes as long as storing it.
    ///
    /// In tests it shows that what is stored is what steps were handed, and of a format that keeps no types, what it loses. A run of
    /// a test does not ask for it by itself: what CSV loses of a frame a program may well do without. One that does not has its tests
    /// say so, in its definitions:
    ///
    /// ```
    /// use orch_core::run::Definitions;
    /// use orch_polars::{ParquetIo, RegisterFrames as _};
    ///
    /// fn definitions() -> Definitions {
    ///     Definitions::new().frames("lake", ParquetIo::new("lake").verify(cfg!(test)))
    /// }
    /// ```
    #[must_use]
    pub fn verify(mut self, verified: bool) -> Self {
        self.verify = verified;
        self
    }
}

#[cfg(feature = "parquet")]
impl FrameIo<crate::format::Parquet> {
    /// How the data is compressed: by zstd if nothing is said.
    ///
    /// ```
    /// use orch_polars::ParquetIo;
    /// use orch_polars::polars::prelude::ParquetCompression;
    ///
    /// let quick = ParquetIo::new("lake").compression(ParquetCompression::Snappy);
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: polars::prelude::ParquetCompression) -> Self {
        self.format.compress(compression);
        self
    }

    /// How many rows a row group has: what is read is at least one of them. If nothing is said, polars decides: 262,144
    /// for frames in memory.
    #[must_use]
    pub fn row_group_size(mut self, rows: usize) -> Self {
        self.format.group_rows(rows);
        self
    }
}

#[cfg(feature = "ipc")]
impl FrameIo<crate::format::Ipc> {
    /// How the data is compressed: not at all if nothing is said.
    #[must_use]
    pub fn compression(mut self, compression: polars::prelude::IpcCompression) -> Self {
        self.format.compress(compression);
        self
    }
}

#[cfg(feature = "csv")]
impl FrameIo<crate::format::Csv> {
    /// What stands between two fields: a comma if nothing is said.
    ///
    /// ```
    /// # fn main() -> orch_core::failure::Result<()> {
    /// let tabs = orch_polars::CsvIo::new("exports").separator('\t')?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If it is no ASCII character, or one that has another meaning in CSV.
    pub fn separator(mut self, separator: char) -> Result<Self> {
        match u8::try_from(separator) {
            Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => {
                self.format.separate(byte);
                Ok(self)
            }
            _ => Err(Failure::new(format!("{separator:?} cannot stand between the fields of a CSV file"))
                .hint("take one of the usual: `,`, `;`, `\\t`, `|`")
                .not_retryable()),
        }
    }
}
