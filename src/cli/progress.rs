use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use orch_core::event::{Detail, Event, EventKind, LogLevel, RunView, Sink};
use orch_core::report::{self, Frame, Palette, Role};

use super::args::ProgressChoice;
use super::printer::{Printer, Verbosity};
use super::terminal::Terminal;

/// How many events may wait for the screen before the run waits too.
const WAITING: usize = 8192;

/// How often the bar is drawn.
const REDRAW: Duration = Duration::from_millis(80);

/// How many lines of running steps there are below the bar.
const STEP_LINES: usize = 8;

/// How many failures are told at once when they happen; the rest are left to the counts and the summary.
const TOLD_FAILURES: u64 = 20;

/// What is to be shown of a run while it goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show {
    pub(super) choice: ProgressChoice,
    pub(super) detail: Detail,
    pub(super) slow_after: Duration,
    /// How long the run will wait for its steps when it is canceled.
    pub(super) grace: Duration,
    pub(super) json: bool,
}

/// Shows a run while it goes on. It has a thread of its own: whoever emits an event only hands it over.
pub(super) struct Progress {
    screen: JoinHandle<RunView>,
    /// Says that nothing more will come, as an event that is none.
    over: SyncSender<Option<Event>>,
}

impl Progress {
    /// Begins to show what the sink will be given, of a run that `before` tells the beginning of, with the header before
    /// its first event.
    pub(super) fn start(
        show: Show,
        header: Option<String>,
        before: RunView,
        printer: Arc<Printer>,
    ) -> io::Result<(Self, impl Sink + use<>)> {
        let (events, received) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("progress".to_owned());
        let screen = thread
            .spawn(move || Screen { header, view: before, ..Screen::new(show, printer) }.follow(&received))?;
        Ok((Self { screen, over: events.clone() }, Handover(events)))
    }

    /// Waits until all is shown that the sink was given so far. A run that broke off has no last event, and code of
    /// its steps that is still under way may hold its sink: neither is waited for.
    pub(super) fn finish(self) -> RunView {
        // Refused only if the screen is gone already, having seen the run's end.
        let _ = self.over.send(None);
        self.screen.join().unwrap_or_default()
    }
}

struct Handover(SyncSender<Option<Event>>);

impl Sink for Handover {
    fn emit(&self, event: &Event) {
        // The screen is gone only if it panicked, which is no reason for the run to end.
        let _ = self.0.send(Some(event.clone()));
    }
}

/// How the run is shown, `auto` decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Bar,
    Plain,
    /// Only what steps log.
    Logs,
    Nothing,
}

struct Screen {
    /// What stands above all else, until it is told.
    header: Option<String>,
    view: RunView,
    show: Show,
    mode: Mode,
    bar: ProgressBar,
    printer: Arc<Printer>,
    failures: u64,
    /// Until when steps have been looked at for slow ones.
    looked: Timestamp,
}

impl Screen {
    fn new(show: Show, printer: Arc<Printer>) -> Self {
        let mode = match show.choice {
            _ if printer.verbosity == Verbosity::Quiet => Mode::Nothing,
            ProgressChoice::Auto if printer.is_terminal() => Mode::Bar,
            ProgressChoice::Auto | ProgressChoice::Plain => Mode::Plain,
            ProgressChoice::Bar => Mode::Bar,
            ProgressChoice::None => Mode::Logs,
        };
        let target = match mode {
            Mode::Bar if printer.is_terminal() => ProgressDrawTarget::term_like(Box::new(Terminal::stderr())),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(
            ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Self {
            header: None,
            view: RunView::new(show.detail),
            show,
            mode,
            bar,
            printer,
            failures: 0,
            looked: Timestamp::now(),
        }
    }

    /// Shows events until the run's last one, or until it is said that there are no more.
    fn follow(mut self, events: &Receiver<Option<Event>>) -> RunView {
        let mut next_draw = Instant::now();
        let (mut data, mut notes) = (String::new(), String::new());
        loop {
            let mut received = events.recv_timeout(next_draw.saturating_duration_since(Instant::now()));
            // Whatever is there is taken at once, so that many events cost one drawing.
            let mut over = loop {
                match received {
                    Ok(None) => break true,
                    Ok(Some(event)) => {
                        self.tell(&event, &mut data, &mut notes);
                        self.view.apply(&event);
                        if Instant::now() >= next_draw {
                            break false;
                        }
                    }
                    Err(error) => break error == RecvTimeoutError::Disconnected,
                }
                received = events.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                });
            };
            self.print(&mut data, &mut notes);
            over |= self.view.status().is_terminal();
            if over {
                self.bar.finish_and_clear();
                return self.view;
            }
            if Instant::now() >= next_draw {
                self.tell_slow(Timestamp::now(), &mut notes);
                self.print(&mut data, &mut notes);
                self.draw();
                next_draw = Instant::now() + REDRAW;
            }
        }
    }

