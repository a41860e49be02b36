use std::sync::Arc;

use jiff::Timestamp;

use super::definition::PartitionsDefinition;
use super::dynamic::{KeySet, KeySets, check_keys, check_set};
use super::error::PartitionError;
use super::key::{check, check_value};
use super::listing::listed;
use super::set::PartitionSet;
use super::time::Windows;
use crate::ids::{QuickMap, nearest};

/// Partitions of one dimension.
#[derive(Debug)]
pub(super) enum Axis {
    Time(Windows),
    Static(Names),
    Dynamic(String, Arc<KeySet>),
}

/// Static keys, and their places.
#[derive(Debug)]
pub(super) struct Names {
    keys: Vec<Arc<str>>,
    places: QuickMap<Arc<str>, u64>,
}

impl Axis {
    /// The axis of a definition; nothing if it has several dimensions.
    pub(super) fn new(
        definition: &PartitionsDefinition,
        sets: &KeySets,
    ) -> Result<Option<Self>, PartitionError> {
        Ok(Some(match definition {
            PartitionsDefinition::Time(time) => Self::Time(Windows::new(time)?),
            PartitionsDefinition::Static(keys) => Self::Static(Names::new(keys)?),
            PartitionsDefinition::Dynamic(name) => {
                check_set(name)?;
                Self::Dynamic(name.clone(), sets.named(name))
            }
            PartitionsDefinition::Product(_) => return Ok(None),
        }))
    }

    /// Checks that its keys can be values in keys of several dimensions; those of time always can, and others are in no set.
    pub(super) fn check_values(&self) -> Result<(), PartitionError> {
        match self {
            Self::Time(_) | Self::Dynamic(..) => Ok(()),
            Self::Static(names) => names.keys.iter().try_for_each(|key| check_value(key)),
        }
    }

    /// Adds to [`Keyspace::indexing`](super::Keyspace::indexing) when the clock of its zone is changed.
    pub(super) fn add_clock(&self, hasher: &mut blake3::Hasher) {
        let Self::Time(windows) = self else { return };
        for (change, offset) in windows.changes() {
            hasher.update(&change.as_second().to_le_bytes()).update(&offset.seconds().to_le_bytes());
        }
    }

    /// How many partitions there are and ever will be, if that is known; windows and keys of sets go on.
    pub(super) fn bound(&self) -> Option<u64> {
        match self {
            Self::Static(names) => Some(names.keys.len() as u64),
            Self::Time(_) | Self::Dynamic(..) => None,
        }
    }

    pub(super) fn count(&self, now: Timestamp) -> u64 {
        match self {
            Self::Time(windows) => windows.count(now),
            Self::Static(names) => names.keys.len() as u64,
            Self::Dynamic(_, keys) => keys.len(),
        }
    }

    pub(super) fn existing(&self, now: Timestamp) -> PartitionSet {
        match self {
            Self::Time(_) | Self::Static(_) => PartitionSet::from(0..self.count(now)),
            Self::Dynamic(_, keys) => keys.iter().map(|(number, _)| number).collect(),
        }
    }

    /// Those of a set that exist; of a dynamic set it costs as much as these are, not as there are keys.
    pub(super) fn existing_of(&self, set: &PartitionSet, now: Timestamp) -> PartitionSet {
        match self {
            Self::Time(_) | Self::Static(_) => set & &self.existing(now),
            Self::Dynamic(_, keys) => {
                let known = set & &PartitionSet::from(0..keys.numbers());
                known.iter().filter(|index| self.exists(*index, now)).collect()
            }
        }
    }

    pub(super) fn exists(&self, index: u64, now: Timestamp) -> bool {
        match self {
            Self::Time(_) | Self::Static(_) => index < self.count(now),
            Self::Dynamic(_, keys) => keys.get(index).is_some_and(|(_, present)| present),
        }
    }

    pub(super) fn latest(&self, now: Timestamp) -> Option<u64> {
        match self {
            Self::Time(_) | Self::Static(_) => self.count(now).checked_sub(1),
            Self::Dynamic(_, keys) => keys.iter().next_back().map(|(number, _)| number),
        }
    }

    pub(super) fn key(&self, index: u64) -> Result<String, PartitionError> {
        let key = match self {
            Self::Time(windows) => (index < windows.all()).then(|| windows.key(index)),
            Self::Static(names) => {
                usize::try_from(index).ok().and_then(|index| names.keys.get(index)).map(|key| key.to_string())
            }
            Self::Dynamic(_, keys) => keys.get(index).map(|(key, _)| key.to_owned()),
        };
        key.ok_or_else(|| PartitionError::key(format!("there is no partition of index {index}")))
    }

