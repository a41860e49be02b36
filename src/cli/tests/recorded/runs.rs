use super::*;

#[test]
fn runs_are_listed_the_newest_first() {
    insta::assert_snapshot!(asked("runs"), @r"
    exit 0
    --- stdout
    run            job    status       when    took   steps                      tags
    019a5f3c-0006  dex    running      1m ago  1m 0s                             env=prod
    019a5f3c-0005  dex    interrupted  1h ago
    019a5f3c-0004  pages  success      2h ago  2.5s   4 ok
    019a5f3c-0003  dex    failure      3h ago  3.2s   4 ok, 1 failed, 3 skipped  env=prod team=data
    019a5f3c-0002  pages  success      4h ago  1.9s   4 ok                       env=test
    019a5f3c-0001  dex    canceled     5h ago  700ms  5 skipped
    ");
    insta::assert_snapshot!(asked("runs --verbose --limit 2"), @r"
    exit 0
    --- stdout
    run            job  status       when                  took   tags
    019a5f3c-0006  dex  running      2026-11-20 13:59:00Z  1m 0s  env=prod
    019a5f3c-0005  dex  interrupted  2026-11-20 12:59:00Z
    --- stderr
    these are the newest 2 runs; --limit shows more
    ");
}

#[test]
fn runs_are_found_by_what_they_are() {
    insta::assert_snapshot!(asked("runs --job pages --since 5h"), @r"
    exit 0
    --- stdout
    run            job    status   when    took  steps  tags
    019a5f3c-0004  pages  success  2h ago  2.5s  4 ok
    019a5f3c-0002  pages  success  4h ago  1.9s  4 ok   env=test
    ");
    insta::assert_snapshot!(asked("runs --status interrupted,failure --quiet"), @r"
    exit 0
    --- stdout
    run            job  status       when    took  steps                      tags
    019a5f3c-0005  dex  interrupted  1h ago
    019a5f3c-0003  dex  failure      3h ago  3.2s  4 ok, 1 failed, 3 skipped  env=prod team=data
    ");
    insta::assert_snapshot!(asked("runs --tag env=prod,team=data --quiet"), @r"
    exit 0
    --- stdout
    run       job  status   when    took  steps                      tags
    019a5f3c  dex  failure  3h ago  3.2s  4 ok, 1 failed, 3 skipped  env=prod team=data
    ");
    insta::assert_snapshot!(asked("runs --status running --since 2026-11-21"), @r"
    exit 0
    --- stderr
    there are no such runs
    ");
    // All that is not over is looked at, but of those that are asked for only so many are shown.
    insta::assert_snapshot!(asked("runs --status success --limit 1 --quiet"), @r"
    exit 0
    --- stdout
    run       job    status   when    took  steps
    019a5f3c  pages  success  2h ago  2.5s  4 ok
    ");
}

#[test]
fn as_json_each_run_is_a_line() {
    insta::assert_snapshot!(asked("runs --json --status failure,interrupted"), @r#"
    exit 0
    --- stdout
    {"id":"019a5f3c-0005-7000-8000-000000000005","job":"dex","tags":{},"created":"2026-11-20T12:59:00Z","status":"running","state":"interrupted","ended":null,"parent":null,"root":"019a5f3c-0005-7000-8000-000000000005","counts":{"running":0,"open":0,"waiting_retry":0,"succeeded":0,"retried":0,"failed":0,"canceled":0,"skipped":0,"memoized":0,"retries":0,"items":0,"interrupted":0,"lost":0},"first_failed":null}
    {"id":"019a5f3c-0003-7000-8000-000000000003","job":"dex","tags":{"env":"prod","team":"data"},"created":"2026-11-20T10:59:00Z","status":"failure","state":"failure","ended":"2026-11-20T10:59:03.2Z","parent":null,"root":"019a5f3c-0003-7000-8000-000000000003","counts":{"running":0,"open":0,"waiting_retry":0,"succeeded":4,"retried":0,"failed":1,"canceled":0,"skipped":3,"memoized":0,"retries":1,"items":3,"interrupted":0,"lost":0},"first_failed":"load[1]"}
    "#);
}

#[test]
fn what_cannot_be_looked_for_is_told() {
    insta::assert_snapshot!(asked("runs --since yesterday"), @r"
    exit 2
    --- stderr
    error: invalid value 'yesterday' for '--since <WHEN>': write how long ago, with s, m, h, d or w: 30m, 2h, 7d; or a date or time in UTC: 2026-11-20, 2026-11-20T14:00:00Z

    For more information, try '--help'.
    ");
    assert!(
        asked("runs --status done").contains("[possible values: running, canceling, interrupted, success")
    );
    assert!(asked("runs --tag env").contains("a tag is written key=value"));
}

#[test]
fn a_job_without_runs_is_told_with_those_that_have_some() {
    insta::assert_snapshot!(asked("runs --job dexx"), @r"
    exit 0
    --- stderr
    there are no such runs
    hint: of the job `dexx` there are none; there are runs of `dex`, `pages`
    ");
    insta::assert_snapshot!(asked("runs --job dex --status success"), @r"
    exit 0
    --- stderr
    there are no such runs
    ");
}

#[test]
fn a_list_of_no_runs_at_most_is_refused() {
    insta::assert_snapshot!(asked("runs --limit 0"), @"
    exit 2
    --- stderr
    error: invalid value '0' for '--limit <RUNS>': write 1 or more

    For more information, try '--help'.
    ");
    assert_eq!(asked("backfill list --limit -1").lines().next(), Some("exit 2"));
    assert_eq!(asked("assets show orders --limit 0").lines().next(), Some("exit 2"));
}
