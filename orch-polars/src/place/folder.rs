//! Folders and files that survive a crash once a call has returned.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use orch_core::failure::Failure;
use orch_core::storage::around;

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
    let temporary = Temporary::beside(path);
    let (file, written) = around("frame.write", || {
        let file =
            File::options().read(true).write(true).create(true).truncate(true).open(&temporary.path)?;
        let written = write(&file, &temporary.path)?;
        Ok::<_, Failure>((file, written))
    })?;
    around("frame.sync", || file.sync_all())?;
    let mark = mark(&file.metadata()?)?;
    drop(file);
    temporary.rename(path)?;
    sync(folder)?;
    Ok((written, mark))
}

/// What tells a file from any other one in its place: its size, when it was written, and where there are such its number on the
/// disk, which no other file has as long as both are there.
fn mark(file: &Metadata) -> io::Result<String> {
    let time = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}-{}", number(file), file.len(), time.as_nanos()))
}

#[cfg(unix)]
fn number(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn number(_file: &Metadata) -> u64 {
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

/// A file that is removed again unless it gets its final name.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn beside(path: &Path) -> Self {
        // A file of its own for each store: two runs may be given one identifier, and a crash may have left one behind.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}-{number}.tmp", std::process::id()));
        Self { path: path.with_file_name(name), renamed: false }
    }

    fn rename(mut self, path: &Path) -> io::Result<()> {
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
