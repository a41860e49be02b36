//! Observations of assets that others make: what each is, the list of all beside the assets, and how they are drawn in a job.

mod def;
mod draw;
mod list;

pub use def::{ObservationBuilder, ObservationDef, observation_of};

pub(in crate::graph::asset) use draw::{Observations, observable, takers};
