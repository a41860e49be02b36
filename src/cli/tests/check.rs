//! What the compiler cannot verify.

use orch::prelude::*;
use orch_core::define::Preset;

use super::session;

struct Database;

#[derive(Config)]
struct Batches {
    /// How many rows at once.
    #[config(default = 0, range = 1..=1000)]
    size: usize,
    /// Where they come from.
    url: String,
}

#[derive(Config)]
struct Connect {
    #[config(default = 0, range = 1..)]
    port: u16,
}

/// Where all ends up.
#[resource]
fn database(connect: Config<Connect>) -> Database {
    assert!(connect.port > 0);
    Database
}

#[op]
fn extract() -> i64 {
    1
}

#[op]
fn load(page: i64, db: Res<Database>) -> i64 {
    let _ = db;
    page
}

#[op]
fn batched(page: i64, batches: Config<Batches>) -> usize {
    batches.size * batches.url.len() * usize::try_from(page).unwrap_or_default()
}

#[op(pool = "disk", io = "files")]
fn store(page: i64) -> i64 {
    page
}

#[job]
fn dex() {
    load(extract());
}

#[job]
fn items() {
    load(extract());
    store(extract());
}

#[job]
fn rows() {
    batched(extract());
}

/// As [`session`], without the numbers of lines of this file, which change with it.
fn told(definitions: impl Fn() -> Definitions, args: &str) -> String {
    let told = session(|| Ok(definitions()), args);
    let mut parts = told.split(".rs:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + ".rs:_" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn sound() -> Definitions {
    let nightly = Preset::new("nightly", RunConfig::new().set("execution.max_concurrent=2"));
    let file = Preset::new("file", RunConfig::new().set("select=load"));
    Definitions::new()
        .job(dex().preset(nightly).preset(file))
        .environment("prod", Environment::new().resource(Database))
}

#[test]
fn what_is_sound_takes_one_line() {
    insta::assert_snapshot!(told(sound, "check"), @r"
    exit 0
    --- stdout
    checked 1 job, 2 presets, 1 environment: nothing to mend
    ");
    insta::assert_snapshot!(told(sound, "check --json"), @r#"
    exit 0
    --- stdout
    {
      "jobs": 1,
      "presets": 2,
      "environments": 1,
      "assets": 0,
      "checks": 0,
      "findings": []
    }
    "#);
    insta::assert_snapshot!(told(Definitions::new, "check"), @r"
    exit 0
    --- stdout
    checked 0 jobs, 0 presets, 0 environments: nothing to mend
    ");
}

#[test]
fn what_is_wrong_in_several_jobs_is_told_once() {
    let definitions = || Definitions::new().job(dex()).job(items()).job(dex()).pool("dsk", 2);
    insta::assert_snapshot!(told(definitions, "check"), @r#"
    exit 2
    --- stderr
    error: the check of 3 jobs, 0 presets, 0 environments found 4 problems
    in the program:
    error: 2 jobs have the name `dex`
      --> src/cli/tests/check.rs:_ (a job)
      --> src/cli/tests/check.rs:_ (a job)
      hint: give all but one of them another: #[job(name = "..")]
    in the jobs `dex`, `items`:
    error: the op `load` needs a resource of type `Database`, and there is none
      --> src/cli/tests/check.rs:_ (the step)
      --> src/cli/tests/check.rs:_ (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    in the job `items`:
    error: `store` names the pool `disk`, which is not defined
      --> src/cli/tests/check.rs:_ (the step)
      hint: did you mean `dsk`? pools of this program: `dsk`
    error: `store` has its `i64` stored by the IO manager `files`, which is not defined
      --> src/cli/tests/check.rs:_ (the step)
      hint: define it for the program, `Definitions::new().io("files", manager)`, or for one run, `job.runner().io("files", manager)`
    "#);
    insta::assert_snapshot!(told(definitions, "check --json"), @r#"
    exit 2
    --- stdout
    {
      "jobs": 3,
      "presets": 0,
      "environments": 0,
      "assets": 0,
      "checks": 0,
      "findings": [
        {
          "jobs": [],
          "presets": [],
          "environments": [],
          "kind": "duplicate_name",
          "path": null,
          "message": "2 jobs have the name `dex`",
          "places": [
            {
              "place": "src/cli/tests/check.rs:_",
              "what": "a job"
            },
            {
              "place": "src/cli/tests/check.rs:_",
              "what": "a job"
            }
          ],
          "hint": "give all but one of them another: #[job(name = \"..\")]"
        },
        {
          "jobs": [
            "dex",
            "items"
          ],
          "presets": [],
          "environments": [],
          "kind": "missing_resource",
          "path": null,
          "message": "the op `load` needs a resource of type `Database`, and there is none",
          "places": [
            {
              "place": "src/cli/tests/check.rs:_",
              "what": "the step"
            },
            {
              "place": "src/cli/tests/check.rs:_",
              "what": "the step"
            }
          ],
          "hint": "give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`"
        },
        {
          "jobs": [
            "items"
          ],
          "presets": [],
          "environments": [],
          "kind": "unknown_pool",
          "path": null,
          "message": "`store` names the pool `disk`, which is not defined",
          "places": [
            {
              "place": "src/cli/tests/check.rs:_",
              "what": "the step"
            }
          ],
          "hint": "did you mean `dsk`? pools of this program: `dsk`"
        },
        {
          "jobs": [
            "items"
          ],
          "presets": [],
          "environments": [],
          "kind": "unknown_io",
          "path": null,
          "message": "`store` has its `i64` stored by the IO manager `files`, which is not defined",
          "places": [
            {
              "place": "src/cli/tests/check.rs:_",
              "what": "the step"
            }
          ],
          "hint": "define it for the program, `Definitions::new().io(\"files\", manager)`, or for one run, `job.runner().io(\"files\", manager)`"
        }
      ]
    }
    "#);
}

#[test]
fn presets_and_environments_are_checked_each_with_each() {
    let definitions = || {
        let rows = rows()
            .preset(Preset::new("absent", RunConfig::new().file("no/such.yaml")))
            .preset(Preset::new("many", RunConfig::new().set("ops.batched.config.size=5000")))
            .preset(Preset::new("more", RunConfig::new().set("ops.batched.config.size=5000")))
            .preset(Preset::new("part", RunConfig::new().set("select=bached+")))
            .preset(Preset::new("named", RunConfig::new().set("ops.batched.config.siz=5")))
            .preset(Preset::new("tagged", RunConfig::new().set("tags.orch/x=1")));
        let prod =
            Environment::new().resource(Database).config(RunConfig::new().set("ops.bached.config.size=5"));
        Definitions::new()
            .job(rows)
            .job(dex())
            .environment("prod", prod)
            .environment("staging", Environment::new())
    };
    insta::assert_snapshot!(told(definitions, "check"), @r"
    exit 2
    --- stderr
    error: the check of 2 jobs, 6 presets, 2 environments found 8 problems
    in the program, in the environment `prod`:
    error: `ops.bached` is of no step of any job
      --> --set ops.bached.config.size
      hint: did you mean `batched`?
    in the job `rows`:
    error: `ops.batched.config.size` is to be from 1 to 1000, but is 0
      --> src/cli/tests/check.rs:_ (the step)
      hint: this is a default of the type `Batches`: mend it, or what is said of its value
    in the job `rows`, with the preset `absent`:
    error: there is no configuration file `no/such.yaml`
      --> src/cli/tests/check.rs:_ (the preset)
      hint: a relative path begins at the working directory
    in the job `rows`, with the presets `many`, `more`:
    error: `ops.batched.config.size` is to be from 1 to 1000, but is 5000
      --> --set ops.batched.config.size
      --> src/cli/tests/check.rs:_ (the preset)
      --> src/cli/tests/check.rs:_ (the preset)
    in the job `rows`, with the preset `part`:
    error: there is no step `bached`, at column 1
      bached+
      ^^^^^^^
      --> --set select (selected)
      --> src/cli/tests/check.rs:_ (the preset)
      hint: did you mean `batched`? steps of this job: extract, batched
    in the job `rows`, with the preset `named`:
    error: `ops.batched.config` has no field `siz`
      --> --set ops.batched.config.siz
      --> src/cli/tests/check.rs:_ (the preset)
      hint: did you mean `size`?
    in the job `rows`, with the preset `tagged`:
    error: the tag key `orch/x` begins with `orch/`, which is kept for orch's own tags (--set tags.orch/x)
      --> src/cli/tests/check.rs:_ (the preset)
      hint: leave the prefix out, `x`, or take one of yours, `acme.com/x`
    in the job `dex`, in the environment `staging`:
    error: the op `load` needs a resource of type `Database`, and there is none
      --> src/cli/tests/check.rs:_ (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    ");
}

#[test]
fn defaults_are_to_fit_whatever_a_run_is_given() {
    let definitions = || {
        let given =
            RunConfig::new().set("ops.batched.config.size=5").set("ops.batched.config.url={env: NO_SUCH}");
        Definitions::new()
            .job(rows().preset(Preset::new("given", given)))
            .job(dex())
            .resource_from::<database>()
    };
    insta::assert_snapshot!(told(definitions, "check"), @r"
    exit 2
    --- stderr
    error: the check of 2 jobs, 1 preset, 0 environments found 2 problems
    in the program:
    error: `resources.database.config.port` is to be from 1 to 65535, but is 0
      --> src/cli/tests/check.rs:_ (the resource)
      hint: this is a default of the type `Connect`: mend it, or what is said of its value
    in the job `rows`:
    error: `ops.batched.config.size` is to be from 1 to 1000, but is 0
      --> src/cli/tests/check.rs:_ (the step)
      hint: this is a default of the type `Batches`: mend it, or what is said of its value
    ");
}
