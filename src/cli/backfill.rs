//! `backfill`: many partitions by many runs, driven by this process or one that it starts, and what there is to say of them.

mod launch;

use std::sync::Arc;
use std::time::Duration;

use orch_core::backfill::{Backfill, BackfillError, BackfillEvent, BackfillStatus, Makes};
use orch_core::define::Cancel;
use orch_core::ids::BackfillId;
use orch_core::partition::quoted;
use orch_core::report;
use orch_core::run::{Definitions, RunErrorKind};
use orch_core::storage::{BackfillMark, BackfillRecord, RunState, Storage, Unwoken};
use serde_json::json;

use super::args::{
    BackfillArgs, BackfillCancelArgs, BackfillCommand, BackfillGoArgs, BackfillListArgs, BackfillOfArgs,
    BackfillStatusArgs, DrivenArgs, DurabilityChoice, DurableArgs, HomeArgs,
};
use super::home::{self, Around};
use super::printer::{Printer, Verbosity};
use super::signals::{Listener, Standing};
use super::{Exit, IntoDefinitions, cancel, defined, detach, keep, panics, program_name, resume, run};

/// How long canceled runs wait for the code of their steps.
const GRACE: Duration = Duration::from_secs(10);

/// So many assets are named to make what is left of them.
const SELECTED: usize = 5;

/// How many backfills are named that may be meant.
const NAMED: usize = 10;

/// Answers what is asked of backfills. Where one stands can be seen whatever has become of the definitions.
pub(super) fn backfill<D: IntoDefinitions>(
    args: &BackfillArgs,
    definitions: impl FnOnce() -> D,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let answered = match &args.command {
        BackfillCommand::Status(args) => status(args, definitions, around, printer),
        BackfillCommand::List(args) => list(args, around, printer),
        BackfillCommand::Launch(args) if args.driven.detach => Ok(detach::start(&args.home, printer)),
        BackfillCommand::Resume(args) | BackfillCommand::RetryFailed(args) if args.driven.detach => {
            Ok(detach::start(&args.of.home, printer))
        }
        command => defined(definitions, printer).and_then(|definitions| match command {
            BackfillCommand::Launch(args) => launch::launch(args, &definitions, around, printer),
            BackfillCommand::Cancel(args) => end(args, &definitions, around, printer),
            BackfillCommand::RetryFailed(args) => {
                let retry = |storage: &_, id| definitions.retry_backfill(storage, id);
                go_on(args, &definitions, around, printer, retry)
            }
            BackfillCommand::Resume(args) => {
                let resume = |storage: &_, id| definitions.resume_backfill(storage, id);
                go_on(args, &definitions, around, printer, resume)
            }
            BackfillCommand::Status(_) | BackfillCommand::List(_) => Ok(Exit::Usage),
        }),
    };
    answered.unwrap_or_else(|exit| exit)
}

/// Lets a backfill go on, as `taken` says.
fn go_on<'a>(
    args: &BackfillGoArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
    taken: impl FnOnce(&Arc<dyn Storage>, BackfillId) -> Result<Backfill<'a>, BackfillError>,
) -> Result<Exit, Exit> {
    let (_, record) = find(&args.of, around, printer)?;
    let home = home::write(&args.of.home, &args.durable, around, printer)?;
    let backfill = taken(&home.storage, record.id).map_err(|error| refused(&error, printer))?;
    let backfill = if args.accept_changes { backfill.accept_changes() } else { backfill };
    printer.note(&changed(&record, definitions));
    let exit = drive(backfill, &args.driven, &home.storage, &args.of.home, printer);
    keep::clear(&home, around, printer);
    Ok(exit)
}

/// What there is to say if it is not the program that launched it. What is wrong with its plan is told when it is to go on.
fn changed(record: &BackfillRecord, definitions: &Definitions) -> String {
    let other_code = definitions.other_code_since(record).unwrap_or_default();
    resume::changed(("the backfill was launched", "the backfill was launched"), &record.pinned, &other_code)
}

