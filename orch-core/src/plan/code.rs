//! Whether the functions that steps call are those of before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Program;
use crate::define::OpDef;

impl Program {
    /// The fingerprints of the functions that the steps call, by the names of the steps.
    pub(crate) fn code(&self) -> BTreeMap<String, Arc<str>> {
        let told =
            self.functions().filter_map(|(step, op)| Some((step.to_owned(), Arc::clone(op.fingerprint()?))));
        told.collect()
    }

    /// The ops whose functions are others than they were, each once. Of what was not known then, or is not known now, nobody can
    /// say it.
    pub(crate) fn other_code(&self, before: &BTreeMap<String, Arc<str>>) -> Vec<Arc<str>> {
        let mut others: Vec<Arc<str>> = Vec::new();
        for (step, op) in self.functions() {
            let is_other = op.fingerprint().zip(before.get(step)).is_some_and(|(now, before)| now != before);
            if is_other && !others.iter().any(|other| **other == *op.name()) {
                others.push(op.name().into());
            }
        }
        others
    }

    fn functions(&self) -> impl Iterator<Item = (&str, &OpDef)> {
        self.plan.steps.iter().zip(&self.ops).map(|(step, op)| (&*step.name, &**op))
    }
}
