use super::{AssetAt, DimensionAt, OutputAt, PartitionAt};
use crate::ids::{Branch, stable_hash};

/// A name beyond this is shortened: file systems take 255 bytes, and whoever writes the file adds an extension, or the
/// mark of a file not yet complete.
const LONGEST: usize = 200;

/// A name of a dimension beyond this is shortened, so that there is room for its value.
const LONGEST_DIMENSION: usize = 60;

impl OutputAt<'_> {
    /// A relative path for a file of this output, parted by `/`: `run/step/result`, of a mapped step
    /// `run/step/key/result`, of an item `run/step/result/key`. The value of an asset has one place for all runs, that of
    /// its key, `warehouse/orders`: what is there is replaced when it is made anew.
    ///
    /// A partition of it has the folders that Hive would give it, and that other tools read as columns:
    /// `warehouse/orders/partition=2024-01-01`, and of several dimensions one for each, in the order of their names,
    /// `warehouse/orders/date=2024-01-01/region=eu`. Decoded as in URLs, values are what they were, up to the length below.
    ///
    /// No two outputs of a run share a file, not even where capitals are no difference, and none leads out of the
    /// folder, whatever the keys are. What is not a small letter, digit, `-` or `_` is written as `%` and its bytes in
    /// hexadecimal, and so is the first letter of a name that Windows keeps for a device, such as `con`. A name that
    /// would have more than 200 bytes is cut and ends in `%-` and a hash of the whole. So there are at least 55 bytes
    /// left for an extension, and no dot in the last name, but one in the name of a step within a graph.
    #[must_use]
    pub fn relative_path(&self) -> String {
        if let Some(AssetAt { key, partition }) = self.asset {
            let mut parts: Vec<_> = key.parts().map(file_name).collect();
            // No part of a key has the sign between name and value, so no asset stands where the partition of another does.
            parts.extend(partition.iter().flat_map(PartitionAt::dimensions).map(folder));
            return parts.join("/");
        }
        let mut parts = vec![self.run.to_string(), step_name(self.step.name())];
        let keys = self.step.branch().into_iter().flat_map(Branch::keys);
        parts.extend(keys.map(|key| file_name(&key.to_string())));
        parts.push(file_name(self.output));
        parts.extend(self.key.map(|key| file_name(&key.to_string())));
        parts.join("/")
    }
}

/// The name of a folder: the dots between a graph's name and its step's stay, since these are no extensions.
fn step_name(name: &str) -> String {
    let inner = name.trim_matches('.');
    let plain = name == inner && !inner.is_empty();
    let parts: Vec<_> = if plain { name.split('.').map(escaped).collect() } else { vec![escaped(name)] };
    finished(&parts.join("."), name)
}

/// The folder of a dimension: all partitions of an asset have the same name in it, so capitals of that are no matter.
fn folder(DimensionAt { name, value }: DimensionAt<'_>) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let name = shortened(escaped_but(plain, name), name, LONGEST_DIMENSION);
    let room = LONGEST - name.len() - 1;
    format!("{name}={}", shortened(escaped(value), value, room))
}

fn file_name(text: &str) -> String {
    finished(&escaped(text), text)
}

fn escaped(text: &str) -> String {
    escaped_but(|byte| matches!(byte, b'-' | b'_' | b'a'..=b'z' | b'0'..=b'9'), text)
}

fn escaped_but(plain: impl Fn(u8) -> bool, text: &str) -> String {
    let written = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { hexadecimal(byte) };
    text.bytes().map(written).collect()
}

fn hexadecimal(byte: u8) -> String {
    format!("%{byte:02x}")
}

/// The name for the escaped text, where that is none by itself. After `%` stand two digits in escaped text, so nothing
/// that is written here is the name of another text.
fn finished(escaped: &str, text: &str) -> String {
    match escaped.as_bytes() {
        [] => "%".to_owned(),
        [first, ..] if escaped.len() <= LONGEST && is_device(escaped) => hexadecimal(*first) + &escaped[1..],
        _ => shortened(escaped.to_owned(), text, LONGEST),
    }
}

/// An escaped text that has more than so many bytes, cut, with a hash of the whole.
fn shortened(escaped: String, text: &str, longest: usize) -> String {
    if escaped.len() <= longest {
        return escaped;
    }
    let hash = format!("%-{:032x}", stable_hash(text));
    // All of it is ASCII, so it can be cut anywhere.
    format!("{}{hash}", &escaped[..longest - hash.len()])
}

