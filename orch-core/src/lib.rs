//! The core of orch.
pub mod define;
mod engine;
pub mod event;
pub mod failure;
pub mod graph;
pub mod ids;
pub mod io;
pub mod plan;
pub mod run;
pub mod step;
pub mod value;
