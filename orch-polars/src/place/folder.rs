//! Folders and files that survive a crash once a call has returned.

mod temporary;

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use orch_core::failure::Failure;
use orch_core::storage::around;

use temporary::Temporary;

/// Whoever finds a folder there may rely on it. So nobody looks while another has made one and not yet told the disk.
static CREATING: Mutex<()> = Mutex::new(());

/// Creates `folder` and those above it, durably.
pub(crate) fn create(folder: &Path) -> Result<(), Failure> {
    let creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    let created = create_below_existing(folder);
    drop(creating);
    created.map_err(|error| {
        let failure =
            Failure::from(error).context(format!("cannot create the folder `{}`", folder.display()));
        match folder.ancestors().find(|above| above.is_file()) {
            Some(file) => {
                failure.hint(format!("`{}` is a file: remove it, or use another folder", file.display()))
            }
            None => failure.hint("check that the folder above it may be written to"),
        }
    })
}

fn create_below_existing(folder: &Path) -> io::Result<()> {
    // The parent of a relative path's first part is the empty path: the present folder.
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let Some(parent) = folder.parent() else { return Ok(()) };
    create_below_existing(parent)?;
    match around("frame.folder", || fs::create_dir(folder)) {
        // Made by another process since the look above.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        made => made?,
    }
    sync(parent)
}

/// Puts a file in place as a whole: readers see the old one or the new one, and so does who comes after a crash.
///
/// `write` fills a temporary file beside it, so that the rename never crosses a file system. It is given that file, open
/// and empty, and its path. What it gives comes with the [mark](mark) of the file.
pub(crate) fn replace<T>(
    path: &Path,
    write: impl FnOnce(&File, &Path) -> Result<T, Failure>,
) -> Result<(T, String), Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    create(folder)?;
    let (temporary, written) = around("frame.write", || {
        let temporary = Temporary::beside(path)?;
        let written = write(temporary.file(), temporary.path())?;
        Ok::<_, Failure>((temporary, written))
    })?;
    around("frame.sync", || temporary.file().sync_all())?;
    let mark = mark(&temporary.file().metadata()?)?;
    temporary.rename(path)?;
    sync(folder)?;
    Ok((written, mark))
}

/// What tells a file from any other one in its place: its size, when it was written, and where there are such its number on the
/// disk, which no other file has as long as both are there.
fn mark(file: &Metadata) -> io::Result<String> {
    let time = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}-{}", inode(file), file.len(), time.as_nanos()))
}

#[cfg(unix)]
fn inode(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn inode(_file: &Metadata) -> u64 {
    0
}

/// The mark of the file that lies there; `None` if there is none.
pub(crate) fn mark_of(path: &Path) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.and_then(|file| mark(&file)).map(Some),
    }
}

/// Removes a file, durably, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match around("frame.remove", || fs::remove_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| sync(path.parent().unwrap_or(Path::new("")))),
    }
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    around("frame.sync_folder", || File::open(folder)?.sync_all())
}

/// Folders cannot be opened as files here, and the rename is written through by the file system's own journal.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}
