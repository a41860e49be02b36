use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use smallvec::SmallVec;

use super::output::{Handled, Place, RecordedItem, RecordedStream, RecordedValue};
use crate::event::{LostCause, SkipCause, Taken};
use crate::failure::ErrorInfo;
use crate::ids::{MappingKey, RunId};

/// How far a step had come.
#[derive(Debug, Default)]
pub(crate) struct RecordedStep {
    attempts: u32,
    failed: u32,
    under_way: bool,
    end: Option<RecordedEnd>,
    outputs: SmallVec<[(Arc<str>, RecordedValue); 1]>,
    more: Option<Box<More>>,
}

/// What few steps have.
#[derive(Debug, Default)]
struct More {
    due: Option<Timestamp>,
    streams: Vec<RecordedStream>,
    hooks: Vec<Arc<str>>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RecordedEnd {
    Succeeded,
    Failed(Arc<ErrorInfo>),
    Skipped(Box<SkipCause>),
    /// In its place this of a run was taken.
    Memoized(Box<(RunId, Taken)>),
}

/// What events say of it.
impl RecordedStep {
    pub(super) fn begin(&mut self, attempt: u32) {
        if self.end.is_some() {
            return;
        }
        self.attempts = self.attempts.max(attempt);
        self.under_way = true;
        self.set_due(None);
    }

    pub(super) fn interrupt(&mut self) {
        self.under_way = false;
    }

    /// It begins anew, with all its retries. The items of its streams stay, for those that are emitted anew to be matched with
    /// them; its plain outputs are told anew, but for one that it leaves out then. What is lost for the sake of other data may give other
    /// items.
    pub(super) fn lose(&mut self, cause: &LostCause) {
        if self.end == Some(RecordedEnd::Succeeded) {
            (self.end, self.failed) = (None, 0);
            self.outputs.clear();
            if let Some(more) = &mut self.more {
                more.hooks.clear();
                if *cause == LostCause::Observed {
                    more.streams.iter_mut().for_each(RecordedStream::reopen);
                }
            }
        }
    }

    /// It begins anew, unless it came to a good end.
    pub(super) fn forget_failure(&mut self) {
        let good = match &self.end {
            Some(RecordedEnd::Succeeded | RecordedEnd::Memoized(..)) => true,
            Some(RecordedEnd::Skipped(cause)) => cause.is_absence(),
            Some(RecordedEnd::Failed(_)) | None => false,
        };
        if !good {
            *self = Self::default();
        }
    }

    pub(super) fn wait(&mut self, time: Timestamp, delay: Duration) {
        self.failed += 1;
        self.under_way = false;
        self.set_due(Some(time.checked_add(delay).unwrap_or(Timestamp::MAX)));
    }

    /// Ends, unless it has ended; and says whether it has now.
    pub(super) fn finish(&mut self, end: RecordedEnd) -> bool {
        if self.end.is_some() {
            return false;
        }
        self.failed += u32::from(matches!(end, RecordedEnd::Failed(_)));
        self.under_way = false;
        self.set_due(None);
        self.end = Some(end);
        true
    }

    pub(super) fn output(&mut self, name: Arc<str>, value: RecordedValue) -> Place {
        match self.outputs.iter().position(|(known, _)| *known == name) {
            Some(at) => {
                self.outputs[at].1 = value;
                Place::Plain(at)
            }
            None => {
                self.outputs.push((name, value));
                Place::Plain(self.outputs.len() - 1)
            }
        }
    }

    pub(super) fn item(
        &mut self,
        output: &Arc<str>,
        key: &MappingKey,
        attempt: u32,
        value: RecordedValue,
    ) -> Place {
        let (stream, kept) = self.stream_or_new(output, attempt);
        Place::Item { stream, item: kept.item(key, attempt, value) }
    }

    pub(super) fn handled(&mut self, place: Place, output: &str, handled: Handled) {
        match place {
            Place::Plain(at) if *self.outputs[at].0 == *output => self.outputs[at].1.set_handled(handled),
            Place::Item { stream, item } => {
                let stream = self.more.as_mut().and_then(|more| more.streams.get_mut(stream));
                if let Some(stream) = stream.filter(|stream| *stream.output == *output) {
                    stream.item_mut(item).set_handled(handled);
                }
            }
            Place::Plain(_) => {}
        }
    }

    pub(super) fn close(&mut self, output: &Arc<str>, orphans: &[MappingKey]) {
        let attempt = self.attempts;
        self.stream_or_new(output, attempt).1.close(orphans);
    }

    pub(super) fn hooked(&mut self, hook: Arc<str>) {
        self.more_mut().hooks.push(hook);
    }

    fn stream_or_new(&mut self, output: &Arc<str>, attempt: u32) -> (usize, &mut RecordedStream) {
        let streams = &mut self.more_mut().streams;
        let at = streams.iter().position(|stream| stream.output == *output).unwrap_or_else(|| {
            streams.push(RecordedStream::new(output, attempt));
            streams.len() - 1
        });
        (at, &mut streams[at])
    }

    fn set_due(&mut self, due: Option<Timestamp>) {
        if due.is_some() || self.more.is_some() {
            self.more_mut().due = due;
        }
    }

    fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}

/// What it has come to.
impl RecordedStep {
    /// How many attempts have begun.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many of these have failed, and count for the retry policy; not those that were interrupted, and of a step that
    /// was lost only those since.
    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }

    /// Whether an attempt has begun and come to no end that was told, be it that it was interrupted.
    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way
    }

    /// When the next attempt is due; none unless it waits for one after a failure.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.more.as_ref()?.due
    }

    /// How it ended; none if it has not, or is lost since.
    pub(crate) fn end(&self) -> Option<&RecordedEnd> {
        self.end.as_ref()
    }

    /// A plain output of this name; none if it was left out, or not yet told.
    pub(crate) fn plain(&self, output: &str) -> Option<&RecordedValue> {
        self.outputs.iter().find(|(name, _)| **name == *output).map(|(_, value)| value)
    }

    /// A dynamic output of this name; none if it has neither given an item nor ended.
    pub(crate) fn stream(&self, output: &str) -> Option<&RecordedStream> {
        self.more.as_ref()?.streams.iter().find(|stream| *stream.output == *output)
    }

    /// Whether all that it gave is kept somewhere else than in memory.
    pub(crate) fn is_kept(&self) -> bool {
        let plain = self.outputs.iter().map(|(_, value)| value);
        let streams = self.more.iter().flat_map(|more| &more.streams);
        let mut values =
            plain.chain(streams.flat_map(|stream| stream.items().iter().map(RecordedItem::value)));
        values.all(|value| value.has_value() || value.handled().is_some())
    }

    /// The hooks that have been called for its end and have come to an end themselves, in the order of their ends.
    pub(crate) fn hooks(&self) -> &[Arc<str>] {
        self.more.as_ref().map_or(&[], |more| more.hooks.as_slice())
    }
}
