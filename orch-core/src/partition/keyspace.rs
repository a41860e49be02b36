use std::sync::Arc;

use jiff::Timestamp;

use super::axis::Axis;
use super::definition::PartitionsDefinition;
use super::dynamic::{KeySet, KeySets};
use super::error::PartitionError;
use super::key::{MultiKey, PartitionKey};
use super::product::Product;
use super::set::PartitionSet;
use super::time::TimeWindow;

/// The partitions of a definition: keys by index, and indexes by key.
///
/// Windows of time are computed, never enumerated: whatever is asked of one costs the same, be it of millions. An index
/// stays what it is while time goes on and keys are added to dynamic sets; that of several dimensions is put together of
/// theirs, of which time and dynamic sets are the most significant.
///
/// It has the keys of dynamic sets as they were when the definition was resolved, and no clock: what exists at a time is
/// asked with that time.
#[derive(Clone, Debug)]
pub struct Keyspace {
    definition: PartitionsDefinition,
    pub(super) shape: Arc<Shape>,
}

#[derive(Debug)]
pub(super) enum Shape {
    One(Axis),
    Product(Product),
}

impl Keyspace {
    pub(super) fn new(definition: &PartitionsDefinition, sets: &KeySets) -> Result<Self, PartitionError> {
        let shape = match definition {
            PartitionsDefinition::Product(product) => Some(Shape::Product(Product::new(product, sets)?)),
            _ => Axis::new(definition, sets)?.map(Shape::One),
        };
        let shape = shape.ok_or_else(|| PartitionError::definition("there are no partitions"))?;
        Ok(Self { definition: definition.clone(), shape: Arc::new(shape) })
    }

    /// What it was made of.
    #[must_use]
    pub fn definition(&self) -> &PartitionsDefinition {
        &self.definition
    }

    /// Whether each partition of these, by time, lies in one of others: then it is made of that one.
    pub(crate) fn lies_within(&self, others: &Self) -> bool {
        match (&*self.shape, &*others.shape) {
            (Shape::One(Axis::Time(windows)), Shape::One(Axis::Time(others))) => windows.lie_within(others),
            _ => false,
        }
    }

    /// What tells from another one which key each index is of: a hash of the definition, of the numbers that keys have in dynamic
    /// sets, whether they are there or not, and of when the clocks of its zones are changed; and how many keys each set has or
    /// had. What was kept by index under another one means something only if this one [goes on](Self::goes_on_from) from it.
    #[must_use]
    pub fn indexing(&self) -> String {
        let numbers: Vec<u64> = self.sets().map(KeySet::numbers).collect();
        self.indexing_of(&numbers)
    }

    /// Whether each index that a key had under an [`indexing`](Self::indexing) it has still: nothing is another but that keys
    /// were added to dynamic sets since then.
    #[must_use]
    pub fn goes_on_from(&self, indexing: &str) -> bool {
        let numbers = indexing.split(' ').skip(1).map(|number| number.parse().ok());
        let Some(numbers) = numbers.collect::<Option<Vec<u64>>>() else { return false };
        let has_all = self.sets().map(KeySet::numbers).zip(&numbers).all(|(are, were)| *were <= are);
        numbers.len() == self.sets().count() && has_all && self.indexing_of(&numbers) == indexing
    }

