use std::collections::HashSet;

use super::Why;
use super::needs::needs;
use crate::asset::AssetKey;
use crate::plan::Plan;

/// What a step waits for beside all that it needs itself: the first steps of a graph that makes an asset wait for all that this takes
/// of others, where a materialization of it may be taken instead. None of a step that waits for nothing so.
pub(super) fn held<'a>(why: &Why<'a>, step: usize) -> Option<(&'a AssetKey, Vec<usize>)> {
    let plan = why.plan;
    let mut makers = (0..plan.steps.len()).filter(|&maker| plan.steps[maker].map == plan.steps[step].map);
    let (asset, graph) = makers.find_map(|maker| {
        let [asset] = plan.steps[maker].assets.as_slice() else { return None };
        let is_remembered = why.taken.iter().any(|taken| taken.asset == asset.key);
        let graph = is_remembered.then(|| graph(plan, maker)).filter(|graph| graph.contains(&step))?;
        (graph.len() > 1).then_some((&asset.key, graph))
    })?;
    let mut all: Vec<usize> = graph.iter().flat_map(|&step| needs(plan, step, true)).collect();
    all.retain(|need| !graph.contains(need) && !gives_partitions(plan, *need));
    all.sort_unstable();
    all.dedup();
    Some((asset, all))
}

/// The steps of which one makes an asset, itself and those that make none, load none, and look at none.
fn graph(plan: &Plan, maker: usize) -> HashSet<usize> {
    let (mut graph, mut next) = (HashSet::from([maker]), vec![maker]);
    while let Some(step) = next.pop() {
        for need in needs(plan, step, true) {
            let before = &plan.steps[need];
            let is_part = !before.is_of_assets() && before.loads.is_none() && !gives_partitions(plan, need);
            if is_part && graph.insert(need) {
                next.push(need);
            }
        }
    }
    graph
}

/// Whether a step gives the partitions of a run, or waits for all that is made of them.
fn gives_partitions(plan: &Plan, step: usize) -> bool {
    plan.partitions.iter().any(|of| of.step == step || of.end == Some(step))
}
