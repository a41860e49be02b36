//! Days and weeks, from midnight or from the morning on.

use orch_core::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};

pub(super) struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-07").until("2024-01-21").into()
    }
}

pub(super) struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").until("2024-01-21").into()
    }
}

/// Days of the same names that begin in the morning.
pub(super) struct Morning;

impl Partitioning for Morning {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-07").hour(6).until("2024-01-21T06:00").into()
    }
}

pub(super) struct MorningWeekly;

impl Partitioning for MorningWeekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").hour(6).until("2024-01-21T06:00").into()
    }
}
