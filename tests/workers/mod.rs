//! Processes of steps are killed at each word that they say: the attempt fails, is told how, and is made again.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitStatus;

use orch::failure::ErrorKind;
use orch::storage::conformance::boundaries::names;

use crate::books::RUN;
use crate::expected;
use crate::killed::{At, Case, taken};
use crate::outcome::Outcome;

/// Where such processes are started.
const SPAWN: &str = "worker.spawn";

/// What need not be said: that a program is another one than has started it; and at the end of a run that the last items are
/// dropped.
const SELDOM: [&str; 2] = ["before reply.refused", "before reply.released"];

/// How often a run is begun in which something is to be said.
const TRIES: usize = 20;

impl Case {
    /// Runs the program; of the processes of its steps the first is killed that gets to this boundary, whose name is given if one was.
    pub(crate) fn live_killing(
        &self,
        at: Option<At<'_>>,
        log: Option<&Path>,
    ) -> (ExitStatus, Option<String>) {
        let mark = self.home.with_extension("mark");
        let status = self.begin(at, log, |child| {
            child.env("ORCH_CRASH_IN", SPAWN).env("ORCH_CRASH_MARK", &mark);
        });
        (status, mark.exists().then(|| taken(&mark).remove(0)))
    }
}

impl Outcome {
    /// What it would have been had no process of a step been killed, and how many attempts that has cost: each was told to have
    /// failed by that, and was followed by another.
    pub(crate) fn without_crashes(mut self, place: &str) -> (Self, usize) {
        let mut crashes = 0;
        for step in self.steps.values_mut() {
            step.retried.retain(|_, error| {
                let is_crash = error.kind == ErrorKind::Crash;
                if is_crash {
                    assert!(error.to_string().contains("killed by signal 9 (SIGKILL)"), "{place}: {error}");
                    crashes += 1;
                }
                !is_crash
            });
        }
        (self, crashes)
    }
}

pub(crate) fn one_that_is_killed_costs_an_attempt_and_nothing_else() {
    if cfg!(not(unix)) {
        // There no step has a process of its own.
        return;
    }
    let (expected, host) = expected();
    let case = Case::new("books", "worker", &[]);
    let log = case.home.with_extension("log");
    assert!(case.live_killing(None, Some(&log)).0.success(), "it runs");
    let passed: BTreeSet<String> = taken(&log).into_iter().collect();
    // All that the two sides say to each other.
    let of =
        |names: &BTreeSet<&str>| names.iter().map(|name| format!("before {name}")).collect::<BTreeSet<_>>();
    let names = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("orch-core/src"));
    let (said, asked): (BTreeSet<_>, BTreeSet<_>) =
        names.iter().map(String::as_str).partition(|name| name.starts_with("reply."));
    let said = of(&said);
    let unsaid = said.difference(&passed).find(|name| !SELDOM.contains(&name.as_str()));
    assert_eq!(unsaid, None, "what a process of a step may say is said in the run");
    let unasked: Vec<_> = of(&asked).into_iter().filter(|name| !host.contains(name)).collect();
    assert_eq!(unasked, ["before worker.cancel"], "that one is said in a run that is canceled");

    let look = |at: At<'_>| {
        case.clear();
        let (status, killed) = case.live_killing(Some(at), None);
        assert!(status.success(), "the run goes on, a process was killed at {at}");
        let killed = killed?;
        let place = format!("a process was killed at {at} ({killed})");
        let (outcome, crashes) = Outcome::read(&case.home, RUN).without_crashes(&place);
        assert!(crashes <= 1, "{place}: {crashes} attempts have failed by that");
        outcome.assert_is(expected, &place);
        Some((killed, crashes))
    };
    let (mut met, mut cost) = (BTreeSet::new(), 0);
    for number in 1.. {
        let Some((killed, crashes)) = look(At { number, name: None }) else { break };
        met.insert(killed);
        cost += crashes;
    }
    for name in passed.difference(&met) {
        let is_met = (0..TRIES).any(|_| look(At { number: 1, name: Some(name) }).is_some());
        assert!(is_met, "none was ever killed at {name}");
    }
    assert!(cost > 0, "of a process that is killed at work the attempt fails");
}
