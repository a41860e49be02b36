use std::sync::Arc;

use orch_core::backfill::BackfillStatus;
use orch_core::event::RunStatus;
use orch_core::run::Definitions;
use orch_core::storage::{Made, Pinned, RunRecord, RunState};

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
    // What is wrong with its plan is told when it is to go on.
    let other_code = runner.other_code().unwrap_or_default();
    let told = told.and(&changed(("the run was begun", "the run began"), &pinned, &other_code));
    let exit = run::go(runner, Some(told), Some(&*before), &args.live, printer);
    run::tell_materialized(exit, found.run.id, &*home.storage, printer);
    if let Some((backfill, _)) = found.run.unit()
        && BackfillStatus::read(&*home.storage, backfill)
            .is_ok_and(|status| status.state == RunState::Interrupted)
    {
        let (name, home) = (program_name(), home::again(&args.of.home));
        printer.hint(&format!("this was one run of the backfill {backfill}; `{name} backfill resume {backfill}{home}` goes on with it"));
    }
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

/// What there is to say if it is not the program that has begun a run, or launched a backfill, of which these ops have other code. What
/// is not known of one is no difference.
pub(super) fn changed((was_begun, began): (&str, &str), begun: &Pinned, other_code: &[Arc<str>]) -> String {
    let (before, now) = (&begun.program, Made::this_program());
    let is_built_anew = before.build.is_some() && now.build.is_some() && before.build != now.build;
    if !is_built_anew && other_code.is_empty() {
        return String::new();
    }
    let how = match &before.executable {
        Some(other) if is_built_anew && before.executable != now.executable => {
            format!("{was_begun} by another executable, `{other}`")
        }
        _ => format!("the program was built anew since {began}"),
    };
    let code = match other_code {
        [] if begun.code.is_empty() => String::new(),
        [] => ", and no op's own code is known to have changed, though what it calls may have".to_owned(),
        ops => {
            let ops: Vec<_> = ops.iter().map(|op| format!("`{op}`")).collect();
            format!(", with other code of {}", ops.join(", "))
        }
    };
    format!("{how}{code}: what is done stands, what is left runs by the new code\n")
}
