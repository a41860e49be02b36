use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::key::PartitionKey;
use crate::failure::Failure;
use crate::value::{ByValue, Data, Shared, Value};

/// The values of several partitions of an asset, each with its key, in the order of the definition.
///
/// It is what a parameter takes that needs more than one partition, or as many as there are: always by key, be there none,
/// one or a thousand.
///
/// ```
/// use orch_core::partition::Partitions;
///
/// // With #[asset], of an asset that has partitions: fn total(sales: &Partitions<i64>) -> i64
/// fn total(sales: &Partitions<i64>) -> i64 {
///     sales.values().sum()
/// }
///
/// let sales = Partitions::from_iter([("2024-01-01", 3), ("2024-01-02", 4)]);
/// assert_eq!((total(&sales), sales.get("2024-01-02")), (7, Some(&4)));
/// ```
pub struct Partitions<T> {
    values: Vec<(PartitionKey, Shared<T>)>,
}

impl<T: Data> Partitions<T> {
    /// The value of a partition; nothing if it is not among them.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&T> {
        self.iter().find(|(other, _)| other.as_str() == key).map(|(_, value)| value)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Keys and values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&PartitionKey, &T)> {
        self.values.iter().map(|(key, value)| (key, &**value))
    }

    /// The keys.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &PartitionKey> {
        self.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }

    /// Keys and values, to be had: a value that another step needs too is cloned.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = (PartitionKey, T)>
    where
        T: Clone,
    {
        self.values.into_iter().map(|(key, value)| (key, value.own()))
    }

    /// Of values whose type is not known.
    ///
    /// # Errors
    /// If one of them is no `T`, or cannot be loaded.
    pub(crate) fn of_values(values: Vec<(PartitionKey, Value)>) -> Result<Self, Failure> {
        let values = values.into_iter().map(|(key, value)| Ok((key, value.share()?)));
        values.collect::<Result<_, Failure>>().map(|values| Self { values })
    }
}

impl<T: ByValue, K: Into<PartitionKey>> FromIterator<(K, T)> for Partitions<T> {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(values: I) -> Self {
        let shared = |(key, value): (K, T)| Some((key.into(), Value::new(value).share().ok()?));
        // A value is of its own type.
        Self { values: values.into_iter().filter_map(shared).collect() }
    }
}

/// As a list of keys and values, for a step in a process of its own.
impl<T: Data + Serialize> Serialize for Partitions<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: ByValue + Deserialize<'de>> Deserialize<'de> for Partitions<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<(PartitionKey, T)>::deserialize(deserializer).map(Self::from_iter)
    }
}

impl<T> Clone for Partitions<T> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone() }
    }
}

impl<T: Data + fmt::Debug> fmt::Debug for Partitions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (key.as_str(), value))).finish()
    }
}
