//! Running a part of a job: what runs, where the rest comes from, and what is refused.

mod nested;
mod stored;

use std::sync::Arc;

use insta::assert_snapshot;
use orch_core::define::{Dynamic, JobOptions, Limit, One, OpDef, Optional};
use orch_core::event::{Detail, RunView};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Handle as _, Job, enter_graph};
use orch_core::ids::RunId;
use orch_core::plan::ProblemKind;
use orch_core::run::{Run, RunError, Runner};

use super::problems::without_lines;
use super::support::{Many, Maybe, Notes, Plain, call, run_of, story};

/// Which calls of ops there were: `load 2`.
type Calls = Notes<String>;

fn op(
    name: &str,
    calls: &Calls,
    body: impl Fn(i64) -> Result<i64, Failure> + Send + Sync + 'static,
) -> Arc<OpDef> {
    let (calls, own) = (calls.clone(), name.to_owned());
    let op = OpDef::builder(name).input::<i64>("x").returns::<Plain>();
    Arc::new(op.blocking(move |mut args| {
        let x = args.take::<i64>(0)?;
        calls.add(format!("{own} {x}"));
        body(x)
    }))
}

fn source(name: &str, calls: &Calls, items: &'static [(&'static str, i64)]) -> Arc<OpDef> {
    let (calls, own) = (calls.clone(), name.to_owned());
    let op = OpDef::builder(name).returns::<Many>();
    Arc::new(op.blocking(move |_| {
        calls.add(own.clone());
        Ok(Dynamic::from_iter(items.iter().copied()))
    }))
}

fn sum(calls: &Calls) -> Arc<OpDef> {
    let calls = calls.clone();
    let op = OpDef::builder("sum").input::<Vec<i64>>("xs").returns::<Plain>();
    Arc::new(op.blocking(move |mut args| {
        let xs = args.take::<Vec<i64>>(0)?;
        calls.add(format!("sum {xs:?}"));
        Ok(xs.iter().sum())
    }))
}

/// `extract` → for each of its three items `trim` and `load` → `sum`; `bad` cannot be loaded.
struct Pages {
    calls: Calls,
    sum: Arc<OpDef>,
    job: Job,
}

fn pages_with(bad: i64) -> Pages {
    let calls = Calls::new();
    let extract = source("extract", &calls, &[("a", 1), ("b", 2), ("c", 3)]);
    let trim = op("trim", &calls, |x| Ok(x * 10));
    let load = op("load", &calls, move |x| if x == bad { Err(Failure::new("disk full")) } else { Ok(x + 1) });
    let sum = sum(&calls);
    let job = Job::compose(JobOptions::new("pages").max_concurrent(1), || {
        let loaded = Call::of(&extract)
            .place::<Many>()
            .map(|page| call(&load, &[enter_graph("clean", || call(&trim, &[page]))]));
        Call::of(&sum).input::<Vec<i64>>(loaded.collect()).place::<Plain>();
    });
    Pages { calls, sum, job }
}

fn pages() -> Pages {
    pages_with(-1)
}

fn part(job: &Job, selection: &str) -> Runner {
    let selection = selection.parse().unwrap_or_else(|error| panic!("{error}"));
    job.runner().keep_outputs().keep_events().select(selection)
}

fn refused(result: Result<Run, RunError>) -> (Vec<ProblemKind>, String) {
    let error = result.unwrap_err();
    let plan = error.plan_error().unwrap_or_else(|| panic!("{error}"));
    (plan.problems().iter().map(|problem| problem.kind()).collect(), without_lines(&error.to_string()))
}

fn output(run: &Run, op: &Arc<OpDef>) -> Vec<i64> {
    run.outputs_of::<Plain>(op).map(|(_, value)| *value).collect()
}

