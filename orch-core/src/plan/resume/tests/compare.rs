//! A program that has changed since the run began.

use insta::assert_snapshot;

use super::*;
use crate::graph::{Handle as _, lit};

fn told(before: &Job, now: &Job) -> String {
    let changes: Vec<_> = before.plan().changes_to(&now.plan()).iter().map(ToString::to_string).collect();
    changes.join("\n")
}

fn before() -> Job {
    job(|| {
        let setup = step("setup", &[]);
        let loaded = source("extract", &[]).map(|page| step("clean", &[page, setup]));
        sum("sum", loaded.collect());
        step("old", &[setup]);
    })
}

#[test]
fn plans_that_differ_in_what_is_for_people_do_not_differ() {
    assert_eq!(told(&before(), &before()), "");
    // A step more moves all numbers.
    let now = job(|| {
        step("new", &[]);
        let setup = step("setup", &[]);
        let loaded = source("extract", &[]).map(|page| step("clean", &[page, setup]));
        sum("sum", loaded.collect());
        step("old", &[setup]);
    });
    assert_snapshot!(told(&before(), &now), @"`new` is new: it runs");
    assert_snapshot!(told(&now, &before()), @"`new` is no longer there: if it has run, that stands; if it has not, it does not run");
}

#[test]
fn each_change_says_what_it_means() {
    let now = job(|| {
        let setup = maybe("setup");
        let loaded = source("extract", &[]).map(|page| step("clean", &[step("trim", &[page]), setup, setup]));
        sum("sum", loaded.collect());
        let op = OpDef::builder("older").input::<i64>("x0").code_version("2").returns::<Plain>();
        let op = Arc::new(op.blocking(|mut args| args.take::<i64>(0)));
        source("again", &[]).map(|page| Call::of(&op).input::<i64>(page).place::<Plain>().named("old"));
    });
    assert_snapshot!(told(&before(), &now), @r"
    `setup` gives `result` as optional `i64` now, and not as `i64`: what it has given is not used; if it has run and that is needed, it runs again
    `trim` is new: it runs
    `clean` takes its input `x0` from `trim` now, and not from `each extract`: if it has run, it stays as it is; if it has not, it runs in the new way
    `clean` has a new input `x2` from `setup` as `i64`: if it has run, it stays as it is; if it has not, it runs in the new way
    `again` is new: it runs
    `old` calls `older` now, and not `old`: if it has run, it stays as it is; if it has not, it runs in the new way
    `old` is mapped over `again` now: what has run under a path that there still is stays as it is; all else runs
    `old` takes its input `x0` from `each again` now, and not from `setup`: if it has run, it stays as it is; if it has not, it runs in the new way
    the code of `old` has version `2` now, and had none: if it has run, it stays as it is; if it has not, it runs in the new way
    ");
    let texts = |name: &str| {
        let op = OpDef::builder(name).input::<String>("x0").returns::<One<String, 0>>();
        let op = Arc::new(op.blocking(|mut args| args.take::<String>(0)));
        Call::of(&op).input::<String>(lit("text".to_owned())).place::<One<String, 0>>();
    };
    let one = |name: &'static str| job(|| step(name, &[step("a", &[])]));
    assert_snapshot!(told(&one("b"), &job(|| texts("b"))), @r#"
    `b` takes its input `x0` from `"text"` as `String` now, and not from `a` as `i64`: if it has run, it stays as it is; if it has not, it runs in the new way
    `b` gives `result` as `String` now, and not as `i64`: what it has given is not used; if it has run and that is needed, it runs again
    `a` is no longer there: if it has run, that stands; if it has not, it does not run
    "#);
}

#[test]
fn what_a_changed_step_has_left_is_not_asked_for() {
    let now = job(|| {
        let setup = maybe("setup");
        let loaded = source("extract", &[]).map(|page| step("clean", &[page, setup]));
        sum("sum", loaded.collect());
    });
    let mut log = Log::new("job", &[]);
    done(&mut log, "setup");
    emitted(&mut log, "extract", &["a", "b"]);
    done(&mut log, "clean[a]");
    log.start("old");
    assert_snapshot!(taken_up_with(&now, &before().plan(), &log, &[]), @r"
    stays: clean[a], extract
    interrupted: old
    lost: setup
    asked for: extract: b, clean[a]
    ");
    done(&mut log, "clean[b]");
    assert_snapshot!(taken_up_with(&now, &before().plan(), &log, &[]), @r"
    stays: clean[a], clean[b], extract, setup
    interrupted: old
    asked for: clean[a], clean[b]
    ");
}

#[test]
fn a_step_that_gives_items_only_now_runs_again_for_what_is_mapped_over_them() {
    let before = job(|| step("a", &[]));
    let now = job(|| source("a", &[]).map(|item| step("b", &[item])));
    let mut log = Log::new("job", &[]);
    done(&mut log, "a");
    assert_snapshot!(taken_up_with(&now, &before.plan(), &log, &[]), @"lost: a");
}
