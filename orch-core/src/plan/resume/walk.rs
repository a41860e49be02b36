use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::ask::{Answer, Unreadable};
use super::looks::Frames;
use super::shape::{Shape, scope_of};
use super::{Readable, Takers};
use crate::event::{LostCause, Recorded, RecordedEnd, RecordedItem, RecordedStep, RecordedStream};
use crate::ids::{Branch, MappingKey, StepPath};
use crate::plan::{Plan, Program};

/// All frames that the record knows of, from the job's into those of items, and how the steps in them stand.
pub(super) struct Walk<'a> {
    pub(super) program: &'a Program,
    pub(super) shape: &'a Shape,
    recorded: &'a Recorded,
    pub(super) readable: Readable<'a>,
    pub(super) takers: Takers<'a>,
    names: Vec<Arc<str>>,
    /// The steps whose outputs have changed since the run began.
    pub(super) changed: Vec<bool>,
    /// The frames of each scope.
    pub(super) frames: Vec<Vec<Frame>>,
    /// For each map and each frame of its source the frames of the items.
    pub(super) items: Vec<Vec<Range<usize>>>,
    /// For each step and each frame of its scope.
    pub(super) instances: Vec<Vec<Instance>>,
    /// For each step the answers for its plain outputs, frame by frame.
    pub(super) answers: Vec<Vec<Answer>>,
    /// The values that cannot be read, in the order in which they were asked for.
    pub(super) unreadable: Vec<Unreadable>,
    /// Why steps are lost.
    pub(super) causes: Vec<LostCause>,
    /// By the numbers of steps that look, and of those that read: the frames of the first as the second take them.
    pub(super) looked_at: HashMap<(usize, usize), Frames>,
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
    pub(super) position: usize,
    pub(super) orphan: bool,
    pub(super) answer: Answer,
}

#[derive(Clone, Copy)]
pub(super) struct Instance {
    /// Its number in the record.
    pub(super) record: Option<u32>,
    pub(super) state: State,
    /// The number of why it is lost, if it would have to be.
    pub(super) cause: Option<u32>,
    /// Why it cannot run, if it would have to.
    pub(super) blocked: Option<Blocked>,
    /// Whether it has succeeded, and is begun anew together with others.
    pub(super) again: bool,
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

impl<'a> Walk<'a> {
    pub(super) fn new(
        program: &'a Program,
        pinned: &Plan,
        recorded: &'a Recorded,
        shape: &'a Shape,
        (readable, takers): (Readable<'a>, Takers<'a>),
    ) -> Self {
        let plan = &program.plan;
        let mut walk = Self {
            program,
            shape,
            recorded,
            readable,
            takers,
            names: plan.steps.iter().map(|step| step.name.as_str().into()).collect(),
            changed: pinned.changed_outputs(plan),
            frames: vec![vec![Frame::root()]],
            items: vec![Vec::new(); plan.maps.len()],
            instances: vec![Vec::new(); plan.steps.len()],
            answers: vec![Vec::new(); plan.steps.len()],
            unreadable: Vec::new(),
            causes: Vec::new(),
            looked_at: HashMap::new(),
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
            } else {
                let items = self.stream(at, output).map(RecordedStream::items).unwrap_or_default();
                items.iter().enumerate().for_each(|(at, item)| open(item.key(), at, item.is_orphan()));
                if !self.is_closed(map, frame) {
                    let told: HashSet<_> = items.iter().map(RecordedItem::key).collect();
                    let others = self.partitions(map).into_iter().filter(|key| !told.contains(key));
                    others.zip(items.len()..).for_each(|(key, position)| open(key, position, false));
                }
            }
            self.items[map].push(from..frames.len());
        }
        self.frames.push(frames);
    }

    /// Of a map of partitions those of which something is recorded. What gives them gives them again, also where it was stopped in
    /// an earlier run, and what was made of them stays.
    fn partitions(&self, map: usize) -> Vec<&'a MappingKey> {
        let plan = &self.program.plan;
        if !plan.partitions.iter().any(|of| of.step == plan.maps[map].step) {
            return Vec::new();
        }
        let within = plan.steps.iter().filter(|step| step.map == Some(map));
        let within: HashSet<&str> = within.map(|step| step.name.as_str()).collect();
        let copies = self.recorded.steps().filter(|(path, _)| within.contains(path.name()));
        let keys = copies.filter_map(|(path, _)| path.branch()).map(Branch::key);
        let mut seen = HashSet::new();
        keys.filter(|key| seen.insert(*key)).collect()
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
            return Instance { record: None, state: State::Given, cause: None, blocked: None, again: false };
        }
        let record = self.recorded.number(&path);
        let state = match record.and_then(|record| self.recorded.at(record).end()) {
            None => State::Open,
            Some(RecordedEnd::Succeeded) => State::Succeeded,
            Some(RecordedEnd::Failed(_)) => State::Failed,
            Some(RecordedEnd::Skipped(_)) => State::Skipped,
            // Its value is that of an earlier run, which made it.
            Some(RecordedEnd::Memoized(..)) => State::Given,
        };
        Instance { record, state, cause: None, blocked: None, again: false }
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
    pub(super) fn stream(&self, at: At, output: usize) -> Option<&'a RecordedStream> {
        self.record(at)?.stream(&self.program.ops[at.step].outputs()[output].name)
    }

    /// Whether there will be no items of a map but those that there are.
    pub(super) fn is_closed(&self, map: usize, frame: usize) -> bool {
        let map = &self.program.plan.maps[map];
        let at = At { step: map.step, frame };
        self.state(at) == State::Given
            || !self.at(at).again && self.stream(at, map.output).is_some_and(RecordedStream::is_closed)
    }

    /// The keys of the items of a map that are known, in a frame of its source.
    pub(super) fn keys_of(&self, map: usize, frame: usize) -> impl Iterator<Item = MappingKey> {
        let items = self.items[map].get(frame).cloned().unwrap_or_default();
        items.filter_map(move |item| Some(self.frames[map + 1][item].branch.as_ref()?.key().clone()))
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
}

impl Frame {
    fn root() -> Self {
        Self { parent: 0, branch: None, position: 0, orphan: false, answer: Answer::NotAsked }
    }
}
