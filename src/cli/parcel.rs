use std::sync::Arc;

use orch_core::report;
use orch_core::storage::{RunState, StorageError, StorageErrorKind};
use orch_sqlite::Parcel;

use super::args::{ExportArgs, ImportArgs};
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, recorded};

/// Puts a run into one file.
pub(super) fn export(args: &ExportArgs, around: &Around, printer: &Printer) -> Exit {
    let folder = match home::existing(&args.of.home, around, printer) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let found = match recorded::find_in(Arc::new(folder.clone()), &args.of.run, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    match folder.export(found.run.id, &args.file) {
        Ok(parcel) => {
            printer.note(&format!("{} is in `{}`\n", told(&parcel), args.file.display()));
            if matches!(found.state, RunState::Running | RunState::Canceling) {
                printer.warning(
                    &"the run is under way, and the file has it as it is at this moment",
                    Some("do not resume an imported copy of it: both would go on, under one identifier"),
                );
            }
            if let Some(parent) = parcel.run.parent {
                printer.hint(&format!(
                    "it was made of the run {parent} and may take values from there: to make it anew elsewhere, export that too"
                ));
            }
            Exit::Success
        }
        Err(error) => home::refused(&error, printer),
    }
}

/// Takes a run out of a file.
pub(super) fn import(args: &ImportArgs, around: &Around, printer: &Printer) -> Exit {
    if !args.file.is_file() {
        let hint = "`runs export RUN FILE` writes one";
        printer.error(&format!("there is no file `{}`", args.file.display()), Some(hint));
        return Exit::Usage;
    }
    // A folder is made only if there is something for it.
    if let Err(error) = Parcel::read(&args.file) {
        return not_imported(error, printer);
    }
    let folder = match home::made(&args.home, around, printer) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    match folder.import(&args.file) {
        Ok(parcel) => {
            printer.note(&format!("{} is in `{}`\n", told(&parcel), folder.path().display()));
            Exit::Success
        }
        Err(error) => not_imported(error, printer),
    }
}

fn not_imported(error: StorageError, printer: &Printer) -> Exit {
    // What is wrong is the file, and not what lies in the folder.
    let hint = match error.kind() {
        StorageErrorKind::Corrupt => Some("nothing was imported; `runs export RUN FILE` writes such a file"),
        StorageErrorKind::Exists => Some("nothing was imported; `show` tells what became of that run"),
        _ => None,
    };
    home::refused(&hint.into_iter().fold(error, StorageError::hint), printer)
}

fn told(parcel: &Parcel) -> String {
    let (run, size) = (&parcel.run, report::size(parcel.bytes));
    format!("the run {} of `{}`, {size},", run.id, run.job)
}
