//! Whatever is in a file, it is read or told what is wrong with it.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::trees;
use crate::config::{EnvVars, FileFormat, Node, Origin, check, for_editors, scaffold, show};

const FORMATS: [FileFormat; 3] = [FileFormat::Yaml, FileFormat::Toml, FileFormat::Json];

/// Texts that are right, to be spoilt.
const RIGHT: [&str; 3] = [
    "# of all kinds\nops: &o\n  load: {config: [1, 2.5, 'x', \"y\\n\"]}\n  \"a b\": |\n    text\n    more\n  c: >-\n    folded\nagain: *o\n? key\n: - a\n  - b: !!str 1\n",
    "a = 1\n# of all kinds\n[ops.load]\nbatch = 0x1f\n\"a b\" = { c = [1, 2.5, true], d.e = 1979-05-27T07:32:00Z }\n[[list]]\nx = '''\nlong'''\n[[list]]\ny = 1e3\n",
    "{\"ops\": {\"load\": {\"batch\": -1.5e3, \"x\": [true, null, \"\\u00e9\\n\"]}}, \"é\": {}}",
];

fn read(text: &str) {
    for format in FORMATS {
        match Node::parse(format, "a", text) {
            Ok(node) => drop(show(&node)),
            Err(error) => assert!(!error.problems().is_empty() && !error.to_string().is_empty()),
        }
    }
    for at in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
        drop(Node::from_set(&text[..at]));
    }
}