/// Drives a backfill to its end, tells what happens, and then where it stands.
fn drive(
    backfill: Backfill<'_>,
    driven: &DrivenArgs,
    storage: &Arc<dyn Storage>,
    home: &HomeArgs,
    printer: &Arc<Printer>,
) -> Exit {
    run::log_through_events(printer);
    let id = backfill.id();
    if driven.json {
        printer.data(&format!(
            "{}\n",
            json!({ "event": "BACKFILL", "backfill": id, "units": backfill.units() })
        ));
    }
    let runs = report::count(backfill.units(), "run", "runs");
    printer.note(&format!("backfill {id} of {runs}, recorded in {}\n", storage.describe()));
    if driven.detached {
        detach::tell_backfill(id);
    }
    let cancel = Cancel::new();
    let backfill = backfill.cancel(cancel.clone()).grace(GRACE).watch(|event| match driven.json {
        true => printer.data(&format!("{}\n", report::backfill_event_as_json(event))),
        false => tell(event, printer),
    });
    let runtime = match backfill.runtime() {
        Ok(runtime) => runtime,
        Err(error) => return refused(&error, printer),
    };
    let stands = Stands { backfill: id, storage: Arc::clone(storage), home: home::again(home) };
    let listener = Listener::start(cancel, driven.detached, Some(stands), Arc::clone(printer));
    let result = runtime.block_on(backfill.run());
    listener.run_is_over();
    // Code that outlived a canceled run or a timeout is not waited for.
    runtime.shutdown_background();
    match result {
        Ok(status) => {
            if driven.json {
                let mut stands = report::backfill_as_json(&status);
                stands["event"] = json!("STATUS");
                printer.data(&format!("{stands}\n"));
            }
            told(&status, home, printer)
        }
        Err(error) => refused(&error, printer),
    }
}

/// How a backfill stands whose program is stopped.
struct Stands {
    backfill: BackfillId,
    storage: Arc<dyn Storage>,
    home: String,
}

impl Standing for Stands {
    fn recorded(&self) -> String {
        match BackfillStatus::read(&*self.storage, self.backfill) {
            Ok(status) if is_at_rest(&status) => {
                format!("the backfill {} is over: {}", self.backfill, status.state.name())
            }
            Ok(_) => format!(
                "the backfill {} is cut off; `{} backfill cancel {}{}` ends it as canceled",
                self.backfill,
                program_name(),
                self.backfill,
                self.home
            ),
            Err(_) => self.unknown(),
        }
    }

    fn unknown(&self) -> String {
        let Self { backfill, home, .. } = self;
        let name = program_name();
        format!(
            "how the backfill {backfill} stands could not be found out in time; `{name} backfill status {backfill}{home}` tells"
        )
    }
}

/// Where a backfill stands that was driven, and what can be done about it.
fn told(status: &BackfillStatus, home: &HomeArgs, printer: &Printer) -> Exit {
    let table = report::backfill(status, printer.palette());
    let (name, home, id) = (program_name(), home::again(home), status.backfill);
    match status.state {
        RunState::Success => {
            printer.note(&table);
            Exit::Success
        }
        RunState::Canceled | RunState::Canceling => {
            printer.say(&table);
            let partition = status
                .partitions
                .as_ref()
                .map_or_else(String::new, |of| format!(" --partition {}", quoted(of)));
            let keys: Vec<_> = status.assets.iter().map(|asset| asset.asset.as_str()).collect();
            let what =
                if keys.len() > SELECTED { "..".to_owned() } else { format!("'{}'", keys.join(" or ")) };
            printer.hint(&format!(
                "it does not go on; another one makes what would come out otherwise, or was never made: `{name} backfill launch {what}{partition} --stale{home}`"
            ));
            Exit::Canceled
        }
        _ => {
            printer.say(&table);
            printer.hint(&format!(
                "`{name} why RUN{home}` tells more of a run; `{name} backfill retry-failed {id}{home}` makes again what failed, \
                 and then what it excluded"
            ));
            Exit::RunFailed
        }
    }
}

