//! The core of orch.
pub mod define;
pub mod event;
pub mod failure;
pub mod graph;
pub mod ids;
pub mod plan;
pub mod value;
