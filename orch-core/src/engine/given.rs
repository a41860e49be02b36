use std::sync::Arc;

use super::frame::{FrameId, Missing};
use super::{State, Token, Turn, Written};
use crate::define::ItemStream;
use crate::event::{EventKind, SkipCause};
use crate::failure::Failure;
use crate::plan::Handed;

/// Steps that do not run, since it is known what has become of them. They wait for nothing, nobody is told of them, nothing
/// of them is stored again, and no worker sees them: they have their say as soon as they have a slot.
impl State {
    /// A frame has been opened: which of its steps do not run.
    pub(super) fn find_given(&mut self, frame: FrameId) {
        if !self.has_given {
            return;
        }
        for local in 0..self.frames[frame as usize].steps.len() {
            let step = self.layout.scopes[self.frames[frame as usize].scope].steps[local] as usize;
            let is_given = self.program.is_given(&self.path(frame, step));
            self.frames[frame as usize].steps[local].is_given = is_given;
        }
    }

    /// Takes in what has become of such a step, as if its code had just returned it.
    pub(super) fn hand_on(&mut self, token: Token, step: usize, turn: &mut Turn) {
        self.run(token.frame, token.step).begin(token.ticket);
        match self.program.given(&self.path(token.frame, step)) {
            Some(Handed::Succeeded(products)) => {
                self.returned(token, Ok(products), Written::default(), turn);
            }
            Some(Handed::Failed(Some(products))) => {
                self.recall_ends(token.frame, step);
                self.returned(token, Ok(products), Written::default(), turn);
            }
            Some(Handed::Failed(None)) => {
                self.end_attempt(token, step);
                self.fail_again(token.frame, step, turn);
            }
            None => {
                let failure = Failure::contract("what is given is not there");
                self.returned(token, Err(failure), Written::default(), turn);
            }
        }
    }

    /// Takes in the next item that such a step has given.
    pub(super) fn hand_on_item(&mut self, token: Token, step: usize, mut items: ItemStream, turn: &mut Turn) {
        match items.next_given() {
            Some(Ok((key, value))) => self.item(token, (key, value, Written::default()), items, turn),
            Some(Err(failure)) => {
                self.let_go.streams.push(items);
                self.broke(token, step, &failure, turn);
            }
            None => {
                self.let_go.streams.push(items);
                self.stream_ended(token, turn);
            }
        }
    }

    /// What the end of a stream had told before its source failed stays true.
    fn recall_ends(&mut self, frame: FrameId, step: usize) {
        let program = Arc::clone(&self.program);
        let Some(failed) = program.given_failure(&self.path(frame, step)) else { return };
        for (output, &ended) in failed.ended.iter().enumerate() {
            if let Some(stream) = self.layout.stream(step, output) {
                self.frames[frame as usize].streams[stream].end_told = ended;
            }
        }
    }

    /// What kept a step from running before the run was interrupted, though it had all that it takes by its inputs.
    pub(super) fn was_kept_from(&self, frame: FrameId, step: usize) -> Option<Box<Missing>> {
        if !self.has_given {
            return None;
        }
        let Some(SkipCause::Failed(by)) = self.program.was_skipped(&self.path(frame, step)) else {
            return None;
        };
        let failed = self.program.given_failure(by)?;
        Some(Box::new(Missing::Failed(by.clone(), Arc::clone(&failed.error))))
    }

    /// It has failed before, after so many attempts.
    pub(super) fn fail_again(&mut self, frame: FrameId, step: usize, turn: &mut Turn) {
        let program = Arc::clone(&self.program);
        let Some(failed) = program.given_failure(&self.path(frame, step)) else { return };
        self.run(frame, self.layout.steps[step].local).attempt = failed.attempts;
        self.fail(frame, step, Arc::clone(&failed.error), turn);
    }

    /// Whether a step does not run.
    pub(super) fn is_given(&self, frame: FrameId, step: usize) -> bool {
        self.frames[frame as usize].steps[self.layout.steps[step].local as usize].is_given
    }

    /// Whether nobody is to be told of this, as it was told before the run was interrupted, or in an earlier run.
    pub(super) fn is_silent(&self, frame: FrameId, step: usize, kind: &EventKind) -> bool {
        match (self.is_given(frame, step), kind) {
            // That what is given cannot be had is a failure of this run.
            (true, EventKind::StepFailure { .. }) => {
                self.program.given_failure(&self.path(frame, step)).is_some()
            }
            (is_given, EventKind::StepSkipped { .. } | EventKind::AssetFailedToMaterialize { .. }) => {
                is_given || self.has_given && self.program.was_skipped(&self.path(frame, step)).is_some()
            }
            (is_given, _) => is_given,
        }
    }
}
