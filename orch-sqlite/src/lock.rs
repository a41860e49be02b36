//! Who runs what. A run is held by a lock on its file `holder`, which is taken under the lock of the list. Who looks at it
//! shares that lock for a moment and needs no other one; whoever takes hold of the run meanwhile waits for that moment.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use orch_core::ids::RunId;
use orch_core::storage::{Holder, StorageError};

use crate::list::Locked;
use crate::{error, write};

/// Holds a run, or a backfill, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Hold {
    file: File,
}

impl Hold {
    /// Takes hold of the run or the backfill in this folder; that someone holds it is told by `held`.
    pub(crate) fn take(
        _list: &Locked<'_>,
        folder: &Path,
        held: impl FnOnce(Holder) -> StorageError,
    ) -> Result<Self, StorageError> {
        let path = path(folder);
        let cannot = |error: io::Error| error::machine(&path, "written", &error);
        let file = write::lockable(&path, "holder.make").map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            // What can be shared is only looked at. Nobody else takes hold of it now.
            Err(TryLockError::WouldBlock) => match file.try_lock_shared() {
                Ok(()) => file.unlock().and_then(|()| file.lock()).map_err(cannot)?,
                Err(TryLockError::WouldBlock) => return Err(held(holder(&path))),
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
            },
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        write::say(&file, &own_name(), "holder.say").map_err(cannot)?;
        Ok(Self { file })
    }

    /// Takes hold of the run in this folder.
    pub(crate) fn take_run(list: &Locked<'_>, run: RunId, folder: &Path) -> Result<Self, StorageError> {
        Self::take(list, folder, |holder| StorageError::held(run, holder))
    }

    /// Who holds the run or the backfill in this folder.
    pub(crate) fn of(folder: &Path) -> Result<Option<Holder>, StorageError> {
        let path = path(folder);
        let cannot = |error: io::Error| error::machine(&path, "read", &error);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => {
                let _ = file.unlock();
                Ok(None)
            }
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&path))),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

impl Drop for Hold {
    /// Closing the file would do, but for a process that is being started at this very moment: until it becomes another
    /// program it has all files of this one, and a lock is given back with the last of them or by word.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("holder")
}

/// How this process is named in the files that it locks.
pub(crate) fn own_name() -> String {
    format!("{} {}\n", process::id(), host())
}

/// The process that the file names; none where a locked file cannot be read.
pub(crate) fn named(path: &Path) -> Option<Holder> {
    let text = fs::read_to_string(path).ok()?;
    let (process, host) = text.trim_end().split_once(' ')?;
    Some(Holder::new(process.parse().ok()?, host))
}

/// The holder that the file names, or all that is known: that there is one.
fn holder(path: &Path) -> Holder {
    named(path).unwrap_or_else(|| Holder::new(0, "a machine that is not known"))
}

/// The name of this machine, as far as it can be known without asking the system's C library.
pub fn host() -> String {
    let said =
        fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let host = said.or_else(|_| env::var("COMPUTERNAME")).or_else(|_| env::var("HOSTNAME"));
    host.map_or_else(|_| "localhost".to_owned(), |host| host.trim().to_owned())
}
