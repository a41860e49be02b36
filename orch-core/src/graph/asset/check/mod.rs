//! Checks of assets: what each is, the list of all beside the assets, and how they are drawn in a job.

mod def;
mod draw;
mod list;

pub use def::{CheckBuilder, CheckDef, check_of};

pub(in crate::graph::asset) use draw::{Checks, stoppable};
