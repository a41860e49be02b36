use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::layout::{Layout, Producer};
use crate::asset::{InputVersion, Recipe};
use crate::define::ItemStream;
use crate::failure::{ErrorInfo, Failure};
use crate::ids::{Branch, MappingKey, QuickMap, StepPath};
use crate::value::{Item, StepFailure, Value};

/// The number of a frame; numbers of finished frames are used again.
pub(crate) type FrameId = u32;

/// One run of a map's body, or of the job: the values, steps and streams of one item.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) scope: usize,
    pub(super) parent: FrameId,
    pub(super) branch: Option<Branch>,
    pub(super) cells: Vec<Cell>,
    pub(super) steps: Vec<StepRun>,
    pub(super) streams: Vec<Stream>,
    pub(super) collects: Vec<Gathering>,
    /// The versions of assets that were read in it, and of partitions of assets that were made in it, by the step that did so.
    pub(super) versions: Vec<(u32, InputVersion)>,
    /// Of graphs of assets that stand in it, by their numbers, whether they are passed over, once that is found.
    pub(super) graphs: BTreeMap<u32, bool>,
    /// Why local steps will not run: what they wait for in earlier items will not come.
    pub(super) lacking: Vec<(u32, Box<Missing>)>,
    /// Steps and streams that are not done; the frame is over at 0.
    pub(super) open: usize,
    /// Steps in inner frames that wait for something of this one.
    pub(super) waiters: HashMap<Producer, Vec<(FrameId, u32)>>,
}

/// The place of a value.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) content: Content,
    /// Who still needs it; at 0 it is dropped.
    pub(super) uses: u32,
}

impl Cell {
    /// The value, for one of its users: itself for the last one, a reference for the others.
    pub(super) fn hand_over(&mut self) -> Value {
        self.uses -= 1;
        let content = if self.uses == 0 {
            std::mem::replace(&mut self.content, Content::Released)
        } else {
            self.content.clone()
        };
        match content {
            Content::Value(value) => value,
            _ => {
                debug_assert!(false, "a value is handed over only where there is one");
                Value::new(())
            }
        }
    }
}

/// What is known of a value.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Nothing yet.
    Pending,
    /// It is here.
    Value(Value),
    /// It was here, and everyone who needed it has had it.
    Released,
    /// It will not come.
    Missing(Box<Missing>),
}

impl Content {
    /// Lets go of a value; that there is none stays known.
    pub(super) fn release(&mut self, let_go: &mut Vec<Value>) {
        if matches!(self, Self::Value(_))
            && let Self::Value(value) = std::mem::replace(self, Self::Released)
            && value.has_drop()
        {
            let_go.push(value);
        }
    }
}

/// Why a value will not come.
#[derive(Clone, Debug)]
pub(super) enum Missing {
    /// This step left an optional output out.
    Absent(StepPath),
    /// This step failed.
    Failed(StepPath, Arc<ErrorInfo>),
}

impl Missing {
    /// The form in which a collected failure travels.
    pub(super) fn step_failure(path: &StepPath, error: &Arc<ErrorInfo>) -> StepFailure {
        StepFailure { step: path.to_string(), error: Arc::clone(error) }
    }
}

/// A step of a frame.
#[derive(Debug)]
pub(super) struct StepRun {
    pub(super) phase: Phase,
    /// How many of the things it waits for are still to come.
    pub(super) waits: u32,
    /// Attempts begun.
    pub(super) attempt: u32,
    /// Attempts that failed.
    pub(super) failures: u32,
    /// When its next attempt is due, if an earlier process had it wait for that.
    pub(super) due: Option<Timestamp>,
    /// Of the attempt under way, of what it has stored, or of the backoff; 0 for none of them.
    pub(super) ticket: u64,
    pub(super) ready_at: Timestamp,
    /// Whether its outputs are known. They stay so: if the step fails while a dynamic output is open and is tried again,
    /// what it has put out before is not taken back.
    pub(super) has_outputs: bool,
    /// Whether it still counts as a user of its inputs.
    pub(super) holds_inputs: bool,
    /// Whether its code does not run, since it is known what has become of it.
    pub(super) is_given: bool,
    /// Of what it makes its outputs, if it is memoized.
    pub(super) recipe: Option<Box<Recipe>>,
    /// Why it will fail, when its streams are through whose end was told before.
    pub(super) broken: Option<Box<Failure>>,
    /// Set when it is done without success.
    pub(super) missing: Option<Box<Missing>>,
}

impl StepRun {
    /// An attempt begins.
    pub(super) fn begin(&mut self, ticket: u64) {
        self.phase = Phase::Running;
        self.attempt += 1;
        self.ticket = ticket;
    }
}

/// The life of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// For its inputs, or what it comes after.
    Waiting,
    /// For a slot.
    Ready,
    /// Its code is under way.
    Running,
    /// Its code returned, its dynamic outputs are open.
    Streaming,
    /// For its next attempt.
    Backoff,
    /// Its next attempt is due, and waits for what the last one still has stored.
    Due,
    /// Told that it will not start, since the run is canceled. What waits for it goes on waiting, to be told the same.
    Canceled,
    /// Succeeded, failed or skipped. Nothing changes after this.
    Done,
}

