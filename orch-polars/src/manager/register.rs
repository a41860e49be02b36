//! A manager for all that it stores, in one line.

use orch_core::run::Definitions;
use polars::frame::DataFrame;

use super::FrameIo;
use crate::format::Format;

/// Registers a manager for all types of frames that can be told without further ado.
pub trait RegisterFrames: Sized {
    /// Registers `manager` under `key` for `DataFrame` and `Option<DataFrame>`, and with the feature `lazy` also for
    /// `LazyFrame` and `Option<LazyFrame>`.
    ///
    /// ```
    /// use orch_core::run::Definitions;
    /// use orch_polars::{Frame, ParquetIo, RegisterFrames as _, schema};
    ///
    /// schema! {
    ///     struct Sales { id: i64, price: f64 }
    /// }
    ///
    /// let lake = ParquetIo::new("target/frames");
    /// let definitions = Definitions::new()
    ///     .frames("parquet", lake.clone())
    ///     // Each schema has a line of its own.
    ///     .io::<Frame<Sales>>("parquet", lake);
    /// ```
    #[must_use]
    fn frames<F: Format>(self, key: &str, manager: FrameIo<F>) -> Self;
}

impl RegisterFrames for Definitions {
    fn frames<F: Format>(self, key: &str, manager: FrameIo<F>) -> Self {
        #[cfg(feature = "lazy")]
        use polars::prelude::LazyFrame;

        let this = self.io::<DataFrame>(key, manager.clone());
        #[cfg(feature = "lazy")]
        let this = this.io::<LazyFrame>(key, manager.clone()).io::<Option<LazyFrame>>(key, manager.clone());
        this.io::<Option<DataFrame>>(key, manager)
    }
}
