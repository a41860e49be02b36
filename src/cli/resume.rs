use std::sync::Arc;

use orch_core::run::Definitions;

use super::args::ResumeArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, keep, recorded, run};

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
    let home = match home::write(&args.of.home, &args.durable, around, printer) {
        Ok(home) => home,
        Err(exit) => return exit,
    };
    let runner = match definitions.resume(&home.storage, found.run.id) {
        Ok(runner) if args.accept_changes => runner.accept_changes(),
        Ok(runner) => runner,
        Err(error) => return run::refused(&error, printer),
    };
    let before = match home.storage.events(found.run.id) {
        Ok(before) => before,
        Err(error) => return home::refused(&error, printer),
    };
    let told = run::Told::of(found.run.id, &home.storage, &args.of.home);
    let exit = run::go(runner, Some(told), Some(&*before), &args.live, printer);
    run::tell_materialized(exit, found.run.id, &*home.storage, printer);
    keep::clear_after(found.run.id, &home, around, printer);
    exit
}
