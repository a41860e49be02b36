use insta::assert_snapshot;
use schemars::{Schema, json_schema};

use super::{told_of, yaml};
use crate::config::{EnvVars, Node, check};

fn schema() -> Schema {
    json_schema!({
        "properties": {
            "batch": { "type": "integer", "minimum": 1 },
            "name": { "type": "string" },
            "on": { "type": "boolean" },
            "mode": { "enum": ["fast", "safe"], "type": "string" },
            "maybe": { "type": ["integer", "null"] },
            "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
            "list": { "type": "array", "items": { "type": "integer" } },
            "vars": { "type": "object", "additionalProperties": { "type": "string" } },
            "retry": { "type": "object", "properties": { "max": { "type": "integer" } }, "additionalProperties": false },
            "source": { "oneOf": [
                { "const": "nothing" },
                { "type": "object", "properties": { "file": { "type": "string" } }, "required": ["file"], "additionalProperties": false },
            ] },
        },
        "additionalProperties": false,
    })
}

#[test]
fn a_variable_is_read_as_the_type_that_is_wanted() {
    let env = EnvVars::none()
        .with("N", " 50 ")
        .with("V", "1.10")
        .with("T", "true")
        .with("M", "safe")
        .with("NOTHING", "null")
        .with("E", "")
        .with("X", "nothing");
    let text = "
batch: {env: N}
name: {env: V}
on: {env: T}
mode: {env: M}
maybe: {env: E}
either: {env: N}
list: [1, {env: N}]
vars: {env: N}
source: {env: X}
";
    assert_snapshot!(told_of(&yaml(text), &schema(), &env), @r#"
    batch: 50         # env N
    name: "1.10"      # env V
    "on": true        # env T
    mode: safe        # env M
    maybe: null       # env E
    either: 50        # env N
    list:
      - 1             # conf/a.yaml:8:8
      - 50            # env N
    vars: {env: "N"}  # conf/a.yaml:9:7
    source: nothing   # env X
    "#);
    assert_snapshot!(told_of(&yaml("name: {env: NOTHING}\neither: {env: V}"), &schema(), &env), @r#"
    name: "null"    # env NOTHING
    either: "1.10"  # env V
    "#);
    assert_snapshot!(told_of(&Node::from_set("batch={env: N}").unwrap(), &schema(), &env), @"batch: 50  # env N");
}

#[test]
fn a_variable_that_does_not_fit_is_told_with_its_name() {
    let env = EnvVars::none().with("N", "fifty").with("Z", "0").with("M", "fsat");
    let text = "
batch: {env: N}
name: {env: UNSET}
on: {env: Z}
mode: {env: M}
list: {env: N}
retry: {env: N}
source: {env: N}
";
    assert_snapshot!(told_of(&yaml(text), &schema(), &env), @r"
    the configuration cannot be used: 7 problems
    error: `batch` is to be a whole number, but is the text `fifty`
      --> conf/a.yaml:2:8 (env N)
    error: `name` is the environment variable `UNSET`, which is not set
      --> conf/a.yaml:3:7
      hint: set it where the program is started: UNSET=..
    error: `on` is to be true or false, but is the number 0
      --> conf/a.yaml:4:5 (env Z)
    error: `mode` is to be `fast` or `safe`, but is the text `fsat`
      --> conf/a.yaml:5:7 (env M)
      hint: did you mean `fast`?
    error: `list` is to be a list, and `{env: N}` can only be a text, a number or a truth value
      --> conf/a.yaml:6:7
    error: `retry` is to be a map, and `{env: N}` can only be a text, a number or a truth value
      --> conf/a.yaml:7:8
    error: `source` is to be `nothing`, or a map with `file`, but is `fifty`
      --> conf/a.yaml:8:9 (env N)
    ");
    assert_snapshot!(told_of(&yaml("batch: {env: Z}"), &schema(), &env), @r"
    the configuration cannot be used
    error: `batch` is to be at least 1, but is 0
      --> conf/a.yaml:1:8 (env Z)
    ");
}

fn secrets() -> Schema {
    let form = |types: serde_json::Value| {
        serde_json::json!({
            "x-orch-secret": true,
            "type": types,
            "properties": { "env": { "type": "string" }, "file": { "type": "string" } },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
        })
    };
    let (secret, optional) = (form("object".into()), form(serde_json::json!(["object", "null"])));
    json_schema!({
        "properties": {
            "password": { "$ref": "#/$defs/Secret" },
            "token": { "anyOf": [{ "$ref": "#/$defs/Secret" }, { "type": "null" }] },
            "login": { "anyOf": [{ "type": "integer" }, { "type": "string", "pattern": "^@" }, { "$ref": "#/$defs/Secret" }] },
            "other": optional.clone(),
            "third": { "type": "array", "items": optional.clone() },
            "keys": { "type": "array", "items": { "$ref": "#/$defs/Secret" }, "uniqueItems": true },
        },
        "required": ["password"],
        "$defs": { "Secret": secret },
        "additionalProperties": false,
    })
}

#[test]
fn a_secret_stays_a_reference() {
    let env = EnvVars::none().with("DB_PASSWORD", "canary");
    let text = "password: {env: DB_PASSWORD}\ntoken: {file: Cargo.toml}\nkeys: [{env: DB_PASSWORD}]\nother: null\nthird: [null]\n";
    let effective = check(&yaml(text), &secrets(), &env).unwrap();
    assert!(!format!("{effective:?}").contains("canary"));
    assert_snapshot!(crate::config::show(&effective), @r"
    password: {env: DB_PASSWORD}  # conf/a.yaml:1:11
    token: {file: Cargo.toml}     # conf/a.yaml:2:8
    other: null                   # conf/a.yaml:4:8
    third:
      - null                      # conf/a.yaml:5:9
    keys:
      - {env: DB_PASSWORD}        # conf/a.yaml:3:8
    ");
    assert_snapshot!(told_of(&yaml("password: {env: UNSET}\ntoken: {file: no/such/file}\n"), &secrets(), &env), @r"
    the configuration cannot be used: 2 problems
    error: `password` is a secret in the environment variable `UNSET`, which is not set
      --> conf/a.yaml:1:11
      hint: set it where the program is started: UNSET=..
    error: `token` is a secret in the file `no/such/file`, which is not there
      --> conf/a.yaml:2:8
      hint: a relative path begins at the working directory
    ");
    assert_snapshot!(told_of(&yaml("{}"), &secrets(), &env), @r"
    the configuration cannot be used
    error: the configuration lacks `password`
      --> conf/a.yaml:1:1
      hint: add
            password: {env: PASSWORD}  # a secret
    ");
}

#[test]
fn a_secret_that_is_written_down_is_not_repeated() {
    let env = EnvVars::none().with("NUMBER", "canary");
    let told = |node: &Node| {
        let error = check(node, &secrets(), &env).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
        error.to_string()
    };
    assert_snapshot!(told(&yaml("password: canary\ntoken: [canary]\nlogin: [canary]\nkeys: [canary, canary]\n")), @r"
    the configuration cannot be used: 6 problems
    error: `password` is a secret, and a secret is not written down
      --> conf/a.yaml:1:11
      hint: refer to it: `{env: PASSWORD}`, or `{file: PATH}` for one in a file
    error: `token` is a secret, and a secret is not written down
      --> conf/a.yaml:2:8
      hint: refer to it: `{env: TOKEN}`, or `{file: PATH}` for one in a file
    error: `login` is to be a whole number, a text or a secret, but is another value
      --> conf/a.yaml:3:8
    error: `keys[0]` is a secret, and a secret is not written down
      --> conf/a.yaml:4:8
      hint: refer to it: `{env: NAME}`, or `{file: PATH}` for one in a file
    error: `keys[1]` is a secret, and a secret is not written down
      --> conf/a.yaml:4:16
      hint: refer to it: `{env: NAME}`, or `{file: PATH}` for one in a file
    error: `keys` has the same item twice, as [0] and [1], and each may be there once
      --> conf/a.yaml:4:16
      --> conf/a.yaml:4:8 (first)
    ");
    assert_snapshot!(told(&Node::from_set("db.password=canary").unwrap()), @r"
    the configuration cannot be used: 2 problems
    error: the configuration has no field `db`
      --> --set db.password
      hint: it has `password`, `token`, `login`, `other`, `third` and `keys`
    error: the configuration lacks `password`
      --> --set db.password
      hint: add
            password: {env: PASSWORD}  # a secret
    ");
    for text in [
        "password=canary",
        "password=[canary]",
        "token={canary: 1}",
        "token=\"canary\"",
        "login=canary",
        "login={env: NUMBER, x: canary}",
        "pasword=canary",
        "keys=[canary, canary]",
        "other=canary",
        "third=[canary]",
    ] {
        told(&Node::from_set(text).unwrap());
    }
    for text in ["password={canary", "password[0]=canary", "a..b=canary", "=canary", "\"password=canary"] {
        let error = Node::from_set(text).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
