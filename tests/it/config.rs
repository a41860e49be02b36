//! `#[derive(Config)]` as a program sees it: what it accepts, what it describes, and that nothing but orch is needed.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use orch::config::{ConfigDef, Configurable, EnvVars, Node, Origin, read, write};
use orch::prelude::*;
use serde_json::json;

/// Where the pages come from.
///
/// There may be many of them.
#[derive(Config, Clone, Debug, PartialEq)]
pub(crate) struct Source {
    /// The file.
    pub(crate) path: String,
    /// How many rows a page has.
    #[config(default = 50, range = 1..=1000)]
    batch: u32,
    #[config(default = Self::MODES.len(), range = ..10)]
    modes: usize,
    #[config(default = 0.1, range = 0.0..1.0)]
    share: f32,
    #[config(default)]
    offset: u8,
    #[config(default = "all", length = 1..=8, rename = "mode")]
    which: String,
    #[config(range = 1..)]
    first: Option<i64>,
    limits: Limits,
    next: Option<Box<Self>>,
}

impl Source {
    const MODES: [&str; 2] = ["all", "some"];
}

#[derive(Config, Clone, Debug, PartialEq)]
#[config(default, rename_all = "kebab-case")]
struct Limits {
    at_once: u8,
    by_name: BTreeMap<String, Vec<u8>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: 4, by_name: BTreeMap::new() }
    }
}

#[derive(Config, Debug, PartialEq)]
enum Outside {
    NotAtAll,
    AtMost(u32),
    Between { least: u32, most: u32 },
}

/// Which server.
#[derive(Config, Debug, PartialEq)]
#[config(tag = "kind")]
enum Inside {
    /// On this machine.
    Local,
    #[config(rename = "far")]
    Remote {
        #[config(default = 80)]
        port: u16,
    },
}

#[derive(Config, Debug, PartialEq)]
#[serde(tag = "t", content = "c", rename_all = "UPPERCASE")]
enum Beside {
    One(u8),
    Two { x: u8 },
}

#[derive(Config, Debug, PartialEq)]
struct Percent(u8);

#[derive(Config, Debug, PartialEq)]
struct Whole {
    #[config(range = ..=100)]
    percent: Percent,
    #[serde(flatten)]
    limits: Limits,
    #[serde(flatten)]
    server: Inside,
}

fn node(value: &serde_json::Value) -> Node {
    write(value, &Origin::Set("x=..".into())).unwrap()
}

fn given<T: Configurable>(value: &serde_json::Value) -> Result<T, String> {
    read(&node(value), &EnvVars::none()).map_err(|error| error.message)
}

fn schema<T: Configurable>() -> String {
    serde_json::to_string_pretty(&ConfigDef::of::<T>().schema()).unwrap()
}

#[test]
fn absent_fields_have_their_defaults() {
    let source: Source = given(&json!({ "path": "a.csv", "limits": {} })).unwrap();
    let expected = Source {
        path: "a.csv".into(),
        batch: 50,
        modes: 2,
        share: 0.1,
        offset: 0,
        which: "all".into(),
        first: None,
        limits: Limits::default(),
        next: None,
    };
    assert_eq!(source, expected);
    let given: Source = given(&json!({
        "path": "b.csv", "batch": 7, "modes": 1, "share": 0.5, "mode": "one", "first": 3,
        "limits": { "at-once": 1, "by-name": { "db": [1, 2] } },
        "next": { "path": "a.csv", "limits": {} },
    }))
    .unwrap();
    assert_eq!(given.next.as_deref(), Some(&source));
    assert_eq!(given.limits.by_name["db"], [1, 2]);
    // And as it was read it is written.
    let written = write(&given, &Origin::Default).unwrap();
    assert_eq!(read::<Source>(&written, &EnvVars::none()).unwrap(), given);
}

