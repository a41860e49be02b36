use super::frame::FrameId;
use super::{State, Token, Turn, Written};
use crate::define::{ItemStream, Products};
use crate::event::EventKind;
use crate::failure::Failure;

/// Steps that do not run, since it is known what they have given. Nobody is told of them, nothing of them is stored again,
/// and no worker sees them: they have their say as soon as they have a slot.
impl State {
    /// Takes in what such a step has given, as if its code had just returned it.
    pub(super) fn hand_on(&mut self, token: Token, given: Result<Products, Failure>, turn: &mut Turn) {
        let run = self.run(token.frame, token.step);
        run.begin(token.ticket);
        run.is_given = true;
        self.returned(token, given, Written::default(), turn);
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

    /// Whether the present attempt at a step is none, but what was known of it.
    pub(super) fn is_given(&self, frame: FrameId, step: usize) -> bool {
        self.frames[frame as usize].steps[self.layout.steps[step].local as usize].is_given
    }

    /// Whether nobody is to be told of this, as the code of its step does not run.
    pub(super) fn is_silent(&self, frame: FrameId, step: usize, kind: &EventKind) -> bool {
        // That what is given cannot be had is a failure of the run.
        if self.is_given(frame, step) && !matches!(kind, EventKind::StepFailure { .. }) {
            return true;
        }
        self.has_given && !self.program.tells(&self.path(frame, step), kind)
    }
}
