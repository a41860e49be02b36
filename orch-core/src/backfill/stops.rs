use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::ids::{BackfillId, RunId};
use crate::storage::Storage;

/// How often it is looked whether someone has asked for something.
const LOOK: Duration = Duration::from_millis(250);

/// Looks as long as it lives for runs that are to end alone, which others mark in the storage. A thread of its own does, since a
/// storage may take its time.
pub(super) struct Stops {
    asked: UnboundedReceiver<RunId>,
    _ends: Option<Sender<()>>,
}

impl Stops {
    /// Begins to look. Where there is no thread for it, such runs end when the backfill is taken up again.
    pub(super) fn of(storage: &Arc<dyn Storage>, backfill: BackfillId) -> Self {
        let (storage, (ask, asked), (ends, ended)) = (Arc::clone(storage), unbounded_channel(), channel());
        let mut known = BTreeSet::new();
        let look = move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                // What cannot be read now can be at the next look.
                let marks = storage.backfill_marks(backfill).unwrap_or_default();
                for run in marks.stopped {
                    if known.insert(run) && ask.send(run).is_err() {
                        return;
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("orch stops".to_owned()).spawn(look);
        Self { asked, _ends: thread.is_ok().then_some(ends) }
    }

    /// The next run that is to end alone.
    pub(super) async fn next(&mut self) -> RunId {
        match self.asked.recv().await {
            Some(run) => run,
            None => std::future::pending().await,
        }
    }
}
