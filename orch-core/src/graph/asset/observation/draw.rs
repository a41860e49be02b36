use std::collections::HashMap;
use std::ops::Range;

use super::ObservationDef;
use crate::graph::AssetGraph;
use crate::graph::asset::draw::wait_for;
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
        for asset in 0..graph.assets().len() {
            let Some(step) = self.before(graph, asset) else { continue };
            let (key, below) = (graph.assets()[asset].key(), graph.downstream(asset).iter());
            let held = below.filter_map(|below| Some((graph.assets()[*below].key(), makers.get(below)?)));
            compose::with(|composition| {
                wait_for(composition, &step, held, |graph, node| {
                    graph.nodes[node].loads.as_ref().is_some_and(|loads| loads.key == *key)
                });
            });
        }
    }
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
