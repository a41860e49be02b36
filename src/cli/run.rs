use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orch_core::asset::MaterializationQuery;
use orch_core::define::Cancel;
use orch_core::event::{Detail, ResourceState, RunStatus, RunView};
use orch_core::graph::Job;
use orch_core::ids::RunId;
use orch_core::partition::KeySets;
use orch_core::plan::Plan;
use orch_core::report;
use orch_core::run::{Definitions, RunError, RunErrorKind, Runner};
use orch_core::storage::{ReadEvents, Storage, StorageErrorKind};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::args::{HomeArgs, LiveArgs, ProgressChoice, RunArgs, RunOptions};
use super::home::{self, Around};
use super::printer::{Printer, Verbosity};
use super::progress::{Progress, Show};
use super::signals::{Listener, Standing};
use super::{Exit, configure, detach, jobs, keep, program_name};

/// How wide a chart is where no terminal says it.
const CHART_WIDTH: usize = 100;

/// How long a canceled run waits for the code of its steps.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a job with live progress, then tells how it went.
pub(super) fn run(
    args: &RunArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let job = match jobs::find(definitions, args.job.as_deref(), "run", printer) {
        Ok(job) => job,
        Err(exit) => return exit,
    };
    let partition = args.options.partition.iter();
    begin(job, &args.options, definitions, around, printer, |runner| {
        partition.fold(runner, Runner::partition)
    })
}

/// Runs a job as the arguments say, for the partitions and in the way that `asked` says.
pub(super) fn begin(
    job: &Job,
    args: &RunOptions,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
    asked: impl FnOnce(Runner) -> Runner,
) -> Exit {
    let runner = match configure::runner(definitions, job, &args.configure, around.env.clone(), printer) {
        Ok(runner) => runner,
        Err(exit) => return exit,
    };
    if let Err(exit) = told_once(&args.tags, printer) {
        return exit;
    }
    let runner = asked(configured(runner, args));
    if args.record.no_record {
        return go(runner, None, None, &args.live, printer);
    }
    // A run that is refused leaves nothing behind, not even a folder.
    let plan = match runner.plan() {
        Ok(plan) => plan,
        Err(error) => {
            printer.error(&error, None);
            return Exit::Usage;
        }
    };
    let tells_of_assets = plan.steps.iter().any(|step| !step.assets.is_empty() || step.observes.is_some());
    match tell_empty(&runner, &plan, &args.record.home, around, printer) {
        Ok(false) => {}
        Ok(true) => {
            if args.live.detached {
                detach::tell_nothing();
            }
            return Exit::Success;
        }
        Err(exit) => return exit,
    }
    let home = match home::write(&args.record.home, &args.record.durable, around, printer) {
        Ok(home) => home,
        Err(exit) => return exit,
    };
    let id = RunId::new();
    let told = Told::of(id, &home.storage, &args.record.home);
    let exit = go(runner.run_id(id).record(&home.storage), Some(told), None, &args.live, printer);
    if tells_of_assets {
        tell_materialized(exit, id, &*home.storage, printer);
    }
    keep::clear_after(id, &home, around, printer);
    exit
}

/// Says which sets are empty whose keys a run is for, and gives whether nothing is left then that it would do.
pub(super) fn tell_empty(
    runner: &Runner,
    plan: &Plan,
    home: &HomeArgs,
    around: &Around,
    printer: &Printer,
) -> Result<bool, Exit> {
    let sets: BTreeSet<&str> = plan.partitions.iter().flat_map(|of| of.definition.key_sets()).collect();
    if sets.is_empty() {
        return Ok(false);
    }
    // Where nothing was ever recorded, nobody has added a key.
    let storage = home::perhaps(home, around, printer)?;
    let keys = storage.map_or(Ok(KeySets::new()), |storage| storage.key_sets());
    let keys = keys.map_err(|error| home::refused(&error, printer))?;
    // What else is wrong with its partitions is told when it is to begin.
    let Ok(is_for_none) = runner.is_for_none(&keys) else { return Ok(false) };
    for set in sets.into_iter().filter(|set| keys.named(set).is_empty()) {
        let nothing = if is_for_none { ": there is nothing to do" } else { "" };
        printer.note(&format!(
            "the set `{set}` is empty{nothing}; `{} partitions add {set} KEY` adds a key\n",
            program_name()
        ));
    }
    Ok(is_for_none)
}

