use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::PartitionError;
use super::key::check;
use crate::ids::QuickMap;

/// Numbers of keys that were kept are below: they are places in memory, and a damaged one is not to take it all.
const MOST: u64 = 1 << 26;

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
    /// Empty if nobody knows it any more.
    key: Arc<str>,
    present: bool,
}

impl KeySet {
    /// A set without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The set as it was kept: numbers, keys, and whether each is there. Numbers that are left out are those of keys that are
    /// gone for good.
    ///
    /// # Errors
    ///
    /// If a key or a number comes twice, a key cannot be one, or a number is beyond 64 million.
    pub fn from_rows<'a>(
        rows: impl IntoIterator<Item = (u64, &'a str, bool)>,
    ) -> Result<Self, PartitionError> {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_unstable_by_key(|(number, ..)| *number);
        let mut set = Self::new();
        for (number, key, present) in rows {
            check(key)?;
            let twice = set.numbers.contains_key(key) || number < set.numbers();
            if twice || number >= MOST {
                return Err(PartitionError::definition(format!(
                    "the key `{key}` cannot have the number {number} in a dynamic set"
                ))
                .hint("each key has one number, from 0 on, that no other key has"));
            }
            set.keys.resize(number as usize, Slot { key: "".into(), present: false });
            set.add(key)?;
            if !present {
                set.remove(key);
            }
        }
        Ok(set)
    }

    /// How many numbers are given, to keys that are there and keys that were.
    pub(super) fn numbers(&self) -> u64 {
        self.keys.len() as u64
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
        let slot = self.keys.get(usize::try_from(number).ok()?).filter(|slot| !slot.key.is_empty())?;
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
