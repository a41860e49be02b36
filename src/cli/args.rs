use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use orch_core::define::Order;
use orch_core::ids::{RunId, check_tag_key};

mod assets;
mod backfill;
mod going;
mod partitions;
mod recorded;
mod runs;
#[cfg(test)]
mod tests;
mod upkeep;

pub(super) use assets::{
    AssetCheckArgs, AssetGraphArgs, AssetListArgs, AssetObserveArgs, AssetPartitionsArgs, AssetShowArgs,
    AssetsArgs, AssetsCommand, GraphFormat, MaterializeArgs, PartitionIs,
};
pub(super) use backfill::{
    BackfillArgs, BackfillCancelArgs, BackfillCommand, BackfillGoArgs, BackfillLaunchArgs, BackfillListArgs,
    BackfillOfArgs, BackfillStatusArgs, DrivenArgs,
};
pub(super) use going::{
    CancelArgs, DurabilityChoice, DurableArgs, LiveArgs, RerunArgs, ResumeArgs, RunOptions,
};
pub(super) use partitions::{KeySetListArgs, KeysArgs, PartitionsArgs, PartitionsCommand};
pub(super) use recorded::{HomeArgs, LogsArgs, RecordedCommand, RunOfArgs, ShowArgs, WhyArgs};
pub(super) use runs::{ExportArgs, ImportArgs, RemoveArgs, RunsArgs, RunsCommand};
pub(super) use upkeep::{BackupArgs, GcArgs, InstanceArgs, InstanceCommand, LookArgs, bytes, whole};

/// Run the jobs of this program.
#[derive(Debug, Parser)]
#[command(
    // Jobs and options are the user's; the program's name is set when the arguments are read.
    name = "program",
    after_help = EXIT_CODES,
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(subcommand)]
    pub(super) command: Asked,
}

/// What is asked for.
#[derive(Debug, Subcommand)]
pub(super) enum Asked {
    /// Something of the program's definitions.
    #[command(flatten)]
    Defined(Command),
    /// Make many partitions of assets by many runs, as one operation that outlives its process; look at such ones, cancel them,
    /// let them go on.
    #[command(after_help = "\
Examples:
  backfill launch sales --partition 2024-01-01..2024-01-31   a run for each day
  backfill status latest                                     what is done, failed, left
  backfill retry-failed latest                               what failed, again")]
    Backfill(BackfillArgs),
    /// Something of the runs that are recorded.
    #[command(flatten)]
    Recorded(RecordedCommand),
}

const EXIT_CODES: &str = "\
Exit codes:
  0    the run ended without a failed step
  1    the run failed, or was interrupted while it was followed
  2    wrong arguments, a job that cannot be planned, a run that is not recorded, or something to mend that a check has found
  3    the machine refused: no thread can be started, a file or stdout cannot be written, what is recorded cannot be read
  4    code of the program outside its steps panicked: its definitions, or in a run, which then broke off
  130  the run was canceled by Ctrl-C, SIGTERM or SIGHUP";

/// What is said, and in which colours.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Say less: only errors and what was asked for.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more: every event of a run, and what steps log for debugging.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// When to use colours; `auto` heeds the terminal and `NO_COLOR`.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// Where a terminal shows them.
    Auto,
    /// Always, also in files and pipes.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the jobs.
    #[command(after_help = "\
Examples:
  list           a line for each job
  list --json    an array, for scripts; null is the default: for max_concurrent the number of processors, for
                 max_in_flight twice max_concurrent")]
    List(ListArgs),
    /// Show what a job would run, without running it.
    #[command(after_help = "\
Examples:
  plan JOB                     a tree of steps: what feeds what, types, maps, tags, retries
  plan JOB --select '*load'    the same of a part of the job
  plan JOB --format mermaid    a diagram for Markdown
  plan JOB --format dot | dot -Tsvg -o plan.svg

Durations in JSON have two fields: `secs`, and `nanos` for what is less than a second.")]
    Plan(PlanArgs),
    /// Run a job.
    #[command(after_help = "\
Examples:
  run JOB                                     with live progress
  run JOB --gantt                             and a chart of the steps at the end
  run JOB --gantt run.svg                     or the chart as a file
  run JOB --max-concurrent 4 --tags env=test,team=data
  run JOB --config conf.yaml --set ops.load.config.batch=50
  run JOB --json --progress none > events.jsonl
  run JOB --select '*load, report'            a part of the job: `load` and all before it, and `report`

