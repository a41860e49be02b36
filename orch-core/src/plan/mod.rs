//! What will run: the graph and the job's options, checked and compiled into plain data.

mod problem;

pub use problem::{PlanError, Problem, ProblemKind};
