use super::draft::Draft;
use super::job::ENOUGH;
use super::source::{self, OutputRef};
use super::{DescriptorProblem, DescriptorProblemKind as Kind};
use crate::define::OutputKind;

/// How deep maps may be nested.
pub(super) const DEEPEST: usize = 64;

/// The maps that each step stands in, the outermost first.
pub(super) struct Maps {
    of: Vec<Known>,
}

/// What is known of the maps of a step.
#[derive(Clone)]
enum Known {
    /// What it maps over.
    Over(Option<OutputRef>),
    /// What it maps over is wrong, which is told.
    Wrong,
}

impl Maps {
    /// Finds what each step maps over; what is wrong with that is added to the problems.
    pub(super) fn read(draft: &Draft, problems: &mut Vec<DescriptorProblem>) -> Self {
        let of = draft.steps.iter().map(|step| {
            let Some(model) = &step.model else { return Known::Wrong };
            let Some(text) = &model.map else { return Known::Over(None) };
            if problems.len() >= ENOUGH {
                return Known::Wrong;
            }
            let at = step.origin(&["map"]);
            let output = match source::resolve(draft, text, &at) {
                Ok(output) => output,
                Err(problem) => {
                    problems.extend(problem);
                    return Known::Wrong;
                }
            };
            let Some(def) = output.def(draft) else { return Known::Wrong };
            if def.kind != OutputKind::Dynamic {
                let message =
                    format!("`{}` maps over `{text}`, which is one value and no dynamic output", step.name);
                problems.push(
                    DescriptorProblem::new(Kind::NotDynamic, message)
                        .at(at)
                        .at_as(format!("`{text}`"), draft.steps[output.step].at.clone())
                        .hint(
                            "leave out `map`; to fan out, let the op of the step before return `Dynamic<T>`",
                        ),
                );
                return Known::Wrong;
            }
            Known::Over(Some(output))
        });
        Self { of: of.collect() }
    }

    /// What a step maps over.
    pub(super) fn over(&self, step: usize) -> Option<OutputRef> {
        match &self.of[step] {
            Known::Over(over) => *over,
            Known::Wrong => None,
        }
    }

    /// The maps around a step, the outermost first; none if they are not known, are too many, or lead in a
    /// circle.
    pub(super) fn around(&self, step: usize) -> Option<Vec<OutputRef>> {
        let mut maps = Vec::new();
        let mut at = step;
        while let Known::Over(over) = &self.of[at] {
            let Some(over) = over else {
                maps.reverse();
                return Some(maps);
            };
            if maps.len() == DEEPEST {
                return None;
            }
            maps.push(*over);
            at = over.step;
        }
        None
    }

    /// The first step, in an order in which each comes after what it maps over, that stands in too many maps.
    pub(super) fn too_deep(&self, order: &[usize]) -> Option<usize> {
        let mut depth = vec![0_usize; self.of.len()];
        order.iter().copied().find(|&step| {
            depth[step] = self.over(step).map_or(0, |over| depth[over.step] + 1);
            depth[step] > DEEPEST
        })
    }
}
