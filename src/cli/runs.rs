use std::cmp::Reverse;

use jiff::Timestamp;
use orch_core::event::RunStatus;
use orch_core::report::{self, Listed};
use orch_core::storage::{ReadRuns, RunQuery, RunRecord, RunState, StorageError};

use super::args::{RunsArgs, RunsCommand};
use super::home::{self, Around};
use super::printer::{Printer, Verbosity};
use super::{Exit, parcel, recorded, remove};

/// The statuses by which a run is found that is not over, and those of one that is.
const UNDER_WAY: [RunStatus; 2] = [RunStatus::Running, RunStatus::Canceling];
const OVER: [RunStatus; 3] = [RunStatus::Success, RunStatus::Failure, RunStatus::Canceled];

/// The runs that are recorded, or what is to be done with one.
pub(super) fn runs(args: &RunsArgs, around: &Around, printer: &Printer) -> Exit {
    match &args.command {
        None => list(args, around, printer),
        Some(RunsCommand::Export(args)) => parcel::export(args, around, printer),
        Some(RunsCommand::Import(args)) => parcel::import(args, around, printer),
        Some(RunsCommand::Remove(args)) => remove::remove(args, around, printer),
    }
}

/// The runs that are recorded, the newest first.
fn list(args: &RunsArgs, around: &Around, printer: &Printer) -> Exit {
    let storage = match home::read(&args.home, around, printer) {
        Ok(storage) => storage,
        Err(exit) => return exit,
    };
    let now = (around.now)();
    let mut found = match find(args, &*storage, now) {
        Ok(found) => found,
        Err(error) => return home::refused(&error, printer),
    };
    let limit = args.limit.get();
    let more = found.len() > limit;
    found.truncate(limit);
    if args.json {
        for (run, state) in &found {
            printer.data(&format!("{}\n", report::run_as_json(run, *state)));
        }
        return Exit::Success;
    }
    if found.is_empty() {
        printer.note(if asks_for_all(args) { "there are no runs\n" } else { "there are no such runs\n" });
        return match &args.job {
            Some(job) => tell_jobs(job, &*storage, printer),
            None => Exit::Success,
        };
    }
    let listed = Listed {
        now,
        digits: report::digits(found.iter().map(|(run, _)| run.id)),
        exact: printer.verbosity == Verbosity::Verbose,
        palette: printer.data_palette(),
    };
    printer.data(&report::runs(&found, &listed));
    if more {
        let newest = report::count(limit as u64, "run", "runs");
        printer.note(&format!("these are the newest {newest}; --limit shows more\n"));
    }
    Exit::Success
}

/// Says of which jobs there are runs, if there are none of this one.
fn tell_jobs(job: &str, storage: &(impl ReadRuns + ?Sized), printer: &Printer) -> Exit {
    let of_job = RunQuery { job: Some(job.to_owned()), limit: Some(1), ..RunQuery::default() };
    let jobs = match storage.runs(&of_job) {
        Ok(of_job) if of_job.is_empty() => storage.runs(&RunQuery::default()),
        told => told.map(|_| Vec::new()),
    };
    match jobs {
        Ok(runs) => {
            if let Some(jobs) = recorded::jobs(&runs) {
                printer.hint(&format!("of the job `{job}` there are none; there are runs of {jobs}"));
            }
            Exit::Success
        }
        Err(error) => home::refused(&error, printer),
    }
}

fn asks_for_all(args: &RunsArgs) -> bool {
    args.job.is_none() && args.status.is_empty() && args.since.is_none() && args.tags.is_empty()
}

/// The runs that are asked for, with where they stand; one more than the limit if there are more.
fn find(
    args: &RunsArgs,
    storage: &(impl ReadRuns + ?Sized),
    now: Timestamp,
) -> Result<Vec<(RunRecord, RunState)>, StorageError> {
    let wanted: Vec<RunState> = args.status.iter().map(|status| (*status).into()).collect();
    let is_wanted = |state: &RunState| wanted.is_empty() || wanted.contains(state);
    let query = |status: &[RunStatus], limit| RunQuery {
        job: args.job.clone(),
        status: status.to_vec(),
        since: args.since.map(|since| since.before(now)),
        tags: args.tags.clone(),
        limit,
    };
    // Whether a run that is not over is interrupted, no list says. So these are all asked about, which are few; of the
    // others there may be any number.
    let mut found = Vec::new();
    for mut run in storage.runs(&query(&UNDER_WAY, None))? {
        let state = RunState::look(storage, &mut run)?;
        found.push((run, state));
    }
    let over: Vec<_> = OVER.into_iter().filter(|status| is_wanted(&RunState::of(*status, false))).collect();
    if !over.is_empty() {
        let mut others = storage.runs(&query(&over, Some(args.limit.get().saturating_add(1))))?;
        // One that ended in the meantime is in both.
        others.retain(|run| found.iter().all(|(other, _)| other.id != run.id));
        found.extend(others.into_iter().map(|run| {
            let state = RunState::of(run.status, false);
            (run, state)
        }));
    }
    found.retain(|(_, state)| is_wanted(state));
    found.sort_by_key(|(run, _)| Reverse((run.created, run.id)));
    Ok(found)
}
