//! Real runs in memory, with identifiers and times that are the same each time.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use orch_core::define::{Cancel, Optional};
use orch_core::event::{Detail, Entry, Event, EventKind, RunView};
use orch_core::ids::RunId;
use orch_core::run::Runner;
use orch_core::step::LogLayer;
use orch_core::storage::{Made, Memory, Row, Storage, WriteEvents, WriteRuns};
use tokio::runtime::Builder;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

use super::super::*;
use crate::cli::home::{Around, Homes};
use crate::cli::run_in;

/// The present time of all sessions.
pub(super) fn now() -> Timestamp {
    "2026-11-20T14:00:00Z".parse().expect("a time")
}

/// Runs that are recorded, and whoever holds those that are under way.
pub(super) struct Fixture {
    pub(super) storage: Arc<Memory>,
    holders: Vec<Box<dyn WriteEvents>>,
}

pub(super) mod dex {
    use super::*;

    #[crate::op]
    fn pages() -> Dynamic<u32> {
        Dynamic::from_values(0..3)
    }

    #[crate::op(retry(max = 1, delay = "5s"))]
    fn load(page: u32) -> Result<u32, Failure> {
        tracing::info!(page, "storing");
        if page == 1 {
            tracing::error!("Disk full");
            return Err(Failure::new("disk full").context("cannot store page 1").hint("delete something"));
        }
        Ok(page)
    }

    #[crate::op]
    fn merge(pages: Vec<u32>) -> u32 {
        pages.into_iter().sum()
    }

    #[crate::op]
    fn report(total: u32) -> String {
        format!("{total} rows")
    }

    #[crate::op]
    fn pick() -> Optional<u32> {
        Optional::none()
    }

    #[crate::op]
    fn note(picked: u32) -> u32 {
        picked
    }

    /// Page 1 cannot be loaded.
    #[crate::job(max_concurrent = 1)]
    pub(in crate::cli::tests::recorded) fn dex() {
        report(merge(pages().map(load).collect()));
        note(pick());
    }
}

impl Fixture {
    /// Nothing.
    pub(super) fn empty() -> Self {
        Self { storage: Arc::new(Memory::new()), holders: Vec::new() }
    }

    /// From the oldest: one that was canceled at once, one that succeeded, one that failed, one that was interrupted and
    /// taken up again, one that was interrupted, one that is under way.
    pub(super) fn new() -> Self {
        // As `run` does it, unless another test has done so before.
        let layer = LogLayer.with_filter(LevelFilter::INFO);
        let _ = tracing_subscriber::registry().with(layer).try_init();
        let mut kept = Self::empty();
        let dex = || dex::dex().runner();
        let cancel = Cancel::new();
        cancel.cancel();
        kept.put(1, dex().cancel(cancel), |_| ());
        kept.put(2, pages("pages", -1).runner().tag("env", "test"), |_| ());
        kept.put(3, dex().tag("env", "prod").tag("team", "data"), |_| ());
        kept.put(4, pages("pages", -1).runner(), resumed);
        kept.put(5, dex(), |events| cut(events, "STEP_START", "load[2]"));
        kept.put(6, dex().tag("env", "prod"), |events| cut(events, "STEP_RESTARTED", "load[1]"));
        kept.holders.drain(..5);
        kept
    }

