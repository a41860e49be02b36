use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{LoadedAsset, Plan, PlannedAsset, Problem, ProblemKind, Source, Step};
use crate::asset::AssetKey;
use crate::define::{KnownAssets, KnownCheck};
use crate::graph::{AssetDef, Graph, SourceKind};
use crate::plan::Program;

/// What makes an asset.
#[derive(Clone, Debug)]
pub(crate) struct Maker {
    pub(crate) asset: Arc<AssetDef>,
    /// The names of the steps: a part of a job has other numbers.
    pub(crate) steps: Vec<String>,
    /// Whether it is one op, of which it is an output.
    pub(crate) is_op: bool,
    /// Which output of the last of them it is.
    pub(crate) output: usize,
}

/// Tells each step which assets it makes, and gives what makes each.
pub(super) fn assign(graph: &Graph, steps: &mut [Step], problems: &mut Vec<Problem>) -> Vec<Maker> {
    let mut makers = Vec::new();
    for asset in &graph.assets {
        let SourceKind::Output { node, output } = graph.sources[asset.source].kind else { continue };
        let step = &mut steps[node];
        let key = asset.def.key();
        let within = asset.partitions.map(|number| graph.partitions[number].node);
        if step.map.map(|map| graph.maps[map].node) != within {
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
            partitions: asset.partitions,
            upstream: asset.upstream.clone(),
            reads: Vec::new(),
            code_version: asset.def.code_version().map(Into::into),
        });
        if !asset.is_op {
            asset.nodes.iter().for_each(|&node| steps[node].graph = Some(key.clone()));
        }
        makers.push(Maker {
            asset: Arc::clone(&asset.def),
            steps: asset.nodes.iter().map(|&node| steps[node].name.clone()).collect(),
            is_op: asset.is_op,
            output,
        });
    }
    for &(node, output) in &graph.left_out {
        steps[node].left_out.push(output);
    }
    makers
}

impl Step {
    /// Whether it makes assets, checks one or observes one.
    pub(crate) fn is_of_assets(&self) -> bool {
        self.says() || self.check.is_some()
    }

    /// Whether its code can say something of an asset: of those that it makes, or of the one that it observes.
    pub(crate) fn says(&self) -> bool {
        !self.assets.is_empty() || self.observes.is_some()
    }
}

impl Plan {
    /// The partitions in whose map an observation stands, by their number; none of a step that is none, and of an asset without.
    pub(crate) fn observes_within(&self, step: &Step) -> Option<usize> {
        let map = step.map.filter(|_| step.observes.is_some())?;
        self.partitions.iter().position(|of| of.step == self.maps[map].step)
    }

    /// The steps for which a step waits in earlier items of its map: those that make the partitions of its own asset that it
    /// reads, and the blocking checks of these.
    pub(crate) fn awaited_of_earlier(&self, step: usize) -> impl Iterator<Item = usize> {
        let map = self.steps[step].map;
        let own = self.steps[step].loads.as_ref();
        let own = own.filter(|asset| asset.partitions.as_ref().is_some_and(|partitions| partitions.own));
        own.into_iter().flat_map(move |own| {
            let makes = |step: &Step| step.assets.iter().any(|made| made.key == own.key);
            let checks = |step: &Step| {
                step.check.as_ref().is_some_and(|check| check.blocking && check.asset == own.key)
            };
            let steps = self.steps.iter().enumerate();
            let steps = steps.filter(move |(_, step)| step.map == map && (makes(step) || checks(step)));
            steps.map(|(number, _)| number)
        })
    }

    /// The assets of which a check stands in another map than what makes them.
    pub(crate) fn looked_at_elsewhere(&self) -> HashSet<&AssetKey> {
        let made = self.steps.iter().flat_map(|step| &step.assets);
        let made: HashMap<_, _> = made.map(|asset| (&asset.key, asset.partitions)).collect();
        let checks = self.steps.iter().filter_map(|step| step.check.as_ref());
        let elsewhere =
            checks.filter(|check| made.get(&check.asset).is_some_and(|made| *made != check.partitions));
        elsewhere.map(|check| &check.asset).collect()
    }
}

/// Finds out which steps read something for which assets.
pub(super) fn find_reads(plan: &mut Plan) {
    if !plan.steps.iter().any(|step| step.loads.as_ref().is_some_and(LoadedAsset::is_read)) {
        return;
    }
    let makers = (0..plan.steps.len()).filter(|&number| !plan.steps[number].assets.is_empty());
    let found: Vec<_> = makers.map(|maker| (maker, reads(plan, maker))).collect();
    for (maker, reads) in found {
        plan.steps[maker].assets.iter_mut().for_each(|asset| asset.reads.clone_from(&reads));
    }
}

/// The steps that read that of which this one makes something, by itself or by others that make no assets.
fn reads(plan: &Plan, maker: usize) -> Vec<usize> {
    let (mut seen, mut next, mut reads) = (HashSet::from([maker]), vec![maker], Vec::new());
    while let Some(number) = next.pop() {
        let step = &plan.steps[number];
        if step.loads.as_ref().is_some_and(LoadedAsset::is_read) {
            reads.push(number);
        }
        if number == maker || step.assets.is_empty() {
            let knows = |before: &&usize| {
                plan.steps[**before].loads.as_ref().is_some_and(LoadedAsset::versions_alone)
            };
            reads.extend(step.after.iter().filter(knows).filter(|before| seen.insert(**before)));
            let mut sources: Vec<&Source> = step.inputs.iter().map(|input| &input.source).collect();
            while let Some(source) = sources.pop() {
                let behind = match source {
                    Source::Output { step, .. } => *step,
                    Source::Item { map } => plan.maps[*map].step,
                    Source::Collect { collect } => {
                        sources.push(&plan.collects[*collect].element);
                        plan.maps[plan.collects[*collect].map].step
                    }
                    Source::List { elements, .. } => {
                        sources.extend(elements);
                        continue;
                    }
                    Source::Literal { .. } | Source::Config { .. } => continue,
                };
                if seen.insert(behind) {
                    next.push(behind);
                }
            }
        }
    }
    reads.sort_unstable();
    reads
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
            let partitions = check.partitions.map(|number| self.plan.partitions[number].definition.clone());
            let known = KnownCheck { asset: check.asset.clone(), name: Arc::clone(&check.name), partitions };
            Some((step.name.as_str().into(), known))
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

    /// A step that takes what the step of this number reads.
    pub(crate) fn reader_of(&self, number: usize) -> Option<&Step> {
        self.plan.steps.iter().find(|step| step.inputs.iter().any(|input| input.source.takes(number)))
    }

    /// Whether something that it makes depends on this asset, and others make that.
    pub(crate) fn takes_external(&self, key: &AssetKey) -> bool {
        self.makers.iter().any(|maker| maker.asset.takes_external(key))
    }

    /// The assets whose values are loaded, by the numbers of the steps that stand for them.
    pub(crate) fn loads(&self) -> impl Iterator<Item = (usize, &LoadedAsset)> {
        self.plan.steps.iter().enumerate().filter_map(|(number, step)| Some((number, step.loads.as_ref()?)))
    }
}
