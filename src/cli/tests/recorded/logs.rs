use std::thread;

use orch_core::storage::Storage;

use super::*;

#[test]
fn what_steps_logged_is_printed_as_it_was_while_they_ran() {
    insta::assert_snapshot!(asked("logs 019a5f3c-0003"), @r"
    exit 0
    --- stdout
       0.500  LOG load[0] info: storing page=0
       1.100  LOG load[1] info: storing page=1
       1.200  LOG load[1] error: Disk full
       1.700  LOG load[2] info: storing page=2
       2.700  LOG load[1] info: storing page=1
       2.800  LOG load[1] error: Disk full
    ");
}

#[test]
fn lines_are_found_by_step_level_and_text() {
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --step load[2]"), @r"
    exit 0
    --- stdout
       1.700  LOG load[2] info: storing page=2
    ");
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --step load --level warn"), @r"
    exit 0
    --- stdout
       1.200  LOG load[1] error: Disk full
       2.800  LOG load[1] error: Disk full
    ");
    assert_eq!(asked("logs 019a5f3c-0003 --grep disk"), asked("logs 019a5f3c-0003 --level error"));
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --step pages"), @r"
    exit 0
    --- stderr
    there are no such lines
    ");
}

#[test]
fn the_whole_story_is_that_of_run() {
    insta::assert_snapshot!(asked("logs 019a5f3c-0004 --events"), @r"
    exit 0
    --- stdout
       0.000  RUN_START pages
       0.100  STEP_START extract
       0.200  STEP_OUTPUT extract result[0]
       0.300  STEP_START load[0]
       0.400  STEP_INPUT load[0] x
       0.500  STEP_OUTPUT load[0] result
       0.600  STEP_SUCCESS load[0] (took 300ms)
       0.700  STEP_OUTPUT extract result[1]
       0.800  STEP_START load[1]
       0.900  RUN_RESUMED
       1.000  STEP_INTERRUPTED load[1] #1
       1.100  STEP_LOST load[0]: it was kept in memory alone
       1.200  STEP_RESTARTED load[0] #2
       1.300  STEP_SUCCESS load[0] #2 (took 100ms)
       1.400  STEP_RESTARTED load[1] #2
       1.500  STEP_INPUT load[1] x
       1.600  STEP_OUTPUT load[1] result
       1.700  STEP_SUCCESS load[1] #2 (took 300ms)
       1.800  STEP_OUTPUT extract result[2]
       1.900  STEP_START load[2]
       2.000  STEP_INPUT load[2] x
       2.100  STEP_OUTPUT load[2] result
       2.200  STEP_SUCCESS load[2] (took 300ms)
       2.300  STREAM_CLOSED extract result, 3 items
       2.400  STEP_SUCCESS extract (took 2.3s)
       2.500  RUN_SUCCESS (took 2.5s)
    ");
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --events --step report"), @r"
    exit 0
    --- stdout
       3.100  STEP_SKIPPED report: load[1] failed
    ");
}

#[test]
fn as_json_lines_are_events() {
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --json --step load[2]"), @r#"
    exit 0
    --- stdout
    {"time":"2026-11-20T10:59:01.7Z","run":"019a5f3c-0003-7000-8000-000000000003","step":"load[2]","attempt":1,"event":"LOG","level":"info","target":"orch::cli::tests::recorded::fixture::dex","message":"storing","fields":{"page":"2"}}
    "#);
    let all = asked("logs 019a5f3c-0003 --json --events");
    assert!(all.contains(r#""event":"RUN_FAILURE""#), "{all}");
}

#[test]
fn what_is_followed_ends_with_the_run() {
    let (followed, looked_at) = (asked("logs 019a5f3c-0003 --follow"), asked("logs 019a5f3c-0003"));
    // And says how it ended.
    let end = followed.strip_prefix(&looked_at).expect("the same lines");
    assert!(end.contains("Failure [    3.2s] dex: 8 steps: 4 succeeded, 1 failed, 3 skipped"), "{end}");
    // Or when nobody is there any more who would go on with it.
    insta::assert_snapshot!(asked("logs 019a5f3c-0005 --follow"), @r"
    exit 1
    --- stdout
       0.500  LOG load[0] info: storing page=0
       1.100  LOG load[1] info: storing page=1
       1.200  LOG load[1] error: Disk full
    --- stderr
    the run was interrupted: nobody runs it any more
    ");
}

#[test]
fn what_happens_while_a_run_is_followed_is_told() {
    let kept = Fixture::empty();
    let storage = Arc::clone(&kept.storage) as Arc<dyn Storage>;
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    let waits = op("waits", move |n| {
        let _ = begun.send(());
        let _ = may_go.lock().expect("nobody panics").recv();
        Ok(n)
    });
    let job = Job::compose(JobOptions::new("waits"), || {
        Call::of(&waits).input::<i64>(lit(1_i64)).place::<Number>()
    });
    let told = thread::scope(|scope| {
        scope.spawn(|| job.runner().record(&storage).run_blocking());
        has_begun.recv().expect("the step begins");
        let followed = scope.spawn(move || kept.session("logs latest --events --follow"));
        go.send(()).expect("the step waits");
        followed.join().expect("nobody panics")
    });
    let lines = told.lines().skip(2).take_while(|line| *line != "--- stderr");
    let kinds = lines.filter_map(|line| line.get(10..)?.split(' ').next());
    assert_eq!(
        kinds.collect::<Vec<_>>().join(" "),
        "RUN_START STEP_START STEP_INPUT STEP_OUTPUT STEP_SUCCESS RUN_SUCCESS"
    );
}

#[test]
fn a_step_that_is_written_wrongly_is_told_by_its_name() {
    insta::assert_snapshot!(asked("logs 019a5f3c-0003 --step load["), @"
    exit 2
    --- stderr
    error: `load[`: not a step path: expected `]` at column 6
    hint: write `load`, or `load[100]` for one copy
    ");
    insta::assert_snapshot!(asked("why 019a5f3c-0003 load["), @"
    exit 2
    --- stderr
    error: `load[`: not a step path: expected `]` at column 6
    hint: write `load`, or `load[100]` for one copy
    ");
}
