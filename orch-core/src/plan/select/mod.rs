//! A part of a job: a pass over the compiled program that leaves what is selected, and what gives it its values.

mod graph;
mod inputs;
mod keep;
mod lack;
mod need;
mod replay;
mod stored;

use std::collections::HashMap;
use std::sync::Arc;

use super::known::Known;
use super::{Problem, ProblemKind, Program};
use crate::define::{ItemStream, KeptOutput, Product, Products};
use crate::event::SkipCause;
use crate::failure::{ErrorInfo, Failure};
use crate::ids::{MappingKey, PathMap, StepPath};
use crate::select::{Copies, StepSelection};
use crate::value::Value;

pub(crate) use inputs::GivenInputs;
pub(crate) use stored::Stored;

/// Which part of a job is to run, and what is known instead of the rest.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    /// None for all steps.
    pub(crate) selection: Option<&'a StepSelection>,
    /// Values of inputs, which go before what feeds them in the job.
    pub(crate) inputs: &'a GivenInputs,
    /// What an earlier run has left.
    pub(crate) earlier: Option<&'a Known>,
    /// Whether IO managers can load what an earlier run has had stored.
    pub(crate) stored: bool,
}

/// A step that has failed, and what it had put out before: that stands, and its items go on.
pub(crate) struct Failed {
    pub(crate) error: Arc<ErrorInfo>,
    pub(crate) attempts: u32,
    pub(crate) outputs: Vec<KeptOutput>,
    /// Of each output whether it is a dynamic one whose end was told.
    pub(crate) ended: Vec<bool>,
}

impl Failed {
    /// What the step had put out, its streams broken off where no end was told; none if nothing is known to have been, or
    /// none of it broke off, as of a source that was lost and did not come to its streams again.
    fn products(&self) -> Option<Products> {
        let mut outputs = self.outputs.iter().zip(&self.ended);
        if !outputs.any(|(output, ended)| matches!(output, KeptOutput::Items(_)) && !ended) {
            return None;
        }
        let is_there = |(output, ended): (&KeptOutput, &bool)| match output {
            KeptOutput::Value(_) => true,
            KeptOutput::Absent => false,
            KeptOutput::Items(items) => *ended || !items.is_empty(),
        };
        if !self.outputs.iter().zip(&self.ended).any(is_there) {
            return None;
        }
        let failure = || Failure::told(&self.error);
        let products = self.outputs.iter().zip(&self.ended).map(|(output, ended)| match output {
            KeptOutput::Items(items) if !ended => Product::Items(ItemStream::broken(again(items), failure())),
            output => product(output),
        });
        Some(products.collect())
    }
}

/// What comes of a step that does not run.
pub(crate) enum Handed {
    Succeeded(Products),
    /// With what it had put out before, if its code is known to have returned.
    Failed(Option<Products>),
}

/// What comes of a known output. It stays known for the whole run; what is loaded of it goes with its consumers.
fn product(output: &KeptOutput) -> Product {
    match output {
        KeptOutput::Value(value) => Product::Value(value.again()),
        KeptOutput::Absent => Product::Absent,
        KeptOutput::Items(items) => Product::Items(ItemStream::of(again(items))),
    }
}

fn again(items: &[(String, Value)]) -> Vec<(String, Value)> {
    items.iter().map(|(key, value)| (key.clone(), value.again())).collect()
}

/// How a step has ended before the run was interrupted.
pub(crate) enum Ended {
    Succeeded(Vec<KeptOutput>),
    Failed(Failed),
    Skipped(SkipCause),
    /// It stands for what is not there, and is taken by checks alone, which do not look then: why.
    Lacking(String),
}

/// The outputs of steps that do not run, by path: what was known before the run.
///
/// Such a step stands in the plan, since others take what it gives, and is handed to the engine as any other. Only its
/// code is not called, and no event tells of it.
#[derive(Default)]
pub(crate) struct Given {
    outputs: PathMap<Vec<KeptOutput>>,
    /// Steps that have failed before the run was interrupted.
    failed: PathMap<Failed>,
    /// Steps that have been skipped before the run was interrupted, and why: nobody is told of it again.
    skipped: PathMap<SkipCause>,
    /// What stands for something that is not there, and why that is not.
    lacking: PathMap<String>,
    /// Those of them that are yet to be loaded.
    stored: Vec<Stored>,
    /// Which copies of the program's steps run.
    copies: Vec<Copies>,
}