    pub(super) fn index(&self, key: &str) -> Result<u64, PartitionError> {
        match self {
            Self::Time(windows) => windows.index(key),
            Self::Static(names) => self.find(key).ok_or_else(|| names.unknown(key)),
            Self::Dynamic(name, keys) => self.find(key).ok_or_else(|| not_in_set(name, keys, key)),
        }
    }

    /// The same, for who does not want to know what is wrong: to find the nearest key, all are compared.
    pub(super) fn find(&self, key: &str) -> Option<u64> {
        match self {
            Self::Time(windows) => windows.find(key),
            Self::Static(names) => names.places.get(key).copied(),
            Self::Dynamic(_, keys) => keys.number_of(key).filter(|_| keys.contains(key)),
        }
    }

    /// The index that a key has or had.
    pub(super) fn known(&self, key: &str) -> Option<u64> {
        match self {
            Self::Time(_) | Self::Static(_) => self.find(key),
            Self::Dynamic(_, keys) => keys.number_of(key),
        }
    }

    /// The index of a key that a mapping names. A key that is not in a dynamic set may be there later: if it never was, it has
    /// no index; if it was removed, it has the one it had.
    pub(super) fn named_index(&self, key: &str) -> Result<Option<u64>, PartitionError> {
        match self {
            Self::Time(_) | Self::Static(_) => self.index(key).map(Some),
            Self::Dynamic(name, keys) => {
                check_keys(name, &[key])?;
                Ok(keys.number_of(key))
            }
        }
    }

    /// That a partition is not there yet.
    pub(super) fn not_yet(&self, key: &str, now: Timestamp) -> PartitionError {
        let error = PartitionError::key(format!("`{key}` does not exist yet"));
        match self.latest(now).map(|latest| self.key(latest)) {
            Some(Ok(latest)) => error.hint(format!("the latest is `{latest}`")),
            _ => error.hint("no partition does"),
        }
    }
}

impl Names {
    fn new(keys: &[String]) -> Result<Self, PartitionError> {
        if keys.is_empty() {
            return Err(PartitionError::definition("there is no partition key")
                .hint("`PartitionsDefinition::of([..])` takes one at least; `PartitionsDefinition::dynamic(..)` has keys that come and go"));
        }
        let keys: Vec<Arc<str>> = keys.iter().map(|key| key.as_str().into()).collect();
        let mut places = QuickMap::default();
        for (place, key) in (0..).zip(&keys) {
            check(key)?;
            if places.insert(Arc::clone(key), place).is_some() {
                return Err(PartitionError::definition(format!("the partition key `{key}` is given twice")));
            }
        }
        Ok(Self { keys, places })
    }

    fn unknown(&self, key: &str) -> PartitionError {
        let error = PartitionError::key(format!("`{key}` is no key of these partitions"));
        let keys = || self.keys.iter().map(|key| &**key);
        if let Some(near) = nearest(key, keys()) {
            return error.hint(format!("did you mean `{}`?", listed(near)));
        }
        let told: Vec<_> = keys().take(TOLD).map(listed).collect();
        match self.keys.len() - told.len() {
            0 => error.hint(format!("there are {}", told.join(", "))),
            more => error.hint(format!("there are {} and {more} more", told.join(", "))),
        }
    }
}

/// That a key is not in a dynamic set, and how it gets there.
fn not_in_set(set: &str, keys: &KeySet, key: &str) -> PartitionError {
    let adds = format!("`partitions add {} {}`", shell(set), shell(key));
    if keys.number_of(key).is_some() {
        return PartitionError::key(format!("`{key}` was removed from the set `{set}`"))
            .hint(format!("{adds} adds it again; it is then the partition it was"));
    }
    let error = PartitionError::key(format!("`{key}` is not in the set `{set}`"));
    match nearest(key, keys.iter().map(|(_, key)| key)) {
        Some(near) => error.hint(format!("did you mean `{near}`? else add it with {adds}")),
        None => error.hint(format!("add it with {adds}")),
    }
}

/// As a shell takes it for one word.
pub(crate) fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@%+=".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { quoted(word) }
}

/// A text in single quotes, as a shell takes it for one word, whatever is in it.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How many keys are told.
const TOLD: usize = 12;
