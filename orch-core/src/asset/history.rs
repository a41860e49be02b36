use std::fmt;

use super::{CheckEvaluation, EvaluationQuery, Materialization, MaterializationQuery};
use crate::failure::Failure;

/// What is known of assets and their checks, as the code of a step may ask for it: a port, behind which an instance stands,
/// or what a test has made up.
pub trait AssetHistory: fmt::Debug + Send + Sync + 'static {
    /// The materializations that are asked for, and observations, the newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure>;

    /// The evaluations of checks that are asked for, the newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure>;
}
