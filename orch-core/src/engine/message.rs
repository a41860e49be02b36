use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::frame::{Frame, FrameId};
use crate::define::{HookDef, Inputs, ItemStream, Product, Products, RunTold, Said, StepTold};
use crate::event::{Encoded, Event, EventKind, LogLevel};
use crate::failure::{ErrorInfo, Failure};
use crate::ids::{MappingKey, StepPath};
use crate::value::Value;

/// What happened, told to the state.
#[derive(Debug)]
pub(crate) enum Message {
    /// The run begins; the first message, sent once.
    Begin,
    /// The run was canceled before it began; in place of [`Message::Begin`].
    BeginCanceled,
    /// The code of an attempt returned.
    Returned { token: Token, result: Result<Products, Failure>, written: Written },
    /// A pull gave an item; the rest of the stream comes back.
    Item { token: Token, key: Option<MappingKey>, value: Value, written: Written, rest: ItemStream },
    /// A pull found the end of the stream.
    Ended { token: Token },
    /// A pull failed.
    Broke { token: Token, failure: Failure },
    /// What was to be stored is, or could not be.
    Stored { token: Token, produced: Produced, result: Result<Vec<Stored>, Failure> },
    /// A step's code logged something, or without a step that which surrounds the steps.
    Log {
        step: Option<StepPath>,
        attempt: u32,
        level: LogLevel,
        target: Arc<str>,
        message: String,
        fields: BTreeMap<String, String>,
    },
    /// The opening of a resource began.
    ResourceOpening { resource: Arc<str> },
    /// A resource is open.
    ResourceOpened { resource: Arc<str>, took: Duration },
    /// A resource could not be opened, and no further one will be.
    ResourceBroke { resource: Arc<str>, failure: Failure },
    /// All resources are open.
    Opened,
    /// A resource is closed, or could not be.
    ResourceClosed { resource: Arc<str>, result: Result<Duration, Failure> },
    /// There is no resource any more that could be closed.
    Closed,
    /// A hook has ended.
    HookDone { number: u64, result: Result<Duration, Failure> },
    /// A timer asked for is due.
    Due(Timer),
    /// Someone asked to cancel the run.
    Cancel,
}

impl Message {
    /// The piece of work that this is the outcome of.
    pub(super) fn answers(&self) -> Option<Token> {
        match self {
            Self::Returned { token, .. }
            | Self::Item { token, .. }
            | Self::Ended { token }
            | Self::Broke { token, .. }
            | Self::Stored { token, .. } => Some(*token),
            Self::Begin
            | Self::BeginCanceled
            | Self::Log { .. }
            | Self::ResourceOpening { .. }
            | Self::ResourceOpened { .. }
            | Self::ResourceBroke { .. }
            | Self::Opened
            | Self::ResourceClosed { .. }
            | Self::Closed
            | Self::HookDone { .. }
            | Self::Due(_)
            | Self::Cancel => None,
        }
    }
}

/// Identifies one piece of work handed to the executor; what comes back with an old ticket is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Token {
    pub(super) frame: FrameId,
    pub(super) step: u32,
    /// The local stream, for a pull.
    pub(super) stream: Option<u32>,
    pub(super) ticket: u64,
}

impl Token {
    /// Unique within the run.
    pub(crate) fn ticket(self) -> u64 {
        self.ticket
    }
}

/// A timer the state asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A step's delay before its next attempt is over.
    Retry(Token),
    /// An attempt has had its time.
    Deadline(Token),
    /// A canceled run has waited long enough for its steps.
    Grace,
    /// A canceled run has waited long enough for what comes after its steps.
    LastGrace,
}

impl Timer {
    /// Unique within the run; no work has the ticket 0 or the last one.
    pub(super) fn ticket(self) -> u64 {
        match self {
            Self::Retry(token) | Self::Deadline(token) => token.ticket,
            Self::Grace => 0,
            Self::LastGrace => u64::MAX,
        }
    }
}

/// What an IO manager says of an output it stored.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) output: usize,
    pub(crate) io: Arc<str>,
    pub(crate) metadata: BTreeMap<String, serde_json::Value>,
}

