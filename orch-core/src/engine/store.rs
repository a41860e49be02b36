use super::frame::{FrameId, Phase, StreamPhase};
use super::settle::Settle;
use super::state::ROOT;
use super::{Produced, State, Stored, Task, Token, Turn, Work, Written};
use crate::define::{Product, Products};
use crate::event::{Encoded, EventKind};
use crate::failure::Failure;
use crate::ids::{MappingKey, StepPath};
use crate::io::STAMP;

/// What is being stored of an attempt that has failed. It keeps its slot, and the run does not end before it.
pub(super) struct LateStore {
    /// The plan's step.
    step: usize,
    pub(super) path: StepPath,
    /// The step whose next attempt must not begin before, lest it have the item stored at the same time.
    waits: Option<(FrameId, u32)>,
}

/// Outputs on their way through an IO manager. What an attempt has produced is stored after the state has found it to be
/// new, and before it is told: so nothing overwrites what was told, be it an item whose key comes twice, the output of
/// another attempt, or that of one whose time was over.
impl State {
    /// Whether these outputs of a step go to an IO manager. After a retry of a source those of its first opening stand,
    /// and what is stored of them stays.
    pub(super) fn is_to_store(
        &self,
        frame: FrameId,
        step: usize,
        products: &Products,
        written: &Written,
    ) -> bool {
        let layout = &self.layout.steps[step];
        let run = &self.frames[frame as usize].steps[layout.local as usize];
        (layout.stores || written.has_files())
            && !(run.has_outputs || run.is_given)
            && products.iter().any(|product| matches!(product, Product::Value(_)))
    }

    /// Whether an item goes to one.
    pub(super) fn is_item_to_store(&self, frame: FrameId, step: usize, written: &Written) -> bool {
        (self.layout.steps[step].stores || written.has_files()) && !self.is_given(frame, step)
    }

    /// Has it stored. The work keeps its slot, and has no deadline any more: what is written cannot be taken back.
    pub(super) fn store(&mut self, token: Token, step: usize, produced: Produced, turn: &mut Turn) {
        self.tickets += 1;
        let token = Token { ticket: self.tickets, ..token };
        match token.stream {
            Some(stream) => {
                let stream = &mut self.frames[token.frame as usize].streams[stream as usize];
                (stream.phase, stream.ticket) = (StreamPhase::Storing, token.ticket);
            }
            None => self.run(token.frame, token.step).ticket = token.ticket,
        }
        let path = self.path(token.frame, step);
        let attempt = self.run(token.frame, token.step).attempt;
        turn.work.push_back(Work { token, step, path, attempt, task: Task::Store(produced) });
    }

    pub(super) fn stored(
        &mut self,
        token: Token,
        produced: Produced,
        result: Result<Vec<Stored>, Failure>,
        turn: &mut Turn,
    ) {
        let Some(step) = self.work_of(token) else {
            self.let_go.produced(produced);
            return self.stored_late(token);
        };
        let stored = match result {
            Ok(mut stored) => {
                // Here, before events and hooks have it.
                for Stored { metadata, .. } in &mut stored {
                    let stamp = metadata.get(STAMP).cloned();
                    self.settings.scrubber.metadata(metadata);
                    // With a secret taken out of it nothing would be known again.
                    if metadata.get(STAMP) != stamp.as_ref() {
                        metadata.remove(STAMP);
                    }
                }
                stored
            }
            Err(failure) => {
                self.let_go.produced(produced);
                return self.broke(token, step, &failure, turn);
            }
        };
        match produced {
            Produced::Outputs { products, written } => {
                self.end_attempt(token, step);
                self.produced(token.frame, step, products, (written, stored), turn);
            }
            Produced::Item { output, key, value, mut written, .. } => {
                let kept = (written.take(output), stored.into_iter().next());
                self.new_item(token, step, (key, value), kept, turn);
            }
        }
    }

    /// An output has a value, and an IO manager may have stored it.
    pub(super) fn emit_output(
        &self,
        frame: FrameId,
        step: usize,
        (output, key): (usize, Option<MappingKey>),
        (written, stored): (Option<Encoded>, Option<Stored>),
        turn: &mut Turn,
    ) {
        let name = self.output_name(step, output);
        turn.values.extend(written.map(|written| (turn.events.len(), written)));
        self.emit(frame, step, EventKind::StepOutput { output: name, key }, turn);
        if let Some(Stored { io, metadata, .. }) = stored {
            let name = self.output_name(step, output);
            self.emit(frame, step, EventKind::HandledOutput { output: name, io, metadata }, turn);
        }
    }

    /// The attempt failed while an item of one of its streams is being stored.
    pub(super) fn store_on(&mut self, frame: FrameId, step: usize, ticket: u64) {
        let path = self.path(frame, step);
        let waits = Some((frame, self.layout.steps[step].local));
        self.late.insert(ticket, LateStore { step, path, waits });
    }

    /// No further attempt waits for what this step still has stored.
    pub(super) fn store_for_nobody(&mut self, frame: FrameId, local: u32) {
        self.late
            .values_mut()
            .filter(|late| late.waits == Some((frame, local)))
            .for_each(|late| late.waits = None);
    }

    fn stored_late(&mut self, token: Token) {
        let Some(LateStore { step, waits, .. }) = self.late.remove(&token.ticket()) else { return };
        self.release_slot(step);
        if let Some((frame, local)) = waits
            && self.run(frame, local).phase == Phase::Due
            && !self.is_stored_late(frame, local)
        {
            self.settling.push_back(Settle::Ready(frame, local));
        }
        if self.frames[ROOT as usize].open == 0 {
            self.settling.push_back(Settle::Over(ROOT));
        }
    }

    pub(super) fn is_stored_late(&self, frame: FrameId, local: u32) -> bool {
        self.late.values().any(|late| late.waits == Some((frame, local)))
    }
}
