use std::sync::Arc;

use super::frame::{Content, Element, Frame, FrameId, Gathering, Missing, Phase, StreamPhase};
use super::layout::{CollectLayout, Fetch, Outer, Producer};
use super::memo::version_of_items;
use super::ready::Ready;
use super::state::ROOT;
use super::{Kept, State, Token, Turn};
use crate::define::StepOutcome;
use crate::event::{EventKind, SkipCause};
use crate::failure::Failure;
use crate::ids::Branch;
use crate::value::{Assemble, Item, Value};

/// What follows from something that has happened. Queued instead of called, so that a skip that runs down a chain of
/// ten thousand steps does not run down the stack.
pub(super) enum Settle {
    /// A local step has all it waited for.
    Ready(FrameId, u32),
    /// All items of a local stream that has ended are done.
    Finished(FrameId, usize),
    /// All steps and streams of a frame are done.
    Over(FrameId),
}

impl State {
    pub(super) fn settle(&mut self, turn: &mut Turn) {
        while let Some(next) = self.settling.pop_front() {
            match next {
                Settle::Ready(frame, local) => self.make_ready(frame, local, turn),
                Settle::Finished(frame, stream) => self.stream_finished(frame, stream),
                // A canceled run ends as such, even if its last steps still succeeded.
                Settle::Over(ROOT) if self.canceling => {}
                // The program may end with the run, and would cut off what is being stored.
                Settle::Over(ROOT) if !self.late.is_empty() => {}
                Settle::Over(ROOT) => self.finished(turn),
                Settle::Over(frame) => self.frame_over(frame),
            }
        }
    }

    /// Opens a frame: for the job, or for an item of a map.
    pub(super) fn open_frame(
        &mut self,
        scope: usize,
        parent: FrameId,
        branch: Option<Branch>,
        item: Option<Value>,
    ) {
        let id = self.free.pop().unwrap_or_else(|| {
            self.frames.push(Frame::vacant());
            (self.frames.len() - 1) as FrameId
        });
        self.frames[id as usize].open(&self.layout, scope, parent, branch);
        self.recall(id);
        self.find_given(id);
        if let Some(item) = item {
            self.resolve(id, 0, Content::Value(item));
        }
        self.wait_for_earlier(id);
        for local in 0..self.layout.scopes[scope].steps.len() as u32 {
            if self.frames[id as usize].steps[local as usize].is_given {
                self.settling.push_back(Settle::Ready(id, local));
                continue;
            }
            let step = self.layout.scopes[scope].steps[local as usize] as usize;
            for &Outer { up, producer } in self.layout.outer(step).iter().filter(|outer| outer.up > 0) {
                let outer = ancestor(&self.frames, id, up);
                let outer = &mut self.frames[outer as usize];
                if !outer.is_produced(producer) {
                    outer.waiters.entry(producer).or_default().push((id, local));
                    self.frames[id as usize].steps[local as usize].waits += 1;
                }
            }
            if self.frames[id as usize].steps[local as usize].waits == 0 {
                self.settling.push_back(Settle::Ready(id, local));
            }
        }
        if self.frames[id as usize].open == 0 {
            self.settling.push_back(Settle::Over(id));
        }
    }

    /// A step has all it waited for: it is ready, or skipped if something it needs will not come.
    fn make_ready(&mut self, frame: FrameId, local: u32, turn: &mut Turn) {
        let step = self.layout.scopes[self.frames[frame as usize].scope].steps[local as usize] as usize;
        if self.canceling {
            // Whatever its inputs have come to, by themselves or because their code was stopped: it would not start.
            return self.skip_canceled(frame, step, turn);
        }
        if !self.is_given(frame, step)
            && let Some(missing) = self.missing_for(frame, step).or_else(|| self.was_kept_from(frame, step))
        {
            let cause = match &*missing {
                Missing::Absent(path) => match self.program.lacks(path) {
                    Some(why) => SkipCause::Lacking(why.clone()),
                    None => SkipCause::Absent(path.clone()),
                },
                Missing::Failed(path, _) => SkipCause::Failed(path.clone()),
            };
            if self.settings.keep && matches!(cause, SkipCause::Absent(_)) {
                turn.kept.push(Kept::Skipped { path: self.path(frame, step), step });
            }
            return self.skip(frame, step, missing, cause, turn);
        }
        if self.memoize(frame, step, turn) {
            return;
        }
        if let Some(left) = self.still_waits(frame, local) {
            return self.back_off(frame, local, left, turn);
        }
        let now = self.now;
        let entry = &mut self.frames[frame as usize];
        let run = &mut entry.steps[local as usize];
        (run.phase, run.ready_at) = (Phase::Ready, now);
        let (rank, class) = (self.layout.steps[step].rank, self.layout.steps[step].class);
        let branch = entry.branch.clone();
        self.ready.push(class, Ready { rank, branch, step: step as u32, frame, stream: None });
    }

