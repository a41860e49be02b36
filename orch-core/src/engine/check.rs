use super::frame::FrameId;
use super::{State, Turn};
use crate::asset::{CheckResult, CheckTarget};
use crate::define::{Product, Products};
use crate::event::EventKind;
use crate::failure::{ErrorInfo, Failure};

/// Checks of assets.
impl State {
    /// Tells what a check has found, of a step that is one. If it is blocking and has found an error, gives why its step
    /// fails: no further attempt follows, since the check has done its work.
    pub(super) fn evaluated(
        &mut self,
        frame: FrameId,
        step: usize,
        products: &Products,
        turn: &mut Turn,
    ) -> Option<ErrorInfo> {
        let check = self.program.plan.steps[step].check.clone().filter(|_| !self.is_given(frame, step))?;
        let result = products.iter().find_map(|product| match product {
            Product::Value(value) => value.get::<CheckResult>(),
            Product::Absent | Product::Items(_) => None,
        });
        let mut result = result?.clone();
        result.severity = check.severity.unwrap_or(result.severity);
        result.description = result.description.map(|text| self.settings.scrubber.scrub(&text).into_owned());
        result.metadata = self.settings.scrubber.typed(result.metadata);
        let version = self.settings.versions.get(&check.asset, &None);
        let target =
            version.and_then(|version| Some(CheckTarget::new(version.run?, version.data_version.clone())));
        let error = (check.blocking && result.is_error()).then(|| {
            let why = result.description.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let (name, asset) = (&check.name, &check.asset);
            Failure::new(format!("the blocking check `{name}` of the asset `{asset}` has not passed{why}"))
                .info()
        });
        let kind = EventKind::AssetCheckEvaluation {
            asset: check.asset,
            check: check.name,
            partition: None,
            blocking: check.blocking,
            result: Box::new(result),
            target,
        };
        self.emit(frame, step, kind, turn);
        error
    }
}