/// A schema of each kind that types give, and some that none gives.
fn schemas() -> Vec<Json> {
    let word = json!({ "type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4 });
    let tree = json!({ "$defs": { "T": { "type": "object", "additionalProperties": { "$ref": "#/$defs/T" } } }, "$ref": "#/$defs/T" });
    let twice = json!({ "$defs": { "T": { "anyOf": [
        { "type": "object", "additionalProperties": { "$ref": "#/$defs/T" }, "minProperties": 3 },
        { "type": "object", "additionalProperties": { "$ref": "#/$defs/T" } },
        { "type": "array", "items": { "$ref": "#/$defs/T" } },
        { "type": "string" },
    ] } }, "$ref": "#/$defs/T" });
    let tagged = json!({ "oneOf": [
        { "type": "object", "properties": { "a": { "const": "x" }, "b": word }, "required": ["a"] },
        { "type": "object", "properties": { "a": { "const": "y" } }, "required": ["a"], "additionalProperties": false },
    ] });
    let keyed = json!({ "oneOf": [
        { "type": "object", "properties": { "a": { "type": "integer", "format": "int8" } }, "required": ["a"], "additionalProperties": false },
        { "type": "object", "properties": { "b": tagged }, "required": ["b"] },
        { "const": "c" },
    ] });
    let all = json!({
        "type": "object",
        "properties": {
            "a": { "type": ["number", "null"], "exclusiveMinimum": 0, "multipleOf": 0.5, "default": null },
            "b": { "type": "array", "items": word, "uniqueItems": true, "minItems": 1, "default": [] },
            "c": { "type": "array", "prefixItems": [true, { "type": "boolean" }], "items": false },
            "d": keyed,
            "e": { "x-orch-secret": true, "type": "string" },
        },
        "required": ["a", "d", "z"],
        "patternProperties": { "^n": { "type": "null" }, "(": true },
        "additionalProperties": false,
    });
    let strange = [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "oneOf": [] }),
        json!({ "type": [], "enum": [] }),
        json!({ "type": 5, "properties": [], "required": {}, "anyOf": 1, "oneOf": [5] }),
        json!({ "$ref": "#/nowhere" }),
        json!({ "if": true }),
        json!({ "additionalProperties": { "$ref": "#" }, "properties": { "a": { "$ref": "#" } } , "required": ["a"] }),
        json!(true),
        json!(false),
    ];
    let mut all = vec![word, tree, twice, tagged, keyed, all];
    all.extend(strange);
    all
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn so_are_texts_of_the_signs_that_mean_something(
        signs in prop::collection::vec(prop::sample::select(&[
            "{", "}", "[", "]", ":", ": ", ",", "- ", "-", "\n", "\n  ", " ", "\t", "#", "&a", "*a", "!!str", "!", "|", ">", "'", "\"",
            "?", "? ", "=", ".", "a", "b", "1", "0x", "e5", "<<", "---", "...", "%YAML 1.2", "\\", "\\u", "[[", "]]", "é", "\r", "\0", "{env: A}",
        ][..]), 0..24),
    ) {
        read(&signs.concat());
    }

    #[test]
    fn and_texts_that_were_right_once(
        which in 0..RIGHT.len(),
        at in any::<prop::sample::Index>(),
        removed in 0..4usize,
        put in prop_oneof![Just(String::new()), any::<char>().prop_map(String::from), "[-:{}\\[\\]\"'&*|>#=., \n\t]{1,3}"],
    ) {
        let mut text: Vec<char> = RIGHT[which].chars().collect();
        let at = at.index(text.len());
        let end = (at + removed).min(text.len());
        text.splice(at..end, put.chars());
        read(&text.into_iter().collect::<String>());
    }

    #[test]
    fn a_tree_is_read_as_it_was_written(tree in trees::map(true), plain in trees::map(false)) {
        let read = |format, text: &str| trees::json(&Node::parse(format, "a", text).unwrap());
        prop_assert_eq!(&read(FileFormat::Json, &tree.to_string()), &tree);
        let yaml = show(&Node::of_json(&tree, &Origin::Default));
        prop_assert_eq!(&read(FileFormat::Yaml, &yaml), &tree, "{}", yaml);
        // JSON is YAML.
        prop_assert_eq!(&read(FileFormat::Toml, &trees::toml(&plain)), &plain);
    }

    #[test]
    fn any_tree_is_checked_by_any_schema(tree in trees::map(true), which in 0..schemas().len()) {
        let schema = schemas().swap_remove(which).try_into().unwrap();
        let env = EnvVars::none().with("A", "5");
        let node = Node::of_json(&tree, &Origin::Set("a.b=5".into()));
        match check(&node, &schema, &env) {
            Ok(effective) => drop(show(&effective)),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn schemas_of_all_kinds_have_a_scaffold_and_a_form_for_editors() {
    for schema in schemas() {
        let schema = schema.try_into().unwrap();
        drop((scaffold(&schema), for_editors(&schema)));
    }
}

#[test]
fn what_is_deep_or_large_is_refused_and_not_followed() {
    let told =
        |format, text: &str| Node::parse(format, "a", text).unwrap_err().problems()[0].message().to_owned();
    let circle = json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] }).try_into().unwrap();
    let error = check(&Node::from_set("a=1").unwrap(), &circle, &EnvVars::none()).unwrap_err();
    assert_eq!(
        error.problems()[0].message(),
        "the configuration is nested too deep, or too large to be checked"
    );
    for (nested, which) in [(90, 1), (500, 1), (500, 2)] {
        let tree = (0..nested).fold(json!({}), |tree, _| json!({ "a": tree }));
        let schema = schemas().swap_remove(which).try_into().unwrap();
        let checked = check(&Node::of_json(&tree, &Origin::Default), &schema, &EnvVars::none());
        assert_eq!(checked.is_ok(), nested < 100);
    }
    Node::from_set(&format!("a{}=1", ".b".repeat(100_000))).unwrap_err();
    let deep = |open: &str, close: &str, times| format!("{}{}", open.repeat(times), close.repeat(times));
    for times in [70, 600, 100_000] {
        let told = told(FileFormat::Yaml, &format!("a: {}", deep("[", "]", times)));
        assert_eq!(told, "maps and lists are nested deeper than 64");
        Node::parse(FileFormat::Json, "a", &format!("{{\"a\": {}}}", deep("[", "]", times))).unwrap_err();
        Node::parse(FileFormat::Toml, "a", &format!("a = {}", deep("[", "]", times))).unwrap_err();
        Node::parse(FileFormat::Toml, "a", &format!("a{} = 1", ".b".repeat(times))).unwrap_err();
        Node::from_set(&format!("a={}", deep("{a: ", "}", times))).unwrap_err();
    }
    let laughs: String = (1..30).map(|n| format!("l{n}: &l{n} [*l{0}, *l{0}]\n", n - 1)).collect();
    assert_eq!(
        told(FileFormat::Yaml, &format!("l0: &l0 [ha]\n{laughs}")),
        "aliases make the configuration larger than 16 MiB"
    );
    assert_eq!(told(FileFormat::Yaml, "a: &a [*a]"), "an alias refers to a value that it is in itself");
}
