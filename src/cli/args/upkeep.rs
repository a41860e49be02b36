//! The arguments of commands that keep the folder of runs in order.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::recorded::HomeArgs;

#[derive(Args, Debug)]
pub(in crate::cli) struct InstanceArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: InstanceCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum InstanceCommand {
    /// Show where the folder is, how many runs are in it and how large it is, and what is kept.
    #[command(after_help = "\
Examples:
  instance info
  instance info --home /var/lib/dex --json    an object, with exact sizes")]
    Info(LookArgs),
    /// Read all that is in the folder, and tell what is not as it should be, with what to do about it.
    #[command(after_help = "\
Examples:
  instance check           one line if there is nothing to mend, else all that there is, with exit code 2
  instance check --json    an object with `findings`, for scripts")]
    Check(LookArgs),
    /// Copy the folder to another one that is empty or not there. Runs may go on meanwhile.
    #[command(after_help = "\
Examples:
  instance backup /backup/dex-2026-11-20
  runs --home /backup/dex-2026-11-20    the copy is a folder as any other")]
    Backup(BackupArgs),
    /// Remove runs that are over and beyond what is kept, and sweep away what was left half made.
    #[command(after_help = "\
Examples:
  instance gc                                  what happens at the end of each run too
  instance gc --keep-runs 100 --dry-run        which runs would be removed
  instance gc --keep-days 7 --keep-bytes 2GB   whatever is older, and of the rest what is beyond 2 GB

Once most of the list of runs is unused, it is written anew without that, while others wait who write it.

Without a limit here, those that ORCH_KEEP names hold, by default `runs=1000,days=30,bytes=10GB`; with one, only those that
are given. A run that is not over stays in any case, and so does one from which a run that stays was made.")]
    Gc(GcArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct LookArgs {
    /// Print an object of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct BackupArgs {
    /// The folder to copy to.
    #[arg(value_name = "DIR")]
    pub(in crate::cli) to: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct GcArgs {
    /// Keep so many of the newest runs.
    #[arg(long, value_name = "RUNS", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(in crate::cli) keep_runs: Option<usize>,
    /// Keep those that have ended within so many days.
    #[arg(long, value_name = "DAYS", value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub(in crate::cli) keep_days: Option<u32>,
    /// Of the newest runs keep as many as have this size together, such as 500MB or 10GB.
    #[arg(long, value_name = "SIZE", value_parser = bytes, allow_negative_numbers = true)]
    pub(in crate::cli) keep_bytes: Option<u64>,
    /// List the runs that would be removed, and remove nothing.
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Print an object of JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

/// A whole number from 0 on.
pub(in crate::cli) fn whole<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "write a whole number, 0 or more".to_owned())
}

/// A size, with or without a unit.
pub(in crate::cli) fn bytes(text: &str) -> Result<u64, String> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => f64::NAN,
    };
    let bytes = number.trim_end().parse::<f64>().unwrap_or(f64::NAN) * unit;
    if bytes >= 0.0 && bytes.is_finite() {
        // What is larger than any disk is as good as the largest number.
        return Ok(bytes.round() as u64);
    }
    Err("write a size with its unit: 500MB, 10GB, 1.5TiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let good = ["0", "12", "12B", "1.5kB", "500MB", "500 mb", "10GB", "2TiB", "99999999TB"];
        let good = good.map(|text| bytes(text).expect("good"));
        assert_eq!(
            good,
            [0, 12, 12, 1500, 500_000_000, 500_000_000, 10_000_000_000, 2_199_023_255_552, u64::MAX]
        );
        for bad in ["", "GB", "-1GB", "10 gigabytes", "1e999", "many", "NaN", "inf"] {
            assert!(bytes(bad).expect_err("bad").contains("500MB"), "{bad}");
        }
    }
}
