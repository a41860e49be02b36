use std::collections::HashSet;
use std::sync::Arc;

use super::{LoadedAsset, PlannedAsset, Problem, ProblemKind, Step};
use crate::asset::AssetKey;
use crate::define::KnownAssets;
use crate::graph::{Graph, SourceKind};
use crate::plan::Program;

/// Tells each step which assets it makes.
pub(super) fn assign(graph: &Graph, steps: &mut [Step], problems: &mut Vec<Problem>) {
    for asset in &graph.assets {
        let SourceKind::Output { node, output } = graph.sources[asset.source].kind else { continue };
        let step = &mut steps[node];
        let key = asset.def.key();
        if step.map.is_some() {
            problems.push(
                Problem::new(
                    ProblemKind::LeakedFromMap,
                    format!("the value of the asset `{key}` is one item of a map"),
                )
                .at("the asset", asset.def.place().clone())
                .at("the step", step.place.clone())
                .hint("close the map with `.collect()`, and let an op make one value of all"),
            );
            continue;
        }
        step.assets.push(PlannedAsset {
            key: key.clone(),
            output,
            upstream: asset.upstream.clone(),
            code_version: asset.def.code_version().map(Into::into),
        });
    }
}

impl Program {
    /// The asset that is the value of this output.
    pub(crate) fn asset(&self, step: usize, output: usize) -> Option<&PlannedAsset> {
        self.plan.steps[step].assets.iter().find(|asset| asset.output == output)
    }

    /// The assets that steps make which run.
    pub(crate) fn made(&self) -> HashSet<&AssetKey> {
        let running = self.plan.steps.iter().filter(|step| !step.given);
        running.flat_map(|step| &step.assets).map(|asset| &asset.key).collect()
    }

    /// What the code of its steps may know of assets, but for their history.
    pub(crate) fn known_assets(&self) -> KnownAssets {
        let checks = self.plan.steps.iter().filter_map(|step| {
            let check = step.check.as_ref()?;
            Some((step.name.as_str().into(), (check.asset.clone(), Arc::clone(&check.name))))
        });
        KnownAssets {
            made: self.made().into_iter().cloned().collect(),
            checks: checks.collect(),
            ..KnownAssets::default()
        }
    }

    /// The asset that takes this one, else the step that does; of a check, which needs nothing else, this one itself.
    pub(crate) fn made_of(&self, key: &AssetKey, step: &Step) -> String {
        if step.check.is_some() {
            return key.to_string();
        }
        let others = self.plan.steps.iter().flat_map(|step| &step.assets);
        // That of the step itself goes before others.
        let mut takers = step.assets.iter().chain(others).filter(|asset| asset.upstream.contains(key));
        takers.next().map_or_else(|| step.name.clone(), |asset| asset.key.to_string())
    }

    /// The assets whose values are loaded, by the numbers of the steps that stand for them.
    pub(crate) fn loads(&self) -> impl Iterator<Item = (usize, &LoadedAsset)> {
        self.plan.steps.iter().enumerate().filter_map(|(number, step)| Some((number, step.loads.as_ref()?)))
    }
}
