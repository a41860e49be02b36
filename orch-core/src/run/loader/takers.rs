use std::collections::{HashMap, HashSet};

use super::super::partitions::Lacking;
use super::Loaded;
use super::lack::Lack;
use crate::ids::StepPath;
use crate::plan::{Ended, LoadedAsset, Problem, ProblemKind, Program, Source, Step};

/// Who takes what a run does not make.
pub(super) struct Takers<'p> {
    program: &'p Program,
    /// By the numbers of the steps that stand for it, the steps that run and take it.
    of: HashMap<usize, Vec<&'p Step>>,
    /// Whether the run makes something, and so does not only look.
    makes: bool,
}

impl<'p> Takers<'p> {
    pub(super) fn of(program: &'p Program) -> Self {
        let mut of = HashMap::new();
        for step in program.plan.steps.iter().filter(|step| !step.given) {
            step.inputs.iter().for_each(|input| add(step, &input.source, &mut of));
        }
        Self { program, of, makes: !program.made().is_empty() }
    }

    /// One that takes what this step stands for.
    pub(super) fn first(&self, number: usize) -> Option<&'p Step> {
        self.of.get(&number)?.first().copied()
    }

    /// That the value of an asset is not there, for which a step stands.
    pub(super) fn lacking(&self, number: usize, taker: &Step, asset: &LoadedAsset, lack: Lack) -> Lacking {
        let path = StepPath::new(self.program.plan.steps[number].name.as_str(), None);
        let (key, Lack { why, hint }) = (&asset.key, lack);
        let message = format!("`{}` takes the asset `{key}`, {why}", taker.name);
        let problem = Problem::new(ProblemKind::MissingAsset, message);
        let problem = problem.at("the step", taker.place.clone()).hint(hint);
        let copies = vec![(path, format!("it takes the asset `{key}`, {why}"))];
        Lacking { number, copies, all: true, problem }
    }

    /// What is wrong if this is not there. What checks alone take is no reason to make nothing, or to let no other check look: these
    /// do not look, and the run tells why.
    pub(super) fn without(&self, lacking: Vec<Lacking>, loaded: &mut Loaded) -> Vec<Problem> {
        let all = lacking.iter().filter(|lacking| lacking.all && self.can_do_without(lacking.number));
        let goes_without = self.are_not_all(&all.map(|lacking| lacking.number).collect());
        let mut problems = Vec::new();
        for Lacking { number, copies, problem, .. } in lacking {
            if !(goes_without && self.can_do_without(number)) {
                problems.push(problem);
                continue;
            }
            loaded.ended.extend(copies.into_iter().map(|(copy, why)| (copy, Ended::Lacking(why))));
        }
        problems
    }

    /// Whether only checks take it, for which nothing waits.
    fn can_do_without(&self, number: usize) -> bool {
        let waits_for = |step: &Step| step.check.as_ref().is_none_or(|check| check.blocking && self.makes);
        self.of.get(&number).is_some_and(|takers| !takers.iter().any(|step| waits_for(step)))
    }

    /// Whether something is left to run without those that take what these steps stand for.
    fn are_not_all(&self, lacking: &HashSet<usize>) -> bool {
        let left_out = lacking.iter().filter_map(|number| self.of.get(number)).flatten();
        let left_out: HashSet<&str> = left_out.map(|step| step.name.as_str()).collect();
        let mut running = self.program.plan.steps.iter().filter(|step| !step.given && step.is_of_assets());
        running.any(|step| !left_out.contains(step.name.as_str()))
    }
}

/// Adds a step to the takers of all that a source is, or gathers.
fn add<'p>(step: &'p Step, source: &Source, of: &mut HashMap<usize, Vec<&'p Step>>) {
    match source {
        Source::Output { step: number, .. } => of.entry(*number).or_default().push(step),
        Source::List { elements, .. } => elements.iter().for_each(|element| add(step, element, of)),
        Source::Item { .. } | Source::Literal { .. } | Source::Config { .. } | Source::Collect { .. } => {}
    }
}
