use std::panic;
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::event::{Detail, Logged, Recorded, RunView};

/// So many events are handed over at once: to hand over one takes as long as to fold it.
const BATCH: usize = 512;

/// So many batches may wait: whoever reads does not run far ahead of the fold.
const AHEAD: usize = 8;

/// What the events of a log come to.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) recorded: Recorded,
    pub(super) view: RunView,
}

impl Folded {
    /// What is read by `read`, which hands on one event after another. To read a log takes twice as long as to fold it, so the
    /// fold has a thread of its own, and what it takes is not waited for.
    pub(super) fn apart<E>(read: impl FnOnce(&mut dyn FnMut(Logged)) -> Result<(), E>) -> Result<Self, E> {
        thread::scope(|scope| {
            let (sender, batches) = sync_channel::<Vec<Logged>>(AHEAD);
            let fold = move || {
                let mut folded = Self::new();
                batches.into_iter().flatten().for_each(|logged| folded.apply(&logged));
                folded
            };
            let Ok(fold) = thread::Builder::new().name("orch history".into()).spawn_scoped(scope, fold)
            else {
                // A machine that has no thread left.
                let mut folded = Self::new();
                read(&mut |logged| folded.apply(&logged))?;
                return Ok(folded);
            };
            let mut batch = Vec::with_capacity(BATCH);
            let result = read(&mut |logged| {
                batch.push(logged);
                if batch.len() == BATCH {
                    // Nobody takes it if the fold has panicked, which is told below.
                    let _ = sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
                }
            });
            let _ = sender.send(batch);
            drop(sender);
            let folded = fold.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
            result.map(|()| folded)
        })
    }

    fn new() -> Self {
        Self { recorded: Recorded::default(), view: RunView::new(Detail::Counts) }
    }

    fn apply(&mut self, logged: &Logged) {
        self.recorded.apply(logged);
        self.view.apply(&logged.event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::event::{Event, EventKind};
    use crate::ids::{Branch, RunId, StepPath};

    /// As many as fill some batches and begin another.
    const STEPS: u64 = (BATCH * (AHEAD + 2)) as u64 / 2 + 1;

    fn hand_on_all(each: &mut dyn FnMut(Logged)) {
        let run = RunId::new();
        for number in 0..2 * STEPS {
            let path = StepPath::new("load", Some(Branch::new(None, (number / 2).into(), 0)));
            let starts = EventKind::StepStart { waited: Duration::ZERO };
            let kind = if number % 2 == 0 { starts } else { EventKind::StepSuccess };
            let event = Event::new(Timestamp::UNIX_EPOCH, run, Some(path), 1, kind);
            each(Logged { number, event, has_value: false });
        }
    }

    #[test]
    fn all_that_is_read_is_folded_in_its_order() {
        let folded = Folded::apart(|each| {
            hand_on_all(each);
            Ok::<_, ()>(())
        });
        let Folded { recorded, view } = folded.expect("nothing went wrong");
        // A success that came before its start would be none of a step that has begun.
        assert_eq!((view.counts().succeeded, view.counts().running), (STEPS, 0));
        assert!(recorded.under_way().is_empty());
        assert_eq!((recorded.steps().count() as u64, recorded.last_event()), (STEPS, 2 * STEPS - 1));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let folded = Folded::apart(|each| {
            hand_on_all(each);
            Err("the disk is gone")
        });
        assert_eq!(folded.expect_err("it could not be read"), "the disk is gone");
    }
}
