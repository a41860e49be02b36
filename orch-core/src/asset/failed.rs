use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AssetKey, Materialization, PassedOver};
use crate::event::{Event, EventKind};
use crate::ids::RunId;

/// A fact: that a run was to materialize an asset, and the step that makes it failed; or to look at one that others make.
///
/// It is told by the event [`AssetFailedToMaterialize`](crate::event::EventKind::AssetFailedToMaterialize) of its run, and kept
/// apart from the run, as [`Materialization`] is. An asset that a graph makes fails with any step of the graph, and one for which
/// partitions are read with the step that reads them. What a run did not come to, since something else before it failed, has not
/// failed; nor has what was canceled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FailedMaterialization {
    /// The asset.
    pub asset: AssetKey,
    /// The partition, of an asset that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The run in which it failed.
    pub run: RunId,
    /// The number of the event that tells of it, in the log of that run.
    pub event: u64,
    /// When, in UTC.
    pub time: Timestamp,
    /// Whether others make it, and it was to be observed: the last look failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
}

impl FailedMaterialization {
    /// The fact that an event tells, by its number in the log of its run; none unless an asset failed.
    #[must_use]
    pub fn told(number: u64, event: &Event) -> Option<Self> {
        let EventKind::AssetFailedToMaterialize { asset, partition, observed } = &event.kind else {
            return None;
        };
        Some(Self {
            asset: asset.clone(),
            partition: partition.as_deref().map(str::to_owned),
            run: event.run,
            event: number,
            time: event.time,
            observed: *observed,
        })
    }

    /// Whether nothing has made it good since, if the same was made last by this materialization, and passed over last so; a look that
    /// failed, if this is the latest that is known of it.
    #[must_use]
    pub fn is_after(&self, made: Option<&Materialization>, passed_over: Option<&PassedOver>) -> bool {
        let age = (self.time, self.run, self.event);
        made.is_none_or(|made| age > (made.time, made.run, made.event))
            && passed_over.is_none_or(|passed| age > (passed.time, passed.run, passed.event))
    }
}
