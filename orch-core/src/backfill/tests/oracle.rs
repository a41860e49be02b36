//! The order of units against brute force: pairs of a group and a partition, each with all pairs that it needs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::schedule::{Outcome, Schedule};
use super::*;
use crate::partition::{KeySets, Keyspace, Link, PartitionSet};

/// A group of one partition of an asset.
type Pair = (usize, u64);

/// A group: by what it is partitioned, which partitions of the first three weeks or so, and what it takes of earlier ones.
#[derive(Clone, Debug)]
struct Drawn {
    kind: u8,
    set: u32,
    takes: Vec<(usize, u8)>,
    /// Which earlier partitions of its own.
    own: u8,
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let group = (0..3_u8, any::<u32>(), prop::collection::vec((0..8_usize, 0..4_u8), 0..3), 0..6_u8);
    prop::collection::vec(group, 1..6).prop_map(|groups| {
        let groups = groups.into_iter().enumerate().map(|(number, (kind, set, takes, own))| {
            let earlier = takes.into_iter().filter(|_| number > 0);
            let takes = earlier.map(|(group, how)| (group % number.max(1), how)).collect();
            Drawn { kind, set, takes, own }
        });
        groups.collect()
    })
}

fn definition(kind: u8) -> Option<PartitionsDefinition> {
    match kind {
        0 => Some(days()),
        1 => Some(weeks()),
        _ => None,
    }
}

fn mapping(how: u8, up: u8, down: u8) -> Option<PartitionMapping> {
    match (how, up, down) {
        (1, 0 | 1, 0 | 1) => Some(PartitionMapping::time_window(-1, 0).allow_missing()),
        (2, 0 | 1, _) => Some(PartitionMapping::all()),
        (3, 0 | 1, 0 | 1) => Some(PartitionMapping::time_window(-2, -1).allow_missing()),
        _ => None,
    }
}

/// Most groups take none of their own.
fn own(group: &Drawn) -> Option<PartitionMapping> {
    match (group.own, group.kind) {
        (0, 0 | 1) => Some(PartitionMapping::time_window(-1, -1)),
        (1, 0 | 1) => Some(PartitionMapping::time_window(-3, -2)),
        _ => None,
    }
}

struct Oracle {
    /// The partitions of each unit, as pairs.
    units: BTreeMap<Unit, Vec<Pair>>,
    /// Of each pair the pairs that it needs.
    needs: BTreeMap<Pair, BTreeSet<Pair>>,
}

impl Oracle {
    fn of(drawn: &[Drawn], sets: &[Vec<u64>], per: usize) -> Self {
        let space = |kind| definition(kind).map(|of| of.resolve(&KeySets::new()).unwrap());
        let spaces: Vec<Option<Keyspace>> = drawn.iter().map(|group| space(group.kind)).collect();
        let mut units = BTreeMap::new();
        let mut needs: BTreeMap<Pair, BTreeSet<Pair>> = BTreeMap::new();
        for (number, group) in drawn.iter().enumerate() {
            for (chunk, these) in (0..).zip(sets[number].chunks(per)) {
                units.insert(unit(number, chunk), these.iter().map(|&index| (number, index)).collect());
            }
            for &index in &sets[number] {
                let needed = needs.entry((number, index)).or_default();
                let others =
                    group.takes.iter().map(|&(up, how)| (up, mapping(how, drawn[up].kind, group.kind)));
                for (up, mapping) in others.chain(own(group).map(|mapping| (number, Some(mapping)))) {
                    let link =
                        Link::new(mapping.as_ref(), spaces[up].as_ref(), spaces[number].as_ref()).unwrap();
                    let found = link.upstream_of(&PartitionSet::from_iter([index]), now()).keys;
                    needed.extend(found.iter().filter(|one| sets[up].contains(one)).map(|one| (up, one)));
                }
            }
        }
        Self { units, needs }
    }

    fn unit_of(&self, pair: Pair) -> Unit {
        *self.units.iter().find(|(_, pairs)| pairs.contains(&pair)).expect("each is in one").0
    }

    /// What of these pairs needs others that have not ended; what is in their own unit comes in its turn.
    fn waits(&self, unit: Unit, pairs: &BTreeSet<Pair>, ended: &BTreeSet<Pair>) -> bool {
        let mut needed = pairs.iter().flat_map(|pair| &self.needs[pair]);
        needed.any(|pair| !ended.contains(pair) && self.unit_of(*pair) != unit)
    }

    /// All that needs one of these, by way of whatever.
    fn descendants(&self, of: &BTreeSet<Pair>) -> BTreeSet<Pair> {
        let mut found: BTreeSet<Pair> = BTreeSet::new();
        loop {
            let needs = |one: &Pair| of.contains(one) || found.contains(one);
            let more =
                self.needs.iter().filter(|(_, needed)| needed.iter().any(needs)).map(|(pair, _)| *pair);
            let more: BTreeSet<Pair> = more.collect();
            if more == found {
                return found;
            }
            found = more;
        }
    }
}

