use std::ops::ControlFlow;

use orch_core::ids::StepPath;
use orch_core::report::{self, History, Why};
use orch_core::storage::{Holder, Pinned, RunState, StorageError};

use super::args::WhyArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::recorded::Found;
use super::{Exit, program_name, recorded};

/// Why a run, or a step of it, is where it is.
pub(super) fn why(args: &WhyArgs, around: &Around, printer: &Printer) -> Exit {
    let found = match recorded::find(&args.of, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let (pinned, holder, history) = match read(&found) {
        Ok(read) => read,
        Err(error) => return home::refused(&error, printer),
    };
    let why = Why {
        history: &history,
        plan: &pinned.plan,
        // With a selection all that is not taken from there is named by the plan.
        upstream: pinned.upstream.filter(|_| pinned.selection.is_none()),
        state: found.state,
        holder: holder.as_ref(),
        now: (around.now)(),
        palette: printer.data_palette(),
    };
    let told = match &args.step {
        None => report::why_run(&why),
        Some(step) => {
            if let Err(exit) = found.check_step(step, &pinned, printer) {
                return exit;
            }
            match step.parse::<StepPath>() {
                Ok(path) => report::why_step(&why, &path),
                Err(error) => {
                    printer.error(
                        &format!("`{step}`: {error}"),
                        Some("write `load`, or `load[100]` for one copy"),
                    );
                    return Exit::Usage;
                }
            }
        }
    };
    printer.data(&told);
    if found.state == RunState::Interrupted {
        let (name, home) = (program_name(), home::again(&args.of.home));
        let does = if history.is_canceling() { "ends it as canceled" } else { "goes on with it" };
        printer.note(&format!("`{name} resume {}{home}` {does}\n", found.run.id));
    }
    Exit::Success
}

fn read(found: &Found) -> Result<(Pinned, Option<Holder>, History), StorageError> {
    let pinned = found.storage.pinned(found.run.id)?;
    let holder = found.storage.holder(found.run.id)?;
    let mut history = History::new();
    found.storage.events(found.run.id)?.events(0, false, &mut |logged| {
        history.apply(&logged.event);
        ControlFlow::Continue(())
    })?;
    Ok((pinned, holder, history))
}