    /// A step does not run, or has begun and found that what it is to read was not made.
    pub(super) fn skip(
        &mut self,
        frame: FrameId,
        step: usize,
        missing: Box<Missing>,
        cause: SkipCause,
        turn: &mut Turn,
    ) {
        if let Missing::Failed(failed, error) = &*missing {
            self.tell_unmade(frame, step, (failed, error), turn);
        }
        self.emit(frame, step, EventKind::StepSkipped { cause }, turn);
        self.call_hooks_of_skip(frame, step, &missing, turn);
        self.finish(frame, step, Some(missing), turn);
    }

    /// The first thing that a step needs and that will not come; a failure before an absence.
    pub(super) fn missing_for(&self, frame: FrameId, step: usize) -> Option<Box<Missing>> {
        let inputs = self.layout.fetches(step).iter().filter_map(|fetch| self.missing(frame, fetch));
        let after = self.layout.outer(step).iter().filter_map(|&Outer { up, producer }| match producer {
            Producer::End(local) => {
                let outer = &self.frames[ancestor(&self.frames, frame, up) as usize];
                outer.steps[local as usize].missing.as_deref()
            }
            Producer::Outputs(_) | Producer::Collect(_) => None,
        });
        let local = self.layout.steps[step].local;
        let earlier = self.frames[frame as usize].lacking.iter();
        let earlier = earlier.filter(|(waiting, _)| *waiting == local).map(|(_, missing)| &**missing);
        let mut absent = None;
        for missing in inputs.chain(after).chain(earlier) {
            match missing {
                Missing::Failed(..) => return Some(Box::new(missing.clone())),
                Missing::Absent(_) => absent = absent.or(Some(missing)),
            }
        }
        absent.cloned().map(Box::new)
    }

    /// Why an input will not come. Of a fan-in, skipped elements are left out; if all were, so is the input. A failed
    /// element goes before a skipped one, whichever comes first.
    pub(super) fn missing(&self, frame: FrameId, fetch: &Fetch) -> Option<&Missing> {
        match fetch {
            Fetch::Literal(_) => None,
            Fetch::Cell { up, cell } => match self.content(frame, *up, *cell) {
                Content::Missing(missing) => Some(missing),
                _ => None,
            },
            Fetch::List { elements, .. } => {
                let mut missing = elements.iter().filter_map(|element| self.missing(frame, element));
                let failed = missing.clone().find(|missing| matches!(**missing, Missing::Failed(..)));
                let all = missing.clone().count() == elements.len();
                failed.or_else(|| missing.next().filter(|_| all))
            }
        }
    }

    /// A step is done: with success, or with the reason why its outputs will not come.
    pub(super) fn finish(
        &mut self,
        frame: FrameId,
        step: usize,
        missing: Option<Box<Missing>>,
        turn: &mut Turn,
    ) {
        if missing.is_none() {
            if self.settings.keep {
                turn.kept.push(Kept::Succeeded { path: self.path(frame, step), step });
            }
            self.emit(frame, step, EventKind::StepSuccess, turn);
            self.call_hooks(frame, step, StepOutcome::Success, None, turn);
        }
        self.done(frame, step, missing);
    }

    /// Nothing comes of a step any more: its inputs are let go of, and who waits for it goes on.
    pub(super) fn done(&mut self, frame: FrameId, step: usize, missing: Option<Box<Missing>>) {
        let local = self.layout.steps[step].local;
        let run = self.run(frame, local);
        run.phase = Phase::Done;
        run.missing.clone_from(&missing);
        if std::mem::take(&mut run.holds_inputs) {
            for index in 0..self.layout.fetches(step).len() {
                let fetch = &self.layout.fetches(step)[index];
                release_fetch(&mut self.frames[frame as usize], fetch, &mut self.let_go.values);
            }
        }
        if let Some(missing) = missing {
            for (output, cell) in self.layout.cells(step).enumerate() {
                match self.layout.stream(step, output) {
                    Some(stream) => self.end_stream(frame, stream),
                    None if matches!(self.content(frame, 0, cell as u32), Content::Pending) => {
                        self.resolve(frame, cell, Content::Missing(missing.clone()));
                    }
                    None => {}
                }
            }
        }
        self.outputs_known(frame, local);
        self.produced_now(frame, Producer::End(local));
        self.tell_later(frame, local);
        self.close(frame);
    }

