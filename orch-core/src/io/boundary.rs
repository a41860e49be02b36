//! The moments at which a process may die and leave something half done: before and after each write that lasts, and each
//! word between it and the processes of isolated steps.
//!
//! A test runs a program once with `ORCH_CRASH_LOG=<file>`, which gets the names of all boundaries that were passed, and
//! then once for each of them with `ORCH_CRASH_AT=<n>`: at the boundary of that number, from 1, the process is killed as
//! by `kill -9`. With `ORCH_CRASH_AT=<n> <name>` only those of that name are counted. Without the feature `testing` a
//! boundary is nothing at all.

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

#[inline]
#[cfg_attr(not(feature = "testing"), expect(unused_variables, reason = "there is nothing to do"))]
fn boundary_after(name: &str) {
    #[cfg(feature = "testing")]
    crash::pass(&format!("after {name}"));
}

#[cfg(feature = "testing")]
mod crash {
    use std::env;
    use std::fs::File;
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// What the environment asks for.
    struct Crash {
        /// At which boundary to die: its number, among those of a name if one is given.
        at: Option<(u64, Option<String>)>,
        /// Who is told of each.
        log: Option<File>,
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
        if counts && crash.at.as_ref().is_some_and(|(at, _)| *at == crash.passed) {
            die();
        }
    }

    fn asked() -> Option<Mutex<Crash>> {
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
        (at.is_some() || log.is_some()).then(|| Mutex::new(Crash { at, log, passed: 0 }))
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
