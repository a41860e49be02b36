//! What fits a schema is what serde takes.

use std::collections::BTreeMap;
use std::num::NonZeroU8;

use proptest::prelude::*;
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::trees;
use crate::config::{EnvVars, Node, Origin, check};

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Plain {
    small: u8,
    signed: i16,
    large: u64,
    float: f64,
    letter: char,
    on: bool,
    #[serde(default)]
    text: String,
    maybe: Option<i32>,
    pair: (bool, String),
    list: Vec<u8>,
    names: BTreeMap<String, i8>,
    numbered: BTreeMap<u16, bool>,
    some: NonZeroU8,
    two: [i8; 2],
    nothing: (),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Keyed {
    None,
    /// With a description.
    Either,
    File(String),
    Table {
        name: String,
        rows: Option<u8>,
    },
    Pair(u8, bool),
    Inner(Plain),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    None,
    File { path: String },
    Inner(Small),
    Strict(Strict),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Strict {
    x: u8,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u8),
    B { x: bool },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
    Small(Small),
    Many(Vec<Self>),
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Small {
    a: u8,
    b: Option<bool>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct All {
    keyed: Keyed,
    tagged: Option<Tagged>,
    adjacent: Adjacent,
    untagged: Untagged,
    #[serde(default)]
    small: Small,
    next: Option<Box<Self>>,
    flat: Flat,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Flat {
    own: u8,
    #[serde(flatten)]
    small: Small,
    #[serde(flatten)]
    tagged: Tagged,
}

fn plain() -> Json {
    json!({
        "small": 5, "signed": -5, "large": u64::MAX, "float": 1.5, "letter": "é", "on": true, "text": "x", "maybe": 3,
        "pair": [true, "x"], "list": [1, 2], "names": { "a": 1 },
        "numbered": { "1": true }, "some": 1, "two": [1, 2], "nothing": null,
    })
}

/// Values that fit, of each shape.
fn fitting() -> impl Strategy<Value = Json> {
    let keyed = prop::sample::select(vec![
        json!("None"),
        json!("Either"),
        json!({ "File": "x" }),
        json!({ "Table": { "name": "x", "rows": 1 } }),
        json!({ "Pair": [1, true] }),
        json!({ "Inner": plain() }),
    ]);
    let tagged = prop::sample::select(vec![
        json!({ "kind": "none" }),
        json!({ "kind": "file", "path": "x" }),
        json!({ "kind": "inner", "a": 1, "b": true }),
        json!({ "kind": "strict", "x": 1 }),
    ]);
    let adjacent =
        prop::sample::select(vec![json!({ "t": "A", "c": 1 }), json!({ "t": "B", "c": { "x": true } })]);
    let untagged =
        prop::sample::select(vec![json!(1), json!("x"), json!({ "a": 1 }), json!([1, "x", ["y"]])]);
    (keyed, tagged, adjacent, untagged, any::<bool>()).prop_map(|(keyed, tagged, adjacent, untagged, nested)| {
        // Schemas do not say that a flattened struct refuses unknown fields.
        let mut flat = if tagged["kind"] == "strict" { json!({ "kind": "none" }) } else { tagged.clone() };
        flat["own"] = json!(1);
        let one = json!({
            "keyed": keyed, "tagged": tagged, "adjacent": adjacent, "untagged": untagged, "small": { "a": 1, "b": null }, "flat": flat,
        });
        let mut outer = one.clone();
        if nested {
            outer["next"] = one;
        }
        outer
    })
}

/// What is put in the place of something else. An array is none that serde would take for a struct, field by field, and
/// no number is whole and written as a fraction, which serde refuses.
fn other() -> impl Strategy<Value = Json> {
    let near = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(256),
        json!(40000),
        json!(1.5),
        json!(i64::MIN),
        json!("x"),
        json!("xy"),
        json!(""),
        json!("None"),
        json!("File"),
        json!("file"),
        json!("inner"),
        json!("A"),
        json!("B"),
        json!({}),
        json!([[["x"]]]),
        json!({ "zz": 1 }),
        json!({ "File": "x", "Pair": [1, true] }),
        json!({ "kind": "file" }),
        json!({ "a": 300 }),
    ];
    prop::sample::select(near)
}

/// The values in a tree, itself among them.
fn count(json: &Json) -> usize {
    1 + match json {
        Json::Array(items) => items.iter().map(count).sum(),
        Json::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Does something to one value of a tree, by its number.
fn visit(json: &mut Json, number: &mut usize, what: &mut dyn FnMut(&mut Json)) {
    if *number == 0 {
        what(json);
    }
    *number = number.wrapping_sub(1);
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| visit(item, number, what)),
        Json::Object(fields) => fields.values_mut().for_each(|field| visit(field, number, what)),
        _ => {}
    }
}

/// Whether a tag is a number, which serde takes for the number of a variant where fields are flattened.
fn is_numbered(json: &Json) -> bool {
    match json {
        Json::Array(items) => items.iter().any(is_numbered),
        Json::Object(fields) => {
            ["kind", "t"].iter().any(|tag| fields.get(*tag).is_some_and(Json::is_number))
                || fields.values().any(is_numbered)
        }
        _ => false,
    }
}

fn agree<T: DeserializeOwned + JsonSchema + PartialEq + std::fmt::Debug>(json: &Json) {
    let node = Node::of_json(json, &Origin::Default);
    let checked = check(&node, &schema_for!(T), &EnvVars::none());
    match (serde_json::from_value::<T>(json.clone()), checked) {
        (Ok(value), Ok(effective)) => {
            let completed = serde_json::from_value::<T>(trees::json(&effective)).unwrap();
            assert_eq!(completed, value, "what is in effect is what was meant");
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(_)) if is_numbered(json) => {}
        (Ok(_), Err(error)) => panic!("serde takes {json:#}\n{error}"),
        (Err(error), Ok(_)) => panic!("serde refuses {json:#}\n{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_fits_is_what_serde_takes(
        mut json in fitting(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, other(), any::<prop::sample::Index>()), 0..3),
    ) {
        for (at, how, other, which) in changes {
            let mut number = at.index(count(&json));
            visit(&mut json, &mut number, &mut |value| match (how, value) {
                (0, Json::Object(fields)) if !fields.is_empty() => {
                    let key = fields.keys().nth(which.index(fields.len())).cloned().unwrap();
                    fields.shift_remove(&key);
                }
                (1, Json::Object(fields)) => drop(fields.insert("zz".to_owned(), other.clone())),
                (_, value) => *value = other.clone(),
            });
        }
        agree::<All>(&json);
    }

    #[test]
    fn also_of_plain_fields(at in any::<prop::sample::Index>(), other in other()) {
        let mut json = plain();
        let mut number = at.index(count(&json));
        visit(&mut json, &mut number, &mut |value| *value = other.clone());
        agree::<Plain>(&json);
    }
}