#[test]
fn only_what_is_selected_runs_and_takes_the_rest_from_an_earlier_run() {
    let Pages { calls, sum, job } = pages();
    let whole = job.run_blocking().unwrap();
    calls.take();
    let part = part(&job, "sum").upstream(&whole);
    assert_snapshot!(part.plan().unwrap(), @r"
    job pages
      depth_first, 1 at once
    extract() -> dynamic i64
      | given, does not run
    map extract
        load() -> i64
          | given, does not run
    sum(xs: Vec<i64> <- collect load) -> i64
    ");
    let run = part.run_blocking().unwrap();
    assert_eq!(calls.take(), ["sum [11, 21, 31]"]);
    assert_eq!(output(&run, &sum), [63]);
    assert_snapshot!(story(&run), @r"
    RUN_START
    STEP_START sum
    STEP_OUTPUT sum
    STEP_SUCCESS sum
    RUN_SUCCESS
    ");
}

#[test]
fn a_part_that_needs_nothing_needs_no_earlier_run() {
    let Pages { calls, job, .. } = pages();
    let part = part(&job, "extract, clean");
    assert_snapshot!(part.plan().unwrap(), @r"
    job pages
      depth_first, 1 at once
    extract() -> dynamic i64
    map extract
        clean.trim(x: i64 <- each extract) -> i64
    ");
    part.run_blocking().unwrap();
    assert_eq!(calls.take(), ["extract", "trim 1", "trim 2", "trim 3"]);
}

#[test]
fn one_item_runs_alone() {
    let Pages { calls, job, .. } = pages();
    let whole = job.run_blocking().unwrap();
    calls.take();
    let part = part(&job, "load[b]").upstream(&whole);
    assert_snapshot!(part.plan().unwrap(), @r"
    job pages
      depth_first, 1 at once
    extract() -> dynamic i64
      | given, does not run
    map extract
        clean.trim() -> i64
          | given, does not run
        load(x: i64 <- clean.trim) -> i64
          | only load[b]
    ");
    let run = part.run_blocking().unwrap();
    assert_eq!(calls.take(), ["load 20"]);
    assert_snapshot!(story(&run), @r"
    RUN_START
    STEP_START load[b]
    STEP_OUTPUT load[b]
    STEP_SUCCESS load[b]
    RUN_SUCCESS
    ");
}

#[test]
fn what_depends_on_one_item_has_all_the_others_too() {
    let Pages { calls, sum, job } = pages_with(20);
    let failed = job.run_blocking();
    let failed = run_of(&failed);
    // Someone has mended `load`.
    let mended = pages();
    let part = part(&mended.job, "load[b]*").upstream(failed);
    assert_snapshot!(part.plan().unwrap(), @r"
    job pages
      depth_first, 1 at once
    extract() -> dynamic i64
      | given, does not run
    map extract
        clean.trim() -> i64
          | given, does not run
        load(x: i64 <- clean.trim) -> i64
          | only load[b]
    sum(xs: Vec<i64> <- collect load) -> i64
    ");
    let run = part.run_blocking().unwrap();
    assert_eq!(mended.calls.take(), ["load 20", "sum [11, 21, 31]"]);
    assert_eq!((output(&run, &mended.sum), output(&run, &sum)), (vec![63], vec![]));
    assert_snapshot!(story(&run), @r"
    RUN_START
    STEP_START load[b]
    STEP_OUTPUT load[b]
    STEP_SUCCESS load[b]
    STEP_START sum
    STEP_OUTPUT sum
    STEP_SUCCESS sum
    RUN_SUCCESS
    ");
    calls.take();
}

#[test]
fn never_are_there_fewer_items_than_there_were() {
    let Pages { job, .. } = pages_with(20);
    let failed = job.run_blocking();
    let (kinds, told) = refused(part(&job, "sum").upstream(run_of(&failed)).run_blocking());
    assert_eq!(kinds, [ProblemKind::MissingInput]);
    assert_snapshot!(told, @r#"
    the job `pages` cannot be planned
    error: `sum` takes `xs` from `load`, which is not selected, and the earlier run has no outputs of `load[b]`
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (what it needs)
      hint: select `load` too, or give a value, `ops.sum.inputs.xs` of the configuration or `.input("sum", "xs", value)`
    "#);
    // Of the others all is there, but not of the item that failed.
    let (_, told) = refused(part(&job, "load[a]*").upstream(run_of(&failed)).run_blocking());
    assert_snapshot!(told, @r#"
    the job `pages` cannot be planned
    error: `sum` takes `xs` from `load`, of which not all is selected, and the earlier run has no outputs of `load[b]`
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (what it needs)
      hint: select `load` too, or give a value, `ops.sum.inputs.xs` of the configuration or `.input("sum", "xs", value)`
    "#);
}

#[test]
fn what_nobody_gives_is_told_before_the_run_and_all_of_it() {
    let Pages { calls, job, .. } = pages();
    let (kinds, told) = refused(part(&job, "load, sum").run_blocking());
    assert_eq!(kinds, [ProblemKind::MissingInput; 2]);
    assert_snapshot!(told, @r#"
    the job `pages` cannot be planned: 2 problems
    error: `load` runs for each item of `extract`, which is not selected, and there is no earlier run
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (what it needs)
      hint: select `extract` too, or give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`
    error: `load` takes `x` from `clean.trim`, which is not selected, and there is no earlier run
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (what it needs)
      hint: select `clean.trim` too, or give a value, `ops.load.inputs.x` of the configuration or `.input("load", "x", value)`, or give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`
    "#);
    let (_, told) = refused(part(&job, "extract load").run_blocking());
    assert_snapshot!(told, @r#"
    the job `pages` cannot be planned
    error: `load` takes `x` from `clean.trim`, which is not selected, in a map whose items this run makes anew
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (what it needs)
      hint: select `clean.trim` too, or give a value, `ops.load.inputs.x` of the configuration or `.input("load", "x", value)`
    "#);
    let nothing = job.runner().run_blocking().unwrap();
    let (_, told) = refused(part(&job, "sum").upstream(&nothing).run_blocking());
    assert_snapshot!(told, @r#"
    the job `pages` cannot be planned
    error: `sum` takes `xs` from `load`, which is not selected, and the earlier run kept no outputs
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (what it needs)
      hint: select `load` too, or give a value, `ops.sum.inputs.xs` of the configuration or `.input("sum", "xs", value)`
    "#);
    calls.take();
}

#[test]
fn values_of_inputs_go_before_all_else() {
    let Pages { calls, sum, job } = pages();
    let part = part(&job, "sum").input("sum", "xs", vec![1_i64, 2]);
    assert_snapshot!(part.plan().unwrap(), @r"
    job pages
      depth_first, 1 at once
    sum(xs: Vec<i64> <- literal) -> i64
    ");
    assert_eq!(output(&part.run_blocking().unwrap(), &sum), [3]);
    // Of an item that is named nothing else needs to be known.
    let one = self::part(&job, "load[x]").input("load", "x", 5_i64);
    assert_snapshot!(one.plan().unwrap(), @r"
    job pages
      depth_first, 1 at once
    extract() -> dynamic i64
      | given, does not run
    map extract
        load(x: i64 <- 5) -> i64
          | only load[x]
    ");
    assert_eq!(story(&one.run_blocking().unwrap()).matches("STEP_SUCCESS load[x]").count(), 1);
    assert_eq!(calls.take(), ["sum [1, 2]", "load 5"]);
    // Without a selection too.
    let all = job.runner().input("load", "x", 7_i64).run_blocking().unwrap();
    assert_eq!(calls.take().iter().filter(|call| *call == "load 7").count(), 3);
    drop(all);
}

#[test]
fn values_for_what_is_not_there_are_told() {
    let Pages { job, .. } = pages();
    let runner = part(&job, "sum").input("sum", "xs", 1_i64).input("sum", "x", 1_i64);
    let runner = runner.input("summe", "xs", 1_i64).input("load", "x", 1_i64).input("extract", "x", 1_i64);
    let (kinds, told) = refused(runner.run_blocking());
    assert!(kinds.contains(&ProblemKind::TypeMismatch) && kinds.contains(&ProblemKind::UnknownInput));
    assert_snapshot!(told, @r"
    the job `pages` cannot be planned: 5 problems
    error: a value is given for input `x` of `extract`, which has no such input
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      hint: it takes nothing
    error: a value is given for input `x` of `load`, which is not selected
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      hint: select `load` too, or leave the value out
    error: a value is given for input `x` of `sum`, which has no such input
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      hint: did you mean `xs`?
    error: input `xs` of `sum` takes `Vec<i64>` and is given a value of type `i64`
      --> orch-core/tests/behaviour/select.rs:_ (the step)
    error: a value is given for input `xs` of `summe`, which is no step of this job
      hint: did you mean `sum`?
    ");
}

#[test]
fn names_and_items_that_there_are_not_are_told() {
    let Pages { job, .. } = pages();
    let (kinds, told) = refused(part(&job, "lod*, sum, clean[1][2]").run_blocking());
    assert_eq!(kinds, [ProblemKind::UnknownStep; 2]);
    assert_snapshot!(told, @r"
    the job `pages` cannot be planned: 2 problems
    error: there is no step `lod`, at column 1
      lod*, sum, clean[1][2]
      ^^^^
      hint: did you mean `load`? steps of this job: extract, clean.trim, load, sum
    error: `clean.trim` stands in one map, and 2 keys are given, at column 12
      lod*, sum, clean[1][2]
                 ^^^^^^^^^^^
      hint: a step has one key for each map that it stands in
    ");
    let whole = job.run_blocking().unwrap();
    let (kinds, told) = refused(part(&job, "load[bb], load[zz]").upstream(&whole).run_blocking());
    assert_eq!(kinds, [ProblemKind::UnknownItem; 2]);
    assert_snapshot!(told, @r"
    the job `pages` cannot be planned: 2 problems
    error: item `bb` of `extract` is selected, which the earlier run did not have
      --> orch-core/tests/behaviour/select.rs:_ (the source)
      hint: did you mean `b`?
    error: item `zz` of `extract` is selected, which the earlier run did not have
      --> orch-core/tests/behaviour/select.rs:_ (the source)
      hint: select `extract` and what depends on it to have new items
    ");
    let (kinds, told) = refused(part(&job, "*load[b]").upstream(&whole).run_blocking());
    assert_eq!(kinds, [ProblemKind::UnknownItem]);
    assert_snapshot!(told, @r"
    the job `pages` cannot be planned
    error: `load[b]` is selected, one item of `extract`, and so is `extract` itself, which is yet to say what its items are
      --> orch-core/tests/behaviour/select.rs:_ (the step)
      --> orch-core/tests/behaviour/select.rs:_ (the source)
      hint: select `load` for all items, or leave `extract` out and take its items from an earlier run
    ");
}

#[test]
fn what_was_left_out_stays_left_out() {
    let calls = Calls::new();
    let extract = source("extract", &calls, &[("a", 1), ("b", 2), ("c", 3)]);
    let odd = OpDef::builder("odd").input::<i64>("x").returns::<Maybe>();
    let odd = Arc::new(
        odd.blocking(|mut args| Ok(Optional::from(Some(args.take::<i64>(0)?).filter(|x| x % 2 == 1)))),
    );
    let (load, sum) = (op("load", &calls, Ok), sum(&calls));
    let job = Job::compose(JobOptions::new("job").max_concurrent(1), || {
        let loaded = Call::of(&extract)
            .place::<Many>()
            .map(|page| call(&load, &[Call::of(&odd).input::<i64>(page).place::<Maybe>()]));
        Call::of(&sum).input::<Vec<i64>>(loaded.collect()).place::<Plain>();
    });
    let whole = job.run_blocking().unwrap();
    calls.take();
    part(&job, "sum").upstream(&whole).run_blocking().unwrap();
    part(&job, "load[c]*").upstream(&whole).run_blocking().unwrap();
    let run = part(&job, "load").upstream(&whole).run_blocking().unwrap();
    assert_eq!(calls.take(), ["sum [1, 3]", "load 3", "sum [1, 3]", "load 1", "load 3"]);
    assert!(story(&run).contains("STEP_SKIPPED load[b]: odd[b] left it out"), "{}", story(&run));
}

#[test]
fn a_run_hands_on_what_it_was_given_and_what_it_made_anew() {
    let Pages { calls, job, .. } = pages();
    let first = job.run_blocking().unwrap();
    let second = part(&job, "load[b]").upstream(&first).input("load", "x", 100_i64).run_blocking().unwrap();
    drop(first);
    calls.take();
    part(&job, "sum").upstream(&second).run_blocking().unwrap();
    assert_eq!(calls.take(), ["sum [11, 101, 31]"]);
}

#[test]
fn what_failed_anew_is_not_taken_from_an_older_run() {
    let Pages { job, .. } = pages();
    let first = job.run_blocking().unwrap();
    let second = part(&pages_with(20).job, "load[b]").upstream(&first).run_blocking();
    let (_, told) = refused(part(&job, "sum").upstream(run_of(&second)).run_blocking());
    assert!(told.contains("has no outputs of `load[b]`"), "{told}");
}

#[test]
fn who_is_not_selected_is_not_waited_for_and_limits_may_concern_nobody() {
    let calls = Calls::new();
    let (first, second) = (source("first", &calls, &[]), source("second", &calls, &[]));
    let options = JobOptions::new("job").limit(Limit::tag("db", 1));
    let job = Job::compose(options, || {
        let first = call(&op("first", &calls, Ok), &[orch_core::graph::lit(1)]).tag("db", "red");
        call(&op("second", &calls, Ok), &[orch_core::graph::lit(2)]).after(first);
    });
    part(&job, "second").run_blocking().unwrap();
    assert_eq!(calls.take(), ["second 2"]);
    drop((first, second));
}

#[test]
fn reports_are_of_what_runs() {
    let Pages { job, .. } = pages();
    let whole = job.run_blocking().unwrap();
    let run = part(&job, "load[b]*").upstream(&whole).run_blocking().unwrap();
    let mut view = RunView::new(Detail::Steps);
    run.events().iter().for_each(|event| view.apply(event));
    let names: Vec<_> = view.ops().iter().map(|op| op.name.to_string()).collect();
    assert_eq!(names, ["load", "sum"]);
}

#[test]
fn a_plan_of_a_part_is_a_plan() {
    let Pages { job, .. } = pages();
    let whole = job.run_blocking().unwrap();
    let plan = part(&job, "load[b]*").upstream(&whole).plan().unwrap();
    let json = plan.to_json();
    assert_eq!(serde_json::from_str::<orch_core::plan::Plan>(&json).unwrap(), plan);
    assert_snapshot!(plan.to_mermaid(), @r#"
    flowchart TD
        s0["extract<br>given"]
        s3["sum"]
        subgraph m0["map extract"]
            s1["clean.trim<br>given"]
            s2["load<br>only load[b]"]
        end
        s0 -.-> s1
        s1 -->|"x"| s2
        s2 -->|"xs: collect"| s3
    "#);
}

#[test]
fn values_of_another_type_are_not_taken() {
    let texts = OpDef::builder("extract").returns::<One<String, 0>>().blocking(|_| Ok(String::new())).into();
    let other = Job::compose(JobOptions::new("other"), || Call::of(&texts).place::<One<String, 0>>());
    let other = other.run_blocking().unwrap();
    let Pages { job, .. } = pages();
    let (kinds, _) = refused(part(&job, "clean").upstream(&other).run_blocking());
    assert_eq!(kinds, [ProblemKind::MissingInput]);
}
