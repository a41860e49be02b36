//! Partitions of several dimensions.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use proptest::prelude::*;

use super::super::{
    KeySet, KeySets, Keyspace, MultiKey, PartitionError, PartitionSet, PartitionsDefinition, TimePartitions,
};
use super::{customers, days, now, refused, resolve, sales};

#[test]
fn a_key_has_a_value_for_each_dimension() {
    let sales = sales();
    let index = sales.index_of("2024-01-03|us").unwrap();
    assert_eq!(index, 2 * 3 + 1, "time is the most significant");
    assert_eq!(sales.key_of(index).unwrap().as_str(), "2024-01-03|us");
    let key = MultiKey::new([("region", "us"), ("date", "2024-01-03")]);
    assert_eq!(sales.multi_key_of(index).unwrap(), key);
    assert_eq!(sales.index_of_multi(&key).unwrap(), index);
    assert_eq!(sales.window_of(index).unwrap().end.to_string(), "2024-01-04T00:00:00+00:00[UTC]");
    assert_eq!(sales.dimensions().collect::<Vec<_>>(), ["date", "region"]);

    insta::assert_snapshot!(sales.index_of("2024-01-03|uk").unwrap_err(), @"
    dimension `region`: `uk` is no key of these partitions
      hint: did you mean `us`?
    ");
    insta::assert_snapshot!(sales.index_of("us|2024-01-03").unwrap_err(), @"
    dimension `date`: `us` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
    insta::assert_snapshot!(sales.index_of("2024-01-03").unwrap_err(), @"
    `2024-01-03` is no key of these partitions: it does not have one value for each dimension
      hint: write a value for each, with `|` between: `date|region`
    ");
    let key = |values: &[(&str, &str)]| {
        sales.index_of_multi(&MultiKey::new(values.iter().copied())).unwrap_err().to_string()
    };
    insta::assert_snapshot!(key(&[("date", "2024-01-03")]), @"
    the key `2024-01-03` has no value for the dimension `region`
      hint: the dimensions are date, region
    ");
    insta::assert_snapshot!(key(&[("date", "2024-01-03"), ("region", "us"), ("x", "1")]), @"
    the key `2024-01-03|us|1` has a value for `x`, which is no dimension
      hint: the dimensions are date, region
    ");
}

#[test]
fn what_exists_is_each_combination_of_what_exists() {
    let sales = sales();
    assert_eq!(sales.count(now()), 180);
    assert_eq!(sales.all(now()), PartitionSet::from(0..180), "without a hole");
    assert!(sales.exists(179, now()) && !sales.exists(180, now()));
    let done = sales.select("date=..2024-02-10", now()).unwrap();
    assert_eq!(sales.show(&sales.missing(&done, now())), "date=2024-02-11..2024-02-29");
    let regions = sales.project(&PartitionSet::from_iter([0, 2, 5]), "region").unwrap();
    assert_eq!(regions, PartitionSet::from_iter([0, 2]));
    assert_eq!(sales.project(&done, "regoin"), None);
}

/// The same by looking at all: what is otherwise the same and earlier, the nearest first.
#[test]
fn before_a_partition_are_those_that_are_earlier_and_otherwise_the_same() {
    let before = |space: &Keyspace, index: u64| -> Option<Vec<String>> {
        let before = space.before(index)?;
        Some(before.map(|index| space.key_of(index).unwrap().to_string()).collect())
    };
    let sales = sales();
    let existing = sales.all(now());
    for index in existing.iter() {
        let own = sales.multi_key_of(index).unwrap();
        let all = existing.iter().filter(|other| {
            let (other, start) =
                (sales.multi_key_of(*other).unwrap(), sales.window_of(*other).unwrap().start);
            other.get("region") == own.get("region") && start < sales.window_of(index).unwrap().start
        });
        let mut earlier: Vec<_> = all.map(|index| sales.key_of(index).unwrap().to_string()).collect();
        earlier.reverse();
        assert_eq!(before(&sales, index), Some(earlier), "{own}");
    }
    let daily = resolve(days());
    assert_eq!(before(&daily, 2), Some(vec!["2024-01-02".to_owned(), "2024-01-01".to_owned()]));
    assert_eq!(before(&daily, 0), Some(Vec::new()));
    assert_eq!(before(&resolve(PartitionsDefinition::of(["eu", "us"])), 1), None);
}

#[test]
fn dimensions_that_cannot_be_are_refused() {
    let product = PartitionsDefinition::product;
    let of = |partitions: super::super::ProductPartitions| refused(partitions).to_string();
    insta::assert_snapshot!(of(product()), @r#"
    partitions of several dimensions have none
      hint: add them: `PartitionsDefinition::product().by("date", ..).by("region", ..)`
    "#);
    insta::assert_snapshot!(of(product().by("a b", days())), @"dimension `a b`: a name consists of letters, digits, `_` and `-`");
    insta::assert_snapshot!(of(product().by("a", days()).by("a", days())), @"the dimension `a` is given twice");
    insta::assert_snapshot!(of(product().by("a", product().by("b", days()))), @"
    dimension `a` has several dimensions itself
      hint: write its dimensions beside the others
    ");
    insta::assert_snapshot!(of(product().by("a", PartitionsDefinition::of(["x|y"]))), @"
    dimension `a`: the partition key `x|y` has `|`
      hint: keys of several dimensions and their selections are written with `|`, `,`, `;`, `[` and `]`
    ");
    insta::assert_snapshot!(of(product().by("a", TimePartitions::daily("today"))), @"
    dimension `a`: the start `today` is no date
      hint: write `2024-01-31` or `2024-01-31T06:00`, on the clock of the zone
    ");
    let minutes = || TimePartitions::cron("* * * * *", "2024-01-01");
    insta::assert_snapshot!(of(product().by("a", minutes()).by("b", minutes()).by("c", minutes())), @"
    the dimensions `a`, `b`, `c` do not fit into one index: it has 63 bits, of which 62 are left for them
      hint: give times an end, or leave out a dimension
    ");
    let many = || PartitionsDefinition::of((0..3000).map(|key| key.to_string()));
    let cube = ["a", "b", "c", "d", "e", "f"].into_iter().fold(product(), |cube, name| cube.by(name, many()));
    insta::assert_snapshot!(of(cube), @"the static dimensions have more combinations than 64 bits have numbers");
}

/// Four dimensions: two that go on, two that do not.
fn wide(keys: &KeySet) -> Keyspace {
    let partitions = PartitionsDefinition::product()
        .by("customer", PartitionsDefinition::dynamic("customers"))
        .by("kind", PartitionsDefinition::of(["a", "b"]))
        .by("region", PartitionsDefinition::of(["eu", "us", "asia"]))
        .by("week", TimePartitions::weekly("2024-01-01"));
    PartitionsDefinition::from(partitions).resolve(&KeySets::new().with("customers", keys.clone())).unwrap()
}

#[test]
fn an_index_stays_while_time_goes_on_and_keys_are_added() {
    let mut keys = customers();
    let before = wide(&keys);
    let some: Vec<_> = before.all(now()).iter().map(|index| (index, before.key_of(index).unwrap())).collect();
    assert_eq!(some.len(), 3 * 2 * 3 * 7);
    for number in 0..50 {
        keys.add(&format!("customer {number}")).unwrap();
    }
    keys.remove("bolt");
    let after = wide(&keys);
    for (index, key) in &some {
        assert_eq!(after.key_of(*index).unwrap(), *key);
        match key.as_str().starts_with("bolt") {
            true => assert!(after.index_of(key.as_str()).is_err() && !after.exists(*index, now())),
            false => assert_eq!(after.index_of(key.as_str()).unwrap(), *index),
        }
    }
    let later = now() + (24 * 365).hours();
    assert!(
        some.iter()
            .filter(|(_, key)| !key.as_str().starts_with("bolt"))
            .all(|(at, _)| after.exists(*at, later))
    );
    assert_eq!(after.count(later), after.all(later).len());
}

#[test]
fn what_was_kept_by_index_holds_while_keys_are_added_and_no_longer_if_one_has_another_index() {
    let (first, mut keys) = (customers(), customers());
    let kept = wide(&first).indexing();
    let goes_on = |keys: &KeySet| wide(keys).goes_on_from(&kept);
    assert!(goes_on(&keys));
    keys.remove("bolt");
    assert_eq!(wide(&keys).indexing(), kept, "it has its number still");
    keys.add("dyno").unwrap();
    assert!(goes_on(&keys) && wide(&keys).indexing() != kept);
    assert!(!wide(&first).goes_on_from(&wide(&keys).indexing()), "nor does it know what was added");
    let rows = |rows: &[(u64, &'static str, bool)]| KeySet::from_rows(rows.iter().copied()).unwrap();
    assert!(!goes_on(&rows(&[(0, "bolt", true), (1, "acme", true), (2, "cogs", true)])), "in another order");
    assert!(!goes_on(&rows(&[(0, "acme", true), (1, "bolt", true)])), "there are fewer");
    assert!(!goes_on(&KeySet::new()));

    let dynamic = |keys: &KeySet| {
        let customers = PartitionsDefinition::dynamic("customers");
        customers.resolve(&KeySets::new().with("customers", keys.clone())).unwrap()
    };
    assert!(!dynamic(&keys).goes_on_from(&kept), "of another definition");
    assert!(dynamic(&keys).goes_on_from(&dynamic(&first).indexing()));
    let days = resolve(days());
    assert!(days.goes_on_from(&days.indexing()));
    for damaged in ["", "0", "0 3 ", "0 3 4", "0 -1", &kept[1..], &format!("{kept} 0")] {
        assert!(!wide(&keys).goes_on_from(damaged), "{damaged}");
    }
}

#[test]
fn what_is_shown_of_a_set_selects_it() {
    let wide = wide(&customers());
    let part = |text: &str| wide.select(text, now()).unwrap();
    let both =
        &part("customer=acme; kind=a; week=2024-01-07..2024-01-21") | &part("region=us; customer=bolt, cogs");
    insta::assert_snapshot!(wide.show(&both), @"customer=acme; kind=a; week=2024-01-07..2024-01-21 || customer=bolt, cogs; region=us; week=2024-01-07..2024-02-18");
    assert_eq!(part(&wide.show(&both)), both);
    assert_eq!(wide.show(&wide.all(now())), "customer=acme, bolt, cogs; week=2024-01-07..2024-02-18");
}

/// Of days without an end and several sets of keys.
fn sets(names: &[&str], keys: &KeySet) -> Result<Keyspace, PartitionError> {
    let days = PartitionsDefinition::product().by("day", days());
    let of = |set: &str| PartitionsDefinition::dynamic(set);
    let partitions = names.iter().fold(days, |partitions, name| partitions.by(*name, of(name)));
    let sets = names.iter().fold(KeySets::new(), |sets, name| sets.with(*name, keys.clone()));
    PartitionsDefinition::from(partitions).resolve(&sets)
}

#[test]
fn times_have_the_room_that_they_need_and_sets_of_keys_share_the_rest() {
    let names = ["customer", "device", "store", "till"];
    for count in 1..4 {
        let space = sets(&names[..count], &customers()).unwrap();
        let all = space.all(now());
        assert_eq!(all.len(), 60 * 3_u64.pow(count as u32));
        all.iter().for_each(|index| {
            let key = space.key_of(index).unwrap();
            assert_eq!(space.index_of(key.as_str()).unwrap(), index);
        });
    }
    insta::assert_snapshot!(sets(&names, &customers()).unwrap_err(), @"
    the dimensions `customer`, `day`, `device`, `store`, `till` do not fit into one index: it has 63 bits, of which 62 are left for them
      hint: give times an end, or leave out a dimension
    ");

    let has_room = |count: usize, keys: u64| {
        let last = KeySet::from_rows([(keys - 1, "acme", true)]).unwrap();
        sets(&names[..count], &last).is_ok()
    };
    assert!(has_room(2, 1 << 22) && !has_room(2, (1 << 22) + 1));
    assert!(has_room(3, 16_384) && !has_room(3, 16_385));
    let many = KeySet::from_rows([(1 << 14, "acme", true)]).unwrap();
    assert!(sets(&names[..2], &many).is_ok());
    insta::assert_snapshot!(sets(&names[..3], &many).unwrap_err(), @"
    the dimension `customer` has or had 16385 keys, and there is room for 16384 beside the others
      hint: give times an end, or leave out a dimension
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sets_of_several_dimensions_are_their_rectangles(chosen in prop::collection::btree_set(0_usize..126, 0..126)) {
        let wide = wide(&customers());
        let all: Vec<_> = wide.all(now()).iter().collect();
        let set: PartitionSet = chosen.iter().map(|at| all[*at]).collect();
        if !set.is_empty() {
            let text = wide.show(&set);
            prop_assert_eq!(wide.select(&text, now()).unwrap(), set.clone(), "{}", text);
        }
        for dimension in wide.dimensions() {
            let values = |set: &PartitionSet| -> BTreeSet<_> {
                set.iter().map(|index| wide.multi_key_of(index).unwrap().get(dimension).unwrap().to_owned()).collect()
            };
            prop_assert_eq!(wide.project(&set, dimension).unwrap().len(), values(&set).len() as u64);
        }
    }

    #[test]
    fn products_of_static_dimensions_are_counted_through(sizes in prop::collection::vec(1_usize..5, 1..5)) {
        let partitions = sizes.iter().enumerate().fold(PartitionsDefinition::product(), |product, (at, size)| {
            product.by(format!("d{at}"), PartitionsDefinition::of((0..*size).map(|key| format!("k{key}"))))
        });
        let space = resolve(partitions);
        let all = sizes.iter().product::<usize>() as u64;
        prop_assert_eq!(space.all(now()), PartitionSet::from(0..all));
        for index in 0..all {
            let key = space.key_of(index).unwrap();
            prop_assert_eq!(space.index_of(key.as_str()).unwrap(), index);
        }
        prop_assert!(space.key_of(all).is_err());
    }
}