    /// The plain outputs of a step are known, for the first time or again.
    pub(super) fn outputs_known(&mut self, frame: FrameId, local: u32) {
        if !std::mem::replace(&mut self.run(frame, local).has_outputs, true) {
            self.produced_now(frame, Producer::Outputs(local));
        }
    }

    /// Tells everyone who waits for `producer` that it is there.
    fn produced_now(&mut self, frame: FrameId, producer: Producer) {
        let entry = &mut self.frames[frame as usize];
        for &dependent in self.layout.waiting_for(entry.scope, producer) {
            let run = &mut entry.steps[dependent as usize];
            if run.is_given {
                continue;
            }
            run.waits -= 1;
            if run.waits == 0 {
                self.settling.push_back(Settle::Ready(frame, dependent));
            }
        }
        if entry.waiters.is_empty() {
            return;
        }
        for (inner, local) in entry.waiters.remove(&producer).unwrap_or_default() {
            let run = self.run(inner, local);
            run.waits -= 1;
            if run.waits == 0 {
                self.settling.push_back(Settle::Ready(inner, local));
            }
        }
    }

    /// A piece of an attempt's work failed, and with it the attempt.
    pub(super) fn broke(&mut self, token: Token, step: usize, failure: &Failure, turn: &mut Turn) {
        self.release_slot(step);
        match token.stream {
            Some(stream) => {
                self.frames[token.frame as usize].streams[stream as usize].phase = StreamPhase::Unopened;
            }
            None => self.run(token.frame, token.step).ticket = 0,
        }
        if self.has_told_streams(token.frame, step) {
            let failure = || Box::new(Failure::retold(&failure.info(), failure.retry_wish()));
            self.run(token.frame, token.step).broken.get_or_insert_with(failure);
            return;
        }
        match self.run(token.frame, token.step).broken.take() {
            Some(first) => self.attempt_failed(token.frame, step, &first, turn),
            None => self.attempt_failed(token.frame, step, failure, turn),
        }
    }

    /// Puts a value, or that there is none, into its cell, and into the collects it is an element of.
    pub(super) fn resolve(&mut self, frame: FrameId, cell: usize, content: Content) {
        let entry = &mut self.frames[frame as usize];
        let scope = entry.scope;
        entry.cells[cell].content = content;
        if entry.cells[cell].uses == 0 {
            entry.cells[cell].content.release(&mut self.let_go.values);
            return;
        }
        for collect in self.layout.feeds(scope, cell) {
            feed(&mut self.frames, &self.layout.collects[collect], frame, cell);
            self.frames[frame as usize].release(cell, &mut self.let_go.values);
        }
    }

    /// All items of a stream are done: its collects are complete, and what its map used from outside is released.
    fn stream_finished(&mut self, frame: FrameId, stream: usize) {
        let entry = &mut self.frames[frame as usize];
        if entry.streams[stream].phase != StreamPhase::Ended {
            return;
        }
        entry.streams[stream].phase = StreamPhase::Finished;
        let orphans = std::mem::take(&mut entry.streams[stream].orphans);
        let map = self.layout.scopes[entry.scope].maps[stream];
        let source = self.layout.steps[self.layout.maps[map].step].local;
        // What the end of a stream has told stays true if another stream of the same source fails after it.
        let missing =
            entry.steps[source as usize].missing.clone().filter(|_| !entry.streams[stream].complete);
        for index in 0..self.layout.maps[map].collects.len() {
            let collect = self.layout.maps[map].collects[index];
            let (local, cell) = (self.layout.collects[collect].local, self.layout.collects[collect].cell);
            let gathering = std::mem::take(&mut self.frames[frame as usize].collects[local]);
            let content = match &missing {
                Some(missing) => {
                    gathering.let_go(&mut self.let_go.values);
                    Content::Missing(missing.clone())
                }
                None => {
                    let collected = (&self.layout.collects[collect], self.program.collects[collect]);
                    gathering.whole(&orphans, collected, &mut self.let_go.values)
                }
            };
            self.frames[frame as usize].collects[local].done = true;
            self.resolve(frame, cell, content);
            self.produced_now(frame, Producer::Collect(local as u32));
        }
        for index in 0..self.layout.maps[map].holds.len() {
            let cell = self.layout.maps[map].holds[index];
            self.frames[frame as usize].release(cell, &mut self.let_go.values);
        }
        self.close(frame);
    }

