//! The facade of orch.

pub use orch_core::failure::{Failure, Result};
pub use orch_core::{define, event, failure, graph, ids, io, plan, report, run, value};
pub use orch_macros::{Outputs, graph, job, main, op};

#[cfg(feature = "cli")]
pub mod cli;
pub mod prelude;

#[cfg(feature = "polars")]
pub use orch_polars as polars;

/// What the code that the macros generate may name. Not part of the public interface: no version promises anything of it.
#[doc(hidden)]
pub mod __private {
    pub use std::sync::{Arc, OnceLock};
    pub use std::time::Duration;

    pub use orch_core::define::{
        Backoff, DefaultFit, DefaultKind, FallibleReturn, Fit, HandlesOf, Input, InputByValue, Jitter,
        JobOptions, Limit, One, OpDef, Order, Output, OutputDef, Outputs, Product, Retry, ValuesOf, kind,
    };
    pub use orch_core::failure::Failure;
    pub use orch_core::graph::{
        Call, Handle, IntoInput, Job, JobNode, Node, NodeRef, Op, Placed, Unknown, enter_graph,
    };

    #[cfg(feature = "cli")]
    pub use crate::cli::run_main;
}
