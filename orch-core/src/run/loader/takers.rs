use std::collections::{HashMap, HashSet};

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

    /// What is wrong if this is not there, by the numbers of the steps that stand for it. What checks alone take is no reason to
    /// make nothing, or to let no other check look: these do not look, and the run tells why.
    pub(super) fn without(
        &self,
        lacking: Vec<(usize, &LoadedAsset, Lack)>,
        loaded: &mut Loaded,
    ) -> Vec<Problem> {
        let spared: HashSet<_> = lacking
            .iter()
            .map(|(number, ..)| *number)
            .filter(|number| self.can_do_without(*number))
            .collect();
        let goes_without = self.are_not_all(&spared);
        let mut problems = Vec::new();
        for (number, asset, Lack { why, hint }) in lacking {
            let Some(taker) = self.first(number) else { continue };
            if goes_without && spared.contains(&number) {
                let path = StepPath::new(self.program.plan.steps[number].name.as_str(), None);
                let why = format!("it takes the asset `{}`, {why}", asset.key);
                loaded.ended.push((path, Ended::Lacking(why)));
                continue;
            }
            let message = format!("`{}` takes the asset `{}`, {why}", taker.name, asset.key);
            let problem = Problem::new(ProblemKind::MissingAsset, message);
            problems.push(problem.at("the step", taker.place.clone()).hint(hint));
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
        let mut running = self.program.plan.steps.iter().filter(|step| !step.given && step.loads.is_none());
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
