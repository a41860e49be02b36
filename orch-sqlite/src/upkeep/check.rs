use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use orch_core::asset::{Materialization, ValueAt};
use orch_core::event::{Detail, Logged, RunView};
use orch_core::ids::RunId;
use orch_core::storage::{
    ArtifactRef, Artifacts, Facts, ReadEvents, ReadKeySets as _, RunRecord, StorageError, StorageErrorKind,
};
use rusqlite::Connection;

use crate::error::LIST;
use crate::files::Files;
use crate::folder::runs_in;
use crate::runs::Stand;
use crate::{Folder, error, log};

const RESTORE: &str = "restore it from a backup, or remove the run; what other runs have stands";
const SWEEP: &str = "`instance gc` sweeps it away";

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The run, if it is of one.
    pub run: Option<RunId>,
    /// The file or folder.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = format!("`{}`", self.file.display());
        // What was told by an error names the file already.
        if self.problem.contains(&file) {
            return f.write_str(&self.problem);
        }
        write!(f, "{file}: {}", self.problem)
    }
}

impl Folder {
    /// Looks for whatever is not as it should be: reads the list, all runs, what is known of assets, and all files that
    /// events or the latest facts name. If the list cannot be read, the runs that are there.
    ///
    /// # Errors
    /// If the folder cannot be looked at. What is damaged is no error but a finding.
    pub fn check(&self) -> Result<Vec<Finding>, StorageError> {
        match self.check_listed() {
            Err(error) if *error.kind() == StorageErrorKind::Corrupt => {
                Self::check_without_list(self.path(), &error)
            }
            checked => checked,
        }
    }

    /// Looks at what is in a folder whose list cannot be read, for this reason: at the runs, each by itself.
    ///
    /// # Errors
    /// If the folder cannot be looked at.
    pub fn check_without_list(home: &Path, refused: &StorageError) -> Result<Vec<Finding>, StorageError> {
        let hint = refused.advice().unwrap_or(LIST).to_owned();
        let mut found =
            vec![Finding { run: None, file: home.join("instance.db"), problem: refused.to_string(), hint }];
        let runs = home.join("runs");
        for run in runs_in(&runs)? {
            let folder = runs.join(run.to_string());
            // One without a log was never begun, and one of an older version is looked at once it is listed again.
            if let Some(reader) =
                log::Reader::open(run, &folder).transpose().filter(|_| log::path(&folder).exists())
            {
                check_log(run, &folder, reader, None, &mut found);
            }
        }
        Ok(found)
    }

    fn check_listed(&self) -> Result<Vec<Finding>, StorageError> {
        let mut found = Vec::new();
        let list = self.list().path();
        if let Some(problem) = self.list().read(|list| Ok(integrity(list)))? {
            found.push(Finding { run: None, file: list.to_owned(), problem, hint: LIST.to_owned() });
        }
        // What is damaged is told, and hinders none of the others from being right.
        let _ = self.settle(None);
        let (listed, damaged) = self.list().runs_and_damage()?;
        for problem in damaged {
            found.push(Finding { run: None, file: list.to_owned(), problem, hint: LIST.to_owned() });
        }
        for run in &listed {
            self.check_run(run, &mut found);
        }
        self.check_assets(&listed, &mut found)?;
        self.check_unlisted(&listed, &mut found)?;
        self.check_backfills(&mut found)?;
        self.check_keys(&mut found);
        Ok(found)
    }

    /// Looks whether the sets of keys can be read.
    fn check_keys(&self, found: &mut Vec<Finding>) {
        let file = self.keys_file();
        let damaged = match self.keys() {
            Ok(None) => return,
            Ok(Some(keys)) => integrity(&keys).map(|problem| error::corrupt(&file, problem)),
            Err(error) => Some(error),
        };
        let Some(error) = damaged.or_else(|| self.key_sets().err()) else { return };
        let hint = error.advice().unwrap_or_default().to_owned();
        found.push(Finding { run: None, file, problem: error.to_string(), hint });
    }

    fn check_run(&self, run: &RunRecord, found: &mut Vec<Finding>) {
        let folder = self.run_folder(run.id);
        if !folder.is_dir() {
            let problem = "the run is in the list, and its folder is gone".to_owned();
            return found.push(Finding {
                run: Some(run.id),
                file: folder,
                problem,
                hint: RESTORE.to_owned(),
            });
        }
        check_log(run.id, &folder, self.reader(run.id), Some((run, self.list().path())), found);
    }

