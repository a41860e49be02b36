use std::future::poll_fn;
use std::io;
use std::process;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use orch_core::define::Cancel;
use tokio::runtime::Builder;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::printer::Printer;
use super::{Exit, detach};

/// How long what does not wait for anything under way may take to be over, and to be recorded so.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How long it may take to find out what is recorded.
const LOOK: Duration = Duration::from_millis(250);

/// How long the last word may take to be written: whoever reads it may have stopped to.
const LAST_WORD: Duration = Duration::from_millis(50);

/// What asks a program to end: Ctrl-C, and on Unix SIGTERM, which service managers and containers send, and SIGHUP, which says
/// that the terminal is gone.
struct Requests {
    /// Those that can be heard; the others end the program by themselves.
    #[cfg(unix)]
    signals: Vec<Signal>,
    /// It asks once: the shell and the system may both send it for one terminal.
    #[cfg(unix)]
    hangup: Option<Signal>,
}

/// Whether this process is to live on without its terminal, as `nohup` has it: to listen would undo that. Only Linux tells.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| ignores_hangup(&status))
}

#[cfg(unix)]
fn ignores_hangup(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP has the number 1, and so the lowest bit.
    ignored.is_none_or(|mask| mask & 1 == 1)
}

impl Requests {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        let hangup = if outlives_its_terminal() { None } else { signal(SignalKind::hangup()).ok() };
        Ok(Self { signals: signals.into_iter().filter_map(Result::ok).collect(), hangup })
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// The first of them.
    #[cfg(unix)]
    async fn first(&mut self) {
        let Self { signals, hangup } = self;
        poll_fn(|cx| any(signals.iter_mut().chain(hangup.as_mut()), cx)).await;
    }

    /// One that comes after the first.
    #[cfg(unix)]
    async fn next(&mut self) {
        poll_fn(|cx| any(self.signals.iter_mut(), cx)).await;
    }

    #[cfg(not(unix))]
    async fn first(&mut self) {
        self.next().await;
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // None can be heard, so none comes.
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
fn any<'a>(mut signals: impl Iterator<Item = &'a mut Signal>, cx: &mut std::task::Context<'_>) -> Poll<()> {
    if signals.any(|signal| signal.poll_recv(cx).is_ready()) { Poll::Ready(()) } else { Poll::Pending }
}

/// Listens to requests until the process ends.
pub(super) struct Listener(Arc<Stage>);

/// How far the run has come, and what listens to requests, each for the other.
#[derive(Default)]
struct Stage {
    at: Mutex<At>,
    over: Condvar,
}

#[derive(Default)]
struct At {
    /// The run is over, and what is left is to tell of it.
    over: bool,
    /// The program is about to be stopped, with a last word that is the last.
    stopping: bool,
}

impl Stage {
    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a run that does not wait for anything any more the time to be over.
    fn wait_for_the_end(&self) {
        let mut at = self.at();
        at.stopping = true;
        drop(self.over.wait_timeout_while(at, AT_ONCE, |at| !at.over));
    }
}

/// What there is to say of something whose program is stopped at once: where it stands, and how it goes on or ends.
pub(super) trait Standing: Send + 'static {
    /// As it is recorded; this may take its time.
    fn recorded(&self) -> String;

    /// Where nobody could find that out in time.
    fn unknown(&self) -> String;
}

impl Listener {
    /// Listens from now on: the first request lets the run end in order, the second ends it without waiting for anything, and
    /// then the program, also if that does not come about at once. So does the first after the run, when a summary or chart is
    /// being written. The last word says how what is recorded stands. Where no request can be heard, as without a thread to
    /// listen, a signal ends the program by itself.
    ///
    /// It has a thread and a runtime of its own. Those of the run may be taken: by async ops that compute, or by a sink
    /// that waits for whoever reads stdout. A program that was `detached` ends with what its steps have started.
    pub(super) fn start(
        cancel: Cancel,
        detached: bool,
        recorded: Option<impl Standing>,
        printer: Arc<Printer>,
    ) -> Self {
        let stage = Arc::new(Stage::default());
        let of_run = Arc::clone(&stage);
        let (listening, is_listening) = sync_channel(1);
        let listen = move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let Ok(mut requests) = Requests::listen() else { return };
                let _ = listening.send(());
                requests.first().await;
                cancel.cancel();
                if !of_run.at().over {
                    requests.next().await;
                    cancel.insist();
                    of_run.wait_for_the_end();
                }
                stop(detached, recorded, printer);
            });
        };
        if thread::Builder::new().name("signals".to_owned()).spawn(listen).is_ok() {
            // It fails if nobody listens: the other end is gone then.
            let _ = is_listening.recv();
        }
        Self(stage)
    }

    /// The run is over; what is left is to tell of it, unless the program is being stopped.
    pub(super) fn run_is_over(&self) {
        let mut at = self.0.at();
        at.over = true;
        let stopping = at.stopping;
        drop(at);
        self.0.over.notify_all();
        if stopping {
            loop {
                thread::park();
            }
        }
    }
}

