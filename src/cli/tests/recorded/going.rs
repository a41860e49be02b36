//! Runs that go on, and runs that are made of others.

use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use orch_core::event::{Detail, Entry, RunView};
use orch_core::ids::RunId;
use orch_core::storage::{Pinned, ReadRuns as _, RunQuery, Storage, WriteRuns as _};

use super::fixture::cut;
use super::*;
use crate::cli::Exit;
use crate::cli::args::{CancelArgs, ColorChoice, HomeArgs, OutputArgs, RunOfArgs};
use crate::cli::cancel::end_or_wait;

/// The program in which page 1 cannot be loaded, or in which it can.
fn program(bad: i64) -> Result<Definitions, Failure> {
    Ok(Definitions::new().job(pages("pages", bad)))
}

/// A terminal in which one command follows another.
struct Terminal(Arc<Memory>);

impl Terminal {
    fn new() -> Self {
        Self(Arc::new(Memory::new()))
    }

    fn ask(&self, bad: i64, args: &str) -> String {
        self.ask_of(|| program(bad), args)
    }

    fn ask_of(&self, definitions: impl FnOnce() -> Result<Definitions, Failure>, args: &str) -> String {
        let homes = Homes::Given(Arc::clone(&self.0) as Arc<dyn Storage>);
        session_around(&Around { homes, ..Around::of(EnvVars::none()) }, definitions, args)
    }
}

