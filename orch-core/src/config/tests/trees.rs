//! Random trees, and trees as text.

use proptest::prelude::*;
use serde_json::{Map, Value as Json};

use crate::config::{Node, Value};

/// A value without its places.
pub(super) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.clone()),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|entry| (entry.key.to_string(), json(&entry.node))).collect())
        }
    }
}

/// Texts that formats could take for something else, and any others.
pub(super) fn text() -> impl Strategy<Value = String> {
    const TRICKY: [&str; 14] = [
        "",
        "no",
        "null",
        "1e3",
        "0x1f",
        " a ",
        "a: b",
        "a #b",
        "- a",
        "~",
        "é\u{1f600}",
        "\u{7f}\u{85}\u{2028}\t\"'\\\r\n",
        ".inf",
        "<<",
    ];
    prop_oneof![
        3 => "[a-z]{1,6}",
        2 => prop::sample::select(&TRICKY[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// A map of anything that all formats can hold; TOML knows no null.
pub(super) fn map(null: bool) -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Json::from),
        prop::num::f64::NORMAL.prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        text().prop_map(Json::from),
        Just(if null { Json::Null } else { Json::from("null") }),
    ];
    let fields = |value: BoxedStrategy<Json>| {
        prop::collection::vec((text(), value), 0..4)
            .prop_map(|fields| Json::Object(fields.into_iter().collect::<Map<_, _>>()))
    };
    let value = leaf.prop_recursive(4, 32, 4, move |value| {
        prop_oneof![prop::collection::vec(value.clone(), 0..4).prop_map(Json::from), fields(value.boxed())]
    });
    fields(value.boxed())
}

/// A tree as TOML, in one line for each of its fields.
pub(super) fn toml(map: &Json) -> String {
    let fields = map.as_object().unwrap().iter();
    fields.map(|(key, value)| format!("{} = {}\n", toml_text(key), toml_value(value))).collect()
}

fn toml_value(value: &Json) -> String {
    match value {
        Json::Null => unreachable!("TOML has no null"),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (_, float) => format!("{:?}", float.unwrap()),
        },
        Json::String(text) => toml_text(text),
        Json::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("{} = {}", toml_text(key), toml_value(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

fn toml_text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
