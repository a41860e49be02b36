use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::checked::DEEPEST;
use super::*;

mod damage;

fn bytes<T: Data + Serialize + DeserializeOwned>(value: T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = Codec::of::<T>().encode(&Value::new(value), &mut bytes);
    written.unwrap_or_else(|error| panic!("{error:?}"));
    bytes
}

fn back<T: Data + Serialize + DeserializeOwned + Clone>(value: &T) -> T {
    read(&bytes(value.clone())).unwrap_or_else(|error| panic!("{error}"))
}

fn read<T: Data + Serialize + DeserializeOwned + Clone>(bytes: &[u8]) -> Result<T, String> {
    let value = Codec::of::<T>().decode(bytes).map_err(|failure| failure.to_string())?;
    Ok(value.get::<T>().expect("it is of this type").clone())
}

fn refused<T: Data + Serialize + DeserializeOwned>(value: T) -> String {
    match Codec::of::<T>().encode(&Value::new(value), &mut Vec::new()) {
        Err(EncodeError::Value(why)) => why,
        other => panic!("it is not refused: {other:?}"),
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Page {
    number: u32,
    title: Option<String>,
    kind: External,
    #[serde(with = "serde_bytes_like")]
    raw: Vec<u8>,
    marker: Marker,
    pair: Pair,
    id: Id,
    /// Written as a map whose length is not known before its end.
    #[serde(flatten)]
    more: More,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct More {
    size: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Marker;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(i8, char);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Id(u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Unit,
    New(Internal),
    Two(f64, Option<Adjacent>),
    Named { inner: Untagged, nothing: () },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal {
    Unit,
    New(Inner),
    Named { adjacent: Box<Adjacent>, list: Vec<Self> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    on: bool,
    text: String,
    /// Has one form for people and another one.
    address: IpAddr,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    New(i64),
    Two(Untagged, u8),
    Named { text: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
    List(Vec<Self>),
    Named { key: u16 },
}

/// Bytes as bytes, which serde writes as a list of numbers of its own accord.
mod serde_bytes_like {
    use std::fmt;

    use serde::de::Visitor;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        from.deserialize_byte_buf(Bytes)
    }
}

fn untagged() -> impl Strategy<Value = Untagged> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Untagged::Number),
        ".*".prop_map(Untagged::Text),
        any::<u16>().prop_map(|key| Untagged::Named { key }),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Untagged::List))
}

fn adjacent() -> impl Strategy<Value = Adjacent> {
    prop_oneof![
        Just(Adjacent::Unit),
        any::<i64>().prop_map(Adjacent::New),
        (untagged(), any::<u8>()).prop_map(|(a, b)| Adjacent::Two(a, b)),
        ".*".prop_map(|text| Adjacent::Named { text }),
    ]
}

fn internal() -> impl Strategy<Value = Internal> {
    let leaf = prop_oneof![
        Just(Internal::Unit),
        (any::<bool>(), ".*", any::<u32>()).prop_map(|(on, text, address)| {
            let address = Ipv4Addr::from_bits(address).into();
            Internal::New(Inner { on, text, address })
        }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (adjacent(), prop::collection::vec(inner, 0..3))
            .prop_map(|(adjacent, list)| Internal::Named { adjacent: Box::new(adjacent), list })
    })
}

fn external() -> impl Strategy<Value = External> {
    prop_oneof![
        Just(External::Unit),
        internal().prop_map(External::New),
        // NaN is not equal to itself; its bits have a test of their own.
        (prop::num::f64::NORMAL, prop::option::of(adjacent())).prop_map(|(x, y)| External::Two(x, y)),
        untagged().prop_map(|inner| External::Named { inner, nothing: () }),
    ]
}

fn page() -> impl Strategy<Value = Page> {
    let head = (any::<u32>(), prop::option::of(".*"), external());
    let tail = (any::<Vec<u8>>(), any::<(i8, char, u64)>());
    let more = (any::<u64>(), prop::collection::btree_map("[a-f]{3}", any::<i64>(), 0..4));
    (head, tail, more).prop_map(|((number, title, kind), (raw, (a, b, id)), (size, rest))| {
        let more = More { size, rest };
        Page { number, title, kind, raw, marker: Marker, pair: Pair(a, b), id: Id(id), more }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn numbers_are_as_they_were(
        small in any::<(i8, u8, i16, u16)>(), large in any::<(i32, u32, i64, u64)>(), huge in any::<(i128, u128)>(),
    ) {
        prop_assert_eq!(back(&small), small);
        prop_assert_eq!(back(&large), large);
        prop_assert_eq!(back(&huge), huge);
    }

    #[test]
    fn every_bit_of_a_float_is_as_it_was(single in any::<u32>(), double in any::<u64>()) {
        prop_assert_eq!(back(&f32::from_bits(single)).to_bits(), single);
        prop_assert_eq!(back(&f64::from_bits(double)).to_bits(), double);
    }

    #[test]
    fn texts_and_options_are_as_they_were(text in ".*", some in any::<Option<char>>(), list in any::<Vec<Option<bool>>>()) {
        prop_assert_eq!(back(&text), text);
        prop_assert_eq!(back(&some), some);
        prop_assert_eq!(back(&list), list);
    }

    #[test]
    fn keys_need_not_be_texts(
        numbers in any::<BTreeMap<i64, String>>(),
        pairs in any::<HashMap<(u8, bool), Option<i32>>>(),
        ids in any::<BTreeMap<u64, ()>>(),
    ) {
        prop_assert_eq!(back(&numbers), numbers);
        prop_assert_eq!(back(&pairs), pairs);
        let ids: BTreeMap<Id, ()> = ids.into_keys().map(|id| (Id(id), ())).collect();
        prop_assert_eq!(back(&ids), ids);
    }

    #[test]
    fn structs_and_enums_of_all_forms_are_as_they_were(page in page()) {
        prop_assert_eq!(back(&page), page);
    }
}

#[test]
fn what_is_small_or_empty_is_as_it_was() {
    for nan in [0x7ff8_0000_0000_0001, 0xfff0_0000_0000_0001, f64::NAN.to_bits()] {
        assert_eq!(back(&f64::from_bits(nan)).to_bits(), nan);
    }
    back(&());
    assert_eq!(back(&Marker), Marker);
    assert_eq!(back(&Some(Marker)), Some(Marker));
    assert_eq!(back(&Vec::<Marker>::new()), []);
    let empty = [[0_u8; 0]; 3];
    assert_eq!(back(&empty), empty);
    assert_eq!(back(&Duration::MAX), Duration::MAX);
    assert_eq!(back(&Ok::<(), String>(())), Ok(()));
    assert_eq!(back(&std::sync::Arc::<str>::from("shared")).as_ref(), "shared");
}

#[test]
fn what_a_type_has_more_or_less_than_before_is_no_reason_to_make_a_value_anew() {
    #[derive(Clone, Serialize, Deserialize)]
    struct Before {
        name: String,
        gone: u8,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct After {
        #[serde(default)]
        size: u64,
        name: String,
    }
    let old = bytes(Before { name: "a".to_owned(), gone: 1 });
    assert_eq!(read::<After>(&old), Ok(After { size: 0, name: "a".to_owned() }));
    let new = bytes(After { size: 1, name: "a".to_owned() });
    assert_snapshot!(read::<Before>(&new).map(|_| ()).expect_err("it lacks a field"), @"what is stored is no `Before`: missing field `gone`");
}

/// `MessagePack` has one word for both, and reads the outer one.
#[test]
fn some_of_nothing_is_refused() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Wrapped(Option<u8>);
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Maybe {
        Nothing,
        Number(u8),
    }
    assert_snapshot!(refused(Some(None::<u8>)), @"a `Some` of what is nothing by itself, such as `Some(None)` or `Some(())`, would be read as `None`");
    let why = refused(Some(None::<u8>));
    assert_eq!(refused(vec![BTreeMap::from([(1, Some(Some(())))])]), why);
    assert_eq!(refused(Some(Wrapped(None))), why);
    assert_eq!(refused((1, Some(Maybe::Nothing))), why);
    // What is told apart is not.
    assert_eq!(back(&None::<Option<u8>>), None);
    assert_eq!(back(&Some(Some(1_u8))), Some(Some(1)));
    assert_eq!(back(&Some(vec![None::<u8>])), Some(vec![None]));
    assert_eq!(back(&Some((None::<u8>, ()))), Some((None, ())));
    assert_eq!(back(&Some(Maybe::Number(1))), Some(Maybe::Number(1)));
    assert_eq!(back(&Wrapped(None)), Wrapped(None));
}

#[test]
fn what_is_nested_too_deeply_is_refused_before_it_exhausts_the_stack() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Link {
        next: Option<Box<Self>>,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Tree {
        Leaf(u8),
        Node(Vec<Self>),
    }
    let chain =
        |links: u16| (1..links).fold(Link { next: None }, |next, _| Link { next: Some(Box::new(next)) });
    let tree = |depth: u16| (0..depth).fold(Tree::Leaf(1), |tree, _| Tree::Node(vec![tree]));
    // A link is two levels, itself and its `Some`.
    let longest = chain(DEEPEST / 2);
    assert_eq!(back(&longest), longest);
    assert_eq!(back(&tree(DEEPEST)), tree(DEEPEST));
    assert_snapshot!(refused(chain(10_000)), @"it is nested more than 200 levels deep");
    assert_snapshot!(refused(tree(DEEPEST + 1)), @"it is nested more than 200 levels deep");
}

#[test]
fn a_serialize_that_fails_gives_its_message() {
    #[derive(Clone, Deserialize)]
    struct Locked;
    impl Serialize for Locked {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the lock is poisoned"))
        }
    }
    assert_snapshot!(refused(vec![Locked]), @"the lock is poisoned");
    let other = Codec::of::<u8>().encode(&Value::new("a text"), &mut Vec::new());
    assert_snapshot!(format!("{other:?}"), @r#"Err(Value("the value is not a `u8`"))"#);
}

#[test]
fn a_writer_that_takes_no_more_is_the_writers_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let text = Value::new("a text".to_owned());
    let codec = Codec::of::<String>();
    let error = codec.encode(&text, &mut Full).expect_err("there is no space");
    assert_snapshot!(format!("{error:?}"), @r#"Write(Custom { kind: StorageFull, error: "no space left" })"#);
    // Nor is it the value's fault where a writer takes a part alone.
    let mut few = [0; 3];
    let error = codec.encode(&text, &mut &mut few[..]).expect_err("there are three bytes");
    assert!(matches!(error, EncodeError::Write(_)), "{error:?}");
}
