use std::collections::HashSet;

use super::{Plan, Program, Source};
use crate::asset::AssetKey;
use crate::define::OutputKind;
use crate::ids::QuickMap;

/// The steps of a graph that make an asset together, and nothing that others take beside it. So they can be passed over together.
#[derive(Debug)]
pub(crate) struct AssetSteps {
    pub(crate) asset: AssetKey,
    /// The step of which the asset is an output.
    pub(crate) step: usize,
    /// All of them, in the order of the plan.
    pub(crate) steps: Vec<usize>,
    /// Those outside of the maps of the graph itself, in the order of the plan.
    pub(crate) outermost: Vec<usize>,
}

impl Program {
    /// The graphs of assets all of whose steps run, and of which others take nothing but the asset.
    pub(crate) fn asset_steps(&self) -> Vec<AssetSteps> {
        let plan = &self.plan;
        if self.makers.iter().all(|maker| maker.is_op) {
            return Vec::new();
        }
        let steps = plan.steps.iter().enumerate();
        let numbers: QuickMap<&str, usize> =
            steps.map(|(number, step)| (step.name.as_str(), number)).collect();
        let found = self.makers.iter().filter(|maker| !maker.is_op).filter_map(|maker| {
            let steps: Option<Vec<_>> =
                maker.steps.iter().map(|name| numbers.get(name.as_str()).copied()).collect();
            let mut steps = steps?;
            steps.sort_unstable();
            plan.asset_steps(maker.asset.key(), steps)
        });
        let mut found: Vec<_> = found.collect();
        let mut graph_of = vec![None; plan.steps.len()];
        for (graph, of) in found.iter().enumerate() {
            of.steps.iter().for_each(|&step| graph_of[step] = Some(graph));
        }
        let mut leaks = vec![false; found.len()];
        for (number, step) in plan.steps.iter().enumerate() {
            let mut given = Vec::new();
            step.inputs.iter().for_each(|input| plan.givers(&input.source, &mut given));
            given.extend(step.map.map(|map| (plan.maps[map].step, Some(plan.maps[map].output))));
            given.extend(step.after.iter().map(|&before| (before, None)));
            for (giver, output) in given {
                let Some(graph) = graph_of[giver].filter(|graph| graph_of[number] != Some(*graph)) else {
                    continue;
                };
                let is_asset = |output| self.asset(giver, output).is_some();
                leaks[graph] |= giver != found[graph].step || !output.is_none_or(is_asset);
            }
        }
        let mut leaks = leaks.into_iter();
        found.retain(|_| !leaks.next().unwrap_or_default());
        found
    }

    /// Whether a step is one of a graph that makes an asset.
    pub(crate) fn is_of_graph(&self, step: &str) -> bool {
        let mut graphs = self.makers.iter().filter(|maker| !maker.is_op);
        graphs.any(|maker| maker.steps.iter().any(|name| name == step))
    }
}

impl Plan {
    /// These steps, as those of a graph that makes this asset alone; none if they do not run, or stand in maps of others.
    fn asset_steps(&self, asset: &AssetKey, steps: Vec<usize>) -> Option<AssetSteps> {
        let all: HashSet<usize> = steps.iter().copied().collect();
        let makes = |step: usize| self.steps[step].assets.iter().any(|made| made.key == *asset);
        let step = steps.iter().copied().find(|&step| makes(step))?;
        let [made] = self.steps[step].assets.as_slice() else { return None };
        let around = self.steps[step].map;
        let is_within = |step: usize| {
            let mut map = self.steps[step].map;
            while map != around {
                let Some(inner) = map.filter(|&inner| all.contains(&self.maps[inner].step)) else {
                    return false;
                };
                map = self.maps[inner].parent;
            }
            true
        };
        let is_whole = steps.iter().all(|&number| {
            let other = &self.steps[number];
            !other.given && is_within(number) && (number == step || !other.is_of_assets())
        });
        if !is_whole || self.steps[step].outputs[made.output].kind != OutputKind::Single {
            return None;
        }
        let outermost = steps.iter().copied().filter(|&step| self.steps[step].map == around).collect();
        Some(AssetSteps { asset: asset.clone(), step, steps, outermost })
    }

    /// The outputs of steps that a source is made of.
    fn givers(&self, source: &Source, givers: &mut Vec<(usize, Option<usize>)>) {
        match source {
            Source::Output { step, output } => givers.push((*step, Some(*output))),
            Source::Item { map } => givers.push((self.maps[*map].step, Some(self.maps[*map].output))),
            Source::Collect { collect } => {
                let collect = &self.collects[*collect];
                givers.push((self.maps[collect.map].step, Some(self.maps[collect.map].output)));
                self.givers(&collect.element, givers);
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.givers(element, givers));
            }
            Source::Literal { .. } | Source::Config { .. } => {}
        }
    }
}
