use insta::assert_snapshot;
use schemars::{JsonSchema, json_schema};
use serde::Deserialize;

use super::{told, told_of, yaml};
use crate::config::{EnvVars, Node};

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
#[serde(deny_unknown_fields)]
struct Config {
    source: Source,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
#[serde(rename_all = "snake_case")]
enum Source {
    /// Nothing is read.
    Nothing,
    File {
        path: String,
    },
    Table {
        name: String,
        rows: u8,
    },
}

#[test]
fn a_selector_chooses_exactly_one() {
    assert_snapshot!(told::<Config>("source: {file: {path: x}}"), @r"
    source:
      file:
        path: x  # conf/a.yaml:1:23
    ");
    assert_snapshot!(told::<Config>("source: nothing"), @"source: nothing  # conf/a.yaml:1:9");
    assert_snapshot!(told::<Config>("source:\n  file: {path: x}\n  table: {name: x}\n"), @r"
    the configuration cannot be used
    error: `source` is to have exactly one of `file` and `table`, but has both
      --> conf/a.yaml:2:3
      --> conf/a.yaml:3:3
    ");
    assert_snapshot!(told::<Config>("source: {}"), @r"
    the configuration cannot be used
    error: `source` is to have exactly one of `file` and `table`, but has none of them
      --> conf/a.yaml:1:9
      hint: or it is `nothing` alone
    ");
    assert_snapshot!(told::<Config>("source: {tabel: {}}"), @r"
    the configuration cannot be used
    error: `source` is to be `nothing`, or a map with one of `file` and `table`, but is `tabel`
      --> conf/a.yaml:1:10
      hint: did you mean `table`?
    ");
    assert_snapshot!(told::<Config>("source: file"), @r"
    the configuration cannot be used
    error: `source` is to have values for `file`
      --> conf/a.yaml:1:9
      hint: write a map: `{file: ..}`
    ");
    assert_snapshot!(told::<Config>("source: nothin"), @r"
    the configuration cannot be used
    error: `source` is to be `nothing`, or a map with one of `file` and `table`, but is `nothin`
      --> conf/a.yaml:1:9
      hint: did you mean `nothing`?
    ");
    assert_snapshot!(told::<Config>("source: {nothing: {}}"), @r"
    the configuration cannot be used
    error: `source` has values for `nothing`, which takes none
      --> conf/a.yaml:1:9
      hint: write the name alone: `nothing`
    ");
    assert_snapshot!(told::<Config>("source: 5"), @r"
    the configuration cannot be used
    error: `source` is to be `nothing`, or a map with one of `file` and `table`, but is the number 5
      --> conf/a.yaml:1:9
    ");
    assert_snapshot!(told::<Config>("source:"), @r"
    the configuration cannot be used
    error: `source` is to be `nothing`, or a map with one of `file` and `table`, but is null
      --> conf/a.yaml:1:7
    ");
    assert_snapshot!(told::<Config>("{}"), @r"
    the configuration cannot be used
    error: the configuration lacks `source`
      --> conf/a.yaml:1:1
      hint: add
            source:
              file:
                path: ..  # a text
    ");
}

#[test]
fn problems_are_those_of_the_choice_that_was_made() {
    assert_snapshot!(told::<Config>("source: {table: {rows: 300, nam: x}}"), @r"
    the configuration cannot be used: 2 problems
    error: `source.table` lacks `name`
      --> conf/a.yaml:1:17
      hint: add
            source:
              table:
                name: ..  # a text
    error: `source.table.rows` is to be from 0 to 255, but is 300
      --> conf/a.yaml:1:24
    ");
}

#[test]
fn a_layer_that_chooses_otherwise_has_to_be_whole() {
    let layers = yaml("source: {file: {path: x}}").merge(Node::from_set("source.table.name=x").unwrap());
    assert_snapshot!(told_of(&layers, &schemars::schema_for!(Config), &EnvVars::none()), @r"
    the configuration cannot be used
    error: `source.table` lacks `rows`
      --> --set source.table.name
      hint: add
            source:
              table:
                rows: 0  # a whole number from 0 to 255
    ");
}

#[test]
fn a_tag_says_what_a_map_is() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    enum Store {
        Memory,
        Folder {
            path: String,
            #[serde(default)]
            keep: u8,
        },
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Config {
        store: Option<Store>,
    }
    assert_snapshot!(told::<Config>("store: {kind: folder, path: x}"), @r"
    store:
      kind: folder  # conf/a.yaml:1:15
      path: x       # conf/a.yaml:1:29
      keep: 0       # default
    ");
    assert_snapshot!(told::<Config>("store: ~"), @"store: null  # conf/a.yaml:1:8");
    assert_snapshot!(told::<Config>("store: {kind: folder, pth: x, keep: -1}"), @r"
    the configuration cannot be used: 2 problems
    error: `store` has no field `pth`
      --> conf/a.yaml:1:23
      hint: did you mean `path`?
    error: `store.keep` is to be from 0 to 255, but is -1
      --> conf/a.yaml:1:37
    ");
    assert_snapshot!(told::<Config>("store: {kind: foldr, path: x}"), @r"
    the configuration cannot be used
    error: `store.kind` is to be `memory` or `folder`, but is the text `foldr`
      --> conf/a.yaml:1:15
      hint: did you mean `folder`?
    ");
    assert_snapshot!(told::<Config>("store: {path: x}"), @r"
    the configuration cannot be used
    error: `store` lacks `kind`, which says what it is
      --> conf/a.yaml:1:8
      hint: `kind` is `memory` or `folder`
    ");
    assert_snapshot!(told::<Config>("store: memory"), @r"
    the configuration cannot be used
    error: `store` is to be a map with `kind`, but is the text `memory`
      --> conf/a.yaml:1:8
    ");
}

#[test]
fn alternatives_without_a_name_are_told_by_their_form() {
    let schema = json_schema!({
        "properties": { "when": { "anyOf": [
            { "type": "string", "pattern": "^@" },
            { "type": "object", "properties": { "every": { "type": "integer" }, "unit": { "enum": ["s", "h"] } }, "required": ["every"] },
            { "type": "object", "properties": { "at": { "type": "string" }, "zone": { "type": "string" } }, "required": ["at", "zone"] },
        ] } },
    });
    let told = |text| told_of(&yaml(text), &schema, &EnvVars::none());
    assert_snapshot!(told("when: '@daily'"), @r#"when: "@daily"  # conf/a.yaml:1:7"#);
    assert_snapshot!(told("when: {at: noon, zone: UTC}"), @r"
    when:
      at: noon   # conf/a.yaml:1:12
      zone: UTC  # conf/a.yaml:1:24
    ");
    assert_snapshot!(told("when: daily"), @r"
    the configuration cannot be used
    error: `when` is to match the pattern `^@`, but is the text `daily`
      --> conf/a.yaml:1:7
    ");
    assert_snapshot!(told("when: {every: 5, unit: m}"), @r"
    the configuration cannot be used
    error: `when.unit` is to be `s` or `h`, but is the text `m`
      --> conf/a.yaml:1:24
      hint: did you mean `s`?
    ");
    assert_snapshot!(told("when: 5"), @r"
    the configuration cannot be used
    error: `when` is to be a text or a map, but is the number 5
      --> conf/a.yaml:1:7
    ");
}

#[test]
fn of_two_layers_the_later_chooses() {
    let laid = |layers: &[&str]| {
        let layers = layers.iter().map(|layer| Node::from_set(layer).unwrap());
        told_of(&layers.reduce(Node::merge).unwrap(), &schemars::schema_for!(Config), &EnvVars::none())
    };
    assert_snapshot!(laid(&["source={file: {path: x}}", "source={table: {name: y, rows: 1}}"]), @r#"
    source:
      table:
        name: "y"  # --set
        rows: 1    # --set
    "#);
    // What a choice was before is known again when it is chosen again.
    assert_snapshot!(laid(&["source={file: {path: x}}", "source.table.name=y", "source={file: {}}"]), @r"
    source:
      file:
        path: x  # --set
    ");
    assert_snapshot!(laid(&["source={file: {path: x}}", "source=nothing", "source={table: {name: y, rows: 1}}"]), @r#"
    source:
      table:
        name: "y"  # --set
        rows: 1    # --set
    "#);
    // Layers laid over each other first say the same.
    let [base, over, last] = ["source={file: {path: x}}", "source.table.name=y", "source.table.rows=2"]
        .map(|layer| Node::from_set(layer).unwrap());
    let (left, right) = (base.clone().merge(over.clone()).merge(last.clone()), base.merge(over.merge(last)));
    let schema = schemars::schema_for!(Config);
    assert_eq!(told_of(&left, &schema, &EnvVars::none()), told_of(&right, &schema, &EnvVars::none()));
    assert_snapshot!(laid(&["source={file: {path: x}, table: {name: y, rows: 1}}", "source.file.path=z"]), @r"
    source:
      file:
        path: z  # --set
    ");
}

#[test]
fn of_two_layers_the_later_says_what_kind_it_is() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    enum Store {
        Folder { path: String, sync: bool },
        Bucket { name: String, sync: bool },
    }
    let laid = |over: &str| {
        let base = yaml("kind: folder\npath: data\nsync: true\n");
        told_of(&base.merge(yaml(over)), &schemars::schema_for!(Store), &EnvVars::none())
    };
    assert_snapshot!(laid("{kind: bucket, name: b}"), @r"
    kind: bucket  # conf/a.yaml:1:8
    name: b       # conf/a.yaml:1:22
    sync: true    # conf/a.yaml:3:7
    ");
    assert_snapshot!(laid("{kind: folder, sync: false}"), @r"
    kind: folder  # conf/a.yaml:1:8
    path: data    # conf/a.yaml:2:7
    sync: false   # conf/a.yaml:1:22
    ");
    assert_snapshot!(laid("{kind: bucket, name: b, path: other}"), @r"
    the configuration cannot be used
    error: the configuration has no field `path`
      --> conf/a.yaml:1:25
      hint: it has `kind`, `name` and `sync`
    ");
}
