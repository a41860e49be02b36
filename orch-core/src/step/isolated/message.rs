use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ask::Question;
use super::frame::FrameError;
use crate::define::{Said, Tags};
use crate::event::LogLevel;
use crate::failure::{ErrorInfo, Failure, RetryWish};
use crate::ids::{MappingKey, RunId, StepPath};
use crate::plan::Step;

/// The first bytes that a worker sends, before anything else: that it is one, and which messages it knows.
pub(super) const HELLO: [u8; 8] = *b"orchwrk\x02";

/// What a worker is told of the run that it works for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Begin {
    pub(crate) run: RunId,
    pub(crate) job: String,
    /// The name of the environment of the program, if the run is in one.
    pub(crate) environment: Option<String>,
    pub(crate) tags: Tags,
    /// What was given of the configuration, if anything was, as JSON; secrets are references.
    pub(crate) config: Option<String>,
    pub(crate) variables: Variables,
    /// The steps that it may be called for.
    pub(crate) steps: Vec<Step>,
    /// The resources of these, each by its name and where it was given in the source.
    pub(crate) resources: Vec<(String, String)>,
    pub(crate) logs: Logs,
}

/// The environment variables that configuration may refer to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Variables {
    /// Whether those of the process count, which a worker has inherited.
    pub(crate) process: bool,
    pub(crate) given: BTreeMap<String, String>,
}

/// Which log lines the run is told of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Logs {
    /// Lines from this level on.
    pub(crate) level: String,
    /// Whether `RUST_LOG` says it more exactly.
    pub(crate) variable: bool,
}

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToWorker {
    /// First of all.
    Begin { memory: Option<u64>, begin: Arc<Begin> },
    /// Call the op of a step. The inputs travel with it, each so long.
    Call { id: u64, step: String, path: StepPath, attempt: u32, inputs: Vec<u64> },
    /// Pull an item of this output of the last call.
    Pull { id: u64, output: u32 },
    /// Drop what is left of the outputs of the last call.
    Release,
    /// The run is canceled.
    Cancel,
    /// What was asked for, which travels with it, or why not.
    Answer { id: u64, refused: Option<Told> },
    /// Close what is open, and end.
    End,
}

impl ToWorker {
    /// What is passed when it is sent.
    pub(super) const fn boundary(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "worker.begin",
            Self::Call { .. } => "worker.call",
            Self::Pull { .. } => "worker.pull",
            Self::Release => "worker.release",
            Self::Cancel => "worker.cancel",
            Self::Answer { .. } => "worker.told",
            Self::End => "worker.end",
        }
    }
}

/// What a worker tells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// It can be called.
    Ready,
    /// It cannot work for this run.
    Refused(Told),
    /// A call gave this, and said that of the asset it makes; the values travel with it.
    Returned { id: u64, products: Vec<Sent>, said: Option<Box<Said>> },
    /// A pull gave an item, which travels with it.
    Item { id: u64, key: Option<MappingKey> },
    /// A pull found the end.
    Ended { id: u64 },
    /// A call or a pull failed.
    Failed { id: u64, failure: Told },
    /// What was left of the last call is dropped.
    Released,
    /// The code of the step wants to know something, or to have it changed.
    Ask { id: u64, question: Question },
    /// The code of the step logged something, or what surrounds it.
    Log { of_step: bool, level: LogLevel, target: String, message: String, fields: BTreeMap<String, String> },
}

impl FromWorker {
    /// What is passed when it is sent.
    pub(super) const fn boundary(&self) -> &'static str {
        match self {
            Self::Ready => "reply.ready",
            Self::Refused(_) => "reply.refused",
            Self::Returned { .. } => "reply.returned",
            Self::Item { .. } => "reply.item",
            Self::Ended { .. } => "reply.ended",
            Self::Failed { .. } => "reply.failed",
            Self::Released => "reply.released",
            Self::Ask { .. } => "reply.ask",
            Self::Log { .. } => "reply.log",
        }
    }
}

/// What is sent of an output.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Sent {
    /// A value, of so many bytes.
    Value(u64),
    Absent,
    /// Items that can be pulled.
    Items,
}

/// A failure that travels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    error: ErrorInfo,
    retry: RetryWish,
}

impl Told {
    pub(super) fn of(failure: &Failure) -> Self {
        Self { error: failure.info(), retry: failure.retry_wish() }
    }

    pub(super) fn into_failure(self) -> Failure {
        Failure::retold(&self.error, self.retry)
    }
}

/// Takes so many bytes from the front of what travels with a message.
pub(super) fn split<'b>(body: &mut &'b [u8], length: u64) -> Result<&'b [u8], FrameError> {
    let split = usize::try_from(length).ok().and_then(|length| body.split_at_checked(length));
    let Some((part, rest)) = split else {
        return Err(FrameError::Malformed("fewer bytes follow than were told".to_owned()));
    };
    *body = rest;
    Ok(part)
}
