use std::sync::Arc;

use super::State;
use super::frame::FrameId;
use crate::asset::{AssetKey, DataVersion, InputVersion};
use crate::define::Said;
use crate::event::EventKind;
use crate::failure::Failure;
use crate::plan::Source;
use crate::value::Value;

/// Observations of assets that others make.
impl State {
    /// What is told of the output of a step that observes an asset, or a partition of one: which version of it is there, or that
    /// nothing is. From now on what is made of it is made of that. None of all other steps.
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
        let scrub = |version: &str| self.settings.scrubber.scrub(version).into();
        let data_version: Option<Arc<str>> = (!found.is_nothing()).then(|| scrub(found.as_str()));
        let said = said.map(|said| said.of(0)).unwrap_or_default();
        let metadata = self.settings.scrubber.typed(said.metadata);
        // It stands in no other map than that of the partitions.
        let branch = self.frames[frame as usize].branch.as_ref();
        let partition: Option<Arc<str>> = branch.map(|branch| branch.key().to_string().into());
        let version = InputVersion::observed(asset.clone(), self.settings.run, data_version.clone());
        self.know(frame, step, version.partition(partition.clone()));
        Some(EventKind::AssetObservation { asset, partition, data_version, metadata })
    }

    /// The value of an input; of what others make, and of which the run knows that nothing is there, one that says so when it is
    /// loaded. It was given before anybody had looked.
    pub(super) fn loaded(&mut self, step: usize, input: usize, value: Value) -> Value {
        let Source::Output { step: from, .. } = &self.program.plan.steps[step].inputs[input].source else {
            return value;
        };
        // What reads it when it runs looks for itself.
        let loads = self.program.plan.steps[*from].loads.as_ref();
        let loads = loads.filter(|loads| loads.external && !loads.is_read());
        let version = loads.and_then(|loads| self.settings.versions.get(&loads.key, &None));
        let Some(nothing) = version.filter(|version| version.is_of_nothing()) else { return value };
        let asset = nothing.asset.clone();
        self.let_go.values.push(value);
        Value::later(move || Err(nothing_there(&asset)))
    }
}

/// That nothing was there of an asset when the run looked that takes it.
pub(crate) fn nothing_there(asset: &AssetKey) -> Failure {
    let hint = format!(
        "run again when others have made it; `assets observe {asset}` tells whether they have, and makes nothing"
    );
    Failure::new(format!("of `{asset}` nothing was there when this run looked")).not_retryable().hint(hint)
}
