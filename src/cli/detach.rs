//! Runs in a process of their own, which needs no terminal and outlives the one that began it.

use std::fmt::Display;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Once};

use orch_core::event::Event;
use orch_core::ids::BackfillId;
use orch_core::storage::around;
#[cfg(unix)]
use orch_core::storage::start_process;

use super::args::HomeArgs;
use super::printer::Printer;
use super::{Exit, home, program_name};

/// What asks for such a process, and what says to it that it is the one: nobody writes this himself.
const DETACH: &str = "--detach";
const DETACHED: &str = "--detached";

/// What that process says when its run has begun, with the run. Other lines are the program's own.
const BEGUN: &str = "orch has begun the run ";

/// The same of a backfill.
const BEGUN_BACKFILL: &str = "orch has begun the backfill ";

/// What it says instead when there is nothing to run, which it has told.
const NOTHING: &str = "orch has nothing to run";

/// Starts this program once more with the same arguments, and waits until its run has begun.
pub(super) fn start(home: &HomeArgs, printer: &Printer) -> Exit {
    let mut child = match spawn() {
        Ok(child) => child,
        Err(error) => {
            printer.error(&format!("no process can be started for the run: {error}"), None);
            return Exit::Machine;
        }
    };
    let said = child.stdout.take().into_iter().flat_map(|said| BufReader::new(said).split(b'\n'));
    for line in said.map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if line == NOTHING {
            return Exit::Success;
        }
        if let Some(backfill) = line.strip_prefix(BEGUN_BACKFILL) {
            let (process, name, home) = (child.id(), program_name(), home::again(home));
            printer.note(&format!(
                "it goes on in process {process}: `{name} backfill status {backfill}{home}` tells where it stands, `{name} backfill cancel {backfill}{home}` ends it\n"
            ));
            printer.data(&format!("{backfill}\n"));
            return Exit::Success;
        }
        let Some(run) = line.strip_prefix(BEGUN) else {
            printer.data(&format!("{line}\n"));
            continue;
        };
        let (process, name, home) = (child.id(), program_name(), home::again(home));
        printer.note(&format!(
            "it goes on in process {process}: `{name} logs {run} --follow{home}` follows it, `{name} cancel {run}{home}` ends it\n"
        ));
        printer.data(&format!("{run}\n"));
        return Exit::Success;
    }
    // It has said itself why.
    ended(child, home, printer)
}

#[cfg(unix)]
fn spawn() -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(std::env::current_exe()?);
    let args = std::env::args_os().skip(1);
    command.args(args.map(|arg| if arg == DETACH { DETACHED.into() } else { arg }));
    // In a process group of its own it hears no Ctrl-C of the terminal, and can be killed with what it has started.
    command.process_group(0);
    start_process("detached.spawn", command.stdin(Stdio::null()).stdout(Stdio::piped()))
}

#[cfg(not(unix))]
fn spawn() -> io::Result<Child> {
    Err(io::Error::other("this system has no process groups; start the program in the background instead"))
}

/// How a process has ended that has not said that its run has begun.
fn ended(mut child: Child, home: &HomeArgs, printer: &Printer) -> Exit {
    let status = match child.wait() {
        Ok(status) => status,
        Err(error) => {
            printer.error(&format!("nothing is known of the process of the run: {error}"), None);
            return Exit::Machine;
        }
    };
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let known = [Exit::RunFailed, Exit::Usage, Exit::Machine, Exit::Broken, Exit::Canceled];
    known.into_iter().find(|exit| Some(exit.code()) == code).unwrap_or_else(|| {
        let (name, home) = (program_name(), home::again(home));
        printer.error(
            &format!("the process of the run has ended before it said that the run had begun: {status}"),
            Some(&format!(
                "it may have begun: `{name} runs{home}` tells of one that was interrupted, which goes on by `{name} resume`; if there is none, nothing has happened"
            )),
        );
        Exit::Machine
    })
}

/// For the process that goes on: with its first event the run is recorded and has begun. From then on nobody listens, and
/// what is written is lost; but nobody who writes finds that out either, who might panic.
pub(super) fn tell_begun(
    header: Option<String>,
    printer: Arc<Printer>,
) -> impl Fn(&Event) + Send + Sync + 'static {
    let once = Once::new();
    move |event| {
        once.call_once(|| {
            header.iter().for_each(|header| printer.note(header));
            tell(BEGUN, &event.run);
        });
    }
}

/// For the process that was to go on, if there is nothing to run.
pub(super) fn tell_nothing() {
    let mut out = io::stdout();
    // Whoever asked for it may be gone.
    let _ = around("detached.nothing", || writeln!(out, "{NOTHING}").and_then(|()| out.flush()));
}

/// For the process that went on: what was canceled there leaves nothing behind, neither what its steps have started nor this
/// process, which has no more to say.
#[cfg(unix)]
pub(super) fn end_group() {
    use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};
    // `start` has made the group for it. One that it does not lead is another's.
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::KILL);
    }
}

#[cfg(not(unix))]
pub(super) fn end_group() {}

/// For the process that drives a backfill, once that is kept.
pub(super) fn tell_backfill(backfill: BackfillId) {
    tell(BEGUN_BACKFILL, &backfill);
}

fn tell(begun: &str, what: &dyn Display) {
    let mut out = io::stdout();
    // Whoever asked for it may be gone.
    let _ = around("detached.tell", || writeln!(out, "{begun}{what}").and_then(|()| out.flush()));
    #[cfg(unix)]
    if let Ok(nowhere) = std::fs::File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&nowhere);
        let _ = rustix::stdio::dup2_stderr(&nowhere);
    }
}
