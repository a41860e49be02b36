//! Partitions by names: static and dynamic.

use super::super::{KeySet, KeySets, PartitionErrorKind, PartitionsDefinition};
use super::{customers, days, now, refused, resolve};

#[test]
fn static_keys_are_numbered_as_they_are_given() {
    let regions = resolve(PartitionsDefinition::of(["eu", "us", "asia"]));
    assert_eq!(regions.index_of("asia").unwrap(), 2);
    assert_eq!(regions.key_of(1).unwrap().as_str(), "us");
    assert_eq!(regions.count(now()), 3);
    insta::assert_snapshot!(regions.index_of("Asia").unwrap_err(), @"
    `Asia` is no key of these partitions
      hint: did you mean `asia`?
    ");
    insta::assert_snapshot!(regions.index_of("africa").unwrap_err(), @"
    `africa` is no key of these partitions
      hint: there are eu, us, asia
    ");
    insta::assert_snapshot!(regions.key_of(3).unwrap_err(), @"there is no partition of index 3");
    insta::assert_snapshot!(regions.window_of(0).unwrap_err(), @"these partitions are not by time");
    assert_eq!(regions.index_at(now()), None);
}

#[test]
fn static_keys_that_cannot_be_are_refused() {
    let of = |keys: &[&str]| {
        let error = refused(PartitionsDefinition::of(keys.iter().copied()));
        assert_eq!(error.kind(), PartitionErrorKind::Definition);
        error.to_string()
    };
    insta::assert_snapshot!(of(&[]), @"
    there is no partition key
      hint: `PartitionsDefinition::of([..])` takes one at least; `PartitionsDefinition::dynamic(..)` has keys that come and go
    ");
    insta::assert_snapshot!(of(&["a", ""]), @"a partition key is empty");
    insta::assert_snapshot!(of(&["a", "b", "a"]), @"the partition key `a` is given twice");
    insta::assert_snapshot!(of(&["a\nb"]), @r"the partition key `a\nb` has control characters");
    insta::assert_snapshot!(of(&["a...b"]), @"the partition key `a...b` has `..`, which ranges of keys are written with");
    insta::assert_snapshot!(of(&[" a"]), @"the partition key ` a` begins or ends with a blank");
}

#[test]
fn a_number_of_a_dynamic_key_stays_while_others_come_and_go() {
    let mut keys = customers();
    assert!(keys.remove("bolt"));
    assert!(!keys.remove("bolt"), "it is gone");
    assert_eq!(keys.add("dyno").unwrap(), 3, "the hole stays");
    assert_eq!(keys.iter().collect::<Vec<_>>(), [(0, "acme"), (2, "cogs"), (3, "dyno")]);
    assert_eq!((keys.len(), keys.is_empty()), (3, false));

    let dynamic = PartitionsDefinition::dynamic("customers");
    let before = dynamic.resolve(&KeySets::new().with("customers", keys.clone())).unwrap();
    assert_eq!(before.count(now()), 3);
    assert_eq!(before.index_of("dyno").unwrap(), 3);
    assert_eq!(before.show(&before.all(now())), "acme, cogs, dyno");
    assert_eq!(before.key_of(1).unwrap().as_str(), "bolt", "what was there has its name still");
    assert!(!before.exists(1, now()));
    insta::assert_snapshot!(before.index_of("bolt").unwrap_err(), @r"
    `bolt` was removed from the set `customers`
      hint: `partitions add customers bolt` adds it again; it is then the partition it was
    ");
    insta::assert_snapshot!(before.index_of("acmee").unwrap_err(), @r"
    `acmee` is not in the set `customers`
      hint: did you mean `acme`? else add it with `partitions add customers acmee`
    ");

    assert_eq!(keys.add("bolt").unwrap(), 1, "as it was");
    let after = dynamic.resolve(&KeySets::new().with("customers", keys)).unwrap();
    assert_eq!(after.index_of("bolt").unwrap(), 1);
    assert_eq!(after.count(now()), 4);

    let nobody = dynamic.resolve(&KeySets::new()).unwrap();
    assert_eq!(nobody.count(now()), 0);
    insta::assert_snapshot!(nobody.index_of("acme").unwrap_err(), @r"
    `acme` is not in the set `customers`
      hint: add it with `partitions add customers acme`
    ");
    insta::assert_snapshot!(KeySet::new().add("a..b").unwrap_err(), @"the partition key `a..b` has `..`, which ranges of keys are written with");
    insta::assert_snapshot!(KeySet::new().add("*").unwrap_err(), @"
    the partition key `*` is how all keys are selected
      hint: give it another name
    ");
    assert!(KeySet::new().add("latest").is_err());
}

#[test]
fn a_set_of_keys_is_what_it_was_when_it_was_kept() {
    let rows = [(3, "dyno", true), (0, "acme", true), (2, "cogs", false)];
    let mut keys = KeySet::from_rows(rows).unwrap();
    assert_eq!(keys.iter().collect::<Vec<_>>(), [(0, "acme"), (3, "dyno")]);
    assert_eq!((keys.get(1), keys.get(2)), (None, Some(("cogs", false))));
    assert_eq!(
        (keys.add("cogs").unwrap(), keys.add("bolt").unwrap()),
        (2, 4),
        "nobody has the number 1 again"
    );
    let wrong =
        |rows: &[(u64, &'static str, bool)]| KeySet::from_rows(rows.iter().copied()).unwrap_err().to_string();
    insta::assert_snapshot!(wrong(&[(0, "acme", true), (0, "bolt", true)]), @"
    the key `bolt` cannot have the number 0 in a dynamic set
      hint: each key has one number, from 0 on, that no other key has
    ");
    assert!(wrong(&[(0, "acme", true), (1, "acme", true)]).contains("`acme` cannot have the number 1"));
    assert!(wrong(&[(u64::MAX, "acme", true)]).contains("`acme` cannot have the number"));
}

#[test]
fn a_definition_is_data_that_can_be_kept() {
    let all = [
        PartitionsDefinition::from(days()),
        days().in_zone("Europe/Berlin").until("2025-01-01").end_offset(-1).key_format("%F").into(),
        PartitionsDefinition::of(["eu", "us"]),
        PartitionsDefinition::dynamic("customers"),
        PartitionsDefinition::product()
            .by("date", days())
            .by("region", PartitionsDefinition::of(["eu"]))
            .into(),
    ];
    for partitions in all {
        let text = serde_json::to_string(&partitions).unwrap();
        assert_eq!(serde_json::from_str::<PartitionsDefinition>(&text).unwrap(), partitions, "{text}");
    }
    let sales = PartitionsDefinition::product()
        .by("date", days())
        .by("customer", PartitionsDefinition::dynamic("customers"));
    insta::assert_snapshot!(serde_json::to_string(&PartitionsDefinition::from(sales)).unwrap(), @r#"{"product":{"customer":{"dynamic":"customers"},"date":{"time":{"cron":"0 0 * * *","zone":"UTC","start":"2024-01-01"}}}}"#);
}
