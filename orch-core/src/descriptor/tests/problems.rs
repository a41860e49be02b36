use std::fs;

use insta::assert_snapshot;

use super::*;

#[track_caller]
fn wrong(text: &str) -> String {
    yaml(text)
        .expect_err("something is wrong")
        .to_string()
        .replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "")
}

#[test]
fn what_is_not_written_as_a_descriptor_is_told_with_all_else() {
    let text = r#"
jop: dex
schedule: "0 25 * * *"
max_concurrent: 0
retry: { max: many, delay: 1s }
tags: { team: 5 }
steps:
  pages: { op: extract, mapp: pages }
  loaded: { op: lod, inputs: { page: pagse } }
  told: { op: report, inputs: { sum: { collect: loaded, value: 3 }, title: 5 } }
"#;
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn names_tags_times_and_schedules_are_checked() {
    let text = r#"
job: my-dex
schedule: every day
tags: { "two words": a, orch/priority: "5" }
steps:
  clean up: { op: clean, tags: { orch/x: a }, retry: { max: 1, delay: 30 s 5 } }
"#;
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn steps_and_outputs_that_are_not_there() {
    let text = "
job: dex
steps:
  pages: { op: extrakt }
  loaded: { op: load, map: pagse, inputs: { pages: pages, factor: parts } }
  parts: { op: split, inputs: { x: { value: five } } }
  told: { op: report, inputs: { sum: parts.output_2, title: { value: { a: 1 } } }, after: [clean] }
  rest: { op: clean, inputs: { x: told }, config: { a: 1 } }
";
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn types_that_do_not_match() {
    let text = "
job: dex
steps:
  pages: { op: extract, config: { path: 5, size: 0, colour: red } }
  total: { op: sum, inputs: { numbers: { collect: pages } } }
  one: { op: sum, inputs: { numbers: total } }
  list: { op: double, inputs: { x: [total, one] } }
  none: { op: double, inputs: { x: [] } }
  text: { op: sum, inputs: { numbers: [total, told] } }
  told: { op: report, inputs: { sum: total, title: total } }
  loaded: { op: load, map: pages, inputs: { page: { value: 5 }, factor: { value: 1 } } }
  sums: { op: sum, inputs: { numbers: loaded } }
";
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn maps_and_what_stands_in_them() {
    let text = "
job: dex
steps:
  pages: { op: extract, config: { path: dex.csv } }
  others: { op: extract, config: { path: others.csv } }
  total: { op: sum, inputs: { numbers: { value: [1] } } }
  one: { op: double, map: total, inputs: { x: total } }
  unmapped: { op: load, inputs: { page: pages, factor: { value: 1 } } }
  loaded: { op: load, map: pages, inputs: { page: pages, factor: { value: 1 } } }
  leaked: { op: double, inputs: { x: loaded } }
  unrelated: { op: double, map: others, inputs: { x: loaded } }
  within: { op: sum, map: pages, inputs: { numbers: { collect: loaded } } }
  nothing: { op: sum, inputs: { numbers: { collect: total } } }
  rows: { op: rows, map: pages, inputs: { page: pages } }
  all: { op: sum, inputs: { numbers: { collect: rows } } }
  after: { op: clean, after: [loaded] }
";
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn circles_are_told_with_the_place_of_each_step() {
    let text = "
job: dex
steps:
  a: { op: double, inputs: { x: c } }
  b: { op: double, inputs: { x: a } }
  c: { op: double, inputs: { x: b } }
  d: { op: clean, after: [e] }
  e: { op: rows, map: d, inputs: { page: f } }
  f: { op: clean, after: [f] }
  rows: { op: rows, map: rows, inputs: { page: rows } }
";
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn what_only_the_whole_shows_is_told_at_the_place_of_the_descriptor() {
    let text = "
job: dex
limits: [{ tag: db, max: 1 }]
steps:
  clean: { op: clean, tags: { dbs: dex } }
";
    assert_snapshot!(wrong(text), @"");
}

#[test]
fn two_op_kinds_of_one_name_are_a_problem_of_the_program() {
    let other = Arc::new(op("double").returns::<OneOf<()>>().blocking(|_| Ok(())));
    let registry = registry().op_as("clean", &other).op_as("other", &other).op_as("other", &other);
    let error =
        registry.read_text(FileFormat::Yaml, "a.yaml", "job: a\nsteps: {}\n").expect_err("two are named so");
    let lines: Vec<_> =
        error.to_string().lines().filter(|line| !line.contains(".rs:")).map(str::to_owned).collect();
    assert_snapshot!(lines.join("\n"), @"");
}

#[test]
fn all_problems_of_a_folder_are_told_together() {
    let folder = std::env::temp_dir().join(format!("orch-descriptors-{}", std::process::id()));
    fs::create_dir_all(folder.join("within.yaml")).expect("a folder");
    let files = [
        ("a.yaml", "job: dex\nsteps:\n  total: { op: summ }\n"),
        ("b.json", "{ \"job\": \"dex\", \"steps\": { \"x\": { \"op\": \"double\" } } }"),
        ("c.toml", "job = \n"),
        ("d.yml", "job: fine\nsteps: { clean: { op: clean } }\n"),
        ("notes.txt", "nothing"),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    let error = registry().read_folder(&folder).expect_err("three are wrong").to_string();
    fs::remove_dir_all(&folder).expect("it was there");
    let name = folder.display().to_string().replace('\\', "/");
    assert_snapshot!(error.replace(&name, "jobs"), @"");
    let none = registry().read_folder("no/such/folder").expect_err("there is none");
    assert_snapshot!(none, @"");
}
