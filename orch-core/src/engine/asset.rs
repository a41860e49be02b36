use std::sync::Arc;

use super::frame::FrameId;
use super::memo::version_of;
use super::state::ROOT;
use super::{State, Stored, Turn, Written};
use crate::asset::{AssetKey, InputVersion, TypedMetadata, typed};
use crate::define::{Product, Products, Said};
use crate::event::{Encoded, EventKind};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::StepPath;
use crate::io::{ASSET_FILES, ArtifactRef, DATA_VERSION, STAMP};
use crate::plan::{PlannedAsset, Step};
use crate::value::TypeInfo;

/// The assets that steps make.
impl State {
    /// Whether an asset with partitions takes the same partition of another one, as it was made in the same map, or looked at there.
    fn is_aligned(&self, asset: &PlannedAsset, other: &AssetKey) -> bool {
        let steps = &self.program.plan.steps;
        let is_read = asset
            .reads
            .iter()
            .any(|&step| steps[step].loads.as_ref().is_some_and(|loads| loads.key == *other));
        let mut made = steps.iter().flat_map(|step| &step.assets).filter(|made| made.key == *other);
        let mut observing = steps.iter().filter(|step| step.observes.as_ref() == Some(other));
        let is_observed = |step: &Step| self.program.plan.observes_within(step) == asset.partitions;
        asset.partitions.is_some()
            && !is_read
            && (made.any(|made| made.partitions == asset.partitions) || observing.any(is_observed))
    }

    /// The versions of what an asset is made of that is made in this frame: of each upstream asset one, or several if it takes
    /// several partitions of it in different ways.
    pub(super) fn inputs_of(
        &self,
        frame: FrameId,
        asset: &PlannedAsset,
        partition: Option<&Arc<str>>,
    ) -> Vec<InputVersion> {
        let partition = partition.cloned();
        let here = &self.frames[frame as usize].versions;
        // What has no partitions is read once for all.
        let once: &[_] = if frame == ROOT { &[] } else { &self.frames[ROOT as usize].versions };
        let mut inputs = Vec::with_capacity(asset.upstream.len());
        for key in &asset.upstream {
            let begin = inputs.len();
            let is_read = |(step, version): &&(u32, InputVersion)| {
                version.asset == *key && asset.reads.contains(&(*step as usize))
            };
            let read = here.iter().chain(once).filter(is_read);
            inputs.extend(read.map(|(_, version)| version.clone()));
            if inputs[begin..].iter().any(|read| read.partition.is_none()) {
                // What the run knew of it before may not be what was read.
                continue;
            }
            let mut of_asset = here.iter().filter(|(_, version)| version.asset == *key);
            // What was made of the same partition, or of an asset without any, is taken as it is; what was looked at by who reads it.
            let is_read = inputs.len() > begin;
            let makes = |step: u32| {
                let step = &self.program.plan.steps[step as usize];
                step.loads.is_none() && !(is_read && step.observes.is_some())
            };
            let made = of_asset.rfind(|(step, _)| makes(*step)).map(|(_, version)| version);
            let versions = &self.settings.versions;
            let aligned = || self.is_aligned(asset, key).then(|| versions.get(key, &partition)).flatten();
            let taken = made.or_else(aligned).or_else(|| versions.get(key, &None));
            match taken {
                Some(version) => inputs.push(version.clone()),
                None if inputs.len() == begin => inputs.push(InputVersion::new(key.clone(), None, None)),
                None => {}
            }
        }
        inputs
    }

    /// Drops what a step gives of assets that are not asked for.
    pub(super) fn leave_out(&mut self, step: usize, products: &mut Products, written: &mut Written) {
        for &output in &self.program.plan.steps[step].left_out {
            let left_out =
                products.get_mut(output).map(|product| std::mem::replace(product, Product::Absent));
            self.let_go.products(left_out.into_iter().collect());
            _ = written.take(output);
        }
    }

