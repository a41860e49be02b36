//! The command line of a program with `#[orch::main]`: `list`, `plan`, `run`, `config`, `check`, `completions`; what makes
//! assets and looks at them, `materialize`, `backfill`, `assets`, `partitions`; what looks back at runs, `runs`, `show`, `logs`, `why`; and what keeps
//! them, `runs export|import|remove`, `instance`.
//!
//! Data goes to stdout, everything else to stderr. How a program ends is told by its exit code, see [`Exit`].

mod args;
mod assets;
mod backfill;
mod cancel;
mod check;
mod completions;
mod config;
mod configure;
mod detach;
mod exit;
mod home;
mod instance;
mod jobs;
mod keep;
mod list;
mod logs;
mod materialize;
mod panics;
mod parcel;
mod partitions;
mod plan;
mod printer;
mod progress;
mod recorded;
mod remove;
mod rerun;
mod resume;
mod run;
mod runs;
mod select;
mod show;
mod signals;
mod terminal;
#[cfg(test)]
mod tests;
mod to_make;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, FromArgMatches as _};
use orch_core::config::EnvVars;
use orch_core::failure::Failure;
use orch_core::graph::Job;
use orch_core::run::Definitions;

pub use exit::Exit;

use args::{Arguments, Asked, Command, OutputArgs, RecordedCommand};
use home::Around;
use printer::Printer;

/// What a function with `#[orch::main]` may return: definitions, a single job, or either in a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a program can be made of",
    label = "expected `Definitions`",
    note = "return `Definitions::new().job(my_job())`, a job, or a `Result` of these"
)]
pub trait IntoDefinitions {
    /// The definitions.
    ///
    /// # Errors
    /// If they cannot be made, such as for want of a setting.
    fn into_definitions(self) -> Result<Definitions, Failure>;
}

impl IntoDefinitions for Definitions {
    fn into_definitions(self) -> Result<Definitions, Failure> {
        Ok(self)
    }
}

impl IntoDefinitions for Job {
    fn into_definitions(self) -> Result<Definitions, Failure> {
        Ok(Definitions::new().job(self))
    }
}

impl<D: IntoDefinitions, E: Into<Failure>> IntoDefinitions for Result<D, E> {
    fn into_definitions(self) -> Result<Definitions, Failure> {
        self.map_err(Into::into)?.into_definitions()
    }
}

/// The main function of a program: reads its arguments and does what they ask for. Started by a run of the same program as
/// a process for isolated steps, it works for that run instead; so it comes first in `main`.
///
/// `#[orch::main]` calls it. Steps may log through `tracing`; unless the program has set a subscriber of its own, one is
/// set that turns such lines into events of their step. `RUST_LOG` says which lines, by default those from `info` on;
/// that it cannot be read is told on stderr. `--progress none` shows these lines and nothing else before the summary,
/// `--quiet` not even them.
///
/// The process that `--detach` has started for a run does not return from it if the run was canceled: it kills its process
/// group, itself included, so that nothing lives on that its steps have started.
///
/// ```no_run
/// # use std::process::ExitCode;
/// # use orch::define::JobOptions;
/// # fn pokemon() -> orch::graph::Job { orch::graph::Job::compose(JobOptions::new("pokemon"), || ()) }
/// fn main() -> ExitCode {
///     orch::cli::run_main(|| orch::run::Definitions::new().job(pokemon()))
/// }
/// ```
pub fn run_main<D: IntoDefinitions>(definitions: impl FnOnce() -> D) -> ExitCode {
    run_main_of_version(None, definitions)
}

/// As [`run_main`], with the version that `--version` prints: `option_env!("CARGO_PKG_VERSION")` is that of the
/// package, which `#[orch::main]` gives.
pub fn run_main_of_version<D: IntoDefinitions>(
    version: Option<&'static str>,
    definitions: impl FnOnce() -> D,
) -> ExitCode {
    let mut definitions = Some(definitions);
    orch_core::run::worker(|| match definitions.take() {
        Some(definitions) => definitions().into_definitions(),
        None => Err(Failure::new("they were made before")),
    });
    let Some(definitions) = definitions else { return Exit::Broken.into() };
    run_with(std::env::args_os(), version, definitions, EnvVars::process(), Printer::new).into()
}

/// As [`run_main_of_version`], with these arguments (the first is the program), variables and this printer.
fn run_with<D: IntoDefinitions>(
    args: impl IntoIterator<Item = OsString>,
    version: Option<&'static str>,
    definitions: impl FnOnce() -> D,
    env: EnvVars,
    printer: impl Fn(OutputArgs) -> Printer,
) -> Exit {
    run_in(&Around::of(env), args, version, definitions, printer)
}

