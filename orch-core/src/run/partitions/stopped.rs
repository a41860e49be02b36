use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::asset::AssetKey;
use crate::event::EventKind;
use crate::failure::Failure;
use crate::ids::StepPath;
use crate::plan::Program;

/// The partitions that blocking checks have stopped: what stands in the same map waits for the check of its partition, and what
/// stands in another one reads partitions when all of them are done, whatever became of them.
#[derive(Debug)]
pub(in crate::run) struct Stopped {
    /// The blocking checks that look at partitions, by their steps.
    checks: HashMap<String, AssetKey>,
    /// By asset and partition, the step that has stopped it.
    by: Mutex<HashMap<AssetKey, HashMap<String, StepPath>>>,
}

impl Stopped {
    pub(super) fn of(program: &Program) -> Self {
        let checks = program.plan.steps.iter().filter_map(|step| {
            let check = step.check.as_ref().filter(|check| check.blocking && check.partitions.is_some())?;
            Some((step.name.clone(), check.asset.clone()))
        });
        Self { checks: checks.collect(), by: Mutex::default() }
    }

    /// Whether anything can be stopped.
    pub(in crate::run) fn has_checks(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Takes what has become of a step: whatever has not succeeded of a blocking check has stopped its partition.
    pub(in crate::run) fn take(&self, step: Option<&StepPath>, kind: &EventKind) {
        if let (Some(step), EventKind::StepFailure { .. } | EventKind::StepSkipped { .. }) = (step, kind) {
            self.ended_badly(step);
        }
    }

    /// A step has failed or was skipped.
    pub(in crate::run) fn ended_badly(&self, step: &StepPath) {
        let (Some(asset), Some(branch)) = (self.checks.get(step.name()), step.branch()) else { return };
        let mut by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        by.entry(asset.clone()).or_default().insert(branch.key().to_string(), step.clone());
    }

    /// That a partition may be taken.
    pub(super) fn check(&self, asset: &AssetKey, partition: &str) -> Result<(), Failure> {
        let by = self.by.lock().unwrap_or_else(PoisonError::into_inner);
        match by.get(asset).and_then(|partitions| partitions.get(partition)) {
            None => Ok(()),
            Some(check) => {
                let failure = Failure::new(format!(
                    "`{asset}[{partition}]` is not to be taken as it is: its blocking check `{check}` has not passed"
                ));
                Err(failure.hint(format!(
                    "mend it, and have it made anew: materialize {asset} --partition '{partition}'"
                )))
            }
        }
    }
}
