use std::sync::Arc;

use super::frame::FrameId;
use super::{State, Turn};
use crate::asset::{AssetKey, CheckResult, CheckTarget, InputVersion};
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
        let branch = self.frames[frame as usize].branch.as_ref();
        let partition: Option<Arc<str>> =
            check.partitions.and(branch).map(|branch| branch.key().to_string().into());
        let version = self.looked_at((frame, step), &check.asset, &partition);
        let target = version.filter(|version| !version.is_of_nothing());
        let target =
            target.and_then(|version| Some(CheckTarget::new(version.run?, version.data_version.clone())));
        let error = (check.blocking && result.is_error()).then(|| {
            let why = result.description.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let (name, asset) = (&check.name, &check.asset);
            let of = partition.as_ref().map_or_else(String::new, |partition| format!("[{partition}]"));
            Failure::new(format!(
                "the blocking check `{name}` of the asset `{asset}{of}` has not passed{why}"
            ))
            .info()
        });
        let kind = EventKind::AssetCheckEvaluation {
            asset: check.asset,
            check: check.name,
            partition,
            blocking: check.blocking,
            result: Box::new(result),
            target,
        };
        self.emit(frame, step, kind, turn);
        error
    }

    /// What is known of an asset, or of a partition of it, where the step of a check looks: a partition was made or read in the same
    /// frame, an asset without was read for it, or it is known to all.
    fn looked_at(
        &self,
        (frame, step): (FrameId, usize),
        asset: &AssetKey,
        partition: &Option<Arc<str>>,
    ) -> Option<&InputVersion> {
        let inputs = &self.program.plan.steps[step].inputs;
        let is_read = |by: u32| inputs.iter().any(|input| input.source.takes(by as usize));
        let here = self.frames[frame as usize].versions.iter().rev();
        let mut here = here.filter(|(by, _)| partition.is_some() || is_read(*by));
        here.find(|(_, version)| version.asset == *asset && version.partition == *partition)
            .map(|(_, version)| version)
            .or_else(|| self.settings.versions.get(asset, partition))
    }
}
