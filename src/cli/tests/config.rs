//! Configuration from files, values, presets and environments: what it can be, what it is, what is wrong with it.

mod incomplete;
mod secret;

use std::fs;
use std::path::PathBuf;

use orch_core::define::Preset;

use super::*;
use crate::prelude::*;

/// In no output.
const CANARY: &str = "canary-7f3a";

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
    #[config(default = Mode::Append)]
    mode: Mode,
}

#[derive(Config)]
enum Mode {
    Append,
    Replace { backup: String },
}

/// How the database is reached.
#[derive(Config)]
struct Connect {
    host: String,
    #[config(default = 5432)]
    port: u16,
    /// Of the user `loader`.
    password: Secret<String>,
}

struct Database {
    url: String,
    password: String,
}

impl Database {
    fn fake() -> Self {
        Self { url: "fake".into(), password: "none".into() }
    }
}

/// Where all ends up.
#[resource]
fn database(connect: Config<Connect>) -> Database {
    let password = connect.password.expose().clone();
    Database { url: format!("{}:{}", connect.host, connect.port), password }
}

/// Reads the pages.
#[op]
fn extract(source: Config<Source>) -> String {
    format!("{} by {}", source.path, source.page)
}

/// Writes them.
#[op]
fn load(pages: &str, load: Config<Load>, db: Res<Database>) -> Result<()> {
    let mode = match &load.mode {
        Mode::Append => "append".to_owned(),
        Mode::Replace { backup } => format!("replace, backup in {backup}"),
    };
    tracing::info!(password = db.password, "{pages} into {} ({mode}) as loader:{}", db.url, db.password);
    if db.url.starts_with("down") {
        let failure = Failure::new(format!("no connection as loader:{}", db.password));
        return Err(failure.with_metadata("url", format!("db://loader:{}@{}", db.password, db.url)));
    }
    Ok(())
}

#[job]
fn dex() {
    load(extract());
}

fn program() -> Result<Definitions, Failure> {
    let nightly = RunConfig::new().set("ops.extract.config.path=all.csv").set("tags.by=cron");
    let prod = RunConfig::new().set("resources.database.config.host=prod");
    Ok(Definitions::new()
        .job(dex().preset(Preset::new("nightly", nightly)))
        .resource_from::<database>()
        .environment("prod", Environment::new().config(prod)))
}

