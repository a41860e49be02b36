use std::sync::Arc;
use std::time::{Duration, Instant};

use orch_core::define::Cancel;
use orch_core::event::RunStatus;
use orch_core::ids::{BackfillId, RunId};
use orch_core::run::{Definitions, RunError, RunErrorKind};
use orch_core::storage::{BackfillMark, Holder, RunRecord, Storage, StorageError, StorageErrorKind, Watch};

use super::args::{CancelArgs, DurabilityChoice, DurableArgs};
use super::home::{self, Around};
use super::printer::Printer;
use super::recorded::{self, Found};
use super::{Exit, program_name, run};

/// How long a process that was killed may take to be gone.
const KILLED: Duration = Duration::from_secs(5);

/// How long nothing may be heard of a run before it is looked whether someone still holds it: a process that dies says no
/// word.
const LOOK: Duration = Duration::from_millis(100);

/// Has a run end as canceled: by the program that runs it, or if nobody does, by this one.
pub(super) fn cancel(
    args: &CancelArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let Found { storage, run, .. } = match recorded::find(&args.of, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    if run.status.is_terminal() {
        let message = format!("the run {} is over: {}", run.id, run.status.name());
        printer.error(&message, Some("there is nothing to cancel"));
        return Exit::Usage;
    }
    match driven_with(&*storage, &run) {
        Ok(None) => {}
        Ok(Some((backfill, process))) => {
            if let Some(exit) = stop(args, around, &run, (backfill, &process), printer) {
                return exit;
            }
        }
        Err(error) => return home::refused(&error, printer),
    }
    if let Err(exit) = ask(&*storage, run.id, args.within, printer) {
        return exit;
    }
    end_or_wait(args, definitions, around, (&*storage, run.id), printer)
}

/// The backfill that a run is of, if the process that drives all of it has this run under way.
fn driven_with(storage: &dyn Storage, run: &RunRecord) -> Result<Option<(BackfillId, Holder)>, StorageError> {
    let Some((backfill, _)) = run.unit() else { return Ok(None) };
    let drives = match storage.backfill_holder(backfill) {
        Ok(drives) => drives,
        // What is left of it is its runs.
        Err(error) if *error.kind() == StorageErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let holds = drives.zip(storage.holder(run.id)?);
    Ok(holds.filter(|(drives, holds)| drives == holds).map(|(_, holds)| (backfill, holds)))
}

/// Has a run of a backfill end alone: a signal would end all of the backfill, so who drives it is asked by a mark. None if whoever
/// drove it is gone and has left the run as it was.
fn stop(
    args: &CancelArgs,
    around: &Around,
    run: &RunRecord,
    (backfill, process): (BackfillId, &Holder),
    printer: &Arc<Printer>,
) -> Option<Exit> {
    let durable = DurableArgs { durability: DurabilityChoice::Normal };
    let storage = match home::write(&args.of.home, &durable, around, printer) {
        Ok(home) => home.storage,
        Err(exit) => return Some(exit),
    };
    match storage.mark_backfill(backfill, BackfillMark::Stopped(run.id)) {
        Ok(_) => printer.note(&format!(
            "asked {process} to end this run alone; it drives the backfill {backfill}, which goes on\n"
        )),
        // All of its runs are being canceled.
        Err(error) if *error.kind() == StorageErrorKind::Over => {}
        Err(error) => return Some(home::refused(&error, printer)),
    }
    let (name, home) = (program_name(), home::again(&args.of.home));
    let ended = storage.watch(run.id).and_then(|mut watch| {
        let is_over = released(&|| storage.holder(run.id), &mut *watch, args.within)?;
        Ok((is_over, storage.run(run.id)?.status))
    });
    match ended {
        Ok((true, status)) if status.is_terminal() => {
            let exit = told(run.id, status, printer);
            if exit == Exit::Success {
                printer.hint(&format!(
                    "what is made of it does not begin; `{name} backfill retry-failed {backfill}{home}` makes it after all"
                ));
            }
            Some(exit)
        }
        Ok((true, _)) => None,
        Ok((false, _)) => {
            printer.error(
                &format!("the run {} has not ended in time, and ends as soon as it can; the backfill goes on", run.id),
                Some(&format!(
                    "`{name} backfill cancel {backfill}{home}` ends all of it, and kills its program if that takes too long"
                )),
            );
            Some(Exit::Machine)
        }
        Err(error) => Some(home::refused(&error, printer)),
    }
}

/// Ends a run that nobody holds. If someone else is ending it, that is waited for, and not stopped.
pub(super) fn end_or_wait(
    args: &CancelArgs,
    definitions: &Definitions,
    around: &Around,
    (storage, run): (&dyn Storage, RunId),
    printer: &Arc<Printer>,
) -> Exit {
    loop {
        match storage.run(run) {
            Ok(record) if record.status.is_terminal() => return told(run, record.status, printer),
            Ok(_) => {}
            Err(error) => return home::refused(&error, printer),
        }
        match end(args, definitions, around, run, printer) {
            Ok(exit) => return exit,
            Err(Taken) => {
                if let Err(exit) = let_end(storage, run, args.within, printer) {
                    return exit;
                }
            }
        }
    }
}

/// Someone else has taken up the run that was to be ended.
struct Taken;

impl Taken {
    fn is(error: &RunError) -> bool {
        let is_held = |error: &StorageError| matches!(error.kind(), StorageErrorKind::Held(_));
        matches!(error.kind(), RunErrorKind::Storage(error) if is_held(error))
    }
}

/// Waits until nobody holds the run any more.
fn let_end(storage: &dyn Storage, run: RunId, within: Duration, printer: &Printer) -> Result<(), Exit> {
    let refused = |error: StorageError| home::refused(&error, printer);
    let mut watch = storage.watch(run).map_err(refused)?;
    if let Some(process) = storage.holder(run).map_err(refused)? {
        printer.note(&format!("{process} is ending it, and is waited for\n"));
    }
    watch.wait(LOOK);
    match released(&|| storage.holder(run), &mut *watch, KILLED).map_err(refused)? {
        true => Ok(()),
        // It runs on there, and is asked to end.
        false => ask(storage, run, within, printer),
    }
}

fn told(run: RunId, status: RunStatus, printer: &Printer) -> Exit {
    if status == RunStatus::Canceled {
        printer.note(&format!("the run {run} is canceled\n"));
        return Exit::Success;
    }
    printer.error(&format!("the run {run} ended before it was canceled: {}", status.name()), None);
    Exit::RunFailed
}

/// Asks the process that holds the run, if one does, to end it, and waits until nobody holds it any more. One that does not
/// in time is killed.
fn ask(storage: &dyn Storage, run: RunId, within: Duration, printer: &Printer) -> Result<(), Exit> {
    let mut watch = storage.watch(run).map_err(|error| home::refused(&error, printer))?;
    ask_holder(|| storage.holder(run), &mut *watch, within, printer)
}

/// The same, of whatever has a holder and can be watched.
pub(super) fn ask_holder(
    holder: impl Fn() -> Result<Option<Holder>, StorageError>,
    watch: &mut dyn Watch,
    within: Duration,
    printer: &Printer,
) -> Result<(), Exit> {
    let failed = |message: String, hint: Option<&str>| {
        printer.error(&message, hint);
        Err(Exit::Machine)
    };
    let refused = |error: StorageError| home::refused(&error, printer);
    for (signal, patience) in [(Signal::Ask, within), (Signal::Kill, KILLED)] {
        // Asked anew each time: the number of a process that is gone may be another's.
        let Some(process) = holder().map_err(refused)? else { return Ok(()) };
        if let Err(error) = signal.send(&process) {
            return failed(
                format!("{process} runs it, and cannot be asked to end it: {error}"),
                Some(
                    "a run can be canceled on the machine that runs it, by a user who may send signals to it",
                ),
            );
        }
        printer.note(&match signal {
            Signal::Ask => format!("asked {process} to end it; it is killed if it has not in {within:?}\n"),
            Signal::Kill => format!("killed {process}\n"),
        });
        match released(&holder, watch, patience) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => return Err(refused(error)),
        }
    }
    failed("the program that runs it still holds it, though it was killed".to_owned(), None)
}

/// Waits until nobody holds it; says whether that came about in time.
fn released(
    holder: &impl Fn() -> Result<Option<Holder>, StorageError>,
    watch: &mut dyn Watch,
    within: Duration,
) -> Result<bool, StorageError> {
    let until = Instant::now() + within;
    while holder()?.is_some() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        watch.wait(left.min(LOOK));
    }
    Ok(true)
}

