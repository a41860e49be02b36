use std::collections::{BTreeSet, HashMap, HashSet};

use super::graph::{self, StepGraph};
use super::need::Need;
use crate::define::{KeptOutput, OutputKind};
use crate::ids::{Branch, MappingKey, StepPath, nearest};
use crate::plan::{Known, KnownEnd, Plan, Problem, ProblemKind, Program};
use crate::select::{Copies, Selectable as _};
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
    known: Option<&Known>,
    problems: &mut Vec<Problem>,
) -> HashMap<StepPath, Vec<KeptOutput>> {
    let steps = program.plan.steps.len();
    let mut replay = Replay {
        program,
        graph,
        copies,
        need,
        known,
        steps_of: vec![Vec::new(); program.plan.maps.len() + 1],
        maps_of: vec![Vec::new(); steps],
        given: HashMap::new(),
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
    let yet_to_come = replay.items_yet_to_come();
    if !yet_to_come.is_empty() {
        // What is lacking beside them is lacking for the same reason.
        replay
            .lacks
            .iter_mut()
            .filter(|lack| matches!(lack, Lack::New))
            .for_each(|lack| *lack = Lack::Nothing);
    }
    problems.extend(yet_to_come);
    problems.extend(replay.unknown.iter().map(|(map, key)| replay.unknown_item(*map, key)));
    let mut told = HashSet::new();
    problems.extend((0..steps).flat_map(|step| replay.lacking(step, &mut told)));
    replay.given
}

struct Replay<'a> {
    program: &'a Program,
    graph: &'a StepGraph,
    copies: &'a [Copies],
    need: &'a Need,
    known: Option<&'a Known>,
    /// The steps of each scope: of the job, then of the maps.
    steps_of: Vec<Vec<usize>>,
    /// The maps of each step.
    maps_of: Vec<Vec<usize>>,
    given: HashMap<StepPath, Vec<KeptOutput>>,
    /// For each step what is not known of it.
    lacks: Vec<Lack>,
    /// Items that are selected, and that their maps did not have.
    unknown: BTreeSet<(usize, String)>,
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

/// Why what a step has made is not known.
#[derive(Clone)]
enum Lack {
    Nothing,
    /// Its items are yet to come.
    New,
    /// No run has these.
    Paths(Vec<StepPath>),
}

impl Replay<'_> {
    fn plan(&self) -> &Plan {
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
        let Some(mut outputs) = self.outputs(step, &path, frame) else {
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

    /// Items that are selected by key while their source runs: which items it gives is known only then.
    fn items_yet_to_come(&self) -> Vec<Problem> {
        let (mut problems, mut told) = (Vec::new(), HashSet::new());
        // The last named stands deepest, and so is the one that was meant rather than what leads to it.
        for (index, copies) in self.copies.iter().enumerate().rev() {
            let Copies::Only(items) = copies else { continue };
            for item in items {
                let maps = self.graph.maps(index).iter().take(item.len()).enumerate();
                let source = maps.map(|(level, &map)| (self.plan().maps[map].step, &item[..level]));
                let mut source = source
                    .filter(|(source, keys)| self.copies[*source].contains(&keys.iter().collect::<Vec<_>>()));
                let Some((source, _)) = source.next().filter(|(source, _)| told.insert((*source, item)))
                else {
                    continue;
                };
                let (step, source) = (&self.plan().steps[index], &self.plan().steps[source]);
                let keys: String = item.iter().map(|key| format!("[{key}]")).collect();
                let message = format!(
                    "`{}{keys}` is selected, one item of `{}`, and so is `{}` itself, which is yet to say what its items are",
                    step.name, source.name, source.name
                );
                let hint = format!(
                    "select `{}` for all items, or leave `{}` out and take its items from an earlier run",
                    step.name, source.name
                );
                problems.push(
                    Problem::new(ProblemKind::UnknownItem, message)
                        .at("the step", step.place.clone())
                        .at("the source", source.place.clone())
                        .hint(hint),
                );
            }
        }
        problems
    }

    fn unknown_item(&self, map: usize, key: &str) -> Problem {
        let source = &self.plan().steps[self.plan().maps[map].step];
        let problem = Problem::new(
            ProblemKind::UnknownItem,
            format!("item `{key}` of `{}` is selected, which the earlier run did not have", source.name),
        );
        let path = StepPath::new(source.name.as_str(), None);
        let op = &self.program.ops[self.plan().maps[map].step];
        let known = self.known.and_then(|known| known.outcome(&path, op));
        let items = known.and_then(|(_, outputs)| match &outputs[self.plan().maps[map].output] {
            KeptOutput::Items(items) => nearest(key, items.iter().map(|(key, _)| key.as_str())),
            _ => None,
        });
        let problem = problem.at("the source", source.place.clone());
        match items {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => {
                problem.hint(format!("select `{}` and what depends on it to have new items", source.name))
            }
        }
    }

    /// What is not known of a step, told for each who needs it.
    fn lacking(&self, step: usize, told: &mut HashSet<(usize, Option<usize>, usize)>) -> Vec<Problem> {
        let Some(why) = self.why(&self.lacks[step]) else { return Vec::new() };
        let takers = &self.need.takers[step];
        let takes = |taker: usize| takers.iter().any(|other| other.step == taker && other.input.is_some());
        let mut problems = Vec::new();
        for taker in takers.iter().filter(|taker| taker.input.is_some() || !takes(taker.step)) {
            let needs = &self.plan().steps[taker.step];
            let input = taker.input.map(|input| &needs.inputs[input]);
            // Who collects takes nothing of the source itself, but what others make of its items.
            let makers = input.map(|input| graph::makers_of(self.plan(), &input.source));
            let blamed = match makers {
                Some(makers) if !makers.contains(&step) => {
                    makers.into_iter().find(|maker| self.copies[*maker] != Copies::All)
                }
                _ => Some(step),
            };
            // Those that are selected say themselves what they lack.
            let Some(blamed) = blamed.filter(|blamed| told.insert((taker.step, taker.input, *blamed))) else {
                continue;
            };
            let made = &self.plan().steps[blamed];
            let message = match input {
                Some(input) => format!("`{}` takes `{}` from `{}`", needs.name, input.name, made.name),
                None => format!("`{}` runs for each item of `{}`", needs.name, made.name),
            };
            let selected = match &self.copies[blamed] {
                Copies::Only(_) => "of which not all is selected",
                _ => "which is not selected",
            };
            let mut ways = vec![format!("select `{}` too", made.name)];
            ways.extend(input.map(|input| {
                format!("give a value, `.input(\"{}\", \"{}\", value)`", needs.name, input.name)
            }));
            if !matches!(self.lacks[step], Lack::New) {
                ways.push("give an earlier run that has kept it, `.upstream(&run)`".to_owned());
            }
            problems.push(
                Problem::new(ProblemKind::MissingInput, format!("{message}, {selected}, {why}"))
                    .at("the step", needs.place.clone())
                    .at("what it needs", made.place.clone())
                    .hint(ways.join(", or ")),
            );
        }
        problems
    }

    fn why(&self, lack: &Lack) -> Option<String> {
        let paths = match lack {
            Lack::Nothing => return None,
            Lack::New => return Some("in a map whose items this run makes anew".to_owned()),
            Lack::Paths(paths) => paths,
        };
        Some(match (self.known, paths.as_slice()) {
            (None, _) => "and there is no earlier run".to_owned(),
            (Some(known), _) if known.is_empty() => "and the earlier run kept no outputs".to_owned(),
            (_, [path]) => format!("and the earlier run has no outputs of `{path}`"),
            (_, [path, more @ ..]) => {
                format!("and the earlier run has no outputs of `{path}` and {} more", more.len())
            }
            (_, []) => return None,
        })
    }
}
