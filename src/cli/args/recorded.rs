//! The arguments of commands that need no definitions, only what is recorded.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use orch_core::event::LogLevel;
use orch_core::storage::RunState;

use super::upkeep::{ExportArgs, ImportArgs, InstanceArgs};
use super::{svg_file, tag};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RecordedCommand {
    /// List the runs that are recorded, the newest first.
    #[command(after_help = "\
Examples:
  runs                                        the newest 50, with how they stand
  runs --job JOB --status failure,interrupted --since 2d
  runs --tag env=prod --json                  an object on a line for each, all times in UTC
  runs --verbose                              with exact times

What is shown of an identifier is as good as the whole: `show 019a5f3c`.")]
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
    /// Tell why a run or a step of it is where it is.
    #[command(after_help = "\
Examples:
  why latest              what it waits for, what failed, what was skipped because of it
  why latest report       what kept the step from running, through all steps in between
  why latest 'load[100]'  of one copy of a mapped step")]
    Why(WhyArgs),
    /// Put a run with all its files into one file, to keep it or to take it to another machine.
    #[command(after_help = "\
Examples:
  export latest run.orch
  export 019a5f3c run.orch    as it is at this moment, if it is under way

`import run.orch` takes it out again.")]
    Export(ExportArgs),
    /// Take a run out of a file that `export` has written.
    #[command(after_help = "\
Examples:
  import run.orch
  import run.orch --home elsewhere    into another folder, which is made if it is not there")]
    Import(ImportArgs),
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
    pub(in crate::cli) of: RunOfArgs,
    /// The step, `load[100]`; of a name without keys all copies are told of. Without it the run is meant.
    pub(in crate::cli) step: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct RunsArgs {
    /// Only runs of this job.
    #[arg(long, value_name = "JOB")]
    pub(in crate::cli) job: Option<String>,
    /// Only runs with one of these; one that is not over and that nobody runs is `interrupted`.
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub(in crate::cli) status: Vec<StatusChoice>,
    /// Only runs made since then: a time ago, such as 90s, 30m, 2h, 7d, or a date or time, which are in UTC.
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(in crate::cli) since: Option<Since>,
    /// Only runs with these tags.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_delimiter = ',', value_parser = tag)]
    pub(in crate::cli) tags: Vec<(String, String)>,
    /// So many at most.
    #[arg(long, value_name = "RUNS", default_value_t = 50)]
    pub(in crate::cli) limit: usize,
    /// Print an object of JSON on a line for each run.
    #[arg(long)]
    pub(in crate::cli) json: bool,
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
