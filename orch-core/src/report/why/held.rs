use super::Why;
use super::needs::needs;
use crate::asset::AssetKey;

/// What a step waits for beside all that it needs itself: the first steps of a graph that makes an asset wait for all that this takes
/// of others, where a materialization of it may be taken instead. None of a step that waits for nothing so.
pub(super) fn held<'a>(why: &Why<'a>, step: usize) -> Option<(&'a AssetKey, Vec<usize>)> {
    let plan = why.plan;
    let asset = plan.steps[step].graph.as_ref()?;
    if !why.taken.iter().any(|taken| taken.asset == *asset) {
        return None;
    }
    let graph = plan.asset_steps().into_iter().find(|graph| graph.outermost.contains(&step))?;
    let all = graph.steps.iter().flat_map(|&step| needs(plan, step, true));
    let gives_partitions =
        |step: usize| plan.partitions.iter().any(|of| of.step == step || of.end == Some(step));
    let mut all: Vec<usize> =
        all.filter(|need| !graph.steps.contains(need) && !gives_partitions(*need)).collect();
    all.sort_unstable();
    all.dedup();
    Some((asset, all))
}
