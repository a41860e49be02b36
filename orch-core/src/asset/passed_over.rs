use jiff::Timestamp;

use super::{AssetKey, InputVersion};
use crate::event::{Event, EventKind, Taken};
use crate::ids::RunId;

/// A fact: that a run came to an asset and made nothing, since what is there is as it would be made.
///
/// It is told by the event [`StepMemoized`](crate::event::EventKind::StepMemoized) of its run. What failed before has been made good
/// by it, as by a materialization. The latest of an asset, or of a partition of one, is kept apart from the run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PassedOver {
    /// The asset.
    pub asset: AssetKey,
    /// The partition, of an asset that has some.
    pub partition: Option<String>,
    /// The run that passed over it.
    pub run: RunId,
    /// The number of the event that tells of it, in the log of that run.
    pub event: u64,
    /// When, in UTC.
    pub time: Timestamp,
}

impl PassedOver {
    /// Of an asset, or a partition of it, by this event of a run, at this time.
    #[must_use]
    pub fn new(
        asset: AssetKey,
        partition: Option<String>,
        (run, event, time): (RunId, u64, Timestamp),
    ) -> Self {
        Self { asset, partition, run, event, time }
    }

    /// The facts that an event tells, by its number in the log of its run: one of each asset that its step would have made.
    pub fn told(number: u64, event: &Event) -> impl Iterator<Item = Self> {
        let taken = match &event.kind {
            EventKind::StepMemoized { taken: Taken::Assets(assets), .. } => assets.as_slice(),
            _ => &[],
        };
        let at = (event.run, number, event.time);
        let partition = |taken: &InputVersion| taken.partition.as_deref().map(str::to_owned);
        taken.iter().map(move |taken| Self::new(taken.asset.clone(), partition(taken), at))
    }
}
