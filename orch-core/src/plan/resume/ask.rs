use std::sync::Arc;

use super::walk::{At, State, Walk};
use super::{Asked, Gone};
use crate::define::OutputKind;
use crate::event::{LostCause, RecordedEnd, RecordedItem, RecordedStep, SkipCause};
use crate::ids::MappingKey;

/// Whether a value can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    NotAsked,
    /// There is none, and none is missing: the output was left out, or the step did not come to it.
    None,
    Readable,
    Unreadable,
}

pub(super) struct Unreadable {
    at: At,
    output: usize,
    key: Option<MappingKey>,
}

/// Which values can be read, and what of those that cannot.
impl<'a> Walk<'a> {
    /// What was answered for a plain output.
    pub(super) fn answer(&self, at: At, output: usize) -> Answer {
        self.answers[at.step][at.frame * self.program.ops[at.step].outputs().len() + output]
    }

    /// Whether there is a record of a plain output.
    pub(super) fn has_left(&self, at: At, output: usize) -> bool {
        let name = &self.program.ops[at.step].outputs()[output].name;
        self.record(at).is_some_and(|record| record.plain(name).is_some())
    }

    /// What was answered for an item.
    pub(super) fn answer_for_item(&self, map: usize, frame: usize) -> Answer {
        self.frames[map + 1][frame].answer
    }

    /// Asks whether a plain output can be read, if that was not asked before.
    pub(super) fn ask(&mut self, at: At, output: usize) -> Answer {
        let known = self.answer(at, output);
        if known != Answer::NotAsked {
            return known;
        }
        let op = Arc::clone(&self.program.ops[at.step]);
        let declared = &op.outputs()[output];
        let value = self.record(at).and_then(|record| record.plain(&declared.name));
        let path = self.path(at);
        let answer = match value {
            _ if self.changed[at.step] && self.state(at) == State::Succeeded => Err(LostCause::Changed),
            Some(value) => (self.readable)(&Asked { path: &path, op: &op, output, key: None, value })
                .map(|()| Answer::Readable),
            // What has succeeded without it was another op.
            None if self.state(at) == State::Succeeded && declared.kind == OutputKind::Single => {
                Err(LostCause::Changed)
            }
            None => Ok(Answer::None),
        };
        let answer = self.answered(at, output, None, answer);
        let place = at.frame * op.outputs().len() + output;
        self.answers[at.step][place] = answer;
        answer
    }

    /// Asks whether the item of a frame can be read, if that was not asked before.
    pub(super) fn ask_for_item(&mut self, map: usize, frame: usize) -> Answer {
        let known = self.answer_for_item(map, frame);
        if known != Answer::NotAsked {
            return known;
        }
        let (at, output) = (self.source(map, frame), self.program.plan.maps[map].output);
        let Some(item) = self.item(map, frame) else { return Answer::None };
        let (path, op) = (self.path(at), &self.program.ops[at.step]);
        let answer = if self.changed[at.step] {
            Err(LostCause::Changed)
        } else {
            let asked = Asked { path: &path, op, output, key: Some(item.key()), value: item.value() };
            (self.readable)(&asked).map(|()| Answer::Readable)
        };
        let answer = self.answered(at, output, Some(item.key()), answer);
        self.frames[map + 1][frame].answer = answer;
        answer
    }

    fn item(&self, map: usize, frame: usize) -> Option<&'a RecordedItem> {
        let at = self.source(map, frame);
        let stream = self.stream(at, self.program.plan.maps[map].output)?;
        stream.items().get(self.frames[map + 1][frame].position)
    }

    fn answered(
        &mut self,
        at: At,
        output: usize,
        key: Option<&MappingKey>,
        answer: Result<Answer, LostCause>,
    ) -> Answer {
        answer.unwrap_or_else(|cause| {
            self.unreadable.push(Unreadable { at, output, key: key.cloned() });
            self.lost_for(at, cause);
            Answer::Unreadable
        })
    }

    /// Says why a step is to run again, if it has to; the first that is said holds.
    pub(super) fn lost_for(&mut self, at: At, cause: LostCause) {
        let number = self.causes.len() as u32;
        if self.at(at).cause.is_none() {
            self.causes.push(cause);
            self.at_mut(at).cause = Some(number);
        }
    }

    /// Why a step runs again; none of one that is not lost.
    pub(super) fn lost(&self, at: At) -> Option<LostCause> {
        let cause = self.at(at).cause.filter(|_| self.state(at) == State::Lost)?;
        self.causes.get(cause as usize).cloned()
    }

    /// The values that cannot be read and whose steps do not run again.
    pub(super) fn gone(&self) -> Vec<Gone> {
        let gone = self.unreadable.iter().filter(|value| self.is_final(value.at));
        let gone = gone.map(|Unreadable { at, output, key }| Gone {
            path: self.path(*at),
            output: *output,
            key: key.clone(),
            cause: self.why(*at),
        });
        gone.collect()
    }

    /// Why nothing comes of a step.
    fn why(&self, at: At) -> SkipCause {
        let root = self.at(at).blocked.map_or(at, |blocked| blocked.root);
        match self.record(root).and_then(RecordedStep::end) {
            Some(RecordedEnd::Skipped(cause)) => SkipCause::clone(cause),
            Some(RecordedEnd::Failed(_)) => SkipCause::Failed(self.path(root)),
            _ => SkipCause::Absent(self.path(root)),
        }
    }

    /// Whether a step was skipped because something was left out, and not because something failed.
    pub(super) fn lacks_nothing(&self, at: At) -> bool {
        let end = self.record(at).and_then(RecordedStep::end);
        matches!(end, Some(RecordedEnd::Skipped(cause)) if matches!(**cause, SkipCause::Absent(_)))
    }
}
