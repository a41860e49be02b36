use std::collections::HashSet;

use super::{Fetch, Layout, Outer, Producer};
use crate::engine::Settings;
use crate::plan::{AssetSteps, Program, Source};

/// A graph that makes an asset, of which a materialization is remembered.
pub(in crate::engine) struct GraphLayout {
    /// The plan's step of which the asset is the output.
    pub(in crate::engine) step: usize,
    /// The plan's steps of it that stand in no map of its own.
    pub(in crate::engine) outermost: Vec<usize>,
    /// What its steps take of others, also those in its maps.
    pub(in crate::engine) takes: Vec<Fetch>,
    /// What is waited for until it is known whether it comes out as it is.
    pub(in crate::engine) waits: Vec<Outer>,
}

impl Layout {
    /// Finds what the graphs take that may be passed over: none of their steps begins before all of that is there. Of what nothing is
    /// remembered that runs in any case, and begins as soon as it can.
    pub(super) fn find_graphs(&mut self, program: &Program, settings: &Settings) {
        if settings.memory.is_empty() {
            return;
        }
        let graphs = program.plan.asset_steps();
        let remembered = graphs
            .into_iter()
            .filter(|graph| settings.memory.has(&graph.asset) && settings.recipes.contains_key(&graph.asset));
        for graph in remembered {
            let number = self.graphs.len() as u32;
            graph.outermost.iter().for_each(|&step| self.steps[step].graph = Some(number));
            let layout = self.graph(program, graph);
            self.graphs.push(layout);
        }
    }

    fn graph(&self, program: &Program, graph: AssetSteps) -> GraphLayout {
        let plan = &program.plan;
        let scope = self.steps[graph.step].scope as usize;
        let own: HashSet<usize> = graph.steps.iter().copied().collect();
        let mut sources = Vec::new();
        let mut waits = Vec::new();
        for &step in &graph.steps {
            for input in &plan.steps[step].inputs {
                outside(program, &own, &input.source, &mut sources);
            }
            for &before in plan.steps[step].after.iter().filter(|before| !own.contains(before)) {
                let before = &self.steps[before];
                let up = self.levels(scope, before.scope as usize);
                // Who comes after it waits for its end by itself.
                waits.push(Outer { up, producer: Producer::Outputs(before.local) });
            }
        }
        sources.iter().for_each(|source| self.producers(program, scope, source, &mut waits));
        let takes = sources.iter().map(|source| self.fetch(program, scope, source)).collect();
        GraphLayout { step: graph.step, outermost: graph.outermost, takes, waits }
    }
}

/// What a source has of others than these steps.
fn outside<'p>(program: &'p Program, own: &HashSet<usize>, source: &'p Source, found: &mut Vec<&'p Source>) {
    let plan = &program.plan;
    match source {
        Source::Output { step, .. } if !own.contains(step) => found.push(source),
        Source::Collect { collect } if !own.contains(&plan.maps[plan.collects[*collect].map].step) => {
            found.push(source);
        }
        Source::List { elements, .. } => {
            elements.iter().for_each(|element| outside(program, own, element, found));
        }
        // The item of a map around it is there, or is made of its own.
        Source::Output { .. }
        | Source::Collect { .. }
        | Source::Item { .. }
        | Source::Literal { .. }
        | Source::Config { .. } => {}
    }
}
