//! The arguments of commands that need no definitions, only what is recorded.

use std::ops::Deref;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand, ValueEnum};
use orch_core::event::LogLevel;

use super::runs::RunsArgs;
use super::svg_file;
use super::upkeep::InstanceArgs;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RecordedCommand {
    /// List the runs that are recorded, the newest first; or carry one in a file, or remove it.
    #[command(
        args_conflicts_with_subcommands = true,
        disable_help_subcommand = true,
        after_help = "\
Examples:
  runs                                        the newest 50, with how they stand
  runs --job JOB --status failure,interrupted --since 2d
  runs --tag env=prod --json                  an object on a line for each, all times in UTC
  runs --verbose                              with exact times
  runs export latest run.orch                 one run with all its files as one file
  runs import run.orch                        takes it out again
  runs remove 019a5f3c                        and all that is kept of it

The beginning of an identifier is enough, if no other run begins so: `show 019a5f3c`."
    )]
    Runs(RunsArgs),
    /// Show what became of a run: what it was begun with, its failures, how long its steps took.
    #[command(after_help = "\
Examples:
  show latest                     the run that was made last
  show latest:JOB --steps         every step with its attempts
  show 019a5f3c --gantt run.svg   and when each step ran, as a chart
  show 019a5f3c --json            one object: `run`, `begun_with`, `ops`, `steps`; times are in UTC")]
    Show(ShowArgs),
    /// Print what the steps of a run logged, or all that happened in it.
    #[command(after_help = "\
Examples:
  logs latest                                 what steps logged, whether the run is over or not
  logs latest --step load --level warn        of all copies of a step, warnings and errors
  logs latest --step 'load[100]' --grep disk
  logs latest --events --follow               the whole story, until the run is over; Ctrl-C ends it
  logs latest --events --json > events.jsonl  as `run --json` prints it")]
    Logs(LogsArgs),
    /// Tell why a run or a step of it is where it is, or why an asset is stale.
    #[command(after_help = "\
Examples:
  why latest              what it waits for, what failed, what was skipped because of it
  why latest report       what kept the step from running, through all steps in between
  why latest 'load[100]'  of one copy of a mapped step
  why mart/orders         the first thing in which what an asset is made of differs, to its root
  why sales --partition 2024-01-31
  why key:cafe            of an asset whose key could be the beginning of an identifier")]
    Why(WhyArgs),
    /// Keep the folder in which runs are recorded in order: look at it, check it, copy it, clear away what is old.
    #[command(after_help = "\
Examples:
  instance info                where it is, how many runs are in it, how large it is
  instance check               whether all that is in it can be read
  instance backup DIR          a copy, while runs may go on
  instance gc --keep-days 7    remove older runs

Old runs are removed at the end of each run too: ORCH_KEEP says what is kept, by default `runs=1000,days=30,bytes=10GB`;
`ORCH_KEEP=off` keeps all.")]
    Instance(InstanceArgs),
}

/// Where runs lie.
#[derive(Args, Clone, Debug, Default)]
pub(in crate::cli) struct HomeArgs {
    /// The folder in which runs are recorded; by default the one that `ORCH_HOME` names, else `.orch` in the working
    /// directory.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) home: Option<PathBuf>,
}

/// Which run is meant.
#[derive(Args, Debug)]
pub(in crate::cli) struct RunOfArgs {
    /// The run: the beginning of its identifier, `latest`, or `latest:JOB` for the latest of a job.
    pub(in crate::cli) run: String,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

/// Which run is meant, or which asset: arguments as those of a run, which say so.
#[derive(Debug)]
pub(in crate::cli) struct RunOrAssetArgs(RunOfArgs);

impl Deref for RunOrAssetArgs {
    type Target = RunOfArgs;

    fn deref(&self) -> &RunOfArgs {
        &self.0
    }
}

impl FromArgMatches for RunOrAssetArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        RunOfArgs::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Args for RunOrAssetArgs {
    fn augment_args(command: Command) -> Command {
        RunOfArgs::augment_args(command).mut_arg("run", |run| {
            let help =
                "The run: the beginning of its identifier, `latest`, or `latest:JOB`; or the key of an asset";
            run.value_name("RUN|ASSET").help(help)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ShowArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOfArgs,
    /// Show every step with its attempts.
    #[arg(long)]
    pub(in crate::cli) steps: bool,
    /// Show when each step ran: as a chart in the terminal, or in an SVG file if one is named.
    #[arg(long, value_name = "FILE.svg", num_args = 0..=1, value_parser = svg_file)]
    pub(in crate::cli) gantt: Option<Option<PathBuf>>,
    /// Print an object of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct LogsArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOfArgs,
    /// Only of this step: `load` with all its copies, `load[100]` for one.
    #[arg(long, value_name = "STEP")]
    pub(in crate::cli) step: Option<String>,
    /// Only lines of this level and those above.
    #[arg(long, value_name = "LEVEL")]
    pub(in crate::cli) level: Option<LevelChoice>,
    /// Only lines whose message contains this, whatever the case of its letters.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) grep: Option<String>,
    /// Go on until the run is over, and then tell how it ended.
    #[arg(long, short)]
    pub(in crate::cli) follow: bool,
    /// Print all that happened, and not log lines alone.
    #[arg(long, conflicts_with_all = ["level", "grep"])]
    pub(in crate::cli) events: bool,
    /// Print each as a line of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

/// How urgent a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LevelChoice {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl From<LevelChoice> for LogLevel {
    fn from(level: LevelChoice) -> Self {
        match level {
            LevelChoice::Trace => Self::Trace,
            LevelChoice::Debug => Self::Debug,
            LevelChoice::Info => Self::Info,
            LevelChoice::Warn => Self::Warn,
            LevelChoice::Error => Self::Error,
        }
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct WhyArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOrAssetArgs,
    /// The step, `load[100]`; of a name without keys all copies are told of. Without it the run is meant.
    pub(in crate::cli) step: Option<String>,
    /// Of an asset with partitions this one, written as for `materialize`.
    #[arg(long, value_name = "KEY", conflicts_with = "step")]
    pub(in crate::cli) partition: Option<String>,
}
