use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::{AssetKey, Difference, Ingredient, Recipe};
use crate::event::{Event, EventKind, LostCause, SkipCause, Taken};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::{MappingKey, RunId, StepPath};
use crate::memo::Memo;

/// What the events of a run say of why it is where it is: for each step the last thing that happened to it, and what it went
/// through before.
///
/// Unlike [`RunView`](crate::event::RunView) it keeps what was interrupted and what was made anew, and keeps no counts.
#[derive(Clone, Debug, Default)]
pub struct History {
    steps: HashMap<StepPath, Story>,
    /// In the order in which they were heard of.
    order: Vec<StepPath>,
    /// The items of streams, by the step and its output.
    items: HashMap<(StepPath, Arc<str>), HashSet<MappingKey>>,
    pub(super) resource: Option<(Arc<str>, Arc<ErrorInfo>)>,
    pub(super) opening: Option<(Arc<str>, Timestamp)>,
    pub(super) canceling: Option<Timestamp>,
    pub(super) detached: Vec<StepPath>,
    pub(super) max_concurrent: usize,
    pub(super) start: Option<Timestamp>,
    pub(super) latest: Option<Timestamp>,
    pub(super) over: bool,
    /// What is remembered of memoized ops, the newest first.
    memos: Vec<Memo>,
}

/// What happened to a step.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) now: Now,
    /// The last attempt that is known of.
    pub(super) attempt: u32,
    /// What went wrong before the present attempt, the oldest first.
    pub(super) before: Vec<Mishap>,
    /// Of a memoized op that has succeeded, of what it was made, and the moment at which that was told.
    pub(super) made_of: Option<(Arc<str>, Recipe, Timestamp)>,
}

/// Where a step stands.
#[derive(Clone, Debug)]
pub(super) enum Now {
    Running {
        since: Timestamp,
        /// Whether it has emitted an item of a dynamic output: it runs only while the next one is asked for.
        open: bool,
    },
    Waiting {
        since: Timestamp,
        delay: Duration,
    },
    /// Its attempt was cut off, or what it gave is to be made anew.
    Again,
    Succeeded {
        took: Option<Duration>,
    },
    Failed {
        error: Arc<ErrorInfo>,
    },
    Canceled,
    Skipped {
        cause: SkipCause,
    },
    /// What it makes is as this run made it, of a memoized op by this step, else with this asset.
    Memoized {
        of: RunId,
        by: Option<StepPath>,
        asset: Option<AssetKey>,
    },
}

/// Why a step ran, or runs, more than once.
#[derive(Clone, Debug)]
pub(super) enum Mishap {
    Failed { attempt: u32, error: Arc<ErrorInfo> },
    Interrupted { attempt: u32 },
    Lost { cause: LostCause },
}

impl History {
    /// Whether someone has asked for the run to be canceled.
    #[must_use]
    pub fn is_canceling(&self) -> bool {
        self.canceling.is_some()
    }

    /// Of a run of which nothing has been told.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event; they come in the order of their emission. Log lines change nothing.
    pub fn apply(&mut self, event: &Event) {
        if matches!(event.kind, EventKind::Log { .. }) || self.over {
            return;
        }
        self.start.get_or_insert(event.time);
        self.latest = self.latest.max(Some(event.time));
        if let Some(path) = &event.step {
            return self.apply_to_step(path, event);
        }
        match &event.kind {
            EventKind::RunStart { max_concurrent, .. } => self.max_concurrent = *max_concurrent,
            EventKind::RunResumed { .. } => self.opening = None,
            EventKind::RunCanceling => self.canceling = Some(event.time),
            EventKind::RunCanceled { detached } => self.detached.clone_from(detached),
            EventKind::ResourceInitStarted { resource } => {
                self.opening = Some((Arc::clone(resource), event.time));
            }
            EventKind::ResourceInitSuccess { .. } => self.opening = None,
            EventKind::ResourceInitFailure { resource, error } => {
                self.opening = None;
                self.resource.get_or_insert((Arc::clone(resource), Arc::clone(error)));
            }
            _ => {}
        }
        self.over |= event.kind.ends_run();
    }

