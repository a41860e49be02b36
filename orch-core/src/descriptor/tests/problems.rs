use std::fs;

use insta::assert_snapshot;

use super::*;
use crate::descriptor::DescriptorProblemKind;

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
    assert_snapshot!(wrong(text), @r"
    the job descriptors cannot be used: 9 problems
    error: the configuration has no field `jop`
      --> jobs/dex.yaml:2:1
      hint: did you mean `job`?
    error: `max_concurrent` is to be at least 1, but is 0
      --> jobs/dex.yaml:4:17
    error: `retry.max` is to be a whole number, but is the text `many`
      --> jobs/dex.yaml:5:15
    error: `tags.team` is to be a text, but is the number 5
      --> jobs/dex.yaml:6:15
      hint: in quotes it is a text
    error: `steps.pages` has no field `mapp`
      --> jobs/dex.yaml:8:25
      hint: did you mean `map`?
    error: there is no op kind `lod`
      --> jobs/dex.yaml:9:17
      hint: did you mean `load`? the op kinds are clean, double, extract, keys, load, report, rows, split, sum
    error: there is no step `pagse`
      --> jobs/dex.yaml:9:38
      hint: did you mean `pages`? the steps are pages, loaded, told
    error: `steps.told.inputs.sum` has no field `value`
      --> jobs/dex.yaml:10:57
      hint: it has `collect`
    error: `steps.told.inputs.title` is to be a text, a list or a map, but is the number 5
      --> jobs/dex.yaml:10:76
      hint: write the step that feeds it, and a constant as `{ value: .. }`
    ");
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
    assert_snapshot!(wrong(text), @r"
    the job descriptors cannot be used: 7 problems
    error: a job cannot be named `my-dex`
      --> jobs/dex.yaml:2:6
      hint: names are made of letters, digits and `_`
    error: the schedule `every day` is no cron text: Invalid pattern: Pattern must have between 5 and 7 fields.
      --> jobs/dex.yaml:3:11
      hint: write minute, hour, day of the month, month and day of the week: `0 6 * * *` is every day at 6:00
    error: the tag key `two words` has the character ' '
      --> jobs/dex.yaml:4:22
      hint: write ASCII letters, digits, `_`, `-` and `.`: `two_words`
    error: the tag `orch/priority` is what the priority gives
      --> jobs/dex.yaml:4:40
      hint: write `priority: 5`
    error: a step cannot be named `clean up`
      --> jobs/dex.yaml:6:3
      hint: names are made of letters, digits and `_`
    error: the tag key `orch/x` begins with `orch/`, which is kept for orch's own tags
      --> jobs/dex.yaml:6:42
      hint: leave the prefix out, `x`, or take one of yours, `acme.com/x`
    error: the delay `30 s 5` is no time
      --> jobs/dex.yaml:6:71
      hint: write it with its units: `500ms`, `30s`, `1h 30m`
    ");
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
    assert_snapshot!(wrong(text), @r#"
    the job descriptors cannot be used: 11 problems
    error: there is no op kind `extrakt`
      --> jobs/dex.yaml:4:16
      hint: did you mean `extract`? the op kinds are clean, double, extract, keys, load, report, rows, split, sum
    error: the input `page: Page` of `loaded` is fed nothing
      --> jobs/dex.yaml:5:3
      hint: write what feeds it: `inputs: { page: a_step }`, or `page: { value: .. }` for a constant
    error: there is no step `pagse`
      --> jobs/dex.yaml:5:28
      hint: did you mean `pages`? the steps are pages, loaded, parts, told, rest
    error: the op `load` has no input `pages`
      --> jobs/dex.yaml:5:52
      hint: did you mean `page`? its inputs are page, factor
    error: `parts` has several outputs
      --> jobs/dex.yaml:5:67
      hint: write which one, such as `parts.output_0`; they are output_0, output_1
    error: `steps.parts.inputs.x.value` cannot be read: invalid type: string "five", expected i64
      --> jobs/dex.yaml:6:45
    error: `parts` has no output `output_2`
      --> jobs/dex.yaml:7:38
      hint: did you mean `output_0`? its outputs are output_0, output_1
    error: `steps.told.inputs.title.value` cannot be read: invalid type: map, expected a string
      --> jobs/dex.yaml:7:70
    error: there is no step `clean`
      --> jobs/dex.yaml:7:92
      hint: the steps are pages, loaded, parts, told, rest
    error: the op `clean` has no input `x`
      --> jobs/dex.yaml:8:35
      hint: its inputs are none
    error: `rest` is given a configuration, and its op `clean` takes none
      --> jobs/dex.yaml:8:51
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      hint: leave out `config`, or let the op have a parameter `config: Config<T>`
    "#);
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
    assert_snapshot!(wrong(text), @r"
    the job descriptors cannot be used: 12 problems
    error: `steps.pages.config.path` is to be a text, but is the number 5
      --> jobs/dex.yaml:4:41
      hint: in quotes it is a text
    error: `steps.pages.config.size` is to be from 1 to 100, but is 0
      --> jobs/dex.yaml:4:50
    error: `steps.pages.config` has no field `colour`
      --> jobs/dex.yaml:4:53
      hint: it has `path` and `size`
    error: the input `numbers` of `total` takes `Vec<i64>` and is fed all values of type `Page`
      --> jobs/dex.yaml:5:51
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
    error: the input `numbers` of `one` takes `Vec<i64>` and is fed `i64`
      --> jobs/dex.yaml:6:38
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
      hint: a list of one is written `numbers: [total]`
    error: the input `x` of `list` takes `i64` and is fed a list of `i64`
      --> jobs/dex.yaml:7:37
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
      hint: write `x: total`
    error: the input `x` of `list` takes `i64` and is fed a list of `i64`
      --> jobs/dex.yaml:7:44
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
      hint: write `x: one`
    error: the input `x` of `none` takes `i64` and is fed a list
      --> jobs/dex.yaml:8:36
    error: the input `numbers` of `text` takes `Vec<i64>` and is fed a list of `String`
      --> jobs/dex.yaml:9:47
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
    error: the input `title` of `told` takes `String` and is fed `i64`
      --> jobs/dex.yaml:10:52
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
    error: the input `page` of `loaded` takes `Page`, which cannot be written as a value
      --> jobs/dex.yaml:11:60
      hint: feed it by a step, or let its type implement serde's `Deserialize`
    error: the input `numbers` of `sums` is fed `loaded`, which runs once for each item of `pages`, as `sums` does not
      --> jobs/dex.yaml:12:39
      hint: to take all, write `numbers: { collect: loaded }`
    ");
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
    assert_snapshot!(wrong(text), @r"
    the job descriptors cannot be used: 8 problems
    error: `one` maps over `total`, which is one value and no dynamic output
      --> jobs/dex.yaml:7:27
      --> jobs/dex.yaml:6:3 (`total`)
      hint: leave out `map`; to fan out, let the op of the step before return `Dynamic<T>`
    error: the input `page` of `unmapped` is fed `pages`, a dynamic output, which is many values
      --> jobs/dex.yaml:8:41
      hint: to run `unmapped` once for each, write `map: pages`; to take all, let the op take `Vec<Page>` and write `page: { collect: pages }`
    error: the input `x` of `leaked` is fed `loaded`, which runs once for each item of `pages`, as `leaked` does not
      --> jobs/dex.yaml:10:38
      hint: to run `leaked` once for each, write `map: pages`; to take all, let the op take `Vec<i64>` and write `x: { collect: loaded }`
    error: the input `x` of `unrelated` is fed `loaded`, which runs once for each item of `pages`, as `unrelated` does not
      --> jobs/dex.yaml:11:54
      hint: to take all, let the op take `Vec<i64>` and write `x: { collect: loaded }`
    error: `within` stands in the map over `pages` and would wait for the end of it
      --> jobs/dex.yaml:12:64
      hint: leave out `map: pages`, or take one value, `numbers: loaded`
    error: `total` is one value, so there is nothing to collect
      --> jobs/dex.yaml:13:53
      hint: write `numbers: total`
    error: `all` collects `rows` of the map over `rows`, which is within the map over `pages`
      --> jobs/dex.yaml:15:49
      hint: `collect` closes one map: write `map: pages`, and collect what this step gives elsewhere
    error: `after` cannot come after `loaded`, which runs once for each item of `pages`
      --> jobs/dex.yaml:16:31
      --> jobs/dex.yaml:9:3 (`loaded`)
      hint: to wait for all items, come after a step that takes them: `{ collect: loaded }`
    ");
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
    assert_snapshot!(wrong(text), @r"
    the job descriptors cannot be used: 7 problems
    error: these steps wait for each other in a circle: a → c → b → a
      --> jobs/dex.yaml:4:33 (`a` waits for `c`)
      --> jobs/dex.yaml:6:33 (`c` waits for `b`)
      --> jobs/dex.yaml:5:33 (`b` waits for `a`)
      hint: a value cannot be made of itself: remove one of these
    error: these steps wait for each other in a circle: d → e → d
      --> jobs/dex.yaml:7:27 (`d` waits for `e`)
      --> jobs/dex.yaml:8:23 (`e` waits for `d`)
      hint: a value cannot be made of itself: remove one of these
    error: `e` maps over `d`, which is one value and no dynamic output
      --> jobs/dex.yaml:8:23
      --> jobs/dex.yaml:7:3 (`d`)
      hint: leave out `map`; to fan out, let the op of the step before return `Dynamic<T>`
    error: the input `page` of `e` takes `Page` and is fed `()`
      --> jobs/dex.yaml:8:42
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
    error: `f` waits for itself
      --> jobs/dex.yaml:9:27 (`f` waits for `f`)
      hint: a value cannot be made of itself: remove one of these
    error: `rows` waits for itself
      --> jobs/dex.yaml:10:26 (`rows` waits for `rows`)
      hint: a value cannot be made of itself: remove one of these
    error: the input `page` of `rows` takes `Page` and is fed `i64`
      --> jobs/dex.yaml:10:48
      --> orch-core/src/descriptor/tests/mod.rs:48 (the op)
      --> orch-core/src/descriptor/tests/mod.rs:48 (what feeds it)
    ");
}

#[test]
fn what_only_the_whole_shows_is_told_at_the_place_of_the_descriptor() {
    let text = "
job: dex
limits: [{ tag: db, max: 1 }]
steps:
  clean: { op: clean, tags: { dbs: dex } }
";
    assert_snapshot!(wrong(text), @r"
    the job descriptors cannot be used
    error: the limit on `db` concerns no step
      --> jobs/dex.yaml:2 (the job)
      hint: did you mean `dbs`? tags of this job: dbs
    ");
}

#[test]
fn a_large_file_of_mistakes_is_answered_at_once() {
    let mut text = "job: large\nsteps:\n".to_owned();
    for step in 0..5_000 {
        text +=
            &format!("  s{step}: {{ op: sum, map: m{step}, inputs: {{ numbers: [x{step}, y{step}] }} }}\n");
    }
    let error = yaml(&text).expect_err("nothing is right");
    assert_eq!(error.problems().len(), 200);
}

#[test]
fn maps_are_nested_only_so_deep() {
    let mut text = "job: deep\nsteps:\n  s0: { op: extract, config: { path: x } }\n".to_owned();
    for step in 1..70 {
        let before = step - 1;
        text += &format!("  s{step}: {{ op: rows, map: s{before}, inputs: {{ page: {{ value: 1 }} }} }}\n");
    }
    let error = yaml(&text).expect_err("too deep");
    assert!(
        error.problems().iter().any(|problem| problem.kind() == DescriptorProblemKind::TooDeep),
        "{error}"
    );
}

#[test]
fn two_op_kinds_of_one_name_are_a_problem_of_the_program() {
    let other = Arc::new(op("double").returns::<OneOf<()>>().blocking(|_| Ok(())));
    let registry = registry().op_as("clean", &other).op_as("other", &other).op_as("other", &other);
    let error =
        registry.read_text(FileFormat::Yaml, "a.yaml", "job: a\nsteps: {}\n").expect_err("two are named so");
    let lines: Vec<_> =
        error.to_string().lines().filter(|line| !line.contains(".rs:")).map(str::to_owned).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    the job descriptors cannot be used
    error: two op kinds are named `clean`
      hint: add one of them under another name: `.op_as("other_clean", ..)`
    "#);
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
    assert_snapshot!(error.replace(&name, "jobs"), @r"
    the job descriptors cannot be used: 4 problems
    error: there is no op kind `summ`
      --> jobs/a.yaml:3:16
      hint: did you mean `sum`? the op kinds are clean, double, extract, keys, load, report, rows, split, sum
    error: two jobs are named `dex`
      --> jobs/b.json:1:10
      --> jobs/a.yaml:1:6 (first)
      hint: give one of them another name
    error: the input `x: i64` of `x` is fed nothing
      --> jobs/b.json:1:28
      hint: write what feeds it: `inputs: { x: a_step }`, or `x: { value: .. }` for a constant
    error: this is not TOML: string values must be quoted, expected literal string
      --> jobs/c.toml:1:7
    ");
    let none = registry().read_folder("no/such/folder").expect_err("there is none");
    assert_eq!(format!("{none:?}"), none.to_string());
    assert_snapshot!(none, @r"
    the job descriptors cannot be used
    error: there is no folder `no/such/folder` of job descriptors
      hint: a relative path begins at the working directory
    ");
}
