//! The arguments of `partitions`.

use clap::{Args, Subcommand};

use super::recorded::HomeArgs;

#[derive(Args, Debug)]
pub(in crate::cli) struct PartitionsArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: PartitionsCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PartitionsCommand {
    /// List the sets of keys that dynamic partitions of this program are, or the keys of one.
    #[command(after_help = "\
Examples:
  partitions list                     each set, how many keys it has, and which assets have them as partitions
  partitions list customers           its keys, a line for each, in the order in which they were added first
  partitions list customers --json    an object; without a name an array of such objects")]
    List(KeySetListArgs),
    /// Add keys to a set: the assets then have these partitions, which are not made yet.
    #[command(after_help = "\
Examples:
  partitions add customers acme beta
  materialize orders --partition acme    makes one of them
  materialize orders --missing --partition '*'

What is there already stays as it is. A key that was removed is the partition it was, with what was made of it. Runs that
are under way, or are resumed, go on with the keys that there were when they began.")]
    Add(KeysArgs),
    /// Remove keys from a set: the assets have these partitions no more.
    #[command(after_help = "\
Examples:
  partitions remove customers acme

What was made of them stays in the history of the assets, and where IO managers have stored it.")]
    Remove(KeysArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct KeySetListArgs {
    /// The set; without it, all of them.
    #[arg(value_name = "SET")]
    pub(in crate::cli) set: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct KeysArgs {
    /// The set, by the name that definitions of partitions have it by.
    #[arg(value_name = "SET")]
    pub(in crate::cli) set: String,
    /// The keys.
    #[arg(value_name = "KEY", required = true)]
    pub(in crate::cli) keys: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}
