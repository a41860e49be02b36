use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dynamic::{KeySet, KeySets};
use super::error::PartitionError;
use super::keyspace::Keyspace;
use super::time::TimePartitions;

/// How an asset or a job is partitioned.
///
/// A declaration, plain data that a run can keep. To compute with it, it is [resolved](Self::resolve).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartitionsDefinition {
    /// By windows of time.
    Time(TimePartitions),
    /// By these keys.
    Static(Vec<String>),
    /// By the keys of a named set that lives in the instance, and grows and shrinks.
    Dynamic(String),
    /// By each combination of keys of several dimensions.
    Product(ProductPartitions),
}

impl PartitionsDefinition {
    /// Partitions by these keys.
    pub fn of<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::Static(keys.into_iter().map(Into::into).collect())
    }

    /// Partitions by the keys of a named set that lives in the instance.
    pub fn dynamic(name: impl Into<String>) -> Self {
        Self::Dynamic(name.into())
    }

    /// Partitions of several dimensions, none yet.
    #[must_use]
    pub fn product() -> ProductPartitions {
        ProductPartitions::default()
    }

    /// Checks the definition, and makes of it what can be computed with. `sets` has the keys of what is dynamic, as they
    /// are now.
    ///
    /// # Errors
    ///
    /// If the definition cannot hold: a cron, a zone, a date or a key that is none, a key format that is too coarse for the
    /// cron, keys that are given twice, dimensions that do not fit into an index.
    pub fn resolve(&self, sets: &KeySets) -> Result<Keyspace, PartitionError> {
        Keyspace::new(self, sets)
    }

    /// The same for one partition, of whose dynamic sets nothing is at hand: what its key has of these is taken for what is there.
    pub(crate) fn resolve_for(&self, key: &str) -> Result<Keyspace, PartitionError> {
        let mut keys = KeySet::new();
        // What cannot be a value of a set is one of another dimension, or is told as no key of it.
        key.split('|').for_each(|value| drop(keys.add(value)));
        let sets = self.key_sets().into_iter();
        self.resolve(&sets.fold(KeySets::new(), |sets, name| sets.with(name, keys.clone())))
    }

    /// What a key stands for, as text: with another one the same key is another partition. Which keys there are is no part of it.
    pub(crate) fn meaning(&self) -> String {
        match self {
            Self::Time(time) => time.meaning(),
            Self::Static(_) | Self::Dynamic(_) => "names".to_owned(),
            Self::Product(product) => {
                let each = product.dimensions.iter().map(|(name, of)| format!("{name}: {}", of.meaning()));
                each.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// Partitions of several dimensions, as many as wanted, each with a name: every combination of their keys is a partition.
///
/// The index of a combination has 63 bits. Windows of time take as many as they need, up to their end or for some hundreds of years,
/// and dynamic sets share what is left: two beside days without an end have room for four million keys each, three for 16,384.
/// What has no room, be it dimensions or keys, is an error that says how much there is.
///
/// ```
/// use orch_core::partition::{KeySets, PartitionsDefinition, TimePartitions};
///
/// let sales = PartitionsDefinition::product()
///     .by("date", TimePartitions::daily("2024-01-01"))
///     .by("region", PartitionsDefinition::of(["eu", "us"]));
/// let sales = PartitionsDefinition::from(sales).resolve(&KeySets::new())?;
/// let index = sales.index_of("2024-01-02|us")?;
/// assert_eq!(sales.multi_key_of(index)?.get("region"), Some("us"));
/// # Ok::<(), orch_core::partition::PartitionError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductPartitions {
    pub(super) dimensions: BTreeMap<String, PartitionsDefinition>,
    /// Names that were given twice.
    #[serde(skip)]
    pub(super) again: Vec<String>,
}

impl ProductPartitions {
    /// The dimensions by name, in the order in which keys have their values.
    pub(crate) fn dimensions(&self) -> impl ExactSizeIterator<Item = (&str, &PartitionsDefinition)> {
        self.dimensions.iter().map(|(name, definition)| (name.as_str(), definition))
    }

    /// With a dimension of this name. It is partitioned by time, statically or dynamically.
    #[must_use]
    pub fn by(mut self, name: impl Into<String>, partitions: impl Into<PartitionsDefinition>) -> Self {
        let name = name.into();
        if self.dimensions.insert(name.clone(), partitions.into()).is_some() {
            self.again.push(name);
        }
        self
    }
}

impl From<TimePartitions> for PartitionsDefinition {
    fn from(time: TimePartitions) -> Self {
        Self::Time(time)
    }
}

impl From<ProductPartitions> for PartitionsDefinition {
    fn from(product: ProductPartitions) -> Self {
        Self::Product(product)
    }
}
