use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::*;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::config::{EnvVars, FileFormat, Node, check, for_editors, scaffold};

/// How rows are loaded.
///
/// All of them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Load {
    /// Rows in one batch.
    #[schemars(range(min = 1, max = 1000))]
    batch: u32,
    /// Where the files are.
    #[schemars(regex(pattern = "^[a-z/]+$"))]
    folder: String,
    #[serde(default)]
    mode: Mode,
    comment: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// What else there is.
    others: BTreeMap<String, u8>,
    retry: Retry,
    #[serde(default)]
    again: Retry,
    source: Source,
    store: Option<Store>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// As fast as can be.
    #[default]
    Fast,
    Careful,
}

/// When and how often.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Retry {
    /// How often.
    max: u8,
    #[serde(default = "second")]
    delay: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { max: 3, delay: 0.5 }
    }
}

fn second() -> f64 {
    1.0
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Source {
    Nothing,
    /// From a file.
    File {
        path: String,
    },
    Table {
        name: String,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Store {
    Memory,
    Folder { path: String },
}

/// The scaffold with all that was commented out.
fn uncommented(scaffold: &str) -> String {
    let line = |line: &str| {
        let start = line.len() - line.trim_start().len();
        match line[start..].strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => format!("{}{rest}\n", &line[..start]),
            _ => format!("{line}\n"),
        }
    };
    scaffold.lines().map(line).collect()
}

#[test]
fn a_scaffold_is_filled_in() {
    let schema = schema_for!(Load);
    let scaffold = scaffold(&schema);
    assert_snapshot!(scaffold, @r"
    # How rows are loaded.
    #
    # All of them.

    # Rows in one batch.
    batch:         # a whole number from 1 to 1000
    # Where the files are.
    folder:        # a text that matches `^[a-z/]+$`
    #mode: fast    # `careful` or `fast`
    #comment:      # a text
    #tags: []      # a list, each item a text
    # What else there is.
    others: {}     # a map
    # When and how often.
    retry:
      # How often.
      max:         # a whole number from 0 to 255
      #delay: 1.0  # a number
    # When and how often.
    #again:
      # How often.
      #max: 3      # a whole number from 0 to 255
      #delay: 0.5  # a number
    source:        # `nothing` or a map with `file` or `table`
      # Either
      # From a file.
      #file:
        #path:     # a text
      # or
      #table:
        #name:     # a text
    #store:        # a map with `kind`
      # Either
      #kind: memory
      # or
      #kind: folder
      #path:       # a text
    ");
    let empty = Node::parse(FileFormat::Yaml, "load.yaml", &scaffold).unwrap();
    assert_snapshot!(check(&empty, &schema, &EnvVars::none()).unwrap_err(), @r"
    the configuration cannot be used: 4 problems
    error: `batch` is to be a whole number, but is null
      --> load.yaml:6:6
    error: `folder` is to be a text, but is null
      --> load.yaml:8:7
    error: `retry.max` is to be a whole number, but is null
      --> load.yaml:17:6
    error: `source` is to be `nothing`, or a map with one of `file` and `table`, but is null
      --> load.yaml:24:7
    ");
    let filled = scaffold
        .replace("\nbatch:", "\nbatch: 5")
        .replace("\nfolder:", "\nfolder: a/b")
        .replace("\n  max:", "\n  max: 5")
        .replace("\nsource:", "\nsource: nothing");
    let filled = Node::parse(FileFormat::Yaml, "load.yaml", &filled).unwrap();
    check(&filled, &schema, &EnvVars::none()).unwrap();
}

/// Schemas of fields that all have defaults.
fn optional() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|default| json!({ "type": "integer", "format": "int32", "default": default })),
        any::<String>()
            .prop_map(|default| json!({ "type": "string", "default": default, "description": default })),
        Just(json!({ "type": ["boolean", "null"], "default": null })),
        Just(json!({ "type": "array", "items": { "type": "number" }, "default": [1, 2.5] })),
        Just(
            json!({ "oneOf": [{ "const": "a" }, { "type": "object", "properties": { "b": true }, "required": ["b"] }], "default": { "b": [1, { "c": "#" }] } })
        ),
    ];
    leaf.prop_recursive(3, 16, 4, |field| {
        let fields = prop::collection::btree_map("[a-z]{1,3}|[ #:a]{1,3}", field, 0..4);
        (fields, any::<bool>()).prop_map(|(fields, default)| {
            let mut schema = json!({ "type": "object", "properties": fields, "additionalProperties": false, "description": "x\n\n y" });
            if default {
                schema["default"] = json!({});
            }
            schema
        })
    })
    .prop_filter("a configuration is a map", |schema| schema["type"] == "object")
}

proptest! {
    #[test]
    fn a_scaffold_of_defaults_fits_with_and_without_its_comments(schema in optional()) {
        let schema = Schema::try_from(schema).unwrap();
        let text = scaffold(&schema);
        let full = uncommented(&text);
        for text in [&text, &full] {
            let node = Node::parse(FileFormat::Yaml, "a", text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            check(&node, &schema, &EnvVars::none()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        }
    }
}

#[test]
fn editors_know_of_references() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Config {
        /// How many.
        #[serde(default)]
        batch: u8,
        mode: Mode,
        #[schemars(extend("x-orch-secret" = true))]
        password: String,
        #[schemars(extend("x-orch-secret" = true))]
        token: Option<String>,
        tags: Vec<Option<bool>>,
        store: Store,
    }
    let schema = for_editors(&schema_for!(Config));
    assert_snapshot!(serde_json::to_string_pretty(&schema).unwrap(), @r##"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Config",
      "type": "object",
      "properties": {
        "batch": {
          "description": "How many.",
          "default": 0,
          "anyOf": [
            {
              "type": "integer",
              "format": "uint8",
              "minimum": 0,
              "maximum": 255
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "mode": {
          "$ref": "#/$defs/Mode"
        },
        "password": {
          "anyOf": [
            {
              "$ref": "#/$defs/EnvReference"
            },
            {
              "type": "object",
              "properties": {
                "file": {
                  "description": "A file that holds the secret.",
                  "type": "string"
                }
              },
              "required": [
                "file"
              ],
              "additionalProperties": false
            }
          ]
        },
        "token": {
          "anyOf": [
            {
              "$ref": "#/$defs/EnvReference"
            },
            {
              "type": "object",
              "properties": {
                "file": {
                  "description": "A file that holds the secret.",
                  "type": "string"
                }
              },
              "required": [
                "file"
              ],
              "additionalProperties": false
            },
            {
              "type": "null"
            }
          ]
        },
        "tags": {
          "type": "array",
          "items": {
            "anyOf": [
              {
                "type": [
                  "boolean",
                  "null"
                ]
              },
              {
                "$ref": "#/$defs/EnvReference"
              }
            ]
          }
        },
        "store": {
          "$ref": "#/$defs/Store"
        }
      },
      "required": [
        "mode",
        "password",
        "tags",
        "store"
      ],
      "$defs": {
        "Mode": {
          "oneOf": [
            {
              "type": "string",
              "enum": [
                "careful"
              ]
            },
            {
              "description": "As fast as can be.",
              "type": "string",
              "const": "fast"
            },
            {
              "$ref": "#/$defs/EnvReference"
            }
          ]
        },
        "Store": {
          "oneOf": [
            {
              "type": "object",
              "properties": {
                "kind": {
                  "type": "string",
                  "const": "memory"
                }
              },
              "required": [
                "kind"
              ]
            },
            {
              "type": "object",
              "properties": {
                "kind": {
                  "type": "string",
                  "const": "folder"
                },
                "path": {
                  "anyOf": [
                    {
                      "type": "string"
                    },
                    {
                      "$ref": "#/$defs/EnvReference"
                    }
                  ]
                }
              },
              "required": [
                "kind",
                "path"
              ]
            }
          ]
        },
        "EnvReference": {
          "type": "object",
          "properties": {
            "env": {
              "description": "The name of an environment variable that holds the value.",
              "type": "string"
            }
          },
          "required": [
            "env"
          ],
          "additionalProperties": false
        }
      }
    }
    "##);
}
