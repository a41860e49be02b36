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
    match definitions.resume(&storage, found.run.id) {
        Ok(runner) if args.accept_changes => run::go(runner.accept_changes(), &args.live, printer),
        Ok(runner) => run::go(runner, &args.live, printer),
        Err(error) => run::refused(&error, printer),
    }
}
