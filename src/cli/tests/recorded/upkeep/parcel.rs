//! A run that is carried from one folder to another.

use super::*;

#[test]
fn a_run_travels_in_one_file() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("runs export 019a5f3c-0002 PLACE/run.orch"), @r"
    exit 0
    --- stderr
    the run 019a5f3c-0002-7000-8000-000000000002 of `dex`, <size>, is in `PLACE/run.orch`
    ");
    insta::assert_snapshot!(kept.session("runs import PLACE/run.orch --home PLACE/other"), @r"
    exit 0
    --- stderr
    the run 019a5f3c-0002-7000-8000-000000000002 of `dex`, <size>, is in `PLACE/other`
    ");
    insta::assert_snapshot!(kept.session("runs --home PLACE/other"), @r"
    exit 0
    --- stdout
    run       job  status   when    took  steps                      tags
    019a5f3c  dex  failure  4h ago  3.2s  4 ok, 1 failed, 3 skipped  env=prod
    ");
    assert_eq!(
        kept.session("show latest --steps --home PLACE/other"),
        kept.session("show 019a5f3c-0002 --steps")
    );
}

#[test]
fn a_run_that_was_made_of_another_needs_that_to_be_made_anew() {
    let kept = Recorded::new();
    kept.session("run pages --progress none");
    kept.session("rerun latest:pages --select load[1] --progress none");
    insta::assert_snapshot!(kept.session("runs export latest:pages PLACE/run.orch"), @r"
    exit 0
    --- stderr
    the run <run> of `pages`, <size>, is in `PLACE/run.orch`
    hint: it was made of the run <run> and may take values from there: to make it anew elsewhere, export that too
    ");
    kept.session("runs import PLACE/run.orch --home PLACE/other");
    insta::assert_snapshot!(kept.session("rerun latest --all --home PLACE/other"), @r"
    exit 2
    --- stderr
    error: the run <run> takes values of the run <run>, which is not recorded here
    hint: import that too, `runs import FILE`, or run the job anew
    ");
    kept.session("run bad_pages --progress none");
    kept.session("rerun latest:bad_pages --from-failure --progress none");
    kept.session("runs export latest:bad_pages PLACE/bad.orch");
    kept.session("runs import PLACE/bad.orch --home PLACE/other");
    insta::assert_snapshot!(kept.session("rerun latest:bad_pages --from-failure --progress none --home PLACE/other"), @r"
    exit 2
    --- stderr
    error: the run <run> takes values of the run <run>, which is not recorded here
    hint: import that too, `runs import FILE`, or run the job anew
    ");
}

#[test]
fn what_cannot_be_exported_is_told() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("runs export 77 PLACE/run.orch"), @r"
    exit 2
    --- stderr
    error: there is no run whose identifier begins with `77`
    hint: `program runs` lists the runs there are
    ");
    insta::assert_snapshot!(kept.session("runs export latest PLACE/run.orch --home PLACE/none"), @r"
    exit 2
    --- stderr
    error: nothing has been recorded in `PLACE/none` yet
    hint: run a job: `program run JOB`; `--home DIR` names another folder
    ");
    fs::write(kept.place.0.join("there"), "").expect("written");
    insta::assert_snapshot!(kept.session("runs export latest PLACE/there"), @r"
    exit 2
    --- stderr
    error: there is a file `PLACE/there` already
    hint: remove it, or choose another name
    ");
    assert!(!kept.place.0.join("run.orch").exists());
}

#[test]
fn what_cannot_be_imported_is_told() {
    let kept = Recorded::new();
    kept.session("runs export 019a5f3c-0001 PLACE/run.orch");
    insta::assert_snapshot!(kept.session("runs import PLACE/run.orch"), @r"
    exit 2
    --- stderr
    error: there is a run 019a5f3c-0001-7000-8000-000000000001 already
    hint: nothing was imported; `show` tells what became of that run
    ");
    insta::assert_snapshot!(kept.session("runs import PLACE/missing --home PLACE/none"), @r"
    exit 2
    --- stderr
    error: there is no file `PLACE/missing`
    hint: `runs export RUN FILE` writes one
    ");
    assert!(!kept.place.0.join("none").exists());
    fs::write(kept.place.0.join("text"), "this is no run").expect("written");
    insta::assert_snapshot!(kept.session("runs import PLACE/text"), @r"
    exit 3
    --- stderr
    error: `PLACE/text` cannot be opened: it is damaged (file is not a database)
    hint: nothing was imported; `runs export RUN FILE` writes such a file
    ");
    let parcel = rusqlite::Connection::open(kept.place.0.join("run.orch")).expect("a database");
    parcel.pragma_update(None, "user_version", 99).expect("changed");
    insta::assert_snapshot!(kept.session("runs import PLACE/run.orch --home PLACE/other"), @r"
    exit 3
    --- stderr
    error: `PLACE/run.orch` is of version 99, made by a newer orch; this program knows versions up to 1
    hint: build the program with that version of orch, or choose another folder with `--home`
    ");
    parcel.pragma_update(None, "user_version", 1).expect("changed");
    assert!(kept.session("runs import PLACE/text --home PLACE/other").starts_with("exit 3"));
    parcel.execute("UPDATE run SET record = '{}'", []).expect("changed");
    insta::assert_snapshot!(kept.session("runs import PLACE/run.orch --home PLACE/other"), @r"
    exit 3
    --- stderr
    error: `PLACE/run.orch` is damaged: it does not say which run it is: missing field `id` at line 1 column 2
    hint: nothing was imported; `runs export RUN FILE` writes such a file
    ");
    assert!(!kept.place.0.join("other").exists(), "no folder is made for what is not imported");
    assert_eq!(kept.left(), [4, 3, 2, 1]);
}
