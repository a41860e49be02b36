use std::sync::Arc;

use super::def::AssetDef;
use super::taken_as::TakenAs;
use crate::ids::Place;
use crate::partition::PartitionMapping;

/// An asset that another one is made of, or that a check takes.
pub(super) struct Dependency {
    asset: Named,
    /// What of it is taken.
    pub(super) taken: Taken,
    /// Which partitions; none for those that follow from the definitions.
    pub(super) mapping: Option<PartitionMapping>,
    pub(super) place: Place,
}

/// What an asset takes of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Taken {
    /// Nothing: it is only to be there before.
    Nothing,
    /// What its IO manager has stored of it, or of one partition, which a step of its own reads.
    Stored,
    /// Its value, or that of one partition.
    Value,
    /// That of one partition, if there is one.
    Optional,
    /// The values of partitions, by key.
    Partitions,
}

/// How an asset or a check names an asset.
#[derive(Clone)]
pub(super) enum Named {
    /// Asked for late: assets may name each other in a circle, which is told when they are listed.
    Later(fn() -> &'static Arc<AssetDef>),
    Now(Arc<AssetDef>),
}

impl Named {
    /// The asset.
    pub(super) fn get(&self) -> &AssetDef {
        match self {
            Self::Later(asset) => asset(),
            Self::Now(asset) => asset,
        }
    }
}

impl Dependency {
    pub(super) fn new(asset: Named, taken: Taken, place: Place) -> Self {
        Self { asset, taken, mapping: None, place }
    }

    /// The asset.
    pub(super) fn asset(&self) -> &AssetDef {
        self.asset.get()
    }

    /// As what its value is taken.
    pub(super) fn taken_as<V, T: TakenAs<V, How>, How>(&mut self) {
        if T::MAY_BE_MISSING {
            self.taken = Taken::Optional;
            self.mapping = Some(self.mapping.take().unwrap_or_default().allow_missing());
        }
    }

    /// Whether a value of it is taken.
    pub(super) fn is_data(&self) -> bool {
        !matches!(self.taken, Taken::Nothing | Taken::Stored)
    }
}
