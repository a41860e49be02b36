use std::collections::{BTreeMap, HashSet};

use super::{Plan, Source};
use crate::asset::AssetKey;
use crate::define::OutputKind;

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

impl Plan {
    /// The graphs of assets all of whose steps run, and of which others take nothing but the asset.
    pub(crate) fn asset_steps(&self) -> Vec<AssetSteps> {
        let mut graphs: BTreeMap<&AssetKey, Vec<usize>> = BTreeMap::new();
        for (number, step) in self.steps.iter().enumerate() {
            step.graph.iter().for_each(|asset| graphs.entry(asset).or_default().push(number));
        }
        let found = graphs.into_iter().filter_map(|(asset, steps)| self.steps_of(asset, steps));
        let mut found: Vec<_> = found.collect();
        let mut graph_of = vec![None; self.steps.len()];
        for (graph, of) in found.iter().enumerate() {
            of.steps.iter().for_each(|&step| graph_of[step] = Some(graph));
        }
        let mut leaks = vec![false; found.len()];
        for (number, step) in self.steps.iter().enumerate() {
            let mut given = Vec::new();
            step.inputs.iter().for_each(|input| self.givers(&input.source, &mut given));
            given.extend(step.map.map(|map| (self.maps[map].step, Some(self.maps[map].output))));
            given.extend(step.after.iter().map(|&before| (before, None)));
            for (giver, output) in given {
                let Some(graph) = graph_of[giver].filter(|graph| graph_of[number] != Some(*graph)) else {
                    continue;
                };
                let is_asset = |output| self.steps[giver].assets.iter().any(|asset| asset.output == output);
                leaks[graph] |= giver != found[graph].step || !output.is_none_or(is_asset);
            }
        }
        let mut leaks = leaks.into_iter();
        found.retain(|_| !leaks.next().unwrap_or_default());
        found
    }

    /// These steps, as those of a graph that makes this asset alone; none if they do not run, or stand in maps of others.
    fn steps_of(&self, asset: &AssetKey, steps: Vec<usize>) -> Option<AssetSteps> {
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