What is not selected does not run, so what the selected steps take of it must be selected too, or have been stored by an
IO manager in an earlier run, which --upstream names. In quotes, a shell leaves `*` and `[` as they are.
Of --json, each line is an event: `time` is in UTC, durations such as `waited` have two fields, `secs`, and `nanos` for
what is less than a second. What an op prints itself stands among these lines: let it log with `tracing` instead, which
gives events.")]
    Run(RunArgs),
    /// Materialize assets: run what makes them, with what they take of others as it was materialized last.
    #[command(after_help = "\
Examples:
  materialize mart/orders                     one asset
  materialize +report                         an asset and all that it is made of
  materialize group:raw+                      a group and all that depends on it
  materialize raw_orders 'key:mart/*'         of several selections, what any of them selects
  materialize --all --max-concurrent 4        with the options of `run`
  materialize --stale                         what would come out otherwise now
  materialize --stale --dry-run               what that is, and why
  materialize --stale --dry-run --json        the same as one object, for scripts
  materialize mart/orders --no-checks         the asset alone, without its checks

`assets list` and `assets graph` take the same selections and show what is meant. In quotes, a shell leaves `*` and blanks
as they are. A selection is a key, or group:, kind:, tag: and owner: with a name, joined by `and`, `or`, `not` and
parentheses.")]
    Materialize(MaterializeArgs),
    /// Look at the assets of this program: list them, show one with its history, let their checks look, draw what is made of
    /// what.
    #[command(after_help = "\
Examples:
  assets list              all, each with its latest materialization
  assets show mart/orders  one, with its history
  assets check             what the checks find of what was materialized last
  assets graph             what is made of what")]
    Assets(AssetsArgs),
    /// Look at the sets of keys that dynamic partitions are, add keys and remove some.
    #[command(after_help = "\
Examples:
  partitions list                   the sets of this program
  partitions add customers acme     a customer more
  partitions remove customers acme")]
    Partitions(PartitionsArgs),
    /// Let a run go on that was interrupted: what is done is not done again.
    #[command(after_help = "\
Examples:
  resume latest                     the run that was made last, if its process is gone
  resume 019a5f3c --gantt           one of `runs --status interrupted`
  resume latest --accept-changes    with a program that has changed since

It runs with what it was begun with: job, environment, configuration, selection.")]
    Resume(ResumeArgs),
    /// Make a new run of one that is recorded, with what that was begun with.
    #[command(after_help = "\
Examples:
  rerun latest --from-failure       what failed or was canceled, and all that depends on it
  rerun latest --select 'report'    a part; what it takes of others is what the earlier runs have made
  rerun 019a5f3c --all              everything anew; of a run of a part of a job, that part")]
    Rerun(RerunArgs),
    /// Have a run end as canceled, from another terminal.
    #[command(after_help = "\
Examples:
  cancel latest               as Ctrl-C in the terminal in which it runs
  cancel latest --within 5s   and if it has not ended by then, its program is killed

A run that nobody runs any more is ended by this command itself. One of a backfill ends alone, and no program is killed for
it: the backfill goes on, but for what is made of it; `backfill cancel` ends all of it.")]
    Cancel(CancelArgs),
    /// Show what a job can be configured with, and what it is.
    #[command(after_help = "\
Examples:
  config scaffold JOB > conf.yaml            a file to start from
  config show JOB --config conf.yaml         all values in effect, each with where it comes from
  config schema JOB > conf.schema.json       for editors: # yaml-language-server: $schema=conf.schema.json")]
    Config(ConfigArgs),
    /// Check what the compiler cannot, of all jobs, assets, presets and environments, without running anything.
    #[command(after_help = "\
Examples:
  check           one line if there is nothing to mend, else all that there is, with exit code 2
  check --json    an object with `findings`, for scripts

What is found: names that stand twice; jobs that cannot be planned for want of a resource, a pool or an IO manager; assets
that are made of what is not there; presets and other configuration of the program that do not fit, or select steps that there are not; defaults that do not fit.
What a run may still be given, by files or --set, is not missed, and no environment variable is looked up.")]
    Check(CheckArgs),
    /// Print a script that completes commands, options and jobs in a shell.
    #[command(after_help = "\
Examples:
  completions bash > ~/.local/share/bash-completion/completions/PROGRAM
  completions fish | source

The script knows the jobs that there are now: after a change of their names write it anew.")]
    Completions(CompletionsArgs),
}

#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Print a JSON array.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// Print a JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    /// The job; may be left out if the program has only one.
    pub(super) job: Option<String>,
    /// How to show the plan.
    #[arg(long, short, default_value = "text")]
    pub(super) format: PlanFormat,
    #[command(flatten)]
    pub(super) configure: ConfigureArgs,
}

