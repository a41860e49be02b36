use std::ops::ControlFlow;

use orch_core::asset::{CheckEvaluation, FailedMaterialization, PassedOver};
use orch_core::event::Encoded;
use orch_core::memo::Memo;
use orch_core::storage::{Facts, StorageError};

use super::{Known, Reader, number};
use crate::facts::OfRun;

const TELLS: &str = "SELECT 1 FROM event INDEXED BY told
    WHERE (kind < 'STEP' OR kind IN ('STEP_FAILURE', 'STEP_MEMOIZED')) AND number > ?1
    AND kind IN ('ASSET_MATERIALIZATION', 'ASSET_FAILED_TO_MATERIALIZE', 'ASSET_OBSERVATION',
        'ASSET_CHECK_EVALUATION', 'OP_RECIPE', 'STEP_MEMOIZED')";
/// The events that facts are taken from.
const FACTS: &str = "SELECT number, time, step, attempt, fields, kind, sum, value FROM event
    WHERE number > ?1
    AND kind IN ('STEP_OUTPUT', 'HANDLED_OUTPUT', 'ASSET_MATERIALIZATION', 'ASSET_FAILED_TO_MATERIALIZE',
        'ASSET_OBSERVATION', 'ASSET_CHECK_EVALUATION', 'OP_RECIPE', 'STEP_MEMOIZED')
    ORDER BY number";

impl Reader {
    /// What the log tells of assets and of memoized steps after the event of one number, up to that of another.
    pub(crate) fn facts(&self, after: u64, to: u64) -> Result<OfRun, StorageError> {
        let imported: i64 = self.of_run("SELECT imported FROM run")?;
        let of_run = OfRun { after: after.max(imported.unsigned_abs()), ..OfRun::default() };
        let values = || [number(of_run.after)];
        let tells = self.connection.prepare_cached(TELLS).and_then(|mut tells| tells.exists(values()));
        // Most runs tell nothing, and most outputs are no assets.
        if !tells.map_err(|error| self.cannot(&error))? {
            return Ok(of_run);
        }
        let (mut known, mut facts) = (Known::default(), Facts::default());
        let (mut told, mut failed, mut passed_over, mut found, mut remembered) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.rows(FACTS, values(), &mut |row| {
            let (logged, value) = self.logged(row, &mut known)?;
            if logged.number > to {
                return Ok(ControlFlow::Break(()));
            }
            let value = value.map(|value| Encoded::from(value.to_vec()));
            told.extend(facts.take(logged.number, &logged.event, value.as_ref()));
            failed.extend(FailedMaterialization::told(logged.number, &logged.event));
            passed_over.extend(PassedOver::told(logged.number, &logged.event));
            found.extend(CheckEvaluation::told(logged.number, &logged.event));
            remembered.extend(Memo::told(logged.number, &logged.event));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(OfRun { told, failed, passed_over, found, remembered, ..of_run })
    }
}