    /// What an event has to be said about, before it is part of the picture.
    fn tell(&mut self, event: &Event, data: &mut String, notes: &mut String) {
        notes.extend(self.header.take());
        if self.show.json
            && let Ok(json) = serde_json::to_string(event)
        {
            data.push_str(&json);
            data.push('\n');
        }
        let palette = self.printer.palette();
        let verbose = self.printer.verbosity == Verbosity::Verbose;
        let text = match (self.mode, &event.kind) {
            (Mode::Nothing, _) => None,
            (Mode::Logs, EventKind::Log { level, .. }) if verbose || *level >= LogLevel::Info => {
                report::notice(event, &self.view, palette)
            }
            (Mode::Logs, _) => None,
            (Mode::Plain, kind) if !verbose && is_detail(kind) => None,
            (Mode::Plain, _) => Some(report::line(event, &self.view, palette)),
            (Mode::Bar, EventKind::Log { level, .. }) if !verbose && *level < LogLevel::Info => None,
            (Mode::Bar, kind) => {
                self.failures += u64::from(matches!(kind, EventKind::StepFailure { .. }));
                let many = self.failures > TOLD_FAILURES && matches!(kind, EventKind::StepFailure { .. });
                let notice = report::notice(event, &self.view, palette).filter(|_| !many);
                let line = || (verbose && !many).then(|| report::line(event, &self.view, palette));
                notice.or_else(line)
            }
        };
        if let Some(text) = text {
            notes.push_str(&text);
            notes.push('\n');
            if let Some(hint) = report::retry_hint(event, palette).filter(|_| verbose) {
                notes.push_str(&hint);
                notes.push('\n');
            }
        }
        if matches!(self.mode, Mode::Bar | Mode::Plain) && matches!(event.kind, EventKind::RunCanceling) {
            notes.push_str(&canceling(self.view.counts().busy(), self.show.grace, palette));
        }
    }

    /// Lines tell of a step when it starts and when it ends: of one that hangs they would tell nothing. A bar shows it.
    fn tell_slow(&mut self, now: Timestamp, notes: &mut String) {
        let before = std::mem::replace(&mut self.looked, now);
        if self.mode != Mode::Plain {
            return;
        }
        for line in report::slow(&self.view, self.show.slow_after, before, now, self.printer.palette()) {
            notes.push_str(&line);
            notes.push('\n');
        }
    }

    fn print(&self, data: &mut String, notes: &mut String) {
        if data.is_empty() && notes.is_empty() {
            return;
        }
        self.bar.suspend(|| {
            self.printer.data(data);
            self.printer.note(notes);
        });
        data.clear();
        notes.clear();
    }

    fn draw(&self) {
        if self.mode != Mode::Bar {
            return;
        }
        let (rows, columns) = console::Term::stderr().size_checked().unwrap_or((24, 80));
        let frame = Frame {
            now: Timestamp::now(),
            // There is room for an echoed `^C`, and no line is so long that it would wrap.
            width: usize::from(columns).saturating_sub(3),
            slow_after: self.show.slow_after,
            lines: STEP_LINES.min(usize::from(rows).saturating_sub(3)),
            palette: self.printer.palette(),
        };
        self.bar.set_message(report::frame(&self.view, &frame));
        self.bar.tick();
    }
}

/// What a run waits for that was asked to end, and how long at most.
fn canceling(running: u64, grace: Duration, palette: Palette) -> String {
    let label = palette.paint(Role::Warn, &format!("{:>12}", "Canceling"));
    let waiting = match running {
        0 => String::new(),
        steps => {
            format!(", waiting about {grace:?} at most for {} to end", report::count(steps, "step", "steps"))
        }
    };
    format!("{label}{waiting}; Ctrl-C again stops at once\n")
}

/// Events that are of interest only to the one who looks closely.
fn is_detail(kind: &EventKind) -> bool {
    match kind {
        EventKind::StepInput { .. }
        | EventKind::StepOutput { .. }
        | EventKind::HandledOutput { .. }
        | EventKind::OpRecipe { .. } => true,
        EventKind::Log { level, .. } => *level < LogLevel::Info,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use orch_core::define::{JobOptions, One, OpDef};
    use orch_core::graph::{Call, Job};

    use super::super::args::{ColorChoice, OutputArgs};
    use super::*;

    #[test]
    fn lines_tell_of_a_step_that_hangs() {
        let op = Arc::new(OpDef::builder("load").returns::<One<i64, 0>>().blocking(|_| Ok(1)));
        let job = Job::compose(JobOptions::new("stuck"), || Call::of(&op).place::<One<i64, 0>>());
        let run = job.run_blocking().expect("a run");
        let told = |choice, quiet| {
            let output = OutputArgs { quiet, verbose: false, color: ColorChoice::Never };
            let printer = Arc::new(Printer::to(io::sink(), io::sink(), output));
            let slow_after = Duration::from_secs(60);
            let mut screen = Screen::new(
                Show { choice, detail: Detail::Counts, slow_after, grace: Duration::ZERO, json: false },
                printer,
            );
            run.events().iter().take(2).for_each(|event| screen.view.apply(event));
            let start = screen.view.live().next().expect("a running step").since;
            screen.looked = start;
            let mut notes = String::new();
            for seconds in [59, 60, 61, 119, 120, 121] {
                screen.tell_slow(start + Duration::from_secs(seconds), &mut notes);
            }
            notes
        };
        let lines = told(ProgressChoice::Plain, false);
        assert_eq!(lines.matches("  SLOW load has been running for ").count(), 2, "{lines}");
        assert!(lines.contains("for 1m 0s\n") && lines.ends_with("for 2m 0s\n"), "{lines}");
        for (choice, quiet) in
            [(ProgressChoice::Plain, true), (ProgressChoice::Bar, false), (ProgressChoice::None, false)]
        {
            assert_eq!(told(choice, quiet), "");
        }
    }

    #[test]
    fn a_run_that_is_canceled_says_what_it_waits_for() {
        let told = |steps| canceling(steps, Duration::from_secs(10), Palette::Plain);
        assert_eq!(told(0), "   Canceling; Ctrl-C again stops at once\n");
        assert_eq!(
            told(1),
            "   Canceling, waiting about 10s at most for 1 step to end; Ctrl-C again stops at once\n"
        );
        assert_eq!(
            told(2),
            "   Canceling, waiting about 10s at most for 2 steps to end; Ctrl-C again stops at once\n"
        );
    }
}
