//! What can be said of a job before all of its configuration is there.

use super::*;

#[test]
fn a_plan_needs_no_values_but_none_that_is_wrong() {
    insta::assert_snapshot!(session(program, "plan dex"), @r"
    exit 0
    --- stdout
    job dex
      depth_first, as many at once as processors
    extract() -> String
      | config Source
    load(pages: &String <- extract) -> ()
      | config Load
      | resources Database
    ");
    insta::assert_snapshot!(session(program, "plan dex --set ops.extract.config.page=many"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured: 3 problems
    error: `ops.extract.config.page` is to be a whole number, but is the text `many`
      --> --set ops.extract.config.page
    error: `ops.extract.config` lacks `path`
      --> --set ops.extract.config.page
      hint: add
            ops:
              extract:
                config:
                  path: ..  # a text: the table
    error: the configuration lacks `resources`
      --> --set ops.extract.config.page
      hint: add
            resources:                       # configuration of resources, by their key
              database:                      # where all ends up
                config:                      # how the database is reached
                  host: ..                   # a text
                  password: {env: PASSWORD}  # a secret: of the user `loader`
    ");
}

#[test]
fn what_is_in_effect_is_shown_without_the_secrets() {
    let folder = Folder::new("references").with("base.yaml", BASE);
    let show = |args: &str| {
        let args = format!("config show dex --config @base.yaml {args}");
        let place = format!("{}{}", folder.0.display(), std::path::MAIN_SEPARATOR);
        let env = EnvVars::none().with("DB_HOST", "localhost");
        session_in(env, program, &args.replace('@', &place)).replace(&place, "@")
    };
    insta::assert_snapshot!(show(""), @r"
    exit 0
    --- stdout
    ops:
      extract:
        config:
          path: pokemon.csv          # @base.yaml:4:13
          page: 100                  # default
      load:
        config:
          mode: append               # default
    resources:
      database:
        config:
          host: localhost            # env DB_HOST
          port: 5432                 # default
          password: {env: PASSWORD}  # @base.yaml:9:17
    execution: {}                    # default
    tags: {}                         # default
    ");
    insta::assert_snapshot!(show("--set resources.database.config.password={vault:db}"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: `resources.database.config.password` is a secret, and refers to it by something else than `env` or `file` alone
      --> --set resources.database.config.password
      hint: write `{env: NAME}` or `{file: PATH}`
    ");
    insta::assert_snapshot!(show("--set ops.extract.config.page=0"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured: 2 problems
    error: `resources.database.config.password` is a secret in the environment variable `PASSWORD`, which is not set
      --> @base.yaml:9:17
      hint: set it where the program is started: PASSWORD=..
    error: `ops.extract.config.page` is to be from 1 to 1000, but is 0
      --> --set ops.extract.config.page
    ");
}

#[test]
fn a_section_whose_lines_are_commented_out_says_nothing() {
    let folder = files("commented")
        .with("empty.yaml", "ops:\n  # extract:\n  load:\n    config:\nresources:\ntags:\n")
        .with("unknown.yaml", "ops:\n  lod:\n");
    insta::assert_snapshot!(folder.session("run dex --config @base.yaml --config @empty.yaml -q"), @"exit 0");
    insta::assert_snapshot!(folder.session("run dex --config @base.yaml --config @unknown.yaml -q"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: `ops` has no field `lod`
      --> @unknown.yaml:2:3
      hint: did you mean `load`?
    ");
}

#[test]
fn a_scaffold_proposes_nothing_that_is_fixed() {
    #[job]
    fn fixed() {
        let pages = extract().config(&Source { path: "all.csv".into(), page: 10 });
        load(pages)
            .configured("carefully", serde_json::json!({ "mode": { "replace": { "backup": "old" } } }));
    }
    #[job]
    fn half_fixed() {
        extract().config(serde_json::json!({ "path": "all.csv" }));
    }
    let program = || Ok(Definitions::new().job(fixed()).job(half_fixed()).resource(Database::fake()));
    insta::assert_snapshot!(session(program, "config scaffold fixed"), @r"
    exit 0
    --- stdout
    # Configuration of steps, by their name in the plan.
    #ops:
      #extract: {}      # a map
      #carefully:
    # Configuration of resources, by their key.
    #resources: {}      # a map
    # How the run is executed.
    #execution:
      # How many steps may run at once.
      #max_concurrent:  # a whole number, at least 1
      # How many items of one dynamic output may be alive at once.
      #max_in_flight:   # a whole number, at least 1
      # Which of several ready steps goes first.
      #order:           # `depth_first` or `breadth_first`
    # Tags of the run.
    #tags: {}           # a map
    # The steps that run, such as `load+`; all by default.
    #select:            # a text
    ");
    insta::assert_snapshot!(session(program, "config scaffold half_fixed"), @r"
    exit 0
    --- stdout
    # Configuration of steps, by their name in the plan.
    #ops:
      #extract:
        # Where the pages come from.
        #config:
          # Rows in one page.
          #page: 100    # a whole number from 1 to 1000
    # Configuration of resources, by their key.
    #resources: {}      # a map
    # How the run is executed.
    #execution:
      # How many steps may run at once.
      #max_concurrent:  # a whole number, at least 1
      # How many items of one dynamic output may be alive at once.
      #max_in_flight:   # a whole number, at least 1
      # Which of several ready steps goes first.
      #order:           # `depth_first` or `breadth_first`
    # Tags of the run.
    #tags: {}           # a map
    # The steps that run, such as `load+`; all by default.
    #select:            # a text
    ");
}

#[test]
fn one_file_is_for_environments_with_a_resource_and_with_another_in_its_place() {
    let folder = files("replaced");
    let program = || Ok(program()?.environment("test", Environment::new().resource(Database::fake())));
    let place = format!("{}{}", folder.0.display(), std::path::MAIN_SEPARATOR);
    let session =
        |args: &str| session_in(EnvVars::none(), program, &args.replace('@', &place)).replace(&place, "@");
    insta::assert_snapshot!(session("run dex --environment test --config @base.yaml -q"), @"exit 0");
    insta::assert_snapshot!(session("run dex --config @base.yaml -q"), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured: 2 problems
    error: `resources.database.config.host` is the environment variable `DB_HOST`, which is not set
      --> @base.yaml:8:13
      hint: set it where the program is started: DB_HOST=..
    error: `resources.database.config.password` is a secret in the environment variable `PASSWORD`, which is not set
      --> @base.yaml:9:17
      hint: set it where the program is started: PASSWORD=..
    ");
}

#[test]
fn an_input_that_cannot_be_read_is_given_nonetheless() {
    let args = "run dex --config @base.yaml --select load --set ops.load.inputs.pages=[1] -q";
    insta::assert_snapshot!(files("inputs").session(args), @r"
    exit 2
    --- stderr
    error: the job `dex` cannot be configured
    error: `ops.load.inputs.pages`: invalid type: sequence, expected a string
      --> --set ops.load.inputs.pages
    ");
}