#[test]
fn what_failed_is_run_again_with_all_that_depends_on_it() {
    let terminal = Terminal::new();
    terminal.ask(1, "run --progress none");
    insta::assert_snapshot!(terminal.ask(-1, "rerun latest --from-failure --progress plain"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    <time>  RUN_START pages
    <time>  STEP_START load[1]
    <time>  STEP_SUCCESS load[1] (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] pages: 1 step: 1 succeeded
    ");
    insta::assert_snapshot!(terminal.ask(-1, "rerun latest --from-failure"), @r"
    exit 2
    --- stderr
    error: of the run <run> nothing has failed
    hint: run it anew: rerun --all, or a part of it: rerun --select ..
    ");
    for what in ["--select load[2]", "--all"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(terminal.ask(-1, &format!("rerun latest {what} --progress none")), @r"
            exit 0
            --- stderr
            run <run>, recorded in memory
            ────────────
                 Success [<time>] pages: 1 step: 1 succeeded
            ");
        }
    }
}

#[test]
fn what_a_run_has_taken_from_another_is_told() {
    let terminal = Terminal::new();
    terminal.ask(1, "run --progress none");
    terminal.ask(-1, "rerun latest --from-failure --progress none");
    insta::assert_snapshot!(terminal.ask(-1, "why latest load[2]"), @r"
    exit 0
    --- stdout
    load[2] has not run here; if it has succeeded in the run <run>, its outputs are taken from there
    ");
    insta::assert_snapshot!(terminal.ask(-1, "why latest extract"), @r"
    exit 0
    --- stdout
    extract does not run here: what others take of it is from the run <run>
    ");
}

#[test]
fn a_rerun_says_of_what() {
    let terminal = Terminal::new();
    insta::assert_snapshot!(terminal.ask(-1, "rerun latest --all"), @r"
    exit 2
    --- stderr
    error: there are no runs
    hint: run a job: `program run JOB`
    ");
    terminal.ask(-1, "run --progress none");
    insta::assert_snapshot!(terminal.ask(-1, "rerun latest --select lode"), @r"
    exit 2
    --- stderr
    error: the job `pages` cannot be planned
    error: there is no step `lode`, at column 1
      lode
      ^^^^
      hint: steps of this job: extract, load
    ");
    assert!(terminal.ask(-1, "rerun latest").starts_with("exit 2"), "what is to run must be said");
    assert!(terminal.ask(-1, "rerun latest --all --from-failure").starts_with("exit 2"), "one of them");
}

#[test]
fn what_is_over_neither_goes_on_nor_is_canceled() {
    let terminal = Terminal::new();
    terminal.ask(-1, "run --progress none");
    insta::assert_snapshot!(terminal.ask(-1, "resume latest"), @r"
    exit 2
    --- stderr
    error: the run <run> is over: success
    hint: make a new run of it: `program rerun <run> --all`
    ");
    insta::assert_snapshot!(terminal.ask(-1, "cancel latest"), @r"
    exit 2
    --- stderr
    error: the run <run> is over: success
    hint: there is nothing to cancel
    ");
}

/// A terminal in whose home a run was interrupted, which another program has begun.
fn interrupted(begun_with: impl FnOnce(&mut Pinned)) -> Terminal {
    interrupted_of(&pages("pages", -1), begun_with)
}

fn interrupted_of(job: &Job, begun_with: impl FnOnce(&mut Pinned)) -> Terminal {
    let raw: Arc<dyn Storage> = Arc::new(Memory::new());
    let id = RunId::from_u128(0x019a_5f3c_0001_7000_8000_0000_0000_0001);
    let runner = job.runner().max_concurrent(1).run_id(id);
    runner.record(&raw).run_blocking().expect("it succeeds");
    let mut events = Vec::new();
    let read = raw.events(id).expect("events").events(0, true, &mut |logged| {
        events.push(logged.event);
        ControlFlow::Continue(())
    });
    read.expect("events");
    cut(&mut events, "STEP_START", "load[2]");
    let (mut record, mut pinned) = (raw.run(id).expect("a run"), raw.pinned(id).expect("a run"));
    record.tell(&RunView::of(Detail::Counts, &events));
    begun_with(&mut pinned);
    let terminal = Terminal::new();
    let entries: Vec<_> = events.into_iter().map(Entry::from).collect();
    terminal.0.create(&record, &pinned).expect("a run").commit(&entries).expect("in memory");
    terminal
}

#[test]
fn a_program_that_was_built_anew_says_so_when_it_goes_on() {
    let same = interrupted(|_| ()).ask(-1, "resume latest --progress none");
    assert!(!same.contains("what is done stands"), "{same}");
    let anew = interrupted(|begun| begun.program.build = Some("1 bytes, 2026-11-20T14:00:00Z".to_owned()));
    insta::assert_snapshot!(anew.ask(-1, "resume latest --progress none"), @r"
    exit 0
    --- stderr
    run 019a5f3c-0001-7000-8000-000000000001, recorded in memory
    the program was built anew since the run began: what is done stands, what is left runs by the new code
    ────────────
         Success [<time>] pages: 4 steps: 4 succeeded
         Resumed [        ] once, 2 attempts interrupted
    ");
    let another = interrupted(|begun| {
        begun.program.build = Some("1 bytes, 2026-11-20T14:00:00Z".to_owned());
        begun.program.executable = Some("/srv/dex".to_owned());
    });
    let told = another.ask(-1, "resume latest --progress none");
    let said = told.lines().nth(3).expect("a line");
    insta::assert_snapshot!(said, @"the run was begun by another executable, `/srv/dex`: what is done stands, what is left runs by the new code");
}

/// Says to whom a text is shown that it was.
struct Shown(&'static str, mpsc::Sender<()>);

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains(self.0) {
            let _ = self.1.send(());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn of_two_who_cancel_a_run_that_nobody_holds_one_ends_it_and_the_other_waits_for_that() {
    let Terminal(storage) = interrupted(|_| ());
    let id = storage.runs(&RunQuery::default()).expect("runs")[0].id;
    let homes = Homes::Given(Arc::clone(&storage) as Arc<dyn Storage>);
    let around = Around { homes, ..Around::of(EnvVars::none()) };
    let of = RunOfArgs { run: "latest".to_owned(), home: HomeArgs::default() };
    let args = CancelArgs { of, within: Duration::from_secs(25) };
    let output = OutputArgs { quiet: false, verbose: false, color: ColorChoice::Never };
    let ((begins, begun), (waits, waited)) = (mpsc::channel(), mpsc::channel());
    let waited = Mutex::new(waited);
    // The first ends the run as long as the second does not wait.
    let hook = HookDef::run_builder("tell").blocking(move |_| {
        begins.send(())?;
        waited.lock().unwrap_or_else(PoisonError::into_inner).recv()?;
        Ok(())
    });
    let definitions = program(-1).expect("a program").with_hook(&hook);
    let cancel =
        |printer: Printer| end_or_wait(&args, &definitions, &around, (&*storage, id), &Arc::new(printer));
    let err = Kept::default();
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| cancel(Printer::to(io::sink(), err.clone(), output)));
        begun.recv().expect("it ends the run");
        let second = cancel(Printer::to(io::sink(), Shown("is ending it, and is waited for", waits), output));
        (first.join().expect("no panic"), second)
    });
    assert_eq!((first, second), (Exit::Success, Exit::Success));
    assert_eq!(err.text(), format!("the run {id} is canceled\n"));
}

/// The pages as they were, and as they are since a line of `load` was mended.
mod sources {
    pub(super) mod before {
        use crate::prelude::*;

        #[crate::op]
        fn extract() -> Dynamic<i64> {
            Dynamic::from_values(0..3)
        }

        #[crate::op]
        fn load(x: i64) -> i64 {
            x
        }

        #[crate::job(name = "pages", max_concurrent = 1)]
        pub(in crate::cli::tests::recorded) fn pages() {
            extract().map(load);
        }
    }

    pub(super) mod now {
        use crate::prelude::*;

        #[crate::op]
        fn extract() -> Dynamic<i64> {
            // A comment is no code.
            Dynamic::from_values(0..3)
        }

        #[crate::op]
        fn load(x: i64) -> i64 {
            x + 1
        }

        #[crate::job(name = "pages", max_concurrent = 1)]
        pub(in crate::cli::tests::recorded) fn pages() {
            extract().map(load);
        }
    }
}

#[test]
fn ops_whose_code_changed_under_the_same_plan_are_named_when_a_run_goes_on() {
    let before = |begun: &mut Pinned| begun.program.build = Some("1 bytes, 2026-11-20T14:00:00Z".to_owned());
    let now = || Ok(Definitions::new().job(sources::now::pages()));
    let said = |told: &str, word: &str| {
        told.lines().find(|line| line.contains(word)).expect("it is told").to_owned()
    };
    let other = interrupted_of(&sources::before::pages(), before);
    let told = other.ask_of(now, "resume latest --progress none --json");
    insta::assert_snapshot!(said(&told, "what is done stands"), @"the program was built anew since the run began, with other code of `load`: what is done stands, what is left runs by the new code");
    assert!(told.contains(r#""event":"RUN_RESUMED","other_code":["load"]}"#), "{told}");
    // Its log keeps it.
    let logged = other.ask_of(now, "logs latest --events");
    assert!(logged.contains("RUN_RESUMED, with other code of `load`"), "{logged}");
    let same = interrupted_of(&sources::now::pages(), before);
    insta::assert_snapshot!(said(&same.ask_of(now, "resume latest --progress none"), "what is done stands"), @"the program was built anew since the run began, and no op's own code is known to have changed, though what it calls may have: what is done stands, what is left runs by the new code");
    // A run that was begun when programs did not tell of their code yet goes on as it did.
    let unknown = interrupted_of(&sources::before::pages(), |begun| {
        before(begun);
        begun.code.clear();
    });
    insta::assert_snapshot!(said(&unknown.ask_of(now, "resume latest --progress none"), "what is done stands"), @"the program was built anew since the run began: what is done stands, what is left runs by the new code");
}

#[test]
fn hints_name_the_program_and_its_folder() {
    let folder = std::env::temp_dir().join(format!("orch-hints-{}", std::process::id()));
    let home = format!("--home {}", folder.display());
    let ask = |args: &str| session(|| program(-1), &format!("{args} {home}")).replace(&home, "--home DIR");
    ask("run --progress none");
    let told = ask("resume latest");
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    insta::assert_snapshot!(told, @r"
    exit 2
    --- stderr
    error: the run <run> is over: success
    hint: make a new run of it: `program rerun <run> --all --home DIR`
    ");
}
