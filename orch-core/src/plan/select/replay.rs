use std::collections::BTreeSet;
use std::sync::Arc;

use super::Part;
use super::graph::StepGraph;
use super::lack::Lack;
use super::need::Need;
use super::stored::Stored;
use crate::define::{KeptOutput, OutputKind};
use crate::ids::{Branch, MappingKey, PathMap, StepPath};
use crate::plan::{Known, KnownEnd, Plan, Problem, Program};
use crate::select::Copies;
use crate::value::Value;

/// The outputs of all steps that stay without being selected, for each item that there will be.
///
/// Goes through the maps as the run will: the items of a source that does not run are known, and so is each step within.
/// What is made of a source that does run is not, so all that is needed there must be selected.
pub(super) fn replay(
    program: &Program,
    graph: &StepGraph,
    copies: &[Copies],
    need: &Need,
    part: Part<'_>,
    problems: &mut Vec<Problem>,
) -> (PathMap<Vec<KeptOutput>>, Vec<Stored>) {
    let steps = program.plan.steps.len();
    let mut replay = Replay {
        program,
        graph,
        copies,
        need,
        known: part.earlier,
        stored: part.stored,
        steps_of: vec![Vec::new(); program.plan.maps.len() + 1],
        maps_of: vec![Vec::new(); steps],
        given: PathMap::default(),
        loads: Vec::new(),
        lacks: vec![Lack::Nothing; steps],
        unknown: BTreeSet::new(),
    };
    for (index, step) in program.plan.steps.iter().enumerate().filter(|(index, _)| need.stays[*index]) {
        replay.steps_of[step.map.map_or(0, |map| map + 1)].push(index);
    }
    for (index, map) in program.plan.maps.iter().enumerate() {
        replay.maps_of[map.step].push(index);
    }
    replay.frame(None, &Frame::default());
    let replay = replay.tell(problems);
    (replay.given, replay.loads)
}

pub(super) struct Replay<'a> {
    pub(super) program: &'a Program,
    pub(super) graph: &'a StepGraph,
    pub(super) copies: &'a [Copies],
    pub(super) need: &'a Need,
    pub(super) known: Option<&'a Known>,
    /// The steps of each scope: of the job, then of the maps.
    steps_of: Vec<Vec<usize>>,
    /// The maps of each step.
    maps_of: Vec<Vec<usize>>,
    /// Whether IO managers can be asked for what an earlier run has stored.
    pub(super) stored: bool,
    given: PathMap<Vec<KeptOutput>>,
    loads: Vec<Stored>,
    /// For each step what is not known of it.
    pub(super) lacks: Vec<Lack>,
    /// Items that are selected, and that their maps did not have.
    pub(super) unknown: BTreeSet<(usize, String)>,
}

/// One run of a map's body, or of the job's.
#[derive(Clone, Default)]
struct Frame {
    branch: Option<Branch>,
    /// The known keys of its items.
    keys: Vec<MappingKey>,
    /// Whether it is made of items that are yet to come.
    is_new: bool,
}

impl Frame {
    fn keys(&self) -> Vec<&MappingKey> {
        self.keys.iter().collect()
    }
}

