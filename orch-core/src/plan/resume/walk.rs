use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::shape::{Shape, scope_of};
use super::{Asked, Gone, Readable};
use crate::define::OutputKind;
use crate::event::{LostCause, Recorded, RecordedEnd, RecordedItem, RecordedStep, RecordedStream, SkipCause};
use crate::ids::{Branch, MappingKey, StepPath};
use crate::plan::{Plan, Program};

/// All frames that the record knows of, from the job's into those of items, and how the steps in them stand.
pub(super) struct Walk<'a> {
    pub(super) program: &'a Program,
    pub(super) shape: &'a Shape,
    recorded: &'a Recorded,
    readable: Readable<'a>,
    names: Vec<Arc<str>>,
    /// The steps whose outputs have changed since the run began.
    changed: Vec<bool>,
    /// The frames of each scope.
    pub(super) frames: Vec<Vec<Frame>>,
    /// For each map and each frame of its source the frames of the items.
    pub(super) items: Vec<Vec<Range<usize>>>,
    /// For each step and each frame of its scope.
    pub(super) instances: Vec<Vec<Instance>>,
    /// For each step the answers for its plain outputs, frame by frame.
    answers: Vec<Vec<Answer>>,
    /// The values that cannot be read, in the order in which they were asked for.
    unreadable: Vec<Unreadable>,
    /// Why a step is lost, if it is.
    causes: HashMap<At, LostCause>,
}

/// A step in a frame of its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub(super) step: usize,
    pub(super) frame: usize,
}

pub(super) struct Frame {
    pub(super) parent: usize,
    branch: Option<Branch>,
    /// The position of its item among those of the record.
    position: usize,
    pub(super) orphan: bool,
    answer: Answer,
}

#[derive(Clone, Copy)]
pub(super) struct Instance {
    /// Its number in the record.
    record: Option<u32>,
    pub(super) state: State,
    /// Why it cannot run, if it would have to.
    pub(super) blocked: Option<Blocked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It does not run in this run, and what it gives is known from another.
    Given,
    /// It has not ended.
    Open,
    Succeeded,
    Failed,
    Skipped,
    /// It has succeeded, and runs again.
    Lost,
}

/// Something that a step needs will not come, since this one has failed or left it out.
#[derive(Clone, Copy)]
pub(super) struct Blocked {
    pub(super) root: At,
    pub(super) failed: bool,
}

/// Whether a value can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    NotAsked,
    /// There is none, and none is missing: the output was left out, or the step did not come to it.
    None,
    Readable,
    Unreadable,
}

