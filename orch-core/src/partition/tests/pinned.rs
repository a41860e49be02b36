//! Keys come and go, and what was computed of them stays true: numbers against a plain list, and runs that were begun with some
//! keys, against a run that had all of them.

use proptest::prelude::*;

use super::super::{KeySet, KeySets, Keyspace, Link, PartitionMapping, PartitionSet, PartitionsDefinition};
use super::{days, now};

const KEYS: [&str; 7] = ["acme", "beta", "cogs", "dyno", "echo", "flux", "gear"];

/// Adds a key, or removes it.
type Change = (bool, usize);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((prop::bool::weighted(0.6), 0..KEYS.len()), 0..30)
}

/// The keys in the order in which they were first added, each with whether it is there.
#[derive(Default)]
struct Plain(Vec<(&'static str, bool)>);

impl Plain {
    fn change(&mut self, (adds, key): Change) {
        match self.0.iter_mut().find(|(known, _)| *known == KEYS[key]) {
            Some((_, there)) => *there = adds,
            None if adds => self.0.push((KEYS[key], true)),
            None => {}
        }
    }

    fn there(&self) -> Vec<(u64, &'static str)> {
        let numbered = self.0.iter().zip(0..).filter(|((_, there), _)| *there);
        numbered.map(|((key, _), number)| (number, *key)).collect()
    }
}

fn change(set: &mut KeySet, (adds, key): Change) {
    match adds {
        true => _ = set.add(KEYS[key]).unwrap(),
        false => _ = set.remove(KEYS[key]),
    }
}

fn customers(set: &KeySet) -> Keyspace {
    let sets = KeySets::new().with("customers", set.clone());
    PartitionsDefinition::dynamic("customers").resolve(&sets).unwrap()
}

/// By customer and day, of which there are many.
fn by_day(set: &KeySet) -> Keyspace {
    let sets = KeySets::new().with("customers", set.clone());
    let product = PartitionsDefinition::product().by("date", days());
    let product = product.by("customer", PartitionsDefinition::dynamic("customers"));
    PartitionsDefinition::from(product).resolve(&sets).unwrap()
}

fn mappings() -> impl Strategy<Value = Option<PartitionMapping>> {
    let key = || (0..KEYS.len()).prop_map(|key| KEYS[key]);
    prop_oneof![
        Just(None),
        Just(Some(PartitionMapping::identity())),
        Just(Some(PartitionMapping::all())),
        Just(Some(PartitionMapping::last())),
        prop::collection::vec(key(), 1..3).prop_map(|keys| Some(PartitionMapping::specific(keys))),
        prop::collection::vec((key(), key()), 1..5).prop_map(|pairs| Some(PartitionMapping::pairs(pairs))),
    ]
}

/// Of some partitions what they need, what of it there is not, and who needs them in turn, by their keys.
fn around(link: &Link, (up, down): (&Keyspace, &Keyspace), told: &PartitionSet) -> [String; 3] {
    let needed = link.upstream_of(told, now());
    let missing = needed.missing.join(", ");
    let mut missing: Vec<_> = missing.split(", ").collect();
    missing.sort_unstable();
    missing.dedup();
    [up.show(&needed.keys), missing.join(", "), down.show(&link.downstream_of(told, now()))]
}

proptest! {
    #[test]
    fn a_number_is_that_of_a_plain_list_whatever_comes_and_goes(all in changes()) {
        let (mut set, mut plain) = (KeySet::new(), Plain::default());
        let mut given: Vec<Option<u64>> = vec![None; KEYS.len()];
        for one in all {
            change(&mut set, one);
            plain.change(one);
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), plain.there());
            prop_assert_eq!(set.len(), plain.there().len() as u64);
            for (key, given) in KEYS.iter().zip(&mut given) {
                let number = set.number_of(key);
                prop_assert!(given.is_none() || *given == number, "`{}` has another number", key);
                *given = number;
                prop_assert_eq!(set.contains(key), plain.there().iter().any(|(_, there)| there == key));
            }
            let space = customers(&set);
            prop_assert_eq!(space.count(now()), set.len());
            for (number, key) in plain.there() {
                prop_assert_eq!(space.index_of(key).unwrap(), number);
                prop_assert_eq!(space.key_of(number).unwrap(), key);
            }
        }
        let text = serde_json::to_string(&set).unwrap();
        prop_assert_eq!(serde_json::from_str::<KeySet>(&text).unwrap(), set);
    }

    #[test]
    fn what_a_run_began_with_needs_the_same_whatever_comes_and_goes(
        before in changes(),
        after in changes(),
        chosen in prop::collection::vec(any::<bool>(), KEYS.len()),
        mapping in mappings(),
    ) {
        let (mut set, mut plain) = (KeySet::new(), Plain::default());
        before.into_iter().for_each(|one| {
            change(&mut set, one);
            plain.change(one);
        });
        let (up, down) = (customers(&set), customers(&set));
        let told: PartitionSet = plain.there().iter().map(|(number, _)| *number).filter(|at| chosen[*at as usize]).collect();
        let link = Link::new(mapping.as_ref(), Some(&up), Some(&down)).unwrap();
        let all = around(&link, (&up, &down), &told);
        let touched = &(&told | &link.upstream_of(&told, now()).keys) | &link.downstream_of(&told, now());
        let pinned = serde_json::to_string(&set.only(&touched)).unwrap();
        let selection = down.show(&told);
        // What comes and goes is another set from here on.
        after.into_iter().for_each(|one| change(&mut set, one));
        let pinned: KeySet = serde_json::from_str(&pinned).unwrap();
        let (up, down) = (customers(&pinned), customers(&pinned));
        let again = if told.is_empty() { PartitionSet::new() } else { down.select(&selection, now()).unwrap() };
        prop_assert_eq!(&again, &told);
        let link = Link::new(mapping.as_ref(), Some(&up), Some(&down)).unwrap();
        prop_assert_eq!(around(&link, (&up, &down), &told), all);
    }

    #[test]
    fn partitions_of_several_dimensions_keep_their_indexes(before in changes(), after in changes()) {
        let mut set = KeySet::new();
        before.into_iter().for_each(|one| change(&mut set, one));
        let space = by_day(&set);
        let known: Vec<_> = space.all(now()).iter().step_by(7).map(|index| (index, space.key_of(index).unwrap())).collect();
        after.into_iter().for_each(|one| change(&mut set, one));
        let space = by_day(&set);
        for (index, key) in known {
            prop_assert_eq!(space.key_of(index).unwrap(), key.clone());
            let customer = key.as_str().split('|').next().unwrap();
            let there = set.iter().any(|(_, key)| key == customer);
            prop_assert_eq!(space.exists(index, now()), there);
            prop_assert_eq!(space.index_of(key.as_str()).is_ok(), there);
        }
    }
}
