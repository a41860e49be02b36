use super::frame::{Content, Element, Frame, FrameId, Gathering, Missing, Phase, StreamPhase};
use super::layout::{Fetch, Producer};
use super::ready::Ready;
use super::state::ROOT;
use super::{State, Turn};
use crate::event::{EventKind, SkipCause};
use crate::ids::Branch;
use crate::value::{Item, Value};

/// What follows from something that has happened. Queued instead of called, so that a skip that runs down a chain of
/// ten thousand steps does not run down the stack.
pub(super) enum Settle {
    /// A local step has all it waited for.
    Ready(FrameId, usize),
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
                Settle::Over(ROOT) => self.end_finished(turn),
                Settle::Over(frame) => self.frame_over(frame),
            }
        }
    }

    /// Opens a frame: for the job, or for an item of a map.
    pub(super) fn open_frame(&mut self, scope: usize, parent: FrameId, branch: Option<Branch>, item: Option<Value>) {
        let frame = Frame::new(&self.layout, scope, parent, branch);
        let steps = frame.steps.len();
        let open = frame.open;
        let id = match self.free.pop() {
            Some(id) => {
                self.frames[id as usize] = frame;
                id
            }
            None => {
                self.frames.push(frame);
                (self.frames.len() - 1) as FrameId
            }
        };
        if let Some(item) = item {
            self.resolve(id, 0, Content::Value(item));
        }
        for local in 0..steps {
            let step = self.layout.scopes[scope].steps[local];
            for index in 0..self.layout.steps[step].outer.len() {
                let (up, producer) = self.layout.steps[step].outer[index];
                let outer = self.ancestor(id, up);
                let outer = &mut self.frames[outer as usize];
                if !outer.is_produced(producer) {
                    outer.waiters.entry(producer).or_default().push((id, local));
                    self.frames[id as usize].steps[local].waits += 1;
                }
            }
            if self.frames[id as usize].steps[local].waits == 0 {
                self.settling.push_back(Settle::Ready(id, local));
            }
        }
        if open == 0 {
            self.settling.push_back(Settle::Over(id));
        }
    }

    /// A step has all it waited for: it is ready, or skipped if something it needs will not come.
    fn make_ready(&mut self, frame: FrameId, local: usize, turn: &mut Turn) {
        let step = self.layout.scopes[self.frames[frame as usize].scope].steps[local];
        if let Some(missing) = self.missing_for(frame, step) {
            let cause = match &missing {
                Missing::Absent(path) => SkipCause::Absent(path.clone()),
                Missing::Failed(path, _) => SkipCause::Failed(path.clone()),
            };
            let path = self.path(frame, step);
            self.emit(&path, 0, EventKind::StepSkipped { cause }, turn);
            self.finish(frame, step, Some(missing), turn);
            return;
        }
        let now = self.now;
        let entry = &mut self.frames[frame as usize];
        entry.steps[local].phase = Phase::Ready;
        entry.steps[local].ready_at = now;
        let (rank, class) = (self.layout.steps[step].rank, self.layout.steps[step].class);
        let branch = entry.branch.clone();
        self.ready.push(class, Ready { rank, branch, step: step as u32, frame, stream: None });
    }

    /// The first thing that a step needs and that will not come; a failure before an absence.
    fn missing_for(&self, frame: FrameId, step: usize) -> Option<Missing> {
        let layout = &self.layout.steps[step];
        let inputs = layout.inputs.iter().filter_map(|fetch| self.missing(frame, fetch));
        let after = layout.after.iter().filter_map(|&(up, local)| {
            self.frames[self.ancestor(frame, up) as usize].steps[local].missing.clone()
        });
        let mut absent = None;
        for missing in inputs.chain(after) {
            match missing {
                Missing::Failed(..) => return Some(missing),
                Missing::Absent(_) => absent = absent.or(Some(missing)),
            }
        }
        absent
    }

    /// Why an input will not come. Of a fan-in, skipped elements are left out; if all were, so is the input. A failed
    /// element goes before a skipped one, whichever comes first.
    pub(super) fn missing(&self, frame: FrameId, fetch: &Fetch) -> Option<Missing> {
        match fetch {
            Fetch::Literal(_) => None,
            Fetch::Cell { up, cell } => match self.content(frame, *up, *cell) {
                Content::Missing(missing) => Some(missing.clone()),
                _ => None,
            },
            Fetch::List { elements, .. } => {
                let mut missing: Vec<_> = elements.iter().filter_map(|element| self.missing(frame, element)).collect();
                match missing.iter().position(|missing| matches!(missing, Missing::Failed(..))) {
                    Some(failed) => Some(missing.swap_remove(failed)),
                    None if missing.len() == elements.len() => missing.into_iter().next(),
                    None => None,
                }
            }
        }
    }

    /// A step is done: with success, or with the reason why its outputs will not come.
    pub(super) fn finish(&mut self, frame: FrameId, step: usize, missing: Option<Missing>, turn: &mut Turn) {
        let local = self.layout.steps[step].local;
        if missing.is_none() {
            let path = self.path(frame, step);
            let attempt = self.frames[frame as usize].steps[local].attempt;
            self.emit(&path, attempt, EventKind::StepSuccess, turn);
        }
        let run = &mut self.frames[frame as usize].steps[local];
        run.phase = Phase::Done;
        run.missing.clone_from(&missing);
        if std::mem::take(&mut run.holds_inputs) {
            for index in 0..self.layout.steps[step].inputs.len() {
                let fetch = self.layout.steps[step].inputs[index].clone();
                self.release_fetch(frame, &fetch);
            }
        }
        if let Some(missing) = missing {
            for output in 0..self.layout.steps[step].cells.len() {
                let cell = self.layout.steps[step].cells[output];
                match self.layout.steps[step].streams[output] {
                    Some(stream) => self.end_stream(frame, stream),
                    None if matches!(self.content(frame, 0, cell), Content::Pending) => {
                        self.resolve(frame, cell, Content::Missing(missing.clone()));
                    }
                    None => {}
                }
            }
        }
        self.outputs_known(frame, local);
        self.produced_now(frame, Producer::End(local));
        self.close(frame);
    }

    /// The plain outputs of a step are known, for the first time or again.
    pub(super) fn outputs_known(&mut self, frame: FrameId, local: usize) {
        if !std::mem::replace(&mut self.frames[frame as usize].steps[local].has_outputs, true) {
            self.produced_now(frame, Producer::Outputs(local));
        }
    }

    /// Tells everyone who waits for `producer` that it is there.
    fn produced_now(&mut self, frame: FrameId, producer: Producer) {
        let shape = &self.layout.scopes[self.frames[frame as usize].scope];
        let dependents = match producer {
            Producer::Outputs(local) => &self.layout.steps[shape.steps[local]].dependents,
            Producer::End(local) => &self.layout.steps[shape.steps[local]].successors,
            Producer::Collect(local) => &self.layout.collects[shape.collects[local]].dependents,
        };
        let entry = &mut self.frames[frame as usize];
        for &dependent in dependents {
            let run = &mut entry.steps[dependent];
            run.waits -= 1;
            if run.waits == 0 {
                self.settling.push_back(Settle::Ready(frame, dependent));
            }
        }
        if entry.waiters.is_empty() {
            return;
        }
        for (inner, local) in entry.waiters.remove(&producer).unwrap_or_default() {
            let run = &mut self.frames[inner as usize].steps[local];
            run.waits -= 1;
            if run.waits == 0 {
                self.settling.push_back(Settle::Ready(inner, local));
            }
        }
    }

    /// Puts a value, or that there is none, into its cell, and into the collects it is an element of.
    pub(super) fn resolve(&mut self, frame: FrameId, cell: usize, content: Content) {
        let entry = &mut self.frames[frame as usize];
        let scope = entry.scope;
        entry.cells[cell].content = content;
        if entry.cells[cell].uses == 0 {
            drop_content(&mut self.frames[frame as usize].cells[cell].content);
            return;
        }
        for index in 0..self.layout.scopes[scope].feeds[cell].len() {
            let collect = self.layout.scopes[scope].feeds[cell][index];
            self.feed(frame, cell, collect);
            self.release(frame, cell);
        }
    }

    /// Adds an element of this frame to a collect of the frame around it.
    fn feed(&mut self, frame: FrameId, cell: usize, collect: usize) {
        let entry = &self.frames[frame as usize];
        let Some(branch) = &entry.branch else { return };
        let (index, key) = (branch.index() as usize, branch.key().clone());
        let (content, parent) = (entry.cells[cell].content.clone(), entry.parent);
        let layout = &self.layout.collects[collect];
        let gathering = &mut self.frames[parent as usize].collects[layout.local];
        if gathering.elements.len() <= index {
            gathering.elements.resize_with(index + 1, || None);
        }
        gathering.elements[index] = match content {
            Content::Value(value) => Some(Element::Item(Item { key, outcome: Ok(value) })),
            Content::Missing(Missing::Absent(path)) => Some(Element::Skipped(path)),
            Content::Missing(Missing::Failed(path, error)) if layout.results => {
                let outcome = Err(Missing::step_failure(&path, &error));
                Some(Element::Item(Item { key, outcome }))
            }
            Content::Missing(Missing::Failed(path, error)) => Some(Element::Failed(path, error)),
            Content::Pending | Content::Released => None,
        };
    }

    /// One user less of a cell; the last one's release drops the value.
    pub(super) fn release(&mut self, frame: FrameId, cell: usize) {
        let cell = &mut self.frames[frame as usize].cells[cell];
        cell.uses -= 1;
        if cell.uses == 0 {
            drop_content(&mut cell.content);
        }
    }

    fn release_fetch(&mut self, frame: FrameId, fetch: &Fetch) {
        match fetch {
            Fetch::Cell { up: 0, cell } => self.release(frame, *cell),
            Fetch::Cell { .. } | Fetch::Literal(_) => {}
            Fetch::List { elements, .. } => elements.iter().for_each(|element| self.release_fetch(frame, element)),
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
        let missing = entry.steps[source].missing.clone().filter(|_| !entry.streams[stream].complete);
        for index in 0..self.layout.maps[map].collects.len() {
            let collect = self.layout.maps[map].collects[index];
            let (local, cell) = (self.layout.collects[collect].local, self.layout.collects[collect].cell);
            let gathering = std::mem::take(&mut self.frames[frame as usize].collects[local]);
            let content = match &missing {
                Some(missing) => Content::Missing(missing.clone()),
                None => gathering.whole(&orphans, self.program.collects[collect]),
            };
            self.frames[frame as usize].collects[local].done = true;
            self.resolve(frame, cell, content);
            self.produced_now(frame, Producer::Collect(local));
        }
        for index in 0..self.layout.maps[map].holds.len() {
            let cell = self.layout.maps[map].holds[index];
            self.release(frame, cell);
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
        entry.branch = None;
        entry.cells = Vec::new();
        entry.steps = Vec::new();
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

/// Lets go of a value; that there is none stays known.
fn drop_content(content: &mut Content) {
    if matches!(content, Content::Value(_)) {
        *content = Content::Released;
    }
}

impl Gathering {
    /// What the collecting steps get: the elements, or why there are none to give.
    fn whole(mut self, orphans: &[u64], assemble: crate::value::Assemble) -> Content {
        for &orphan in orphans {
            if let Some(element) = self.elements.get_mut(orphan as usize) {
                *element = None;
            }
        }
        let mut items = Vec::with_capacity(self.elements.len());
        let mut skipped = None;
        for element in self.elements.into_iter().flatten() {
            match element {
                Element::Item(item) => items.push(item),
                Element::Skipped(path) => skipped = skipped.or(Some(path)),
                Element::Failed(path, error) => return Content::Missing(Missing::Failed(path, error)),
            }
        }
        match skipped {
            Some(path) if items.is_empty() => Content::Missing(Missing::Absent(path)),
            _ => Content::Value(Value::gathered(items, assemble)),
        }
    }
}