struct Unreadable {
    at: At,
    output: usize,
    key: Option<MappingKey>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        program: &'a Program,
        pinned: &Plan,
        recorded: &'a Recorded,
        shape: &'a Shape,
        readable: Readable<'a>,
    ) -> Self {
        let plan = &program.plan;
        let mut walk = Self {
            program,
            shape,
            recorded,
            readable,
            names: plan.steps.iter().map(|step| step.name.as_str().into()).collect(),
            changed: pinned.changed_outputs(plan),
            frames: vec![vec![Frame::root()]],
            items: vec![Vec::new(); plan.maps.len()],
            instances: vec![Vec::new(); plan.steps.len()],
            answers: vec![Vec::new(); plan.steps.len()],
            unreadable: Vec::new(),
            causes: HashMap::new(),
        };
        walk.stand(0);
        // A map comes after the one it is in.
        for map in 0..plan.maps.len() {
            walk.open(map);
            walk.stand(map + 1);
        }
        walk
    }

    /// Opens the frames of a map: one for each item that the record has, orphans among them, since their steps run too.
    fn open(&mut self, map: usize) {
        let (step, output) = (self.program.plan.maps[map].step, self.program.plan.maps[map].output);
        let mut frames = Vec::new();
        for frame in 0..self.instances[step].len() {
            let at = At { step, frame };
            let from = frames.len();
            let branch = self.frame(at).branch.clone();
            let mut open = |key: &MappingKey, position: usize, orphan| {
                let branch = Some(Branch::new(branch.as_ref(), key.clone(), position as u64));
                frames.push(Frame { parent: frame, branch, position, orphan, answer: Answer::NotAsked });
            };
            if self.state(at) == State::Given {
                let keys = self.program.given_keys(&self.path(at), output).into_iter().flatten();
                keys.enumerate().for_each(|(position, key)| open(&key, position, false));
            } else if let Some(stream) = self.stream(at, output) {
                let items = stream.items().iter().enumerate();
                items.for_each(|(position, item)| open(item.key(), position, item.is_orphan()));
            }
            self.items[map].push(from..frames.len());
        }
        self.frames.push(frames);
    }

    /// Finds how the steps of a scope stand in each of its frames.
    fn stand(&mut self, scope: usize) {
        for &step in &self.shape.steps[scope] {
            let frames = 0..self.frames[scope].len();
            let instances = frames.map(|frame| self.instance(At { step, frame })).collect();
            self.instances[step] = instances;
            let outputs = self.program.ops[step].outputs().len();
            self.answers[step] = vec![Answer::NotAsked; outputs * self.frames[scope].len()];
        }
    }

    fn instance(&self, at: At) -> Instance {
        let path = self.path(at);
        if self.program.has_given() && self.program.is_given(&path) {
            return Instance { record: None, state: State::Given, blocked: None };
        }
        let record = self.recorded.number(&path);
        let state = match record.and_then(|record| self.recorded.at(record).end()) {
            None => State::Open,
            Some(RecordedEnd::Succeeded) => State::Succeeded,
            Some(RecordedEnd::Failed(_)) => State::Failed,
            Some(RecordedEnd::Skipped(_)) => State::Skipped,
        };
        Instance { record, state, blocked: None }
    }

    /// All steps in all frames, in the order of the plan.
    pub(super) fn all(&self) -> impl Iterator<Item = At> + use<> {
        let counts: Vec<_> = self.instances.iter().map(Vec::len).collect();
        let steps = counts.into_iter().enumerate();
        steps.flat_map(|(step, frames)| (0..frames).map(move |frame| At { step, frame }))
    }

    pub(super) fn at(&self, at: At) -> &Instance {
        &self.instances[at.step][at.frame]
    }

    pub(super) fn at_mut(&mut self, at: At) -> &mut Instance {
        &mut self.instances[at.step][at.frame]
    }

    pub(super) fn state(&self, at: At) -> State {
        self.at(at).state
    }

    /// Whether it gives nothing any more but what it has left.
    pub(super) fn is_final(&self, at: At) -> bool {
        let instance = self.at(at);
        matches!(instance.state, State::Failed | State::Skipped) || instance.blocked.is_some()
    }

    fn frame(&self, at: At) -> &Frame {
        &self.frames[scope_of(self.program.plan.steps[at.step].map)][at.frame]
    }

    pub(super) fn path(&self, at: At) -> StepPath {
        StepPath::new(Arc::clone(&self.names[at.step]), self.frame(at).branch.clone())
    }

    pub(super) fn record(&self, at: At) -> Option<&'a RecordedStep> {
        self.at(at).record.map(|record| self.recorded.at(record))
    }

    /// What is recorded of a dynamic output.
    fn stream(&self, at: At, output: usize) -> Option<&'a RecordedStream> {
        self.record(at)?.stream(&self.program.ops[at.step].outputs()[output].name)
    }

    /// Whether there will be no items of a map but those that there are.
    pub(super) fn is_closed(&self, map: usize, frame: usize) -> bool {
        let map = &self.program.plan.maps[map];
        let at = At { step: map.step, frame };
        self.state(at) == State::Given || self.stream(at, map.output).is_some_and(RecordedStream::is_closed)
    }

    /// The source of an item.
    pub(super) fn source(&self, map: usize, frame: usize) -> At {
        At { step: self.program.plan.maps[map].step, frame: self.frames[map + 1][frame].parent }
    }

    /// The frame of `to` around a frame of `scope`, or itself.
    pub(super) fn around(&self, scope: usize, frame: usize, to: usize) -> usize {
        let (mut scope, mut frame) = (scope, frame);
        while scope != to {
            frame = self.frames[scope][frame].parent;
            scope = self.shape.parent(scope);
        }
        frame
    }

    /// What was answered for a plain output.
    pub(super) fn answer(&self, at: At, output: usize) -> Answer {
        self.answers[at.step][at.frame * self.program.ops[at.step].outputs().len() + output]
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
            self.causes.entry(at).or_insert(cause);
            Answer::Unreadable
        })
    }

    /// Says why a step is to run again of which no value was asked for.
    pub(super) fn lost_for(&mut self, at: At, cause: LostCause) {
        self.causes.entry(at).or_insert(cause);
    }

    pub(super) fn cause(&self, at: At) -> LostCause {
        self.causes.get(&at).cloned().unwrap_or(LostCause::Changed)
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

impl Frame {
    fn root() -> Self {
        Self { parent: 0, branch: None, position: 0, orphan: false, answer: Answer::NotAsked }
    }
}