/// A line for what happened.
fn tell(event: &BackfillEvent<'_>, printer: &Printer) {
    let line = match event {
        BackfillEvent::Begins { run, makes, resumed, .. } => {
            // What is told when it ends need not be told before, unless someone wants to know all.
            if printer.verbosity < Verbosity::Verbose && !resumed {
                return;
            }
            let begins = if *resumed { "resumed" } else { "begun" };
            format!("{begins:<8} {}, run {run}\n", of(*makes))
        }
        BackfillEvent::Ended { makes, error: None, left, .. } => {
            format!("done     {}, {} left\n", of(*makes), report::count(*left, "run", "runs"))
        }
        BackfillEvent::Ended { run, makes, error: Some(error), .. } => {
            let how =
                if matches!(error.kind(), RunErrorKind::Canceled { .. }) { "canceled" } else { "failed" };
            format!("{how:<8} {}, run {run}\n", of(*makes))
        }
        BackfillEvent::Refused { makes, why, .. } => format!("refused  {}: {why}\n", of(*makes)),
        BackfillEvent::Canceled => "canceled: no run begins any more\n".to_owned(),
        _ => return,
    };
    match event {
        BackfillEvent::Ended { error: Some(_), .. } | BackfillEvent::Refused { .. } => printer.say(&line),
        _ => printer.note(&line),
    }
}

fn of(makes: Makes<'_>) -> String {
    let assets: Vec<_> = makes.assets.iter().map(|key| key.as_str()).collect();
    match makes.partitions {
        Some(partitions) => format!("{} {partitions}", assets.join(", ")),
        None => assets.join(", "),
    }
}

/// Where a backfill stands.
fn status<D: IntoDefinitions>(
    args: &BackfillStatusArgs,
    definitions: impl FnOnce() -> D,
    around: &Around,
    printer: &Printer,
) -> Result<Exit, Exit> {
    let (storage, record) = find(&args.of, around, printer)?;
    let status = BackfillStatus::of(&*storage, &record).map_err(|error| refused(&error, printer))?;
    let status = status.with_causes(&*storage);
    match args.json {
        true => printer.data(&format!("{:#}\n", report::backfill_as_json(&status))),
        false => printer.data(&report::backfill(&status, printer.data_palette())),
    }
    let goes_on = matches!(status.state, RunState::Interrupted | RunState::Failure) && !args.json;
    if let Some(Ok(Ok(definitions))) = goes_on.then(|| panics::catch(|| definitions().into_definitions())) {
        printer.note(&changed(&record, &definitions));
    }
    if status.state == RunState::Interrupted && !args.json {
        let (name, home, id) = (program_name(), home::again(&args.of.home), status.backfill);
        printer.hint(&format!("nobody drives it: `{name} backfill resume {id}{home}` goes on with it"));
    }
    Ok(Exit::Success)
}

fn list(args: &BackfillListArgs, around: &Around, printer: &Printer) -> Result<Exit, Exit> {
    let storage = home::read(&args.home, around, printer)?;
    let mut records = storage.backfills().map_err(|error| home::refused(&error, printer))?;
    let limit = args.limit.get();
    let more = records.len() > limit;
    records.truncate(limit);
    let read = |record: &BackfillRecord| BackfillStatus::of(&*storage, record);
    let found: Vec<_> =
        records.iter().map(read).collect::<Result<_, _>>().map_err(|error| refused(&error, printer))?;
    if args.json {
        for status in &found {
            printer.data(&format!("{}\n", report::backfill_as_json(status)));
        }
        return Ok(Exit::Success);
    }
    if found.is_empty() {
        printer.note("there are no backfills\n");
        return Ok(Exit::Success);
    }
    printer.data(&report::backfills(&found, (around.now)(), printer.data_palette()));
    if more {
        let newest = report::count(limit as u64, "backfill", "backfills");
        printer.note(&format!("these are the newest {newest}; --limit shows more\n"));
    }
    Ok(Exit::Success)
}

