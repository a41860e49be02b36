//! The arguments of commands on assets.

use std::num::NonZero;

use clap::{Args, Subcommand, ValueEnum};

use super::count;
use super::going::RunOptions;
use super::recorded::HomeArgs;

#[derive(Args, Debug)]
pub(in crate::cli) struct MaterializeArgs {
    /// The assets: a key, `mart/orders`; with all before it, `+mart/orders`; with all behind it, `mart/orders+`; or
    /// `group:sales`, `kind:table`, `tag:team=data`, `'not key:raw*'`. Of several, what any of them selects.
    #[arg(value_name = "SELECTION", conflicts_with = "all")]
    pub(in crate::cli) selection: Vec<String>,
    /// Materialize all assets of the program.
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Of these, or of all, only what would come out otherwise now: whose code, configuration, environment or data of inputs is
    /// another than that of the latest materialization, or not known, and what depends on that. What then turns out to be made
    /// of the same is not run.
    #[arg(long)]
    pub(in crate::cli) stale: bool,
    /// Of these, or of all, only what was never materialized, or of which no value is left; of assets with partitions those that
    /// `--partition` names and that are not there.
    #[arg(long, conflicts_with = "stale")]
    pub(in crate::cli) missing: bool,
    /// Tell what would be made, and why, and what keeps it from being made, and make nothing.
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Leave out the checks of the assets: nothing looks at what is made, and nothing is stopped by it.
    #[arg(long)]
    pub(in crate::cli) no_checks: bool,
    #[command(flatten)]
    pub(in crate::cli) options: RunOptions,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetsArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: AssetsCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AssetsCommand {
    /// List the assets: when each was materialized last, by which run, how many rows it has, how its checks stand, and whether
    /// it is stale.
    #[command(after_help = "\
Examples:
  assets list                    all, and below them those that only the instance knows
  assets list group:sales +report
  assets list --verbose          with exact times
  assets list --json             an array, for scripts; all times in UTC")]
    List(AssetListArgs),
    /// Show an asset: what it is, whether what it is made of is newer, what its checks have found, what its materializations say,
    /// and how that changed.
    #[command(after_help = "\
Examples:
  assets show mart/orders
  assets show orders --limit 100         the end of a key is enough, if no other key ends so
  assets show orders --svg > orders.svg  each number that is known of it, over time
  assets show orders --json              one object; all times in UTC")]
    Show(AssetShowArgs),
    /// Tell which partitions of an asset are materialized, in progress, failed or missing, each in one state; of millions in no time.
    #[command(after_help = "\
Examples:
  assets partitions visits                   how many there are of each, and which
  assets partitions visits --state failed    those alone, as `--partition` takes them
  materialize visits --partition \"$(program assets partitions visits --state failed)\"
  assets partitions visits --json            an object, with all stretches of keys")]
    Partitions(AssetPartitionsArgs),
    /// Let the checks of assets look at what was materialized last; nothing is made.
    #[command(after_help = "\
Examples:
  assets check                      all checks of the program
  assets check mart/orders          those of an asset
  assets check sales --partition 2024-01-01..2024-01-07
                                    of these partitions; `latest` is the last one
  assets check group:sales --quiet  for a script: what has not passed, and the exit code")]
    Check(Box<AssetCheckArgs>),
    /// Look at what others make, and record which version of it is there; nothing is made.
    #[command(after_help = "\
Examples:
  assets observe                    all that has an observation
  assets observe raw/orders         one of them
  assets observe '+report'          what a report is made of
  assets observe raw/visits --partition 2024-01-01..2024-01-07
                                    these partitions; `latest` is the last one
  assets list                       what is stale since")]
    Observe(Box<AssetObserveArgs>),
    /// Show what is made of what.
    #[command(after_help = "\
Examples:
  assets graph                      a tree: each asset below what it is made of
  assets graph +report              the same of a part
  assets graph --format mermaid     a diagram for Markdown
  assets graph --format svg > assets.svg
  assets graph --format dot | dot -Tpng -o assets.png")]
    Graph(AssetGraphArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetListArgs {
    /// Only these assets, as of `materialize`.
    #[arg(value_name = "SELECTION")]
    pub(in crate::cli) selection: Vec<String>,
    /// Print a JSON array.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetShowArgs {
    /// The asset: its key, or the end of it.
    #[arg(value_name = "KEY")]
    pub(in crate::cli) key: String,
    /// Only materializations of this partition, and what its checks have found; written as for `materialize`.
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) partition: Option<String>,
    /// So many materializations at most, the newest.
    #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) limit: NonZero<usize>,
    /// Print an object of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Print an SVG picture of the numbers that materializations say.
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) svg: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetPartitionsArgs {
    /// The asset: its key, or the end of it.
    #[arg(value_name = "KEY")]
    pub(in crate::cli) key: String,
    /// Only the partitions in this state, all of them, as `--partition` takes them.
    #[arg(long)]
    pub(in crate::cli) state: Option<PartitionIs>,
    /// Print an object of JSON.
    #[arg(long, conflicts_with = "state")]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

/// The states that a partition may be in, each in one.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum PartitionIs {
    /// It was materialized, and the last attempt did not fail.
    Materialized,
    /// Others make it, it was there when it was observed last, and nobody has materialized it here.
    Observed,
    /// A run under way is to make it, and has neither made it nor failed yet, whatever came before.
    InProgress,
    /// The last attempt at it failed, or the last look if others make it, whether one before it had made it or not.
    Failed,
    /// Not materialized, nor there when it was observed last, not in progress, and no attempt at it failed.
    Missing,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetCheckArgs {
    /// Only the checks of these assets, as of `materialize`.
    #[arg(value_name = "SELECTION")]
    pub(in crate::cli) selection: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) options: RunOptions,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetObserveArgs {
    /// Only these assets, as of `materialize`, as far as they have an observation.
    #[arg(value_name = "SELECTION")]
    pub(in crate::cli) selection: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) options: RunOptions,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct AssetGraphArgs {
    /// Only these assets, as of `materialize`.
    #[arg(value_name = "SELECTION")]
    pub(in crate::cli) selection: Vec<String>,
    /// How to show it.
    #[arg(long, short, default_value = "text")]
    pub(in crate::cli) format: GraphFormat,
    /// With how each asset stands, and why, as the instance knows it.
    #[arg(long)]
    pub(in crate::cli) status: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

/// How a graph is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GraphFormat {
    /// A tree, for people.
    Text,
    /// A diagram for Markdown.
    Mermaid,
    /// A diagram for Graphviz.
    Dot,
    /// A picture.
    Svg,
}
