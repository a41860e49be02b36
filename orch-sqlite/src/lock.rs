//! Who runs what. A run is held by a lock on its file `holder`, which is taken under the lock of the list. Who looks at it
//! shares that lock for a moment and needs no other one; whoever takes hold of the run meanwhile waits for that moment.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process, thread};

use orch_core::ids::RunId;
use orch_core::storage::{Holder, StorageError, StorageErrorKind};

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
        // What can be shared nobody holds, and nobody else takes hold of it now.
        match file.try_lock_shared() {
            Ok(()) => file.unlock().map_err(cannot)?,
            Err(TryLockError::WouldBlock) => return Err(held(holder(&path))),
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        // First the name: whoever finds it locked must not take one that is gone for its holder.
        write::say(&file, &own_name(), "holder.say").map_err(cannot)?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                // It is only looked at, which is a matter of a moment.
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
            }
        }
        let message =
            format!("`{}` cannot be locked: another program looks at it, and does not end", path.display());
        Err(StorageError::new(StorageErrorKind::Machine, message)
            .hint("if a program on the folder hangs or is stopped, end it, and try again"))
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

/// How often it is tried to take hold of what is looked at, and how long is waited in between: two seconds are more than a
/// look takes on any machine, and others wait for the list meanwhile.
const LOOKS: u32 = 1_000;
const LOOK: Duration = Duration::from_millis(2);

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

/// The holder that the file names, or all that is known: that there is one. If another one takes its place just now, that is
/// half written for a moment.
fn holder(path: &Path) -> Holder {
    let look = |tried: u32| {
        if tried > 0 {
            thread::yield_now();
        }
        named(path)
    };
    (0..100).find_map(look).unwrap_or_else(|| Holder::new(0, "a machine that is not known"))
}

/// The name of this machine, as far as it can be known without asking the system's C library.
pub fn host() -> String {
    let said =
        fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let host = said.or_else(|_| env::var("COMPUTERNAME")).or_else(|_| env::var("HOSTNAME"));
    host.map_or_else(|_| "localhost".to_owned(), |host| host.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use orch_core::storage::{ReadRuns as _, RunRecord, WriteRuns as _, conformance};

    use super::*;
    use crate::{Durability, Folder};

    #[test]
    fn a_program_that_is_stopped_while_it_looks_keeps_nobody_waiting_for_ever() {
        let home = env::temp_dir().join(format!("orch-looked-at-{}", process::id()));
        let _ = fs::remove_dir_all(&home);
        let folder = Folder::open(&home, Durability::Normal).expect("a folder");
        let run = RunRecord::new(RunId::from_u128(1), "job", [].into(), jiff::Timestamp::UNIX_EPOCH);
        drop(folder.create(&run, &conformance::pinned()).expect("it can be made"));
        let path = path(&folder.run_folder(run.id));
        // One that was killed has left its name, which by now may be that of any program.
        fs::write(&path, format!("1 {}\n", host())).expect("nobody holds it");
        let looks = File::open(&path).expect("it is there");
        looks.try_lock_shared().expect("nobody holds it");
        let refused = folder.reopen(run.id).err().expect("it is looked at").to_string();
        assert!(refused.ends_with("another program looks at it, and does not end"), "{refused}");
        assert_eq!(folder.holder(run.id).expect("it can be looked at"), None, "nobody holds it");
        let own = Some(Holder::new(process::id(), host()));
        assert_eq!(named(&path), own, "it is named before it can be found to hold it");
        drop(looks);
        let _writer = folder.reopen(run.id).expect("nobody looks at it any more");
        assert_eq!(folder.holder(run.id).expect("it can be looked at"), own);
        fs::remove_dir_all(home).expect("it was made here");
    }
}
