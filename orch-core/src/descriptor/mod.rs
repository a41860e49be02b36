//! Jobs built from data: files that describe which ops of the program feed which, checked like jobs written in Rust.
//!
//! ```yaml
//! job: dex
//! description: Loads the dex.
//! schedule: "0 6 * * *"
//! priority: 5
//! tags: { team: data }
//! max_concurrent: 4
//! steps:
//!   pages:
//!     op: extract_pages
//!     config: { path: data/pokemon.csv }
//!   loaded:
//!     op: load
//!     map: pages                            # once for each item of its dynamic output
//!     inputs: { page: pages }               # `step`, or `step.output`
//!     retry: { max: 3, delay: 1s, backoff: exponential }
//!   report:
//!     op: report
//!     inputs:
//!       counts: { collect: loaded }         # all values of the map, when it is finished
//!       title: { value: Dex }               # a constant
//!     after: [cleanup]
//!   cleanup:
//!     op: cleanup
//! ```
//!
//! A program gives its ops to a [`Registry`], which builds the jobs. Maps nest: a step that maps over the dynamic output of
//! a step in a map stands in both. `{ collect: .. }` closes the innermost map of the step that it names; in which form, with
//! keys or failures or without, the type of the input says. A list of steps, `[a, b]`, feeds an input of type `Vec<T>`.
//! What a descriptor leaves out of the configuration of a step, the configuration of a run may give; what it gives stands.

mod draft;
mod job;
mod maps;
mod model;
mod order;
mod problem;
mod registry;
mod settings;
mod source;
mod step;
#[cfg(test)]
mod tests;
mod words;

pub use problem::{DescriptorError, DescriptorProblem, DescriptorProblemKind};
pub use registry::Registry;
