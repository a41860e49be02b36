//! How keys are listed that have in them what lists are written with.

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{KeySet, KeySets, Keyspace, PartitionSet, PartitionsDefinition};
use super::{days, now, resolve};

#[test]
fn a_key_with_a_comma_is_listed_in_quotes() {
    let keys = ["eu, west", "eu", "west", "5\" pipe", "\"us\"", "it's", ".hidden", "a|b"];
    let places = resolve(PartitionsDefinition::of(keys));
    let shown = |text: &str| places.show(&places.select(text, now()).unwrap());
    assert_eq!(shown("eu, west"), "\"eu, west\"", "all of a text is a key");
    assert_eq!(shown(r#""eu, west", it's"#), r#""eu, west", it's"#);
    assert_eq!(shown("west,eu"), "eu..eu, eu, west", "a list that looks like a key is told from it");
    assert_eq!(shown(r#""it's",5" pipe"#), r#"5" pipe, it's"#, "a quote within a key is one like any other");
    assert_eq!(shown(r#" """us""" , eu "#), r#"eu, """us""""#);
    assert_eq!(shown(r#""eu" .. "5"" pipe""#), r#"eu, west, 5" pipe"#);
    assert_eq!(shown(r#"".hidden".."a|b""#), ".hidden, a|b");
    let all = places.all(now());
    assert_eq!(places.select(&places.show(&all), now()).unwrap(), all);

    let wrong = |text: &str| places.select(text, now()).unwrap_err().to_string();
    insta::assert_snapshot!(wrong("eu,west,us"), @r#"
    `us` is no key of these partitions
      hint: did you mean `"""us"""`?
    "#);
    insta::assert_snapshot!(wrong(r#"eu, "west"#), @r#"
    the quoted key `"west` has no end
      hint: a quote stands before it and one behind it
    "#);
    insta::assert_snapshot!(wrong(r#""eu" west, us"#), @r#"
    `west, us` stands behind the quoted key `"eu"`
      hint: a comma or `..` stands behind a key; a quote that belongs to it is written twice
    "#);
    insta::assert_snapshot!(wrong("eu, west,"), @"`eu, west,` has a comma without a key");
    insta::assert_snapshot!(wrong("eu, wst"), @"
    `wst` is no key of these partitions
      hint: did you mean `west`?
    ");
    insta::assert_snapshot!(wrong("eu....hidden"), @"
    the range `eu....hidden` has three dots
      hint: two stand between the first and the last; a key that begins or ends with a dot is written in quotes
    ");
    insta::assert_snapshot!(wrong("\"latest\""), @r#"
    `latest` is no key of these partitions
      hint: there are "eu, west", eu, west, 5" pipe, """us""", it's, .hidden, a|b
    "#);
}

#[test]
fn the_word_for_all_keys_is_none_itself() {
    let refused = PartitionsDefinition::of(["eu", "*"]).resolve(&KeySets::new()).unwrap_err();
    insta::assert_snapshot!(refused, @"
    the partition key `*` is how all keys are selected
      hint: give it another name
    ");
}

#[test]
fn a_key_of_time_that_begins_or_ends_with_a_dot_is_quoted_in_ranges() {
    let days = resolve(days().key_format("%d.%m.%Y."));
    let set = &PartitionSet::from(0..33) - &PartitionSet::from(31..32);
    assert_eq!(days.show(&set), r#""01.01.2024.".."31.01.2024.", 02.02.2024."#);
    assert_eq!(days.select(&days.show(&set), now()).unwrap(), set);
    assert_eq!(days.ranges(&set).unwrap()[0].to_string(), r#""01.01.2024.".."31.01.2024.""#);
    insta::assert_snapshot!(days.select("01.01.2024...31.01.2024.", now()).unwrap_err(), @"
    the range `01.01.2024...31.01.2024.` has three dots
      hint: two stand between the first and the last; a key that begins or ends with a dot is written in quotes
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_shown_of_a_set_selects_it_whatever_its_keys_are(
        (keys, chosen) in odd_keys(),
        (format, last, hole) in (odd_format(), 1..60_u64, 0..60_u64),
    ) {
        // Those that cannot be keys are refused by name.
        let cannot_be = |key: &String| {
            let error = PartitionsDefinition::of([key.as_str()]).resolve(&KeySets::new()).err();
            error.inspect(|error| assert!(error.message().contains("partition key"), "{error}")).is_some()
        };
        let keys: Vec<String> = keys.into_iter().filter(|key| !cannot_be(key)).collect();
        let of = |keys: &[&String]| PartitionsDefinition::of(keys.iter().map(|key| key.as_str()));
        let values: Vec<&String> = keys.iter().filter(|key| KeySet::new().add(key).is_ok()).collect();
        let mut set = KeySet::new();
        values.iter().for_each(|value| _ = set.add(value).unwrap());
        let sets = KeySets::new().with("names", set);
        let mut definitions = vec![PartitionsDefinition::dynamic("names")];
        if !keys.is_empty() {
            definitions.push(of(&keys.iter().collect::<Vec<_>>()));
        }
        if !values.is_empty() {
            let product = PartitionsDefinition::product().by("name", of(&values));
            definitions.extend([product.clone().into(), product.by("day", days()).into()]);
        }
        for definition in definitions {
            let space = definition.resolve(&sets).unwrap();
            let indexes: Vec<u64> = space.all(now()).iter().collect();
            if !indexes.is_empty() {
                check_shown(&space, &chosen.iter().map(|of| *of.get(&indexes)).collect())?;
                check_shown(&space, &PartitionSet::from_iter([*chosen[0].get(&indexes)]))?;
                check_shown(&space, &space.all(now()))?;
            }
        }
        let by_time = resolve(days().key_format(format));
        check_shown(&by_time, &(&PartitionSet::from(0..last) - &PartitionSet::from(hole..hole + 5)))?;
    }
}

fn check_shown(space: &Keyspace, set: &PartitionSet) -> Result<(), TestCaseError> {
    let shown = space.show(set);
    match space.select(&shown, now()) {
        _ if set.is_empty() => {}
        Ok(selected) => prop_assert_eq!(&selected, set, "{}", shown),
        Err(error) => prop_assert!(false, "{}: {}", shown, error),
    }
    Ok(())
}

/// Keys that are made of what selections are, each once, and some of them.
fn odd_keys() -> impl Strategy<Value = (Vec<String>, Vec<Index>)> {
    let piece = prop::sample::select(vec![
        "a", "b", "a", "b", ",", ", ", "\"", "\"\"", "'", ".", "..", " ", "|", "||", ";", "=", "*", "all",
        "latest", "name=", "#0",
    ]);
    let key = prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    let keys = prop::collection::btree_set(key, 1..12).prop_map(|keys| keys.into_iter().collect::<Vec<_>>());
    (keys.prop_shuffle(), prop::collection::vec(any::<Index>(), 1..6))
}

fn odd_format() -> impl Strategy<Value = String> {
    let around = || prop::sample::select(vec!["", ".", "\"", "\".", "'", "latest", "*", "-"]);
    (around(), around()).prop_map(|(before, behind)| format!("{before}%F{behind}"))
}
