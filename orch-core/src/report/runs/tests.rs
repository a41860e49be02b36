use std::collections::BTreeMap;

use super::*;
use crate::event::sample::{at, path, pokemon};
use crate::event::{Detail, RunView};
use crate::ids::RunId;
use crate::report::digits;

fn run(bits: u128, job: &str, created: u64) -> RunRecord {
    RunRecord::new(RunId::from_u128(bits << 64), job, BTreeMap::new(), at(created))
}

fn all() -> Vec<(RunRecord, RunState)> {
    let mut failed = run(0x019a_5f3c_1b2c_7000, "pokemon", 0);
    failed.tell(&RunView::of(Detail::Counts, pokemon().events()));
    failed.tags = [("env", "test"), ("note", "two\nlines")].map(|(k, v)| (k.into(), v.into())).into();
    vec![
        (run(0x019a_5f3c_ffff_7000, "hello", 3_600_000), RunState::Running),
        (run(0x019a_5f3c_aaaa_7000, "hello", 7000), RunState::Interrupted),
        (failed, RunState::Failure),
    ]
}

fn told(exact: bool) -> String {
    let all = all();
    let digits = digits(all.iter().map(|(run, _)| run.id));
    runs(&all, &Listed { now: at(3_605_000), digits, exact, palette: Palette::Plain })
}

#[test]
fn runs_are_listed_with_what_they_came_to() {
    insta::assert_snapshot!(told(false), @r"
    run         job      status       when     took  steps                      tags
    019a5f3c-f  hello    running      5s ago   5.0s
    019a5f3c-a  hello    interrupted  59m ago
    019a5f3c-1  pokemon  failure      1h ago   2.5s  5 ok, 1 failed, 2 skipped  env=test note=two ⏎ lines
    ");
    insta::assert_snapshot!(told(true), @r"
    run         job      status       when                  took  steps                      tags
    019a5f3c-f  hello    running      2026-01-02 04:04:05Z  5.0s
    019a5f3c-a  hello    interrupted  2026-01-02 03:04:12Z
    019a5f3c-1  pokemon  failure      2026-01-02 03:04:05Z  2.5s  5 ok, 1 failed, 2 skipped  env=test note=two ⏎ lines
    ");
}

#[test]
fn as_json_a_run_has_all_that_its_record_has() {
    let (mut run, _) = all().remove(2);
    run.parent = Some(RunId::from_u128(1));
    run.first_failed = Some(path("select[200]"));
    let (json, record) = (run_as_json(&run, RunState::Failure), json!(run));
    for (key, value) in record.as_object().expect("fields") {
        assert_eq!(json[key], *value, "{key}");
    }
    let mut keys: Vec<_> = json.as_object().expect("fields").keys().cloned().collect();
    keys.sort();
    assert_eq!(keys.join(" "), "counts created ended first_failed id job parent root state status tags");
    // What is not there is null, and not left out.
    let (plain, state) = all().remove(0);
    insta::assert_snapshot!(run_as_json(&plain, state), @r#"{"id":"019a5f3c-ffff-7000-0000-000000000000","job":"hello","tags":{},"created":"2026-01-02T04:04:05Z","status":"running","state":"running","ended":null,"parent":null,"root":"019a5f3c-ffff-7000-0000-000000000000","counts":{"running":0,"open":0,"waiting_retry":0,"succeeded":0,"retried":0,"failed":0,"canceled":0,"skipped":0,"memoized":0,"retries":0,"items":0,"interrupted":0,"lost":0},"first_failed":null}"#);
}
