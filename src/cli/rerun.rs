use std::sync::Arc;

use orch_core::ids::RunId;
use orch_core::run::{Definitions, Rerun};

use super::args::RerunArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, keep, recorded, run};

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
    let home = match home::write(&args.of.home, &args.durable, around, printer) {
        Ok(home) => home,
        Err(exit) => return exit,
    };
    let what = match &args.select {
        Some(selection) => Rerun::Select(selection.clone()),
        None if args.from_failure => Rerun::FromFailure,
        None => Rerun::All,
    };
    let runner = match definitions.rerun(&home.storage, found.run.id, what) {
        Ok(runner) => runner,
        Err(error) => return run::refused(&error, printer),
    };
    let id = RunId::new();
    let told = run::Told::of(id, &home.storage, &args.of.home);
    let exit = run::go(runner.run_id(id), Some(told), None, &args.live, printer);
    run::tell_materialized(exit, id, &*home.storage, printer);
    keep::clear_after(id, &home, around, printer);
    exit
}
