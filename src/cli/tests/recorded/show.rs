use super::*;

#[test]
fn a_run_is_shown_with_what_it_was_begun_with_and_what_became_of_it() {
    insta::assert_snapshot!(asked("show 019a5f3c-0003 --steps"), @r"
    exit 0
    --- stdout
    run          019a5f3c-0003-7000-8000-000000000003
    job          dex
    status       failure
    begun        2026-11-20 10:59:00Z, 3h ago
    took         3.2s
    tags         env=prod team=data
    program      /srv/dex, orch 0.1.0
    ────────────
         Failure [    3.2s] dex: 8 steps: 4 succeeded, 1 failed, 3 skipped
          Failed [   400ms] load[1] after 2 attempts
                 cannot store page 1
                   caused by: disk full
                   hint: delete something

    op      steps                  attempts  time   longest
    pages   1 succeeded            1         2.0s   2.0s
    load    2 succeeded, 1 failed  4         1.6s   400ms [0]
    merge   1 skipped
    report  1 skipped
    pick    1 succeeded            1         100ms  100ms
    note    1 skipped

       Succeeded [    2.0s] pages
       Succeeded [   400ms] load[0]
          Failed [    2.0s] load[1]
                 #1 at 0.900s, took 400ms: cannot store page 1: disk full
                 #2 at 2.500s, took 400ms: cannot store page 1: disk full
       Succeeded [   400ms] load[2]
       Succeeded [   100ms] pick
         Skipped [        ] note: pick left its output out
         Skipped [        ] merge: load[1] failed
         Skipped [        ] report: load[1] failed
    ");
}

#[test]
fn a_run_under_way_is_shown_as_far_as_it_has_come() {
    insta::assert_snapshot!(asked("show latest --steps"), @"
    exit 0
    --- stdout
    run          019a5f3c-0006-7000-8000-000000000006
    job          dex
    status       running, by process 4242 on `this machine`
    begun        2026-11-20 13:59:00Z, 1m ago
    tags         env=prod
    program      /srv/dex, orch 0.1.0
    ────────────
         Running [   1m 0s] dex: 6 steps: 1 running, 4 succeeded, 1 skipped

    op      steps                   attempts  time   longest
    pages   1 succeeded             1         2.0s   2.0s
    load    1 running, 2 succeeded  4         58.7s  57.5s [1]
    merge   not begun
    report  not begun
    pick    1 succeeded             1         100ms  100ms
    note    1 skipped

       Succeeded [    2.0s] pages
       Succeeded [   400ms] load[0]
         Running [   59.1s] load[1]
                 #1 at 0.900s, took 400ms: cannot store page 1: disk full
                 #2 at 2.500s, for 57.5s
       Succeeded [   400ms] load[2]
       Succeeded [   100ms] pick
         Skipped [        ] note: pick left its output out
    ");
}

#[test]
fn a_run_that_was_interrupted_is_shown_as_such() {
    insta::assert_snapshot!(asked("show 019a5f3c-0005"), @r"
    exit 0
    --- stdout
    run          019a5f3c-0005-7000-8000-000000000005
    job          dex
    status       interrupted
    begun        2026-11-20 12:59:00Z, 1h ago
    program      /srv/dex, orch 0.1.0
    ────────────
     Interrupted [    1.5s] dex: 4 steps: 1 running, 1 open, 1 to retry, 1 succeeded

    op      steps                               attempts  time   longest
    pages   1 open                              1
    load    1 running, 1 to retry, 1 succeeded  3         800ms  400ms [0]
    merge   not begun
    report  not begun
    pick    not begun
    note    not begun
    ");
}

#[test]
fn as_json_a_run_is_one_object() {
    let told = asked("show 019a5f3c-0003 --json");
    let json = told.strip_prefix("exit 0\n--- stdout\n").expect("data");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let keys: Vec<_> = json.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys.join(" "), "run holder begun_with ops steps");
    assert_eq!(json["run"]["state"], "failure");
    let failed = json["steps"].as_array().expect("steps").iter().find(|step| step["path"] == "load[1]");
    insta::assert_snapshot!(format!("{:#}", failed.expect("the step")), @r#"
    {
      "path": "load[1]",
      "state": "failed",
      "of": null,
      "cause": null,
      "took": {
        "secs": 2,
        "nanos": 0
      },
      "attempts": [
        {
          "number": 1,
          "ready": "2026-11-20T10:59:00.9Z",
          "start": "2026-11-20T10:59:00.9Z",
          "opened": null,
          "end": "2026-11-20T10:59:01.3Z",
          "error": {
            "kind": "error",
            "message": "cannot store page 1",
            "causes": [
              "disk full"
            ],
            "hint": "delete something"
          }
        },
        {
          "number": 2,
          "ready": "2026-11-20T10:59:02.5Z",
          "start": "2026-11-20T10:59:02.5Z",
          "opened": null,
          "end": "2026-11-20T10:59:02.9Z",
          "error": {
            "kind": "error",
            "message": "cannot store page 1",
            "causes": [
              "disk full"
            ],
            "hint": "delete something"
          }
        }
      ]
    }
    "#);
    let skipped = json["steps"].as_array().expect("steps").iter().find(|step| step["path"] == "report");
    insta::assert_snapshot!(skipped.expect("the step"), @r#"{"path":"report","state":"skipped","of":null,"cause":{"failed":"load[1]"},"took":null,"attempts":[]}"#);
    insta::assert_snapshot!(json["ops"][1], @r#"{"name":"load","mapped":true,"counts":{"running":0,"open":0,"waiting_retry":0,"succeeded":2,"retried":0,"failed":1,"canceled":0,"skipped":0,"memoized":0,"retries":1,"items":0,"interrupted":0,"lost":0}}"#);
}

#[test]
fn the_chart_is_that_of_run() {
    let told = asked("show 019a5f3c-0003 --gantt");
    assert!(told.contains("\nload[2] ") && told.contains("░ queued"), "{told}");
    let file = std::env::temp_dir().join(format!("orch-shown-{}.svg", std::process::id()));
    let told = asked(&format!("show 019a5f3c-0005 --json --gantt {}", file.display()));
    assert!(told.contains("the chart is in "), "{told}");
    assert!(std::fs::read_to_string(&file).expect("the chart").starts_with("<svg"));
    std::fs::remove_file(&file).expect("the chart goes");
}

#[test]
fn what_is_under_way_lasts_until_it_is_looked_at() {
    let told = asked("show latest --gantt");
    insta::assert_snapshot!(told.lines().find(|line| line.starts_with("load[1] ")).expect("a row"), @"load[1]  ▒╌█████████████████████████████████████████████████████████████████████████   59.1s running");
    // Nobody knows it of one that was interrupted.
    let interrupted = asked("show 019a5f3c-0005 --steps");
    assert!(interrupted.contains(" Running [        ] load[2]"), "{interrupted}");
}
