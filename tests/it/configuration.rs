//! What a run is configured with: files, variables, values, presets; checked before it exists, and told all at once.

mod calls;
mod configured;
mod secrets;

use orch::config::{EnvVars, FileFormat, scaffold, show};
use orch::define::Preset;
use orch::prelude::*;
use orch::run::Runner;

use crate::told::refusal;

/// Where the pages come from.
#[derive(Config)]
struct Source {
    /// The table.
    path: String,
    /// Rows in one page.
    #[config(default = 100, range = 1..=1000)]
    page: u32,
}

/// How a page is loaded.
#[derive(Config)]
struct Load {
    /// What becomes of rows that are there.
    #[config(default = Mode::Append)]
    mode: Mode,
    /// At which share of bad rows to give up.
    limit: Option<f64>,
}

#[derive(Config, Clone)]
enum Mode {
    Append,
    /// All rows that were there are gone.
    Replace {
        backup: String,
    },
}

/// How the database is reached.
#[derive(Config)]
struct Connect {
    host: String,
    #[config(default = 5432)]
    port: u16,
    password: Option<Secret<String>>,
}

struct Database(String);

/// Where all ends up.
#[resource]
fn database(connect: Config<Connect>) -> Database {
    Database(format!("{}:{}", connect.host, connect.port))
}

#[op]
fn extract(source: Config<Source>) -> Vec<String> {
    (0..3).map(|row| format!("{}:{row}/{}", source.path, source.page)).collect()
}

#[op]
fn load(rows: &[String], load: Config<Load>, db: Res<Database>) -> String {
    let mode = match &load.mode {
        Mode::Append => "append".to_owned(),
        Mode::Replace { backup } => format!("replace, backup in {backup}"),
    };
    format!("{} rows into {} ({mode}, limit {:?})", rows.len(), db.0, load.limit)
}

#[graph]
fn clean(rows: Out<Vec<String>>) -> Out<Vec<String>> {
    trim(rows)
}

/// What is trimmed.
#[derive(Config)]
struct Trim {
    #[config(default)]
    ends: Vec<String>,
}

#[op]
fn trim(rows: Vec<String>, trim: Config<Trim>) -> Vec<String> {
    rows.into_iter()
        .map(|row| trim.ends.iter().fold(row, |row, end| row.trim_end_matches(&**end).to_owned()))
        .collect()
}

/// Loads the dex.
#[job]
fn dex() {
    load(clean(extract()));
}

const CONF: &str = "\
ops:
  extract:
    config:
      path: pokemon.csv
  clean:
    ops:
      trim:
        config:
          ends: [/100]
resources:
  database:
    config:
      host: {env: DB_HOST}
execution:
  max_concurrent: 2
";

fn definitions() -> Definitions {
    Definitions::new().job(dex()).resource_from::<database>()
}

fn runner(config: RunConfig) -> Runner {
    let env = EnvVars::none().with("DB_HOST", "localhost").with("DB_PASSWORD", "canary-7f3a");
    definitions().runner(&dex()).env(env).config(config).keep_outputs().keep_events()
}

fn yaml(text: &str) -> RunConfig {
    RunConfig::new().text(FileFormat::Yaml, "conf.yaml", text)
}

#[test]
fn values_come_from_defaults_files_variables_and_the_command_line() {
    let run = runner(yaml(CONF)).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "3 rows into localhost:5432 (append, limit None)");
    assert_eq!(run.output::<trim>()[0], "pokemon.csv:0");

    let config = yaml(CONF)
        .text(FileFormat::Toml, "local.toml", "[resources.database.config]\nport = 5433\n")
        .set("ops.load.config.mode={replace: {backup: old.csv}}")
        .set("ops.load.config.limit=0.5");
    let run = runner(config.clone()).run_blocking().unwrap();
    assert_eq!(
        run.output::<load>(),
        "3 rows into localhost:5433 (replace, backup in old.csv, limit Some(0.5))"
    );
    insta::assert_snapshot!(show(&runner(config).effective_config().unwrap()), @r"
    ops:
      extract:
        config:
          path: pokemon.csv    # conf.yaml:4:13
          page: 100            # default
      clean:
        ops:
          trim:
            config:
              ends:
                - /100         # conf.yaml:9:18
      load:
        config:
          mode:
            replace:
              backup: old.csv  # --set
          limit: 0.5           # --set
    resources:
      database:
        config:
          host: localhost      # env DB_HOST
          port: 5433           # local.toml:2:8
    execution:
      max_concurrent: 2        # conf.yaml:15:19
    tags: {}                   # default
    ");
}

