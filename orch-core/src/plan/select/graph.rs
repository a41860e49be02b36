use crate::plan::{Plan, Source};
use crate::select::Selectable;

/// The steps of a plan as selections see them: who depends on whom, and who stands in which maps.
pub(super) struct StepGraph {
    names: Vec<String>,
    upstream: Vec<Vec<usize>>,
    downstream: Vec<Vec<usize>>,
    maps: Vec<Vec<usize>>,
}

impl StepGraph {
    pub(super) fn of(plan: &Plan) -> Self {
        let count = plan.steps.len();
        let (mut upstream, mut downstream) = (Vec::with_capacity(count), vec![Vec::new(); count]);
        for (index, step) in plan.steps.iter().enumerate() {
            let mut before = step.after.clone();
            // What runs once for each item depends on what yields the items, also if it takes none.
            before.extend(step.map.map(|map| plan.maps[map].step));
            step.inputs.iter().for_each(|input| makers(plan, &input.source, &mut before));
            before.sort_unstable();
            before.dedup();
            before.iter().for_each(|&other: &usize| downstream[other].push(index));
            upstream.push(before);
        }
        let maps = plan.steps.iter().map(|step| maps_of(plan, step.map)).collect();
        let names = plan.steps.iter().map(|step| step.name.clone()).collect();
        Self { names, upstream, downstream, maps }
    }
}

/// The steps whose outputs a source is made of.
pub(super) fn makers_of(plan: &Plan, source: &Source) -> Vec<usize> {
    let mut steps = Vec::new();
    makers(plan, source, &mut steps);
    steps
}

fn makers(plan: &Plan, source: &Source, steps: &mut Vec<usize>) {
    match source {
        Source::Output { step, .. } => steps.push(*step),
        Source::Item { map } => steps.push(plan.maps[*map].step),
        Source::Collect { collect } => makers(plan, &plan.collects[*collect].element, steps),
        Source::List { elements, .. } => elements.iter().for_each(|element| makers(plan, element, steps)),
        Source::Literal { .. } | Source::Config { .. } => {}
    }
}

/// A map and those around it, the outermost first.
fn maps_of(plan: &Plan, map: Option<usize>) -> Vec<usize> {
    let mut maps: Vec<usize> = std::iter::successors(map, |&map| plan.maps[map].parent).collect();
    maps.reverse();
    maps
}

impl Selectable for StepGraph {
    fn len(&self) -> usize {
        self.names.len()
    }

    fn name(&self, node: usize) -> &str {
        &self.names[node]
    }

    fn upstream(&self, node: usize) -> &[usize] {
        &self.upstream[node]
    }

    fn downstream(&self, node: usize) -> &[usize] {
        &self.downstream[node]
    }

    fn maps(&self, node: usize) -> &[usize] {
        &self.maps[node]
    }
}