/// Files for one test, there as long as it lasts.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("orch-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, text: &str) -> Self {
        fs::write(self.0.join(file), text).unwrap();
        self
    }

    /// What is answered; `@` stands for the folder.
    fn session(&self, args: &str) -> String {
        let env = EnvVars::none().with("PASSWORD", CANARY).with("DB_HOST", "localhost");
        let folder = format!("{}{}", self.0.display(), std::path::MAIN_SEPARATOR);
        session_in(env, program, &args.replace('@', &folder)).replace(&folder, "@")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const BASE: &str = "\
ops:
  extract:
    config:
      path: pokemon.csv
resources:
  database:
    config:
      host: {env: DB_HOST}
      password: {env: PASSWORD}
";

const LOCAL: &str = "[resources.database.config]\nport = 5433\n";

fn files(name: &str) -> Folder {
    Folder::new(name).with("base.yaml", BASE).with("local.toml", LOCAL)
}

#[test]
fn a_scaffold_is_a_file_to_start_from() {
    insta::assert_snapshot!(session(program, "config scaffold dex"), @r"
    exit 0
    --- stdout
    # Configuration of steps, by their name in the plan.
    ops:
      extract:
        # Where the pages come from.
        config:
          # The table.
          path:                      # a text
          # Rows in one page.
          #page: 100                 # a whole number from 1 to 1000
      #load:
        # How a page is loaded.
        #config:
          #mode: append              # `append` or a map with `replace`
    # Configuration of resources, by their key.
    resources:
      # Where all ends up.
      database:
        # How the database is reached.
        config:
          host:                      # a text
          #port: 5432                # a whole number from 0 to 65535
          # Of the user `loader`.
          password: {env: PASSWORD}  # a secret
    # How the run is executed.
    #execution:
      # How many steps may run at once.
      #max_concurrent:               # a whole number, at least 1
      # How many items of one dynamic output may be alive at once.
      #max_in_flight:                # a whole number, at least 1
      # Which of several ready steps goes first.
      #order:                        # `depth_first` or `breadth_first`
    # Tags of the run.
    #tags: {}                        # a map
    # The steps that run, such as `load+`; all by default.
    #select:                         # a text
    ");
    insta::assert_snapshot!(session(program, "config scaffold dex --preset nightly --select extract"), @r"
    exit 0
    --- stdout
    # Configuration of steps, by their name in the plan.
    ops:
      extract:
        # Where the pages come from.
        config:
          # The table.
          path:                       # a text
          # Rows in one page.
          #page: 100                  # a whole number from 1 to 1000
      #load:
        # How a page is loaded.
        #config:
          #mode: append               # `append` or a map with `replace`
    # Configuration of resources, by their key.
    #resources:
      # Where all ends up.
      #database:
        # How the database is reached.
        #config:
          #host:                      # a text
          #port: 5432                 # a whole number from 0 to 65535
          # Of the user `loader`.
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
fn the_schema_is_for_editors() {
    let told = session(program, "config schema");
    let schema: serde_json::Value =
        serde_json::from_str(told.strip_prefix("exit 0\n--- stdout\n").expect("only data")).unwrap();
    insta::assert_snapshot!(schema["title"], @r#""Configuration of dex""#);
    insta::assert_snapshot!(format!("{:#}", schema["$defs"]["Source"]), @r##"
    {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "path": {
          "description": "The table.",
          "anyOf": [
            {
              "type": "string"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "page": {
          "description": "Rows in one page.",
          "default": 100,
          "anyOf": [
            {
              "type": "integer",
              "format": "uint32",
              "minimum": 1,
              "maximum": 1000
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        }
      },
      "required": [
        "path"
      ],
      "description": "Where the pages come from."
    }
    "##);
}

#[test]
fn what_is_in_effect_is_shown_with_where_it_comes_from() {
    let folder = files("shown");
    let args = "config show dex --config @base.yaml --config @local.toml --set ops.load.config.mode.replace.backup=old";
    insta::assert_snapshot!(folder.session(args), @r"
    exit 0
    --- stdout
    ops:
      extract:
        config:
          path: pokemon.csv          # @base.yaml:4:13
          page: 100                  # default
      load:
        config:
          mode:
            replace:
              backup: old            # --set
    resources:
      database:
        config:
          host: localhost            # env DB_HOST
          port: 5433                 # @local.toml:2:8
          password: {env: PASSWORD}  # @base.yaml:9:17
    execution: {}                    # default
    tags: {}                         # default
    ");
    let args = "config show --preset nightly --environment prod --set resources.database.config.password={env:PASSWORD}";
    insta::assert_snapshot!(folder.session(args), @r"
    exit 0
    --- stdout
    ops:
      extract:
        config:
          path: all.csv              # --set
          page: 100                  # default
      load:
        config:
          mode: append               # default
    resources:
      database:
        config:
          host: prod                 # --set
          port: 5432                 # default
          password: {env: PASSWORD}  # --set
    execution: {}                    # default
    tags:
      by: cron                       # --set
    ");
}

#[test]
fn a_run_is_configured_by_files_values_a_preset_and_an_environment() {
    let folder = files("run");
    let args = "run --config @base.yaml --config @local.toml --set ops.extract.config.page=7 --progress none";
    insta::assert_snapshot!(folder.session(args), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
            Info [<time>] load: pokemon.csv by 7 into localhost:5433 (append) as loader:<secret> password=<secret>
    ────────────
         Success [<time>] dex: 2 steps: 2 succeeded
    ");
    let args = "run --preset nightly --environment prod --set resources.database.config.password={env:PASSWORD} --progress none";
    insta::assert_snapshot!(folder.session(args), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
            Info [<time>] load: all.csv by 100 into prod:5432 (append) as loader:<secret> password=<secret>
    ────────────
         Success [<time>] dex: 2 steps: 2 succeeded
    ");
    // A file goes before the preset, and --set before the file.
    let args = "run --preset nightly -c @base.yaml --set ops.extract.config.path=set.csv --progress none";
    assert!(folder.session(args).contains("set.csv by 100 into localhost:5432"), "{}", folder.session(args));
}

#[test]
fn all_that_is_wrong_is_told_together() {
    let folder =
        files("wrong").with("wrong.json", r#"{"ops": {"extract": {"config": {"page": 0, "pth": "a"}}}}"#);
    let args = "run --config @wrong.json --config @none.yaml --set resources.database.config.port=many --set ops.lod.config=1";
    let told = folder.session(args);
    insta::assert_snapshot!(told, @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured: 5 problems
    error: `ops.extract.config.page` is to be from 1 to 1000, but is 0
      --> @wrong.json:1:41
    error: `ops.extract.config` has no field `pth`
      --> @wrong.json:1:44
      hint: did you mean `path`?
    error: `ops` has no field `lod`
      --> --set ops.lod.config
      hint: did you mean `load`?
    error: `resources.database.config.port` is to be a whole number, but is the text `many`
      --> --set resources.database.config.port
    error: there is no configuration file `@none.yaml`
      hint: a relative path begins at the working directory
    ");
    // A plan and what is in effect are refused in the same words.
    assert_eq!(folder.session(&args.replace("run", "plan")), told);
    assert_eq!(folder.session(&args.replace("run", "config show")), told);
    insta::assert_snapshot!(folder.session("run"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: the configuration lacks `ops` and `resources`
      hint: add
            ops:                             # configuration of steps, by their name in the plan
              extract:
                config:                      # where the pages come from
                  path: ..                   # a text: the table
            resources:                       # configuration of resources, by their key
              database:                      # where all ends up
                config:                      # how the database is reached
                  host: ..                   # a text
                  password: {env: PASSWORD}  # a secret: of the user `loader`
    ");
    insta::assert_snapshot!(folder.session("run --config @base.ini"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: the configuration file `@base.ini` ends in `.ini`, which is no known format
      hint: known are .yaml, .yml, .toml and .json
    ");
    insta::assert_snapshot!(folder.session("run --set ops.extract.config.path"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: `--set ops.extract.config.path` lacks `=` and a value at column 24
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    ");
}

#[test]
fn an_unknown_preset_or_environment_is_told_with_the_known() {
    insta::assert_snapshot!(session(program, "run --preset nigthly"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be planned
    error: the job `dex` has no preset `nigthly`
      hint: did you mean `nightly`? presets of this job: `nightly`
    ");
    insta::assert_snapshot!(session(program, "config show --preset weekly"), @r#"
    exit 2
    --- stderr
    error: the job `dex` cannot be planned
    error: the job `dex` has no preset `weekly`
      hint: give the job one, `job().preset(Preset::new("weekly", RunConfig::new()..))`; presets of this job: `nightly`
    "#);
    insta::assert_snapshot!(session(program, "run --environment prodd"), @r"
    exit 2
    --- stderr
    error: `program` has no environment `prodd`
    hint: did you mean `prod`? environments of this program: `prod`
    ");
    insta::assert_snapshot!(session(one, "run --preset nightly"), @r#"
    exit 2
    --- stderr
    error: the job `pages` cannot be planned
    error: the job `pages` has no preset `nightly`
      hint: give the job one, `job().preset(Preset::new("nightly", RunConfig::new()..))`
    "#);
    insta::assert_snapshot!(session(one, "plan --environment prod"), @r#"
    exit 2
    --- stderr
    error: `program` has no environment `prod`
    hint: this program has none; give it one, `Definitions::new().environment("prod", ..)`
    "#);
}

#[test]
fn the_list_of_jobs_names_what_they_can_be_run_with() {
    insta::assert_snapshot!(session(program, "list"), @r"
    exit 0
    --- stdout
    dex
         presets: nightly
    environments: prod
    ");
    insta::assert_snapshot!(session(program, "list --json"), @r#"
    exit 0
    --- stdout
    [
      {
        "name": "dex",
        "description": null,
        "tags": {},
        "max_concurrent": null,
        "max_in_flight": null,
        "order": "depth_first",
        "schedule": null,
        "presets": [
          "nightly"
        ],
        "environments": [
          "prod"
        ]
      }
    ]
    "#);
}
