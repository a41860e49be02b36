//! The arguments of `runs`: which are asked for, or what is to be done with one.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use orch_core::storage::RunState;

use super::recorded::{HomeArgs, RunOfArgs};
use super::{count, tag_of_any};

#[derive(Args, Debug)]
pub(in crate::cli) struct RunsArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<RunsCommand>,
    /// Only runs of this job.
    #[arg(long, value_name = "JOB")]
    pub(in crate::cli) job: Option<String>,
    /// Only runs with one of these; one that is not over and that nobody runs is `interrupted`.
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub(in crate::cli) status: Vec<StatusChoice>,
    /// Only runs made since then: a time ago, such as 90s, 30m, 2h, 7d, or a date or time, which are in UTC.
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(in crate::cli) since: Option<Since>,
    /// Only runs with these tags, also orch's own: `orch/partition=2024-01-01`.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = tag_of_any)]
    pub(in crate::cli) tags: Vec<(String, String)>,
    /// So many at most.
    #[arg(long, value_name = "RUNS", default_value = "50", value_parser = count, allow_negative_numbers = true)]
    pub(in crate::cli) limit: NonZero<usize>,
    /// Print an object of JSON on a line for each run.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RunsCommand {
    /// Put a run with all its files into one file, to keep it or to take it to another machine.
    #[command(after_help = "\
Examples:
  runs export latest run.orch
  runs export 019a5f3c run.orch    as it is at this moment, if it is under way

`runs import run.orch` takes it out again.")]
    Export(ExportArgs),
    /// Take a run out of a file that `runs export` has written.
    #[command(after_help = "\
Examples:
  runs import run.orch
  runs import run.orch --home elsewhere    into another folder, which is made if it is not there")]
    Import(ImportArgs),
    /// Remove runs and all that is kept of them.
    #[command(after_help = "\
Examples:
  runs remove 019a5f3c
  runs remove 019a5f3c 019a5f3d

A run that is under way stays, and so does one of which another was made that stays: it takes values from there. What IO
managers of the program have stored is not touched. `instance gc` removes whatever is old.")]
    Remove(RemoveArgs),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ExportArgs {
    #[command(flatten)]
    pub(in crate::cli) of: RunOfArgs,
    /// The file to write; there must be none of that name.
    pub(in crate::cli) file: PathBuf,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ImportArgs {
    /// A file that `runs export` has written.
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct RemoveArgs {
    /// The runs: of each the beginning of its identifier, `latest`, or `latest:JOB`.
    #[arg(value_name = "RUN", required = true)]
    pub(in crate::cli) runs: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

/// Where runs stand that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum StatusChoice {
    /// Under way.
    Running,
    /// Asked to end, and not yet over.
    Canceling,
    /// Not over, and nobody runs it.
    Interrupted,
    /// Ended without a failed step.
    Success,
    /// Ended with a failed step, or without a resource that it needs.
    Failure,
    /// Ended since it was canceled.
    Canceled,
}

impl From<StatusChoice> for RunState {
    fn from(status: StatusChoice) -> Self {
        match status {
            StatusChoice::Running => Self::Running,
            StatusChoice::Canceling => Self::Canceling,
            StatusChoice::Interrupted => Self::Interrupted,
            StatusChoice::Success => Self::Success,
            StatusChoice::Failure => Self::Failure,
            StatusChoice::Canceled => Self::Canceled,
        }
    }
}

/// A time, or how long before the present one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Since {
    Ago(Duration),
    At(Timestamp),
}

impl Since {
    /// The time that it is, if it is `now`.
    pub(in crate::cli) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            // Before the beginning of time there are no runs.
            Self::Ago(ago) => SignedDuration::try_from(ago)
                .ok()
                .and_then(|ago| now.checked_sub(ago).ok())
                .unwrap_or(Timestamp::MIN),
        }
    }
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Since::At(time));
    }
    if let Ok(date) = text.parse::<Date>() {
        let midnight = date.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
        return Ok(Since::At(midnight.timestamp()));
    }
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => f64::NAN,
    };
    let ago = number.parse::<f64>().ok().and_then(|n| Duration::try_from_secs_f64(n * seconds).ok());
    ago.map(Since::Ago).ok_or_else(|| {
        "write how long ago, with s, m, h, d or w: 30m, 2h, 7d; or a date or time in UTC: 2026-11-20, \
         2026-11-20T14:00:00Z"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_distance_or_exactly() {
        let now: Timestamp = "2026-11-20T14:00:00Z".parse().expect("a time");
        let told = |text: &str| since(text).map(|since| since.before(now).to_string());
        assert_eq!(told("90m").expect("good"), "2026-11-20T12:30:00Z");
        assert_eq!(told("1.5d").expect("good"), "2026-11-19T02:00:00Z");
        assert_eq!(told("2w").expect("good"), "2026-11-06T14:00:00Z");
        assert_eq!(told("2026-11-19").expect("good"), "2026-11-19T00:00:00Z");
        assert_eq!(told("2026-11-19T10:00:00+02:00").expect("good"), "2026-11-19T08:00:00Z");
        assert_eq!(since("900000000d").expect("good").before(now), Timestamp::MIN);
        for bad in ["2", "h", "-1h", "2 hours", "2026-13-01", "yesterday", ""] {
            assert!(told(bad).expect_err("bad").contains("30m, 2h, 7d"), "{bad}");
        }
    }
}