fn set(pairs: &BTreeSet<Pair>, group: usize) -> PartitionSet {
    pairs.iter().filter(|pair| pair.0 == group).map(|pair| pair.1).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn a_unit_begins_with_what_is_left_of_it_as_soon_as_all_that_this_needs_is_done(
        drawn in drawn(),
        per in 1..5_usize,
        fails in any::<u64>(),
        order in any::<u64>(),
    ) {
        let sets: Vec<Vec<u64>> = drawn
            .iter()
            .map(|group| match group.kind {
                2 => vec![0],
                kind => (0..if kind == 0 { 21 } else { 6 }).filter(|day| group.set >> day & 1 == 1).collect(),
            })
            .collect();
        let groups = drawn.iter().zip(&sets).enumerate().map(|(number, (of, set))| {
            let takes = of.takes.iter().map(|&(up, how)| (up, mapping(how, drawn[up].kind, of.kind)));
            let takes = takes.chain(own(of).map(|mapping| (number, Some(mapping))));
            let mut told = group(&format!("asset_{number}"), None, takes);
            told.definition = definition(of.kind);
            let space = told.definition.as_ref().map(|of| of.resolve(&KeySets::new()).unwrap());
            let set: PartitionSet = set.iter().copied().collect();
            told.partitions = space.filter(|_| !set.is_empty()).map(|space| space.show(&set));
            told
        });
        let units = units(groups.collect(), per as u64);
        let oracle = Oracle::of(&drawn, &sets, per);
        prop_assert_eq!(units.len(), oracle.units.len() as u64);

        let mut schedule = Schedule::new(&units, Outcome::none(&units));
        // What was done, and what failed; and what of a unit is under way.
        let (mut done, mut failed, mut begun) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut under_way: BTreeMap<Unit, BTreeSet<Pair>> = BTreeMap::new();
        let mut random = order;
        loop {
            let excluded = oracle.descendants(&failed);
            let ended: BTreeSet<Pair> = &done | &failed;
            let left = |unit: Unit| -> BTreeSet<Pair> {
                let left = oracle.units[&unit].iter().copied();
                left.filter(|pair| !ended.contains(pair) && !excluded.contains(pair)).collect()
            };
            while let Some(unit) = schedule.next() {
                prop_assert!(begun.insert(unit), "{unit} begins twice");
                prop_assert_eq!(schedule.left_of(unit), set(&left(unit), unit.group));
                under_way.insert(unit, left(unit));
            }
            // What is under way is exactly what can.
            let can = oracle.units.keys().copied().filter(|unit| {
                let left = left(*unit);
                !left.is_empty() && !oracle.waits(*unit, &left, &ended)
            });
            prop_assert!(can.eq(under_way.keys().copied()));
            prop_assert_eq!(
                schedule.units_left(),
                oracle.units.keys().filter(|unit| !left(**unit).is_empty()).count() as u64
            );
            if under_way.is_empty() {
                break;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % under_way.len();
            let unit = *under_way.keys().nth(at).expect("there are as many");
            let pairs = under_way.remove(&unit).expect("it is under way");
            let partitions = set(&pairs, unit.group);
            if fails >> (random >> 40 & 63) & 1 == 1 && random >> 20 & 3 == 0 {
                // Some of its partitions fail, and with them those that take them.
                let lost = pairs.iter().copied().filter(|pair| random >> (pair.1 & 15) & 1 == 1).collect();
                let lost = &(&oracle.descendants(&lost) & &pairs) | &lost;
                schedule.fail(unit, &partitions, &[set(&lost, unit.group)]);
                done.extend(&pairs - &lost);
                failed.extend(lost);
            } else {
                schedule.succeed(unit, &partitions);
                done.extend(pairs);
            }
        }
        // What did not begin needs something that failed, by way of whatever; and is told to be excluded.
        let excluded = &oracle.descendants(&failed) - &failed;
        for (group, _) in drawn.iter().enumerate() {
            prop_assert_eq!(schedule.excluded(group), &set(&excluded, group));
            prop_assert!(schedule.left(group).is_empty());
        }
        // Who goes on later with what has ended finds the same.
        let sets = |pairs: &BTreeSet<Pair>| (0..drawn.len()).map(|group| set(pairs, group)).collect::<Vec<_>>();
        let outcome = Outcome { done: sets(&done), failed: sets(&failed), lost: sets(&failed) };
        let again = Schedule::new(&units, outcome);
        for (group, _) in drawn.iter().enumerate() {
            prop_assert_eq!(again.excluded(group), schedule.excluded(group));
            prop_assert!(again.left(group).is_empty());
        }
    }
}
