use insta::assert_snapshot;

use super::*;
use crate::config::RunConfig;
use crate::define::{Backoff, JobOptions, Retry};
use crate::graph::Handle as _;
use crate::graph::{Call, DynamicOut, Out};

const DEX: &str = r#"
job: dex
description: Loads the dex. Then tells of it.
schedule: "0 6 * * *"
priority: 5
tags: { team: data }
max_concurrent: 1
retry: { max: 3, delay: 1s, backoff: exponential }
limits:
  - { tag: db, max: 2 }
steps:
  pages:
    op: extract
    config: { path: dex.csv, size: 3 }
  loaded:
    op: load
    map: pages
    inputs: { page: pages, factor: { value: 7 } }
    priority: 3
    tags: { db: dex }
    retry: { max: 2 }
  total:
    op: sum
    inputs: { numbers: { collect: loaded } }
    after: [cleanup]
  report:
    op: report
    inputs: { sum: total, title: { value: Dex } }
  cleanup:
    op: clean
"#;

#[test]
fn a_described_job_is_planned_and_runs() {
    let job = yaml(DEX).expect("all is right");
    assert_snapshot!(job.plan(), @r#"
    job dex: Loads the dex.
      depth_first, 1 at once, limit db 2, tags orch/priority=5, team=data
    pages = extract() -> dynamic Page
      | retry 3x after 1s exponential
      | config Source
    map pages
        loaded = load(page: Page <- each pages, factor: i64 <- 7) -> i64
          | priority 3
          | retry 2x
          | tags db=dex
    cleanup = clean() -> ()
      | retry 3x after 1s exponential
    total = sum(numbers: Vec<i64> <- collect loaded) -> i64
      | after cleanup
      | retry 3x after 1s exponential
    report(sum: i64 <- total, title: String <- "Dex") -> String
      | retry 3x after 1s exponential
    "#);
    assert_eq!(job.options().schedule.as_deref(), Some("0 6 * * *"));
    assert_eq!(job.plan().step("loaded").expect("a step").place.to_string(), "jobs/dex.yaml:15");
    assert_snapshot!(told(DEX), @"Dex: 2100");
}

/// Runs the job of a text, and gives what its step with the op `report` tells.
fn told(text: &str) -> String {
    let registry = registry();
    let job = registry.read_text(FileFormat::Yaml, "jobs/dex.yaml", text).expect("all is right");
    let run = job.run_blocking().expect("it runs");
    let report = registry.get("report").expect("an op");
    run.outputs_of::<OneOf<String>>(report).map(|(_, text)| text.clone()).collect()
}

#[test]
fn the_plan_is_that_of_the_same_job_in_rust() {
    let described = yaml(
        "job: nested\nsteps:\n  extract: { op: extract }\n  \
         rows: { op: rows, map: extract, inputs: { page: extract } }\n  \
         double: { op: double, map: rows, inputs: { x: rows } }\n  \
         sum: { op: sum, map: extract, inputs: { numbers: { collect: double } } }\n  \
         all: { op: sum, inputs: { numbers: { collect: sum } }, retry: { max: 1, delay: 2s, backoff: linear } }\n  \
         list: { op: sum, inputs: { numbers: [all, all] }, after: [all], tags: { a: b }, priority: 4 }\n",
    );
    let registry = registry();
    let op = |name: &str| registry.get(name).expect("an op");
    let written = Job::compose(JobOptions::new("nested"), || {
        let pages: DynamicOut<Page> = Call::of(op("extract")).place::<Many<Dynamic<Page>>>();
        let sums = pages.map(|page| {
            let rows = Call::of(op("rows")).input::<Page>(page).place::<Many<Dynamic<i64>>>();
            let doubled =
                rows.map(|row| Call::of(op("double")).input::<i64>(row).place::<OneOf<i64>>()).collect();
            Call::of(op("sum")).input::<Vec<i64>>(doubled).place::<OneOf<i64>>()
        });
        let all: Out<i64> = Call::of(op("sum")).input::<Vec<i64>>(sums.collect()).place::<OneOf<i64>>();
        let retry = Retry::new(1).delay(std::time::Duration::from_secs(2)).backoff(Backoff::Linear);
        let all = all.named("all").retry(retry);
        let list: Out<i64> = Call::of(op("sum")).input::<Vec<i64>>([all, all]).place::<OneOf<i64>>();
        let _ = list.named("list").after(all).tag("a", "b").priority(4);
    });
    let plan = |job: &Job| {
        let mut plan = job.plan();
        plan.steps.iter_mut().for_each(|step| step.place = crate::ids::Place::caller());
        let place = plan.steps[0].place.clone();
        plan.steps.iter_mut().for_each(|step| step.place = place.clone());
        plan.to_json()
    };
    assert_eq!(plan(&described.expect("all is right")), plan(&written));
}

#[test]
fn maps_nest_and_collect_closes_one_of_them() {
    let text = "
job: nested
steps:
  # The order of the file is no order of calls.
  told: { op: report, inputs: { sum: total, title: { value: all } } }
  total: { op: sum, inputs: { numbers: { collect: subtotal } } }
  subtotal: { op: sum, map: pages, inputs: { numbers: { collect: doubled } } }
  doubled: { op: double, map: rows, inputs: { x: rows } }
  rows: { op: rows, map: pages, inputs: { page: pages } }
  pages: { op: extract, config: { path: dex.csv } }
";
    assert_snapshot!(yaml(text).expect("all is right").plan(), @r#"
    job nested
      depth_first, as many at once as processors
    pages = extract() -> dynamic Page
      | config Source
    map pages
        rows(page: Page <- each pages) -> dynamic i64
        map rows
            doubled = double(x: i64 <- each rows) -> i64
        subtotal = sum(numbers: Vec<i64> <- collect doubled) -> i64
    total = sum(numbers: Vec<i64> <- collect subtotal) -> i64
    told = report(sum: i64 <- total, title: String <- "all") -> String
    "#);
    // Twice 0, 1, 2 and twice 100, 101, 102.
    assert_snapshot!(told(text), @"all: 612");
}

#[test]
fn the_input_says_in_which_form_it_is_collected() {
    let text = "
job: forms
steps:
  pages: { op: extract, config: { path: dex.csv } }
  loaded: { op: load, map: pages, inputs: { page: pages, factor: { value: 2 } } }
  keys: { op: keys, inputs: { loaded: { collect: loaded } } }
  total: { op: sum, inputs: { numbers: { collect: loaded } } }
  parts: { op: split, inputs: { x: total } }
  twice: { op: sum, inputs: { numbers: [parts.output_0, total] } }
  told: { op: report, inputs: { sum: twice, title: keys } }
";
    assert_snapshot!(told(text), @"0, 1: 400");
}

#[test]
fn json_and_toml_say_the_same() {
    let json =
        r#"{ "job": "one", "steps": { "a": { "op": "sum", "inputs": { "numbers": { "value": [1] } } } } }"#;
    let toml = "job = \"one\"\n[steps.a]\nop = \"sum\"\ninputs.numbers = { value = [1] }\n";
    let texts = [(FileFormat::Json, json), (FileFormat::Toml, toml)];
    for (format, text) in texts {
        let job = registry().read_text(format, "one", text).expect("all is right");
        assert_eq!(job.plan().steps.len(), 1);
    }
}

#[test]
fn what_a_descriptor_leaves_out_of_a_configuration_is_asked_for_when_a_run_begins() {
    let job =
        yaml("job: dex\nsteps:\n  pages: { op: extract, config: { size: 3 } }\n").expect("all is right");
    assert_snapshot!(job.run_blocking().expect_err("a path lacks"), @r"
    the job `dex` cannot be configured
    error: `ops.pages.config` lacks `path`
      --> jobs/dex.yaml:3:33
      hint: add
            ops:
              pages:
                config:
                  path: ..  # a text
    ");
}

#[test]
fn values_come_from_the_environment_where_a_descriptor_refers_to_it() {
    let text = "job: env\nmax_concurrent: { env: FACTOR }\nschedule: { env: CRON }\nsteps: {}\n";
    assert_snapshot!(yaml(text).expect_err("one is not set"), @r"
    the job descriptors cannot be used
    error: `schedule` is the environment variable `CRON`, which is not set
      --> jobs/dex.yaml:3:11
      hint: set it where the program is started: CRON=..
    ");
    let registry = registry().env(EnvVars::none().with("FACTOR", "7").with("CRON", "@daily"));
    let job = registry.read_text(FileFormat::Yaml, "env.yaml", text).expect("both are set");
    assert_eq!(job.options().max_concurrent, Some(7));
    assert_eq!(job.options().schedule.as_deref(), Some("@daily"));
}

#[test]
fn what_a_descriptor_has_configured_a_run_cannot_change() {
    let job =
        yaml("job: dex\nsteps:\n  pages: { op: extract, config: { path: a.csv } }\n").expect("all is right");
    let set = |text: &str| job.runner().config(RunConfig::new().set(text)).run_blocking().err();
    assert!(set("ops.pages.config.size=3").is_none());
    assert_snapshot!(set("ops.pages.config.path=b.csv").expect("it is fixed"), @r"
    the job `dex` cannot be configured
    error: `ops.pages.config.path` is fixed where the op is called, and cannot be given
      --> --set ops.pages.config.path
      --> jobs/dex.yaml:3 (the call)
      hint: leave it out, or out of the call
    ");
}

#[test]
fn editors_are_told_of_the_op_kinds() {
    let schema = registry().schema();
    let op = schema.pointer("/$defs/Step/properties/op").expect("the op of a step");
    assert!(op.to_string().contains(r#"{"const":"extract"}"#), "{op}");
    let path = schema.pointer("/properties/schedule/description").expect("a field of the job");
    assert!(path.to_string().contains("cron"), "{path}");
}

#[test]
fn a_constant_can_be_an_environment_variable() {
    let text = "job: dex\nsteps:\n  double: { op: double, inputs: { x: { value: { env: FACTOR } } } }\n  \
                report: { op: report, inputs: { sum: double, title: { value: { env: FACTOR } } } }\n";
    assert_snapshot!(told(text), @"7: 14");
    let unset = yaml(&text.replace("FACTOR", "FACTER")).expect_err("it is not set");
    assert_snapshot!(unset, @r"
    the job descriptors cannot be used: 2 problems
    error: `steps.double.inputs.x.value` cannot be read: the environment variable `FACTER` is not set
      --> jobs/dex.yaml:3:47
    error: `steps.report.inputs.title.value` cannot be read: the environment variable `FACTER` is not set
      --> jobs/dex.yaml:4:64
    ");
}
