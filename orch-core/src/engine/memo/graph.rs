use std::sync::Arc;

use super::Instead;
use crate::asset::InputVersion;
use crate::engine::frame::FrameId;
use crate::engine::layout::Producer;
use crate::engine::settle::ancestor;
use crate::engine::{State, Turn};
use crate::event::Taken;

/// Graphs of several steps that make an asset. None of them begins before all is there that the graph takes of others; then the
/// first that is ready finds out for all whether the asset would come out as it is. If so, each is passed over as it becomes ready,
/// all in one turn: so a log tells of all of them or of none. What others of the graph would have taken is nowhere, and its maps
/// have no items.
impl State {
    /// Passes over a step of a graph if the asset that it makes would come out as it is; says whether it did.
    pub(in crate::engine) fn memoize_graph(&mut self, frame: FrameId, step: usize, turn: &mut Turn) -> bool {
        let Some(graph) = self.layout.steps[step].graph else { return false };
        let known = self.frames[frame as usize].graphs.get(&graph).copied();
        let is_passed_over = match known {
            Some(is_passed_over) => is_passed_over,
            None => {
                let is_passed_over = self.comes_out_as_it_is(frame, graph as usize);
                self.frames[frame as usize].graphs.insert(graph, is_passed_over);
                is_passed_over
            }
        };
        if is_passed_over {
            self.pass_over(frame, step, graph as usize, turn);
        }
        is_passed_over
    }

    /// Whether all of a graph is still to be done, nothing that it takes is missing, and it would make what is remembered.
    fn comes_out_as_it_is(&self, frame: FrameId, graph: usize) -> bool {
        let graph = &self.layout.graphs[graph];
        let is_to_do = |&step: &usize| {
            let run = &self.frames[frame as usize].steps[self.layout.steps[step].local as usize];
            run.attempt == 0
                && !run.is_given
                && self.was_kept_from(frame, step).is_none()
                && self.missing_for(frame, step).is_none()
        };
        let is_there = || {
            graph.takes.iter().all(|fetch| self.missing(frame, fetch).is_none())
                && graph.waits.iter().all(|wait| match wait.producer {
                    Producer::Outputs(local) | Producer::End(local) => {
                        let at = ancestor(&self.frames, frame, wait.up) as usize;
                        self.frames[at].steps[local as usize].missing.is_none()
                    }
                    Producer::Collect(_) => true,
                })
        };
        let [asset] = self.program.plan.steps[graph.step].assets.as_slice() else { return false };
        graph.outermost.iter().all(is_to_do) && is_there() && self.remembered(frame, asset).is_some()
    }

    /// Passes over a step of a graph; that of which the asset is an output gives what is remembered.
    fn pass_over(&mut self, frame: FrameId, step: usize, graph: usize, turn: &mut Turn) {
        let program = Arc::clone(&self.program);
        let made_by = self.layout.graphs[graph].step;
        let [asset] = program.plan.steps[made_by].assets.as_slice() else { return };
        let partition = self.partition_of(frame, asset);
        let Some(remembered) = self.settings.memory.get(&asset.key, &partition).cloned() else { return };
        let version = InputVersion::from(&remembered.fact);
        if step == made_by {
            self.know(frame, step, version.clone());
        }
        let output = |output: usize| match step == made_by && output == asset.output {
            true => Instead::Value(remembered.value_again()),
            false => Instead::Unneeded,
        };
        let outputs = (0..self.layout.cells(step).len()).map(output).collect();
        self.take_instead(frame, step, (remembered.fact.run, Taken::Assets(vec![version])), outputs, turn);
    }
}
