//! What calls and jobs say of the configuration of steps.

use orch::define::JobOptions;

use super::*;

#[test]
fn a_call_can_fix_all_of_it_or_a_part() {
    #[job]
    fn two() {
        let all = extract().configured("all", Source { path: "all.csv".to_owned(), page: 7 });
        let some = extract().configured("some", serde_json::json!({ "path": "some.csv" }));
        trim(all).named("trim_all");
        trim(some).named("trim_some");
    }
    let run =
        two().runner().config(RunConfig::new().set("ops.some.config.page=3")).keep_outputs().run_blocking();
    let mut told: Vec<_> =
        run.unwrap().outputs::<extract>().map(|(step, rows)| format!("{step} {}", rows[0])).collect();
    told.sort();
    assert_eq!(told, ["all all.csv:0/7", "some some.csv:0/3"]);
    let again = RunConfig::new().set("ops.all.config.page=3").set("ops.some.config.path=other.csv");
    insta::assert_snapshot!(refusal(two().runner().config(again)), @r"
    the job `two` cannot be configured: 2 problems
    error: `ops.all.config.page` is fixed where the op is called, and cannot be given
      --> --set ops.all.config.page
      --> tests/it/configuration/calls.rs (the call)
      hint: leave it out, or out of the call
    error: `ops.some.config.path` is fixed where the op is called, and cannot be given
      --> --set ops.some.config.path
      --> tests/it/configuration/calls.rs (the call)
      hint: leave it out, or out of the call
    ");
    #[job]
    fn wrong() {
        extract().config(serde_json::json!({ "pages": 7 }));
        load(extract()).config(7);
    }
    insta::assert_snapshot!(refusal(wrong().runner().with(Database("x".into()))), @r"
    the job `wrong` cannot be configured: 4 problems
    error: `ops.extract.config` has no field `pages`
      --> tests/it/configuration/calls.rs
      hint: did you mean `page`?
    error: `ops.extract.config` lacks `path`
      --> tests/it/configuration/calls.rs
      hint: add
            ops:
              extract:
                config:
                  path: ..  # a text: the table
    error: `ops` lacks `extract_2`
      --> tests/it/configuration/calls.rs
      hint: add
            ops:
              extract_2:
                config:     # where the pages come from
                  path: ..  # a text: the table
    error: `ops.load.config` is to be a map, but is the number 7
      --> tests/it/configuration/calls.rs
    ");
}

/// How much of all.
#[derive(Config)]
struct Dex {
    /// Rows in one page.
    #[config(range = 1..)]
    rows: u32,
    /// The table.
    #[config(default = "dex.csv".to_owned())]
    path: String,
}

#[op]
fn repeat(times: u32, text: &str) -> String {
    text.repeat(times as usize)
}

#[test]
fn a_job_takes_configuration_of_which_its_body_makes_that_of_its_steps() {
    #[job]
    fn whole(config: Config<Dex>) {
        extract().config_from(config.map(|dex| Source { path: dex.path.clone(), page: dex.rows * 10 }));
        repeat(config.map(|dex| dex.rows), config.map(|dex| dex.path.clone()));
    }
    insta::assert_snapshot!(whole().plan(), @r"
    job whole
      depth_first, as many at once as processors
    extract() -> Vec<String>
      | config Source
    repeat(times: u32 <- config, text: &String <- config) -> String
    ");
    let with = |set: &str| whole().runner().config(RunConfig::new().set(set)).keep_outputs();
    let run = with("config.rows=2").run_blocking().unwrap();
    assert_eq!(run.output::<extract>()[0], "dex.csv:0/20");
    assert_eq!(run.output::<repeat>(), "dex.csvdex.csv");
    // What is made of it is checked like all else.
    insta::assert_snapshot!(refusal(with("config.rows=200")), @r"
    the job `whole` cannot be configured
    error: `ops.extract.config.page` is to be from 1 to 1000, but is 2000
      --> tests/it/configuration/calls.rs
    ");
    insta::assert_snapshot!(refusal(with("config.rows=0")), @r"
    the job `whole` cannot be configured
    error: `config.rows` is to be at least 1, but is 0
      --> --set config.rows
    ");
    let given = RunConfig::new().set("config.rows=2").set("ops.extract.config.page=3");
    insta::assert_snapshot!(refusal(whole().runner().config(given)), @r"
    the job `whole` cannot be configured
    error: `ops.extract.config` is made of the job's configuration, and cannot be given
      --> --set ops.extract.config.page
      --> tests/it/configuration/calls.rs (the call)
      hint: leave it out, or out of the call
    ");
}

#[test]
fn the_configuration_of_one_job_is_not_that_of_another() {
    #[job]
    fn outer(config: Config<Dex>) {
        let inner = Job::compose(JobOptions::new("inner"), || {
            repeat(config.map(|dex| dex.rows), lit("row"));
        });
        insta::assert_snapshot!(refusal(inner.runner()), @r"
        the job `inner` cannot be planned
        error: the configuration of another job is used here
          --> tests/it/configuration/calls.rs (used)
          hint: a job's configuration is used in the job's own body, and handed to its graphs as values made of it
        ");
        repeat(config.map(|dex| dex.rows), lit("row"));
    }
    assert!(outer().runner().config(RunConfig::new().set("config.rows=2")).run_blocking().is_ok());
}
