//! Runs that are over, under way or interrupted, looked back at.

mod damaged;
mod fixture;
mod going;
mod guide;
mod logs;
mod lost;
mod memos;
mod runs;
mod show;
mod upkeep;
mod why;

use fixture::Fixture;

use super::*;

/// What the program answers where the runs of the fixture are recorded.
fn asked(args: &str) -> String {
    Fixture::new().session(args)
}

#[test]
fn a_run_is_named_by_the_beginning_of_its_identifier_or_as_the_latest() {
    let status = |run: &str| {
        let told = asked(&format!("show {run}"));
        let line = told.lines().find(|line| line.starts_with("run ")).map(str::to_owned);
        line.unwrap_or(told).replace("run          ", "")
    };
    assert_eq!(status("latest"), "019a5f3c-0006-7000-8000-000000000006");
    assert_eq!(status("latest:pages"), "019a5f3c-0004-7000-8000-000000000004");
    assert_eq!(status("019a5f3c-0003"), "019a5f3c-0003-7000-8000-000000000003");
    // With dashes or without, in small letters or capitals.
    assert_eq!(status("019A5F3C0003"), status("019a5f3c-0003"));
}

#[test]
fn why_says_that_it_takes_an_asset_too() {
    let told = asked("why --help");
    let (begin, end) = (told.find("Usage:").unwrap(), told.find("Options:").unwrap());
    insta::assert_snapshot!(told[begin..end], @r"
    Usage: program why [OPTIONS] <RUN|ASSET> [STEP]

    Arguments:
      <RUN|ASSET>
              The run: the beginning of its identifier, `latest`, or `latest:JOB`; or the key of an asset

      [STEP]
              The step, `load[100]`; of a name without keys all copies are told of. Without it the run is meant
    ");
}

#[test]
fn a_run_that_is_not_there_is_told_with_what_to_write() {
    insta::assert_snapshot!(asked("show 77"), @r"
    exit 2
    --- stderr
    error: there is no run whose identifier begins with `77`
    hint: `program runs` lists the runs there are
    ");
    insta::assert_snapshot!(asked("logs latest:pokemon"), @"
    exit 2
    --- stderr
    error: there is no run of a job `pokemon`
    hint: there are runs of `dex`, `pages`
    ");
    insta::assert_snapshot!(asked("why last"), @r"
    exit 2
    --- stderr
    error: `last` names no run: write the beginning of its identifier, `latest`, or `latest:JOB` for the latest of a job
    hint: `program runs` lists the runs there are
    ");
    insta::assert_snapshot!(asked("show 019a5f3c"), @r"
    exit 2
    --- stderr
    error: 6 runs begin with `019a5f3c`:
      run            job    status       when    took   steps                      tags
      019a5f3c-0006  dex    running      1m ago  1m 0s                             env=prod
      019a5f3c-0005  dex    interrupted  1h ago
      019a5f3c-0004  pages  success      2h ago  2.5s   4 ok
      019a5f3c-0003  dex    failure      3h ago  3.2s   4 ok, 1 failed, 3 skipped  env=prod team=data
      019a5f3c-0002  pages  success      4h ago  1.9s   4 ok                       env=test
      019a5f3c-0001  dex    canceled     5h ago  700ms  5 skipped
    hint: write more of it
    ");
}

#[test]
fn a_step_that_is_not_there_is_told_with_the_nearest() {
    insta::assert_snapshot!(asked("why 019a5f3c-0003 laod[1]"), @r"
    exit 2
    --- stderr
    error: the run of `dex` has no step `laod[1]`
    hint: did you mean `load`?
    ");
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --step xyz"), @r"
    exit 2
    --- stderr
    error: the run of `dex` has no step `xyz`
    hint: its steps are: pages, load, merge, report, pick, note
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0003 load[1"), @r"
    exit 2
    --- stderr
    error: `load[1`: not a step path: expected `]` at column 7
    hint: write `load`, or `load[100]` for one copy
    ");
}

#[test]
fn where_nothing_has_been_recorded_no_folder_is_made() {
    let folder = std::env::temp_dir().join(format!("orch-none-{}", std::process::id()));
    let shown = folder.display().to_string();
    for command in ["runs", "show latest", "logs latest", "why latest"] {
        let told = session(one, &format!("{command} --home {shown}")).replace(&shown, "<home>");
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r"
            exit 2
            --- stderr
            error: nothing has been recorded in `<home>` yet
            hint: run a job: `program run JOB`; `--home DIR` names another folder
            ");
        }
        let told = session_in(EnvVars::none().with("ORCH_HOME", &*shown), one, command);
        assert!(told.contains("nothing has been recorded in `"), "{told}");
    }
    assert!(!folder.exists());

    // A folder of something else is left as it is.
    std::fs::create_dir_all(folder.join("runs/today")).expect("a folder");
    let told = session(one, &format!("runs --home {shown}"));
    assert!(told.contains("nothing has been recorded in `"), "{told}");
    assert_eq!(folder.read_dir().expect("it is there").count(), 1);
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

#[test]
fn what_is_recorded_can_be_seen_without_definitions() {
    let kept = Fixture::new();
    let told = kept.session_of(|| Err(Failure::new("DATABASE_URL is not set")), "runs --limit 1 --quiet");
    assert!(told.starts_with("exit 0"), "{told}");
}

#[test]
fn in_an_empty_home_there_are_no_runs() {
    insta::assert_snapshot!(Fixture::empty().session("runs"), @r"
    exit 0
    --- stderr
    there are no runs
    ");
    insta::assert_snapshot!(Fixture::empty().session("show latest"), @r"
    exit 2
    --- stderr
    error: there are no runs
    hint: run a job: `program run JOB`
    ");
    insta::assert_snapshot!(Fixture::empty().session("runs --json"), @"exit 0");
}

#[test]
fn a_folder_is_read_as_any_storage() {
    use orch_core::storage::Storage;
    let folder = std::env::temp_dir().join(format!("orch-home-{}", std::process::id()));
    let storage = orch_sqlite::Folder::open(&folder, orch_sqlite::Durability::Normal).expect("a folder");
    let storage: Arc<dyn Storage> = Arc::new(storage);
    pages("pages", 1).runner().record(&storage).run_blocking().expect_err("page 1 fails");
    let ask = |args: &str| session(one, &format!("{args} --home {}", folder.display()));
    assert!(ask("runs").contains("pages  failure"), "{}", ask("runs"));
    assert!(ask("show latest").contains("cannot store page 1"), "{}", ask("show latest"));
    assert!(ask("why latest").contains("load[1] failed"), "{}", ask("why latest"));
    assert!(ask("logs latest --events --follow").contains("RUN_FAILURE"));
    drop(storage);
    // What cannot be read is the machine's and not the user's fault.
    std::fs::write(folder.join("instance.db"), "this is no database").expect("a file");
    let told = ask("runs");
    assert!(told.starts_with("exit 3"), "{told}");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

#[test]
fn a_file_in_the_place_of_the_folder_is_told() {
    let file = std::env::temp_dir().join(format!("orch-file-{}", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let told = session(|| Ok(Definitions::new()), &format!("runs --home {}", file.display()));
    std::fs::remove_file(&file).unwrap();
    insta::assert_snapshot!(told.replace(&file.display().to_string(), "FILE"), @r"
    exit 2
    --- stderr
    error: `FILE` is a file, and no folder
    hint: name the folder in which runs are recorded with `--home` or `ORCH_HOME`
    ");
}
