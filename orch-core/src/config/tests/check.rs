use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{EnvVars, FileFormat, Node, check, show};

fn yaml(text: &str) -> Node {
    Node::parse(FileFormat::Yaml, "conf/a.yaml", text).unwrap()
}

/// What the check of a file says: what is in effect, or everything that is wrong.
fn told<T: JsonSchema>(text: &str) -> String {
    told_with::<T>(text, &EnvVars::none())
}

fn told_with<T: JsonSchema>(text: &str, env: &EnvVars) -> String {
    let schema = schemars::schema_for!(T);
    match check(&yaml(text), &schema, env) {
        Ok(effective) => show(&effective),
        Err(error) => error.to_string(),
    }
}

/// How rows are loaded.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Load {
    /// Rows in one batch.
    #[schemars(range(min = 1, max = 1000))]
    batch: u32,
    /// Where the files are.
    folder: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default = "two")]
    retries: u8,
    comment: Option<String>,
}

fn two() -> u8 {
    2
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Fast,
    Careful,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Run {
    ops: Ops,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ops {
    load: OpConfig,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpConfig {
    config: Load,
}

#[test]
fn a_fitting_configuration_is_completed() {
    assert_snapshot!(told::<Run>("ops:\n  load:\n    config:\n      folder: data\n      batch: 5.0\n"), @r"
    ops:
      load:
        config:
          batch: 5      # conf/a.yaml:5:14
          folder: data  # conf/a.yaml:4:15
          mode: fast    # default
          retries: 2    # default
    ");
}

#[test]
fn all_problems_are_told_together() {
    let text = "
ops:
  load:
    config:
      batch: 0
      foldr: data
      mode: carefull
      retries: 300
      comment: 5
  store: {}
";
    assert_snapshot!(told::<Run>(text), @r#"
    the configuration cannot be used: 6 problems
    error: `ops.load.config.batch` is to be from 1 to 1000, but is 0
      --> conf/a.yaml:5:14
    error: `ops.load.config` has no field `foldr`
      --> conf/a.yaml:6:7
      hint: did you mean `folder`?
    error: `ops.load.config.mode` is to be `fast` or `careful`, but is the text `carefull`
      --> conf/a.yaml:7:13
      hint: did you mean `careful`?
    error: `ops.load.config.retries` is to be from 0 to 255, but is 300
      --> conf/a.yaml:8:16
    error: `ops.load.config.comment` is to be a text, but is the number 5
      --> conf/a.yaml:9:16
      hint: in quotes it is a text: "5"
    error: `ops` has no field `store`
      --> conf/a.yaml:10:3
      hint: it has `load`
    "#);
}

#[test]
fn what_is_missing_is_told_with_a_piece_that_has_it() {
    assert_snapshot!(told::<Run>("ops:\n  load:\n    config: {}\n"), @r"
    the configuration cannot be used
    error: `ops.load.config` lacks `batch` and `folder`
      --> conf/a.yaml:3:13
      hint: add
            ops:
              load:
                config:
                  batch: 1    # a whole number from 1 to 1000: rows in one batch
                  folder: ..  # a text: where the files are
    ");
    assert_snapshot!(told::<Run>("ops: {load: {}}"), @r"
    the configuration cannot be used
    error: `ops.load` lacks `config`
      --> conf/a.yaml:1:13
      hint: add
            ops:
              load:
                config:       # how rows are loaded
                  batch: 1    # a whole number from 1 to 1000: rows in one batch
                  folder: ..  # a text: where the files are
    ");
    assert_snapshot!(told::<Run>(""), @r"
    the configuration cannot be used
    error: the configuration lacks `ops`
      --> conf/a.yaml:1:1
      hint: add
            ops:
              load:
                config:       # how rows are loaded
                  batch: 1    # a whole number from 1 to 1000: rows in one batch
                  folder: ..  # a text: where the files are
    ");
}
