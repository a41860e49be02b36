use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::definition::PartitionsDefinition;
use super::error::PartitionError;
use super::key::{check, check_value};
use super::set::PartitionSet;
use crate::ids::QuickMap;

/// Numbers of keys that were kept are below: they are places in memory, and a damaged one is not to take it all.
const MOST: u64 = 1 << 26;

/// The keys of a dynamic definition as they are at some time, each with its number.
///
/// A number belongs to its key for as long as the set lives: it is given when the key is first added, stays when the key is
/// removed, which leaves a hole, and is the same when it is added again. So what is known of partitions by number stays
/// true.
///
/// Written by serde it is its rows: numbers, keys, and whether each is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Row>", try_from = "Vec<Row>")]
pub struct KeySet {
    /// By number.
    keys: Vec<Slot>,
    numbers: QuickMap<Arc<str>, u64>,
    present: u64,
}

type Row = (u64, Arc<str>, bool);

#[derive(Clone, Debug, PartialEq, Eq)]
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
            check_key(key)?;
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

    /// Adds to [`Keyspace::indexing`](super::Keyspace::indexing) which keys have the first numbers.
    pub(super) fn add_numbers(&self, numbers: u64, hasher: &mut blake3::Hasher) {
        for number in 0..numbers {
            let key = self.get(number).map_or("", |(key, _)| key);
            hasher.update(&(key.len() as u64).to_le_bytes()).update(key.as_bytes());
        }
    }

    /// Adds a key and returns its number; a key that is there already keeps its own.
    ///
    /// # Errors
    ///
    /// If it is empty, `*` or `latest`, has control characters, `..` or one of `| , ; [ ]`, or begins or ends with a blank.
    pub fn add(&mut self, key: &str) -> Result<u64, PartitionError> {
        check_key(key)?;
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

    /// Whether a key is there.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.numbers.get(key).is_some_and(|number| self.keys[*number as usize].present)
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

    /// The keys of these numbers, and the newest that is there: what is computed of partitions that need no others comes out
    /// as it does of all. A key that is not there is left out.
    #[must_use]
    pub fn only(&self, numbers: &PartitionSet) -> Self {
        let last = self.iter().next_back().map(|(number, _)| number);
        let mut set = Self::new();
        for (number, key) in
            self.iter().filter(|(number, _)| numbers.contains(*number) || Some(*number) == last)
        {
            set.keys.resize(number as usize, Slot { key: "".into(), present: false });
            set.keys.push(Slot { key: key.into(), present: true });
            set.numbers.insert(key.into(), number);
            set.present += 1;
        }
        set
    }

    /// The keys that are there, with their numbers, in the order of these.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> + Clone {
        let numbered = self.keys.iter().enumerate().filter(|(_, slot)| slot.present);
        numbered.map(|(number, slot)| (number as u64, &*slot.key))
    }
}

impl From<KeySet> for Vec<Row> {
    fn from(set: KeySet) -> Self {
        let known = set.keys.into_iter().enumerate().filter(|(_, slot)| !slot.key.is_empty());
        known.map(|(number, slot)| (number as u64, slot.key, slot.present)).collect()
    }
}

impl TryFrom<Vec<Row>> for KeySet {
    type Error = PartitionError;

    fn try_from(rows: Vec<Row>) -> Result<Self, PartitionError> {
        Self::from_rows(rows.iter().map(|(number, key, present)| (*number, &**key, *present)))
    }
}

/// Checks a key of a set, which may be a dimension of several.
fn check_key(key: &str) -> Result<(), PartitionError> {
    check(key)?;
    if key == "latest" {
        let message = format!("the partition key `{key}` is how the latest key of a set is selected");
        return Err(PartitionError::definition(message).hint("give it another name"));
    }
    check_value(key)
}

/// Checks the name of a set.
pub(super) fn check_set(set: &str) -> Result<(), PartitionError> {
    if set.is_empty() {
        return Err(PartitionError::definition("the name of a set of keys is empty"));
    }
    check(set).map_err(|error| error.within("the name of a set of keys"))
}

/// Checks the name of a set and keys that are to be added to it or removed from it.
///
/// # Errors
/// If one of them cannot be; all that cannot are named.
pub fn check_keys(set: &str, keys: &[&str]) -> Result<(), PartitionError> {
    check_set(set)?;
    let wrong: Vec<_> = keys.iter().filter_map(|key| check_key(key).err()).collect();
    let messages: Vec<_> = wrong.iter().map(PartitionError::message).collect();
    let Some(first) = wrong.first() else { return Ok(()) };
    let error = PartitionError::key(messages.join("; "));
    Err(first.advice().into_iter().fold(error, PartitionError::hint))
}

/// What became of keys that were to be added to a set, or removed from it; both in the order in which they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedKeys {
    /// Those that were added, or removed.
    pub changed: Vec<String>,
    /// Those that were there already, or were not there to be removed.
    pub unchanged: Vec<String>,
}

impl ChangedKeys {
    /// What becomes of these keys, of which `change` says whether it has changed something. A key that is named twice is one.
    ///
    /// # Errors
    /// The first of `change`.
    pub fn of<E>(keys: &[&str], mut change: impl FnMut(&str) -> Result<bool, E>) -> Result<Self, E> {
        let (mut told, mut seen) = (Self::default(), BTreeSet::new());
        for key in keys.iter().filter(|key| seen.insert(**key)) {
            let of = if change(key)? { &mut told.changed } else { &mut told.unchanged };
            of.push((*key).to_owned());
        }
        Ok(told)
    }
}

/// The sets of keys that dynamic definitions name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
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

    /// Whether there is no set, not even one without keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of these names.
    pub(crate) fn of(&self, names: &BTreeSet<&str>) -> Self {
        let named = self.0.iter().filter(|(name, _)| names.contains(name.as_str()));
        Self(named.map(|(name, keys)| (name.clone(), Arc::clone(keys))).collect())
    }

    /// The sets, by their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<KeySet>)> {
        self.0.iter().map(|(name, keys)| (name.as_str(), keys))
    }

    /// The set of a name; one that nobody has added a key to is empty.
    #[must_use]
    pub fn named(&self, name: &str) -> Arc<KeySet> {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

impl PartitionsDefinition {
    /// The names of the sets whose keys are its partitions, or values of its dimensions.
    pub fn key_sets(&self) -> BTreeSet<&str> {
        match self {
            Self::Dynamic(name) => BTreeSet::from([name.as_str()]),
            Self::Product(product) => product.dimensions().flat_map(|(_, of)| of.key_sets()).collect(),
            Self::Time(_) | Self::Static(_) => BTreeSet::new(),
        }
    }
}