/// Says what a run has materialized and observed, also if something else has failed.
pub(super) fn tell_materialized(exit: Exit, run: RunId, storage: &dyn Storage, printer: &Printer) {
    if !matches!(exit, Exit::Success | Exit::RunFailed | Exit::Canceled) {
        return;
    }
    let query = MaterializationQuery { run: Some(run), ..MaterializationQuery::default() };
    match storage.materializations(&query) {
        Ok(mut facts) => {
            facts.reverse();
            if facts.is_empty() {
                return;
            }
            printer.note(&report::materialized(&facts, printer.palette()));
        }
        // The run is as good as it was told to be.
        Err(error) => printer.warning(&error, error.advice()),
    }
}

/// What is said of a run since it is recorded.
pub(super) struct Told {
    /// First, once it has begun: where.
    header: String,
    /// How the same folder is named again.
    home: String,
    stands: Stands,
}

impl Told {
    pub(super) fn of(run: RunId, storage: &Arc<dyn Storage>, home: &HomeArgs) -> Self {
        let (header, home) = (format!("run {run}, recorded in {}\n", storage.describe()), home::again(home));
        Self { header, stands: Stands { run, storage: Arc::clone(storage), home: home.clone() }, home }
    }

    /// And this, in lines of its own.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.header.push_str(more);
        self
    }
}

/// How a run stands whose program is stopped.
struct Stands {
    run: RunId,
    storage: Arc<dyn Storage>,
    home: String,
}

impl Standing for Stands {
    fn recorded(&self) -> String {
        match self.storage.run(self.run) {
            Ok(run) if run.status == RunStatus::Canceled => format!("the run {} is canceled", run.id),
            Ok(run) if run.status.is_terminal() => {
                format!("the run {} is over: {}", run.id, run.status.name())
            }
            Err(error) if *error.kind() == StorageErrorKind::NotFound => {
                format!("nothing is recorded of the run {}, which had not begun", self.run)
            }
            Ok(run) => format!(
                "the run {} is cut off; `{} cancel {}{}` ends it as canceled",
                run.id,
                program_name(),
                run.id,
                self.home
            ),
            Err(_) => self.unknown(),
        }
    }

    fn unknown(&self) -> String {
        let Self { run, home, .. } = self;
        let name = program_name();
        format!("how the run {run} stands could not be found out in time; `{name} show {run}{home}` tells")
    }
}

