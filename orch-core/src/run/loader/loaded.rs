use std::collections::HashMap;
use std::sync::Arc;

use super::Loader;
use crate::asset::{CheckEvaluation, CheckResult, Materialization, Versions};
use crate::define::KeptOutput;
use crate::engine::{Memory, Remembered};
use crate::ids::{Branch, StepPath};
use crate::plan::{Ended, PlannedCheck, Program, Step};
use crate::run::lineage::passed_over;
use crate::run::partitions::Reader;
use crate::value::Value;

/// The assets that a run takes and does not make.
#[derive(Default)]
pub(in crate::run) struct Loaded {
    pub(in crate::run) ended: Vec<(StepPath, Ended)>,
    /// The materializations that they are.
    pub(in crate::run) facts: Vec<Materialization>,
    pub(in crate::run) versions: Versions,
    /// Who reads partitions while the run goes on; none if nothing has any.
    pub(in crate::run) reader: Option<Arc<Reader>>,
    /// What may be taken in the place of assets that the run makes.
    pub(in crate::run) memory: Arc<Memory>,
    /// Of what is given in the place of what earlier runs have made, as others have made it anew since.
    pub(in crate::run) since: Versions,
}

impl Loaded {
    /// Gives what is there of the assets that the run was to make: a step of which all is there does not run.
    pub(in crate::run) fn give(&mut self, program: &Program, loader: &Loader, memory: &Memory) {
        let mut checks: HashMap<_, Vec<_>> = HashMap::new();
        for looked in program.plan.steps.iter().filter_map(|step| Looked::of(step, loader)) {
            checks.entry(&looked.check.asset).or_default().push(looked);
        }
        let graphs = program.plan.asset_steps();
        let graphs: HashMap<_, _> = graphs.iter().map(|graph| (&graph.asset, graph)).collect();
        for (number, step) in program.plan.steps.iter().enumerate() {
            let Some(first) = step.assets.first() else { continue };
            for partition in memory.partitions_of(&first.key) {
                let branch = partition.as_deref().map(|key| Branch::new(None, key.into(), 0));
                let path = StepPath::new(step.name.as_str(), branch);
                let of = (&first.key, partition);
                let Some(outputs) = passed_over(program, number, of, memory, |_| true) else { continue };
                let others = graphs.get(&first.key).into_iter().flat_map(|graph| &graph.outermost);
                for &other in others.filter(|&&other| other != number) {
                    let name = program.plan.steps[other].name.as_str();
                    let path = StepPath::new(name, path.branch().cloned());
                    let outputs = passed_over(program, other, of, memory, |_| true);
                    self.ended.extend(outputs.map(|outputs| (path, Ended::Succeeded(outputs))));
                }
                self.ended.push((path, Ended::Succeeded(outputs)));
                let given = step.assets.iter().filter_map(|asset| memory.get(&asset.key, partition));
                for Remembered { fact, .. } in given {
                    self.has(fact);
                    self.give_checks(checks.get(&fact.asset).map_or(&[], Vec::as_slice), fact);
                }
            }
        }
    }

    /// Gives what others have made anew since of what the runs that this one goes on from have made.
    pub(in crate::run) fn give_since(&mut self, program: &Program, loader: &Loader, memory: &Memory) {
        let before = self.facts.len();
        self.give(program, loader, memory);
        self.facts[before..].iter().for_each(|fact| self.since.insert(fact.into()));
    }

    /// Of what is given its checks do not look again that stop nothing, nor those that have let it through. A blocking one that has
    /// refused it, or never looked at it, is to look before anything is made of it.
    fn give_checks(&mut self, checks: &[Looked<'_>], fact: &Materialization) {
        for Looked { step, .. } in checks.iter().filter(|check| check.is_done_with(fact)) {
            let branch = fact.partition.as_deref().map(|key| Branch::new(None, key.into(), 0));
            let nothing = KeptOutput::Value(Value::new(CheckResult::passed()));
            self.ended.push((StepPath::new(step.name.as_str(), branch), Ended::Succeeded(vec![nothing])));
        }
    }

    /// This materialization is the one that is known.
    pub(super) fn is(&mut self, fact: &Materialization) {
        self.versions.insert(fact.into());
    }

    /// This materialization is one of those that the run takes.
    fn has(&mut self, fact: &Materialization) {
        self.is(fact);
        if let Some(reader) = &self.reader {
            reader.tell(fact.clone(), None);
        }
        self.facts.push(fact.clone());
    }
}

/// A check, and what it has found before.
struct Looked<'p> {
    step: &'p Step,
    check: &'p PlannedCheck,
    /// Of a blocking one what it found last, by partition.
    found: HashMap<Option<String>, CheckEvaluation>,
}

impl<'p> Looked<'p> {
    fn of(step: &'p Step, loader: &Loader) -> Option<Self> {
        let check = step.check.as_ref()?;
        // Where that cannot be read, it looks again.
        let found =
            if check.blocking { loader.found_last(check).unwrap_or_default() } else { HashMap::new() };
        Some(Self { step, check, found })
    }

    /// Whether it need not look at this materialization of its asset: it stops nothing, or has found last that this one has no error.
    fn is_done_with(&self, fact: &Materialization) -> bool {
        let Self { check, found, .. } = self;
        check.partitions.is_some() == fact.partition.is_some()
            && (!check.blocking || found.get(&fact.partition).is_some_and(|found| found.has_passed(fact)))
    }
}
