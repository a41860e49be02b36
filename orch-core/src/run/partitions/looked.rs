//! Partitions of which nothing was there when they were looked at.

use super::missing::nothing_there;
use super::reader::Reader;
use super::reading::Reading;
use crate::event::{Event, EventKind};
use crate::failure::Failure;
use crate::partition::PartitionSet;
use crate::storage::Facts;

impl Reader {
    /// Takes an event that tells of a look at what others make, if nothing was there: also of a run of which nothing is recorded.
    pub(in crate::run) fn looked(&self, event: &Event) {
        if let EventKind::AssetObservation { data_version: None, .. } = &event.kind
            && let Some((fact, _)) = Facts::default().take(0, event, None)
        {
            self.tell(fact, None);
        }
    }

    /// What is read of these partitions: what may be missing is none of them if nothing was there when it was looked at last. Then it is
    /// as if nobody had ever made it, and no IO manager is asked for it.
    ///
    /// # Errors
    /// If one cannot be done without, or this run was to look at it, and could not.
    pub(super) fn there(&self, reading: &Reading, needed: PartitionSet) -> Result<PartitionSet, Failure> {
        let mut nothing = PartitionSet::new();
        for index in needed.iter().filter(|_| reading.asset.external) {
            let (partition, is_made) = (reading.up.key_of(index)?, reading.made.contains(index));
            let (key, partition) = (&reading.asset.key, partition.as_str());
            let known = if is_made { self.made_here(key, partition) } else { self.taken_of(key, partition) };
            if !known.is_some_and(|(fact, _)| fact.found_nothing()) {
                continue;
            }
            if is_made {
                // What a run has found that this one goes on from does not count if this one has looked again.
                self.stopped().check_made(key, partition)?;
            }
            nothing.insert(index);
        }
        if nothing.is_empty() || reading.of.waits && !reading.allows_missing() {
            return Ok(needed);
        }
        match reading.allows_missing() {
            true => Ok(&needed - &nothing),
            false => Err(nothing_there(reading, &nothing)),
        }
    }
}
