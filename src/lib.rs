//! A data orchestrator: annotate functions with `#[op]`, compose them in a `#[job]`, and get a pipeline that runs with
//! retries, limits, progress and a log of events.
//!
//! ```
//! use orch::prelude::*;
//!
//! #[op]
//! fn pages() -> Dynamic<i64> {
//!     Dynamic::from_values(1..=3)
//! }
//!
//! #[op(retry(max = 3, delay = "1s"))]
//! async fn load(page: i64) -> Result<i64> {
//!     Ok(page * 10)
//! }
//!
//! #[op]
//! fn report(loaded: &[i64]) -> i64 {
//!     loaded.iter().sum()
//! }
//!
//! #[job]
//! fn dex() {
//!     report(pages().map(load).collect());
//! }
//!
//! let run = dex().run_blocking()?;
//! assert_eq!(*run.output::<report>(), 60);
//! # Ok::<(), orch::Failure>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | make a step of a function | [`macro@op`]; of its several outputs [`macro@Outputs`] |
//! | name data, and what it is made of | [`macro@asset`], [`macro@graph_asset`], [`macro@multi_asset`], [`macro@external_asset`], [`assets!`] |
//! | know of which version of the data of others something was made | [`macro@asset_observation`], [`observations!`] |
//! | check data, and stop what would be made of bad data | [`macro@asset_check`], [`checks!`] |
//! | configure steps | [`macro@Config`], [`config::Config`], [`config::Secret`], [`macro@configured`] |
//! | connect steps | [`macro@job`], and for parts of jobs [`macro@graph`] |
//! | say something of one call: a name, a tag, what it waits for | [`graph::Handle`] |
//! | run one step for each item | [`define::Dynamic`], [`graph::DynamicOut::map`], [`graph::Mapped::collect`] |
//! | fail | [`Failure`], [`Result`] |
//! | be told when a step or a run is over | [`macro@success_hook`], [`macro@failure_hook`], [`macro@run_hook`] |
//! | get a program with a command line | [`main`], [`cli`] |
//! | run a job in a program or test of your own | [`graph::Job::run`](graph::Job::run), [`run::Runner`], [`run::Run`] |
//! | share a database or client between steps | [`macro@resource`], [`define::Res`] |
//! | make many partitions of assets by many runs | [`run::Definitions::backfill`], [`backfill`] |
//! | run a part of a job | [`run::Runner::select`], [`select::StepSelection`] |
//! | test ops and jobs | `orch::testing`, with the feature `testing` |
//! | store outputs | [`io::IoManager`] |
//! | see what happens | [`event::Sink`], [`LogLayer`] |
//!
//! The project's `README.md` begins with two commands to try, and tells what there is and what is not there yet.

/// The Rust in the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// So is that in the guide.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../docs/guide.md")]
mod guide {}

// The code that the macros generate names the crate, also in its own tests.
#[cfg(test)]
extern crate self as orch;

pub use orch_core::failure::{Failure, Result};
pub use orch_core::{
    asset, backfill, config, define, descriptor, event, failure, graph, ids, io, memo, partition, plan,
    report, run, select, storage, value,
};

pub use orch_core::graph::checks;

/// A program that installs a `tracing` subscriber of its own puts this layer into it, so that what steps log still becomes
/// events of these steps:
///
/// ```
/// use tracing_subscriber::prelude::*;
///
/// // Beside the layers that the program wants for itself.
/// tracing_subscriber::registry().with(orch::LogLayer).init();
/// ```
///
/// It is set up before `#[orch::main]` would do so: in the function that returns the definitions.
pub use orch_core::step::LogLayer;

#[cfg(feature = "cli")]
pub use attributes::main;
pub use attributes::{
    asset, asset_check, asset_observation, configured, external_asset, failure_hook, graph, graph_asset, job,
    multi_asset, op, resource, run_hook, success_hook,
};
pub use derives::{Config, Outputs};

/// The definitions of assets, by the names of their functions: `Definitions::new().assets(assets![raw_orders, sales::orders])`.
///
/// The list of a module is a function of it, `pub fn all() -> Vec<Arc<AssetDef>> { assets![..].into() }`.
#[macro_export]
macro_rules! assets {
    ($($asset:path),* $(,)?) => {
        [$($crate::__private::Arc::clone($crate::__private::asset_of::<$asset>())),*]
    };
}

/// The definitions of checks, by the names of their functions: `Definitions::new().checks(checks![no_negative_amounts])`.
#[macro_export]
macro_rules! checks {
    ($($check:path),* $(,)?) => {
        [$($crate::__private::Arc::clone($crate::__private::check_of::<$check>())),*]
    };
}

/// The definitions of observations, by the names of their functions: `Definitions::new().observations(observations![written])`.
#[macro_export]
macro_rules! observations {
    ($($observation:path),* $(,)?) => {
        [$($crate::__private::Arc::clone($crate::__private::observation_of::<$observation>())),*]
    };
}

mod attributes;
#[cfg(feature = "cli")]
pub mod cli;
mod derives;
pub mod prelude;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "polars")]
pub use orch_polars as polars;

/// What the code that the macros generate may name. Not part of the public interface: no version promises anything of it.
#[doc(hidden)]
pub mod __private {
    pub use std::sync::{Arc, OnceLock};
    pub use std::time::Duration;

    pub use orch_core::asset::{CheckResult, DataVersion};
    pub use orch_core::config::{
        Configurable, Described, NoConfig, NoPart, NoSchema, Part, PartOf, Refused, SchemaOf,
    };
    pub use orch_core::define::{
        Backoff, CheckReturn, DefaultFed, DefaultFit, DefaultKind, Executor, FallibleReturn, Fed, Finish,
        Fit, HandlesOf, Hook, HookDef, Input, InputByValue, Jitter, JobOptions, Limit, Memoize,
        ObservationReturn, One, OpDef, Opens, Order, Output, OutputDef, Outputs, Products, Res, ResourceDef,
        Retry, RunOutcome, StepHook, StepOutcome, ValuesOf, WithMetadata, kind,
    };
    pub use orch_core::failure::Failure;
    pub use orch_core::graph::{
        Asset, AssetBuilder, AssetDef, AssetFields, AssetHandle, Call, Check, CheckDef, ExternalAsset,
        Handle, HookNode, IntoInput, Job, JobConfig, JobNode, MadeBy, MultiAssetDef, Node, NodeRef,
        Observation, ObservationDef, Op, Out, Placed, TakesConfig, Unknown, asset_of, check_of, enter_graph,
        enter_hooked_graph, observation_of,
    };
    pub use orch_core::io::{Coded, DefaultCoded};
    pub use orch_core::partition::PartitionMapping;

    pub use {schemars, serde};

    #[cfg(feature = "cli")]
    pub use crate::cli::run_main_of_version;
}
