use std::thread;
use std::time::Duration;

/// How long a reader that nobody can wake waits before it looks again.
const LOOK: Duration = Duration::from_millis(100);

/// Waits until there may be more to read of a run, for whoever follows it.
pub trait Watch: Send {
    /// Waits until something has changed since the last call, or since the watch was made, but no longer than `at_most`.
    /// Gives whether anything is known to have changed; whoever waits may read in either case.
    fn wait(&mut self, at_most: Duration) -> bool;
}

/// Of a storage that has no way to wake a reader: nothing is known to have changed, ten times a second.
#[derive(Debug)]
pub struct Unwoken;

impl Watch for Unwoken {
    fn wait(&mut self, at_most: Duration) -> bool {
        thread::sleep(LOOK.min(at_most));
        false
    }
}
