//! Whose turn it is to write the list. It is a matter of moments; who waits for longer is told for whom, and nobody waits
//! for ever.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::panic::RefUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orch_core::storage::{Holder, StorageError, StorageErrorKind};

use super::taken;
use crate::{error, lock, write};

/// Tells for whom it is waited, as far as that is known.
pub(crate) type Tell = Arc<dyn Fn(Option<&Holder>) + Send + Sync>;

/// How long is waited while another process writes the list of runs.
#[derive(Clone)]
pub struct Waiting {
    patience: Duration,
    deadline: Duration,
    tell: Option<Tell>,
}

impl Default for Waiting {
    /// For a second it is nobody's concern; after thirty whoever writes gives up.
    fn default() -> Self {
        Self { patience: Duration::from_secs(1), deadline: Duration::from_secs(30), tell: None }
    }
}

impl Waiting {
    /// Has this called when it was waited for longer than is nobody's concern: with the other process, as far as it is known.
    #[must_use]
    pub fn telling(self, tell: impl Fn(Option<&Holder>) + Send + Sync + 'static) -> Self {
        Self { tell: Some(Arc::new(tell)), ..self }
    }

    /// Says for how long it is nobody's concern, and after how much longer whoever writes gives up. Who only looks gives up
    /// waiting at the first, and tells what it can.
    #[must_use]
    pub fn lasting(self, patience: Duration, deadline: Duration) -> Self {
        Self { patience, deadline, ..self }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { patience, deadline, .. } = self;
        f.debug_struct("Waiting")
            .field("patience", patience)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}

/// The lock of the list.
pub(super) struct Turn {
    file: File,
    path: PathBuf,
    /// How this process is named in the file.
    name: String,
    waiting: Waiting,
    /// The same file once more, by which it has become the turn of this process after it had to wait.
    queued: Mutex<Option<File>>,
    /// Whether who looked last has waited in vain.
    in_vain: AtomicBool,
}

// Who is told that somebody waits is told on a thread of its own: if that panics, nothing here is half done.
impl RefUnwindSafe for Turn {}

impl Turn {
    pub(super) fn new(file: File, path: &Path, waiting: Waiting) -> Self {
        let (path, name) = (path.to_owned(), lock::own_name());
        Self { file, path, name, waiting, queued: Mutex::default(), in_vain: AtomicBool::default() }
    }

    /// Waits until it is the turn of this process. Who has waited for another thread of it since then has waited as long.
    pub(super) fn wait(&self, since: Instant) -> Result<(), StorageError> {
        if self.come(since, self.waiting.deadline)? { Ok(()) } else { Err(self.kept()) }
    }

    /// The same for whoever only looks, and not for long; whether it is. Who has waited in vain once only tries from then on.
    pub(super) fn wait_to_look(&self, since: Instant) -> Result<bool, StorageError> {
        if self.in_vain.load(Ordering::Relaxed) && !self.is_free() {
            return Ok(false);
        }
        let is_free = self.come(since, Duration::ZERO)?;
        self.in_vain.store(!is_free, Ordering::Relaxed);
        Ok(is_free)
    }

    /// Whether who only looks has waited long enough since then.
    pub(super) fn is_long(&self, since: Instant) -> bool {
        since.elapsed() >= self.waiting.patience
    }

    /// Whether it is the turn of nobody else; then it is that of this process.
    pub(super) fn is_free(&self) -> bool {
        self.file.try_lock().is_ok()
    }

    /// Waits at most for so long after that was told.
    fn come(&self, since: Instant, longer: Duration) -> Result<bool, StorageError> {
        let cannot = |error: io::Error| error::machine(&self.path, "locked", &error);
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => match self.queue(since, longer).map_err(cannot)? {
                Some(queued) => *taken(&self.queued) = Some(queued),
                None => return Ok(false),
            },
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        // For those who wait, and nobody relies on it.
        let _ = self.say_who();
        Ok(true)
    }

