use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{io, process};

use orch_core::storage::around;

use super::inode;

/// A file beside the one whose place it is to take, open and empty, that is removed again unless it does.
///
/// Where files can be locked it is as long as it is written, and its name is the same each time. So what a process leaves that is
/// killed is taken by whoever writes next, as the run does that goes on, and two that write at once have a file each.
pub(super) struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        // Elsewhere nobody can tell a file from another one that has got its name meanwhile.
        let locked = if cfg!(unix) { Self::locked(path, File::try_lock)? } else { None };
        locked.map_or_else(|| Self::own(path), Ok)
    }

    /// One that is locked; none where there are no locks.
    fn locked(path: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<Self>> {
        for number in 0_u32.. {
            let (path, file) = open(path, &number.to_string(), false)?;
            match lock(&file) {
                // Who had it may have given it its name since it was opened, or removed it.
                Ok(()) if is_at(&file, &path)? => {
                    around("frame.clear", || file.set_len(0))?;
                    return Ok(Some(Self { path, file, renamed: false }));
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                // Whose it is cannot be known, so it is left.
                Err(TryLockError::Error(_)) => break,
            }
        }
        Ok(None)
    }

    /// One of a name that no other file has.
    fn own(path: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!("{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            match open(path, &name, true) {
                // What a process of the same number left.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                opened => return opened.map(|(path, file)| Self { path, file, renamed: false }),
            }
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn rename(mut self, path: &Path) -> io::Result<()> {
        around("frame.rename", || fs::rename(&self.path, path))?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing is lost with a leftover, and the error that led here is the one to tell.
            let _ = around("frame.sweep", || fs::remove_file(&self.path));
        }
    }
}

/// Opens a file beside another one, or makes it; if it is to be new, it is not to be there.
fn open(path: &Path, name: &str, is_new: bool) -> io::Result<(PathBuf, File)> {
    let mut named = path.file_name().unwrap_or_default().to_owned();
    named.push(format!(".{name}.tmp"));
    let path = path.with_file_name(named);
    let file = around("frame.open", || {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).create_new(is_new).open(&path)
    })?;
    Ok((path, file))
}

/// Whether a path still leads to the file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        found => Ok(inode(&found?) == inode(&file.metadata()?)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn where_there_are_no_locks_nothing_of_another_is_in_it() -> io::Result<()> {
        let folder = std::env::temp_dir().join(format!("orch-polars-no-locks-{}", process::id()));
        fs::create_dir_all(&folder)?;
        let path = folder.join("orders.parquet");
        let no_locks = |_: &File| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        assert!(Temporary::locked(&path, no_locks)?.is_none());
        // A process of the same number was killed before, as that of a container often has.
        for number in 0..64 {
            fs::write(format!("{}.{}-{number}.tmp", path.display(), process::id()), "a longer frame")?;
        }
        let temporary = Temporary::own(&path)?;
        temporary.file().write_all(b"short")?;
        temporary.rename(&path)?;
        assert_eq!(fs::read(&path)?, b"short");
        fs::remove_dir_all(folder)
    }
}
