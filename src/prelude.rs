//! What a file that defines ops and jobs needs: `use orch::prelude::*`.

pub use orch_core::asset::{CheckResult, DataVersion, Severity};
pub use orch_core::config::{Config, RunConfig, Secret};
pub use orch_core::define::{
    Backoff, Context, Dynamic, HookContext, Jitter, Optional, Preset, Res, Retry, RunHookContext, RunOutcome,
    StepOutcome, WithMetadata,
};
pub use orch_core::failure::{Failure, Result};
pub use orch_core::graph::{Collected, DynamicOut, Handle, Job, Lit as lit, Mapped, Out};
pub use orch_core::partition::{Partition, Partitions};
pub use orch_core::run::{Definitions, Environment};
pub use orch_core::value::{Keyed, StepFailure};

pub use crate::{
    Config, Outputs, asset, asset_check, asset_observation, assets, checks, configured, external_asset,
    failure_hook, graph, graph_asset, job, multi_asset, observations, op, resource, run_hook, success_hook,
};