/// Ends a run that nobody runs: it is taken up as canceled, so that its steps are told, its hooks are called, and nothing
/// of it starts.
fn end(
    args: &CancelArgs,
    definitions: &Definitions,
    around: &Around,
    run: RunId,
    printer: &Arc<Printer>,
) -> Result<Exit, Taken> {
    let durable = DurableArgs { durability: DurabilityChoice::Normal };
    let home = match home::write(&args.of.home, &durable, around, printer) {
        Ok(home) => home,
        Err(exit) => return Ok(exit),
    };
    let cancel = Cancel::new();
    cancel.cancel();
    let ended = match definitions.resume(&home.storage, run) {
        Ok(runner) => runner.accept_changes().cancel(cancel).run_blocking(),
        Err(error) if Taken::is(&error) => return Err(Taken),
        Err(error) => return Ok(run::refused(&error, printer)),
    };
    match ended {
        Err(error) if Taken::is(&error) => Err(Taken),
        Err(error) if matches!(error.kind(), RunErrorKind::Canceled { .. }) => {
            Ok(told(run, RunStatus::Canceled, printer))
        }
        Err(error) => Ok(run::refused(&error, printer)),
        Ok(_) => Ok(told(run, RunStatus::Success, printer)),
    }
}

/// What a process is sent.
#[derive(Clone, Copy)]
enum Signal {
    /// As Ctrl-C: the run is canceled, and ends in order.
    Ask,
    Kill,
}

impl Signal {
    #[cfg(unix)]
    fn send(self, to: &Holder) -> std::io::Result<()> {
        use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};
        if to.host != orch_sqlite::host() {
            return Err(std::io::Error::other("it is on another machine"));
        }
        let process = i32::try_from(to.process).ok().and_then(Pid::from_raw);
        let process = process.ok_or_else(|| std::io::Error::other("it has no number"))?;
        let signal = match self {
            Self::Ask => Signal::INT,
            Self::Kill => Signal::KILL,
        };
        // As a shell does with a job, of which the group is. One that does not lead its group is part of a script, which
        // nobody has asked to end.
        if matches!(self, Self::Kill) && getpgid(Some(process)) == Ok(process) {
            return Ok(kill_process_group(process, signal)?);
        }
        Ok(kill_process(process, signal)?)
    }

    #[cfg(not(unix))]
    fn send(self, _to: &Holder) -> std::io::Result<()> {
        Err(std::io::Error::other("this system has no signals"))
    }
}
