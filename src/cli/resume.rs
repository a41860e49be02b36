use std::sync::Arc;

use orch_core::run::Definitions;

use super::args::ResumeArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, recorded, run};

/// Lets a run go on that was interrupted.
pub(super) fn resume(
    args: &ResumeArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let found = match recorded::find(&args.of, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let storage = match home::write(&args.of.home, &args.durable, around, printer) {
        Ok(storage) => storage,
        Err(exit) => return exit,
    };
    let runner = match definitions.resume(&storage, found.run.id) {
        Ok(runner) if args.accept_changes => runner.accept_changes(),
        Ok(runner) => runner,
        Err(error) => return run::refused(&error, printer),
    };
    let before = match storage.events(found.run.id) {
        Ok(before) => before,
        Err(error) => return home::refused(&error, printer),
    };
    run::tell_recorded(found.run.id, &storage, printer);
    run::go(runner, Some(&*before), &args.live, printer)
}