/// Whether Windows takes the name for a device, as it does whatever follows the first dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let port =
        |prefix| stem.strip_prefix(prefix).is_some_and(|rest: &str| matches!(rest.as_bytes(), [b'0'..=b'9']));
    matches!(stem, "con" | "prn" | "aux" | "nul") || port("com") || port("lpt")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{MappingKey, RunId, StepPath};
    use crate::partition::PartitionsDefinition;

    /// The path of an output, below the folder of the run.
    fn path_of(step: &str, keys: &[String], output: &str, key: Option<&str>) -> String {
        let within = |outer: Option<Branch>, key: &String| {
            Some(Branch::new(outer.as_ref(), MappingKey::from(key.as_str()), 0))
        };
        let step = StepPath::new(step, keys.iter().fold(None, within));
        let key = key.map(MappingKey::from);
        let at = OutputAt::new(RunId::from_u128(7), "job", &step, output).item(key.as_ref());
        let path = at.relative_path();
        path.strip_prefix(&format!("{}/", at.run)).expect("the run's folder").to_owned()
    }

    #[test]
    fn a_path_is_as_readable_as_it_is_safe() {
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
        assert_eq!(path_of("load", &[], "result", None), "load/result");
        assert_eq!(path_of("clean.trim", &keys(&["7", "a b"]), "rows", None), "clean.trim/7/a%20b/rows");
        assert_eq!(path_of("pages", &[], "result", Some("Ä.csv")), "pages/result/%c3%84%2ecsv");
        assert_eq!(path_of("Load", &keys(&["", ".."]), "con", None), "%4coad/%/%2e%2e/%63on");
        assert_eq!(
            path_of("nul.com1", &keys(&["LPT1", "lpt1"]), "lpt12", None),
            "%6eul.com1/%4c%50%541/%6cpt1/lpt12"
        );
    }

    #[test]
    fn an_asset_has_one_place_for_all_runs() {
        assert_eq!(path_of_asset("warehouse/Orders.v2", None), "warehouse/%4frders%2ev2");
    }

    /// The path of the value of an asset, or of a partition of it.
    fn path_of_asset(key: &str, partition: Option<PartitionAt<'_>>) -> String {
        let (key, step) = (key.parse().expect("a key"), StepPath::new("orders", None));
        let at = OutputAt::new(RunId::from_u128(7), "job", &step, "result");
        OutputAt { asset: Some(AssetAt { key: &key, partition }), ..at }.relative_path()
    }

    /// That of a partition with these values in dimensions of these names; of no name it is the only one.
    fn path_of_partition(dimensions: &[(&str, &str)]) -> String {
        let values: Vec<_> = dimensions.iter().map(|(_, value)| *value).collect();
        let of = |value: &str| PartitionsDefinition::of([value]);
        let definition = match dimensions {
            [("", value)] => of(value),
            several => {
                let product = PartitionsDefinition::product();
                several.iter().fold(product, |product, (name, value)| product.by(*name, of(value))).into()
            }
        };
        path_of_asset("orders", Some(PartitionAt::new(&values.join("|"), &definition)))
    }

    #[test]
    fn a_partition_has_a_folder_for_each_dimension() {
        assert_eq!(path_of_partition(&[("", "2024-01-01")]), "orders/partition=2024-01-01");
        assert_eq!(path_of_partition(&[("", "eu|a/b")]), "orders/partition=eu%7ca%2fb");
        assert_eq!(
            path_of_partition(&[("Region", "EU"), ("day", "2024-01-31-06:15"), ("größe", "a=b")]),
            "orders/Region=%45%55/day=2024-01-31-06%3a15/gr%c3%b6%c3%9fe=a%3db"
        );
    }

    #[test]
    fn a_long_value_leaves_room_for_its_dimension() {
        let path = path_of_partition(&[(&"Ab".repeat(50), &"x".repeat(300)), ("day", "2024-01-31")]);
        insta::assert_snapshot!(path, @"orders/AbAbAbAbAbAbAbAbAbAbAbAbAb%-80345a75cebfe39b6d7e0340dd21ef01=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx%-0ca87c95ae2960615decdb050f1a92bd/day=2024-01-31");
    }

    #[test]
    fn a_long_key_keeps_its_beginning() {
        let path = path_of("load", &["https://example.org/".repeat(20)], "result", None);
        insta::assert_snapshot!(path, @"load/https%3a%2f%2fexample%2eorg%2fhttps%3a%2f%2fexample%2eorg%2fhttps%3a%2f%2fexample%2eorg%2fhttps%3a%2f%2fexample%2eorg%2fhttps%3a%2f%2fexample%2eorg%2fhttps%3a%2f%2fex%-8c5659afbf22f7404fca6207f9425f4d/result");
    }

    #[test]
    fn the_hash_is_that_of_its_authors() {
        assert_eq!(stable_hash("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    /// Texts that are hard to tell apart, or to write down.
    fn texts() -> impl Strategy<Value = String> {
        let devices =
            prop_oneof![Just("con"), Just("CON"), Just("nul"), Just("com1"), Just("lpt9"), Just("aux.x")];
        let long = (prop_oneof![Just("a"), Just("A"), Just("%41"), Just("ß")], 60..210_usize, "[ab]?")
            .prop_map(|(text, times, end)| text.repeat(times) + &end);
        prop_oneof![any::<String>(), "[aA%.]{0,3}", devices.prop_map(str::to_owned), "%-[0-9a-f]{0,2}", long]
    }

    /// Values of partitions that have a folder's name for themselves.
    fn values() -> impl Strategy<Value = String> {
        prop_oneof![
            "[^|]{1,14}",
            "[a-z0-9-]{1,80}",
            "[%=/. A-Z]{1,20}",
            "(con|nul|\\.\\.|__HIVE_DEFAULT_PARTITION__)"
        ]
    }

    /// What Hive's readers make of a folder: what stands before `=`, and decoded what stands behind it.
    fn hive(folder: &str) -> (String, String) {
        let (name, value) = folder.split_once('=').expect("a name and a value");
        (decoded(name), decoded(value))
    }

    /// As RFC 3986 has it.
    fn decoded(text: &str) -> String {
        let mut bytes = text.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'%' => {
                    let digits = [bytes.next().expect("a digit"), bytes.next().expect("another")];
                    let digits = std::str::from_utf8(&digits).expect("ASCII");
                    u8::from_str_radix(digits, 16).expect("hexadecimal digits")
                }
                byte => byte,
            });
        }
        String::from_utf8(decoded).expect("a text")
    }

    /// How the steps of a plan are named: by words, those of graphs before their own.
    fn step_names() -> impl Strategy<Value = String> {
        prop_oneof![
            "[aA_]{1,2}(\\.[aA_]{1,2}){0,2}",
            "(con|nul|COM1|x)(\\.(con|x))?",
            "[aA]{90,110}\\.[aA]{90,110}"
        ]
    }

    fn outputs() -> impl Strategy<Value = (String, Vec<String>, String, Option<String>)> {
        (step_names(), vec(texts(), 3), texts(), texts()).prop_map(|(step, mut keys, output, key)| {
            // A plan decides how many maps a step is in, and which of its outputs are dynamic.
            keys.truncate(step.len() % 4);
            let key = (output.len() % 2 == 0).then_some(key);
            (step, keys, output, key)
        })
    }

    proptest! {
        #[test]
        fn each_output_has_a_file_of_its_own_in_a_folder_of_the_run(a in outputs(), b in outputs()) {
            let path = |(step, keys, output, key): &(String, Vec<String>, String, Option<String>)| {
                path_of(step, keys, output, key.as_deref())
            };
            let (first, second) = (path(&a), path(&b));
            prop_assert_eq!(a == b, first == second);
            // No capitals, so that file systems which take them for small letters make no difference.
            prop_assert!(first.is_ascii() && first == first.to_lowercase());
            prop_assert_eq!(first.split('/').count(), 2 + a.1.len() + usize::from(a.3.is_some()));
            for name in first.split('/') {
                prop_assert!((1..=LONGEST).contains(&name.len()));
                prop_assert!(!name.starts_with('.') && !name.ends_with('.') && !is_device(name));
            }
            prop_assert!(!first.rsplit('/').next().is_some_and(|last| last.contains('.')));
        }

        /// What other tools make of the folders is what the partition was.
        #[test]
        fn what_is_escaped_is_read_back(values in vec(values(), 1..4)) {
            let names = ["", "Day", "region", "ß"];
            let names = if values.len() == 1 { &names[..1] } else { &names[1..] };
            let dimensions: Vec<_> = names.iter().copied().zip(values.iter().map(String::as_str)).collect();
            let path = path_of_partition(&dimensions);
            let read: Vec<_> = path.split('/').skip(1).map(hive).collect();
            let expected = dimensions.iter().map(|(name, value)| {
                (if name.is_empty() { "partition" } else { name }.to_owned(), (*value).to_owned())
            });
            prop_assert_eq!(read, expected.collect::<Vec<_>>());
            prop_assert!(path.split('/').all(|name| name.len() <= LONGEST));
        }

        #[test]
        fn two_partitions_never_share_a_folder(a in vec(texts(), 2), b in vec(texts(), 2)) {
            // A key of several dimensions has this sign between their values alone.
            let of = |values: &[String]| {
                let values: Vec<_> = values.iter().map(|value| value.replace('|', "")).collect();
                let path = path_of_partition(&[("day", &values[0]), ("region", &values[1])]);
                (values, path)
            };
            let (first, second) = (of(&a), of(&b));
            prop_assert_eq!(first.0 == second.0, first.1 == second.1);
            // Capitals of values make no difference to some file systems.
            prop_assert!(first.1.is_ascii() && first.1 == first.1.to_lowercase());
            prop_assert!(first.1.split('/').all(|name| (1..=LONGEST).contains(&name.len())));
        }

        #[test]
        fn two_texts_never_share_a_name(a in texts(), b in texts()) {
            prop_assert_eq!(a == b, file_name(&a) == file_name(&b));
            prop_assert_eq!(a == b, step_name(&a) == step_name(&b));
        }
    }
}