#[test]
fn a_schema_tells_all_that_is_said_of_the_fields() {
    assert_snapshot!(schema::<Source>(), @r##"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Source",
      "description": "Where the pages come from.\n\nThere may be many of them.",
      "type": "object",
      "properties": {
        "path": {
          "description": "The file.",
          "type": "string"
        },
        "batch": {
          "description": "How many rows a page has.",
          "type": "integer",
          "format": "uint32",
          "minimum": 1,
          "default": 50,
          "maximum": 1000
        },
        "modes": {
          "type": "integer",
          "format": "uint",
          "minimum": 0,
          "default": 2,
          "maximum": 9
        },
        "share": {
          "type": "number",
          "format": "float",
          "default": 0.1,
          "minimum": 0.0,
          "exclusiveMaximum": 1.0
        },
        "offset": {
          "type": "integer",
          "format": "uint8",
          "minimum": 0,
          "maximum": 255,
          "default": 0
        },
        "mode": {
          "type": "string",
          "minLength": 1,
          "maxLength": 8,
          "default": "all"
        },
        "first": {
          "type": [
            "integer",
            "null"
          ],
          "format": "int64",
          "minimum": 1
        },
        "limits": {
          "$ref": "#/$defs/Limits"
        },
        "next": {
          "anyOf": [
            {
              "$ref": "#"
            },
            {
              "type": "null"
            }
          ]
        }
      },
      "additionalProperties": false,
      "required": [
        "path",
        "limits"
      ],
      "$defs": {
        "Limits": {
          "type": "object",
          "properties": {
            "at-once": {
              "type": "integer",
              "format": "uint8",
              "minimum": 0,
              "maximum": 255,
              "default": 4
            },
            "by-name": {
              "type": "object",
              "additionalProperties": {
                "type": "array",
                "items": {
                  "type": "integer",
                  "format": "uint8",
                  "minimum": 0,
                  "maximum": 255
                }
              },
              "default": {}
            }
          },
          "additionalProperties": false
        }
      }
    }
    "##);
}

#[test]
fn an_enum_is_a_choice_by_name() {
    assert_eq!(given(&json!("not_at_all")), Ok(Outside::NotAtAll));
    assert_eq!(given(&json!({ "at_most": 3 })), Ok(Outside::AtMost(3)));
    assert_eq!(
        given(&json!({ "between": { "least": 1, "most": 2 } })),
        Ok(Outside::Between { least: 1, most: 2 })
    );
    assert_snapshot!(given::<Outside>(&json!("NotAtAll")).unwrap_err(), @"unknown variant `NotAtAll`, expected one of `not_at_all`, `at_most`, `between`");
    assert_snapshot!(given::<Outside>(&json!({ "between": { "least": 1, "most": 2, "x": 3 } })).unwrap_err(), @"unknown field `x`, expected `least` or `most`");
    assert_snapshot!(schema::<Outside>(), @r##"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Outside",
      "oneOf": [
        {
          "type": "string",
          "enum": [
            "not_at_all"
          ]
        },
        {
          "type": "object",
          "properties": {
            "at_most": {
              "type": "integer",
              "format": "uint32",
              "minimum": 0
            }
          },
          "required": [
            "at_most"
          ],
          "additionalProperties": false
        },
        {
          "type": "object",
          "properties": {
            "between": {
              "type": "object",
              "properties": {
                "least": {
                  "type": "integer",
                  "format": "uint32",
                  "minimum": 0
                },
                "most": {
                  "type": "integer",
                  "format": "uint32",
                  "minimum": 0
                }
              },
              "additionalProperties": false,
              "required": [
                "least",
                "most"
              ]
            }
          },
          "required": [
            "between"
          ],
          "additionalProperties": false
        }
      ]
    }
    "##);
}

