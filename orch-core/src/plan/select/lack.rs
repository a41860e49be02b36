use std::collections::HashSet;

use super::graph;
use super::replay::Replay;
use crate::config::of_step;
use crate::define::KeptOutput;
use crate::ids::{StepPath, nearest};
use crate::plan::{Problem, ProblemKind};
use crate::select::{Copies, Selectable as _};

/// Why what a step has made is not known.
#[derive(Clone)]
pub(super) enum Lack {
    Nothing,
    /// Its items are yet to come.
    New,
    /// No run has these.
    Paths(Vec<StepPath>),
}

/// What is lacking, told to who selected.
impl Replay<'_> {
    pub(super) fn tell(mut self, problems: &mut Vec<Problem>) -> Self {
        let yet_to_come = self.items_yet_to_come();
        if !yet_to_come.is_empty() {
            // What is lacking beside them is lacking for the same reason.
            let new = self.lacks.iter_mut().filter(|lack| matches!(lack, Lack::New));
            new.for_each(|lack| *lack = Lack::Nothing);
        }
        problems.extend(yet_to_come);
        problems.extend(self.unknown.iter().map(|(map, key)| self.unknown_item(*map, key)));
        let mut told = HashSet::new();
        problems.extend((0..self.lacks.len()).flat_map(|step| self.lacking(step, &mut told)));
        self
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
        let Some(why) = self.why(step) else { return Vec::new() };
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
                let path = of_step(&needs.name).key("inputs").key(input.name.as_str());
                format!(
                    "give a value, `{path}` of the configuration or `.input(\"{}\", \"{}\", value)`",
                    needs.name, input.name
                )
            }));
            // Where one was given, another would hardly have it.
            if !matches!(self.lacks[step], Lack::New) && self.known.is_none() {
                ways.push("give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`".to_owned());
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

    fn why(&self, step: usize) -> Option<String> {
        let paths = match &self.lacks[step] {
            Lack::Nothing => return None,
            Lack::New => return Some("in a map whose items this run makes anew".to_owned()),
            Lack::Paths(paths) => paths,
        };
        Some(match (self.known, paths.as_slice()) {
            (None, _) if self.stored && self.program.ops[step].io().is_none() => {
                "and no IO manager stores it".to_owned()
            }
            (None, _) if self.stored => "and which items it had is not stored".to_owned(),
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
