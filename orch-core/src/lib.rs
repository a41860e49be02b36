//! The core of orch.
pub mod define;
pub mod event;
pub mod failure;
pub mod graph;
mod engine;
pub mod io;
pub mod run;
pub mod step;
pub mod ids;
pub mod plan;
pub mod report;
pub mod value;
