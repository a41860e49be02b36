use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::{AssetKey, InputVersion, Materialization};
use crate::graph::AssetGraph;
use crate::partition::{Keyspace, Link, PartitionSet};

/// An asset that another one is made of, by its number; if it has partitions, with the ways in which these are mapped.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) other: usize,
    pub(super) ways: Vec<Way>,
}

/// One way in which partitions are mapped.
#[derive(Clone, Debug)]
pub(super) struct Way {
    link: Arc<Link>,
    allows_missing: bool,
    /// Whether their values are taken, and not only that they are there.
    takes_values: bool,
    /// Whether it is from an asset to its own earlier partitions: of these those that there are.
    is_own: bool,
}

/// What is known of an asset with partitions: those that were materialized, by their indexes.
pub(super) struct Known<'a> {
    pub(super) keyspace: Keyspace,
    pub(super) facts: HashMap<u64, &'a Materialization>,
    /// The indexes of these, but for those of which nothing was there when they were observed last.
    pub(super) materialized: PartitionSet,
    /// Those of them of which there is a value: what others make may have been observed without one.
    pub(super) valued: PartitionSet,
    /// The indexes of the others.
    pub(super) nothing_there: PartitionSet,
    /// Whether others may store partitions of it without a word.
    pub(super) is_untold: bool,
}

impl Need {
    /// What an asset is made of. Of definitions that do not fit each other is told with the graph.
    pub(super) fn of(graph: &AssetGraph, number: usize, other: usize, spaces: &[Option<Keyspace>]) -> Self {
        let Some(up) = &spaces[other] else { return Self { other, ways: Vec::new() } };
        let ways = graph.mappings(number, other).filter_map(|(mapping, takes_values)| {
            let link = Link::new(mapping, Some(up), spaces[number].as_ref()).ok()?;
            let allows_missing = mapping.is_some_and(crate::partition::PartitionMapping::allows_missing);
            Some(Way { link: Arc::new(link), allows_missing, takes_values, is_own: number == other })
        });
        Self { other, ways: ways.collect() }
    }

    /// The partitions of the other asset of which one of this asset is made, by its index. What may be missing is none of them
    /// unless it is `materialized`.
    pub(super) fn upstream_of(
        &self,
        index: u64,
        materialized: &PartitionSet,
        now: Timestamp,
    ) -> PartitionSet {
        self.upstream_of_all(&PartitionSet::from_iter([index]), materialized, now)
    }

    /// The same of several.
    pub(super) fn upstream_of_all(
        &self,
        set: &PartitionSet,
        materialized: &PartitionSet,
        now: Timestamp,
    ) -> PartitionSet {
        let mut needed = PartitionSet::new();
        for way in &self.ways {
            let keys = way.link.upstream_of(set, now).keys;
            needed |= &if way.allows_missing { &keys & materialized } else { keys };
        }
        needed
    }

    /// The partitions of this asset that are made of any of these of the other one.
    pub(super) fn downstream_of(&self, upstream: &PartitionSet, now: Timestamp) -> PartitionSet {
        let mut needing = PartitionSet::new();
        self.ways.iter().for_each(|way| needing |= &way.link.downstream_of(upstream, now));
        needing
    }
}

/// Finds the versions of partitions that are taken together. Partitions that follow each other often take the same ones, be it
/// all there are: these are put together once.
#[derive(Default)]
pub(super) struct Versions {
    /// Of each way the last.
    last: Vec<Option<(PartitionSet, InputVersion)>>,
}

impl Versions {
    /// The version of all that a partition is made of, as a run would find it, if it is known.
    pub(super) fn of(
        &mut self,
        need: &Need,
        (asset, known): (&AssetKey, &Known<'_>),
        index: u64,
        now: Timestamp,
    ) -> Option<Arc<str>> {
        self.last.resize_with(need.ways.len(), || None);
        let one = PartitionSet::from_iter([index]);
        let versions = need.ways.iter().zip(&mut self.last).map(|(way, last)| {
            let mapped = way.link.upstream_of(&one, now);
            let mut taken = mapped.keys;
            if way.allows_missing {
                taken = match known.is_untold {
                    true => &taken - &known.nothing_there,
                    false if way.takes_values => &taken & &known.valued,
                    false => &taken & &known.materialized,
                };
            }
            if let Some((_, version)) = last.as_ref().filter(|(set, _)| *set == taken) {
                return version.clone();
            }
            let parts = taken.iter().filter_map(|index| {
                Some((known.keyspace.key_of(index).ok()?, known.facts.get(&index).copied()))
            });
            let mut version = InputVersion::of_partitions(asset, || known.keyspace.show(&taken), parts);
            if !mapped.missing.is_empty() && !way.is_own {
                // No run takes what does not exist.
                version.data_version = None;
            }
            *last = Some((taken, version.clone()));
            version
        });
        let versions: Vec<_> = versions.collect();
        InputVersion::together(versions.iter())
    }
}
