use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{io, process};

use orch_core::storage::around;

use super::inode;

/// A file beside the one whose place it is to take, open and empty, that is removed again unless it does.
///
/// It is locked as long as it is written, and its name is the same each time. So what a process leaves that is killed is taken by
/// whoever writes next, as the run does that goes on, and two that write at once have a file each.
pub(super) struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        for number in 0_u32.. {
            let (path, file) = open(path, &number.to_string())?;
            match file.try_lock() {
                // Who had it may have given it its name since it was opened, or removed it.
                Ok(()) if is_at(&file, &path)? => {
                    around("frame.clear", || file.set_len(0))?;
                    return Ok(Self { path, file, renamed: false });
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(_)) => {
                    around("frame.sweep", || fs::remove_file(&path))?;
                    break;
                }
            }
        }
        // Where there are no locks each has a name of its own.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (path, file) = open(path, &format!("{}-{number}", process::id()))?;
        Ok(Self { path, file, renamed: false })
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

/// Opens a file beside another one, or makes it.
fn open(path: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    let mut named = path.file_name().unwrap_or_default().to_owned();
    named.push(format!(".{name}.tmp"));
    let path = path.with_file_name(named);
    let file = around("frame.open", || {
        File::options().read(true).write(true).create(true).truncate(false).open(&path)
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