/// Runs what was made ready, with live progress, then tells how it went; of a run that goes on with what it had come to
/// `before`. A run that does not begin, as one that somebody else runs, has no header either.
pub(super) fn go(
    runner: Runner,
    told: Option<Told>,
    before: Option<&dyn ReadEvents>,
    args: &LiveArgs,
    printer: &Arc<Printer>,
) -> Exit {
    if let Some(Some(file)) = &args.gantt
        && let Err(error) = probe(file)
    {
        printer.error(&format!("{}; no step has run", unwritable(file, &error)), None);
        return Exit::Machine;
    }
    log_through_events(printer);
    let show = Show {
        choice: if args.detached { ProgressChoice::None } else { args.progress },
        detail: if args.gantt.is_some() { Detail::Steps } else { Detail::Counts },
        slow_after: args.slow_after,
        grace: GRACE,
        json: args.json,
    };
    let mut view = RunView::new(show.detail);
    if let Some(before) = before
        && let Err(error) = before.history(&mut |logged, _| view.apply(&logged.event))
    {
        return home::refused(&error, printer);
    }
    let (header, (home, stands)) = match told {
        Some(told) => (Some(told.header), (Some(told.home), Some(told.stands))),
        None => (None, (None, None)),
    };
    // Who lets a run go on in another process ends there; only that process is sure to say it before.
    let (header, detached) = if args.detached { (None, header) } else { (header, None) };
    let (progress, sink) = match Progress::start(show, header, view, Arc::clone(printer)) {
        Ok(started) => started,
        Err(error) => {
            let message = format!("no thread can be started to show the run: {error}; no step has run");
            printer.error(&message, None);
            return Exit::Machine;
        }
    };
    let cancel = Cancel::new();
    let mut runner = runner.sink(sink).cancel(cancel.clone()).grace(GRACE);
    if args.detached {
        runner = runner.sink(detach::tell_begun(detached, Arc::clone(printer)));
    }
    let result = match runner.runtime() {
        Ok(runtime) => {
            let listener = Listener::start(cancel, args.detached, stands, Arc::clone(printer));
            let result = runtime.block_on(runner.run());
            listener.run_is_over();
            // Code that outlived a canceled run or a timeout is not waited for.
            runtime.shutdown_background();
            result
        }
        Err(error) => {
            printer.error(&error, None);
            return Exit::Machine;
        }
    };
    let view = progress.finish();
    let exit = match &result {
        Ok(_) => Exit::Success,
        Err(error) => match (error.kind(), &home) {
            (RunErrorKind::Unrecorded { run, message, .. }, Some(home)) => {
                let (name, id, job) = (program_name(), run.id(), &run.plan().job);
                let what = format!(
                    "the run of `{job}` broke off, since what happens cannot be recorded any more: {message}"
                );
                let hint = format!("when that is mended, let it go on: `{name} resume {id}{home}`");
                printer.error(&what, Some(&hint));
                Exit::Machine
            }
            _ => refused(error, printer),
        },
    };
    let exit = match exit {
        // What a resource kept back until it is closed, such as the last rows, is lost.
        Exit::Success if !all_closed(&view) => Exit::RunFailed,
        exit => exit,
    };
    if view.status().is_terminal() {
        let summary = report::summary(&view, printer.palette());
        // A check that is not blocking stops nothing, and is not to be overlooked either.
        let is_sound = !view.unpassed().iter().any(|check| check.result.is_error());
        if exit == Exit::Success && is_sound {
            printer.note(&summary);
        } else {
            printer.say(&summary);
        }
        if let (Some(run), Some(home)) = (view.run(), home.filter(|_| view.status() != RunStatus::Success)) {
            let name = program_name();
            printer.hint(&format!(
                "`{name} why {run}{home}` tells more; `{name} rerun {run} --from-failure{home}` goes on from there"
            ));
        }
    }
    match &args.gantt {
        Some(file) if view.start().is_some() => match chart(&view, file.as_deref(), args.json, printer) {
            // What became of the run matters more than what became of its picture.
            Some(refused) if exit == Exit::Success => refused,
            _ => exit,
        },
        _ => exit,
    }
}

fn all_closed(view: &RunView) -> bool {
    !view.resources().iter().any(|resource| matches!(resource.state, ResourceState::NotClosed(_)))
}

/// Checks that each tag is given once.
pub(super) fn told_once(tags: &[(String, String)], printer: &Printer) -> Result<(), Exit> {
    let Some(key) = twice(tags) else { return Ok(()) };
    let hint = format!("keep one: `--tags {key}=..`");
    printer.error(&format!("the tag `{key}` is given twice"), Some(&hint));
    Err(Exit::Usage)
}

/// The first key that several tags have.
fn twice(tags: &[(String, String)]) -> Option<&str> {
    let mut keys = tags.iter().enumerate();
    keys.find(|(at, (key, _))| tags[..*at].iter().any(|(other, _)| other == key)).map(|(_, (key, _))| &**key)
}