impl Replay<'_> {
    pub(super) fn plan(&self) -> &Plan {
        &self.program.plan
    }

    fn frame(&mut self, map: Option<usize>, frame: &Frame) {
        for index in 0..self.steps_of[map.map_or(0, |map| map + 1)].len() {
            let step = self.steps_of[map.map_or(0, |map| map + 1)][index];
            if self.copies[step].contains(&frame.keys()) {
                let new = Frame { is_new: true, ..frame.clone() };
                (0..self.maps_of[step].len()).for_each(|map| self.frame(Some(self.maps_of[step][map]), &new));
            } else if frame.is_new {
                self.lacks[step] = Lack::New;
            } else {
                self.given_step(step, frame);
            }
        }
    }

    /// A step that does not run, and what runs for its items.
    fn given_step(&mut self, step: usize, frame: &Frame) {
        let path = StepPath::new(self.plan().steps[step].name.as_str(), frame.branch.clone());
        let known = self.outputs(step, &path, frame);
        let stored = if known.is_none() { self.stored(step, &path, frame) } else { None };
        let Some(mut outputs) = known.or(stored) else {
            match &mut self.lacks[step] {
                Lack::Paths(paths) => paths.push(path),
                lack => *lack = Lack::Paths(vec![path]),
            }
            if self.known.is_none_or(Known::is_empty) {
                // Whatever its items are, of what is within nothing is known either.
                (0..self.maps_of[step].len())
                    .for_each(|map| self.frame(Some(self.maps_of[step][map]), frame));
            }
            return;
        };
        for index in 0..self.maps_of[step].len() {
            let map = self.maps_of[step][index];
            let KeptOutput::Items(items) = &mut outputs[self.plan().maps[map].output] else { continue };
            let inner = |key: &str| {
                let mut keys = frame.keys.clone();
                keys.push(MappingKey::from(key));
                keys
            };
            self.find_named(map, frame, items);
            items.retain(|(key, _)| self.is_wanted(map, &inner(key)));
            for (at, (key, _)) in items.iter().enumerate() {
                let branch = Branch::new(frame.branch.as_ref(), MappingKey::from(key.as_str()), at as u64);
                self.frame(Some(map), &Frame { branch: Some(branch), keys: inner(key), is_new: false });
            }
        }
        self.given.insert(path, outputs);
    }

    /// What is known of a step that does not run.
    fn outputs(&self, step: usize, path: &StepPath, frame: &Frame) -> Option<Vec<KeptOutput>> {
        let op = &self.program.ops[step];
        match self.known.and_then(|known| known.outcome(path, op)) {
            Some((KnownEnd::Succeeded, outputs)) => return Some(outputs.to_vec()),
            // Of a map that was not there at all the engine knows only by the step that failed to open it.
            Some((KnownEnd::Skipped, _)) if self.maps_of[step].is_empty() => {
                return Some(op.outputs().iter().map(|_| KeptOutput::Absent).collect());
            }
            Some((KnownEnd::Skipped, _)) | None => {}
        }
        // Nobody takes a value of it, and its items are those that are named.
        if self.need.takers[step].iter().any(|taker| taker.input.is_some()) {
            return None;
        }
        let mut maps = self.maps_of[step].iter();
        let outputs = op.outputs().iter().map(|output| match output.kind {
            OutputKind::Dynamic => {
                let keys = self.named(*maps.next()?, frame)?;
                Some(KeptOutput::Items(keys.iter().map(|key| (key.to_string(), Value::new(()))).collect()))
            }
            _ => Some(KeptOutput::Absent),
        });
        outputs.collect()
    }

    /// What an earlier run has had stored, to be loaded before the run. Which items there were is stored nowhere, so of a
    /// dynamic output there are those that are named.
    fn stored(&mut self, step: usize, path: &StepPath, frame: &Frame) -> Option<Vec<KeptOutput>> {
        let op = &self.program.ops[step];
        if !self.stored || op.io().is_none() {
            return None;
        }
        let mut maps = self.maps_of[step].iter();
        let (mut outputs, mut loads) = (Vec::new(), Vec::new());
        let mut load = |output, item| {
            loads.push(Stored { path: path.clone(), op: Arc::clone(op), output, item });
        };
        for (output, declared) in op.outputs().iter().enumerate() {
            if declared.kind != OutputKind::Dynamic {
                load(output, None);
                outputs.push(KeptOutput::Absent);
                continue;
            }
            let map = *maps.next()?;
            if self.need.collected[map] {
                return None;
            }
            let keys = self.named(map, frame)?;
            keys.iter().enumerate().for_each(|(number, key)| load(output, Some((key.clone(), number))));
            outputs
                .push(KeptOutput::Items(keys.iter().map(|key| (key.to_string(), Value::new(()))).collect()));
        }
        self.loads.append(&mut loads);
        Some(outputs)
    }

    /// The items of a map that are selected by key; none if some step runs for all of them.
    fn named(&self, map: usize, frame: &Frame) -> Option<Vec<MappingKey>> {
        let mut named = Vec::new();
        for &step in &self.need.inside[map] {
            let Copies::Only(items) = &self.copies[step] else { return None };
            for item in items.iter().filter(|item| item.iter().zip(&frame.keys).all(|(a, b)| a == b)) {
                let key = item.get(frame.keys.len())?;
                if !named.contains(key) {
                    named.push(key.clone());
                }
            }
        }
        Some(named)
    }

    /// Looks for the items that are selected by key.
    fn find_named(&mut self, map: usize, frame: &Frame, items: &[(String, Value)]) {
        for &step in &self.need.inside[map] {
            let Copies::Only(selected) = &self.copies[step] else { continue };
            for item in selected.iter().filter(|item| item.starts_with(&frame.keys)) {
                let Some(key) = item.get(frame.keys.len()).map(ToString::to_string) else { continue };
                if !items.iter().any(|(other, _)| *other == key) {
                    self.unknown.insert((map, key));
                }
            }
        }
    }

    /// Whether anything is to be done for an item: if all are collected, or a selected step runs for it.
    fn is_wanted(&self, map: usize, keys: &[MappingKey]) -> bool {
        self.need.collected[map]
            || self.need.inside[map].iter().any(|&step| match &self.copies[step] {
                Copies::None => false,
                Copies::All => true,
                Copies::Only(items) => items.iter().any(|item| item.iter().zip(keys).all(|(a, b)| a == b)),
            })
    }
}
