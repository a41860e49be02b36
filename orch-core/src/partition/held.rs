use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use super::definition::PartitionsDefinition;
use super::dynamic::{ChangedKeys, KeySet, KeySets, check_keys};
use super::error::PartitionError;
use super::key::PartitionKey;
use super::typed::{BySet, Partitioning, another_kind};
use crate::failure::Failure;

/// Who has the sets of keys that dynamic definitions name, for the code of a step: a port, behind which an instance stands.
pub(crate) trait HoldsKeys: fmt::Debug + Send + Sync + 'static {
    /// The set of this name; one that nobody has added a key to is empty.
    ///
    /// # Errors
    /// If it cannot be read.
    fn key_set(&self, set: &str) -> Result<Arc<KeySet>, Failure>;

    /// Adds keys: all of them, or none if one cannot be.
    ///
    /// # Errors
    /// If one cannot be a key, or they cannot be written.
    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure>;

    /// Removes keys. Their numbers stay theirs.
    ///
    /// # Errors
    /// If they cannot be written.
    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure>;
}

/// Sets of keys in memory.
#[derive(Debug, Default)]
pub(crate) struct KeysInMemory(Mutex<KeySets>);

impl KeysInMemory {
    /// These sets.
    pub(crate) fn new(sets: KeySets) -> Self {
        Self(Mutex::new(sets))
    }

    /// The sets as they are now.
    pub(crate) fn sets(&self) -> KeySets {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes a set, unless one of the keys cannot be.
    fn change(
        &self,
        set: &str,
        keys: &[&str],
        change: impl Fn(&mut KeySet, &str) -> Result<bool, PartitionError>,
    ) -> Result<ChangedKeys, PartitionError> {
        check_keys(set, keys)?;
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = KeySet::clone(&sets.named(set));
        let told = ChangedKeys::of(keys, |key| change(&mut changed, key))?;
        *sets = std::mem::take(&mut *sets).with(set, changed);
        Ok(told)
    }

    /// Adds keys, as [`HoldsKeys::add_keys`] does.
    pub(crate) fn add(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, PartitionError> {
        self.change(set, keys, |of, key| {
            let is_there = of.contains(key);
            of.add(key).map(|_| !is_there)
        })
    }

    /// Removes keys, as [`HoldsKeys::remove_keys`] does.
    pub(crate) fn remove(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, PartitionError> {
        self.change(set, keys, |of, key| Ok(of.remove(key)))
    }
}

impl HoldsKeys for KeysInMemory {
    fn key_set(&self, set: &str) -> Result<Arc<KeySet>, Failure> {
        Ok(self.sets().named(set))
    }

    fn add_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure> {
        Ok(self.add(set, keys)?)
    }

    fn remove_keys(&self, set: &str, keys: &[&str]) -> Result<ChangedKeys, Failure> {
        Ok(self.remove(set, keys)?)
    }
}

/// The partitions of `P` that there are: the keys of a set in the instance, to be looked at and changed.
///
/// What is changed holds for runs that begin later; those that are under way, or are resumed, go on with the keys that there
/// were when they began.
///
/// ```
/// use std::sync::Arc;
///
/// use orch_core::partition::{BySet, Partitioning, PartitionsDefinition};
/// use orch_core::run::Definitions;
/// use orch_core::storage::{Memory, Storage};
///
/// struct Customers;
///
/// impl Partitioning for Customers {
///     type Kind = BySet;
///
///     fn definition() -> PartitionsDefinition {
///         PartitionsDefinition::dynamic("customers")
///     }
/// }
///
/// let storage: Arc<dyn Storage> = Arc::new(Memory::new());
/// let customers = Definitions::new().partitions::<Customers>(&storage);
/// assert_eq!(customers.add(["acme", "beta"])?.changed, ["acme", "beta"]);
/// assert_eq!(customers.add(["beta", "cogs"])?.unchanged, ["beta"]);
/// customers.remove(["acme"])?;
/// assert_eq!(customers.keys()?.iter().map(|key| key.as_str()).collect::<Vec<_>>(), ["beta", "cogs"]);
/// # Ok::<(), orch_core::failure::Failure>(())
/// ```
pub struct DynamicPartitions<P> {
    held: Arc<dyn HoldsKeys>,
    of: PhantomData<fn() -> P>,
}

impl<P: Partitioning<Kind = BySet>> DynamicPartitions<P> {
    /// Those that someone has.
    pub(crate) fn held_by(held: Arc<dyn HoldsKeys>) -> Self {
        Self { held, of: PhantomData }
    }

    /// The keys, in the order in which they were added first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn keys(&self) -> Result<Vec<PartitionKey>, Failure> {
        Ok(self.held.key_set(&set_of::<P>()?)?.iter().map(|(_, key)| key.into()).collect())
    }

    /// Whether there is this key.
    ///
    /// # Errors
    /// As [`DynamicPartitions::keys`].
    pub fn contains(&self, key: &str) -> Result<bool, Failure> {
        Ok(self.held.key_set(&set_of::<P>()?)?.contains(key))
    }

    /// Adds keys, and says which were there already. A key that was removed and is added again is the partition that it was.
    ///
    /// # Errors
    /// If one of them cannot be a key, and then none is added: it is empty, `*` or `latest`, has control characters, `..` or one of
    /// `| , ; [ ]`, or begins or ends with a blank. If they cannot be written.
    pub fn add<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Result<ChangedKeys, Failure> {
        let keys: Vec<K> = keys.into_iter().collect();
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        self.held.add_keys(&set_of::<P>()?, &keys)
    }

    /// Removes keys, and says which were not there. What was made of their partitions stays in the history of the assets.
    ///
    /// # Errors
    /// As [`DynamicPartitions::add`].
    pub fn remove<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Result<ChangedKeys, Failure> {
        let keys: Vec<K> = keys.into_iter().collect();
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        self.held.remove_keys(&set_of::<P>()?, &keys)
    }
}

/// The name of the set that a type stands for.
fn set_of<P: Partitioning>() -> Result<String, Failure> {
    match P::definition() {
        PartitionsDefinition::Dynamic(set) => Ok(set),
        _ => Err(another_kind::<P>().into()),
    }
}

impl<P> Clone for DynamicPartitions<P> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held), of: PhantomData }
    }
}

impl<P: Partitioning> fmt::Debug for DynamicPartitions<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynamicPartitions").field(&P::definition()).finish()
    }
}
