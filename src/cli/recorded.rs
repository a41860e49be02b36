use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use orch_core::ids::{StepPath, nearest};
use orch_core::report::{self, Listed};
use orch_core::storage::{Pinned, RunQuery, RunRecord, RunState, Storage, StorageError};

use super::args::RunOfArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, program_name};

/// How many of the runs that may be meant are named.
const NAMED: usize = 10;

/// A run that was asked for, and where it is recorded.
pub(super) struct Found {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) run: RunRecord,
    pub(super) state: RunState,
}

/// The run that the arguments name; else says what there is.
pub(super) fn find(args: &RunOfArgs, around: &Around, printer: &Printer) -> Result<Found, Exit> {
    find_in(home::read(&args.home, around, printer)?, &args.run, around, printer)
}

/// The run of this storage that the text names; else says what there is.
pub(super) fn find_in(
    storage: Arc<dyn Storage>,
    named: &str,
    around: &Around,
    printer: &Printer,
) -> Result<Found, Exit> {
    let refused = |error: StorageError| home::refused(&error, printer);
    let mut runs = match latest_of(named) {
        Some(job) => {
            let job = job.map(str::to_owned);
            storage.runs(&RunQuery { job, limit: Some(1), ..RunQuery::default() }).map_err(refused)?
        }
        None if !is_beginning(named) => Vec::new(),
        None => storage.begin_with(named, NAMED + 1).map_err(refused)?,
    };
    if runs.len() > 1 {
        printer.error(&several(named, &runs, &*storage, around), Some("write more of it"));
        return Err(Exit::Usage);
    }
    let Some(mut run) = runs.pop() else {
        let program = program_name();
        let jobs = |job: Option<&str>| {
            let runs = job.and_then(|_| storage.runs(&RunQuery::default()).ok())?;
            jobs(&runs)
        };
        let hint = match latest_of(named) {
            Some(job) => match jobs(job) {
                Some(jobs) => format!("there are runs of {jobs}"),
                None => format!("run a job: `{program} run JOB`"),
            },
            None => format!("`{program} runs` lists the runs there are"),
        };
        printer.error(&unknown(named), Some(&hint));
        return Err(Exit::Usage);
    };
    let state = RunState::look(&*storage, &mut run).map_err(refused)?;
    Ok(Found { storage, run, state })
}

/// The jobs of these runs, `a`, `b`; none if there are no runs.
pub(super) fn jobs(runs: &[RunRecord]) -> Option<String> {
    let jobs: BTreeSet<_> = runs.iter().map(|run| format!("`{}`", run.job)).collect();
    let jobs: Vec<_> = jobs.into_iter().collect();
    (!jobs.is_empty()).then(|| jobs.join(", "))
}

/// Whether the latest run is meant, and of which job.
fn latest_of(text: &str) -> Option<Option<&str>> {
    match text.split_once(':') {
        Some(("latest", job)) => Some(Some(job)),
        _ => (text == "latest").then_some(None),
    }
}

/// Whether the text has the form of what names a run, and of nothing else that has a name: identifiers of runs begin with a
/// digit, since they begin with the time, and names in code do not.
pub(super) fn may_name_a_run(text: &str) -> bool {
    latest_of(text).is_some() || text.starts_with(|first: char| first.is_ascii_digit()) && is_beginning(text)
}

fn is_beginning(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn unknown(text: &str) -> String {
    match latest_of(text) {
        Some(None) => "there are no runs".to_owned(),
        Some(Some(job)) => format!("there is no run of a job `{job}`"),
        None if is_beginning(text) => format!("there is no run whose identifier begins with `{text}`"),
        None => format!(
            "`{text}` names no run: write the beginning of its identifier, `latest`, or `latest:JOB` for the latest of a \
             job"
        ),
    }
}

/// The runs that may be meant, with enough of their identifiers to tell them from each other.
fn several(text: &str, runs: &[RunRecord], storage: &dyn Storage, around: &Around) -> String {
    let digits = report::digits(runs.iter().map(|run| run.id));
    let listed = Listed { now: (around.now)(), digits, exact: false, palette: report::Palette::Plain };
    let with_state = |run: &RunRecord| {
        let mut run = run.clone();
        // What cannot be found out of a run is no reason not to name it.
        let state = RunState::look(storage, &mut run).unwrap_or(RunState::of(run.status, true));
        (run, state)
    };
    let named: Vec<_> = runs.iter().take(NAMED).map(with_state).collect();
    let more = if runs.len() > NAMED { "more than " } else { "" };
    let mut said = format!("{more}{} runs begin with `{text}`:", named.len());
    for line in report::runs(&named, &listed).lines() {
        let _ = write!(said, "\n  {line}");
    }
    said
}

impl Found {
    /// The path of a step that may be in the plan, or was `heard` of: a program that the run went on with may have others. Else says
    /// which was meant, or how one is written.
    pub(super) fn step(
        &self,
        step: &str,
        pinned: &Pinned,
        heard: impl FnOnce(&str) -> bool,
        printer: &Printer,
    ) -> Result<StepPath, Exit> {
        let name = step.split('[').next().unwrap_or(step);
        let plan = &pinned.plan;
        if plan.step(name).is_some() || heard(name) {
            return step.parse().map_err(|error| {
                let hint = format!("write `{name}`, or `{name}[100]` for one copy");
                printer.error(&format!("`{step}`: {error}"), Some(&hint));
                Exit::Usage
            });
        }
        let names = || plan.steps.iter().map(|step| step.name.as_str());
        let hint = match (nearest(name, names()), &pinned.selection) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(selection)) => format!("of the job only a part was selected: {selection}"),
            (None, None) => format!("its steps are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        printer.error(&format!("the run of `{}` has no step `{step}`", self.run.job), Some(&hint));
        Err(Exit::Usage)
    }
}
