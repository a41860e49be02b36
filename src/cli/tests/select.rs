//! A part of a job.

use std::collections::BTreeMap;

use orch_core::io::{IoManager, Metadata, OutputAt};

use super::*;

/// As [`session`], where a selection may have blanks in it.
fn selected(command: &str, selections: &[&str]) -> String {
    let words = selections.iter().flat_map(|text| ["--select", text]);
    answered(one, &[command].into_iter().chain(words).collect::<Vec<_>>())
}

fn answered(definitions: impl FnOnce() -> Result<Definitions, Failure>, words: &[&str]) -> String {
    let (out, err) = (Kept::default(), Kept::default());
    let words = ["program"].iter().chain(words).map(Into::into);
    let exit = run_in(&in_memory(EnvVars::none()), words, None, definitions, |args| {
        Printer::to(out.clone(), err.clone(), args)
    });
    format!("exit {}\n{}{}", exit.code(), redacted(&out.text()), redacted(&err.text()))
}

#[test]
fn only_what_is_selected_runs() {
    insta::assert_snapshot!(selected("run", &["extract"]), @r"
    exit 0
    run <run>, recorded in memory
    <time>  RUN_START pages
    <time>  STEP_START extract
    <time>  STREAM_CLOSED extract result, 3 items
    <time>  STEP_SUCCESS extract (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] pages: 1 step: 1 succeeded
    ");
    assert_eq!(selected("run", &["+load"]).matches("STEP_SUCCESS").count(), 4);
    assert_eq!(selected("run", &["extract, load"]).matches("STEP_SUCCESS").count(), 4);
    assert_eq!(selected("run", &["extract", "load"]).matches("STEP_SUCCESS").count(), 4);
    insta::assert_snapshot!(selected("plan", &["extract"]), @r"
    exit 0
    job pages: Loads all pages.
      depth_first, 1 at once
    extract() -> dynamic i64
    ");
}

#[test]
fn what_cannot_be_read_is_shown_with_its_place() {
    insta::assert_snapshot!(selected("run", &["extract, lo*ad", "2+load", "load"]), @r"
    exit 2
    error: expected a blank or a comma, found `ad`, at column 13
      extract, lo*ad
                  ^^
      hint: `*` is no wildcard: behind a name it selects what depends on that step; to select several steps, write all their names
    error: expected a blank or a comma, found `load`, at column 3
      2+load
        ^^^^
      hint: there is a `+` for each step to go: `++load`
    ");
    insta::assert_snapshot!(selected("plan", &["lod+"]), @r"
    exit 2
    error: the job `pages` cannot be planned
    error: there is no step `lod`, at column 1
      lod+
      ^^^^
      hint: did you mean `load`? steps of this job: extract, load
    ");
}

#[test]
fn what_is_missing_is_told_before_anything_runs() {
    let told = selected("run", &["load"]);
    let told: Vec<_> = told.lines().filter(|line| !line.contains("-->")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    exit 2
    error: the job `pages` cannot be planned
    error: `load` takes `x` from `extract`, which is not selected, and there is no earlier run
      hint: select `extract` too, or give a value, `ops.load.inputs.x` of the configuration or `.input("load", "x", value)`, or give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`
    "#);
}

/// What was stored, by path.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, i64>>>);

impl IoManager<i64> for Shelf {
    fn store(&self, at: &OutputAt<'_>, value: &i64) -> Result<Metadata, Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(at.relative_path(), *value);
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64, Failure> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.get(&at.relative_path()).copied().ok_or_else(|| Failure::new("there is no such file"))
    }
}

#[test]
fn what_was_stored_takes_the_place_of_what_is_not_selected() {
    let shelf = Shelf::default();
    let definitions = || {
        let first = OpDef::builder("first").io("shelf").returns::<Number>().blocking(|_| Ok(1));
        let (first, second) = (Arc::new(first), op("second", Ok));
        let job = Job::compose(JobOptions::new("two"), || {
            Call::of(&second).input::<i64>(Call::of(&first).place::<Number>()).place::<Number>()
        });
        Ok(Definitions::new().job(job).io("shelf", shelf.clone()))
    };
    assert!(answered(definitions, &["run"]).starts_with("exit 0"));
    let run =
        shelf.0.lock().unwrap_or_else(PoisonError::into_inner).keys().next().cloned().unwrap_or_default();
    let run = run.split('/').next().unwrap_or_default();
    insta::assert_snapshot!(answered(definitions, &["run", "--select", "second", "--upstream", run]), @r"
    exit 0
    run <run>, recorded in memory
    <time>  RUN_START two
    <time>  STEP_START second
    <time>  STEP_SUCCESS second (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] two: 1 step: 1 succeeded
    ");
    insta::assert_snapshot!(answered(definitions, &["plan", "--select", "second", "--upstream", run]), @r"
    exit 0
    job two
      depth_first, as many at once as processors
    first() -> i64
      | given, does not run
    second(x: i64 <- first) -> i64
      | retry 1x
    ");
    let other = "01890000-0000-7000-8000-000000000000";
    let told = answered(definitions, &["run", "--select", "second", "--upstream", other]);
    let told: Vec<_> = told.lines().filter(|line| !line.contains("-->")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    exit 2
    error: the job `two` cannot be planned
    error: the IO manager `shelf` cannot load `result` of `first` from the earlier run: there is no such file
      hint: select `first` too
    ");
    insta::assert_snapshot!(answered(definitions, &["run", "--select", "second", "--upstream", "last"]), @r"
    exit 2
    error: invalid value 'last' for '--upstream <RUN>': the identifier of a run looks like 01890000-0000-7000-8000-000000000000

    For more information, try '--help'.
    ");
    assert!(answered(definitions, &["run", "--upstream", run]).contains("--select <STEPS>"));
}