#[test]
fn an_enum_with_a_tag_is_a_choice_by_a_field() {
    assert_eq!(given(&json!({ "kind": "local" })), Ok(Inside::Local));
    assert_eq!(given(&json!({ "kind": "far" })), Ok(Inside::Remote { port: 80 }));
    assert_snapshot!(given::<Inside>(&json!({ "kind": "near" })).unwrap_err(), @"unknown variant `near`, expected `local` or `far`");
    assert_snapshot!(schema::<Inside>(), @r##"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Inside",
      "description": "Which server.",
      "oneOf": [
        {
          "description": "On this machine.",
          "type": "object",
          "properties": {
            "kind": {
              "type": "string",
              "const": "local"
            }
          },
          "required": [
            "kind"
          ],
          "additionalProperties": false
        },
        {
          "type": "object",
          "properties": {
            "kind": {
              "type": "string",
              "const": "far"
            },
            "port": {
              "type": "integer",
              "format": "uint16",
              "minimum": 0,
              "maximum": 65535,
              "default": 80
            }
          },
          "additionalProperties": false,
          "required": [
            "kind"
          ]
        }
      ]
    }
    "##);
}

#[test]
fn what_serde_understands_is_understood() {
    assert_eq!(given(&json!({ "t": "ONE", "c": 1 })), Ok(Beside::One(1)));
    assert_eq!(given(&json!({ "t": "TWO", "c": { "x": 1 } })), Ok(Beside::Two { x: 1 }));
    assert_snapshot!(given::<Beside>(&json!({ "t": "TWO", "c": { "x": 1, "y": 2 } })).unwrap_err(), @"unknown field `y`, expected `x`");
}

#[test]
fn flattened_fields_are_among_the_others() {
    let whole: Whole = given(&json!({ "percent": 5, "at-once": 2, "kind": "far", "port": 8080 })).unwrap();
    let limits = Limits { at_once: 2, ..Limits::default() };
    assert_eq!(whole, Whole { percent: Percent(5), limits, server: Inside::Remote { port: 8080 } });
    let written = write(&whole, &Origin::Default).unwrap();
    assert_eq!(read::<Whole>(&written, &EnvVars::none()).unwrap(), whole);
    assert_snapshot!(schema::<Whole>(), @r##"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Whole",
      "description": "Which server.",
      "type": "object",
      "properties": {
        "percent": {
          "$ref": "#/$defs/Percent",
          "maximum": 100
        },
        "at-once": {
          "type": "integer",
          "format": "uint8",
          "minimum": 0,
          "maximum": 255,
          "default": 4
        },
        "by-name": {
          "type": "object",
          "additionalProperties": {
            "type": "array",
            "items": {
              "type": "integer",
              "format": "uint8",
              "minimum": 0,
              "maximum": 255
            }
          },
          "default": {}
        }
      },
      "required": [
        "percent"
      ],
      "unevaluatedProperties": false,
      "oneOf": [
        {
          "description": "On this machine.",
          "type": "object",
          "properties": {
            "kind": {
              "type": "string",
              "const": "local"
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
              "const": "far"
            },
            "port": {
              "type": "integer",
              "format": "uint16",
              "minimum": 0,
              "maximum": 65535,
              "default": 80
            }
          },
          "required": [
            "kind"
          ]
        }
      ],
      "$defs": {
        "Percent": {
          "type": "integer",
          "format": "uint8",
          "minimum": 0,
          "maximum": 255
        }
      }
    }
    "##);
}

#[test]
fn an_op_takes_configuration_and_a_test_makes_it() {
    #[derive(Config, Debug)]
    struct Login {
        user: String,
        password: Secret<String>,
    }
    #[expect(clippy::needless_pass_by_value, reason = "as an op takes it")]
    fn login(login: Config<Login>) -> usize {
        login.user.len() + login.password.expose().len()
    }
    let config = Config::new(Login { user: "me".into(), password: Secret::new("hunter2".into()) });
    assert_eq!(login(config.clone()), 9);
    assert_snapshot!(format!("{config:?}"), @r#"Login { user: "me", password: Secret(..) }"#);

    let asked = node(&json!({ "user": "me", "password": { "env": "PASSWORD" } }));
    let read = ConfigDef::of::<Login>().read(&asked, &EnvVars::none().with("PASSWORD", "hunter2")).unwrap();
    assert_eq!(login(read.get().unwrap()), 9);
    assert!(read.get::<Source>().is_none());
}