/// Ends the program, whatever its other threads wait for.
fn stop(detached: bool, recorded: Option<impl Standing>, printer: Arc<Printer>) {
    let stands = recorded.map(|recorded| {
        let unknown = recorded.unknown();
        in_time(LOOK, move || recorded.recorded()).unwrap_or(unknown)
    });
    let stands = stands.map_or_else(String::new, |stands| format!(": {stands}"));
    let say = move || {
        printer.say(&format!("\nstopped at once; what was under way was not waited for{stands}\n"));
    };
    in_time(LAST_WORD, say);
    if detached {
        detach::end_group();
    }
    process::exit(i32::from(Exit::Canceled.code()));
}

/// Does this on a thread of its own, which is left alone if it takes longer.
fn in_time<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, is_done) = sync_channel(1);
    let worker = move || {
        let _ = done.send(work());
    };
    thread::Builder::new().spawn(worker).ok()?;
    is_done.recv_timeout(patience).ok()
}

/// A signal concerns a whole process, so each test starts this very program again and sends it there.
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Lines};
    use std::path::PathBuf;
    use std::process::{Child, ChildStderr, Command, Stdio};

    use orch_core::config::EnvVars;
    use orch_core::define::{JobOptions, One, OpDef};
    use orch_core::graph::{Call, Job};

    use super::*;
    use crate::cli::run_with;

    /// Set in the process that is to be the program.
    const PROGRAM: &str = "ORCH_TEST_OF_SIGNALS";

    fn endless() -> Job {
        let deaf = OpDef::builder("deaf").returns::<One<i64, 0>>();
        let deaf = Arc::new(deaf.blocking(|_| {
            tracing::info!("begun");
            loop {
                thread::park();
            }
        }));
        Job::compose(JobOptions::new("endless"), || Call::of(&deaf).place::<One<i64, 0>>())
    }

    /// Its thread belongs to the runtime, which has no other.
    fn computing() -> Job {
        let spins = OpDef::builder("spins").returns::<One<i64, 0>>();
        let spins = spins.asynchronous(|_| async {
            tracing::info!("begun");
            loop {
                thread::park();
            }
        });
        let spins = Arc::new(spins);
        let all = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Job::compose(JobOptions::new("computing").max_concurrent(2 * all), || {
            for _ in 0..2 * all {
                Call::of(&spins).place::<One<i64, 0>>();
            }
        })
    }

    fn patient() -> Job {
        let waits = OpDef::builder("waits").returns::<One<i64, 0>>();
        let waits = Arc::new(waits.asynchronous(|_| std::future::pending()));
        Job::compose(JobOptions::new("patient"), || Call::of(&waits).place::<One<i64, 0>>())
    }

    /// In the process that is to be the program, that is all there is.
    fn be_the_program(test: &str, job: fn() -> Job) -> Started {
        if std::env::var_os(PROGRAM).is_some() {
            let words = ["program", "run", "--progress", "plain"].map(Into::into);
            process::exit(run_with(words, None, job, EnvVars::process(), Printer::new).code().into());
        }
        let home = Home::of(test);
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", &format!("cli::signals::tests::{test}")]);
        program.env(PROGRAM, "1").env("ORCH_HOME", &home.0);
        let mut program = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(program.stderr.take().unwrap()).lines();
        Started { home, program, told }
    }

    /// Where the program of a test records its run.
    struct Home(PathBuf);

    impl Home {
        fn of(test: &str) -> Self {
            Self(std::env::temp_dir().join(format!("orch-{test}-{}", process::id())))
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    struct Started {
        home: Home,
        program: Child,
        told: Lines<BufReader<ChildStderr>>,
    }

    impl Started {
        fn signal_after(&mut self, word: &str, signal: &str) {
            assert!(self.told.any(|line| line.unwrap().contains(word)), "{word} is told");
            self.signal(signal);
        }

        fn signal(&self, signal: &str) {
            let sent = Command::new("kill").args([signal, &self.program.id().to_string()]).status();
            assert!(sent.unwrap().success());
        }

        fn exit(mut self) -> (Option<i32>, Vec<String>) {
            let rest = self.told.map(Result::unwrap).filter(|line| !line.is_empty()).collect();
            let code = self.program.wait().unwrap().code();
            (code, rest)
        }

        /// What another terminal says to it.
        fn ask(&self, args: &str, job: fn() -> Job) -> Exit {
            let words = std::iter::once("program").chain(args.split_whitespace()).map(Into::into);
            let env = EnvVars::none().with("ORCH_HOME", self.home.0.display().to_string());
            run_with(words, None, job, env, |args| Printer::to(io::sink(), io::sink(), args))
        }
    }

    #[test]
    fn the_first_request_lets_the_run_end_in_order() {
        let mut program = be_the_program("the_first_request_lets_the_run_end_in_order", patient);
        program.signal_after("STEP_START", "-TERM");
        let (code, told) = program.exit();
        assert_eq!(code, Some(130));
        assert!(told.iter().any(|line| line.contains("RUN_CANCELED")), "{told:?}");
    }

    #[test]
    fn a_terminal_that_goes_away_lets_the_run_end_in_order() {
        let mut program = be_the_program("a_terminal_that_goes_away_lets_the_run_end_in_order", patient);
        program.signal_after("STEP_START", "-HUP");
        // From the shell, and from the system.
        program.signal("-HUP");
        if outlives_its_terminal() {
            // So do these tests.
            program.signal("-TERM");
        }
        let (code, told) = program.exit();
        assert_eq!(code, Some(130));
        assert!(told.iter().any(|line| line.contains("RUN_CANCELED")), "{told:?}");
    }

    #[test]
    fn who_is_begun_to_outlive_its_terminal_does_not_hear_of_it() {
        assert!(ignores_hangup("Name:\tdex\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n"));
        assert!(!ignores_hangup("Name:\tdex\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n"));
        assert!(ignores_hangup(""), "what is not known is left as it is");
    }

    #[test]
    fn another_terminal_cancels_a_run() {
        let mut program = be_the_program("another_terminal_cancels_a_run", patient);
        assert!(program.told.any(|line| line.unwrap().contains("STEP_START")));
        // Nobody else can go on with it meanwhile.
        assert_eq!(program.ask("resume latest", patient), Exit::Usage);
        assert_eq!(program.ask("cancel latest", patient), Exit::Success);
        assert_eq!(program.ask("cancel latest", patient), Exit::Usage, "it is over");
        let (code, told) = program.exit();
        assert_eq!(code, Some(130));
        assert!(told.iter().any(|line| line.contains("RUN_CANCELED")), "{told:?}");
    }

    #[test]
    fn a_program_that_does_not_end_its_run_in_time_is_killed_and_the_run_is_canceled() {
        let test = "a_program_that_does_not_end_its_run_in_time_is_killed_and_the_run_is_canceled";
        let mut program = be_the_program(test, endless);
        assert!(program.told.any(|line| line.unwrap().contains("begun")));
        assert_eq!(program.ask("cancel latest --within 1ms", endless), Exit::Success);
        assert_eq!(program.ask("cancel latest", endless), Exit::Usage, "it is over");
        assert_eq!(program.exit().0, None, "it was killed");
    }

    #[test]
    fn the_second_request_ends_the_program() {
        let mut program = be_the_program("the_second_request_ends_the_program", endless);
        program.signal_after("begun", "-INT");
        program.signal_after("RUN_CANCELING", "-TERM");
        let (code, told) = program.exit();
        assert_eq!(code, Some(130));
        let last = told.last().unwrap();
        let said = last.strip_prefix("stopped at once; what was under way was not waited for: the run ");
        // On a machine that has no time for it, someone else ends it.
        let said = said.unwrap();
        let known = [" is canceled", " is cut off; `", " stands could not be found out in time; `"];
        assert!(known.iter().any(|known| said.contains(known)), "{last}");
    }

    #[test]
    fn the_second_request_is_heard_also_where_steps_leave_the_runtime_no_thread() {
        let test = "the_second_request_is_heard_also_where_steps_leave_the_runtime_no_thread";
        let mut program = be_the_program(test, computing);
        program.signal_after("begun", "-INT");
        program.signal("-TERM");
        assert_eq!(program.exit().0, Some(130));
    }
}