#[derive(Args, Debug)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the JSON Schema of a job's configuration, for editors.
    Schema(ConfigOfArgs),
    /// Print a configuration to start from, as YAML: what must be given, and in comments what can be.
    Scaffold(ConfigOfArgs),
    /// Print the configuration in effect, as YAML: each value with where it comes from.
    Show(ConfigOfArgs),
}

#[derive(Args, Debug)]
pub(super) struct ConfigOfArgs {
    /// The job; may be left out if the program has only one.
    pub(super) job: Option<String>,
    #[command(flatten)]
    pub(super) configure: ConfigureArgs,
}

/// Which part of a job is meant.
#[derive(Args, Debug)]
pub(super) struct PartArgs {
    /// Only a part of the job: names of steps with commas between, `*load` with all before it, `load+` with the next
    /// behind it, `load[100]` for one item; may be given several times.
    #[arg(long, value_name = "STEPS")]
    pub(super) select: Vec<String>,
    /// The run whose stored outputs take the place of what is not selected; its identifier stands in the events of --json.
    /// Only what IO managers stored can be had of it.
    #[arg(long, value_name = "RUN", requires = "select", value_parser = run_id)]
    pub(super) upstream: Option<RunId>,
}

/// What a run is configured with.
#[derive(Args, Debug)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigureArgs {
    #[command(flatten)]
    pub(super) part: PartArgs,
    /// Configure the run from a file: .yaml, .toml or .json. Of several, the later go before the earlier.
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Vec<PathBuf>,
    /// Set one value, such as ops.load.config.batch=50; goes before all files.
    #[arg(long, value_name = "PATH=VALUE")]
    pub(super) set: Vec<String>,
    /// Take a preset of the job; files and --set go before it.
    #[arg(long, value_name = "NAME")]
    pub(super) preset: Option<String>,
    /// Run in an environment of the program: with its resources, IO managers, pools and configuration.
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// A tree, for people.
    Text,
    /// All there is to know, for scripts.
    Json,
    /// A diagram for Markdown.
    Mermaid,
    /// A diagram for Graphviz.
    Dot,
}

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The job; may be left out if the program has only one.
    pub(super) job: Option<String>,
    #[command(flatten)]
    pub(super) options: RunOptions,
}

/// Which of several ready steps goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum OrderChoice {
    /// The deeper one: a branch is finished before the next begins.
    DepthFirst,
    /// The less deep one: all branches advance together.
    BreadthFirst,
}

impl From<OrderChoice> for Order {
    fn from(order: OrderChoice) -> Self {
        match order {
            OrderChoice::DepthFirst => Self::DepthFirst,
            OrderChoice::BreadthFirst => Self::BreadthFirst,
        }
    }
}

/// How to show what goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressChoice {
    /// `bar` in a terminal, else `plain`.
    Auto,
    /// A bar with the running steps below it.
    Bar,
    /// A line for each event.
    Plain,
    /// Nothing before the summary but what steps log; with --quiet not even that.
    None,
}

#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// The shell.
    pub(super) shell: Shell,
}

fn count(text: &str) -> Result<NonZero<usize>, String> {
    text.parse().map_err(|_| "write 1 or more".to_owned())
}

fn tag(text: &str) -> Result<(String, String), String> {
    tag_with(text, |key| key)
}

/// A tag that is looked for, which may be one of orch's own.
fn tag_of_any(text: &str) -> Result<(String, String), String> {
    tag_with(text, |key| key.strip_prefix("orch/").unwrap_or(key))
}

fn tag_with(text: &str, checked: impl FnOnce(&str) -> &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => match check_tag_key(checked(key)) {
            Ok(()) => Ok((key.to_owned(), value.to_owned())),
            Err(error) => Err(format!("{error}; {}", error.hint())),
        },
        _ => Err("a tag is written key=value".to_owned()),
    }
}

fn run_id(text: &str) -> Result<RunId, String> {
    text.parse()
        .map_err(|_| "the identifier of a run looks like 01890000-0000-7000-8000-000000000000".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let number: f64 = number.parse().map_err(|_| "a time is a number with a unit: 500ms, 30s, 2m, 1h")?;
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("the unit of a time is ms, s, m or h, as in 30s".to_owned()),
    };
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

/// The ending is asked for, since else `run --gantt my_job` would write a file `my_job` and run something else.
fn svg_file(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("the file of the chart has no name; write `--gantt` alone for a chart in the terminal, or a name that \
                    ends in .svg"
            .to_owned());
    }
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("svg") => Ok(path),
        _ => Err(format!(
            "what follows --gantt is the file of the chart, and its name ends in .svg; if this is the job, write \
             `run {text} --gantt`, else `--gantt {text}.svg`"
        )),
    }
}
