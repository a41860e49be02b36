//! Whose turn it is to write the list. It is a matter of moments; who waits for longer is told for whom.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use orch_core::storage::Holder;

use crate::{lock, write};

/// For how long it is nobody's concern that another process writes the list.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells for whom it is waited, as far as that is known.
pub(crate) type Tell = Arc<dyn Fn(Option<&Holder>) + Send + Sync>;

/// The lock of the list.
pub(super) struct Turn {
    file: File,
    path: PathBuf,
    /// How this process is named in the file.
    name: String,
    tell: Option<Tell>,
}

impl Turn {
    pub(super) fn new(file: File, path: &Path, tell: Option<Tell>) -> Self {
        Self { file, path: path.to_owned(), name: lock::own_name(), tell }
    }

    /// Waits until it is the turn of this process.
    pub(super) fn wait(&self) -> io::Result<()> {
        self.wait_with(PATIENCE)
    }

    /// Whether it is the turn of nobody else; then it is that of this process.
    pub(super) fn is_free(&self) -> bool {
        self.file.try_lock().is_ok()
    }

    fn wait_with(&self, patience: Duration) -> io::Result<()> {
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => self.queue(patience)?,
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // For those who wait, and nobody relies on it.
        let _ = self.say_who();
        Ok(())
    }

    fn queue(&self, patience: Duration) -> io::Result<()> {
        let Some(tell) = self.tell.clone() else { return self.file.lock() };
        let (waits, is_over) = mpsc::channel::<()>();
        let path = self.path.clone();
        let watch = move || {
            if is_over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                tell(lock::named(&path).as_ref());
            }
        };
        // Where there is no room for one thread more, it waits without a word. Nobody waits for that one: who is told may be slow,
        // and others wait for this lock.
        let _ = thread::Builder::new().spawn(watch);
        let locked = self.file.lock();
        drop(waits);
        locked
    }

    /// Says whose turn it is, unless it was this one's before.
    fn say_who(&self) -> io::Result<()> {
        let mut said = String::new();
        (&self.file).rewind()?;
        (&self.file).read_to_string(&mut said)?;
        if said == self.name { Ok(()) } else { write::say(&self.file, &self.name, "instance.say") }
    }

    pub(super) fn end(&self) {
        // If this fails, the lock goes with the file.
        let _ = self.file.unlock();
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::process;
    use std::sync::Mutex;

    use super::*;

    fn turn(path: &Path, tell: Option<Tell>) -> Turn {
        Turn::new(write::lockable(path, "instance.lock").expect("a file"), path, tell)
    }

    #[test]
    fn who_waits_is_told_for_whom() {
        let path = std::env::temp_dir().join(format!("orch-turn-{}", process::id()));
        let (first, told) = (Arc::new(turn(&path, None)), Arc::new(Mutex::new(Vec::new())));
        let (ends, tells) = (Arc::clone(&first), Arc::clone(&told));
        let tell = move |holder: Option<&Holder>| {
            tells.lock().expect("nobody panicked").push(holder.cloned());
            ends.end();
        };
        let second = turn(&path, Some(Arc::new(tell)));
        second.wait_with(Duration::ZERO).expect("it is free");
        second.end();
        assert_eq!(*told.lock().expect("nobody panicked"), [], "nobody was in the way");

        first.wait().expect("it is free");
        // Comes to an end only because it is told that somebody waits.
        second.wait_with(Duration::ZERO).expect("it is free again");
        let holder = Holder::new(process::id(), lock::host());
        assert_eq!(*told.lock().expect("nobody panicked"), [Some(holder)]);
        second.end();
        std::fs::remove_file(path).expect("it was made here");
    }
}
