use jiff::Timestamp;

use super::super::axis::Axis;
use super::super::definition::PartitionsDefinition;
use super::super::error::PartitionError;
use super::super::keyspace::{Keyspace, Shape};
use super::super::set::PartitionSet;
use super::link::MappedPartitions;

/// One side of a link. An asset that is not partitioned is one partition, of index 0.
#[derive(Debug)]
pub(super) struct Side(Option<Keyspace>);

impl Side {
    pub(super) fn new(space: Option<&Keyspace>) -> Self {
        Self(space.cloned())
    }

    pub(super) fn keyspace(&self) -> Option<&Keyspace> {
        self.0.as_ref()
    }

    /// Whether it is partitioned in one dimension, which has no name.
    pub(super) fn is_single(&self) -> bool {
        matches!(self.0.as_ref().map(|space| &*space.shape), Some(Shape::One(_)))
    }

    /// Names and axes; none of what is not partitioned.
    pub(super) fn axes(&self) -> Vec<(&str, &Axis)> {
        match self.0.as_ref().map(|space| &*space.shape) {
            None => Vec::new(),
            Some(Shape::One(axis)) => vec![("", axis)],
            Some(Shape::Product(product)) => product.axes().collect(),
        }
    }

    pub(super) fn definition(&self) -> Option<&PartitionsDefinition> {
        self.0.as_ref().map(Keyspace::definition)
    }

    /// The definition of the dimension at a place.
    pub(super) fn part(&self, at: usize) -> Option<&PartitionsDefinition> {
        match self.definition()? {
            PartitionsDefinition::Product(product) => product.dimensions.values().nth(at),
            one => Some(one),
        }
    }

    pub(super) fn at(&self, name: &str, side: &str) -> Result<usize, PartitionError> {
        let axes = self.axes();
        axes.iter().position(|(axis, _)| *axis == name && !name.is_empty()).ok_or_else(|| {
            let names: Vec<_> = axes.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
            let error =
                PartitionError::definition(format!("the {side} partitions have no dimension `{name}`"));
            match names.is_empty() {
                true => error.hint("they have but one, without a name"),
                false => error.hint(format!("the dimensions are {}", names.join(", "))),
            }
        })
    }

    pub(super) fn all(&self, now: Timestamp) -> PartitionSet {
        self.0.as_ref().map_or_else(|| PartitionSet::from(0..1), |space| space.all(now))
    }

    pub(super) fn existing(&self, set: &PartitionSet, now: Timestamp) -> MappedPartitions {
        let Some(space) = &self.0 else {
            return MappedPartitions { keys: set & &self.all(now), missing: Vec::new() };
        };
        let keys = space.existing_of(set, now);
        let missing = set - &keys;
        let shown = (!missing.is_empty()).then(|| space.show(&missing));
        MappedPartitions { keys, missing: shown.into_iter().collect() }
    }

    pub(super) fn exists(&self, index: u64, now: Timestamp) -> bool {
        self.0.as_ref().is_none_or(|space| space.exists(index, now))
    }

    pub(super) fn index(&self, key: &str) -> Option<u64> {
        self.0.as_ref()?.find(key)
    }

    pub(super) fn keys(&self, set: &PartitionSet) -> Vec<String> {
        let Some(space) = &self.0 else { return Vec::new() };
        set.iter().filter_map(|index| space.key_of(index).ok()).map(|key| key.to_string()).collect()
    }

    pub(super) fn rectangles(&self, set: &PartitionSet) -> Vec<Vec<PartitionSet>> {
        match self.0.as_ref().map(|space| &*space.shape) {
            None => vec![Vec::new()],
            Some(Shape::One(_)) => vec![vec![set.clone()]],
            Some(Shape::Product(product)) => product.rectangles(set),
        }
    }

    pub(super) fn rectangle(&self, parts: &[PartitionSet]) -> PartitionSet {
        match (self.0.as_ref().map(|space| &*space.shape), parts) {
            (Some(Shape::Product(product)), parts) => product.rectangle(parts),
            (Some(Shape::One(_)), [part]) => part.clone(),
            _ => PartitionSet::from(0..1),
        }
    }
}
