use std::sync::Arc;

use super::{Dispatcher, Token, Work};

/// Runs the code of steps for a dispatcher. The port stands here; `step` implements it.
pub(crate) trait Executor: Send + Sync + 'static {
    /// Hears of work that was decided on, before anyone can ask for it to stop.
    fn expect(&self, work: &Work);

    /// Starts `work` without waiting for it; its outcome is reported with [`Dispatcher::report`].
    fn start(&self, work: Work, dispatcher: &Arc<Dispatcher>);

    /// Asks the code of this work to stop, or not to begin; its outcome will be ignored.
    fn abort(&self, token: Token);

    /// Asks the code of all work to stop.
    fn cancel(&self);
}
