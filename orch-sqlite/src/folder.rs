use std::path::{Path, PathBuf};
use std::sync::Arc;

use orch_core::ids::RunId;
use orch_core::storage::{Holder, RunRecord, StorageError, StorageErrorKind};

use crate::facts::Teller;
use crate::list::{List, Waiting};
use crate::lock::Hold;
use crate::schema::RUN;
use crate::{Durability, error, log, write};

/// A storage in a folder; see the [crate's page](crate) for what lies where.
///
/// Clones share what is open.
#[derive(Clone, Debug)]
pub struct Folder {
    home: Arc<Home>,
}

#[derive(Debug)]
struct Home {
    /// As whoever opened it named it.
    named: PathBuf,
    /// The same, wherever the program goes.
    path: PathBuf,
    durability: Durability,
    list: Arc<List>,
    teller: Teller,
}

impl Folder {
    /// Opens the folder, and makes what of it is not there. What is committed by way of it is as durable as is said.
    ///
    /// If there is no list of runs, one is made of the runs that are there.
    ///
    /// # Errors
    /// If it cannot be made or read, if it is of a newer version, or if what lies there is no storage.
    pub fn open(home: impl Into<PathBuf>, durability: Durability) -> Result<Self, StorageError> {
        Self::open_waiting(home, durability, Waiting::default())
    }

    /// Opens it as [`Folder::open`] does, and has this called when another process has been writing the list for more than a moment,
    /// and what is to be opened, written or looked at here waits for it: with that process, as far as it is known.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open_telling(
        home: impl Into<PathBuf>,
        durability: Durability,
        tell: impl Fn(Option<&Holder>) + Send + Sync + 'static,
    ) -> Result<Self, StorageError> {
        Self::open_waiting(home, durability, Waiting::default().telling(tell))
    }

    /// Opens it as [`Folder::open`] does, and waits in this way for other processes that write the list.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open_waiting(
        home: impl Into<PathBuf>,
        durability: Durability,
        waiting: Waiting,
    ) -> Result<Self, StorageError> {
        let named = home.into();
        // Code of a step may change the working directory of the program.
        let path = std::path::absolute(&named).unwrap_or_else(|_| named.clone());
        let runs = path.join("runs");
        let cannot = |error: std::io::Error| error::machine(&path, "made", &error);
        let made = !path.exists();
        if !runs.is_dir() {
            write::all_folders(&runs, "home.make").map_err(cannot)?;
        }
        // A folder that was there may have other things in it, which are not to be hidden.
        if made {
            let ignored = path.join(".gitignore");
            let written = write::whole(&ignored, "gitignore.write", |out| Ok(out.write_all(b"*\n")?));
            written.map_err(|failure| {
                let info = failure.info();
                let told = StorageError::new(StorageErrorKind::Machine, info.message);
                info.hint.into_iter().fold(told, StorageError::hint)
            })?;
        }
        let list = Arc::new(List::open(&path, waiting, || whole_runs(&runs))?);
        let teller = Teller::new(Arc::clone(&list));
        Ok(Self { home: Arc::new(Home { named, path, durability, list, teller }) })
    }

    /// Whether a storage lies there, or something that is named as its list: that it is none is told by opening it.
    #[must_use]
    pub fn lies_in(home: &Path) -> bool {
        let runs = home.join("runs");
        let is_run = |run: RunId| log::path(&runs.join(run.to_string())).exists();
        home.join("instance.db").exists() || runs_in(&runs).is_ok_and(|runs| runs.into_iter().any(is_run))
    }

    /// Where it is, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.home.path
    }

    /// What it was called when it was opened.
    pub(crate) fn named(&self) -> &Path {
        &self.home.named
    }

    /// How durable what is committed is.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.home.durability
    }

    pub(crate) fn list(&self) -> &List {
        &self.home.list
    }

    /// Who puts facts beside the list.
    pub(crate) fn teller(&self) -> &Teller {
        &self.home.teller
    }

    pub(crate) fn runs_folder(&self) -> PathBuf {
        self.home.path.join("runs")
    }

    pub(crate) fn run_folder(&self, run: RunId) -> PathBuf {
        self.runs_folder().join(run.to_string())
    }

    /// Makes the names of runs last.
    pub(crate) fn sync_runs(&self) -> Result<(), StorageError> {
        let runs = self.runs_folder();
        write::sync_folder(&runs, "runs.sync").map_err(|error| error::machine(&runs, "written", &error))
    }

    /// The log of a run that is in the list, to be read.
    pub(crate) fn reader(&self, run: RunId) -> Result<log::Reader, StorageError> {
        let folder = self.run_folder(run);
        if let Some(reader) = log::Reader::open(run, &folder)? {
            return Ok(reader);
        }
        // It is of an older version, and nobody may write it while it is brought to the present one.
        let hold = Hold::take_run(&self.list().lock()?, run, &folder)?;
        RUN.open(&log::path(&folder), self.durability(), |_| Ok(()))?;
        drop(hold);
        log::Reader::open(run, &folder)?.ok_or_else(|| error::corrupt(&folder, "its version has changed"))
    }
}

/// The runs that are there and whole, as they were made.
fn whole_runs(runs: &Path) -> Result<Vec<RunRecord>, StorageError> {
    let mut whole = Vec::new();
    for run in runs_in(runs)? {
        let record = log::Reader::open(run, &runs.join(run.to_string())).ok().flatten();
        whole.extend(record.and_then(|reader| reader.record().ok()));
    }
    Ok(whole)
}

/// The runs that have a folder.
pub(crate) fn runs_in(runs: &Path) -> Result<Vec<RunId>, StorageError> {
    let cannot = |error: std::io::Error| error::machine(runs, "read", &error);
    let mut found = Vec::new();
    for entry in runs.read_dir().map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        found.extend(name.to_str().and_then(|name| name.parse::<RunId>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}
