use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::ObservationDef;
use crate::asset::AssetKey;
use crate::graph::asset::check::Checks;
use crate::graph::asset::dependency::Dependency;
use crate::graph::asset::draw::{Waiters, enter, leave};
use crate::graph::asset::partitioned::{PartitionedBy, is_aligned};
use crate::graph::asset::upstream::Observed;
use crate::graph::{AssetGraph, Upstream, compose};
use crate::ids::Place;
use crate::select::Selectable as _;

/// The observations of a job, while it is drawn: by the numbers of their assets, if these have no partitions, the steps that look.
#[derive(Default)]
pub(in crate::graph::asset) struct Observations(HashMap<usize, usize>);

/// What takes an asset in a job: the partitions that it has, what it says of the asset, and the level at which it stands.
type Taker<'a> = (Option<&'a PartitionedBy>, &'a Dependency, usize);

impl Observations {
    /// Draws the call of the observation of an asset, if it has one.
    ///
    /// Of an asset with partitions it stands in a map, so that each has a version of its own. What is made of the same partition
    /// alone stands in that map too, and begins when that one partition was looked at. If anything takes others, or several, the map
    /// is one of its own, for all that are taken, and who takes some begins when it is done.
    pub(in crate::graph::asset) fn draw(
        &mut self,
        graph: &AssetGraph,
        asset: usize,
        takers: &[Taker<'_>],
        upstream: &mut Upstream,
    ) {
        let Some(observation) = graph.observation(asset) else { return };
        let def = &graph.assets()[asset];
        let Some(by) = &def.partitions else {
            self.0.insert(asset, draw(observation, upstream));
            return;
        };
        if takers.iter().all(|(own, taken, _)| is_aligned(*own, taken)) {
            let level = takers.iter().map(|(.., level)| *level).min().unwrap_or(0);
            enter(Some(by), level, &[], upstream);
        } else {
            let apart = upstream.scopes.enter_apart(by, def);
            upstream.stand_in(apart);
        }
        let (key, within) = (def.key(), upstream.within);
        let step = draw(observation, upstream);
        leave(upstream);
        // One that could not be looked at is refused to who takes it.
        upstream.stoppable.insert(key.clone());
        upstream.observed.extend(within.map(|within| (key.clone(), Observed { step, within })));
    }

    /// The step that looks at an asset without partitions, and where it is said that it does.
    pub(in crate::graph::asset) fn before(&self, graph: &AssetGraph, asset: usize) -> Option<(usize, Place)> {
        let place = graph.observation(asset)?.place().clone();
        Some((*self.0.get(&asset)?, place))
    }

    /// Has what is made of an asset without partitions wait until it is known which version of it is there. `makers` are the steps
    /// that make each.
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

/// The assets with partitions that have an observation.
pub(in crate::graph::asset) fn observable(graph: &AssetGraph) -> HashSet<AssetKey> {
    let assets = graph.assets().iter().enumerate();
    let of =
        assets.filter(|(number, asset)| asset.partitions.is_some() && graph.observation(*number).is_some());
    of.map(|(_, asset)| asset.key().clone()).collect()
}

/// What takes an asset in a job, of which these assets are `made` at these levels, and these checks look.
pub(in crate::graph::asset) fn takers<'a>(
    graph: &'a AssetGraph,
    asset: usize,
    (made, levels): (impl Fn(usize) -> bool, &[usize]),
    checks: &Checks,
) -> Vec<Taker<'a>> {
    let key = graph.assets()[asset].key();
    let is_taken = |one: &&Dependency| one.asset().key() == key;
    let below = graph.downstream(asset).iter().filter(|&&below| made(below));
    let assets = below.flat_map(|&below| {
        let (def, level) = (&graph.assets()[below], levels[below]);
        def.dependencies.iter().filter(is_taken).map(move |taken| (def.partitions.as_ref(), taken, level))
    });
    let checks = checks.takers_of(asset).flat_map(|(check, level)| {
        let check = &graph.checks()[check];
        let of = check.asset().partitions.as_ref();
        check.dependencies().iter().filter(is_taken).map(move |taken| (of, taken, level))
    });
    assets.chain(checks).collect()
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
fn draw(observation: &ObservationDef, upstream: &Upstream) -> usize {
    (observation.draw)(upstream);
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