#[test]
fn all_that_is_wrong_is_told_before_the_run() {
    let config = yaml(
        "\
ops:
  extract:
    config:
      pth: pokemon.csv
      page: 5000
  lod:
    config: {}
  clean:
    ops:
      trim:
        config: {ends: none}
resources:
  database:
    config: {host: {env: DB_HSOT}, port: many, password: hunter2}
execution:
  max_concurrent: 0
",
    )
    .set("ops.load.config.mode=truncate")
    .file("no/such/file.yaml");
    let error = runner(config.clone()).run_blocking().unwrap_err().to_string();
    insta::assert_snapshot!(error, @r"
    the job `dex` cannot be configured: 10 problems
    error: `ops.extract.config` has no field `pth`
      --> conf.yaml:4:7
      hint: did you mean `path`?
    error: `ops.extract.config.page` is to be from 1 to 1000, but is 5000
      --> conf.yaml:5:13
    error: `ops` has no field `lod`
      --> conf.yaml:6:3
      hint: did you mean `load`?
    error: `ops.clean.ops.trim.config.ends` is to be a list, but is the text `none`
      --> conf.yaml:11:24
    error: `resources.database.config.host` is the environment variable `DB_HSOT`, which is not set
      --> conf.yaml:14:20
      hint: set it where the program is started: DB_HSOT=..
    error: `resources.database.config.port` is to be a whole number, but is the text `many`
      --> conf.yaml:14:42
    error: `resources.database.config.password` is a secret, and a secret is not written down
      --> conf.yaml:14:58
      hint: refer to it: `{env: PASSWORD}`, or `{file: PATH}` for one in a file
    error: `execution.max_concurrent` is to be at least 1, but is 0
      --> conf.yaml:16:19
    error: `ops.load.config.mode` is to be `append`, or a map with `replace`, but is `truncate`
      --> --set ops.load.config.mode
    error: there is no configuration file `no/such/file.yaml`
      hint: a relative path begins at the working directory
    ");
    // What the run is refused for, its plan and its effective values are too.
    assert_eq!(runner(config.clone()).plan().unwrap_err().to_string(), error);
    assert_eq!(runner(config).effective_config().unwrap_err().to_string(), error);
}

#[test]
fn nothing_given_is_told_with_what_to_write() {
    insta::assert_snapshot!(runner(RunConfig::new()).run_blocking().unwrap_err(), @r"
    the job `dex` cannot be configured
    error: the configuration lacks `ops` and `resources`
      hint: add
            ops:            # configuration of steps, by their name in the plan
              extract:
                config:     # where the pages come from
                  path: ..  # a text: the table
            resources:      # configuration of resources, by their key
              database:     # where all ends up
                config:     # how the database is reached
                  host: ..  # a text
    ");
}

#[test]
fn a_scaffold_says_all_that_can_be_said() {
    insta::assert_snapshot!(scaffold(&runner(RunConfig::new()).config_schema().unwrap()), @r"
    # Configuration of steps, by their name in the plan.
    ops:
      extract:
        # Where the pages come from.
        config:
          # The table.
          path:                       # a text
          # Rows in one page.
          #page: 100                  # a whole number from 1 to 1000
      #clean:
        #ops:
          #trim:
            # What is trimmed.
            #config:
              #ends: []               # a list, each item a text
      #load:
        # How a page is loaded.
        #config:
          # What becomes of rows that are there.
          #mode: append               # `append` or a map with `replace`
          # At which share of bad rows to give up.
          #limit:                     # a number
    # Configuration of resources, by their key.
    resources:
      # Where all ends up.
      database:
        # How the database is reached.
        config:
          host:                       # a text
          #port: 5432                 # a whole number from 0 to 65535
          #password: {env: PASSWORD}  # a secret
    # How the run is executed.
    #execution:
      # How many steps may run at once.
      #max_concurrent:                # a whole number, at least 1
      # How many items of one dynamic output may be alive at once.
      #max_in_flight:                 # a whole number, at least 1
      # Which of several ready steps goes first.
      #order:                         # `depth_first` or `breadth_first`
    # Tags of the run.
    #tags: {}                         # a map
    # The steps that run, such as `load+`; all by default.
    #select:                          # a text
    ");
}

#[test]
fn a_preset_is_a_named_configuration() {
    let nightly = Preset::new("nightly", yaml(CONF).set("ops.load.config.limit=0.1").set("tags.by=cron"));
    let job = dex().preset(nightly);
    let env = EnvVars::none().with("DB_HOST", "night");
    let runner = || definitions().runner(&job).env(env.clone()).keep_outputs().keep_events();
    let run = runner().preset("nightly").run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "3 rows into night:5432 (append, limit Some(0.1))");
    let run =
        runner().preset("nightly").config(RunConfig::new().set("ops.load.config.limit=0.9")).run_blocking();
    assert_eq!(run.unwrap().output::<load>(), "3 rows into night:5432 (append, limit Some(0.9))");
    insta::assert_snapshot!(runner().preset("nigthly").run_blocking().unwrap_err(), @r"
    the job `dex` cannot be planned
    error: the job `dex` has no preset `nigthly`
      hint: did you mean `nightly`? presets of this job: `nightly`
    ");
}

#[test]
fn a_part_of_a_job_takes_inputs_and_its_selection_from_configuration() {
    let part = yaml(
        "select: load\nops: {load: {inputs: {rows: [a, b]}}}\nresources: {database: {config: {host: h}}}",
    );
    let run = runner(part).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "2 rows into h:5432 (append, limit None)");
    // What is not selected needs no configuration, and a file for the whole job may have it.
    let run = runner(yaml(CONF).set("select=load").set("ops.load.inputs.rows=[a]")).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "1 rows into localhost:5432 (append, limit None)");
    let wrong =
        yaml(CONF).set("select=laod").set("ops.load.inputs.rows=[a, {b: 1}]").set("ops.load.inputs.row=[]");
    insta::assert_snapshot!(refusal(runner(wrong)), @r"
    the job `dex` cannot be planned: 3 problems
    error: there is no step `laod`, at column 1
      laod
      ^^^^
      --> --set select (selected)
      hint: did you mean `load`? steps of this job: extract, clean.trim, load
    error: `ops.load.inputs` has no field `row`
      --> --set ops.load.inputs.row
      hint: did you mean `rows`?
    error: `ops.load.inputs.rows[1]`: invalid type: map, expected a string
      --> --set ops.load.inputs.rows
    ");
    let wrong = yaml(CONF).set("select=load+,").set("ops.load.inputs.rows=[a, {b: 1}]");
    insta::assert_snapshot!(refusal(runner(wrong)), @r"
    the job `dex` cannot be configured: 2 problems
    error: `ops.load.inputs.rows[1]`: invalid type: map, expected a string
      --> --set ops.load.inputs.rows
    error: expected the name of a step, found the end, at column 7
      load+,
            ^
      --> --set select
    ");
    insta::assert_snapshot!(refusal(runner(yaml(CONF).set("select=load"))), @r#"
    the job `dex` cannot be planned
    error: `load` takes `rows` from `clean.trim`, which is not selected, and there is no earlier run
      --> tests/it/configuration.rs (the step)
      --> tests/it/configuration.rs (what it needs)
      hint: select `clean.trim` too, or give a value, `ops.load.inputs.rows` of the configuration or `.input("load", "rows", value)`, or give an earlier run that has kept it, `.upstream(&run)`, or that has stored it, `--upstream RUN`
    "#);
}

#[test]
fn what_a_program_says_of_all_its_jobs_need_not_concern_each() {
    #[op]
    fn idle() {}
    #[job]
    fn nothing() {
        idle();
    }
    let definitions = definitions().config(yaml(CONF).set("config.rows=3"));
    definitions.runner(&nothing()).run_blocking().unwrap();
    // What a run is given itself has to.
    let given = definitions.runner(&nothing()).config(RunConfig::new().set("ops.extract.config.page=3"));
    insta::assert_snapshot!(refusal(given), @r"
    the job `nothing` cannot be configured
    error: `ops` has no field `extract`
      --> --set ops.extract.config.page
      hint: it has `idle`
    ");
}

#[test]
fn what_is_said_of_the_run_itself_can_refer_to_the_environment() {
    let config = yaml(CONF).set("select={env: PART}").set("execution.max_concurrent={env: SLOTS}");
    let env = EnvVars::none().with("PART", "extract").with("SLOTS", "7");
    let run = definitions().runner(&dex()).env(env).config(config).keep_outputs().keep_events();
    let run = run.run_blocking().unwrap();
    assert_eq!(run.plan().steps.len(), 1);
    let start = serde_json::to_value(&run.events()[0]).unwrap();
    assert_eq!(start["max_concurrent"], 7);
    let wrong = yaml(CONF).set("select=3").set("execution.max_concurrent={env: SLOTS}").set("tags.a/b/c=x");
    insta::assert_snapshot!(refusal(runner(wrong)), @r"
    the job `dex` cannot be planned: 2 problems
    error: the tag key `a/b/c` has several slashes (--set tags.a/b/c)
      hint: keep one, between a prefix and a name: `a/b.c`
    error: `execution.max_concurrent` is the environment variable `SLOTS`, which is not set
      --> --set execution.max_concurrent
      hint: set it where the program is started: SLOTS=..
    ");
}
