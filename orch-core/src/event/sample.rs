//! Event logs written by hand, for the tests of everything that reads events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Event, EventKind, LogLevel, LostCause, PlannedStep, SkipCause, StreamName};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::ids::{RunId, StepPath};

/// A log in the making; times are milliseconds from the start.
pub(crate) struct Log {
    now: u64,
    events: Vec<Event>,
}

pub(crate) fn path(text: &str) -> StepPath {
    text.parse().expect("a step path")
}

/// The moment so many milliseconds after the start of every log here.
pub(crate) fn at(ms: u64) -> Timestamp {
    let start = "2026-01-02T03:04:05Z".parse::<Timestamp>().expect("a time");
    start + Duration::from_millis(ms)
}

impl Log {
    /// The start of a run of a job with this plan: `load over extract_pages` for a step inside a map.
    pub(crate) fn new(job: &str, plan: &[&str]) -> Self {
        let step = |line: &&str| match line.split_once(" over ") {
            Some((name, source)) => {
                let over = StreamName { step: source.into(), output: "result".into() };
                PlannedStep { name: name.into(), over: Some(over) }
            }
            None => PlannedStep { name: (*line).into(), over: None },
        };
        let steps = plan.iter().map(step).collect();
        let start = EventKind::RunStart { job: job.into(), tags: BTreeMap::new(), max_concurrent: 4, steps };
        let mut log = Self { now: 0, events: Vec::new() };
        log.push(None, 0, start);
        log
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(crate) fn push(&mut self, step: Option<&str>, attempt: u32, kind: EventKind) -> &mut Self {
        let (time, run) = (at(self.now), RunId::from_u128(7));
        self.events.push(Event { time, run, step: step.map(path), attempt, kind });
        self
    }

    /// Puts the clock to this time.
    pub(crate) fn at(&mut self, ms: u64) -> &mut Self {
        self.now = ms;
        self
    }

    pub(crate) fn start(&mut self, step: &str) -> &mut Self {
        self.start_after(step, 0)
    }

    pub(crate) fn start_after(&mut self, step: &str, waited: u64) -> &mut Self {
        self.push(Some(step), 1, EventKind::StepStart { waited: Duration::from_millis(waited) })
    }

    pub(crate) fn restart(&mut self, step: &str, attempt: u32) -> &mut Self {
        self.push(Some(step), attempt, EventKind::StepRestarted { waited: Duration::ZERO })
    }

    pub(crate) fn item(&mut self, step: &str, key: &str) -> &mut Self {
        let kind = EventKind::StepOutput { output: "result".into(), key: Some(key.into()) };
        self.push(Some(step), 1, kind)
    }

    pub(crate) fn close(&mut self, step: &str, count: u64, orphaned: u64) -> &mut Self {
        let kind = EventKind::StreamClosed { output: "result".into(), count, orphaned, orphans: Vec::new() };
        self.push(Some(step), 1, kind)
    }

    pub(crate) fn log(&mut self, step: &str, level: LogLevel, message: &str) -> &mut Self {
        let fields = BTreeMap::from([("rows".to_owned(), "8".to_owned())]);
        let kind = EventKind::Log { level, target: "pokemon".into(), message: message.to_owned(), fields };
        self.push(Some(step), 1, kind)
    }

    pub(crate) fn success(&mut self, step: &str, attempt: u32) -> &mut Self {
        self.push(Some(step), attempt, EventKind::StepSuccess)
    }

    pub(crate) fn retry(&mut self, step: &str, attempt: u32, message: &str, delay: u64) -> &mut Self {
        let error = error(message);
        self.push(
            Some(step),
            attempt,
            EventKind::StepUpForRetry { error, delay: Duration::from_millis(delay) },
        )
    }

    /// The process is gone, and another goes on with the run.
    pub(crate) fn resumed(&mut self) -> &mut Self {
        self.resumed_by(&[])
    }

    /// The same, with a program that has other code of these ops.
    pub(crate) fn resumed_by(&mut self, other_code: &[&str]) -> &mut Self {
        let other_code = other_code.iter().map(|op| Arc::from(*op)).collect();
        self.push(None, 0, EventKind::RunResumed { other_code })
    }

    pub(crate) fn interrupted(&mut self, step: &str, attempt: u32) -> &mut Self {
        self.push(Some(step), attempt, EventKind::StepInterrupted)
    }

    pub(crate) fn lost(&mut self, step: &str, attempt: u32) -> &mut Self {
        self.push(Some(step), attempt, EventKind::StepLost { cause: LostCause::Memory })
    }

    pub(crate) fn failure(&mut self, step: &str, attempt: u32, message: &str) -> &mut Self {
        self.push(Some(step), attempt, EventKind::StepFailure { error: error(message) })
    }

    /// The step was under way when the run was canceled.
    pub(crate) fn canceled(&mut self, step: &str) -> &mut Self {
        let error = Arc::new(ErrorInfo::new(ErrorKind::Canceled, "the run was canceled"));
        self.push(Some(step), 1, EventKind::StepFailure { error })
    }

    pub(crate) fn skip(&mut self, step: &str, failed: &str) -> &mut Self {
        self.push(Some(step), 0, EventKind::StepSkipped { cause: SkipCause::Failed(path(failed)) })
    }

    pub(crate) fn opening(&mut self, resource: &str) -> &mut Self {
        self.push(None, 0, EventKind::ResourceInitStarted { resource: resource.into() })
    }

    pub(crate) fn opened(&mut self, resource: &str, took: u64) -> &mut Self {
        let (resource, took) = (resource.into(), Duration::from_millis(took));
        self.push(None, 0, EventKind::ResourceInitSuccess { resource, took })
    }

    pub(crate) fn not_opened(&mut self, resource: &str, message: &str) -> &mut Self {
        let (resource, error) = (resource.into(), error(message));
        self.push(None, 0, EventKind::ResourceInitFailure { resource, error })
    }

    pub(crate) fn closed(&mut self, resource: &str, took: u64) -> &mut Self {
        let (resource, took) = (resource.into(), Duration::from_millis(took));
        self.push(None, 0, EventKind::ResourceClosed { resource, took })
    }

    pub(crate) fn not_closed(&mut self, resource: &str, message: &str) -> &mut Self {
        let (resource, error) = (resource.into(), error(message));
        self.push(None, 0, EventKind::ResourceCloseFailure { resource, error })
    }

    pub(crate) fn hook_completed(&mut self, step: Option<&str>, hook: &str, took: u64) -> &mut Self {
        let (hook, took) = (hook.into(), Duration::from_millis(took));
        self.push(step, 1, EventKind::HookCompleted { hook, took })
    }

    pub(crate) fn hook_errored(&mut self, step: Option<&str>, hook: &str, message: &str) -> &mut Self {
        let (hook, error) = (hook.into(), error(message));
        self.push(step, 1, EventKind::HookErrored { hook, error })
    }

    /// The run failed, since the resource could not be opened.
    pub(crate) fn run_without(&mut self, resource: &str) -> &mut Self {
        self.push(None, 0, EventKind::RunFailure { failed: 0, first: None, resource: Some(resource.into()) })
    }

    pub(crate) fn run_success(&mut self) -> &mut Self {
        self.push(None, 0, EventKind::RunSuccess)
    }

    pub(crate) fn run_failure(&mut self, failed: u64, first: &str) -> &mut Self {
        self.push(None, 0, EventKind::RunFailure { failed, first: Some(path(first)), resource: None })
    }
}

/// A run that was cut off while `load[1]` and the stream of `extract` were under way, and is taken up again, when what
/// `clean` had given is needed and no longer there.
pub(crate) fn taken_up() -> Log {
    let mut log = Log::new("pages", &["clean", "extract", "load over extract"]);
    log.start("clean").at(100).success("clean", 1).start("extract").item("extract", "0").start("load[0]");
    log.at(200).success("load[0]", 1).item("extract", "1").at(300).start("load[1]").at(500);
    log.log("load[1]", LogLevel::Info, "half of it").at(2000).resumed();
    log.interrupted("extract", 1).interrupted("load[1]", 1).lost("clean", 1);
    log.restart("clean", 2).at(2200).success("clean", 2).restart("extract", 2).item("extract", "0");
    log.restart("load[1]", 2).at(2400).item("extract", "1").success("load[1]", 2).close("extract", 2, 0);
    log.success("extract", 2).at(2500).run_success();
    log
}

fn error(message: &str) -> Arc<ErrorInfo> {
    let mut parts = message.split(": ");
    let mut error = ErrorInfo::new(ErrorKind::Error, parts.next().unwrap_or_default());
    error.causes = parts.map(str::to_owned).collect();
    Arc::new(error)
}

/// The log that most tests look at: pages are extracted, each is loaded, one needs a retry, one fails for good.
pub(crate) fn pokemon() -> Log {
    let mut log = Log::new(
        "pokemon",
        &["extract_pages", "select over extract_pages", "load over extract_pages", "report"],
    );
    log.start("extract_pages").at(100).item("extract_pages", "0").start("select[0]");
    log.at(200).item("extract_pages", "100").start_after("select[100]", 20);
    log.at(300).success("select[0]", 1).start_after("load[0]", 50).item("extract_pages", "200");
    log.at(320).log("load[0]", LogLevel::Warn, "slow disk");
    log.at(400).close("extract_pages", 3, 0).success("extract_pages", 1);
    log.at(450).success("select[100]", 1).start("load[100]").start_after("select[200]", 150);
    log.at(600).retry("load[100]", 1, "disk full", 1000).success("load[0]", 1);
    log.at(700).failure("select[200]", 1, "cannot parse page: invalid digit found in string");
    log.skip("load[200]", "select[200]");
    log.at(1600).restart("load[100]", 2).at(2500).success("load[100]", 2);
    log.skip("report", "select[200]").run_failure(1, "select[200]");
    log
}
