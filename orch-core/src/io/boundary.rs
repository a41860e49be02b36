//! The moments at which a process may die and leave something half done: before and after each write that lasts, and each
//! word between it and the processes of isolated steps.
//!
//! A test runs a program once with `ORCH_CRASH_LOG=<file>`, which gets the names of all boundaries that were passed, and
//! then once for each of them with `ORCH_CRASH_AT=<n>`: at the boundary of that number, from 1, the process is killed as
//! by `kill -9`. With `ORCH_CRASH_AT=<n> <name>` only those of that name are counted. Without the feature `testing` a
//! boundary is nothing at all.
//!
//! Meant is the process that the test has begun. With `ORCH_CRASH_IN=<name>` it is those that were started at the boundary
//! of that name instead, each counting for itself; `ORCH_CRASH_MARK=<file>` lets only the first die that gets there: it
//! makes that file, with the name of the boundary.

use std::io;
use std::process::{Child, Command};

/// Passes the boundary of this name. The names are those of the writes: `before journal.commit`.
#[inline]
#[cfg_attr(not(feature = "testing"), expect(unused_variables, reason = "there is nothing to do"))]
pub fn boundary(name: &str) {
    #[cfg(feature = "testing")]
    crash::pass(name);
}

/// Does a write that lasts, or what others depend on as much, between the boundaries `before ..` and `after ..` of its name.
#[inline]
pub fn around<T>(name: &str, write: impl FnOnce() -> T) -> T {
    #[cfg(feature = "testing")]
    crash::pass(&format!("before {name}"));
    let written = write();
    boundary_after(name);
    written
}

/// Starts a process of this program between the boundaries of this name.
pub fn start_process(name: &str, command: &mut Command) -> io::Result<Child> {
    #[cfg(feature = "testing")]
    command.env(crash::OF, name);
    around(name, || command.spawn())
}

#[inline]
#[cfg_attr(not(feature = "testing"), expect(unused_variables, reason = "there is nothing to do"))]
fn boundary_after(name: &str) {
    #[cfg(feature = "testing")]
    crash::pass(&format!("after {name}"));
}

#[cfg(feature = "testing")]
mod crash {
    use std::env;
    use std::ffi::OsString;
    use std::fs::File;
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// At which boundary this process was started, if it was at one.
    pub(super) const OF: &str = "ORCH_CRASH_OF";

    /// What the environment asks for.
    struct Crash {
        /// At which boundary to die: its number, among those of a name if one is given.
        at: Option<(u64, Option<String>)>,
        /// Who is told of each.
        log: Option<File>,
        /// What who dies makes, and nobody can make twice.
        mark: Option<OsString>,
        passed: u64,
    }

    /// None if nothing is asked for, so that the boundaries of other programs cost no lock.
    static CRASH: OnceLock<Option<Mutex<Crash>>> = OnceLock::new();

    pub(super) fn pass(name: &str) {
        let Some(crash) = CRASH.get_or_init(asked) else { return };
        let mut crash = crash.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = crash.at.as_ref().is_none_or(|(_, of)| of.as_ref().is_none_or(|of| of == name));
        crash.passed += u64::from(counts);
        let line = format!("{name}\n");
        if let Some(log) = &mut crash.log {
            log.write_all(line.as_bytes()).expect("ORCH_CRASH_LOG can be written");
        }
        let is_there = counts && crash.at.as_ref().is_some_and(|(at, _)| *at == crash.passed);
        if is_there && crash.mark.as_ref().is_none_or(|mark| is_first(mark, &line)) {
            die();
        }
    }

    /// Whether nobody has died for this file yet, which gets the name of the boundary.
    fn is_first(mark: &OsString, line: &str) -> bool {
        File::create_new(mark).is_ok_and(|mut mark| mark.write_all(line.as_bytes()).is_ok())
    }

    fn asked() -> Option<Mutex<Crash>> {
        if env::var_os("ORCH_CRASH_IN") != env::var_os(OF) {
            return None;
        }
        let at = env::var("ORCH_CRASH_AT").ok();
        let at = at.map(|at| {
            let (number, name) =
                at.split_once(' ').map_or((&*at, None), |(number, name)| (number, Some(name)));
            let number = number.parse().expect("ORCH_CRASH_AT is the number of a boundary");
            (number, name.map(str::to_owned))
        });
        let log = env::var_os("ORCH_CRASH_LOG");
        let log = log.map(|file| {
            File::options().append(true).create(true).open(file).expect("ORCH_CRASH_LOG can be written")
        });
        let mark = env::var_os("ORCH_CRASH_MARK");
        (at.is_some() || log.is_some()).then(|| Mutex::new(Crash { at, log, mark, passed: 0 }))
    }

    /// Dies at once: nothing is flushed, closed or unlocked but by the system.
    fn die() -> ! {
        #[cfg(unix)]
        {
            use rustix::process::{Signal, getpid, kill_process};
            kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
            // The signal may take a moment to arrive.
            loop {
                std::thread::park();
            }
        }
        #[cfg(not(unix))]
        std::process::abort()
    }
}
