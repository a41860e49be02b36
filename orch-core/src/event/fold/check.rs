use super::{KEPT_FAILURES, RunView};
use crate::asset::{AssetKey, CheckResult};
use crate::event::{CheckView, SkipCause};
use crate::ids::StepPath;

/// Checks of assets.
impl RunView {
    /// What a check has found; if its step ran again, that counts.
    pub(super) fn evaluated(
        &mut self,
        step: &StepPath,
        asset: &AssetKey,
        blocking: bool,
        result: &CheckResult,
    ) {
        self.unpassed.retain(|check| check.step != *step);
        if !result.passed && self.unpassed.len() < KEPT_FAILURES {
            let (step, asset, result) = (step.clone(), asset.clone(), result.clone());
            self.unpassed.push(CheckView { step, asset, blocking, result });
        }
    }

    /// A check that has nothing to look at.
    pub(super) fn left_out(&mut self, step: &StepPath, cause: &SkipCause) {
        if let SkipCause::Lacking(why) = cause
            && self.not_checked.len() < KEPT_FAILURES
        {
            self.not_checked.push((step.clone(), why.clone()));
        }
    }

    /// The checks that had nothing to look at, and why; of very many the first.
    #[must_use]
    pub fn not_checked(&self) -> &[(StepPath, String)] {
        &self.not_checked
    }

    /// The checks that have not passed, in the order in which they looked; of very many the first.
    #[must_use]
    pub fn unpassed(&self) -> &[CheckView] {
        &self.unpassed
    }
}