/// As [`run_with`], with this around the program.
fn run_in<D: IntoDefinitions>(
    around: &Around,
    args: impl IntoIterator<Item = OsString>,
    version: Option<&'static str>,
    definitions: impl FnOnce() -> D,
    printer: impl Fn(OutputArgs) -> Printer,
) -> Exit {
    let command = match version {
        Some(version) => command().version(version),
        None => command(),
    };
    let parsed = command.try_get_matches_from(args).and_then(|matches| Arguments::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return refuse(&error, &printer),
    };
    let printer = Arc::new(printer(args.output));
    let exit = match &args.command {
        Asked::Defined(command) => answer(command, definitions, around, &printer),
        Asked::Recorded(RecordedCommand::Why(args)) => why::why(args, definitions, around, &printer),
        Asked::Backfill(args) => backfill::backfill(args, definitions, around, &printer),
        Asked::Recorded(command) => recorded(command, around, &printer),
    };
    let exit = written(&printer, exit);
    if exit == Exit::Canceled && args.command.is_detached() {
        detach::end_group();
    }
    exit
}

/// Answers commands on what is recorded. It can be seen whatever has become of the definitions, which may need what is not
/// there at present.
fn recorded(command: &RecordedCommand, around: &Around, printer: &Printer) -> Exit {
    match command {
        RecordedCommand::Runs(args) => runs::runs(args, around, printer),
        RecordedCommand::Show(args) => show::show(args, around, printer),
        RecordedCommand::Logs(args) => logs::logs(args, around, printer),
        RecordedCommand::Why(args) => why::why(args, Definitions::new, around, printer),
        RecordedCommand::Instance(args) => instance::instance(args, around, printer),
    }
}

/// What the program offers; why that cannot be found out is said.
fn defined<D: IntoDefinitions>(
    definitions: impl FnOnce() -> D,
    printer: &Printer,
) -> Result<Definitions, Exit> {
    match panics::catch(|| definitions().into_definitions()) {
        Ok(Ok(definitions)) => Ok(definitions),
        Err(panic) => {
            printer.error(&panic.text(), panic.hint());
            Err(Exit::Broken)
        }
        Ok(Err(failure)) => {
            printer.error(&failure.context("the definitions of this program cannot be made").info(), None);
            Err(Exit::Usage)
        }
    }
}

fn answer<D: IntoDefinitions>(
    command: &Command,
    definitions: impl FnOnce() -> D,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let definitions = match defined(definitions, printer) {
        Ok(definitions) => definitions,
        Err(exit) => return exit,
    };
    // The command `check` tells of jobs of one name together with all else.
    if !matches!(command, Command::Check(_))
        && let Some((first, second)) = definitions.duplicate_job()
    {
        let (a, b) = (&first.options().place, &second.options().place);
        let error = format!(
            "two jobs have the name `{}`\n  --> {a} (the first)\n  --> {b} (the second)",
            first.name()
        );
        printer.error(&error, Some("give one of them another: #[job(name = \"..\")]"));
        return Exit::Usage;
    }
    if let Some((_, home)) = command.live().filter(|(live, _)| live.detach) {
        return detach::start(home, printer);
    }
    match command {
        Command::List(args) => list::list(args, &definitions, printer),
        Command::Plan(args) => plan::plan(args, &definitions, around.env.clone(), printer),
        Command::Run(args) => run::run(args, &definitions, around, printer),
        Command::Materialize(args) => materialize::materialize(args, &definitions, around, printer),
        Command::Assets(args) => assets::assets(args, &definitions, around, printer),
        Command::Partitions(args) => partitions::partitions(args, &definitions, around, printer),
        Command::Resume(args) => resume::resume(args, &definitions, around, printer),
        Command::Rerun(args) => rerun::rerun(args, &definitions, around, printer),
        Command::Cancel(args) => cancel::cancel(args, &definitions, around, printer),
        Command::Config(args) => config::config(args, &definitions, around.env.clone(), printer),
        Command::Check(args) => check::check(args, &definitions, printer),
        Command::Completions(args) => completions::completions(args, &definitions, printer),
    }
}

/// What a success is worth whose data did not arrive. What became of a run matters more than what became of its events.
fn written(printer: &Printer, exit: Exit) -> Exit {
    let Some(error) = printer.refused() else { return exit };
    printer.error(&format!("stdout cannot be written to: {error}; what stands there is not complete"), None);
    if exit == Exit::Success { Exit::Machine } else { exit }
}

/// The arguments, under the name by which the program was called.
fn command() -> clap::Command {
    Arguments::command().name(program_name()).bin_name(program_name())
}

fn program_name() -> String {
    let called = std::env::args_os().next().map(PathBuf::from);
    let stem = called.as_deref().and_then(|path| path.file_stem());
    stem.map_or_else(|| "program".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Help was asked for, or the arguments are wrong; clap has the words for both.
fn refuse(error: &clap::Error, printer: &impl Fn(OutputArgs) -> Printer) -> Exit {
    let color = args::ColorChoice::Auto;
    let printer = printer(OutputArgs { quiet: false, verbose: false, color });
    let text = error.render();
    let told = |palette| match palette {
        orch_core::report::Palette::Ansi => text.ansi().to_string(),
        orch_core::report::Palette::Plain => text.to_string(),
    };
    if error.use_stderr() {
        printer.say(&told(printer.palette()));
        Exit::Usage
    } else {
        printer.data(&told(printer.data_palette()));
        written(&printer, Exit::Success)
    }
}
