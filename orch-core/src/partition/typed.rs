use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::definition::PartitionsDefinition;
use super::error::PartitionError;
use super::key::{MultiKey, PartitionKey};
use super::keyspace::Keyspace;
use super::time::TimeWindow;

/// A type that stands for partitions, so that code can say by which it is partitioned.
///
/// ```
/// use orch_core::partition::{ByTime, Partition, Partitioning, PartitionsDefinition, TimePartitions};
///
/// struct Daily;
///
/// impl Partitioning for Daily {
///     type Kind = ByTime;
///
///     fn definition() -> PartitionsDefinition {
///         TimePartitions::daily("2024-01-01").into()
///     }
/// }
///
/// fn rows_of(day: &Partition<Daily>) -> String {
///     format!("select * from sales where at >= '{}'", day.window().start.date())
/// }
///
/// let day = Partition::of("2024-01-02")?;
/// assert_eq!(rows_of(&day), "select * from sales where at >= '2024-01-02'");
/// # Ok::<(), orch_core::partition::PartitionError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say by what it is partitioned",
    note = "implement `Partitioning` for it: `type Kind = ByTime;` and `fn definition() -> PartitionsDefinition`"
)]
pub trait Partitioning: 'static {
    /// [`ByTime`], [`ByKey`], [`BySet`] or [`ByDimensions`]: what a [`Partition`] of it has.
    type Kind: Kind;

    /// The definition.
    fn definition() -> PartitionsDefinition;
}

/// Of what kind partitions are: [`ByTime`], [`ByKey`], [`BySet`] or [`ByDimensions`].
pub trait Kind {
    /// Whether a definition is of this kind.
    fn fits(definition: &PartitionsDefinition) -> bool;
}

/// Windows of time.
#[derive(Clone, Copy, Debug)]
pub struct ByTime;

/// Names that the definition lists.
#[derive(Clone, Copy, Debug)]
pub struct ByKey;

/// Names of a set that lives in the instance, and grows and shrinks: [`DynamicPartitions`](super::DynamicPartitions) are its keys.
#[derive(Clone, Copy, Debug)]
pub struct BySet;

/// Several dimensions.
#[derive(Clone, Copy, Debug)]
pub struct ByDimensions;

impl Kind for ByTime {
    fn fits(definition: &PartitionsDefinition) -> bool {
        matches!(definition, PartitionsDefinition::Time(_))
    }
}

impl Kind for ByKey {
    fn fits(definition: &PartitionsDefinition) -> bool {
        matches!(definition, PartitionsDefinition::Static(_))
    }
}

impl Kind for BySet {
    fn fits(definition: &PartitionsDefinition) -> bool {
        matches!(definition, PartitionsDefinition::Dynamic(_))
    }
}

impl Kind for ByDimensions {
    fn fits(definition: &PartitionsDefinition) -> bool {
        matches!(definition, PartitionsDefinition::Product(_))
    }
}

/// That the definition of a type is not of the kind that it says.
pub(crate) fn another_kind<P: Partitioning>() -> PartitionError {
    let message =
        format!("the partitions of `{}` are of another kind than it says", std::any::type_name::<P>());
    PartitionError::definition(message).hint(match P::definition() {
        PartitionsDefinition::Time(_) => "they are by time: `type Kind = ByTime;`",
        PartitionsDefinition::Static(_) => "they are by keys: `type Kind = ByKey;`",
        PartitionsDefinition::Dynamic(_) => "they are by the keys of a set: `type Kind = BySet;`",
        PartitionsDefinition::Product(_) => "they are by several dimensions: `type Kind = ByDimensions;`",
    })
}

/// The partition that code works on: one of those of `P`.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Partition<P> {
    key: PartitionKey,
    values: MultiKey,
    windows: Vec<(String, TimeWindow)>,
    #[serde(skip)]
    of: PhantomData<fn() -> P>,
}

impl<P: Partitioning> Partition<P> {
    /// The partition of a key, for a test that calls a function which takes one. A key of a dynamic set is taken for one that
    /// is in it.
    ///
    /// # Errors
    ///
    /// If `P` cannot be, or has no such partition.
    pub fn of(key: &str) -> Result<Self, PartitionError> {
        let keyspace = P::definition().resolve_for(key)?;
        Self::new(&keyspace, keyspace.index_of(key)?)
    }

    /// The partition of an index.
    ///
    /// # Errors
    ///
    /// If no partition has this index, or `P` says to be of another kind than the partitions are.
    pub fn new(keyspace: &Keyspace, index: u64) -> Result<Self, PartitionError> {
        if !P::Kind::fits(keyspace.definition()) {
            return Err(another_kind::<P>());
        }
        let key = keyspace.key_of(index)?;
        let values = keyspace.multi_key_of(index)?;
        Ok(Self { key, values, windows: keyspace.windows_of(index), of: PhantomData })
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PartitionKey {
        &self.key
    }
}

impl<P: Partitioning<Kind = ByTime>> Partition<P> {
    /// The time that it stands for.
    #[must_use]
    pub fn window(&self) -> &TimeWindow {
        // Partitions by time have one window, which `new` has asked for.
        &self.windows[0].1
    }
}

impl<P: Partitioning<Kind = ByDimensions>> Partition<P> {
    /// The value in a dimension; nothing if there is no such dimension.
    #[must_use]
    pub fn value(&self, dimension: &str) -> Option<&str> {
        self.values.get(dimension)
    }

    /// The time that it stands for in a dimension; nothing if that is not by time.
    #[must_use]
    pub fn window_in(&self, dimension: &str) -> Option<&TimeWindow> {
        self.windows.iter().find(|(name, _)| name == dimension).map(|(_, window)| window)
    }
}

impl<P> Clone for Partition<P> {
    fn clone(&self) -> Self {
        let Self { key, values, windows, of } = self;
        Self { key: key.clone(), values: values.clone(), windows: windows.clone(), of: *of }
    }
}

impl<P> fmt::Debug for Partition<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Partition").field(&self.key).finish()
    }
}
