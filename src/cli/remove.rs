use orch_core::ids::RunId;
use orch_core::storage::{RunQuery, RunRecord, RunState, Storage, StorageError};

use super::args::RemoveArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, program_name, recorded};

/// Removes runs and all that is kept of them: all that are named, or none.
pub(super) fn remove(args: &RemoveArgs, around: &Around, printer: &Printer) -> Exit {
    let storage = match home::read(&args.home, around, printer) {
        Ok(storage) => storage,
        Err(exit) => return exit,
    };
    let mut runs: Vec<RunId> = Vec::new();
    for named in &args.runs {
        let found = match recorded::find_in(storage.clone(), named, around, printer) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        if matches!(found.state, RunState::Running | RunState::Canceling) {
            let hint = format!("cancel it first: `{} cancel {}`", program_name(), found.run.id);
            printer
                .error(&format!("the run {} is under way; nothing was removed", found.run.id), Some(&hint));
            return Exit::Usage;
        }
        if !runs.contains(&found.run.id) {
            runs.push(found.run.id);
        }
    }
    match made_from(&*storage, &runs) {
        Ok(None) => {}
        Ok(Some((run, parent))) => {
            let message = format!(
                "the run {} was made of {parent}, and may take values from there; nothing was removed",
                run.id
            );
            let hint = format!("remove both: `{} runs remove {parent} {}`", program_name(), run.id);
            printer.error(&message, Some(&hint));
            return Exit::Usage;
        }
        Err(error) => return home::refused(&error, printer),
    }
    for run in runs {
        if let Err(error) = storage.remove(run) {
            return home::refused(&error, printer);
        }
        printer.note(&format!("the run {run} is removed\n"));
    }
    Exit::Success
}

/// A run that stays and was made of one that is to be removed.
fn made_from(storage: &dyn Storage, removed: &[RunId]) -> Result<Option<(RunRecord, RunId)>, StorageError> {
    let all = storage.runs(&RunQuery::default())?;
    let stays = all.into_iter().filter(|run| !removed.contains(&run.id));
    let mut made = stays
        .filter_map(|run| run.parent.filter(|parent| removed.contains(parent)).map(|parent| (run, parent)));
    Ok(made.next())
}
