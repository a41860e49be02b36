use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::write;
use crate::config::{EnvVars, Node, Origin, Secret, Value, read};

/// One of each that serde tells apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct All {
    bool: bool,
    small: (i8, i16, i32, u8, u16, u32),
    large: (i64, u64, i128, u128),
    single: f32,
    double: f64,
    char: char,
    text: String,
    option: Option<Box<Self>>,
    unit: (),
    unit_struct: Marker,
    newtype: Wrapped,
    tuple: Pair,
    list: Vec<Choice>,
    array: [u8; 3],
    names: BTreeMap<String, Option<i64>>,
    numbers: BTreeMap<i64, bool>,
    bools: BTreeMap<bool, char>,
    choices: BTreeMap<Name, u8>,
    tagged: Tagged,
    adjacent: Adjacent,
    untagged: Untagged,
    #[serde(flatten)]
    flat: Flat,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Marker;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(u16);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i64, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Choice {
    Unit,
    Newtype(String),
    Tuple(u8, i8),
    Struct { at: u32, name: Option<String> },
    Nested(Box<Self>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Name {
    One,
    Two,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Local { path: String },
    Remote { port: u16, hosts: Vec<String> },
    Nowhere,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Number(f64),
    Fields { x: i64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    Many(Vec<bool>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    flat_text: String,
    flat_number: u64,
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("JSON has finite numbers only", |x| x.is_finite()),
        Just(-0.0),
        Just(3.0)
    ]
}

fn single() -> impl Strategy<Value = f32> {
    any::<f32>().prop_filter("JSON has finite numbers only", |x| x.is_finite())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,6}", any::<String>()]
}

fn choice() -> impl Strategy<Value = Choice> {
    let leaf = prop_oneof![
        Just(Choice::Unit),
        text().prop_map(Choice::Newtype),
        any::<(u8, i8)>().prop_map(|(a, b)| Choice::Tuple(a, b)),
        (any::<u32>(), proptest::option::of(text())).prop_map(|(at, name)| Choice::Struct { at, name }),
    ];
    leaf.prop_recursive(3, 4, 1, |inner| inner.prop_map(|inner| Choice::Nested(Box::new(inner))))
}

fn flat() -> impl Strategy<Value = All> {
    let scalars = (
        any::<bool>(),
        any::<(i8, i16, i32, u8, u16, u32)>(),
        any::<(i64, u64, i64, u64)>(),
        single(),
        double(),
        any::<char>(),
        text(),
    );
    let names = proptest::collection::btree_map(text(), any::<Option<i64>>(), 0..3);
    let choices =
        proptest::collection::btree_map(prop_oneof![Just(Name::One), Just(Name::Two)], any::<u8>(), 0..3);
    let maps = (names, any::<BTreeMap<i64, bool>>(), any::<BTreeMap<bool, char>>(), choices);
    let hosts = proptest::collection::vec(text(), 0..3);
    let tagged = prop_oneof![
        text().prop_map(|path| Tagged::Local { path }),
        (any::<u16>(), hosts).prop_map(|(port, hosts)| Tagged::Remote { port, hosts }),
        Just(Tagged::Nowhere),
    ];
    let adjacent = prop_oneof![
        Just(Adjacent::Unit),
        double().prop_map(Adjacent::Number),
        any::<i64>().prop_map(|x| Adjacent::Fields { x }),
    ];
    let untagged = prop_oneof![
        any::<i64>().prop_map(Untagged::Number),
        text().prop_map(Untagged::Text),
        any::<Vec<bool>>().prop_map(Untagged::Many),
    ];
    let enums = (proptest::collection::vec(choice(), 0..4), tagged, adjacent, untagged);
    let structs = (any::<u16>(), (any::<i64>(), text()), any::<[u8; 3]>(), (text(), any::<u64>()));
    (scalars, maps, enums, structs).prop_map(|(scalars, maps, enums, structs)| {
        let (bool, small, (a, b, c, d), single, double, char, text) = scalars;
        let (names, numbers, bools, choices) = maps;
        let (list, tagged, adjacent, untagged) = enums;
        let (newtype, (at, name), array, (flat_text, flat_number)) = structs;
        All {
            bool,
            small,
            large: (a, b, c.into(), d.into()),
            single,
            double,
            char,
            text,
            option: None,
            unit: (),
            unit_struct: Marker,
            newtype: Wrapped(newtype),
            tuple: Pair(at, name),
            list,
            array,
            names,
            numbers,
            bools,
            choices,
            tagged,
            adjacent,
            untagged,
            flat: Flat { flat_text, flat_number },
        }
    })
}

fn all() -> impl Strategy<Value = All> {
    (flat(), proptest::option::of(flat()))
        .prop_map(|(outer, inner)| All { option: inner.map(Box::new), ..outer })
}

/// The tree as JSON, for comparison with what `serde_json` writes itself.
fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(bool) => (*bool).into(),
        Value::Number(number) => number.clone().into(),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|entry| (entry.key.to_string(), json(&entry.node))).collect()
        }
    }
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let node = write(value, &Origin::Default).unwrap();
    assert_eq!(&read::<T>(&node, &EnvVars::none()).unwrap(), value);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_as_it_was(value in all()) {
        round_trip(&value);
        // As serde_json has it, but for single floats, which are written as short as they can be.
        let double = All { single: 0.5, option: None, ..value };
        let oracle = serde_json::to_value(&double).unwrap();
        prop_assert_eq!(json(&write(&double, &Origin::Default).unwrap()), oracle.clone());
        let node = write(&oracle, &Origin::Default).unwrap();
        prop_assert_eq!(read::<All>(&node, &EnvVars::none()).unwrap(), serde_json::from_value::<All>(oracle).unwrap());
    }

    #[test]
    fn single_floats_are_written_as_short_as_they_can_be(float in single()) {
        round_trip(&float);
    }
}

