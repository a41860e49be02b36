//! A part of a job.

use super::*;

/// As [`session`], where an argument may have blanks in it.
fn selected(command: &str, selections: &[&str]) -> String {
    let (out, err) = (Kept::default(), Kept::default());
    let words = ["program", command].into_iter().chain(selections.iter().flat_map(|text| ["--select", text]));
    let exit = run_with(words.map(Into::into), None, one, EnvVars::none(), |args| {
        Printer::to(out.clone(), err.clone(), args)
    });
    format!("exit {}\n{}{}", exit.code(), redacted(&out.text()), redacted(&err.text()))
}

#[test]
fn only_what_is_selected_runs() {
    insta::assert_snapshot!(selected("run", &["extract"]), @r"
    exit 0
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
      hint: select `extract` too, or give a value, `.input("load", "x", value)`, or give an earlier run that has kept it, `.upstream(&run)`
    "#);
}
