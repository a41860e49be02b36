use std::sync::Arc;

use orch_core::event::RunStatus;
use orch_core::run::Definitions;
use orch_core::storage::{Made, RunRecord};

use super::args::{HomeArgs, ResumeArgs};
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, keep, program_name, recorded, run};

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
    if found.run.status.is_terminal() {
        return over(&found.run, &args.of.home, printer);
    }
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
    let pinned = match home.storage.pinned(found.run.id) {
        Ok(pinned) => pinned,
        Err(error) => return home::refused(&error, printer),
    };
    let told = run::Told::of(found.run.id, &home.storage, &args.of.home);
    let told = told.and(&changed(&pinned.program, &Made::this_program()));
    let exit = run::go(runner, Some(told), Some(&*before), &args.live, printer);
    run::tell_materialized(exit, found.run.id, &*home.storage, printer);
    keep::clear_after(found.run.id, &home, around, printer);
    exit
}

/// It is over, and does not go on.
fn over(run: &RunRecord, home: &HomeArgs, printer: &Printer) -> Exit {
    let (name, home, id) = (program_name(), home::again(home), run.id);
    let part = if run.status == RunStatus::Success { "--all" } else { "--from-failure" };
    let or_all = if run.status == RunStatus::Success { "" } else { ", or with `--all`" };
    let hint = format!("make a new run of it: `{name} rerun {id} {part}{home}`{or_all}");
    printer.error(&format!("the run {id} is over: {}", run.status.name()), Some(&hint));
    Exit::Usage
}

/// What there is to say if it is not the program that has begun the run. What is not known of one is no difference.
fn changed(begun: &Made, now: &Made) -> String {
    if begun.build.is_none() || now.build.is_none() || begun.build == now.build {
        return String::new();
    }
    let how = match &begun.executable {
        Some(other) if begun.executable != now.executable => {
            format!("the run was begun by another executable, `{other}`")
        }
        _ => "the program was built anew since the run began".to_owned(),
    };
    format!("{how}: what is done stands, what is left runs by the new code\n")
}
