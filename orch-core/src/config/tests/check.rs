use insta::assert_snapshot;
use schemars::{JsonSchema, json_schema};
use serde::{Deserialize, Serialize};

use super::{told, told_of, yaml};
use crate::config::{ConfigPath, EnvVars, check_at};

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
    assert_snapshot!(told::<Run>(text), @r"
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
      hint: in quotes it is a text
    error: `ops` has no field `store`
      --> conf/a.yaml:10:3
      hint: it has `load`
    ");
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

#[test]
fn types_are_told_in_words_with_the_way_out() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    #[serde(deny_unknown_fields)]
    struct All {
        on: bool,
        name: String,
        count: u8,
        share: f64,
        tags: Vec<String>,
        #[serde(default)]
        level: i8,
        names: std::collections::BTreeMap<String, i64>,
        letter: char,
    }
    let text = "
on: yes
name: 1.10
count: '5'
share: a lot of text, longer than anybody would like to read in a message about a number
tags: [a, 5, ~]
level: null
names: {\"a b\": x, c: 1.5}
letter: ab
";
    assert_snapshot!(told::<All>(text), @r#"
    the configuration cannot be used: 10 problems
    error: `on` is to be true or false, but is the text `yes`
      --> conf/a.yaml:2:5
      hint: write `true`
    error: `name` is to be a text, but is the number 1.1
      --> conf/a.yaml:3:7
      hint: in quotes it is a text
    error: `count` is to be a whole number, but is the text `5`
      --> conf/a.yaml:4:8
      hint: without quotes it is a number: 5
    error: `share` is to be a number, but is the text `a lot of text, longer than anybody would like to read in a m..`
      --> conf/a.yaml:5:8
    error: `tags[1]` is to be a text, but is the number 5
      --> conf/a.yaml:6:11
      hint: in quotes it is a text
    error: `tags[2]` is to be a text, but is null
      --> conf/a.yaml:6:14
    error: `level` is to be a whole number, but is null
      --> conf/a.yaml:7:8
      hint: leave it out, and it is 0
    error: `names."a b"` is to be a whole number, but is the text `x`
      --> conf/a.yaml:8:16
    error: `names.c` is to be a whole number, but is the number 1.5
      --> conf/a.yaml:8:22
    error: `letter` is to be a single character, but has 2
      --> conf/a.yaml:9:9
    "#);
}

#[test]
fn bounds_are_told_as_they_are_meant() {
    let schema = json_schema!({
        "properties": {
            "least": { "type": "integer", "minimum": 1 },
            "most": { "type": "number", "maximum": 0.5 },
            "between": { "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10 },
            "width": { "type": "integer", "format": "int16" },
            "tens": { "type": "integer", "multipleOf": 10 },
            "short": { "type": "string", "minLength": 2, "maxLength": 3 },
            "filled": { "type": "string", "minLength": 1 },
            "word": { "type": "string", "pattern": "^[a-z]+$" },
            "few": { "type": "array", "maxItems": 1 },
            "some": { "type": "array", "minItems": 1, "items": { "type": "integer" } },
            "unlike": { "type": "array", "uniqueItems": true },
            "pair": { "type": "array", "prefixItems": [true, true], "items": false },
            "small": { "type": "object", "maxProperties": 1 },
            "only": { "const": 3 },
            "foreign": { "if": true, "then": false },
            "never": { "not": {} },
        },
    });
    let text = "
least: 0
most: 0.75
between: 10
width: 40000
tens: 15
short: abcd
filled: ''
word: a1
few: [1, 2]
some: []
unlike: [a, 1, b, 1.0]
pair: [1, 2, 3]
small: {a: 1, b: 2}
only: 4
foreign: 1
never: 1
";
    assert_snapshot!(told_of(&yaml(text), &schema, &EnvVars::none()), @r"
    the configuration cannot be used: 16 problems
    error: `least` is to be at least 1, but is 0
      --> conf/a.yaml:2:8
    error: `most` is to be at most 0.5, but is 0.75
      --> conf/a.yaml:3:7
    error: `between` is to be less than 10, but is 10
      --> conf/a.yaml:4:10
    error: `width` is to be from -32768 to 32767, but is 40000
      --> conf/a.yaml:5:8
    error: `tens` is to be a multiple of 10, but is 15
      --> conf/a.yaml:6:7
    error: `short` is to be at most 3 characters long, but has 4
      --> conf/a.yaml:7:8
    error: `filled` is to be a text that is not empty, but is empty
      --> conf/a.yaml:8:9
    error: `word` is to match the pattern `^[a-z]+$`, but is the text `a1`
      --> conf/a.yaml:9:7
    error: `few` is to have at most 1 item, but has 2
      --> conf/a.yaml:10:6
    error: `some` is to have at least 1 item, but is empty
      --> conf/a.yaml:11:7
    error: `unlike` has the same item twice, as [1] and [3], and each may be there once
      --> conf/a.yaml:12:19
      --> conf/a.yaml:12:13 (first)
    error: `pair` is to have 2 items, but has 3
      --> conf/a.yaml:13:7
    error: `small` is to have at most 1 names, but has 2
      --> conf/a.yaml:14:8
    error: `only` is to be `3`, but is the number 4
      --> conf/a.yaml:15:7
    error: `foreign` cannot be checked: the word `if` of its schema is not understood
      --> conf/a.yaml:16:10
      hint: this is a mistake of the program, not of the configuration
    error: `never` can have no value at all
      --> conf/a.yaml:17:8
    ");
}

#[test]
fn defaults_within_defaults_are_filled_in_and_checked() {
    let inner = json_schema!({
        "type": "object",
        "properties": { "max": { "type": "integer", "default": 3 }, "delay": { "type": "integer", "maximum": 5 } },
        "additionalProperties": false,
    });
    let schema = |default: serde_json::Value| {
        json_schema!({
            "properties": { "retry": { "$ref": "#/$defs/Retry", "default": default }, "z": true, "a": { "default": "x" } },
            "$defs": { "Retry": inner.clone() },
        })
    };
    let none = EnvVars::none();
    let text = "other: 1\nz: 2\n";
    assert_snapshot!(told_of(&yaml(text), &schema(serde_json::json!({ "delay": 5 })), &none), @r"
    retry:
      max: 3    # default
      delay: 5  # default
    z: 2        # conf/a.yaml:2:4
    a: x        # default
    other: 1    # conf/a.yaml:1:8
    ");
    assert_snapshot!(told_of(&yaml(text), &schema(serde_json::json!({ "delay": 6 })), &none), @r"
    the configuration cannot be used
    error: `retry.delay` is to be at most 5, but is 6
      --> default
      hint: this default is a mistake of the program
    ");
    assert_snapshot!(told_of(&yaml("retry: {max: 1}"), &schema(serde_json::json!({ "delay": 6 })), &none), @r"
    retry:
      max: 1  # conf/a.yaml:1:14
    a: x      # default
    ");
}

#[test]
fn what_an_item_of_a_list_lacks_is_added_to_it() {
    let schema = json_schema!({
        "properties": { "sources": { "type": "array", "items": {
            "properties": { "at": { "required": ["path"], "properties": { "path": { "type": "string" } } } },
        } } },
    });
    assert_snapshot!(told_of(&yaml("sources:\n- at: {path: x}\n- at: {}\n"), &schema, &EnvVars::none()), @r"
    the configuration cannot be used
    error: `sources[1].at` lacks `path`
      --> conf/a.yaml:3:7
      hint: add to `sources[1]`
            at:
              path: ..  # a text
    ");
}

#[test]
fn a_part_is_told_with_the_path_that_leads_to_it() {
    let path = ConfigPath::from_iter(["ops", "a.b"]).index(2).key("config");
    let schema = schemars::schema_for!(Load);
    let error = check_at(&yaml("batch: 5\nfold: x"), &schema, &EnvVars::none(), path).unwrap_err();
    assert_snapshot!(error, @r#"
    the configuration cannot be used
    error: `ops."a.b"[2].config` has no field `fold`
      --> conf/a.yaml:2:1
      hint: did you mean `folder`?
    "#);
}