impl Program {
    /// The program of a part of the job. What is wrong with the part is added to `problems`; the program is then not
    /// to be run.
    pub(crate) fn select(mut self, part: Part<'_>, problems: &mut Vec<Problem>) -> Self {
        let graph = graph::StepGraph::of(&self.plan);
        let selected = part.selection.map(|selection| selection.of(&graph));
        let copies = match selected {
            Some(Ok(copies)) => copies,
            None => vec![Copies::All; self.plan.steps.len()],
            Some(Err(error)) => {
                problems.extend(error.mistakes().iter().map(|mistake| {
                    let problem = Problem::new(ProblemKind::UnknownStep, mistake.message());
                    mistake.advice().into_iter().fold(problem, Problem::hint)
                }));
                return self;
            }
        };
        let mut copies = copies;
        // What is loaded for those that are selected is, whatever is selected.
        for (number, step) in self.plan.steps.iter().enumerate().filter(|(_, step)| step.loads.is_some()) {
            let is_taken = self.plan.steps.iter().zip(&copies).any(|(other, copies)| {
                !matches!(copies, Copies::None) && other.inputs.iter().any(|input| input.source.takes(number))
            });
            if is_taken || step.given {
                copies[number] = Copies::All;
            }
        }
        inputs::feed(&mut self, part.inputs, &copies, problems);
        let need = need::Need::of(&self.plan, &copies);
        let (outputs, stored) = replay::replay(&self, &graph, &copies, &need, part, problems);
        keep::keep(&mut self, &copies, &need);
        let stays = copies.into_iter().zip(need.stays).filter(|(_, stays)| *stays);
        let copies = stays.map(|(copies, _)| copies).collect();
        self.given = Some(Given { outputs, stored, copies, ..Given::default() });
        self
    }

    /// The program of a run that goes on: these steps have ended before, and do not run again.
    pub(crate) fn resume(mut self, ended: Vec<(StepPath, Ended)>) -> Self {
        let all = vec![Copies::All; self.plan.steps.len()];
        let given = self.given.get_or_insert_with(|| Given { copies: all, ..Given::default() });
        // Mostly they have succeeded.
        given.outputs.reserve(ended.len());
        for (path, end) in ended {
            match end {
                Ended::Succeeded(outputs) => _ = given.outputs.insert(path, outputs),
                Ended::Failed(failed) => _ = given.failed.insert(path, failed),
                Ended::Skipped(cause) => _ = given.skipped.insert(path, cause),
                Ended::Lacking(why) => {
                    given.outputs.insert(path.clone(), vec![KeptOutput::Absent]);
                    given.lacking.insert(path, why);
                }
            }
        }
        self
    }

    /// The same, with the job's own steps that do not run said to be given: a new run tells nothing of them.
    pub(crate) fn with_given_marked(mut self) -> Self {
        let given: Vec<_> = self
            .plan
            .steps
            .iter()
            .map(|step| step.map.is_none() && self.is_given(&StepPath::new(step.name.as_str(), None)))
            .collect();
        self.plan.steps.iter_mut().zip(given).for_each(|(step, given)| step.given |= given);
        self
    }

    /// What comes of a step that does not run; none for all others.
    pub(crate) fn given(&self, path: &StepPath) -> Option<Handed> {
        if let Some(failed) = self.given_failure(path) {
            return Some(Handed::Failed(failed.products()));
        }
        let outputs = self.given.as_ref()?.outputs.get(path)?;
        Some(Handed::Succeeded(outputs.iter().map(product).collect()))
    }

    /// How a step has failed that does not run again.
    pub(crate) fn given_failure(&self, path: &StepPath) -> Option<&Failed> {
        self.given.as_ref()?.failed.get(path)
    }

    /// What each step has given that does not run.
    pub(crate) fn given_outputs(&self) -> impl Iterator<Item = (&StepPath, &Vec<KeptOutput>)> {
        self.given.iter().flat_map(|given| &given.outputs)
    }

    /// Whether the step does not run, since its outputs are known.
    pub(crate) fn is_given(&self, path: &StepPath) -> bool {
        let given = self.given.as_ref();
        given.is_some_and(|given| given.outputs.contains_key(path) || given.failed.contains_key(path))
    }

    /// Why the step was skipped before the run was interrupted, if it was.
    pub(crate) fn was_skipped(&self, path: &StepPath) -> Option<&SkipCause> {
        self.given.as_ref()?.skipped.get(path)
    }

    /// Why what this step stands for is not there, if it is not.
    pub(crate) fn lacks(&self, path: &StepPath) -> Option<&String> {
        self.given.as_ref()?.lacking.get(path)
    }

    /// The keys of a dynamic output of a step that does not run.
    pub(crate) fn given_keys(&self, path: &StepPath, output: usize) -> Option<Vec<MappingKey>> {
        match self.given.as_ref()?.outputs.get(path)?.get(output)? {
            KeptOutput::Items(items) => Some(items.iter().map(|(key, _)| key.as_str().into()).collect()),
            KeptOutput::Value(_) | KeptOutput::Absent => None,
        }
    }

    /// Whether there are steps that do not run.
    pub(crate) fn has_given(&self) -> bool {
        let given = self.given.as_ref();
        given.is_some_and(|given| {
            !(given.outputs.is_empty() && given.failed.is_empty() && given.skipped.is_empty())
        })
    }

    /// Which copies of which steps run, by the names of the steps.
    pub(crate) fn runs(&self) -> HashMap<String, Copies> {
        let names = self.plan.steps.iter().map(|step| step.name.clone());
        match &self.given {
            Some(given) => names.zip(given.copies.iter().cloned()).collect(),
            None => names.map(|name| (name, Copies::All)).collect(),
        }
    }
}
