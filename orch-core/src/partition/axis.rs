use std::sync::Arc;

use jiff::Timestamp;

use super::definition::PartitionsDefinition;
use super::dynamic::{KeySet, KeySets};
use super::error::PartitionError;
use super::key::{check, check_value};
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
                check(name)?;
                Self::Dynamic(name.clone(), sets.named(name))
            }
            PartitionsDefinition::Product(_) => return Ok(None),
        }))
    }

    /// Checks that its keys can be values in keys of several dimensions; those of time always can.
    pub(super) fn check_values(&self) -> Result<(), PartitionError> {
        match self {
            Self::Time(_) => Ok(()),
            Self::Static(names) => names.keys.iter().try_for_each(|key| check_value(key)),
            Self::Dynamic(_, keys) => keys.iter().try_for_each(|(_, key)| check_value(key)),
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
            Self::Static(names) => names
                .places
                .get(key)
                .copied()
                .ok_or_else(|| unknown(key, "these partitions", names.keys.iter().map(|key| &**key))),
            Self::Dynamic(name, keys) => {
                let number =
                    keys.number_of(key).filter(|number| keys.get(*number).is_some_and(|(_, there)| there));
                number.ok_or_else(|| {
                    let set = format!("the dynamic partitions `{name}`");
                    match keys.number_of(key) {
                        Some(_) => PartitionError::key(format!("`{key}` was removed from {set}"))
                            .hint("add it again; it is then the partition it was"),
                        None => unknown(key, &set, keys.iter().map(|(_, key)| key)),
                    }
                })
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
}

/// How many keys are told.
const TOLD: usize = 12;

fn unknown<'a>(key: &str, of: &str, keys: impl Iterator<Item = &'a str> + Clone) -> PartitionError {
    let error = PartitionError::key(format!("`{key}` is no key of {of}"));
    if let Some(near) = nearest(key, keys.clone()) {
        return error.hint(format!("did you mean `{near}`?"));
    }
    let told: Vec<_> = keys.clone().take(TOLD).collect();
    match keys.count() - told.len() {
        0 if told.is_empty() => error.hint("there are none yet"),
        0 => error.hint(format!("there are {}", told.join(", "))),
        more => error.hint(format!("there are {} and {more} more", told.join(", "))),
    }
}