    /// Waits on a thread of its own, as the system's queue knows no end of patience. That thread has the file by itself: if
    /// its turn comes when nobody waits for it any more, it is over at once.
    fn queue(&self, since: Instant, longer: Duration) -> io::Result<Option<File>> {
        let (sender, turn) = mpsc::channel();
        let file = File::options().read(true).write(true).open(&self.path)?;
        let wait = move || {
            let locked = file.lock();
            if let Err(mpsc::SendError((file, _))) = sender.send((file, locked)) {
                let _ = File::unlock(&file);
            }
        };
        thread::Builder::new().spawn(wait)?;
        let patience = self.waiting.patience;
        let waited = turn.recv_timeout(patience.saturating_sub(since.elapsed())).or_else(|_| {
            if let Some(tell) = self.waiting.tell.clone() {
                let path = self.path.clone();
                // Nobody waits for that one: who is told may be slow, and others wait for this lock.
                let _ = thread::Builder::new().spawn(move || tell(lock::named(&path).as_ref()));
            }
            turn.recv_timeout(patience.saturating_add(longer).saturating_sub(since.elapsed()))
        });
        match waited {
            Ok((file, locked)) => locked.map(|()| Some(file)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("its thread has ended")),
        }
    }

    /// Another process does not come to an end with it.
    pub(super) fn kept(&self) -> StorageError {
        let holder = lock::named(&self.path);
        let holder = holder.map_or_else(|| "another program".to_owned(), |holder| holder.to_string());
        let message =
            format!("`{}` cannot be locked: {holder} keeps the list of runs locked", self.path.display());
        StorageError::new(StorageErrorKind::Machine, message)
            .hint("it takes long to clear many runs away or to make a list anew; if the process hangs, end it, and try again")
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
        let _ = taken(&self.queued).take().map_or_else(|| self.file.unlock(), |queued| queued.unlock());
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

    use super::*;

    fn turn(path: &Path, waiting: Waiting) -> Turn {
        Turn::new(write::lockable(path, "instance.lock").expect("a file"), path, waiting)
    }

    fn place(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("orch-{name}-{}", process::id()))
    }

    #[test]
    fn who_waits_is_told_for_whom() {
        let path = place("turn");
        let (first, told) = (Arc::new(turn(&path, Waiting::default())), Arc::new(Mutex::new(Vec::new())));
        let (ends, tells) = (Arc::clone(&first), Arc::clone(&told));
        let tell = move |holder: Option<&Holder>| {
            tells.lock().expect("nobody panicked").push(holder.cloned());
            ends.end();
        };
        let at_once = Waiting::default().lasting(Duration::ZERO, Duration::MAX);
        let second = turn(&path, at_once.telling(tell));
        second.wait(Instant::now()).expect("it is free");
        second.end();
        assert_eq!(*told.lock().expect("nobody panicked"), [], "nobody was in the way");

        first.wait(Instant::now()).expect("it is free");
        // Comes to an end only because it is told that somebody waits.
        second.wait(Instant::now()).expect("it is free again");
        let holder = Holder::new(process::id(), lock::host());
        assert_eq!(*told.lock().expect("nobody panicked"), [Some(holder)]);
        assert!(!first.is_free(), "it is the turn of the second");
        second.end();
        assert!(first.is_free());
        std::fs::remove_file(path).expect("it was made here");
    }

    #[test]
    fn who_has_waited_for_long_gives_up_and_keeps_nobody_from_it() {
        let path = place("patience");
        let at_once = Waiting::default().lasting(Duration::ZERO, Duration::ZERO);
        let (first, second) = (turn(&path, at_once.clone()), turn(&path, at_once));
        first.wait(Instant::now()).expect("it is free");
        assert!(!second.wait_to_look(Instant::now()).expect("it is no failure"));
        let refused = second.wait(Instant::now()).expect_err("it is kept").to_string();
        let own = format!("process {} on `{}` keeps the list of runs locked", process::id(), lock::host());
        assert!(refused.ends_with(&own), "{refused}");
        // Nor does one that has waited for another thread of its process begin to wait anew.
        let patient = turn(&path, Waiting::default().lasting(Duration::ZERO, Duration::from_secs(60)));
        let since = Instant::now() - Duration::from_secs(61);
        patient.wait(since).expect_err("it is kept");
        first.end();
        // Those that wait in vain have their turns, which are over at once.
        let third = turn(&path, Waiting::default().lasting(Duration::MAX, Duration::MAX));
        third.wait(Instant::now()).expect("it is free");
        third.end();
        std::fs::remove_file(path).expect("it was made here");
    }
}
