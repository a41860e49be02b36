use std::sync::Arc;

use crate::ids::{Branch, QuickSet, StepPath};

/// The names and branches of a log, each kept once: an event that was read from text has its own of all of them.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: QuickSet<Arc<str>>,
    branches: QuickSet<Branch>,
}

impl Names {
    /// The one that is kept of this name.
    pub(super) fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(kept) = self.names.get(name) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = name.into();
        self.names.insert(Arc::clone(&kept));
        kept
    }

    /// The same path, made of what is kept.
    pub(super) fn path(&mut self, path: &StepPath) -> StepPath {
        let branch = path.branch().map(|branch| self.branch(branch));
        StepPath::new(self.name(path.name()), branch)
    }

    fn branch(&mut self, branch: &Branch) -> Branch {
        if let Some(kept) = self.branches.get(branch) {
            return kept.clone();
        }
        let parent = branch.parent().map(|parent| self.branch(parent));
        let kept = Branch::new(parent.as_ref(), branch.key().clone(), branch.index());
        self.branches.insert(kept.clone());
        kept
    }
}