    /// What is in the folder of runs, and is no run of the list.
    fn check_unlisted(&self, listed: &[RunRecord], found: &mut Vec<Finding>) -> Result<(), StorageError> {
        for run in runs_in(&self.runs_folder())? {
            if listed.iter().any(|listed| listed.id == run) {
                continue;
            }
            let (problem, hint) = match self.stand(run)? {
                Stand::Listed => continue,
                Stand::Removed => {
                    ("it is what is left of a run that was removed, or not imported to its end", SWEEP)
                }
                Stand::Lost => ("the run is not in the list", LIST),
                Stand::NeverBegun => ("it was to be a run, and was never begun", SWEEP),
            };
            found.push(Finding {
                run: Some(run),
                file: self.run_folder(run),
                problem: problem.to_owned(),
                hint: hint.to_owned(),
            });
        }
        Ok(())
    }
}

/// Looks at a run: whether its log can be read, tells what the list says of it, if that is known, and names files that are as they
/// were written.
fn check_log(
    run: RunId,
    folder: &Path,
    reader: Result<log::Reader, StorageError>,
    listed: Option<(&RunRecord, &Path)>,
    found: &mut Vec<Finding>,
) {
    let file = log::path(folder);
    let mut find = |file: &Path, problem: String, hint: &str| {
        found.push(Finding { run: Some(run), file: file.to_owned(), problem, hint: hint.to_owned() });
    };
    let reader = match reader {
        Ok(reader) => reader,
        // What errors elsewhere advise is to come here.
        Err(error) if *error.kind() == StorageErrorKind::Corrupt => {
            return find(&file, error.to_string(), RESTORE);
        }
        Err(error) => return find(&file, error.to_string(), error.advice().unwrap_or(RESTORE)),
    };
    if let Some(problem) = integrity(reader.connection()) {
        return find(&file, problem, RESTORE);
    }
    if let Err(error) = reader.pinned() {
        find(&file, error.to_string(), RESTORE);
    }
    let (mut view, mut artifacts) = (RunView::new(Detail::Counts), Vec::new());
    let mut facts = Facts::default();
    let read = reader.events(0, true, &mut |Logged { number, event, .. }| {
        view.apply(&event);
        artifacts.extend(ArtifactRef::told_by(&event.kind));
        // The file of an asset is none of the run's.
        if let Some((Materialization { value: ValueAt::File(file), .. }, _)) =
            facts.take(number, &event, None)
        {
            artifacts.retain(|artifact| *artifact != file);
        }
        ControlFlow::Continue(())
    });
    if let Err(error) = read {
        return find(&file, error.to_string(), RESTORE);
    }
    let status = view.status();
    let over = listed.filter(|(listed, _)| listed.status.is_terminal());
    if let Some((listed, list)) = over {
        if status != listed.status {
            let problem =
                format!("the list says {}, and the events say {}", listed.status.name(), status.name());
            find(&file, problem, RESTORE);
        } else if let Ok(mut told) = reader.record() {
            told.tell(&view);
            if told != *listed {
                let problem = format!("what the list says of the run {run} is not what its events say");
                find(list, problem, LIST);
            }
        }
    }
    let files: &dyn Artifacts = &Files::of(folder);
    // Of a file that was replaced the last event tells.
    let mut last: Vec<&ArtifactRef> = Vec::new();
    let mut names = std::collections::HashSet::new();
    last.extend(artifacts.iter().rev().filter(|artifact| names.insert(&artifact.file)));
    for artifact in last.into_iter().rev() {
        if let Err(error) = files.read(artifact) {
            let hint = "the step that made it runs again when the run is resumed and its value is needed; of a run that is over: rerun RUN --select 'STEP+'";
            find(&folder.join(crate::files::ARTIFACTS).join(&artifact.file), error.to_string(), hint);
        }
    }
}

/// What SQLite finds wrong with a database.
fn integrity(connection: &Connection) -> Option<String> {
    let check = || -> rusqlite::Result<Vec<String>> {
        connection.prepare("PRAGMA integrity_check(3)")?.query_map([], |row| row.get(0))?.collect()
    };
    match check() {
        Ok(said) if said == ["ok"] => None,
        Ok(said) => Some(format!("it is damaged: {}", said.join("; "))),
        Err(error) => Some(format!("it is damaged: {error}")),
    }
}
