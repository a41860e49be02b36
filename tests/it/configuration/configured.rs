//! Ops that are others but for their configuration.

use std::sync::Arc;

use orch::define::JobOptions;
use orch::graph::{Call, Op};

use super::secrets::leak;
use super::*;

/// Pages of ten rows.
#[configured(extract)]
fn extract_few() -> Source {
    Source { path: "few.csv".to_owned(), page: 10 }
}

/// A share of all rows.
#[derive(Config)]
struct Share {
    /// In percent.
    #[config(default = 1)]
    percent: u32,
    path: String,
}

/// Pages of a part of the rows.
#[configured(extract, name = "extract_part")]
fn extract_share(share: Config<Share>) -> Result<Source> {
    match share.percent {
        0 => Err(Failure::new("nothing would be extracted")),
        percent => Ok(Source { path: share.path.clone(), page: percent * 20 }),
    }
}

#[configured(extract_share)]
fn extract_half() -> Share {
    Share { percent: 50, path: "half.csv".to_owned() }
}

#[job]
fn parts() {
    extract_few();
    extract_share();
    extract_half();
}

#[test]
fn an_op_is_another_one_but_for_its_configuration() {
    let with = |set: &str| parts().runner().config(RunConfig::new().set(set)).keep_outputs();
    let path = "ops.extract_part.config.path=dex.csv";
    let run = with(path).run_blocking().unwrap();
    assert_eq!(run.output::<extract_few>()[0], "few.csv:0/10");
    assert_eq!(run.output::<extract_share>()[0], "dex.csv:0/20");
    assert_eq!(run.output::<extract_half>()[0], "half.csv:0/1000");
    assert_eq!(run.outputs::<extract>().count(), 0);
    // The functions stay what they are.
    assert_eq!(extract_few().page, 10);
    assert!(extract_share(Config::new(Share { percent: 0, path: String::new() })).is_err());

    insta::assert_snapshot!(parts().plan(), @r"
    job parts
      depth_first, as many at once as processors
    extract_few() -> Vec<String>
    extract_part() -> Vec<String>
      | config Share
    extract_half() -> Vec<String>
    ");
    insta::assert_snapshot!(scaffold(&with(path).config_schema().unwrap()), @r"
    # Configuration of steps, by their name in the plan.
    ops:
      #extract_few:
        # Nothing can be given.
        #config: {}     # a map
      extract_part:
        # A share of all rows.
        config:
          # In percent.
          #percent: 1   # a whole number, at least 0
          path:         # a text
      #extract_half:
        # Nothing can be given.
        #config: {}     # a map
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
    insta::assert_snapshot!(show(&with(path).effective_config().unwrap()), @r"
    ops:
      extract_few:
        config: {}       # default
      extract_part:
        config:
          percent: 1     # default
          path: dex.csv  # --set
      extract_half:
        config: {}       # default
    resources: {}        # default
    execution: {}        # default
    tags: {}             # default
    ");
}

#[test]
fn what_a_configured_op_makes_of_its_configuration_is_checked() {
    let run = |config: &str| refusal(parts().runner().config(yaml(config)));
    insta::assert_snapshot!(run("ops: {extract_part: {config: {path: a, percent: 0}}}"), @r"
    the job `parts` cannot be configured
    error: `ops.extract_part.config`: nothing can be made of it: nothing would be extracted
      --> conf.yaml:1:30
    ");
    insta::assert_snapshot!(run("ops: {extract_part: {config: {path: a, percent: 60}}}"), @r"
    the job `parts` cannot be configured
    error: `ops.extract_part.config`: what is made of it cannot be used: `page` is to be from 1 to 1000, but is 1200
      --> conf.yaml:1:30
    ");
    insta::assert_snapshot!(run("ops: {extract_few: {config: {page: 3}}, extract_part: {config: {percent: 2}}}"), @r"
    the job `parts` cannot be configured: 2 problems
    error: `ops.extract_few.config` has no field `page`
      --> conf.yaml:1:30
      hint: it has no fields at all
    error: `ops.extract_part.config` lacks `path`
      --> conf.yaml:1:64
      hint: add
            ops:
              extract_part:
                config:
                  path: ..  # a text
    ");
    #[configured(extract)]
    fn none() -> Source {
        Source { path: "none.csv".to_owned(), page: 0 }
    }
    #[job]
    fn empty() {
        none();
    }
    insta::assert_snapshot!(refusal(empty().runner()), @r"
    the job `empty` cannot be configured
    error: `ops.none.config`: what is made of it cannot be used: `page` is to be from 1 to 1000, but is 0
      --> tests/it/configuration/configured.rs
    ");
}

#[test]
fn by_hand_a_configuration_that_the_op_does_not_take_is_told() {
    #[op]
    fn idle() {}
    let wrong = Arc::new(<extract as Op>::def().configured("wrong", |share: Config<Share>| {
        Ok(Share { percent: share.percent, path: share.path.clone() })
    }));
    let none = Arc::new(<idle as Op>::def().configured("none", |share: Config<Share>| {
        Ok(Share { percent: share.percent, path: share.path.clone() })
    }));
    let job = Job::compose(JobOptions::new("by_hand"), || {
        Call::of(&wrong).place::<<extract as Op>::Outputs>();
        Call::of(&none).place::<<idle as Op>::Outputs>();
    });
    let config = yaml("ops: {wrong: {config: {path: a}}, none: {config: {path: a}}}");
    insta::assert_snapshot!(refusal(job.runner().config(config)), @r"
    the job `by_hand` cannot be configured: 2 problems
    error: `ops.wrong.config`: what is made of it cannot be used: it is a `Share`, not a `Source`
      --> conf.yaml:1:23
    error: `ops.none.config`: what is made of it cannot be used: it is a `Share`, not a `NoConfig`
      --> conf.yaml:1:50
    ");
}

/// Who may log in.
#[derive(Config)]
struct Login {
    password: Secret<String>,
}

#[configured(leak)]
fn leak_of(login: &Login) -> Result<Connect> {
    match &**login.password.expose() {
        "told" => Err(Failure::new(format!("{} is no password", login.password.expose()))),
        "panic" => panic!("{} is no password", login.password.expose()),
        text => Ok(Connect { host: format!("{text}.org"), port: 1, password: Some(login.password.clone()) }),
    }
}

#[test]
fn a_configured_op_hands_on_secrets_and_tells_none() {
    #[job]
    fn leaky() {
        leak_of();
    }
    let with = |password: &str| {
        let env = EnvVars::none().with("DB_PASSWORD", password);
        let config = yaml("ops: {leak_of: {config: {password: {env: DB_PASSWORD}}}}");
        leaky().runner().env(env).config(config)
    };
    insta::assert_snapshot!(refusal(with("canary-7f3a")), @r#"
    the run of `leaky` failed: 1 step
    `leak_of`: cannot connect as admin:<secret>
      url: "db://admin:<secret>@host"
    "#);
    insta::assert_snapshot!(refusal(with("told")), @r"
    the job `leaky` cannot be configured
    error: `ops.leak_of.config`: nothing can be made of it: <secret> is no password
      --> conf.yaml:1:25
    ");
    insta::assert_snapshot!(refusal(with("panic")), @r"
    the job `leaky` cannot be configured
    error: `ops.leak_of.config`: nothing can be made of it: panicked: <secret> is no password
      at tests/it/configuration/configured.rs:20
      --> conf.yaml:1:25
    ");
    insta::assert_snapshot!(show(&with("canary-7f3a").effective_config().unwrap()), @r"
    ops:
      leak_of:
        config:
          password: {env: DB_PASSWORD}  # conf.yaml:1:36
    resources: {}                       # default
    execution: {}                       # default
    tags: {}                            # default
    ");
}