    fn apply_to_step(&mut self, path: &StepPath, event: &Event) {
        let began = || Now::Running { since: event.time, open: false };
        let now = match &event.kind {
            EventKind::StepStart { .. } | EventKind::StepRestarted { .. } => began(),
            EventKind::StepUpForRetry { delay, .. } => Now::Waiting { since: event.time, delay: *delay },
            EventKind::StepInterrupted | EventKind::StepLost { .. } => Now::Again,
            EventKind::StepSuccess => Now::Succeeded { took: None },
            EventKind::StepFailure { error } if error.kind == ErrorKind::Canceled => Now::Canceled,
            EventKind::StepFailure { error } => Now::Failed { error: Arc::clone(error) },
            // It had begun, in a process that is gone.
            EventKind::StepSkipped { cause: SkipCause::Canceled } if self.steps.contains_key(path) => {
                Now::Canceled
            }
            EventKind::StepSkipped { cause } => Now::Skipped { cause: cause.clone() },
            EventKind::StepMemoized { of, taken } => {
                let (by, asset) = match taken {
                    Taken::Step(by) => (Some(by.path.clone()), None),
                    Taken::Assets(assets) => (None, assets.first().map(|taken| taken.asset.clone())),
                };
                Now::Memoized { of: *of, by, asset }
            }
            EventKind::OpRecipe { op, recipe, .. } => {
                if let Some(story) = self.steps.get_mut(path) {
                    story.made_of = Some((Arc::clone(op), recipe.clone(), event.time));
                }
                return;
            }
            EventKind::StepOutput { output, key: Some(key) } => {
                let stream = (path.clone(), Arc::clone(output));
                self.items.entry(stream).or_default().insert(key.clone());
                if let Some(Story { now: Now::Running { open, .. }, .. }) = self.steps.get_mut(path) {
                    *open = true;
                }
                return;
            }
            _ => return,
        };
        let story = self.steps.entry(path.clone()).or_insert_with(|| {
            self.order.push(path.clone());
            Story { now: Now::Again, attempt: 0, before: Vec::new(), made_of: None }
        });
        story.attempt = story.attempt.max(event.attempt);
        let attempt = story.attempt;
        match &event.kind {
            EventKind::StepUpForRetry { error, .. } => {
                story.before.push(Mishap::Failed { attempt, error: Arc::clone(error) });
            }
            EventKind::StepInterrupted => story.before.push(Mishap::Interrupted { attempt }),
            EventKind::StepLost { cause } => story.before.push(Mishap::Lost { cause: cause.clone() }),
            _ => {}
        }
        story.now = match (&story.now, now) {
            (Now::Running { since, .. }, Now::Succeeded { .. }) => {
                Now::Succeeded { took: Some(crate::event::between(*since, event.time)) }
            }
            // Of a step that waits for its next attempt, canceling does not make one that never ran.
            (Now::Running { .. } | Now::Waiting { .. }, Now::Skipped { cause: SkipCause::Canceled }) => {
                Now::Canceled
            }
            (_, now) => now,
        };
    }

    /// The op of a step that is memoized and has run, by the name under which it is remembered.
    #[must_use]
    pub fn memoized_op(&self, path: &StepPath) -> Option<&str> {
        self.step(path)?.made_of.as_ref().map(|(op, ..)| &**op)
    }

    /// Takes what is remembered of such an op, the newest first: why a step of it has run, the others tell.
    pub fn remember(&mut self, memos: Vec<Memo>) {
        self.memos = memos;
    }

    /// The first thing in which what a step was made of differs from what was remembered before of the most similar one, of
    /// several of the step itself; no difference if there was one of the same.
    pub(super) fn unlike(&self, path: &StepPath, story: &Story) -> Option<(&Memo, Option<Difference>)> {
        let (op, recipe, told) = story.made_of.as_ref()?;
        let is_same = |memo: &Memo, (ingredient, version): (&Ingredient, Option<&str>)| {
            memo.recipe.version(ingredient) == version
        };
        let similar = |memo: &Memo| recipe.ingredients().filter(|&one| is_same(memo, one)).count();
        let earlier = self.memos.iter().rev().filter(|memo| memo.op == *op && memo.time < *told);
        let most = earlier.max_by_key(|memo| (similar(memo), memo.step == *path))?;
        Some((most, most.recipe.difference(recipe)))
    }

    pub(super) fn step(&self, path: &StepPath) -> Option<&Story> {
        self.steps.get(path)
    }

    /// Whether a stream had this item.
    pub(super) fn has_item(&self, step: StepPath, output: &str, key: &MappingKey) -> bool {
        self.items.get(&(step, output.into())).is_some_and(|items| items.contains(key))
    }

    /// How many steps were heard of.
    pub(super) fn heard(&self) -> usize {
        self.order.len()
    }

    /// All steps that were heard of, in this order.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&StepPath, &Story)> {
        self.order.iter().filter_map(|path| Some((path, self.steps.get(path)?)))
    }

    /// Whether anything was told of a step of this name, whatever its item.
    #[must_use]
    pub fn is_heard_of(&self, name: &str) -> bool {
        self.copies(name).next().is_some()
    }

    /// The copies of a step, or the step itself outside maps.
    pub(super) fn copies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a StepPath, &'a Story)> {
        self.steps().filter(move |(path, _)| path.name() == name)
    }
}

impl Story {
    /// Whether nothing more happens to it.
    pub(super) fn is_over(&self) -> bool {
        match self.now {
            Now::Running { .. } | Now::Waiting { .. } | Now::Again => false,
            Now::Succeeded { .. } | Now::Failed { .. } | Now::Canceled => true,
            Now::Skipped { .. } | Now::Memoized { .. } => true,
        }
    }
}
