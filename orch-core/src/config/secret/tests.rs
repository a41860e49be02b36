use std::fs;

use insta::assert_snapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::config::{
    Config, ConfigDef, Configurable, Entry, EnvVars, Node, Origin, Scrubber, Value, read, write,
};

const CANARY: &str = "canary-7\"x";

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Database {
    password: Secret<String>,
    #[serde(default)]
    port: Option<Secret<u16>>,
    #[serde(default)]
    server: Option<Server>,
}

impl Configurable for Database {}

/// Told apart by a tag, so that serde reads it from a copy of its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Server {
    Remote { token: Secret<String> },
}

/// Configuration as it is in files, and `env` as it is.
fn node(json: &serde_json::Value) -> Node {
    let origin = Origin::File { file: "a.json".into(), line: 1, column: 1 };
    write(json, &origin).unwrap()
}

fn env() -> EnvVars {
    EnvVars::none().with("PASSWORD", CANARY).with("PORT", "5432")
}

fn database() -> Node {
    node(&serde_json::json!({
        "password": { "env": "PASSWORD" },
        "port": { "env": "PORT" },
        "server": { "kind": "remote", "token": { "env": "PASSWORD" } },
    }))
}

#[test]
fn a_secret_is_resolved_when_it_is_read() {
    let read = ConfigDef::of::<Database>().read(&database(), &env()).unwrap();
    let database: Config<Database> = read.get().unwrap();
    assert_eq!(database.password.expose(), CANARY);
    assert_eq!(database.port.as_ref().map(Secret::expose), Some(&5432));
    let Some(Server::Remote { token }) = &database.server else { panic!("there is a server") };
    assert_eq!(token.clone().expose(), CANARY);
    // All of them are known to whoever must keep them out of what is told.
    let texts: Vec<&str> = read.secrets().iter().map(|secret| secret.expose().as_str()).collect();
    assert_eq!(texts, [CANARY, "5432", CANARY]);
    assert_eq!(Scrubber::new(read.secrets()).scrub(CANARY), "<secret>");
}

#[test]
fn a_secret_in_a_file_is_its_text_without_the_last_line_end() {
    let folder = std::env::temp_dir().join(format!("orch-secret-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for (text, secret) in [("hunter2\n", "hunter2"), ("a\nb\r\n", "a\nb"), ("\n\n", "\n"), (" x ", " x ")] {
        let path = folder.join("secret");
        fs::write(&path, text).unwrap();
        let reference = node(&serde_json::json!({ "file": path.to_str() }));
        let read: Secret<String> = read(&reference, &EnvVars::none()).unwrap();
        assert_eq!(read.expose(), secret);
    }
    let path = folder.join("large");
    fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).unwrap();
    let error =
        read::<Secret<String>>(&node(&serde_json::json!({ "file": path.to_str() })), &EnvVars::none());
    let error = error.unwrap_err().message.replace(path.to_str().unwrap(), "FILE");
    fs::remove_dir_all(&folder).unwrap();
    assert_snapshot!(error, @"the secret's file `FILE` cannot be read: it is larger than 1 MiB");
}

#[test]
fn what_is_told_of_a_secret_is_its_reference() {
    let config = ConfigDef::of::<Database>().read(&database(), &env()).unwrap();
    let database: Config<Database> = config.get().unwrap();
    let told = [
        format!("{database:?}"),
        format!("{config:?} {:?}", config.secrets()),
        serde_json::to_string(&*database).unwrap(),
        format!("{:?}", write(&*database, &Origin::Default).unwrap().value),
        ConfigDef::of::<Database>().schema().as_value().to_string(),
    ];
    for text in &told {
        assert!(!text.contains("canary"), "{text}");
    }
    assert_snapshot!(told[..3].join("\n"), @r#"
    Database { password: Secret(env PASSWORD), port: Some(Secret(env PORT)), server: Some(Remote { token: Secret(env PASSWORD) }) }
    AnyConfig(..) [Secret(..), Secret(..), Secret(..)]
    {"password":{"env":"PASSWORD"},"port":{"env":"PORT"},"server":{"kind":"remote","token":{"env":"PASSWORD"}}}
    "#);
    let again = read::<Database>(&write(&*database, &Origin::Default).unwrap(), &env()).unwrap();
    assert_eq!(again.password.expose(), CANARY);
}

#[test]
fn no_error_contains_a_secret() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Database")]
    struct Checked;

    impl TryFrom<Database> for Checked {
        type Error = String;

        fn try_from(database: Database) -> Result<Self, String> {
            Err(format!("{} and {:?} are too weak", database.password.expose(), database.password.expose()))
        }
    }
    let database = |json| read::<Database>(&node(&json), &env()).unwrap_err().to_string();
    let errors = [
        read::<Checked>(&self::database(), &env()).unwrap_err().to_string(),
        // Not a reference, but perhaps the secret.
        database(serde_json::json!({ "password": CANARY })),
        database(serde_json::json!({ "password": ["canary"] })),
        database(serde_json::json!({ "password": { "env": "PASSWORD", "file": "canary" } })),
        database(serde_json::json!({ "password": { "text": "canary" } })),
        database(serde_json::json!({
            "password": { "env": "PASSWORD" },
            "server": { "kind": "remote", "token": CANARY },
        })),
        // Not what it should be.
        database(serde_json::json!({ "password": { "env": "PASSWORD" }, "port": { "env": "PASSWORD" } })),
        database(serde_json::json!({ "password": { "env": "PASWORD" } })),
        database(serde_json::json!({ "password": { "file": "no/such/file" } })),
    ];
    for error in &errors {
        assert!(!error.contains("canary"), "{error}");
    }
    // Each system has its own words for it.
    let errors = errors.join("\n").replace(&fs::read("no/such/file").unwrap_err().to_string(), "NOT FOUND");
    assert_snapshot!(errors, @r#"
    <secret> and "<secret>" are too weak
      --> a.json:1:1
    `password`: a secret is not written down: refer to it, `{env: NAME}` or `{file: PATH}`
      --> a.json:1:1
    `password`: invalid type: sequence, expected a reference to a secret, `{env: NAME}` or `{file: PATH}`
      --> a.json:1:1
    `password`: a secret is referred to as `{env: NAME}` or as `{file: PATH}`
      --> a.json:1:1
    `password`: a secret is referred to as `{env: NAME}` or as `{file: PATH}`
      --> a.json:1:1
    `server`: a secret is not written down: refer to it, `{env: NAME}` or `{file: PATH}`
      --> a.json:1:1
    `port`: the secret in the environment variable `PASSWORD` is no `u16`
      --> a.json:1:1
    `password`: the secret's environment variable `PASWORD` is not set
      --> a.json:1:1
    `password`: the secret's file `no/such/file` cannot be read: NOT FOUND
      --> a.json:1:1
    "#);
}

#[test]
fn a_panic_of_who_reads_a_secret_is_an_error_without_it() {
    #[derive(Debug)]
    struct Panics;
    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let database = Database::deserialize(deserializer)?;
            panic!("{} is too weak", database.password.expose())
        }
    }
    let error = read::<Panics>(&database(), &env()).unwrap_err();
    let (before, place) = error.message.split_once("\n  at ").unwrap();
    assert_snapshot!(before, @"what reads it panicked: <secret> is too weak");
    assert!(place.contains("tests.rs"), "{place}");
    assert!(error.path.is_root());
}

