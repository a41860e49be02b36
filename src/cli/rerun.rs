use std::sync::Arc;

use orch_core::ids::RunId;
use orch_core::run::{Definitions, Rerun};

use super::args::RerunArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, recorded, run};

/// Makes a new run of one that is recorded.
pub(super) fn rerun(
    args: &RerunArgs,
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
    let what = match &args.select {
        Some(selection) => Rerun::Select(selection.clone()),
        None if args.from_failure => Rerun::FromFailure,
        None => Rerun::All,
    };
    match definitions.rerun(&storage, found.run.id, what) {
        Ok(runner) => {
            // What is refused is not said to be recorded.
            if let Err(error) = runner.plan() {
                printer.error(&error, None);
                return Exit::Usage;
            }
            let id = RunId::new();
            run::tell_recorded(id, &storage, printer);
            run::go(runner.run_id(id), None, &args.live, printer)
        }
        Err(error) => run::refused(&error, printer),
    }
}
