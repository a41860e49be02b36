//! A program that is killed by `kill -9` at each of its writes: this test binary, called with its name.
//!
//! The writes are numbered by the program itself: each passes a boundary before and after it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, fmt, fs};

/// Where the program has its folder.
pub(crate) const HOME: &str = "CRASH_HOME";

/// How often a program is begun that is to come to a boundary.
const TRIES: usize = 20;

/// A boundary: the one of this number, from 1, among those of a name if one is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) number: usize,
    pub(crate) name: Option<&'a str>,
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        self.name.map_or(Ok(()), |name| write!(f, " {name}"))
    }
}

impl At<'_> {
    /// Whether who passes these passes it.
    fn is_among(self, passed: &[String]) -> bool {
        let counted = passed.iter().filter(|&passed| self.name.is_none_or(|name| name == passed));
        counted.count() >= self.number
    }
}

pub(crate) struct Case {
    pub(crate) home: PathBuf,
    /// Which program of this binary.
    program: &'static str,
    /// Variables that it finds set.
    set: Vec<&'static str>,
}

impl Case {
    pub(crate) fn new(program: &'static str, name: &str, set: &[&'static str]) -> Self {
        // In memory, where there is such a thing: it is begun often, and no loss of power is meant.
        let memory = Path::new("/dev/shm");
        let within = if memory.is_dir() { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
        let home = format!("{}-{name}-{}", program.replace("::", "-"), std::process::id());
        Self { home: within.join(home), program, set: set.to_vec() }
    }

    /// Runs the program; it is killed at this boundary, if it gets there.
    pub(crate) fn live(&self, crash: Option<At<'_>>, log: Option<&Path>) -> ExitStatus {
        self.begin(crash, log, |_| {})
    }

    /// The same, with something more that is said to it.
    pub(crate) fn begin(
        &self,
        crash: Option<At<'_>>,
        log: Option<&Path>,
        also: impl FnOnce(&mut Command),
    ) -> ExitStatus {
        let mut child = Command::new(env::current_exe().expect("this binary"));
        child.arg(self.program).env(HOME, &self.home);
        child.envs(self.set.iter().map(|name| (*name, "1")));
        child.envs(crash.map(|at| ("ORCH_CRASH_AT", at.to_string())));
        child.envs(log.map(|file| ("ORCH_CRASH_LOG", file)));
        also(&mut child);
        child.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it can be started")
    }

    /// Runs it to its end, and gives the names of the boundaries that it passes.
    pub(crate) fn undisturbed(&self) -> Vec<String> {
        let log = self.home.with_extension("log");
        assert!(self.live(None, Some(&log)).success(), "the program runs");
        taken(&log)
    }

    /// Has the program killed at each boundary, one after the other, until it comes to its end before it has passed as many; before each
    /// try `prepare` makes what it finds, and after it `look` is told where it was. How many there are nothing decides: what happens
    /// while a commit is made is in the next. So whatever is passed each time undisturbed, and was not met by its number, is met by its name.
    pub(crate) fn killed_at_each(
        &self,
        undisturbed: &[String],
        prepare: impl Fn(&Path),
        mut look: impl FnMut(&str),
    ) {
        let mut met = BTreeSet::new();
        for number in 1.. {
            let Some(passed) = self.killed(At { number, name: None }, &prepare) else { break };
            assert_eq!(passed.len(), number, "it is killed at once");
            let name = passed.last().expect("the boundary that it was killed at");
            look(&format!("killed at {number} ({name})"));
            met.insert(name.clone());
        }
        self.clear();
        prepare(&self.home);
        // What is passed but now and then need not be met.
        let always: BTreeSet<_> =
            self.undisturbed().into_iter().filter(|name| undisturbed.contains(name)).collect();
        for name in always.difference(&met) {
            let is_met = self.killed(At { number: 1, name: Some(name) }, &prepare).is_some();
            assert!(is_met, "it was never killed at {name}");
            look(&format!("killed at the first {name}"));
        }
    }

    /// Has it killed there, and gives the names of the boundaries that it passed, that one among them; none if it never comes so far.
    fn killed(&self, at: At<'_>, prepare: impl Fn(&Path)) -> Option<Vec<String>> {
        let log = self.home.with_extension("log");
        for _ in 0..TRIES {
            self.clear();
            prepare(&self.home);
            let status = self.live(Some(at), Some(&log));
            let passed = taken(&log);
            if !status.success() {
                assert!(is_kill(status), "it ends by itself, at {at}: {status}");
                return Some(passed);
            }
            assert!(!at.is_among(&passed), "it passed {at} and was not killed");
        }
        None
    }

    pub(crate) fn clear(&self) {
        if self.home.exists() {
            fs::remove_dir_all(&self.home).expect("the folder was made here");
        }
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        // What failed is to be looked at.
        if !std::thread::panicking() {
            self.clear();
        }
    }
}

/// Whether it was killed, and did not end by a panic.
fn is_kill(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        status.signal() == Some(9)
    }
    #[cfg(not(unix))]
    {
        !status.success()
    }
}

/// What was written there, which is gone then.
pub(crate) fn taken(log: &Path) -> Vec<String> {
    let lines = fs::read_to_string(log).expect("the log is there");
    fs::remove_file(log).expect("it was made here");
    lines.lines().map(str::to_owned).collect()
}
