use std::collections::HashMap;
use std::ops::Range;

use super::CheckDef;
use crate::graph::asset::def::Dependency;
use crate::graph::{AssetGraph, Upstream, compose};
use crate::plan::PlannedCheck;
use crate::select::Selectable as _;

/// The checks that look in a job, while it is drawn.
pub(in crate::graph::asset) struct Checks {
    /// Those that are not drawn yet, by the asset after which all is there that they take.
    waiting: HashMap<usize, Vec<usize>>,
    /// The steps of those that are.
    drawn: Vec<(usize, usize)>,
    /// The steps that make each asset.
    steps: HashMap<usize, Range<usize>>,
}

impl Checks {
    pub(in crate::graph::asset) fn of(graph: &AssetGraph, selected: &[bool]) -> Self {
        let place = |number: &usize| graph.order().iter().position(|other| other == number);
        let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
        for (check, _) in selected.iter().enumerate().filter(|(_, selected)| **selected) {
            let taken = graph.checks()[check].dependencies.iter();
            let taken = taken.filter_map(|dependency| graph.number(dependency.asset().key()));
            let last = taken.chain([graph.looked_at(check)]).max_by_key(place);
            waiting.entry(last.unwrap_or_default()).or_default().push(check);
        }
        Self { waiting, drawn: Vec::new(), steps: HashMap::new() }
    }

    /// Says which steps make an asset.
    pub(in crate::graph::asset) fn made(&mut self, asset: usize, steps: Range<usize>) {
        self.steps.insert(asset, steps);
    }

    /// Whether one of them takes the value of this asset.
    pub(in crate::graph::asset) fn take(&self, graph: &AssetGraph, asset: usize) -> bool {
        let key = graph.assets()[asset].key();
        let takes =
            |check: &CheckDef| check.dependencies.iter().any(|one| one.is_data() && one.asset().key() == key);
        self.waiting.values().flatten().any(|&check| takes(&graph.checks()[check]))
    }

    /// Draws those that have all that they take when this asset is there.
    pub(in crate::graph::asset) fn draw_after(
        &mut self,
        graph: &AssetGraph,
        asset: usize,
        upstream: &Upstream,
    ) {
        for check in self.waiting.remove(&asset).unwrap_or_default() {
            let step = self.draw(&graph.checks()[check], graph, upstream);
            self.drawn.push((check, step));
        }
    }

    /// Draws the call of a check, and gives its step.
    fn draw(&self, check: &CheckDef, graph: &AssetGraph, upstream: &Upstream) -> usize {
        (check.draw)(upstream);
        compose::with(|composition| {
            let takes = |one: &Dependency| one.is_data() && one.asset().key() == check.asset().key();
            let takes_it = check.dependencies.iter().any(takes);
            let looked_at = Some((check.asset(), &check.place)).filter(|_| !takes_it);
            let waited_for = check.dependencies.iter().filter(|one| !one.is_data());
            let waited_for = waited_for.map(|one| (one.asset(), &one.place)).chain(looked_at);
            let after = waited_for.filter_map(|(asset, place)| {
                let number = graph.number(asset.key())?;
                // What is not made in this run is there already, or is not waited for.
                self.steps.get(&number)?;
                let source = upstream.sources.get(asset.key())?;
                Some((composition.node_of(source.source.index)?, place.clone()))
            });
            let mut after: Vec<_> = after.collect();
            after.dedup_by_key(|(node, _)| *node);
            // What it takes was drawn before it.
            let step = composition.graph.nodes.len().saturating_sub(1);
            if let Some(node) = composition.graph.nodes.last_mut() {
                let key = check.asset().key();
                node.prefix = format!("{}.", key.step_name());
                node.named = Some(check.name.clone());
                node.after = after;
                node.place = check.place.clone();
                node.check = Some(PlannedCheck {
                    asset: key.clone(),
                    name: check.name.as_str().into(),
                    blocking: check.blocking,
                    severity: check.severity,
                });
            }
            step
        })
    }

    /// Has what is made of an asset wait for its blocking checks.
    pub(in crate::graph::asset) fn hold_back(&self, graph: &AssetGraph) {
        for &(check, step) in &self.drawn {
            let (looked_at, check) = (graph.looked_at(check), &graph.checks()[check]);
            // Of one that is not made in this run everything is made as ever.
            if !check.blocking || !self.steps.contains_key(&looked_at) {
                continue;
            }
            let held = graph.downstream(looked_at).iter();
            let held = held.filter_map(|below| Some((graph.assets()[*below].key(), self.steps.get(below)?)));
            compose::with(|composition| {
                let of_partitions =
                    composition.graph.partitions.iter().flat_map(|of| [Some(of.node), of.end]);
                let of_partitions: Vec<usize> = of_partitions.flatten().collect();
                for (key, nodes) in held {
                    let scope = composition.scope_of(key);
                    for number in nodes.clone().filter(|number| !of_partitions.contains(number)) {
                        let node = &mut composition.graph.nodes[number];
                        // What runs for each item waits for what makes the items; what reads an asset waits for that.
                        let is_held = node.after.iter().any(|(before, _)| *before == step);
                        if node.scope == scope && node.loads.is_none() && !is_held {
                            node.after.push((step, check.place.clone()));
                        }
                    }
                }
            });
        }
    }
}