    /// One step or stream less; a frame without any is over.
    fn close(&mut self, frame: FrameId) {
        let entry = &mut self.frames[frame as usize];
        entry.open -= 1;
        if entry.open == 0 {
            self.settling.push_back(Settle::Over(frame));
        }
    }

    /// An item is done: there is room for another, or the stream is finished.
    fn frame_over(&mut self, frame: FrameId) {
        let entry = &mut self.frames[frame as usize];
        let (parent, map) = (entry.parent, entry.scope - 1);
        entry.vacate();
        self.free.push(frame);
        let stream = self.layout.maps[map].local;
        let entry = &mut self.frames[parent as usize].streams[stream];
        entry.alive -= 1;
        if entry.alive == 0 && entry.phase == StreamPhase::Ended {
            self.settling.push_back(Settle::Finished(parent, stream));
        } else {
            self.queue_pull(parent, stream);
        }
    }
}

impl Frame {
    /// One user less of a cell; the last one's release lets go of the value.
    pub(super) fn release(&mut self, cell: usize, let_go: &mut Vec<Value>) {
        let cell = &mut self.cells[cell];
        cell.uses -= 1;
        if cell.uses == 0 {
            cell.content.release(let_go);
        }
    }
}

fn release_fetch(frame: &mut Frame, fetch: &Fetch, let_go: &mut Vec<Value>) {
    match fetch {
        Fetch::Cell { up: 0, cell } => frame.release(*cell as usize, let_go),
        Fetch::Cell { .. } | Fetch::Literal(_) => {}
        Fetch::List { elements, .. } => {
            elements.iter().for_each(|element| release_fetch(frame, element, let_go));
        }
    }
}

/// Adds an element of a frame to a collect of the frame around it.
fn feed(frames: &mut [Frame], layout: &CollectLayout, frame: FrameId, cell: usize) {
    let entry = &frames[frame as usize];
    let Some(branch) = &entry.branch else { return };
    let (index, key) = (branch.index() as usize, branch.key().clone());
    let (content, parent) = (entry.cells[cell].content.clone(), entry.parent);
    let gathering = &mut frames[parent as usize].collects[layout.local];
    if gathering.elements.len() <= index {
        gathering.elements.resize_with(index + 1, || None);
    }
    gathering.elements[index] = match content {
        Content::Value(value) => Some(Element::Item(Item { key, outcome: Ok(value) })),
        Content::Missing(missing) => match *missing {
            Missing::Absent(path) => Some(Element::Skipped(path)),
            Missing::Failed(path, error) if layout.results => {
                let outcome = Err(Missing::step_failure(&path, &error));
                Some(Element::Item(Item { key, outcome }))
            }
            Missing::Failed(path, error) => Some(Element::Failed(path, error)),
        },
        Content::Pending | Content::Released => None,
    };
}

/// The frame so many levels around `frame`.
pub(super) fn ancestor(frames: &[Frame], frame: FrameId, up: u32) -> FrameId {
    (0..up).fold(frame, |frame, _| frames[frame as usize].parent)
}

impl Gathering {
    /// What the collecting steps get: the elements, or why there are none to give.
    fn whole(
        mut self,
        orphans: &[u64],
        (layout, assemble): (&CollectLayout, Assemble),
        let_go: &mut Vec<Value>,
    ) -> Content {
        for &orphan in orphans {
            let element = self.elements.get_mut(orphan as usize).and_then(Option::take);
            let_go.extend(element.and_then(Element::value));
        }
        let failed = self.elements.iter().flatten().find_map(|element| match element {
            Element::Failed(path, error) => Some(Missing::Failed(path.clone(), Arc::clone(error))),
            Element::Item(_) | Element::Skipped(_) => None,
        });
        if let Some(failed) = failed {
            self.let_go(let_go);
            return Content::Missing(Box::new(failed));
        }
        let mut items = Vec::with_capacity(self.elements.len());
        let mut skipped = None;
        for element in self.elements.into_iter().flatten() {
            match element {
                Element::Item(item) => items.push(item),
                Element::Skipped(path) => skipped = skipped.or(Some(path)),
                Element::Failed(..) => {}
            }
        }
        match skipped {
            Some(path) if items.is_empty() => Content::Missing(Box::new(Missing::Absent(path))),
            _ => {
                let version = layout.versioned.then(|| version_of_items(&items)).flatten();
                let value = Value::gathered(items, assemble);
                Content::Value(version.into_iter().fold(value, Value::versioned))
            }
        }
    }

    /// The collecting steps will not run.
    fn let_go(self, let_go: &mut Vec<Value>) {
        let_go.extend(self.elements.into_iter().flatten().filter_map(Element::value));
    }
}
