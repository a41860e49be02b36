use insta::assert_snapshot;
use schemars::json_schema;

use super::trees::json;
use super::{told_of, yaml};
use crate::config::{EnvVars, Node, show};

fn value(text: &str) -> String {
    match Node::from_set(&format!("a={text}")) {
        Ok(node) => json(&node)["a"].to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_a_person_means_as_text_stays_text() {
    let texts = [
        "no",
        "a: b",
        "a #b",
        "*x",
        "&x",
        "- a",
        "@home",
        "%x",
        "`x`",
        "!x",
        "\"a\" and \"b\"",
        "it's",
        "'",
        "http://x:1/?q=1#y",
        "a, b",
        "a]",
        "0x",
        "1.2.3",
        "12:30",
        "x={env: A}",
        ".inf",
        "99999999999999999999",
    ];
    for text in texts {
        assert_eq!(value(text), serde_json::Value::from(text).to_string());
    }
    assert_eq!(value(""), "\"\"");
    assert_eq!(value("\"50\""), "\"50\"");
    assert_eq!(value("'it''s'"), "\"it's\"");
    assert_eq!(value("\"a\\nb\""), "\"a\\nb\"");
}

#[test]
fn other_values_are_as_in_yaml() {
    for (text, json) in [
        ("50", "50"),
        (" 50 ", "50"),
        ("-1.5", "-1.5"),
        ("true", "true"),
        ("null", "null"),
        ("[1, a, [b]]", "[1,\"a\",[\"b\"]]"),
        ("{env: HOME}", "{\"env\":\"HOME\"}"),
        ("{env:HOME}", "{\"env\":\"HOME\"}"),
        ("{file:/run/secrets/a:b}", "{\"file\":\"/run/secrets/a:b\"}"),
        ("{env:HOME, b: 1}", "{\"env:HOME\":null,\"b\":1}"),
        ("{}", "{}"),
    ] {
        assert_eq!(value(text), json);
    }
}

#[test]
fn the_path_becomes_maps_in_maps() {
    let set = |text| json(&Node::from_set(text).unwrap()).to_string();
    assert_eq!(set("ops.load.config.batch=50"), r#"{"ops":{"load":{"config":{"batch":50}}}}"#);
    assert_eq!(set("tags.\"a.b=\\\"\"=x=y"), r#"{"tags":{"a.b=\"":"x=y"}}"#);
    assert_eq!(set("my-op.é=1"), r#"{"my-op":{"é":1}}"#);
}

#[test]
fn a_wrong_path_is_told_with_the_column() {
    let told = |text| Node::from_set(text).unwrap_err().to_string();
    assert_snapshot!(told("ops..batch=5"), @r"
    the configuration cannot be used
    error: `--set ops..batch` lacks a name at column 5
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    ");
    assert_snapshot!(told("=5"), @r"
    the configuration cannot be used
    error: `--set` lacks a name at column 1
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    ");
    assert_snapshot!(told("ops.load"), @r"
    the configuration cannot be used
    error: `--set ops.load` lacks `=` and a value at column 9
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    ");
    // What may have been meant to be the value is not told.
    assert_snapshot!(told("password hunter2"), @r"
    the configuration cannot be used
    error: `--set password` lacks `=` and a value at column 17
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    ");
    assert_snapshot!(told("ops.tags[0]=secret"), @r"
    the configuration cannot be used
    error: `--set ops.tags[0]` addresses an item of a list at column 9
      hint: set the whole list: `tags=[a, b]`
    ");
    assert_snapshot!(told("ops.\"a.b=5"), @r#"
    the configuration cannot be used
    error: `--set ops."a.b` has quotes that are not closed at column 5
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    "#);
    assert_snapshot!(told("ops.\"a\"b=5"), @r#"
    the configuration cannot be used
    error: `--set ops."a"b` has something between two names at column 8
      hint: write names with dots between them, `=` and the value: `ops.load.config.batch=50`
    "#);
    assert_snapshot!(told("a.é={x: [1}"), @r"
    the configuration cannot be used
    error: the value of `--set a.é` cannot be read at column 11: this is not YAML: while parsing a flow sequence, expected ',' or ']'
      hint: a text that begins so is written in quotes
    ");
    assert_snapshot!(told("a=[a-z]+"), @r"
    the configuration cannot be used
    error: the value of `--set a` cannot be read at column 8: this is not YAML: something follows the end of the value
      hint: a text that begins so is written in quotes
    ");
    assert_snapshot!(told("a={b: 1, b: 2}"), @r"
    the configuration cannot be used
    error: the value of `--set a` cannot be read at column 10: the name `b` stands twice in one map
      hint: a text that begins so is written in quotes
    ");
}

#[test]
fn a_number_is_the_text_that_was_written_where_a_text_is_wanted() {
    let schema = json_schema!({
        "properties": { "version": { "type": "string" }, "mode": { "enum": ["1", "2"], "type": "string" }, "maybe": { "type": ["string", "null"] }, "either": { "type": ["string", "integer"] } },
    });
    let set = |text| Node::from_set(text).unwrap();
    let layers = set("version= 1.10 ").merge(set("mode=1")).merge(set("maybe=null")).merge(set("either=5"));
    assert_snapshot!(told_of(&layers, &schema, &EnvVars::none()), @r#"
    version: "1.10"  # --set
    mode: "1"        # --set
    maybe: null      # --set
    either: 5        # --set
    "#);
    assert_snapshot!(told_of(&set("version=true").merge(set("maybe=0x1f")), &schema, &EnvVars::none()), @r#"
    version: "true"  # --set
    maybe: "0x1f"    # --set
    "#);
    assert_snapshot!(told_of(&set("version=[1]"), &schema, &EnvVars::none()), @r"
    the configuration cannot be used
    error: `version` is to be a text, but is a list
      --> --set version
    ");
}

#[test]
fn the_later_layer_wins_and_what_it_leaves_stays() {
    let base = yaml("ops:\n  load: {batch: 5, tags: [a, b], folder: x}\nother: 1\n");
    let layers = base
        .merge(yaml("ops: {load: {batch: 6}}\nadded: {x: 1}\n"))
        .merge(Node::from_set("ops.load.tags=[c]").unwrap())
        .merge(Node::from_set("other.deep=2").unwrap());
    assert_snapshot!(show(&layers), @r"
    ops:
      load:
        batch: 6   # conf/a.yaml:1:21
        tags:
          - c      # --set
        folder: x  # conf/a.yaml:2:42
    other:
      deep: 2      # --set
    added:
      x: 1         # conf/a.yaml:2:12
    ");
    let references = yaml("a: {file: x}\nb: {env: X}\n").merge(yaml("a: {env: Y}\nb: {file: y, env: z}\n"));
    assert_snapshot!(show(&references), @r#"
    a: {env: "Y"}  # conf/a.yaml:1:4
    b:
      env: z       # conf/a.yaml:2:19
      file: "y"    # conf/a.yaml:2:11
    "#);
}
