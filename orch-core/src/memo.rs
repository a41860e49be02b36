//! What is remembered of memoized steps: of what they were made, and which run keeps what they have given.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::{Ingredient, Recipe};
use crate::event::{Event, EventKind};
use crate::ids::{RunId, StepPath};

/// A fact: that a step of a memoized op has succeeded, in which run, and of what it was made.
///
/// It is told by the event [`OpRecipe`](EventKind::OpRecipe) of its run, and goes with the run, which keeps the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Memo {
    /// The name by which the op is known, with the modules in which it lies.
    pub op: Arc<str>,
    /// The run that has the values.
    pub run: RunId,
    /// The step of that run that has given them.
    pub step: StepPath,
    /// The number of the event that tells of it, in the log of that run.
    pub event: u64,
    /// When, in UTC.
    pub time: Timestamp,
    /// The key of the recipe.
    pub key: Arc<str>,
    /// All that the outputs depend on.
    pub recipe: Recipe,
    /// The outputs that have a value, each with the version of that, if it is known.
    pub outputs: BTreeMap<Arc<str>, Option<Arc<str>>>,
}

/// As much of a [`Memo`] as it takes to have its outputs in the place of those of a step that would be made of the same: the key
/// of the recipe stands for it, so that of many none is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Given {
    /// The key of the recipe.
    pub key: Arc<str>,
    /// The run that has the values.
    pub run: RunId,
    /// The step of that run that has given them.
    pub step: StepPath,
    /// The number of the event that tells of it, in the log of that run.
    pub event: u64,
    /// The outputs that have a value, each with the version of that, if it is known.
    pub outputs: BTreeMap<Arc<str>, Option<Arc<str>>>,
}

impl From<Memo> for Given {
    fn from(Memo { key, run, step, event, outputs, .. }: Memo) -> Self {
        Self { key, run, step, event, outputs }
    }
}

impl Memo {
    /// The fact that an event tells, by its number in the log of its run; none unless a memoized step has succeeded of which it
    /// is known of what it was made.
    #[must_use]
    pub fn told(number: u64, event: &Event) -> Option<Self> {
        let EventKind::OpRecipe { op, recipe, outputs } = &event.kind else { return None };
        Some(Self {
            op: Arc::clone(op),
            run: event.run,
            step: event.step.clone()?,
            event: number,
            time: event.time,
            key: recipe.key()?,
            recipe: recipe.clone(),
            outputs: outputs.clone(),
        })
    }

    /// The code that the step was made by, as it is asked for.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        code_of(&self.recipe)
    }
}

/// The code that a recipe says, as it is asked for; none if nobody knows it.
#[must_use]
pub fn code_of(recipe: &Recipe) -> Option<String> {
    let version =
        |ingredient: Ingredient| recipe.version(&ingredient).map(|version| format!("{ingredient} {version}"));
    version(Ingredient::CodeVersion).or_else(|| version(Ingredient::Source))
}

/// Which memos are asked for; all of them, the newest first, if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoQuery {
    /// Those of the op that is known by this name.
    pub op: Option<String>,
    /// Those of this run.
    pub run: Option<RunId>,
    /// So many at most.
    pub limit: Option<usize>,
}

impl MemoQuery {
    /// Those of an op.
    #[must_use]
    pub fn of(op: &str) -> Self {
        Self { op: Some(op.to_owned()), ..Self::default() }
    }

    /// Whether a memo is asked for, but for how many there are.
    #[must_use]
    pub fn matches(&self, memo: &Memo) -> bool {
        self.op.as_ref().is_none_or(|op| **op == *memo.op) && self.run.is_none_or(|run| run == memo.run)
    }
}
