use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::PartitionError;
use super::key::check;
use crate::ids::QuickMap;

/// The keys of a dynamic definition as they are at some time, each with its number.
///
/// A number belongs to its key for as long as the set lives: it is given when the key is first added, stays when the key is
/// removed, which leaves a hole, and is the same when it is added again. So what is known of partitions by number stays
/// true.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    /// By number.
    keys: Vec<Slot>,
    numbers: QuickMap<Arc<str>, u64>,
    present: u64,
}

#[derive(Clone, Debug)]
struct Slot {
    key: Arc<str>,
    present: bool,
}

impl KeySet {
    /// A set without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key and returns its number; a key that is there already keeps its own.
    ///
    /// # Errors
    ///
    /// If it is empty, has control characters or `..`, or begins or ends with a blank.
    pub fn add(&mut self, key: &str) -> Result<u64, PartitionError> {
        check(key)?;
        if let Some(number) = self.numbers.get(key) {
            let slot = &mut self.keys[*number as usize];
            self.present += u64::from(!slot.present);
            slot.present = true;
            return Ok(*number);
        }
        let (key, number): (Arc<str>, _) = (key.into(), self.keys.len() as u64);
        self.keys.push(Slot { key: Arc::clone(&key), present: true });
        self.numbers.insert(key, number);
        self.present += 1;
        Ok(number)
    }

    /// Removes a key; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let slot = self.numbers.get(key).map(|number| &mut self.keys[*number as usize]);
        let removed = slot.is_some_and(|slot| std::mem::take(&mut slot.present));
        self.present -= u64::from(removed);
        removed
    }

    /// The number of a key that is or was there.
    #[must_use]
    pub fn number_of(&self, key: &str) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    /// The key of a number, and whether it is there.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<(&str, bool)> {
        let slot = self.keys.get(usize::try_from(number).ok()?)?;
        Some((&slot.key, slot.present))
    }

    /// How many keys are there.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.present
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// The keys that are there, with their numbers, in the order of these.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> + Clone {
        let numbered = self.keys.iter().enumerate().filter(|(_, slot)| slot.present);
        numbered.map(|(number, slot)| (number as u64, &*slot.key))
    }
}

/// The sets of keys that dynamic definitions name.
#[derive(Clone, Debug, Default)]
pub struct KeySets(BTreeMap<String, Arc<KeySet>>);

impl KeySets {
    /// No sets: for definitions that are not dynamic.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a set of this name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, keys: impl Into<Arc<KeySet>>) -> Self {
        self.0.insert(name.into(), keys.into());
        self
    }

    /// The set of a name; one that nobody has added a key to is empty.
    pub(super) fn named(&self, name: &str) -> Arc<KeySet> {
        self.0.get(name).cloned().unwrap_or_default()
    }
}