    /// What is told of an output that is an asset: that it is materialized, of what, and what is known of it. None of all
    /// others.
    pub(super) fn materialized(
        &mut self,
        frame: FrameId,
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
        metadata.remove(DATA_VERSION);
        metadata.remove(STAMP);
        // What has no content is told by no hash of it: that it was written somewhere else is all that is known.
        let has_content = self.has_content(step, output);
        let scrub = |version: &Arc<str>| self.settings.scrubber.scrub(version).into();
        let said = said.map(|said| said.of(output)).unwrap_or_default();
        // An empty one tells nothing, and is that of nothing where others take it.
        let given = said.data_version.as_ref().filter(|version| !version.is_empty()).map(scrub);
        let data_version: Option<Arc<str>> =
            given.or_else(|| version_of(inline, stored).filter(|_| has_content));
        metadata.extend(self.settings.scrubber.typed(said.metadata));
        let partition = self.partition_of(frame, asset);
        let inputs = self.inputs_of(frame, asset, partition.as_ref());
        let recipe = self.recipe(asset, &inputs);
        let kind = EventKind::AssetMaterialization {
            asset: asset.key.clone(),
            partition: partition.clone(),
            metadata,
            code_version: asset.code_version.clone(),
            data_version: data_version.clone(),
            inputs,
            recipe,
        };
        let version = InputVersion::new(asset.key.clone(), Some(self.settings.run), data_version);
        self.know(frame, step, version.partition(partition));
        Some(kind)
    }

    /// Tells of the assets of a step, or of the one that it looks at, that the failure of this one, or of a step before it, keeps from being made. What comes before
    /// it makes the asset too if both are of its graph; and what reads partitions for it does nothing else.
    pub(super) fn tell_unmade(
        &self,
        frame: FrameId,
        step: usize,
        (failed, error): (&StepPath, &ErrorInfo),
        turn: &mut Turn,
    ) {
        if error.kind == ErrorKind::Canceled {
            return;
        }
        let steps = &self.program.plan.steps;
        let (planned, itself) = (&steps[step], self.path(frame, step));
        let graph = self.program.plan.step(failed.name()).and_then(|failed| failed.graph.as_ref());
        if let Some(asset) = planned.observes.clone().filter(|_| *failed == itself) {
            let branch = self.frames[frame as usize].branch.as_ref();
            let partition = branch.map(|branch| branch.key().to_string().into());
            let kind = EventKind::AssetFailedToMaterialize { asset, partition, observed: true };
            self.emit(frame, step, kind, turn);
        }
        // What was to be read for an earlier item has failed for that one.
        let is_of_item = || failed.branch().is_none() || failed.branch() == itself.branch();
        for asset in &planned.assets {
            let by_graph = || graph == Some(&asset.key);
            let by_reading =
                || is_of_item() && asset.reads.iter().any(|&read| steps[read].name == *failed.name());
            if *failed != itself && !by_graph() && !by_reading() {
                continue;
            }
            let (asset, partition) = (asset.key.clone(), self.partition_of(frame, asset));
            let kind = EventKind::AssetFailedToMaterialize { asset, partition, observed: false };
            self.emit(frame, step, kind, turn);
        }
    }

    /// Whether an output is more than a sign that something was done.
    pub(super) fn has_content(&self, step: usize, output: usize) -> bool {
        self.program.ops[step].outputs()[output].ty != TypeInfo::of::<()>()
    }

    /// The partition of an asset that is made in this frame, of one that has some.
    pub(super) fn partition_of(&self, frame: FrameId, asset: &PlannedAsset) -> Option<Arc<str>> {
        let branch = self.frames[frame as usize].branch.as_ref();
        asset.partitions.and(branch).map(|branch| branch.key().to_string().into())
    }

    /// From now on this is what a step in this frame has come to.
    pub(super) fn know(&mut self, frame: FrameId, step: usize, version: InputVersion) {
        if self.layout.steps[step].looked_at_elsewhere {
            self.settings.versions.insert(version.clone());
        }
        match version.partition {
            // Who takes this partition stands in the same frame, or reads it.
            Some(_) => self.frames[frame as usize].versions.push((step as u32, version)),
            None => self.settings.versions.insert(version),
        }
    }
}
