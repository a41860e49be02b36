use std::collections::BTreeSet;

use super::{Kept, Plan, Source};

impl Plan {
    /// The outputs that a run which is resumed makes anew, should a step that takes them not have finished: nothing of
    /// them remains but in memory. Each is a step and its output, in the order of the plan.
    ///
    /// What no step takes is not among them, since nothing asks for it again, nor what is known from an earlier run.
    #[must_use]
    pub fn memory_only(&self) -> Vec<(usize, usize)> {
        let lost = |&(step, output): &(usize, usize)| {
            let step = &self.steps[step];
            !step.given && step.outputs[output].kept == Kept::Memory
        };
        self.taken().into_iter().filter(lost).collect()
    }

    /// The outputs that some step takes.
    pub(crate) fn taken(&self) -> BTreeSet<(usize, usize)> {
        let mut taken = BTreeSet::new();
        for input in self.steps.iter().flat_map(|step| &step.inputs) {
            self.add_taken(&input.source, &mut taken);
        }
        taken
    }

    /// Adds the outputs that a source is made of.
    pub(super) fn add_taken(&self, source: &Source, taken: &mut BTreeSet<(usize, usize)>) {
        match source {
            Source::Output { step, output } => {
                taken.insert((*step, *output));
            }
            Source::Item { map } => {
                let map = &self.maps[*map];
                taken.insert((map.step, map.output));
            }
            Source::Collect { collect } => self.add_taken(&self.collects[*collect].element, taken),
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.add_taken(element, taken));
            }
            Source::Literal { .. } | Source::Config { .. } => {}
        }
    }
}
