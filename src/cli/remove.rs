use std::cmp::Reverse;

use orch_core::ids::RunId;
use orch_core::storage::{RunQuery, RunRecord, RunState, Storage, StorageError};

use super::args::RemoveArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::recorded::Found;
use super::{Exit, program_name, recorded};

/// Removes runs and all that is kept of them. What is wrong with one of them is told before any is removed.
pub(super) fn remove(args: &RemoveArgs, around: &Around, printer: &Printer) -> Exit {
    let storage = match home::read(&args.home, around, printer) {
        Ok(storage) => storage,
        Err(exit) => return exit,
    };
    let (name, home) = (program_name(), home::again(&args.home));
    let mut runs: Vec<RunRecord> = Vec::new();
    for named in &args.runs {
        let Found { run, state, .. } = match recorded::find_in(storage.clone(), named, around, printer) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        if matches!(state, RunState::Running | RunState::Canceling) {
            let hint = format!("cancel it first: `{name} cancel {}{home}`", run.id);
            printer.error(&format!("the run {} is under way; nothing was removed", run.id), Some(&hint));
            return Exit::Usage;
        }
        if runs.iter().all(|other| other.id != run.id) {
            runs.push(run);
        }
    }
    match made_from(&*storage, &runs) {
        Ok(None) => {}
        Ok(Some((run, parent))) => {
            let message = format!(
                "the run {run} was made of {parent}, and may take values from there; nothing was removed"
            );
            let hint = format!("remove both: `{name} runs remove {parent} {run}{home}`");
            printer.error(&message, Some(&hint));
            return Exit::Usage;
        }
        Err(error) => return home::refused(&error, printer),
    }
    // What was made of another goes before it.
    runs.sort_by_key(|run| Reverse((run.created, run.id)));
    for RunRecord { id, .. } in runs {
        if let Err(error) = storage.remove(id) {
            return home::refused(&error, printer);
        }
        printer.note(&format!("the run {id} is removed\n"));
    }
    Exit::Success
}

/// A run that stays, and the one that it was made of if that is to be removed.
fn made_from(storage: &dyn Storage, removed: &[RunRecord]) -> Result<Option<(RunId, RunId)>, StorageError> {
    let is_removed = |id: RunId| removed.iter().any(|run| run.id == id);
    let all = storage.runs(&RunQuery::default())?;
    let mut stays = all.into_iter().filter(|run| !is_removed(run.id));
    Ok(stays.find_map(|run| run.parent.filter(|parent| is_removed(*parent)).map(|parent| (run.id, parent))))
}
