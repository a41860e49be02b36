//! The arguments of commands that begin a run, or let one go on or end.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use orch_core::select::StepSelection;
use orch_sqlite::Durability;

use super::recorded::{HomeArgs, RunOfArgs};
use super::{
    Asked, AssetsArgs, AssetsCommand, BackfillCommand, Command, ConfigureArgs, OrderChoice, ProgressChoice,
    count, svg_file, tag, time,
};

/// How a run is run, recorded and shown.
#[derive(Args, Debug)]
pub(in crate::cli) struct RunOptions {
    /// How many steps may run at once; by default what the job says, else the number of processors.
    #[arg(long, value_name = "STEPS", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) max_concurrent: Option<NonZero<usize>>,
    /// How many items of one dynamic output may be alive at once; by default what the job says, else twice as many.
    #[arg(long, value_name = "ITEMS", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) max_in_flight: Option<NonZero<usize>>,
    /// Which of several ready steps goes first.
    #[arg(long)]
    pub(in crate::cli) order: Option<OrderChoice>,
    /// The partitions that the run is for, of a job that makes assets with partitions: `2024-01-31`, from one to another,
    /// `2024-01-01..2024-01-31`, `latest`, `*`, or several, with commas; of several dimensions `'day=2024-01-31; region=eu'`.
    #[arg(long, value_name = "PARTITIONS")]
    pub(in crate::cli) partition: Option<String>,
    /// Run all steps, also those of memoized ops of which it is known what they would give; what they give now is remembered
    /// in its place.
    #[arg(long)]
    pub(in crate::cli) no_memos: bool,
    /// Tags of the run, beside those of the job; a key has one value.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = tag)]
    pub(in crate::cli) tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(in crate::cli) live: LiveArgs,
    #[command(flatten)]
    pub(in crate::cli) record: RecordArgs,
    #[command(flatten)]
    pub(in crate::cli) configure: ConfigureArgs,
}

/// How a run is shown while it goes on, and at its end.
#[derive(Args, Debug)]
pub(in crate::cli) struct LiveArgs {
    /// How to show what goes on.
    #[arg(long, default_value = "auto")]
    pub(in crate::cli) progress: ProgressChoice,
    /// After how long a running step is called slow, such as 500ms, 30s or 2m; `plain` progress says it again each time
    /// that the step has run twice as long.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(in crate::cli) slow_after: Duration,
    /// Print every event as a line of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Show when each step ran: as a chart in the terminal, or in an SVG file if one is named. The summary then names the
    /// five slowest steps too, those with an open stream left out.
    #[arg(long, value_name = "FILE.svg", num_args = 0..=1, value_parser = svg_file)]
    pub(in crate::cli) gantt: Option<Option<PathBuf>>,
    /// Let the run go on in a process of its own, which needs no terminal, and return when it has begun. Its identifier is
    /// printed; `logs RUN --follow` follows it, `cancel RUN` ends it. What it prints is lost, what it logs is not.
    #[arg(long, conflicts_with_all = ["progress", "json", "gantt"])]
    pub(in crate::cli) detach: bool,
    /// It is that process.
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub(in crate::cli) detached: bool,
}

impl Command {
    /// How the run that it asks for is shown, and where it is recorded.
    pub(in crate::cli) fn live(&self) -> Option<(&LiveArgs, &HomeArgs)> {
        let options = match self {
            Self::Run(args) => &args.options,
            Self::Materialize(args) => &args.options,
            Self::Assets(AssetsArgs { command: AssetsCommand::Check(args) }) => &args.options,
            Self::Assets(AssetsArgs { command: AssetsCommand::Observe(args) }) => &args.options,
            Self::Resume(args) => return Some((&args.live, &args.of.home)),
            Self::Rerun(args) => return Some((&args.live, &args.of.home)),
            _ => return None,
        };
        Some((&options.live, &options.record.home))
    }
}

impl Asked {
    /// Whether this process is one of its own for what it is asked.
    pub(in crate::cli) fn is_detached(&self) -> bool {
        match self {
            Self::Defined(command) => command.live().is_some_and(|(live, _)| live.detached),
            Self::Backfill(args) => match &args.command {
                BackfillCommand::Launch(args) => args.driven.detached,
                BackfillCommand::Resume(args) | BackfillCommand::RetryFailed(args) => args.driven.detached,
                BackfillCommand::Status(_) | BackfillCommand::List(_) | BackfillCommand::Cancel(_) => false,
            },
            Self::Recorded(_) => false,
        }
    }
}

/// Where a run is recorded.
#[derive(Args, Debug)]
#[command(next_help_heading = "Recording")]
pub(in crate::cli) struct RecordArgs {
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
    #[command(flatten)]
    pub(in crate::cli) durable: DurableArgs,
    /// Record nothing: of the run nothing remains, and it cannot be resumed.
    #[arg(long, conflicts_with_all = ["home", "durability", "detach"])]
    pub(in crate::cli) no_record: bool,
}

/// What an event that was recorded survives.
#[derive(Args, Debug)]
pub(in crate::cli) struct DurableArgs {
    /// What is recorded survives the death of the process in any case; with `full` also a loss of power, at the cost of
    /// waiting for the disk with each commit.
    #[arg(long, value_name = "LEVEL", default_value = "normal")]
    pub(in crate::cli) durability: DurabilityChoice,
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DurabilityChoice {
    /// The death of the process.
    Normal,
    /// A loss of power too.
    Full,
}

impl From<DurabilityChoice> for Durability {
    fn from(choice: DurabilityChoice) -> Self {
        match choice {
            DurabilityChoice::Normal => Self::Normal,
            DurabilityChoice::Full => Self::Full,
        }
    }
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ResumeArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOfArgs,
    /// Go on though the program has changed since the run was begun: what is done stays, the rest is done in the new way.
    #[arg(long)]
    pub(in crate::cli) accept_changes: bool,
    #[command(flatten)]
    pub(in crate::cli) durable: DurableArgs,
    #[command(flatten)]
    pub(in crate::cli) live: LiveArgs,
}

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true))]
pub(in crate::cli) struct RerunArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOfArgs,
    /// Run what did not come to a good end, and all that depends on it.
    #[arg(long, group = "what")]
    pub(in crate::cli) from_failure: bool,
    /// Run these steps; what they take of others, the run and those that it was made from have made.
    #[arg(long, value_name = "STEPS", group = "what")]
    pub(in crate::cli) select: Option<StepSelection>,
    /// Run all steps that the run was to run: of a part of a job that part.
    #[arg(long, group = "what")]
    pub(in crate::cli) all: bool,
    #[command(flatten)]
    pub(in crate::cli) durable: DurableArgs,
    #[command(flatten)]
    pub(in crate::cli) live: LiveArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct CancelArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOfArgs,
    /// How long the program that runs it may take to end it, before that program is killed.
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = time)]
    pub(in crate::cli) within: Duration,
}
