use std::sync::Arc;

use super::{State, Stored};
use crate::asset::{InputVersion, TypedMetadata, typed};
use crate::define::Said;
use crate::event::{Encoded, EventKind};
use crate::io::{ASSET_FILES, ArtifactRef, DATA_VERSION};
use crate::value::TypeInfo;

/// The assets that steps make.
impl State {
    /// What is told of an output that is an asset: that it is materialized, of what, and what is known of it. None of all
    /// others.
    pub(super) fn materialized(
        &mut self,
        step: usize,
        output: usize,
        inline: Option<&Encoded>,
        stored: Option<&Stored>,
        said: Option<&Said>,
    ) -> Option<EventKind> {
        if !self.layout.steps[step].assets {
            return None;
        }
        let asset = self.program.asset(step, output)?;
        let file = stored.filter(|stored| *stored.io == *ASSET_FILES);
        let file = file.and_then(|stored| ArtifactRef::of(&stored.metadata));
        let mut metadata = match stored {
            // Of a file of the instance there is nothing to tell but where it is.
            Some(stored) if file.is_none() => typed(&stored.metadata),
            _ => TypedMetadata::new(),
        };
        let told = stored.and_then(|stored| stored.metadata.get(DATA_VERSION)).and_then(|told| told.as_str());
        metadata.remove(DATA_VERSION);
        let hash = || match (inline, file) {
            (Some(value), _) => Some(blake3::hash(value.bytes()).to_hex().as_str().into()),
            (None, Some(file)) => Some(file.blake3.as_str().into()),
            (None, None) => told.map(Into::into),
        };
        // What has no content is told by no hash of it: that it was written somewhere else is all that is known.
        let has_content = self.program.ops[step].outputs()[output].ty != TypeInfo::of::<()>();
        let scrub = |version: &Arc<str>| self.settings.scrubber.scrub(version).into();
        let given = said.and_then(|said| said.data_version.as_ref()).map(scrub);
        let data_version: Option<Arc<str>> = given.or_else(|| hash().filter(|_| has_content));
        let said = said.map(|said| said.metadata.clone()).unwrap_or_default();
        metadata.extend(self.settings.scrubber.typed(said));
        let recipe = self.recipe(asset);
        let inputs = asset.upstream.iter().map(|key| {
            let version = self.settings.versions.get(key).cloned();
            version.unwrap_or_else(|| InputVersion::new(key.clone(), None, None))
        });
        let kind = EventKind::AssetMaterialization {
            asset: asset.key.clone(),
            partition: None,
            metadata,
            code_version: asset.code_version.clone(),
            data_version: data_version.clone(),
            inputs: inputs.collect(),
            recipe,
        };
        let version = InputVersion::new(asset.key.clone(), Some(self.settings.run), data_version);
        self.settings.versions.insert(asset.key.clone(), version);
        Some(kind)
    }
}
