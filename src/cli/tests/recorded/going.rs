//! Runs that go on, and runs that are made of others.

use super::*;

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
        let homes = Homes::Given(Arc::clone(&self.0) as Arc<dyn orch_core::storage::Storage>);
        session_around(&Around { homes, ..Around::of(EnvVars::none()) }, || program(bad), args)
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
    hint: make a new run of it: rerun <run> --all
    ");
    insta::assert_snapshot!(terminal.ask(-1, "cancel latest"), @r"
    exit 2
    --- stderr
    error: the run <run> is over: success
    hint: there is nothing to cancel
    ");
}
