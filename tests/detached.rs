//! Runs that go on in a process of their own. This program starts itself once more for them, so it has a `main` of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(unix)]
    return stories::main();
    #[cfg(not(unix))]
    ExitCode::SUCCESS
}

#[cfg(unix)]
#[expect(clippy::print_stdout, reason = "the code of steps may print")]
mod stories {
    use std::io::{Read as _, Write as _};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitCode, Output};
    use std::sync::OnceLock;
    use std::{env, fs};

    use orch::prelude::*;
    use orch::storage::conformance::boundaries::names;
    use rustix::process::{Pid, Signal, kill_process};

    /// Where a step asks whether it may end; set for the program alone.
    const GATE: &str = "GATE";

    /// As long as it is not there, nobody can read it.
    #[asset]
    fn letter() -> Result<String> {
        let mut word = String::new();
        UnixStream::connect(env::var(GATE)?)?.read_to_string(&mut word)?;
        Ok(word)
    }

    /// Waits until it is let through, with a child that has the gate open too.
    #[op]
    fn wait() -> Result<String> {
        println!("nobody reads this, and that is no reason to fail");
        let mut gate = UnixStream::connect(env::var(GATE)?)?;
        let mut child = Command::new("sleep").arg("1000").stdout(OwnedFd::from(gate.try_clone()?)).spawn()?;
        let mut word = String::new();
        gate.read_to_string(&mut word)?;
        child.kill()?;
        child.wait()?;
        Ok(word)
    }

    #[job]
    fn patient() {
        wait();
    }

    /// Has a child that has the gate open, and sleeps itself.
    #[op]
    async fn sleep() -> Result<i64> {
        let gate = UnixStream::connect(env::var(GATE)?)?;
        Command::new("sleep").arg("1000").stdout(OwnedFd::from(gate)).spawn()?;
        std::future::pending().await
    }

    #[job]
    fn asleep() {
        sleep();
    }

    /// Waits for nobody.
    #[asset]
    fn note() -> i64 {
        7
    }

    /// The program, or if it is called without a command, the stories that are told with it.
    pub(super) fn main() -> ExitCode {
        // What the test runner asks of each test binary.
        if env::args().any(|argument| argument == "--list") {
            return ExitCode::SUCCESS;
        }
        if env::var_os(GATE).is_some() {
            return orch::cli::run_main(|| {
                Definitions::new().job(patient()).job(asleep()).assets(assets![letter, note])
            });
        }
        let wanted: Vec<String> = env::args().skip(1).filter(|wanted| !wanted.starts_with('-')).collect();
        let stories: [(&str, fn()); 11] = [
            ("it_goes_on_when_its_beginner_is_gone", it_goes_on_when_its_beginner_is_gone),
            ("what_makes_assets_goes_on_too", what_makes_assets_goes_on_too),
            ("it_is_canceled_from_elsewhere", it_is_canceled_from_elsewhere),
            ("what_it_has_started_is_killed_with_it", what_it_has_started_is_killed_with_it),
            ("what_its_steps_have_started_ends_with_it", what_its_steps_have_started_ends_with_it),
            ("it_ends_at_once_if_it_is_asked_twice", it_ends_at_once_if_it_is_asked_twice),
            ("a_backfill_is_canceled_from_elsewhere", a_backfill_is_canceled_from_elsewhere),
            ("a_backfill_that_does_not_end_is_killed", a_backfill_that_does_not_end_is_killed),
            ("what_is_refused_is_told_as_ever", what_is_refused_is_told_as_ever),
            (
                "who_dies_while_it_begins_a_run_leaves_none_or_one_that_goes_on",
                who_dies_while_it_begins_a_run_leaves_none_or_one_that_goes_on,
            ),
            ("one_that_dies_when_it_has_begun_is_resumed", one_that_dies_when_it_has_begun_is_resumed),
        ];
        for (name, story) in stories {
            if wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
                story();
                println!("test {name} ... ok");
            }
        }
        ExitCode::SUCCESS
    }

    fn it_goes_on_when_its_beginner_is_gone() {
        let place = Place::new("goes-on");
        let (run, mut step) = place.begin();
        assert!(text(&place.ask(&["show", &run]).stdout).contains("running"));
        step.write_all(b"go").expect("the step listens");
        drop(step);
        let followed = place.ask(&["logs", &run, "--events", "--follow"]);
        assert!(text(&followed.stdout).contains("RUN_SUCCESS"), "{followed:?}");
    }

    fn what_makes_assets_goes_on_too() {
        let place = Place::new("assets");
        let (run, mut step) = place.begin_with(&["materialize", "letter", "--detach"]);
        step.write_all(b"go").expect("the step listens");
        drop(step);
        let followed = place.ask(&["logs", &run, "--events", "--follow"]);
        assert!(text(&followed.stdout).contains("RUN_SUCCESS"), "{followed:?}");
        let listed = place.ask(&["assets", "list"]);
        assert!(text(&listed.stdout).contains(run.split('-').next().unwrap_or_default()), "{listed:?}");
    }

    fn it_is_canceled_from_elsewhere() {
        let place = Place::new("canceled");
        let (run, mut step) = place.begin();
        let canceled = std::thread::scope(|scope| {
            let canceled = scope.spawn(|| place.ask(&["cancel", &run]));
            place.until(&run, "RUN_CANCELING");
            // A sync op cannot be stopped; it ends in its own time, and the run with it.
            step.write_all(b"go").expect("the step listens");
            drop(step);
            canceled.join().expect("no panic")
        });
        assert!(canceled.status.success(), "{canceled:?}");
        assert!(text(&place.ask(&["show", &run]).stdout).contains("canceled"));
    }

    fn what_it_has_started_is_killed_with_it() {
        let place = Place::new("killed");
        let (run, mut step) = place.begin();
        let canceled = place.ask(&["cancel", &run, "--within", "1ms"]);
        assert!(canceled.status.success(), "{canceled:?}");
        // Nobody has the other end any more, or this would wait.
        assert_eq!(step.read_to_end(&mut Vec::new()).expect("it can be read"), 0);
        assert!(text(&place.ask(&["show", &run]).stdout).contains("canceled"));
    }

    fn what_its_steps_have_started_ends_with_it() {
        let place = Place::new("leaves-nothing");
        let (run, mut child) = place.begin_with(&["run", "asleep", "--detach"]);
        let canceled = place.ask(&["cancel", &run]);
        assert!(canceled.status.success(), "{canceled:?}");
        assert!(!text(&canceled.stderr).contains("killed process"), "it has ended in order: {canceled:?}");
        assert_eq!(child.read_to_end(&mut Vec::new()).expect("it can be read"), 0);
        assert!(text(&place.ask(&["show", &run]).stdout).contains("canceled"));
    }

    fn it_ends_at_once_if_it_is_asked_twice() {
        let place = Place::new("twice");
        let (run, mut step) = place.begin();
        let process = *place.process.get().expect("it has told its number");
        kill_process(process, Signal::TERM).expect("it is there");
        place.until(&run, "RUN_CANCELING");
        let is_asked_twice = kill_process(process, Signal::TERM).is_ok();
        assert_eq!(step.read_to_end(&mut Vec::new()).expect("it can be read"), 0);
        // Where looking takes longer than the patience of a canceled run, that has ended by itself: it may be asked in vain.
        let ends: &[&str] = if is_asked_twice { &["interrupted", "canceled"] } else { &["canceled"] };
        // The system closes what a process had open one by one; until it has, the run is under way.
        let mut shown = (0..500).map(|_| text(&place.ask(&["show", &run]).stdout));
        assert!(shown.any(|shown| ends.iter().any(|end| shown.contains(end))), "it is none of {ends:?}");
    }

    fn a_backfill_is_canceled_from_elsewhere() {
        let place = Place::new("backfill");
        let (backfill, mut step) = place.begin_with(&["backfill", "launch", "letter", "--detach"]);
        assert!(text(&place.ask(&["backfill", "status", &backfill]).stdout).contains(": running"));
        let canceled = std::thread::scope(|scope| {
            let canceled = scope.spawn(|| place.ask(&["backfill", "cancel", &backfill]));
            place.until("latest", "RUN_CANCELING");
            step.write_all(b"go").expect("the step listens");
            drop(step);
            canceled.join().expect("no panic")
        });
        assert!(canceled.status.success(), "{canceled:?}");
        assert!(text(&place.ask(&["backfill", "status", &backfill]).stdout).contains(": canceled"));
    }

    fn a_backfill_that_does_not_end_is_killed() {
        let place = Place::new("backfill-killed");
        let (backfill, mut step) = place.begin_with(&["backfill", "launch", "letter", "--detach"]);
        let canceled = place.ask(&["backfill", "cancel", &backfill, "--within", "1ms"]);
        assert!(canceled.status.success(), "{canceled:?}");
        // Nobody has the other end any more, or this would wait.
        assert_eq!(step.read_to_end(&mut Vec::new()).expect("it can be read"), 0);
        assert!(text(&place.ask(&["backfill", "status", "latest"]).stdout).contains(": canceled"));
        // Its run was brought to its end too.
        assert!(text(&place.ask(&["show", "latest"]).stdout).contains("canceled"));
    }

    fn what_is_refused_is_told_as_ever() {
        let place = Place::new("refused");
        let refused = place.ask(&["run", "nobody", "--detach"]);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(text(&refused.stderr).contains("there is no job `nobody`"), "{refused:?}");
        let refused = place.ask(&["run", "--detach", "--json"]);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    }

    /// Where the process is started that goes on, and what it says there.
    const SPAWN: &str = "detached.spawn";
    const SAID: [&str; 2] = ["detached.nothing", "detached.tell"];

    fn who_dies_while_it_begins_a_run_leaves_none_or_one_that_goes_on() {
        let names = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        assert_eq!(names, SAID.into_iter().chain([SPAWN]).map(str::to_owned).collect());
        for (at, goes_on) in [("before", false), ("after", true)] {
            let place = Place::new(&format!("begins-{at}"));
            let at = format!("1 {at} {SPAWN}");
            let killed = place.ask_with(&["materialize", "note", "--detach"], &[("ORCH_CRASH_AT", &at)]);
            assert_eq!(killed.status.signal(), Some(9), "{killed:?}");
            if goes_on {
                place.until("latest", "RUN_SUCCESS");
            } else {
                assert_eq!(text(&place.ask(&["runs", "--json"]).stdout), "", "there is none");
            }
        }
    }

    fn one_that_dies_when_it_has_begun_is_resumed() {
        for at in ["before", "after"] {
            let place = Place::new(&format!("dies-{at}"));
            let begin = |said: &str, words: &[&str]| {
                let at = format!("1 {at} {said}");
                place.ask_with(words, &[("ORCH_CRASH_AT", &at), ("ORCH_CRASH_IN", SPAWN)])
            };
            let begun = begin("detached.tell", &["materialize", "note", "--detach"]);
            let is_told = at == "after";
            assert_eq!(begun.status.code(), Some(if is_told { 0 } else { 3 }), "{begun:?}");
            let said = "has ended before it said that the run had begun: signal: 9 (SIGKILL)";
            assert_eq!(text(&begun.stderr).contains(said), !is_told, "{begun:?}");
            let interrupted =
                |place: &Place| text(&place.ask(&["show", "latest"]).stdout).contains("interrupted");
            // Who was told of it may look before it is gone.
            assert!((0..500).any(|_| interrupted(&place)), "it is there, and died");
            let resumed = place.ask(&["resume", "latest"]);
            assert!(resumed.status.success(), "{resumed:?}");
            place.until("latest", "RUN_SUCCESS");
            // There is nothing to be made any more, which it says before it dies or not.
            let nothing = begin("detached.nothing", &["materialize", "note", "--stale", "--detach"]);
            assert_eq!(nothing.status.success(), is_told, "{nothing:?}");
            assert!(text(&place.ask(&["assets", "list"]).stdout).contains("note"));
        }
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    /// A folder for what is recorded, and the gate at which steps wait.
    struct Place {
        folder: PathBuf,
        gate: UnixListener,
        /// The one in which the first run goes on.
        process: OnceLock<Pid>,
    }

    impl Place {
        fn new(name: &str) -> Self {
            // The path of a socket has to be short.
            let folder = env::temp_dir().join(format!("orch-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("a folder");
            let gate = UnixListener::bind(folder.join("gate")).expect("a gate");
            Self { folder, gate, process: OnceLock::new() }
        }

        fn ask(&self, words: &[&str]) -> Output {
            self.ask_with(words, &[])
        }

        fn ask_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Output {
            let mut program = Command::new(env::current_exe().expect("this program"));
            program
                .args(words)
                .env("ORCH_HOME", self.folder.join("home"))
                .env(GATE, self.folder.join("gate"))
                .envs(variables.iter().copied());
            program.output().expect("it can be started")
        }

        /// Begins a run, whose beginner has ended by then; gives it with its step, which waits.
        fn begin(&self) -> (String, UnixStream) {
            self.begin_with(&["run", "patient", "--detach"])
        }

        fn begin_with(&self, words: &[&str]) -> (String, UnixStream) {
            let begun = self.ask(words);
            assert!(begun.status.success(), "{begun:?}");
            let said = text(&begun.stderr);
            assert!(said.contains("recorded in") && said.contains("it goes on in process"), "{said}");
            let process = said.split_once("in process ").and_then(|(_, rest)| rest.split(':').next());
            let process = process.and_then(|process| Pid::from_raw(process.parse().ok()?));
            self.process.get_or_init(|| process.expect("it tells its number"));
            let (step, _) = self.gate.accept().expect("the step comes to the gate");
            (text(&begun.stdout).trim().to_owned(), step)
        }

        /// Waits until the run has had such an event.
        fn until(&self, run: &str, kind: &str) {
            while !text(&self.ask(&["logs", run, "--events"]).stdout).contains(kind) {
                std::thread::yield_now();
            }
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
