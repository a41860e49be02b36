use std::io;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use orch_core::define::Cancel;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Exit;
use super::printer::Printer;

/// What asks a program to end: Ctrl-C, and on Unix SIGTERM, which service managers and containers send.
pub(super) struct Requests {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

impl Requests {
    /// Listens from now on, on the present runtime; before, a signal ends the program by itself.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) -> io::Result<()> {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
        Ok(())
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}

/// The first request lets the run end in order, the second ends the program.
pub(super) async fn cancel_on_request(mut requests: Requests, cancel: Cancel, printer: Arc<Printer>) {
    if requests.next().await.is_err() {
        // Without a handler Ctrl-C ends the program by itself.
        return;
    }
    cancel.cancel();
    if requests.next().await.is_ok() {
        printer.say("\nstopped at once; steps under way were not waited for\n");
        // Lets the terminal have the line before the process is gone.
        tokio::time::sleep(Duration::from_millis(10)).await;
        process::exit(i32::from(Exit::Canceled.code()));
    }
}

/// A signal concerns a whole process, so each test starts this very program again and sends it there.
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Lines};
    use std::process::{Child, ChildStderr, Command, Stdio};

    use orch_core::define::{JobOptions, One, OpDef};
    use orch_core::graph::{Call, Job};

    use super::*;
    use crate::cli::run_with;

    /// Set in the process that is to be the program.
    const PROGRAM: &str = "ORCH_TEST_OF_SIGNALS";

    fn endless() -> Job {
        let deaf = OpDef::builder("deaf").returns::<One<i64, 0>>();
        let deaf = Arc::new(deaf.blocking(|_| {
            loop {
                std::thread::park();
            }
        }));
        Job::compose(JobOptions::new("endless"), || Call::of(&deaf).place::<One<i64, 0>>())
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
            process::exit(run_with(words, None, job, Printer::new).code().into());
        }
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", &format!("cli::signals::tests::{test}")]).env(PROGRAM, "1");
        let mut program = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(program.stderr.take().unwrap()).lines();
        Started { program, told }
    }

    struct Started {
        program: Child,
        told: Lines<BufReader<ChildStderr>>,
    }

    impl Started {
        fn signal_after(&mut self, word: &str, signal: &str) {
            assert!(self.told.any(|line| line.unwrap().contains(word)), "{word} is told");
            let sent = Command::new("kill").args([signal, &self.program.id().to_string()]).status();
            assert!(sent.unwrap().success());
        }

        fn exit(mut self) -> (Option<i32>, Vec<String>) {
            let rest = self.told.map(Result::unwrap).filter(|line| !line.is_empty()).collect();
            (self.program.wait().unwrap().code(), rest)
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
    fn the_second_request_ends_the_program() {
        let mut program = be_the_program("the_second_request_ends_the_program", endless);
        program.signal_after("STEP_START", "-INT");
        program.signal_after("RUN_CANCELING", "-TERM");
        let (code, told) = program.exit();
        assert_eq!(code, Some(130));
        assert_eq!(told.last().unwrap(), "stopped at once; steps under way were not waited for");
    }
}
