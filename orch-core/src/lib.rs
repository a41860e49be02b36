//! The core of orch: from what a user defines to a finished run, in the order of the story.
//!
//! ```text
//! define → graph → plan → descriptor → engine → step → storage → run → backfill → report → testing
//! ```
//!
//! Each stage uses only those before it. `asset`, `config`, `event`, `failure`, `ids`, `io`, `memo`, `partition`, `select` and `value`
//! are vocabulary that all may use.
//! Users depend on the facade `orch`, which re-exports what they need; crates that extend orch depend on this one.

// So that unit tests can share files with those outside.
#[cfg(test)]
extern crate self as orch_core;

// The vocabulary.
pub mod asset;
pub mod config;
pub mod event;
pub mod failure;
pub mod ids;
pub mod io;
pub mod memo;
pub mod partition;
pub mod select;
pub mod value;

// What the user wrote.
pub mod define;

// Who feeds whom.
pub mod graph;

// What will run.
pub mod plan;

// Graphs drawn by data.
pub mod descriptor;

// What runs next.
mod engine;

// Running one step.
pub mod step;

// What remains of runs.
pub mod storage;

// Running a job.
pub mod run;

// Many runs, one operation.
pub mod backfill;

// What is shown.
pub mod report;

// Running a job in a test.
#[cfg(feature = "testing")]
pub mod testing;
