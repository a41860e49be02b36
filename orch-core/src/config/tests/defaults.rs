//! Defaults that do not fit what is said of their values.

use schemars::json_schema;

use crate::config::{ConfigError, ConfigPath, check_defaults};

fn told(schema: &schemars::Schema) -> String {
    let problems = check_defaults(schema, ConfigPath::root().key("conf"));
    ConfigError::new(problems).problems().iter().map(|problem| format!("{}\n", problem.message())).collect()
}

#[test]
fn they_are_found_wherever_they_stand() {
    let schema = json_schema!({
        "type": "object",
        "properties": {
            "fine": { "type": "integer", "minimum": 1, "default": 1 },
            "size": { "type": "integer", "minimum": 1, "default": 0 },
            "inner": { "$ref": "#/$defs/Inner" },
            "again": { "$ref": "#/$defs/Inner" },
            "list": { "type": "array", "items": { "$ref": "#/$defs/Row" } },
            "by_name": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Other" } },
            "choice": { "oneOf": [
                { "type": "object", "properties": { "by": { "type": "string", "maxLength": 1, "default": "two" } } },
                { "type": "null" },
            ] },
        },
        "required": ["inner", "again"],
        "$defs": {
            // It has itself in it.
            "Inner": {
                "type": "object",
                "properties": {
                    "depth": { "type": "integer", "maximum": 3, "default": 4 },
                    "inner": { "anyOf": [{ "$ref": "#/$defs/Inner" }, { "type": "null" }], "default": null },
                },
            },
            "Row": { "type": "object", "properties": { "at": { "type": "integer", "default": "x" } } },
            "Other": { "type": "object", "properties": { "of": { "type": "boolean", "default": 1 } } },
        },
    });
    insta::assert_snapshot!(told(&schema), @r#"
    `conf.size` is to be at least 1, but is 0
    `conf.inner.depth` is to be at most 3, but is 4
    `conf.list[0].at` is to be a whole number, but is the text `x`
    `conf.by_name."*".of` is to be true or false, but is the number 1
    `conf.choice.by` is to be at most 1 characters long, but has 3
    "#);
}

#[test]
fn what_is_wrong_within_the_default_of_a_map_is_told_once() {
    let schema = json_schema!({
        "type": "object",
        "properties": {
            "outer": {
                "type": "object",
                "properties": { "size": { "type": "integer", "minimum": 1, "default": 0 } },
                "default": { "size": 0 },
            },
        },
    });
    insta::assert_snapshot!(told(&schema), @"`conf.outer.size` is to be at least 1, but is 0");
}