    /// The indexing as it was when dynamic sets had so many keys.
    fn indexing_of(&self, numbers: &[u64]) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("orch: the indexes of partitions");
        // A definition is JSON in any case, and its end is found without a length before it.
        hasher.update(&serde_json::to_vec(&self.definition).unwrap_or_default());
        if let Shape::Product(product) = &*self.shape {
            product.strides().for_each(|stride| _ = hasher.update(&stride.to_le_bytes()));
        }
        self.axes().for_each(|axis| axis.add_clock(&mut hasher));
        self.sets().zip(numbers).for_each(|(set, numbers)| set.add_numbers(*numbers, &mut hasher));
        let hash = hasher.finalize().to_hex().to_string();
        numbers.iter().fold(hash, |told, numbers| format!("{told} {numbers}"))
    }

    fn axes(&self) -> impl Iterator<Item = &Axis> {
        let (one, product) = match &*self.shape {
            Shape::One(axis) => (Some(axis), None),
            Shape::Product(product) => (None, Some(product)),
        };
        one.into_iter().chain(product.into_iter().flat_map(|product| product.axes().map(|(_, axis)| axis)))
    }

    /// The dynamic sets, by the names of their dimensions.
    fn sets(&self) -> impl Iterator<Item = &KeySet> {
        self.axes().filter_map(|axis| match axis {
            Axis::Dynamic(_, keys) => Some(&**keys),
            Axis::Time(_) | Axis::Static(_) => None,
        })
    }

    /// The names of the dimensions, in their order; none if there is but one, which has no name.
    pub fn dimensions(&self) -> impl Iterator<Item = &str> {
        let product = match &*self.shape {
            Shape::Product(product) => Some(product),
            Shape::One(_) => None,
        };
        product.into_iter().flat_map(|product| product.axes().map(|(name, _)| name))
    }

    /// The index of a key, whether or not the partition exists yet.
    ///
    /// # Errors
    ///
    /// If there never is such a key. The error says what is wrong with it and which key is nearest: of time the window that
    /// contains the moment, of names the one of nearest spelling.
    pub fn index_of(&self, key: &str) -> Result<u64, PartitionError> {
        match &*self.shape {
            Shape::One(axis) => axis.index(key),
            Shape::Product(product) => {
                let parts = product.values(key)?.map(|(name, axis, value)| within(name, axis.index(value)));
                Ok(product.join(parts.collect::<Result<Vec<_>, _>>()?))
            }
        }
    }

    /// The index of a key, as [`index_of`](Self::index_of), for who does not want to know what is wrong with one that is none: of
    /// many keys that is dear.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<u64> {
        self.index_by(key, Axis::find)
    }

    /// The index that a key has or had: also of one that was removed from a dynamic set. None if there never was such a key.
    #[must_use]
    pub fn known_index(&self, key: &str) -> Option<u64> {
        self.index_by(key, Axis::known)
    }

    fn index_by(&self, key: &str, find: fn(&Axis, &str) -> Option<u64>) -> Option<u64> {
        match &*self.shape {
            Shape::One(axis) => find(axis, key),
            Shape::Product(product) => {
                let parts = product.values(key).ok()?.map(|(_, axis, value)| find(axis, value));
                Some(product.join(parts.collect::<Option<Vec<_>>>()?))
            }
        }
    }

    /// The index of a key that a mapping names; none if a dynamic set that it has a value of does not know that, and may later.
    pub(super) fn named_index(&self, key: &str) -> Result<Option<u64>, PartitionError> {
        match &*self.shape {
            Shape::One(axis) => axis.named_index(key),
            Shape::Product(product) => {
                let parts =
                    product.values(key)?.map(|(name, axis, value)| within(name, axis.named_index(value)));
                let parts: Option<Vec<u64>> = parts.collect::<Result<_, _>>()?;
                Ok(parts.map(|parts| product.join(parts)))
            }
        }
    }

    /// The numbers that the keys of dynamic sets have in these partitions, by the names of the sets.
    pub(crate) fn numbers_in_sets(&self, set: &PartitionSet) -> Vec<(&str, PartitionSet)> {
        match &*self.shape {
            Shape::One(Axis::Dynamic(name, _)) => vec![(name, set.clone())],
            Shape::One(_) => Vec::new(),
            Shape::Product(product) => {
                let dynamic = product.axes().enumerate().filter_map(|(at, (_, axis))| match axis {
                    Axis::Dynamic(name, _) => Some((name.as_str(), product.project(set, at))),
                    Axis::Time(_) | Axis::Static(_) => None,
                });
                dynamic.collect()
            }
        }
    }

    /// The index of a key given by its values, in which each dimension is named.
    ///
    /// # Errors
    ///
    /// As of [`index_of`](Self::index_of), and if a dimension is missing, or is none of these.
    pub fn index_of_multi(&self, key: &MultiKey) -> Result<u64, PartitionError> {
        let names: Vec<_> = self.dimensions().collect();
        let wrong = |what: String| {
            Err(PartitionError::key(what).hint(format!("the dimensions are {}", names.join(", "))))
        };
        if let Some(name) = names.iter().find(|name| key.get(name).is_none()) {
            return wrong(format!("the key `{key}` has no value for the dimension `{name}`"));
        }
        if let Some((name, _)) = key.iter().find(|(name, _)| !names.contains(name)) {
            return wrong(format!("the key `{key}` has a value for `{name}`, which is no dimension"));
        }
        self.index_of(&key.to_string())
    }

    /// The key of an index.
    ///
    /// # Errors
    ///
    /// If no partition ever has this index.
    pub fn key_of(&self, index: u64) -> Result<PartitionKey, PartitionError> {
        match &*self.shape {
            Shape::One(axis) => axis.key(index).map(Into::into),
            Shape::Product(_) => self.multi_key_of(index).map(|key| key.key()),
        }
    }

    /// The key of an index by dimensions; of partitions of one dimension it has no value.
    ///
    /// # Errors
    ///
    /// If no partition ever has this index.
    pub fn multi_key_of(&self, index: u64) -> Result<MultiKey, PartitionError> {
        let Shape::Product(product) = &*self.shape else { return Ok(MultiKey::default()) };
        let value = |(at, (name, axis)): (usize, (&str, &Axis))| {
            let value = axis
                .key(product.part(index, at))
                .map_err(|_| PartitionError::key(format!("there is no partition of index {index}")))?;
            Ok((name.to_owned(), value))
        };
        product.axes().enumerate().map(value).collect::<Result<Vec<_>, _>>().map(MultiKey::new)
    }

    /// The time that a partition stands for.
    ///
    /// # Errors
    ///
    /// If no partition ever has this index, or none or several of its dimensions are time.
    pub fn window_of(&self, index: u64) -> Result<TimeWindow, PartitionError> {
        let mut windows = self.windows_of(index).into_iter();
        match (windows.next(), windows.next()) {
            // Behind the last one there is no time.
            (Some((_, window)), None) if window.start == window.end => {
                Err(PartitionError::key(format!("there is no partition of index {index}")))
            }
            (Some((_, window)), None) => Ok(window),
            (None, _) => Err(PartitionError::definition("these partitions are not by time")),
            (Some(_), Some(_)) => {
                Err(PartitionError::definition("several dimensions of these partitions are by time"))
            }
        }
    }

    /// The times that a partition stands for, with the names of their dimensions.
    pub(super) fn windows_of(&self, index: u64) -> Vec<(String, TimeWindow)> {
        let window = |name: &str, axis: &Axis, index| match axis {
            Axis::Time(windows) => Some((name.to_owned(), windows.window(index))),
            _ => None,
        };
        match &*self.shape {
            Shape::One(axis) => window("", axis, index).into_iter().collect(),
            Shape::Product(product) => {
                let axes = product.axes().enumerate();
                axes.filter_map(|(at, (name, axis))| window(name, axis, product.part(index, at))).collect()
            }
        }
    }

    /// The index of the window that contains a moment, existing or not; nothing before the first and behind the last, and
    /// of what is not by time alone.
    #[must_use]
    pub fn index_at(&self, moment: Timestamp) -> Option<u64> {
        match &*self.shape {
            Shape::One(Axis::Time(windows)) => windows.index_at(moment),
            _ => None,
        }
    }

    /// The partitions before one in time, the nearest first; of several dimensions those that are otherwise the same. None if
    /// no dimension is time, or several are.
    pub fn before(&self, index: u64) -> Option<impl Iterator<Item = u64> + use<>> {
        let (part, stride) = match &*self.shape {
            Shape::One(Axis::Time(_)) => (index, 1),
            Shape::One(_) => return None,
            Shape::Product(product) => {
                let axes = product.axes().enumerate();
                let mut by_time = axes.filter(|(_, (_, axis))| matches!(axis, Axis::Time(_)));
                let (at, _) = by_time.next().filter(|_| by_time.next().is_none())?;
                (product.part(index, at), product.stride(at))
            }
        };
        Some((1..=part).map(move |back| index - back * stride))
    }

    /// How many partitions exist.
    #[must_use]
    pub fn count(&self, now: Timestamp) -> u64 {
        match &*self.shape {
            Shape::One(axis) => axis.count(now),
            Shape::Product(product) => {
                product.axes().map(|(_, axis)| axis.count(now)).fold(1, u64::saturating_mul)
            }
        }
    }

    /// Whether the partition exists.
    #[must_use]
    pub fn exists(&self, index: u64, now: Timestamp) -> bool {
        match &*self.shape {
            Shape::One(axis) => axis.exists(index, now),
            Shape::Product(product) => {
                product.axes().enumerate().all(|(at, (_, axis))| axis.exists(product.part(index, at), now))
            }
        }
    }

    /// All partitions that exist. Of several dimensions that go on, time and dynamic sets, it costs as many steps as there
    /// are combinations of all but the last of them.
    #[must_use]
    pub fn all(&self, now: Timestamp) -> PartitionSet {
        match &*self.shape {
            Shape::One(axis) => axis.existing(now),
            Shape::Product(product) => {
                let parts: Vec<_> = product.axes().map(|(_, axis)| axis.existing(now)).collect();
                product.rectangle(&parts)
            }
        }
    }

    /// Those of a set that exist.
    pub(super) fn existing_of(&self, set: &PartitionSet, now: Timestamp) -> PartitionSet {
        match &*self.shape {
            Shape::One(axis) => axis.existing_of(set, now),
            // All that exist are found at once, few are looked at one by one: whoever asks for each of them by itself does not
            // find all of them each time.
            Shape::Product(product) => match product.has_holes() && set.len() < self.count(now) / FEW {
                true => set.iter().filter(|index| self.exists(*index, now)).collect(),
                false => set & &self.all(now),
            },
        }
    }

    /// Those that exist and are not in the set.
    #[must_use]
    pub fn missing(&self, set: &PartitionSet, now: Timestamp) -> PartitionSet {
        &self.all(now) - set
    }

    /// The partitions of one dimension that occur in a set; nothing if there is no such dimension. Their indexes are those
    /// within the dimension.
    #[must_use]
    pub fn project(&self, set: &PartitionSet, dimension: &str) -> Option<PartitionSet> {
        match &*self.shape {
            Shape::Product(product) => Some(product.project(set, product.at(dimension)?)),
            Shape::One(_) => None,
        }
    }
}

/// One of so many is few.
const FEW: u64 = 64;

/// With the dimension before what is wrong in it.
pub(super) fn within<T>(name: &str, result: Result<T, PartitionError>) -> Result<T, PartitionError> {
    result.map_err(|error| error.within(&format!("dimension `{name}`")))
}