/// Puts `other` in the place of one value, counted from the outside in; of the last one if there are not so many.
fn replace(value: &mut serde_json::Value, at: &mut usize, other: &serde_json::Value) {
    if *at == 0 {
        *value = other.clone();
        return;
    }
    *at -= 1;
    let inner: Vec<_> = match value {
        serde_json::Value::Array(items) => items.iter_mut().collect(),
        serde_json::Value::Object(entries) => entries.values_mut().collect(),
        _ => return,
    };
    for value in inner {
        replace(value, at, other);
        if *value == *other {
            return;
        }
    }
}

proptest! {
    /// Of trees that are nearly right it accepts those that `serde_json` does, and reads the same.
    #[test]
    fn what_serde_json_reads_is_read(
        value in all(),
        at in 0..80_usize,
        other in proptest::sample::select(vec!["null", "true", "-1", "300", "0.5", r#""x""#, "[]", "{}", "[1]", r#"{"x": 1}"#]),
    ) {
        let mut json = serde_json::to_value(&value).unwrap();
        replace(&mut json, &mut { at }, &serde_json::from_str(other).unwrap());
        let origin = Origin::File { file: "a.json".into(), line: 1, column: 1 };
        let read = read::<All>(&write(&json, &origin).unwrap(), &EnvVars::none());
        let expected = serde_json::from_value::<All>(json.clone());
        prop_assert_eq!(read.is_ok(), expected.is_ok(), "{} {:?} {:?}", json, read, expected);
        if let (Ok(read), Ok(expected)) = (read, expected) {
            prop_assert_eq!(read, expected);
        }
    }
}

#[test]
fn a_float_is_written_as_its_author_wrote_it() {
    assert_eq!(json(&write(&0.1_f32, &Origin::Default).unwrap()).to_string(), "0.1");
    assert_eq!(json(&write(&3.0_f64, &Origin::Default).unwrap()).to_string(), "3.0");
}

#[test]
fn what_a_tree_cannot_hold_is_told_with_its_place() {
    #[derive(Serialize)]
    struct Holds<T> {
        pages: Vec<Option<T>>,
    }
    #[derive(Serialize)]
    enum Either<T> {
        Left { value: T },
        Right(Vec<T>),
    }
    fn error(value: impl Serialize) -> String {
        write(&Holds { pages: vec![None, Some(value)] }, &Origin::Default).unwrap_err().to_string()
    }
    let messages = [
        error(Secret::new("canary".to_owned())),
        error(f64::NAN),
        error(f32::INFINITY),
        error(u128::MAX),
        error(BTreeMap::from([(vec![1], 2)])),
        error(BTreeMap::from([("a b", f64::NAN)])),
        error(Either::Left { value: i128::MIN }),
        error(Either::Right(vec![i128::MIN])),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    `pages[1]`: a secret that was made in code cannot be written down
    `pages[1]`: NaN is no number that configuration can hold
    `pages[1]`: inf is no number that configuration can hold
    `pages[1]`: 340282366920938463463374607431768211455 has more than 64 bits
    `pages[1]`: a key must be a text, a number or a bool
    `pages[1]."a b"`: NaN is no number that configuration can hold
    `pages[1].Left.value`: -170141183460469231731687303715884105728 has more than 64 bits
    `pages[1].Right[0]`: -170141183460469231731687303715884105728 has more than 64 bits
    "#);
}

#[test]
fn a_panic_of_what_writes_itself_is_an_error() {
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("nobody writes me")
        }
    }
    let error = write(&vec![Panics], &Origin::Default).unwrap_err();
    let (before, place) = error.message.split_once("\n  at ").unwrap();
    assert_eq!(before, "what writes it panicked: nobody writes me");
    assert!(place.contains("tests.rs"), "{place}");
}
