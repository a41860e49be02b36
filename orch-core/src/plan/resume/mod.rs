//! What is to be done to take up a run again that was interrupted: which steps stay as they ended, and which run again.
//!
//! A step that has not ended runs. What runs needs the values of its inputs, be they outputs of steps in its frame or in
//! those around it, items, or all that a collect gathers. A value that is needed and cannot be read makes its step *lost*:
//! it runs again too, and needs its own inputs, and so on until nothing more is lost. Nothing else runs again, however
//! little of it is left.
//!
//! What others make may be another by now: what runs looks at it anew, where a step looked before, and that one is lost too.
//!
//! What has failed or was skipped stays so, and gives nothing any more. A value that only it could make anew is *gone*,
//! and so is one whose step would need one that is gone: who needs it is skipped, as if the step had failed before.

mod anew;
mod ask;
mod come;
mod looks;
mod need;
mod shape;
mod torn;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

pub(crate) use self::anew::{Takers, forget_dependents};
use self::shape::Shape;
pub(crate) use self::torn::forget_torn;
use self::walk::Walk;
use super::{Plan, Program};
use crate::define::OpDef;
use crate::event::{LostCause, Recorded, RecordedValue, SkipCause};
use crate::ids::{MappingKey, StepPath};

/// What taking up a run again begins with.
#[derive(Debug, Default)]
pub(crate) struct Resumption {
    /// The steps with an attempt that was cut off, in the order of the log; also those that the program no longer has.
    pub(crate) interrupted: Vec<StepPath>,
    /// The steps that have succeeded and run again, in the order of the plan, and within a step by position of emission.
    pub(crate) lost: Vec<(StepPath, LostCause)>,
    /// Recorded values that are needed, cannot be read and will not be made anew, in the order in which they were asked for.
    #[cfg_attr(not(test), expect(dead_code, reason = "what is gone says so when someone looks at it"))]
    pub(crate) gone: Vec<Gone>,
    /// Their numbers in the record.
    numbers: HashSet<u32>,
}

/// A value that nobody can have any more.
#[derive(Debug, PartialEq)]
pub(crate) struct Gone {
    /// The step that gave it.
    pub(crate) path: StepPath,
    /// The number of its output.
    pub(crate) output: usize,
    /// Of a dynamic output the item.
    pub(crate) key: Option<MappingKey>,
    /// Why it cannot be made anew; who needs it is skipped for this.
    pub(crate) cause: SkipCause,
}

/// What becomes of a step that a log tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Its end is taken from the record; its code is not called.
    Stays,
    /// An attempt was under way; another follows.
    Interrupted,
    /// It has succeeded and runs again.
    Lost,
    /// It goes on as it stands: it has not begun, or waits for its next attempt.
    Waits,
}

/// A recorded value that something which runs needs.
pub(crate) struct Asked<'a> {
    /// The step that gave it.
    pub(crate) path: &'a StepPath,
    /// Its op in the present program.
    pub(crate) op: &'a Arc<OpDef>,
    /// The number of its output.
    pub(crate) output: usize,
    /// Of a dynamic output the item.
    pub(crate) key: Option<&'a MappingKey>,
    /// Where it was left.
    pub(crate) value: &'a RecordedValue,
}

/// Whether a value can be read, or why not.
pub(crate) type Readable<'a> = &'a dyn Fn(&Asked<'_>) -> Result<(), LostCause>;

impl Resumption {
    /// Of the run of a program that was begun with the plan `pinned` and has come as far as `recorded`.
    ///
    /// `readable` is asked once for each value that is needed and for no other, so it may as well load them. It is not
    /// asked for what the outputs of a changed step have left. Of a run that is over, or is being canceled, nothing is needed.
    pub(crate) fn of(
        program: &Program,
        pinned: &Plan,
        recorded: &Recorded,
        (readable, takers): (Readable<'_>, Takers<'_>),
    ) -> Self {
        if recorded.end().is_some() {
            return Self::default();
        }
        let interrupted = recorded.under_way().into_iter().cloned().collect();
        if recorded.is_canceling() {
            // Nothing starts any more, and so nothing is needed.
            return Self { interrupted, ..Self::default() };
        }
        let shape = Shape::of(&program.plan);
        let mut walk = Walk::new(program, pinned, recorded, &shape, (readable, takers));
        // What cannot run is found only when it is known what is lost, and needs nothing then. Mostly nothing is found.
        walk.spread();
        while walk.sweep() || walk.begin_mixed_anew() {
            walk.spread();
        }
        let mut resumption = Self { interrupted, gone: walk.gone(), ..Self::default() };
        for at in walk.all() {
            if let Some(cause) = walk.lost(at) {
                resumption.lost.push((walk.path(at), cause));
                resumption.numbers.extend(walk.at(at).record);
            }
        }
        resumption
    }

    /// What becomes of a step.
    pub(crate) fn mark(&self, recorded: &Recorded, path: &StepPath) -> Mark {
        let Some(number) = recorded.number(path) else { return Mark::Waits };
        match recorded.at(number) {
            _ if self.numbers.contains(&number) => Mark::Lost,
            step if step.end().is_some() => Mark::Stays,
            step if step.is_under_way() => Mark::Interrupted,
            _ => Mark::Waits,
        }
    }
}
