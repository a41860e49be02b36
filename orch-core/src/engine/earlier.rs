use std::fmt;

use super::State;
use super::frame::{Awaited, FrameId};
use super::settle::Settle;
use crate::ids::MappingKey;

/// Which earlier items of its map a step waits for.
pub(crate) trait Earlier: fmt::Debug + Send + Sync {
    /// Their keys, by the number of the step and the key of its own item. All of them are emitted before that one.
    fn items_before(&self, step: usize, item: &MappingKey) -> Vec<MappingKey>;
}

/// Steps that wait for the end of steps of earlier items of their map, and are skipped if one of these was no success. An item is
/// open before those that wait for it, so a map that is full never holds back what is waited for.
impl State {
    /// The frame of an item has been opened: its steps wait for those of items before it, and later ones can wait for its own.
    pub(super) fn wait_for_earlier(&mut self, frame: FrameId) {
        let entry = &self.frames[frame as usize];
        let (scope, parent) = (entry.scope, entry.parent as usize);
        let shape = &self.layout.scopes[scope];
        let (Some(earlier), Some(branch)) = (&self.settings.earlier, &entry.branch) else { return };
        if shape.earlier.is_empty() {
            return;
        }
        let (stream, key) = (self.layout.maps[scope - 1].local, branch.key().clone());
        for &(waiting, awaited) in &shape.earlier {
            if self.frames[frame as usize].steps[waiting as usize].is_given {
                continue;
            }
            for item in earlier.items_before(shape.steps[waiting as usize] as usize, &key) {
                match self.frames[parent].streams[stream].awaited.get_mut(&(awaited, item)) {
                    Some(Awaited::Open(waiters)) => {
                        waiters.push((frame, waiting));
                        self.frames[frame as usize].steps[waiting as usize].waits += 1;
                    }
                    Some(Awaited::Missing(missing)) => {
                        let missing = missing.clone();
                        self.frames[frame as usize].lacking.push((waiting, missing));
                    }
                    None => {}
                }
            }
        }
        let awaited =
            shape.earlier.iter().map(|(_, awaited)| ((*awaited, key.clone()), Awaited::Open(Vec::new())));
        self.frames[parent].streams[stream].awaited.extend(awaited);
    }

    /// A step is done: those of later items that wait for it go on.
    pub(super) fn tell_later(&mut self, frame: FrameId, local: u32) {
        let entry = &self.frames[frame as usize];
        let (scope, parent) = (entry.scope, entry.parent as usize);
        if self.layout.scopes[scope].earlier.iter().all(|(_, awaited)| *awaited != local) {
            return;
        }
        let Some(key) = entry.branch.as_ref().map(|branch| branch.key().clone()) else { return };
        let missing = entry.steps[local as usize].missing.clone();
        let awaited = &mut self.frames[parent].streams[self.layout.maps[scope - 1].local].awaited;
        let waiters = awaited.remove(&(local, key.clone()));
        if let Some(missing) = &missing {
            awaited.insert((local, key), Awaited::Missing(missing.clone()));
        }
        let Some(Awaited::Open(waiters)) = waiters else { return };
        for (later, waiting) in waiters {
            let lacking = missing.clone().map(|missing| (waiting, missing));
            self.frames[later as usize].lacking.extend(lacking);
            let run = self.run(later, waiting);
            run.waits -= 1;
            if run.waits == 0 {
                self.settling.push_back(Settle::Ready(later, waiting));
            }
        }
    }
}
