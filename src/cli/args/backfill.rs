//! The arguments of `backfill`.

use std::num::NonZero;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::going::DurableArgs;
use super::recorded::HomeArgs;
use super::{ConfigureArgs, count, tag, time};

#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: BackfillCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BackfillCommand {
    /// Make many partitions of assets by many runs, upstream before downstream, until all are made or have failed.
    #[command(after_help = "\
Examples:
  backfill launch sales --partition 2024-01-01..2024-01-31          a run for each day
  backfill launch +weekly --partition 2024-01-01..2024-01-31        days, and each week after its days
  backfill launch sales --partition '*' --per 7 --max-concurrent 4  seven days a run, four runs at once
  backfill launch sales --partition '*' --missing                   those days that are not there
  backfill launch +weekly --partition '*' --stale                   what would come out otherwise now
  backfill launch sales --partition '*' --dry-run                   what it would be
  backfill launch sales --partition '*' --detach                    in a process of its own

What failed excludes what is made of it; the rest goes on. Ctrl-C cancels it. If its process dies, `backfill resume` goes
on.")]
    Launch(Box<BackfillLaunchArgs>),
    /// Show where a backfill stands: of each asset what is done and what is left, and what failed.
    #[command(after_help = "\
Examples:
  backfill status latest
  backfill status 019a5f3c --json    one object; times are in UTC")]
    Status(BackfillStatusArgs),
    /// List the backfills, the newest first.
    List(BackfillListArgs),
    /// Have a backfill end: no run of it begins any more, and those under way are canceled.
    #[command(after_help = "\
Examples:
  backfill cancel latest               as Ctrl-C in the terminal in which it is driven
  backfill cancel latest --within 5s   and if it has not ended by then, its program is killed

It stays canceled. Runs that nobody runs any more are ended by this command itself.")]
    Cancel(BackfillCancelArgs),
    /// Make again what failed, and then what that excluded, within the same backfill.
    #[command(after_help = "\
Examples:
  backfill retry-failed latest

A run that failed is gone on with from its end: what it has made is not made again, but for what a blocking check refused.
What another run has made anew since is taken in its place.")]
    RetryFailed(BackfillGoArgs),
    /// Let a backfill go on that was interrupted: what is done is not done again, runs that were interrupted are resumed.
    #[command(after_help = "\
Examples:
  backfill resume latest                     the one that was launched last, if its process is gone
  backfill resume latest --accept-changes    with a program that has changed since")]
    Resume(BackfillGoArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillLaunchArgs {
    /// The assets, as of `materialize`.
    #[arg(value_name = "SELECTION", conflicts_with = "all")]
    pub(in crate::cli) selection: Vec<String>,
    /// All assets of the program.
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// Of these, or of all, only partitions and assets that would come out otherwise now, and what depends on them, as of
    /// `materialize`. What then turns out to be made of the same is not run.
    #[arg(long)]
    pub(in crate::cli) stale: bool,
    /// Of these, or of all, only partitions and assets that were never materialized, or of which no value is left.
    #[arg(long, conflicts_with = "stale")]
    pub(in crate::cli) missing: bool,
    /// The partitions, as of `materialize`: those from which all others follow.
    #[arg(long, value_name = "PARTITIONS")]
    pub(in crate::cli) partition: Option<String>,
    /// For how many partitions a run is, at most.
    #[arg(long, value_name = "PARTITIONS", default_value = "1", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) per: NonZero<usize>,
    /// How many runs may be under way at once. Pools are limits of one run: of several each has its own.
    #[arg(long, value_name = "RUNS", default_value = "1", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) max_concurrent: NonZero<usize>,
    /// Leave out the checks of the assets.
    #[arg(long)]
    pub(in crate::cli) no_checks: bool,
    /// Tell what would be made, or what keeps it from being made, and launch nothing.
    #[arg(long, conflicts_with = "detach")]
    pub(in crate::cli) dry_run: bool,
    /// Tags of all runs; a key has one value.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = tag)]
    pub(in crate::cli) tags: Vec<(String, String)>,
    #[command(flatten)]
    pub(in crate::cli) driven: DrivenArgs,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
    #[command(flatten)]
    pub(in crate::cli) durable: DurableArgs,
    #[command(flatten)]
    pub(in crate::cli) configure: ConfigureArgs,
}

/// By which process it is driven.
#[derive(Args, Debug)]
pub(in crate::cli) struct DrivenArgs {
    /// Let it go on in a process of its own, which needs no terminal, and return when it has begun. Its identifier is printed;
    /// `backfill status` tells where it stands, `backfill cancel` ends it.
    #[arg(long)]
    pub(in crate::cli) detach: bool,
    /// It is that process.
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub(in crate::cli) detached: bool,
    /// Print a line of JSON for all that happens: first which backfill it is, and last where it stands; of what would be made an
    /// object.
    #[arg(long, conflicts_with = "detach")]
    pub(in crate::cli) json: bool,
}

/// Which backfill is meant.
#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillOfArgs {
    /// The backfill: the beginning of its identifier, or `latest`.
    pub(in crate::cli) backfill: String,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillStatusArgs {
    #[command(flatten)]
    pub(in crate::cli) of: BackfillOfArgs,
    /// Print an object of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillListArgs {
    /// So many at most.
    #[arg(long, value_name = "BACKFILLS", default_value = "20", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) limit: NonZero<usize>,
    /// Print an object of JSON on a line for each backfill.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillCancelArgs {
    #[command(flatten)]
    pub(in crate::cli) of: BackfillOfArgs,
    /// How long the program that drives it may take to end it, before that program is killed.
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = time)]
    pub(in crate::cli) within: Duration,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct BackfillGoArgs {
    #[command(flatten)]
    pub(in crate::cli) of: BackfillOfArgs,
    /// Go on though the program has changed since it was launched: what is done stays, the rest is done in the new way.
    #[arg(long)]
    pub(in crate::cli) accept_changes: bool,
    #[command(flatten)]
    pub(in crate::cli) durable: DurableArgs,
    #[command(flatten)]
    pub(in crate::cli) driven: DrivenArgs,
}
