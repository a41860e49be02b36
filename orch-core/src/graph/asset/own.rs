//! Earlier partitions that an asset takes of its own.

use std::sync::Arc;

use super::def::{AssetBuilder, AssetDef};
use super::dependency::Taken;
use super::lineage::AssetGraph;
use super::linked::refused;
use super::taken_as::TakenAs;
use super::upstream::Upstream;
use crate::graph::Out;
use crate::ids::Place;
use crate::partition::{KeySets, Link, PartitionMapping, Partitions};
use crate::plan::{Problem, ProblemKind};
use crate::value::{ByValue, Data};

/// Partitions of the very asset that takes them.
pub(super) struct OwnPartitions {
    pub(super) taken: Taken,
    /// Which of them each partition takes.
    pub(super) mapping: PartitionMapping,
    pub(super) place: Place,
}

impl AssetBuilder {
    /// Says that each of its partitions takes earlier ones of its own, by key: there are none before the first. They are there
    /// before it is made, also if they are made in the same run.
    #[must_use]
    #[track_caller]
    pub fn takes_own_partitions(self, mapping: PartitionMapping) -> Self {
        self.depends_on_own(Taken::Partitions, mapping, Place::caller())
    }

    /// As [`AssetBuilder::takes_own_partitions`], of one of them as a `T`, which is an `Option` of the `V` that the asset is: none
    /// where there is no earlier partition. One that exists and was never materialized is none only if the mapping
    /// [allows it](PartitionMapping::allow_missing).
    #[must_use]
    #[track_caller]
    pub fn takes_own_as<V, T: TakenAs<V, How>, How>(self, mapping: PartitionMapping) -> Self {
        let taken = if T::MAY_BE_MISSING { Taken::Optional } else { Taken::Value };
        self.depends_on_own(taken, mapping, Place::caller())
    }

    /// Says that each of its partitions reads an earlier one of its own as it is stored, if there is one.
    #[must_use]
    #[track_caller]
    pub fn takes_own_stored(self, mapping: PartitionMapping) -> Self {
        self.depends_on_own(Taken::Stored, mapping, Place::caller())
    }

    fn depends_on_own(mut self, taken: Taken, mapping: PartitionMapping, place: Place) -> Self {
        self.asset.own.push(OwnPartitions { taken, mapping, place });
        self
    }
}

impl Upstream {
    /// The handle of the values of earlier partitions of the asset that is drawn, which is a `T`.
    ///
    /// # Panics
    /// If it does not say that it takes some.
    #[must_use]
    #[track_caller]
    pub fn own_partitions<T: Data>(&self) -> Out<Partitions<T>> {
        self.partitions_of_made(self.own())
    }

    /// The handle of an earlier partition of the asset that is drawn, if there is one.
    ///
    /// # Panics
    /// As [`Upstream::own_partitions`].
    #[must_use]
    #[track_caller]
    pub fn own_if_there<T: ByValue>(&self) -> Out<Option<T>> {
        self.optional_of_made(self.own())
    }

    /// The asset that is drawn next takes these partitions of its own.
    pub(super) fn take_own(&mut self, asset: &Arc<AssetDef>) {
        self.own = (!asset.own.is_empty()).then(|| Arc::clone(asset));
        let mappings = asset.own.iter().map(|own| ((asset.key.clone(), own.taken), own.mapping.clone()));
        self.mappings.extend(mappings);
    }

    /// Whether it is this asset that is drawn at present, and takes partitions of its own.
    pub(super) fn is_own(&self, asset: &AssetDef) -> bool {
        self.own.as_ref().is_some_and(|own| own.key == asset.key)
    }

    #[track_caller]
    fn own(&self) -> &AssetDef {
        match &self.own {
            Some(own) => own,
            None => panic!(
                "an asset takes partitions of its own and does not say so: `.takes_own_partitions(..)`"
            ),
        }
    }
}

impl AssetGraph {
    /// Whether an asset takes earlier partitions of its own, by its number.
    #[must_use]
    pub fn takes_own(&self, asset: usize) -> bool {
        !self.assets()[asset].own.is_empty()
    }
}

/// What is wrong with the partitions of its own that an asset takes.
pub(super) fn check(asset: &AssetDef) -> impl Iterator<Item = Problem> {
    asset.own.iter().enumerate().filter_map(|(at, own)| {
        let problem = check_one(asset, own).or_else(|| {
            let is_same = |one: &&OwnPartitions| one.taken == own.taken && one.mapping != own.mapping;
            let first = asset.own[..at].iter().find(is_same)?;
            let message =
                format!("`{}` takes its own earlier partitions twice, by different mappings", asset.key);
            let problem =
                Problem::new(ProblemKind::InvalidPartition, message).at("first", first.place.clone());
            Some(problem.hint("take all of them by one mapping, as `&Partitions<..>`, and find them by key"))
        })?;
        Some(problem.at("takes them", own.place.clone()))
    })
}

fn check_one(asset: &AssetDef, own: &OwnPartitions) -> Option<Problem> {
    let (key, name, ty) = (&asset.key, asset.name(), asset.value.ty.name());
    let problem = |message: String| Problem::new(ProblemKind::InvalidPartition, message);
    let Some(definition) = asset.partitions() else {
        let problem = problem(format!("`{key}` takes earlier partitions of its own, and has none"));
        return Some(problem.hint("say by what it is partitioned: `partitions = ..`"));
    };
    // That the definition cannot be is told by itself.
    let space = definition.resolve(&KeySets::new()).ok()?;
    if let Err(error) = Link::new(Some(&own.mapping), Some(&space), Some(&space)) {
        return Some(refused(&format!("`{key}` cannot be made of partitions of its own"), &error));
    }
    if !own.mapping.is_earlier(space.dimensions()) {
        let problem = problem(format!("`{key}` takes partitions of its own that do not all come before"));
        return Some(problem.hint(match space.dimensions().next() {
            None => "take windows that end before its own: `PartitionMapping::time_window(-1, -1)`",
            Some(_) => {
                "map each dimension on itself, and one by windows that end before: `PartitionMapping::dimensions().on(\"region\", \"region\").on_by(\"day\", \"day\", PartitionMapping::time_window(-1, -1))`"
            }
        }));
    }
    if own.taken == Taken::Value {
        let problem = problem(format!(
            "`{key}` takes an earlier partition of its own, and before the first there is none"
        ));
        return Some(problem.hint(format!("take it as an `Option`: `{name}: Option<{ty}>`")));
    }
    if own.taken == Taken::Optional && own.mapping.takes_several_windows() {
        let problem = problem(format!(
            "`{key}` takes an earlier partition of its own as one value, and its mapping several of them"
        ));
        let one = "or map one: `PartitionMapping::time_window(-1, -1)`";
        return Some(problem.hint(format!("take them by key, `{name}: &Partitions<{ty}>`, {one}")));
    }
    None
}
