use std::collections::HashMap;
use std::sync::Arc;

use super::names::Names;
use crate::ids::MappingKey;
use crate::io::Metadata;

/// Where in its step an output is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Plain(usize),
    Item { stream: usize, item: usize },
}

/// A value that was told: where it is to be found.
#[derive(Debug)]
pub(crate) struct RecordedValue {
    event: u64,
    handled: Option<Box<Handled>>,
    has_value: bool,
}

/// Who stored a value, and what it says of it.
#[derive(Debug)]
pub(crate) struct Handled {
    io: Arc<str>,
    /// A map would take more room than all the rest of a step.
    metadata: Box<[(Arc<str>, serde_json::Value)]>,
}

/// A dynamic output.
#[derive(Debug)]
pub(crate) struct RecordedStream {
    pub(super) output: Arc<str>,
    items: Vec<RecordedItem>,
    closed: bool,
    /// The first attempt that emitted an item; only a later one can emit one anew.
    attempt: u32,
    /// The positions of the items, while some may be emitted anew.
    positions: Option<HashMap<MappingKey, usize>>,
}

/// An item of a dynamic output.
#[derive(Debug)]
pub(crate) struct RecordedItem {
    key: MappingKey,
    value: RecordedValue,
    orphan: bool,
}

impl RecordedValue {
    pub(super) fn new(event: u64, has_value: bool) -> Self {
        Self { event, handled: None, has_value }
    }

    pub(super) fn set_handled(&mut self, handled: Handled) {
        self.handled = Some(Box::new(handled));
    }

    /// The number of the event that told it.
    pub(crate) fn event(&self) -> u64 {
        self.event
    }

    /// Whether the value itself was committed with the event.
    pub(crate) fn has_value(&self) -> bool {
        self.has_value
    }

    /// Who stored it; none if nobody did.
    pub(crate) fn handled(&self) -> Option<&Handled> {
        self.handled.as_deref()
    }
}

impl Handled {
    pub(super) fn new(io: Arc<str>, metadata: &Metadata, names: &mut Names) -> Self {
        let metadata = metadata.iter().map(|(key, value)| (names.name(key), value.clone())).collect();
        Self { io, metadata }
    }

    /// The key of the IO manager.
    pub(crate) fn io(&self) -> &str {
        &self.io
    }

    /// What it says of the value.
    pub(crate) fn metadata(&self) -> Metadata {
        self.metadata.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
    }
}

impl RecordedStream {
    pub(super) fn new(output: &Arc<str>, attempt: u32) -> Self {
        Self { output: Arc::clone(output), items: Vec::new(), closed: false, attempt, positions: None }
    }

    /// Takes an item, and gives its position. One that was emitted before keeps its own, and has another value.
    pub(super) fn item(&mut self, key: &MappingKey, attempt: u32, value: RecordedValue) -> usize {
        let position = self.items.len();
        if self.closed || attempt != self.attempt {
            match self.positions().get(key) {
                Some(&known) => {
                    self.items[known].value = value;
                    return known;
                }
                None => _ = self.positions().insert(key.clone(), position),
            }
        }
        self.items.push(RecordedItem { key: key.clone(), value, orphan: false });
        position
    }

    pub(super) fn item_mut(&mut self, position: usize) -> &mut RecordedValue {
        &mut self.items[position].value
    }

    /// The attempt that closes it has not emitted the `orphans`.
    pub(super) fn close(&mut self, orphans: &[MappingKey]) {
        for orphan in orphans {
            if let Some(&position) = self.positions().get(orphan) {
                self.items[position].orphan = true;
            }
        }
        self.closed = true;
        self.positions = None;
    }

    /// Its source begins anew with other data: which items there are is not known any more.
    pub(super) fn reopen(&mut self) {
        self.closed = false;
    }

    fn positions(&mut self) -> &mut HashMap<MappingKey, usize> {
        self.positions.get_or_insert_with(|| {
            let items = self.items.iter().enumerate();
            items.map(|(position, item)| (item.key.clone(), position)).collect()
        })
    }

    /// The output's name.
    #[cfg(test)]
    pub(crate) fn output(&self) -> &str {
        &self.output
    }

    /// The items of all attempts, in the order in which they were first emitted.
    pub(crate) fn items(&self) -> &[RecordedItem] {
        &self.items
    }

    /// Whether its end was told: there are no items but these then.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

impl RecordedItem {
    /// Its key; of an item without one of its own its number.
    pub(crate) fn key(&self) -> &MappingKey {
        &self.key
    }

    /// Its value, as it was last told.
    pub(crate) fn value(&self) -> &RecordedValue {
        &self.value
    }

    /// Whether the attempt that closed the stream has not emitted it, so that no collect contains it.
    pub(crate) fn is_orphan(&self) -> bool {
        self.orphan
    }
}
