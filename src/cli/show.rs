use std::ops::ControlFlow;

use orch_core::event::{Detail, RunView};
use orch_core::report::{self, Shown};
use orch_core::storage::{Holder, Pinned, RunState, StorageError};

use super::args::ShowArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::recorded::Found;
use super::{Exit, recorded, run};

/// What became of a run.
pub(super) fn show(args: &ShowArgs, around: &Around, printer: &Printer) -> Exit {
    let found = match recorded::find(&args.of, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let (pinned, holder, view) = match read(&found) {
        Ok(read) => read,
        Err(error) => return home::refused(&error, printer),
    };
    let now = (around.now)();
    // Of one that nobody runs the last that is known is the last that happened.
    let view = if found.state == RunState::Interrupted { view } else { view.until(now) };
    let palette = printer.data_palette();
    let shown =
        Shown { run: &found.run, state: found.state, pinned: &pinned, holder: holder.as_ref(), now, palette };
    if args.json {
        printer.data(&format!("{:#}\n", report::shown_as_json(&shown, &view)));
    } else {
        printer.data(&report::begun(&shown));
        printer.data(&report::summary_of(&view, found.state, palette));
        printer.data(&format!("\n{}", report::ops(&view, palette)));
        if args.steps {
            printer.data(&format!("\n{}", report::steps(&view, palette)));
        }
    }
    let chart = args.gantt.as_ref().filter(|_| view.start().is_some());
    chart.and_then(|file| run::chart(&view, file.as_deref(), args.json, printer)).unwrap_or(Exit::Success)
}

fn read(found: &Found) -> Result<(Pinned, Option<Holder>, RunView), StorageError> {
    let pinned = found.storage.pinned(found.run.id)?;
    let holder = found.storage.holder(found.run.id)?;
    let mut view = RunView::new(Detail::Steps);
    found.storage.events(found.run.id)?.events(0, false, &mut |logged| {
        view.apply(&logged.event);
        ControlFlow::Continue(())
    })?;
    Ok((pinned, holder, view))
}