/// Has a backfill end: it is marked, so that nothing of it begins, and then who drives it is asked to end it.
fn end(
    args: &BackfillCancelArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Result<Exit, Exit> {
    let (storage, record) = find(&args.of, around, printer)?;
    let before = BackfillStatus::of(&*storage, &record).map_err(|error| refused(&error, printer))?;
    if is_at_rest(&before) {
        let message = format!("the backfill {} is over: {}", record.id, before.state.name());
        printer.error(&message, Some("there is nothing to cancel"));
        return Err(Exit::Usage);
    }
    let durable = DurableArgs { durability: DurabilityChoice::Normal };
    let home = home::write(&args.of.home, &durable, around, printer)?;
    let mark = BackfillMark::Canceled((around.now)());
    home.storage.mark_backfill(record.id, mark).map_err(|error| home::refused(&error, printer))?;
    cancel::ask_holder(|| home.storage.backfill_holder(record.id), &mut Unwoken, args.within, printer)?;
    // Runs that were interrupted, or are now, since their process was killed.
    let left =
        definitions.cancel_backfill(&home.storage, record.id).map_err(|error| refused(&error, printer))?;
    let status = left.grace(GRACE).run_blocking().map_err(|error| refused(&error, printer))?;
    printer.note(&format!("the backfill {} is canceled\n", record.id));
    printer.note(&report::backfill(&status, printer.palette()));
    Ok(Exit::Success)
}

/// Whether it is over, and so are its runs: one that is canceled may have left some that were interrupted.
fn is_at_rest(status: &BackfillStatus) -> bool {
    status.state.is_over() && status.assets.iter().all(|asset| asset.under_way == 0)
}

/// The backfill that the arguments name, and where it is kept; else says what there is.
fn find(
    args: &BackfillOfArgs,
    around: &Around,
    printer: &Printer,
) -> Result<(Arc<dyn Storage>, BackfillRecord), Exit> {
    let storage = home::read(&args.home, around, printer)?;
    let backfills = storage.backfills().map_err(|error| home::refused(&error, printer))?;
    let plain = |text: &str| text.to_lowercase().replace('-', "");
    let named = plain(&args.backfill);
    let is_named =
        |backfill: &&BackfillRecord| !named.is_empty() && plain(&backfill.id.to_string()).starts_with(&named);
    let mut found: Vec<_> = match args.backfill.as_str() {
        "latest" => backfills.iter().take(1).collect(),
        _ => backfills.iter().filter(is_named).collect(),
    };
    let name = program_name();
    match (found.pop(), found.len()) {
        (Some(one), 0) => Ok((storage, one.clone())),
        (None, _) => {
            let message = match args.backfill.as_str() {
                "latest" => "there are no backfills".to_owned(),
                text => format!("there is no backfill whose identifier begins with `{text}`"),
            };
            printer.error(&message, Some(&format!("`{name} backfill list` lists the backfills there are")));
            Err(Exit::Usage)
        }
        (Some(last), _) => {
            let ids: Vec<_> =
                found.iter().chain([&last]).take(NAMED).map(|one| format!("  {}", one.id)).collect();
            let message = format!("several backfills begin with `{}`:\n{}", args.backfill, ids.join("\n"));
            printer.error(&message, Some("write more of it"));
            Err(Exit::Usage)
        }
    }
}

/// Says why a backfill was not launched, or does not go on.
fn refused(error: &BackfillError, printer: &Printer) -> Exit {
    match error {
        BackfillError::Storage(error) => home::refused(error, printer),
        BackfillError::Broken { .. } | BackfillError::Runtime(_) => {
            printer.error(error, None);
            Exit::Machine
        }
        _ => {
            printer.error(error, None);
            Exit::Usage
        }
    }
}
