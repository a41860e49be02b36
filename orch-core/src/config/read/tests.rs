use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::read;
use crate::config::{Entry, EnvVars, Node, Origin, Value};

/// The tree of some JSON, each value of it at a line of its own, counted in the order of the text.
fn tree(json: &str) -> Node {
    let mut line = 0;
    node(&serde_json::from_str(json).unwrap(), &mut || {
        line += 1;
        Origin::File { file: "a.json".into(), line, column: 1 }
    })
}

/// The same, all of it from the command line.
fn set(json: &str) -> Node {
    node(&serde_json::from_str(json).unwrap(), &mut || Origin::Set("x=..".into()))
}

fn node(value: &serde_json::Value, origin: &mut impl FnMut() -> Origin) -> Node {
    use serde_json::Value as Json;
    let at = origin();
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => Value::Number(number.clone()),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(|item| node(item, origin)).collect()),
        Json::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| Entry::new(key.as_str(), origin(), node(value, origin)))
                .collect(),
        ),
    };
    Node { value, origin: at }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read, and shown by `Debug`")]
struct Load {
    pages: Vec<Page>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    sizes: BTreeMap<u8, (u8, bool)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read, and shown by `Debug`")]
struct Page {
    size: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "read, and shown by `Debug`")]
enum Mode {
    Fast,
    Slow(u64),
    Both { first: u8 },
    Pair(u8, u8),
}

fn error<T: DeserializeOwned>(node: &Node) -> String {
    match read::<T>(node, &EnvVars::none()) {
        Ok(_) => panic!("it can be read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_error_says_where_it_is_and_where_that_comes_from() {
    let messages = [
        r#"{"pages": [{"size": 1}, {"size": "many"}]}"#,
        r#"{"pages": [{"size": 5000000000}]}"#,
        r#"{"pages": [{}]}"#,
        r#"{"pages": [{"size": 1, "sise": 2}]}"#,
        r#"{"pages": 7}"#,
        r#"{"pages": [], "mode": "fsat"}"#,
        r#"{"pages": [], "mode": "slow"}"#,
        r#"{"pages": [], "mode": {"slow": -1}}"#,
        r#"{"pages": [], "mode": {"fast": 1}}"#,
        r#"{"pages": [], "mode": {"both": {"first": 1.5}}}"#,
        r#"{"pages": [], "mode": {"pair": [1, 2, 3]}}"#,
        r#"{"pages": [], "mode": {"fast": null, "slow": 1}}"#,
        r#"{"pages": [], "mode": 1}"#,
        r#"{"pages": [], "sizes": {"many": [1, true]}}"#,
        r#"{"pages": [], "sizes": {"7": [1, "true"]}}"#,
        r#"[]"#,
    ]
    .map(|json| error::<Load>(&tree(json)));
    assert_snapshot!(messages.join("\n"), @r#"
    `pages[1].size`: invalid type: string "many", expected u32
      --> a.json:9:1
    `pages[0].size`: invalid value: integer `5000000000`, expected u32
      --> a.json:6:1
    `pages[0]`: missing field `size`
      --> a.json:4:1
    `pages[0].sise`: unknown field `sise`, expected `size`
      --> a.json:7:1
    `pages`: invalid type: integer `7`, expected a sequence
      --> a.json:3:1
    `mode`: unknown variant `fsat`, expected one of `fast`, `slow`, `both`, `pair`
      --> a.json:5:1
    `mode`: `slow` needs a value: write it as a map, `{slow: ..}`
      --> a.json:5:1
    `mode.slow`: invalid value: integer `-1`, expected u64
      --> a.json:7:1
    `mode.fast`: invalid type: integer `1`, expected the name alone
      --> a.json:7:1
    `mode.both.first`: invalid type: floating point `1.5`, expected u8
      --> a.json:9:1
    `mode.pair`: 3 values, expected 2
      --> a.json:7:1
    `mode`: a choice is a map with exactly one key, but this has 2
      --> a.json:5:1
    `mode`: invalid type: integer `1`, expected a text, or a map with one key
      --> a.json:5:1
    `sizes.many`: invalid type: string "many", expected u8
      --> a.json:6:1
    `sizes.7[1]`: invalid type: string "true", expected a boolean
      --> a.json:9:1
    invalid length 0, expected struct Load with 3 elements
      --> a.json:1:1
    "#);
}

#[test]
fn whole_floats_are_integers_and_integers_are_floats() {
    assert_eq!(read::<Vec<i64>>(&tree("[3.0, -4.0, 1e3]"), &EnvVars::none()).unwrap(), [3, -4, 1000]);
    assert_eq!(read::<Vec<f64>>(&tree("[3, -4, 0.5]"), &EnvVars::none()).unwrap(), [3.0, -4.0, 0.5]);
    assert_eq!(read::<Vec<u64>>(&tree("[18446744073709551615]"), &EnvVars::none()).unwrap(), [u64::MAX]);
    assert_snapshot!(error::<u64>(&tree("1e20")), @r"
    invalid type: floating point `100000000000000000000.0`, expected u64
      --> a.json:1:1
    ");
    assert_snapshot!(error::<u64>(&tree("-3.0")), @r"
    invalid value: integer `-3`, expected u64
      --> a.json:1:1
    ");
}

#[test]
fn what_has_no_type_of_its_own_is_what_is_wanted() {
    type Mixed = (String, String, u16, f64, bool, Option<i8>, char);
    let untyped = set(r#"[50, true, "80", " 1.5", "true", "-3", 7]"#);
    let read_as = ("50".to_owned(), "true".to_owned(), 80, 1.5, true, Some(-3), '7');
    assert_eq!(read::<Mixed>(&untyped, &EnvVars::none()).unwrap(), read_as);
    // A file knows what it says.
    let typed =
        [error::<String>(&tree("50")), error::<u16>(&tree(r#""80""#)), error::<bool>(&tree(r#""true""#))];
    assert_snapshot!(typed.join("\n"), @r#"
    invalid type: integer `50`, expected a string
      --> a.json:1:1
    invalid type: string "80", expected u16
      --> a.json:1:1
    invalid type: string "true", expected a boolean
      --> a.json:1:1
    "#);
    let error = read::<u16>(&set(r#""eighty""#), &EnvVars::none()).unwrap_err();
    assert_snapshot!(error.message, @r#"invalid type: string "eighty", expected u16"#);
}