    /// Runs it, and records what `change` leaves of its events. It is held.
    pub(super) fn put(&mut self, number: u32, runner: Runner, change: impl FnOnce(&mut Vec<Event>)) {
        let raw: Arc<dyn Storage> = Arc::new(Memory::new());
        let id = RunId::from_u128(
            0x019a_5f3c_0000_7000_8000_0000_0000_0000 + u128::from(number) * ((1 << 80) + 1),
        );
        // The clock goes on when all else has been done, so a retry always comes last, and at once.
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
        let _ = runtime.block_on(runner.run_id(id).record(&raw).run());
        let mut events = Vec::new();
        let read = raw.events(id).expect("events").events(0, true, &mut |logged| {
            events.push(logged.event);
            ControlFlow::Continue(())
        });
        read.expect("events");
        change(&mut events);
        // Each an hour after the one before, the last one a minute ago; an event each tenth of a second.
        let begin = now() - Duration::from_secs(60 + 3600 * u64::from(6 - number));
        for (event, number) in events.iter_mut().zip(0..) {
            event.time = begin + Duration::from_millis(100 * number);
            match &mut event.kind {
                EventKind::StepStart { waited, .. } | EventKind::StepRestarted { waited, .. } => {
                    *waited = Duration::ZERO;
                }
                _ => {}
            }
        }
        let (mut record, mut pinned) = (raw.run(id).expect("a run"), raw.pinned(id).expect("a run"));
        let mut made = Made::default();
        (made.executable, made.orch) = (Some("/srv/dex".to_owned()), "0.1.0".to_owned());
        pinned.program = made;
        record.created = begin;
        record.tell(&RunView::of(Detail::Counts, &events));
        let mut writer = self.storage.create(&record, &pinned).expect("a run");
        let entries: Vec<_> = events.into_iter().map(Entry::from).collect();
        writer.commit(&entries).expect("in memory");
        self.holders.push(writer);
    }

    pub(super) fn session(&self, args: &str) -> String {
        self.session_of(two, args)
    }

    pub(super) fn session_of(
        &self,
        definitions: impl FnOnce() -> Result<Definitions, Failure>,
        args: &str,
    ) -> String {
        let homes = Homes::Given(Arc::clone(&self.storage) as Arc<dyn Storage>);
        let around = Around { env: EnvVars::none(), now, homes };
        let (out, err) = (Kept::default(), Kept::default());
        let words = std::iter::once("program").chain(args.split_whitespace()).map(Into::into);
        let exit =
            run_in(&around, words, None, definitions, |args| Printer::to(out.clone(), err.clone(), args));
        // Times are as they are: they are the same each time.
        let here = format!("process {} on", std::process::id());
        let plain = |kept: &Kept| {
            let text = kept.text().replace(&crate::cli::program_name(), "program");
            text.replace(&here, "process 4242 on")
        };
        let said = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("\n--- {name}\n{}", text.trim_end()) }
        };
        format!("exit {}{}{}", exit.code(), said("stdout", &plain(&out)), said("stderr", &plain(&err)))
    }
}

/// Leaves the events up to this one.
pub(super) fn cut(events: &mut Vec<Event>, kind: &str, step: &str) {
    let at = |event: &Event| {
        event.kind.name() == kind && event.step.as_ref().is_some_and(|path| path.to_string() == step)
    };
    let at = events.iter().position(at).expect("it happened");
    events.truncate(at + 1);
}

/// As if the process had been gone while page 1 was loaded, and what was loaded of page 0 was needed again.
fn resumed(events: &mut Vec<Event>) {
    let rest = events.clone();
    cut(events, "STEP_START", "load[1]");
    let rest = rest.into_iter().skip(events.len());
    let template = events.last().expect("events").clone();
    let mut push = |step: Option<&str>, attempt, kind, fields| {
        let kind = Row::default().read(kind, fields).expect("an event");
        let step = step.map(|step| step.parse().expect("a step"));
        events.push(Event::new(template.time, template.run, step, attempt, kind));
    };
    let waited = Some(r#"{"waited":{"secs":0,"nanos":0}}"#);
    push(None, 0, "RUN_RESUMED", None);
    push(Some("load[1]"), 1, "STEP_INTERRUPTED", None);
    push(Some("load[0]"), 1, "STEP_LOST", Some(r#"{"cause":"memory"}"#));
    push(Some("load[0]"), 2, "STEP_RESTARTED", waited);
    push(Some("load[0]"), 2, "STEP_SUCCESS", None);
    push(Some("load[1]"), 2, "STEP_RESTARTED", waited);
    events.extend(rest.map(|mut event| {
        if event.step.as_ref().is_some_and(|path| path.to_string() == "load[1]") {
            event.attempt = 2;
        }
        event
    }));
}