/// A dynamic output of a step of a frame.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) phase: StreamPhase,
    pub(super) items: Option<ItemStream>,
    /// Of the entry among what is ready, the pull, or what is being stored; an old one else.
    pub(super) ticket: u64,
    /// Frames of items that are not over.
    pub(super) alive: usize,
    /// Items emitted, over all attempts.
    pub(super) emitted: u64,
    /// Items of the present attempt, those seen in an earlier one included.
    pub(super) position: u64,
    /// Items that the earlier attempts had emitted when the present one began.
    pub(super) before: u64,
    /// Whether its items have keys of their own; the first one decides.
    pub(super) keyed: Option<bool>,
    /// Where each key was emitted; items without keys are numbered and need none.
    pub(super) keys: QuickMap<MappingKey, u64>,
    /// Where an attempt after the first has emitted which items, those of earlier attempts and its own.
    pub(super) again: QuickMap<u64, u64>,
    /// Steps of items that those of later items wait for, by the item; none of those that were a success.
    pub(super) awaited: QuickMap<(u32, MappingKey), Awaited>,
    /// Items that an earlier process has told, by number: whether they have yet to be opened in this one.
    pub(super) unopened: Vec<bool>,
    /// Whether an earlier process has found its end: then there are no further items.
    pub(super) closed_before: bool,
    /// Whether its end was told before. That stays true, so a failure of its source waits for it.
    pub(super) end_told: bool,
    /// Items of earlier attempts that the successful one did not emit.
    pub(super) orphans: Vec<u64>,
    /// Whether its end was found, and not only its source given up.
    pub(super) complete: bool,
}

/// A step of an item that steps of later items wait for.
#[derive(Debug)]
pub(super) enum Awaited {
    /// It is not done; these wait for it.
    Open(Vec<(FrameId, u32)>),
    /// Nothing has come of it.
    Missing(Box<Missing>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamPhase {
    /// Its step's code has not returned.
    Unopened,
    /// It waits for room.
    Parked,
    /// There is room; it waits for a slot.
    Queued,
    /// An item is being pulled.
    Pulling,
    /// An item was pulled, and is being stored.
    Storing,
    /// There will be no further items; some may still be alive.
    Ended,
    /// Ended, and all items are done.
    Finished,
}

/// A collect of a frame, in the making.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// By position of emission.
    pub(super) elements: Vec<Option<Element>>,
    pub(super) done: bool,
}

/// What became of an item, for a collect. Kept apart for each item, since only the end of the stream tells which of them
/// are orphans, whose failures and skips count as little as their values.
#[derive(Debug)]
pub(super) enum Element {
    Item(Item),
    Skipped(StepPath),
    Failed(StepPath, Arc<ErrorInfo>),
}

impl Element {
    /// The value that it holds.
    pub(super) fn value(self) -> Option<Value> {
        match self {
            Self::Item(item) => item.outcome.ok(),
            Self::Skipped(_) | Self::Failed(..) => None,
        }
    }
}

impl Frame {
    /// A frame that is nothing yet; [`Frame::open`] makes it one of a scope.
    pub(super) fn vacant() -> Self {
        Self {
            scope: 0,
            parent: 0,
            branch: None,
            cells: Vec::new(),
            steps: Vec::new(),
            streams: Vec::new(),
            collects: Vec::new(),
            versions: Vec::new(),
            graphs: BTreeMap::new(),
            lacking: Vec::new(),
            open: 0,
            waiters: HashMap::new(),
        }
    }

    /// Makes this the frame of one more item. What it has allocated for an earlier one is used again.
    pub(super) fn open(&mut self, layout: &Layout, scope: usize, parent: FrameId, branch: Option<Branch>) {
        let shape = &layout.scopes[scope];
        (self.scope, self.parent, self.branch) = (scope, parent, branch);
        self.cells.extend(shape.uses.iter().map(|&uses| Cell { content: Content::Pending, uses }));
        self.steps.extend(shape.steps.iter().map(|&step| StepRun {
            phase: Phase::Waiting,
            waits: layout.steps[step as usize].waits,
            attempt: 0,
            failures: 0,
            due: None,
            ticket: 0,
            ready_at: Timestamp::UNIX_EPOCH,
            has_outputs: false,
            holds_inputs: true,
            is_given: false,
            recipe: None,
            broken: None,
            missing: None,
        }));
        self.streams.extend(shape.maps.iter().map(|_| Stream::new()));
        self.collects.extend(shape.collects.iter().map(|_| Gathering::default()));
        self.open = shape.steps.len() + shape.maps.len();
    }

    /// Lets go of everything; the frame is over.
    pub(super) fn vacate(&mut self) {
        self.branch = None;
        self.cells.clear();
        self.steps.clear();
        self.streams.clear();
        self.collects.clear();
        self.versions.clear();
        self.graphs.clear();
        self.lacking.clear();
        self.waiters.clear();
    }

    /// Whether what `producer` makes is known, be it a value or that there is none.
    pub(super) fn is_produced(&self, producer: Producer) -> bool {
        match producer {
            Producer::Outputs(step) => self.steps[step as usize].has_outputs,
            Producer::End(step) => self.steps[step as usize].phase == Phase::Done,
            Producer::Collect(collect) => self.collects[collect as usize].done,
        }
    }
}

impl Stream {
    fn new() -> Self {
        Self {
            phase: StreamPhase::Unopened,
            items: None,
            ticket: 0,
            alive: 0,
            emitted: 0,
            position: 0,
            before: 0,
            keyed: None,
            keys: QuickMap::default(),
            again: QuickMap::default(),
            awaited: QuickMap::default(),
            unopened: Vec::new(),
            closed_before: false,
            end_told: false,
            orphans: Vec::new(),
            complete: false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.phase, StreamPhase::Ended | StreamPhase::Finished)
    }
}
