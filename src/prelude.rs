//! What a file that defines ops and jobs needs: `use orch::prelude::*`.

pub use orch_core::define::{
    Backoff, Context, Dynamic, HookContext, Jitter, Optional, Retry, RunHookContext, RunOutcome, StepOutcome,
};
pub use orch_core::failure::{Failure, Result};
pub use orch_core::graph::{Collected, DynamicOut, Handle, Job, Mapped, Out, lit};
pub use orch_core::run::Definitions;
pub use orch_core::value::{Keyed, StepFailure};

pub use crate::{Outputs, failure_hook, graph, job, op, run_hook, success_hook};
