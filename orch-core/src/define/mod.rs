//! What the user wrote: ops, their inputs and outputs, and the policies around them. Typed, and not yet a graph.
//!
//! | construct | is | made by |
//! |---|---|---|
//! | [`OpDef`] | a function with named, typed inputs and outputs | `#[op]`, or [`OpDef::builder`] |
//! | [`JobOptions`] | what holds for a job as a whole | the arguments of `#[job]` |
//! | [`Dynamic`], [`Optional`] | outputs of which there may be many, or none | the op's return type |
//! | [`HookDef`] | a function that is called when a step or run is over | `#[success_hook]`, `#[failure_hook]`, `#[run_hook]`, or [`HookDef::builder`] |
//! | [`Context`] | what an op's code sees of its run | a parameter of the op |

mod args;
mod context;
mod dynamic;
mod fallible;
mod hook;
mod job;
pub mod kind;
mod op;
mod output;
mod policy;

pub(crate) use args::Inputs;
pub use args::{Args, Input, InputByValue};
pub(crate) use context::RunContext;
pub use context::{Cancel, Context};
pub use dynamic::Dynamic;
pub(crate) use dynamic::{ItemStream, StreamItem};
pub use fallible::{FallibleReturn, OpError};
pub use hook::{Hook, HookBuilder, HookContext, HookDef, RunHookContext, RunOutcome, StepHook, StepOutcome};
pub(crate) use hook::{HookBody, HookCode, Outcomes, OutputMetadata, RunTold, StepTold, unite};
pub(crate) use job::first_sentence;
pub use job::{JobOptions, Order};
pub use kind::{DefaultFit, DefaultKind, Fit, HandlesOf};
pub(crate) use op::{Body, BoxFuture};
pub use op::{InputDef, OpBuilder, OpDef, Passing};
pub(crate) use output::KeptOutput;
pub use output::{
    Fallible, One, Optional, Output, OutputDef, OutputKind, Outputs, Product, Products, ValuesOf,
};
pub use policy::{Backoff, Jitter, Limit, PRIORITY_TAG, Retry, Tags};
