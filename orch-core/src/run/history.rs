use std::sync::Arc;

use crate::asset::{AssetHistory, CheckEvaluation, EvaluationQuery, Materialization, MaterializationQuery};
use crate::failure::Failure;
use crate::storage::{Storage, StorageError};

/// What the code of steps may ask this storage.
pub(super) fn of(storage: &Arc<dyn Storage>) -> Arc<dyn AssetHistory> {
    Arc::new(Recorded(Arc::clone(storage)))
}

#[derive(Debug)]
struct Recorded(Arc<dyn Storage>);

impl AssetHistory for Recorded {
    fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
        self.0.materializations(query).map_err(StorageError::into_failure)
    }

    fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
        self.0.evaluations(query).map_err(StorageError::into_failure)
    }
}

/// The process of a step has no way to the storage of its run.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct Elsewhere;

#[cfg(unix)]
impl Elsewhere {
    fn refusal() -> Failure {
        Failure::new("a step that has a process of its own cannot ask what is known of assets")
            .hint("let it run in the process of the run: leave `isolate` out, of its op or of its job")
    }
}

#[cfg(unix)]
impl AssetHistory for Elsewhere {
    fn materializations(&self, _: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
        Err(Self::refusal())
    }

    fn evaluations(&self, _: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
        Err(Self::refusal())
    }
}