#[test]
fn a_secret_comes_from_configuration_only() {
    let error = serde_json::from_str::<Database>(r#"{"password": {"env": "PASSWORD"}}"#).unwrap_err();
    assert_snapshot!(error, @"a secret comes from configuration: nothing else knows where its reference leads at line 1 column 13");
    // Not even after a reading that broke off.
    #[derive(Debug)]
    struct Panics;
    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("the user's code panics")
        }
    }
    read::<Panics>(&database(), &env()).unwrap_err();
    serde_json::from_str::<Database>(r#"{"password": {"env": "PASSWORD"}}"#).unwrap_err();
}

#[test]
fn a_secret_made_in_code_cannot_be_written_down() {
    let secret = Secret::new(CANARY.to_owned());
    assert_snapshot!(format!("{secret:?}"), @"Secret(..)");
    assert_snapshot!(serde_json::to_string(&secret).unwrap_err(), @"a secret that was made in code cannot be written down");
}

#[test]
fn the_schema_says_that_it_is_a_secret() {
    let schema = ConfigDef::of::<Database>().schema();
    assert_snapshot!(serde_json::to_string_pretty(&schema).unwrap(), @r##"
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Database",
      "type": "object",
      "properties": {
        "password": {
          "type": "object",
          "properties": {
            "env": {
              "type": "string"
            },
            "file": {
              "type": "string"
            }
          },
          "x-orch-secret": true,
          "minProperties": 1,
          "maxProperties": 1,
          "additionalProperties": false,
          "writeOnly": true
        },
        "port": {
          "type": [
            "object",
            "null"
          ],
          "properties": {
            "env": {
              "type": "string"
            },
            "file": {
              "type": "string"
            }
          },
          "x-orch-secret": true,
          "minProperties": 1,
          "maxProperties": 1,
          "additionalProperties": false,
          "writeOnly": true,
          "default": null
        },
        "server": {
          "anyOf": [
            {
              "$ref": "#/$defs/Server"
            },
            {
              "type": "null"
            }
          ],
          "default": null
        }
      },
      "required": [
        "password"
      ],
      "$defs": {
        "Server": {
          "description": "Told apart by a tag, so that serde reads it from a copy of its own.",
          "oneOf": [
            {
              "type": "object",
              "properties": {
                "kind": {
                  "type": "string",
                  "const": "remote"
                },
                "token": {
                  "type": "object",
                  "properties": {
                    "env": {
                      "type": "string"
                    },
                    "file": {
                      "type": "string"
                    }
                  },
                  "x-orch-secret": true,
                  "minProperties": 1,
                  "maxProperties": 1,
                  "additionalProperties": false,
                  "writeOnly": true
                }
              },
              "required": [
                "kind",
                "token"
              ]
            }
          ]
        }
      }
    }
    "##);
    let entry = Entry::new("env", Origin::Default, node(&"PASSWORD".into()));
    let set = Node { value: Value::Map(vec![entry]), origin: Origin::Set("password={env: PASSWORD}".into()) };
    assert_eq!(read::<Secret<String>>(&set, &env()).unwrap().expose(), CANARY);
}
