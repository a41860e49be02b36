//! Old runs are removed when a run has ended.

use super::*;

/// What is said after the summary of a run: in its last lines.
fn end(told: &str) -> String {
    let exit = told.lines().next().unwrap_or_default();
    let lines = told.lines().skip_while(|line| !line.starts_with("removed") && !line.starts_with("warning"));
    std::iter::once(exit).chain(lines).collect::<Vec<_>>().join("\n")
}

#[test]
fn by_default_so_much_is_kept_that_nothing_is_said() {
    let kept = Recorded::new();
    insta::assert_snapshot!(end(&kept.session("run pages --progress none")), @"exit 0");
    assert_eq!(kept.left(), [4, 3, 2, 1]);
}

#[test]
fn the_run_that_has_ended_stays_and_older_ones_go() {
    let kept = Recorded::new();
    let few = [("ORCH_KEEP", "runs=0")];
    insta::assert_snapshot!(end(&kept.session_with(&few, "run bad_pages --progress none")), @r"
    exit 1
    removed 2 old runs, <size>; ORCH_KEEP says what is kept
    ");
    assert_eq!(kept.left(), [4, 3]);
    let folder = Folder::open(&kept.home, Durability::Normal).expect("a folder");
    let runs = || folder.runs(&RunQuery { job: Some("bad_pages".to_owned()), ..RunQuery::default() });
    let first = runs().expect("a list");
    assert_eq!(first.len(), 1);
    let again = kept.session_with(&few, &format!("rerun {} --all --progress none", first[0].id));
    insta::assert_snapshot!(end(&again), @"exit 1");
    assert_eq!(runs().expect("a list").len(), 2, "the one it was made from stays");
    insta::assert_snapshot!(end(&kept.session_with(&few, "resume 019a5f3c-0003 --progress none")), @r"
    exit 0
    removed 2 old runs, <size>; ORCH_KEEP says what is kept
    ");
    assert_eq!((kept.left(), runs().expect("a list").len()), (vec![4, 3], 0));
    // Quiet is quiet.
    let quiet = kept.session_with(&few, "run pages --progress none --quiet");
    insta::assert_snapshot!(quiet, @"exit 0");
    assert_eq!(kept.left(), [4]);
}

#[test]
fn who_wants_all_runs_keeps_all() {
    let kept = Recorded::new();
    insta::assert_snapshot!(end(&kept.session_with(&[("ORCH_KEEP", "off")], "run pages --progress none")), @"exit 0");
    insta::assert_snapshot!(end(&kept.session_with(&[("ORCH_KEEP", "run=1")], "run pages --progress none")), @r"
    exit 0
    warning: ORCH_KEEP is `run=1`, which cannot be read: `run` is none of `runs`, `days`, `bytes`; no old runs are removed
    hint: write limits, `ORCH_KEEP=runs=1000,days=30,bytes=10GB` or some of them, or `ORCH_KEEP=off` to keep all runs
    ");
    let unrecorded = kept.session_with(&[("ORCH_KEEP", "runs=0")], "run pages --progress none --no-record");
    insta::assert_snapshot!(end(&unrecorded), @"exit 0");
    assert_eq!(kept.left(), [4, 3, 2, 1]);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_removed_changes_no_exit_code() {
    let kept = Recorded::new();
    fs::write(kept.home.join("runs/00000000-0000-0000-0000-000000000005"), "no folder").expect("written");
    insta::assert_snapshot!(end(&kept.session("run pages --progress none")), @"
    exit 0
    warning: old runs cannot be removed: `PLACE/home/runs/00000000-0000-0000-0000-000000000005` cannot be read: a file is where a folder should be
    hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    ");
    insta::assert_snapshot!(end(&kept.session("run bad_pages --progress none")), @"
    exit 1
    warning: old runs cannot be removed: `PLACE/home/runs/00000000-0000-0000-0000-000000000005` cannot be read: a file is where a folder should be
    hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    ");
    insta::assert_snapshot!(kept.session("instance gc"), @"
    exit 3
    --- stderr
    error: `PLACE/home/runs/00000000-0000-0000-0000-000000000005` cannot be read: a file is where a folder should be
    hint: let the program write to the file and its folder, or choose another folder with `--home` or `ORCH_HOME`
    ");
}