fn configured(mut runner: Runner, args: &RunOptions) -> Runner {
    if let Some(steps) = args.max_concurrent {
        runner = runner.max_concurrent(steps.get());
    }
    if let Some(items) = args.max_in_flight {
        runner = runner.max_in_flight(items.get());
    }
    if let Some(order) = args.order {
        runner = runner.order(order.into());
    }
    if args.no_memos {
        runner = runner.without_memos();
    }
    args.tags.iter().fold(runner, |runner, (key, value)| runner.tag(key, value))
}

/// Steps' errors are told by the summary; what kept the run from its beginning is told here.
pub(super) fn refused(error: &RunError, printer: &Printer) -> Exit {
    match error.kind() {
        RunErrorKind::Failed { .. } | RunErrorKind::Resource { .. } => Exit::RunFailed,
        RunErrorKind::Canceled { .. } => Exit::Canceled,
        RunErrorKind::Plan(error) => {
            printer.error(error, None);
            Exit::Usage
        }
        RunErrorKind::Storage(error) => home::refused(error, printer),
        RunErrorKind::Changed { .. } => {
            printer.error(error, None);
            Exit::Usage
        }
        RunErrorKind::Unrecorded { .. } => {
            printer.error(error, None);
            Exit::Machine
        }
        RunErrorKind::Broken { .. } => {
            printer.error(error, None);
            Exit::Broken
        }
        _ => {
            printer.error(error, None);
            Exit::Machine
        }
    }
}

/// Shows when each step ran; an exit code only if that is not possible.
pub(super) fn chart(view: &RunView, file: Option<&Path>, json: bool, printer: &Printer) -> Option<Exit> {
    let Some(file) = file else {
        let terminal = console::Term::stdout();
        let width = terminal.size_checked().map_or(CHART_WIDTH, |(_, columns)| usize::from(columns));
        if json {
            // stdout is for events alone.
            printer.say(&report::gantt(view, width, printer.palette()));
        } else {
            printer.data(&report::gantt(view, width, printer.data_palette()));
        }
        return None;
    };
    match fs::write(file, report::svg(view)) {
        Ok(()) => {
            printer.note(&format!("the chart is in {}\n", file.display()));
            None
        }
        Err(error) => {
            printer.error(&unwritable(file, &error), None);
            Some(Exit::Machine)
        }
    }
}

/// Whether the chart will find its place, asked before the run. What stands there stays until there is a new chart.
fn probe(file: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(_) => fs::remove_file(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().append(true).open(file).map(drop)
        }
        Err(error) => Err(error),
    }
}

fn unwritable(file: &Path, error: &io::Error) -> String {
    format!("the chart cannot be written to `{}`: {error}", file.display())
}

/// Has `tracing` lines of steps become events of these steps, unless the program has a subscriber of its own.
pub(super) fn log_through_events(printer: &Printer) {
    let wanted = std::env::var_os("RUST_LOG").map(|text| text.to_string_lossy().into_owned());
    let filter = log_filter(wanted.as_deref(), printer);
    let _ = tracing_subscriber::registry().with(orch_core::step::LogLayer.with_filter(filter)).try_init();
}

/// Which lines become events: those that `RUST_LOG` names, else those from `info` on.
pub(super) fn log_filter(wanted: Option<&str>, printer: &Printer) -> Targets {
    let verbose = printer.verbosity == Verbosity::Verbose;
    let (level, name) = if verbose { (LevelFilter::DEBUG, "debug") } else { (LevelFilter::INFO, "info") };
    let default = Targets::new().with_default(level);
    // Empty is as good as not set.
    let Some(wanted) = wanted.filter(|wanted| !wanted.trim().is_empty()) else { return default };
    wanted.parse().unwrap_or_else(|error| {
        let warning = format!(
            "RUST_LOG is `{wanted}`, which cannot be read ({error}); lines from `{name}` on are shown"
        );
        printer.warning(
            &warning,
            Some("write a level, `RUST_LOG=debug`, or targets, `RUST_LOG=info,my_crate=trace`"),
        );
        default
    })
}
