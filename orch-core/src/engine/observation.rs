use std::sync::Arc;

use super::State;
use super::frame::FrameId;
use crate::asset::{DataVersion, InputVersion};
use crate::define::Said;
use crate::event::EventKind;
use crate::value::Value;

/// Observations of assets that others make.
impl State {
    /// What is told of the output of a step that observes an asset, or a partition of one: which version of it is there. From now on
    /// what is made of it is made of that. None of all other steps.
    pub(super) fn observed(
        &mut self,
        frame: FrameId,
        step: usize,
        value: &Value,
        said: Option<&Said>,
    ) -> Option<EventKind> {
        if !self.layout.steps[step].assets {
            return None;
        }
        let asset = self.program.plan.steps[step].observes.clone()?;
        let found = value.get::<DataVersion>()?;
        let data_version: Arc<str> = self.settings.scrubber.scrub(found.as_str()).into();
        let said = said.map(|said| said.of(0)).unwrap_or_default();
        let metadata = self.settings.scrubber.typed(said.metadata);
        // It stands in no other map than that of the partitions.
        let branch = self.frames[frame as usize].branch.as_ref();
        let partition: Option<Arc<str>> = branch.map(|branch| branch.key().to_string().into());
        let (run, version) = (self.settings.run, Arc::clone(&data_version));
        let version = InputVersion::new(asset.clone(), Some(run), Some(version));
        self.know(frame, step, version.partition(partition.clone()));
        Some(EventKind::AssetObservation { asset, partition, data_version, metadata })
    }
}
