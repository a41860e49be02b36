use std::fmt;
use std::sync::Arc;

use super::Event;
use crate::failure::Failure;

/// An event on its way into a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Of an output that is small enough to lie in the log itself: its value, encoded.
    pub value: Option<Encoded>,
}

impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        Self { event, value: None }
    }
}

/// An event as it stands in a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Its number in the log of its run; numbers grow from 1 and may have gaps.
    pub number: u64,
    /// What happened.
    pub event: Event,
    /// Whether a value was committed with it.
    pub has_value: bool,
}

/// A value as bytes, by the [`Codec`](crate::io::Codec) of its type.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded(Arc<[u8]>);

impl Encoded {
    /// These bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Encoded {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoded({} bytes)", self.0.len())
    }
}

/// Where the events of a run become durable before anything follows from them.
///
/// A run with a journal carries out what its engine decides only when the events that tell of it are in there: no code
/// of a step begins, no sink is told, no resource is opened before. So whatever was seen of a run is in its journal.
pub trait Journal: Send + 'static {
    /// Makes these events durable in their order, all of them or none, and returns when they are.
    ///
    /// It is called for one batch after another, never for two at once; a batch is what happened while the one before it
    /// was being written.
    ///
    /// # Errors
    /// If that is not possible, as on a full disk. The run then breaks off: nothing has followed from these events, and
    /// it can be resumed from those before them.
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure>;

    /// From how many events on the next commit takes so long that a thread which polls async code must not make it: 0 if it
    /// waits for a disk, `usize::MAX` if none takes long. Asked at first and after each commit.
    fn blocks_from(&self) -> usize;
}
