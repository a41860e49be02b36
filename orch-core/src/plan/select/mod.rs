//! A part of a job: a pass over the compiled program that leaves what is selected, and what gives it its values.

mod graph;
mod inputs;
mod keep;
mod lack;
mod need;
mod replay;
mod stored;

use std::collections::HashMap;

use super::known::Known;
use super::{Problem, ProblemKind, Program};
use crate::define::{ItemStream, KeptOutput, Product, Products};
use crate::ids::{MappingKey, StepPath};
use crate::select::{Copies, StepSelection};

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

/// The outputs of steps that do not run, by path: what was known before the run.
///
/// Such a step stands in the plan, since others take what it gives, and is handed to the engine as any other. Only its
/// code is not called, and no event tells of it.
pub(crate) struct Given {
    outputs: HashMap<StepPath, Vec<KeptOutput>>,
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
        inputs::feed(&mut self, part.inputs, &copies, problems);
        let need = need::Need::of(&self.plan, &copies);
        let (outputs, stored) = replay::replay(&self, &graph, &copies, &need, part, problems);
        keep::keep(&mut self, &copies, &need);
        let stays = copies.into_iter().zip(need.stays).filter(|(_, stays)| *stays);
        self.given = Some(Given { outputs, stored, copies: stays.map(|(copies, _)| copies).collect() });
        self
    }

    /// The outputs of a step that does not run; none for all others.
    pub(crate) fn given(&self, path: &StepPath) -> Option<Products> {
        let outputs = self.given.as_ref()?.outputs.get(path)?;
        let products = outputs.iter().map(|output| match output {
            KeptOutput::Value(value) => Product::Value(value.clone()),
            KeptOutput::Absent => Product::Absent,
            KeptOutput::Items(items) => Product::Items(ItemStream::of(items.clone())),
        });
        Some(products.collect())
    }

    /// Whether the step does not run, since its outputs are known.
    pub(crate) fn is_given(&self, path: &StepPath) -> bool {
        self.given.as_ref().is_some_and(|given| given.outputs.contains_key(path))
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
        self.given.as_ref().is_some_and(|given| !given.outputs.is_empty())
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
