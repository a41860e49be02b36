use std::collections::HashMap;
use std::ops::Range;

use super::ObservationDef;
use crate::asset::AssetKey;
use crate::graph::AssetGraph;
use crate::graph::asset::draw::Waiters;
use crate::graph::compose;
use crate::ids::Place;
use crate::select::Selectable as _;

/// The observations of a job, while it is drawn: by the numbers of their assets the steps that look.
#[derive(Default)]
pub(in crate::graph::asset) struct Observations(HashMap<usize, usize>);

impl Observations {
    /// Draws the call of the observation of an asset, if it has one.
    pub(in crate::graph::asset) fn draw(&mut self, graph: &AssetGraph, asset: usize) {
        let Some(observation) = graph.observation(asset) else { return };
        self.0.insert(asset, draw(observation));
    }

    /// The step that looks at an asset, and where it is said that it does.
    pub(in crate::graph::asset) fn before(&self, graph: &AssetGraph, asset: usize) -> Option<(usize, Place)> {
        let place = graph.observation(asset)?.place().clone();
        Some((*self.0.get(&asset)?, place))
    }

    /// Has what is made of an asset wait until it is known which version of it is there. `makers` are the steps that make each.
    pub(in crate::graph::asset) fn go_before(
        &self,
        graph: &AssetGraph,
        makers: &HashMap<usize, Range<usize>>,
    ) {
        let waiters = compose::with(|composition| Waiters::of(composition));
        for asset in 0..graph.assets().len() {
            let Some(step) = self.before(graph, asset) else { continue };
            let (key, below) = (graph.assets()[asset].key(), graph.downstream(asset).iter());
            let held = below.filter_map(|below| Some((graph.assets()[*below].key(), makers.get(below)?)));
            compose::with(|composition| {
                waiters.wait_for(composition, &step, held, |graph, node| {
                    graph.nodes[node].loads.as_ref().is_some_and(|loads| loads.key == *key)
                });
                // Of what is made of it in whichever way there is nothing without it: who reads that in another map does not
                // begin only to find nothing.
                let below = made_of(graph, asset, |number| makers.contains_key(&number));
                let is_below = |key: &AssetKey| graph.number(key).is_some_and(|number| below[number]);
                for node in &mut composition.graph.nodes {
                    let reads_below = node.loads.as_ref().is_some_and(|loads| {
                        let of = loads.partitions.as_ref();
                        of.is_some_and(|of| of.made.is_some() && of.made != of.within) && is_below(&loads.key)
                    });
                    if reads_below {
                        node.after.push(step.clone());
                    }
                }
            });
        }
    }
}

/// The assets that are made of one, of those that are `made` in the job.
fn made_of(graph: &AssetGraph, asset: usize, made: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut below = vec![false; graph.assets().len()];
    for &number in graph.order().iter().filter(|&&number| made(number)) {
        below[number] = graph.upstream(number).iter().any(|&other| other == asset || below[other]);
    }
    below
}

/// Draws the call, and gives its step.
fn draw(observation: &ObservationDef) -> usize {
    (observation.draw)();
    let key = observation.asset().key();
    compose::with(|composition| {
        let step = composition.graph.nodes.len().saturating_sub(1);
        if let Some(node) = composition.graph.nodes.get_mut(step) {
            node.prefix = format!("{}.", key.step_name());
            node.named = Some(observation.name.clone());
            node.place = observation.place.clone();
            node.observes = Some(key.clone());
        }
        step
    })
}
