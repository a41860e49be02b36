use serde::{Deserialize, Serialize};

use crate::asset::AssetKey;
use crate::partition::{PartitionMapping, PartitionsDefinition};

/// The partitions that a run is for, of one definition: a step gives them, and what is made of each stands in its map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedPartitions {
    /// The step that gives them.
    pub step: usize,
    /// The step that runs when all is done that is made of them, if anything waits for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<usize>,
    /// The definition.
    pub definition: PartitionsDefinition,
    /// What they follow from; nothing if they are those that the run is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<PartitionsFrom>,
    /// What takes them, where the run looks at those alone that are taken of what others make, whatever it is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takers: Vec<PartitionsTaker>,
    /// What is made of them is made of partitions of these, which others make: of those a run can be told, if several follow from
    /// the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external: Vec<ExternalPartitions>,
}

/// That partitions are to be made since others are, of which they are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PartitionsFrom {
    /// The others, by their number in the plan.
    pub partitions: usize,
    /// The mapping; none for the one that follows from the definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<PartitionMapping>,
}

/// That partitions follow from those of an asset that others make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExternalPartitions {
    /// The asset.
    pub asset: AssetKey,
    /// By what it is partitioned.
    pub definition: PartitionsDefinition,
    /// The mapping; none for the one that follows from the definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<PartitionMapping>,
}

/// What takes partitions at which the run looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PartitionsTaker {
    /// For which partitions it is there, by their number in the plan; none of what has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<usize>,
    /// The mapping; none for the one that follows from the definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<PartitionMapping>,
}

/// Which partitions of an asset a step reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoadedPartitions {
    /// By what the asset is partitioned.
    pub definition: PartitionsDefinition,
    /// The partitions of the plan in whose map the step stands; none outside of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<usize>,
    /// The mapping; none for the one that follows from the definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<PartitionMapping>,
    /// Whether it is one partition that is taken, as what it is; else all that are mapped, by key or together.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single: bool,
    /// Whether that one may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether all that are mapped are taken as one value, as the IO manager reads them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub together: bool,
    /// Whether nothing is read of them, and the step only asks whether they were made and no blocking check has stopped them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
    /// The partitions of the plan that are made before in the same run, or looked at of what others make; none if none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<usize>,
    /// Whether the asset itself takes them: each partition of it waits for those that it takes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}
