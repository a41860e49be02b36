//! What the user wrote: ops, their inputs and outputs, and the policies around them. Typed, and not yet a graph.
//!
//! | construct | is | made by |
//! |---|---|---|
//! | [`OpDef`] | a function with named, typed inputs and outputs | `#[op]`, or [`OpDef::builder`] |
//! | [`JobOptions`] | what holds for a job as a whole | the arguments of `#[job]` |
//! | [`Dynamic`], [`Optional`] | outputs of which there may be many, or none | the op's return type |
//! | [`HookDef`] | a function that is called when a step or run is over | `#[success_hook]`, `#[failure_hook]`, `#[run_hook]`, or [`HookDef::builder`] |
//! | [`Context`] | what an op's code sees of its run | a parameter of the op |
//! | [`Res`] | what steps share, opened once for a run | a parameter of the op |
//! | [`ResourceDef`] | how such a thing is opened and closed | `#[resource]`, or [`ResourceDef::builder`] |

mod args;
mod body;
mod check;
mod context;
mod dynamic;
mod fallible;
mod finish;
mod hook;
mod input;
mod job;
pub mod kind;
mod known;
mod memoize;
mod needs;
mod observation;
mod op;
mod output;
mod partitions;
mod policy;
mod preset;
mod product;
mod resource;
mod resources;
mod said;
mod schedule;
mod with_metadata;

pub(crate) use args::Inputs;
pub use args::{Args, Input, InputByValue};
pub(crate) use body::{Body, BoxFuture};
pub use check::CheckReturn;
pub(crate) use context::RunContext;
pub use context::{Cancel, Context};
pub use dynamic::Dynamic;
pub(crate) use dynamic::{ItemStream, StreamItem};
pub use fallible::{FallibleReturn, OpError};
pub use finish::Finish;
pub use hook::{Hook, HookBuilder, HookContext, HookDef, RunHookContext, RunOutcome, StepHook, StepOutcome};
pub(crate) use hook::{HookBody, Outcomes, OutputMetadata, RunTold, StepTold, unite};
pub use input::{DefaultFed, Fed, FromConfig, Gather, InputDef, InputRead, Passing};
pub(crate) use job::first_sentence;
pub use job::{Executor, JobOptions, Order};
pub use kind::{DefaultFit, DefaultKind, Fit, HandlesOf};
pub(crate) use known::{KnownAssets, KnownCheck, KnowsMade};
pub use memoize::Memoize;
pub(crate) use needs::Given;
pub use needs::{Needs, ResourceNeed};
pub use observation::ObservationReturn;
pub use op::{OpBuilder, OpDef};
pub(crate) use output::KeptOutput;
pub use output::{Fallible, One, Optional, Output, OutputDef, OutputKind, Outputs, ValuesOf};
pub(crate) use partitions::{ReadPartitions, ReadsAssets, RunPartitions, Takes};
pub use policy::{Backoff, Jitter, Limit, PRIORITY_TAG, Retry, Tags};
pub use preset::Preset;
pub use product::{Product, Products};
pub use resource::{
    AnyResource, CloseBuilder, OpenBuilder, Opens, Res, Resource, ResourceArgs, ResourceBuilder, ResourceDef,
};
pub use resources::Resources;
pub(crate) use resources::{Provider, Unanswered, resource_type};
pub(crate) use said::{OutputSaid, Said, Saying};
pub(crate) use schedule::{CRON_HINT, check_cron};
pub use with_metadata::WithMetadata;