/// Work for the executor.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) token: Token,
    /// The plan's step.
    pub(crate) step: usize,
    pub(crate) path: StepPath,
    pub(crate) attempt: u32,
    pub(crate) task: Task,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Task {
    /// Call the op with these inputs.
    Call(Inputs),
    /// Pull an item of the stream of this output.
    Pull { output: usize, items: ItemStream },
    /// Have this stored by the IO manager of the op.
    Store(Produced),
}

/// The call of a hook. It holds no slot, and nothing but the end of the run waits for it.
#[derive(Clone, Debug)]
pub(crate) struct HookCall {
    /// Unique within the run.
    pub(crate) number: u64,
    pub(crate) hook: Arc<HookDef>,
    pub(crate) told: HookTold,
}

/// What a hook is told.
#[derive(Clone, Debug)]
pub(crate) enum HookTold {
    Step(Arc<StepTold>),
    Run(Arc<RunTold>),
}

/// What an attempt has produced, and the state has found to be new: nothing else is stored.
#[derive(Debug)]
pub(crate) enum Produced {
    /// All outputs at once; of them the plain values are to be stored.
    Outputs { products: Products, written: Written },
    /// An item of this dynamic output; without a key of its own, `number` is its key.
    Item { output: usize, key: Option<MappingKey>, number: u64, value: Value, written: Written },
}

/// What is written down with the run of what code has given.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// How the values are, by their outputs, in ascending order. Nothing if the run is not recorded.
    pub(crate) forms: Vec<(usize, Form)>,
    /// What was said of the asset that the step makes.
    pub(crate) said: Option<Box<Said>>,
}

/// How a value is written down.
#[derive(Debug)]
pub(crate) enum Form {
    /// With the event that tells of it.
    Inline(Encoded),
    /// As a file that is yet to be made.
    File,
}

impl Written {
    /// Whether there are files to be made.
    pub(super) fn has_files(&self) -> bool {
        self.forms.iter().any(|(_, form)| matches!(form, Form::File))
    }

    /// What is written with the event that tells of this output.
    pub(super) fn take(&mut self, output: usize) -> Option<Encoded> {
        let at = self.forms.iter().position(|(of, _)| *of == output)?;
        match self.forms.swap_remove(at).1 {
            Form::Inline(encoded) => Some(encoded),
            Form::File => None,
        }
    }

    /// Whether this output is to become a file.
    pub(crate) fn is_file(&self, output: usize) -> bool {
        self.forms.iter().any(|(of, form)| *of == output && matches!(form, Form::File))
    }
}

/// What nobody needs any more. Its `Drop` is the user's code and may take long or panic, so it does not run under the lock.
#[derive(Debug, Default)]
pub(crate) struct LetGo {
    pub(super) values: Vec<Value>,
    pub(super) streams: Vec<ItemStream>,
    /// What came after the end.
    pub(super) messages: Vec<Message>,
    /// What a run that is over still had.
    pub(super) frames: Vec<Frame>,
}

impl LetGo {
    pub(super) fn products(&mut self, products: Products) {
        for product in products {
            match product {
                Product::Value(value) => self.values.push(value),
                Product::Items(items) => self.streams.push(items),
                Product::Absent => {}
            }
        }
    }

