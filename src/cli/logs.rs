use std::ops::ControlFlow;
use std::time::Duration;

use orch_core::event::{Detail, Event, EventKind, Logged, RunView};
use orch_core::report;
use orch_core::storage::{LogQuery, ReadEvents, StorageError};

use super::args::LogsArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::recorded::Found;
use super::{Exit, recorded};

/// For how long nothing happens before it is asked whether anybody is still there.
const SILENCE: Duration = Duration::from_secs(1);

/// What the steps of a run logged, or all that happened in it.
pub(super) fn logs(args: &LogsArgs, around: &Around, printer: &Printer) -> Exit {
    let found = match recorded::find(&args.of, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    match tell(args, &found, printer) {
        Ok(exit) => exit,
        Err(error) => home::refused(&error, printer),
    }
}

fn tell(args: &LogsArgs, found: &Found, printer: &Printer) -> Result<Exit, StorageError> {
    let run = found.run.id;
    let heard = |name: &str| found.storage.events(run).is_ok_and(|events| is_heard_of(&*events, name));
    if let Some(step) = &args.step
        && let Err(exit) = found.step(step, &found.storage.pinned(run)?, heard, printer)
    {
        return Ok(exit);
    }
    let wanted =
        LogQuery { step: args.step.clone(), level: args.level.map(Into::into), text: args.grep.clone() };
    // Made before anything is read, so that what happens in between is waited for.
    let watch = if args.follow { Some(found.storage.watch(run)?) } else { None };
    let events = found.storage.events(run)?;
    let mut told = Told { args, wanted, printer, view: RunView::new(Detail::Counts), last: 0, lines: 0 };
    let mut exit = Exit::Success;
    match watch {
        None if args.events => told.all(&*events)?,
        None => told.logs(&*events)?,
        Some(mut watch) => {
            let mut held = true;
            loop {
                told.all(&*events)?;
                if told.view.status().is_terminal() {
                    printer.note(&report::summary(&told.view, printer.palette()));
                    break;
                }
                if !held {
                    printer.note("the run was interrupted: nobody runs it any more\n");
                    exit = Exit::RunFailed;
                    break;
                }
                if !watch.wait(SILENCE) {
                    // What its process had written is read once more if it is gone.
                    held = found.storage.holder(run)?.is_some();
                }
            }
        }
    }
    if told.lines == 0 {
        printer.note(if args.events { "there are no such events\n" } else { "there are no such lines\n" });
    }
    Ok(exit)
}

/// Whether an event is of a step of this name.
fn is_heard_of(events: &dyn ReadEvents, name: &str) -> bool {
    let mut heard = false;
    let read = events.events(0, false, &mut |logged| {
        heard = logged.event.step.is_some_and(|step| step.name() == name);
        if heard { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    read.is_ok() && heard
}

/// What has been told so far.
struct Told<'a> {
    args: &'a LogsArgs,
    wanted: LogQuery,
    printer: &'a Printer,
    view: RunView,
    last: u64,
    lines: u64,
}

impl Told<'_> {
    /// All that there is beyond what was told.
    fn all(&mut self, events: &dyn ReadEvents) -> Result<(), StorageError> {
        events.events(self.last, true, &mut |logged| {
            self.last = logged.number;
            if self.is_wanted(&logged.event) {
                self.print(&logged);
            }
            self.view.apply(&logged.event);
            ControlFlow::Continue(())
        })
    }

    /// The lines alone, which a storage finds without going through all events.
    fn logs(&mut self, events: &dyn ReadEvents) -> Result<(), StorageError> {
        // The first event tells when the run began.
        events.events(0, false, &mut |logged| {
            self.view.apply(&logged.event);
            ControlFlow::Break(())
        })?;
        let wanted = self.wanted.clone();
        events.logs(0, &wanted, &mut |logged| {
            self.print(&logged);
            ControlFlow::Continue(())
        })
    }

    fn is_wanted(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Log { .. } => self.wanted.matches(event),
            _ => self.args.events && self.wanted.is_of_step(event),
        }
    }

    fn print(&mut self, logged: &Logged) {
        self.lines += 1;
        if !self.args.json {
            let line = report::line(&logged.event, &self.view, self.printer.data_palette());
            self.printer.data(&format!("{line}\n"));
        } else if let Ok(json) = serde_json::to_string(&logged.event) {
            self.printer.data(&format!("{json}\n"));
        }
    }
}