    pub(super) fn produced(&mut self, produced: Produced) {
        match produced {
            Produced::Outputs { products, .. } => self.products(products),
            Produced::Item { value, .. } => self.values.push(value),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self { values, streams, messages, frames } = self;
        values.is_empty() && streams.is_empty() && messages.is_empty() && frames.is_empty()
    }

    /// Hands all over to who can drop it.
    pub(super) fn hand_over(&mut self, to: &mut Self) {
        if !self.is_empty() {
            std::mem::swap(self, to);
        }
    }

    /// Takes over what another has.
    fn append(&mut self, other: &mut Self) {
        self.values.append(&mut other.values);
        self.streams.append(&mut other.streams);
        self.messages.append(&mut other.messages);
        self.frames.append(&mut other.frames);
    }

    /// Drops one of them; false if there is none.
    pub(super) fn drop_one(&mut self) -> bool {
        self.values.pop().is_some()
            || self.streams.pop().is_some()
            || self.messages.pop().is_some()
            || self.frames.pop().is_some()
    }
}

/// What is to remain of the run, for whoever keeps it.
#[derive(Debug)]
pub(crate) enum Kept {
    /// A value; of a dynamic output an item with its key, in the order of emission.
    Value { path: StepPath, step: usize, output: usize, key: Option<MappingKey>, value: Value },
    /// Of a dynamic output's items those with these numbers, in ascending order, turned out not to be among them.
    Orphans { path: StepPath, step: usize, output: usize, numbers: Vec<u64> },
    /// The step succeeded: its outputs are complete.
    Succeeded { path: StepPath, step: usize },
    /// The resource could not be opened.
    Unopened { resource: Arc<str>, error: Arc<ErrorInfo> },
    /// The step did not run, since something that it needs was left out.
    Skipped { path: StepPath, step: usize },
    /// The step failed, after so many attempts.
    Failed { path: StepPath, attempts: u32, error: Arc<ErrorInfo> },
    /// The run ended with this event.
    End(EventKind),
}

/// What the state decided in one turn, to be carried out in the order of the fields.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// When it happened.
    pub(crate) time: Timestamp,
    pub(crate) events: Vec<Event>,
    /// Encoded values of outputs, by the number of the event that tells of the output, in ascending order.
    pub(crate) values: Vec<(usize, Encoded)>,
    pub(crate) kept: Vec<Kept>,
    /// Work whose result no longer matters; its code should stop.
    pub(crate) aborts: Vec<Token>,
    /// All code should stop: the run is canceled.
    pub(crate) cancel: bool,
    pub(crate) timers: Vec<(Duration, Timer)>,
    /// To be begun, in this order; what is left of earlier turns comes first.
    pub(crate) work: VecDeque<Work>,
    /// Hooks to be called.
    pub(crate) hooks: Vec<HookCall>,
    /// The resources are to be opened.
    pub(crate) open: bool,
    /// The resources are to be closed.
    pub(crate) close: bool,
    /// The run is over.
    pub(crate) ended: bool,
    /// To be dropped when all else is done.
    pub(crate) let_go: LetGo,
}

impl Turn {
    /// Moves what was decided last to what is `held`, to be carried out later. The first `before` pieces of work stay, which
    /// were there already, and so do those that go on with what has begun: to pull the next item of a stream, to store what
    /// was produced. They need not wait for an event; and if each pull waited until the item before it is written, no two
    /// items would ever be written together.
    ///
    /// Of several turns what is held keeps its order only among its like: all work, then all aborts, and so on. What an
    /// abort concerns is made known with its work before any is given.
    pub(super) fn hold(&mut self, before: usize, held: &mut Self) {
        let first = held.events.len();
        held.values.extend(self.values.drain(..).map(|(event, value)| (first + event, value)));
        held.events.append(&mut self.events);
        held.kept.append(&mut self.kept);
        held.aborts.append(&mut self.aborts);
        // What has a deadline goes with it.
        let waits = |work: &Work| !self.timers.is_empty() || matches!(work.task, Task::Call(_));
        let mut at = before;
        while let Some(work) = self.work.get(at) {
            if waits(work) { held.work.extend(self.work.remove(at)) } else { at += 1 }
        }
        held.timers.append(&mut self.timers);
        held.hooks.append(&mut self.hooks);
        for (flag, held) in [
            (&mut self.cancel, &mut held.cancel),
            (&mut self.open, &mut held.open),
            (&mut self.close, &mut held.close),
            (&mut self.ended, &mut held.ended),
        ] {
            *held |= std::mem::take(flag);
        }
        held.let_go.append(&mut self.let_go);
    }

    /// Makes room for the next turn. The work stays: someone has yet to do it.
    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.values.clear();
        self.kept.clear();
        self.aborts.clear();
        self.timers.clear();
        self.hooks.clear();
        (self.cancel, self.open, self.close, self.ended) = (false, false, false, false);
        while self.let_go.drop_one() {}
    }
}
