use std::collections::BTreeMap;

use super::Standings;
use super::needs::Need;
use crate::asset::AssetKey;
use crate::partition::PartitionSet;

/// Partitions of assets, by the numbers of these; of an asset without any it is 0.
pub(crate) type Sets = BTreeMap<usize, PartitionSet>;

impl Standings {
    /// Partitions of an asset, and what they are made of and that is to be made itself, however far before them: by the numbers of the
    /// assets, 0 of one without partitions.
    #[must_use]
    pub fn to_make_before(&self, asset: &AssetKey, set: PartitionSet) -> BTreeMap<usize, PartitionSet> {
        let mut before = Sets::new();
        let Some(&number) = self.numbers.get(asset) else { return before };
        before.insert(number, set);
        for &number in self.order.iter().rev() {
            let Some(mut set) = before.remove(&number) else { continue };
            let needed = |need: &Need, of: &PartitionSet, to_make: &PartitionSet| match self
                .partitions
                .get(&need.other)
            {
                Some(other) => &need.upstream_of_all(of, &other.materialized, self.now) & to_make,
                None => to_make.clone(),
            };
            let (own, others): (Vec<_>, Vec<_>) =
                self.needs[number].iter().partition(|need| need.other == number);
            for need in own {
                let (mut last, to_make) = (set.clone(), self.set_to_make(number));
                while !last.is_empty() {
                    last = &needed(need, &last, &to_make) - &set;
                    set |= &last;
                }
            }
            for need in others {
                *before.entry(need.other).or_default() |= &needed(need, &set, &self.set_to_make(need.other));
            }
            before.insert(number, set);
        }
        before.retain(|_, set| !set.is_empty());
        before
    }

    /// What these are made of, be it to be made or not.
    pub(crate) fn made_of(&self, sets: &Sets) -> Sets {
        let mut of = Sets::new();
        for (number, set) in sets {
            for need in &self.needs[*number] {
                *of.entry(need.other).or_default() |= &match self.partitions.get(&need.other) {
                    Some(other) => need.upstream_of_all(set, &other.materialized, self.now),
                    None => PartitionSet::from_iter([0]),
                };
            }
        }
        of
    }

    /// Of what others make, and was to be looked at, what these are made of.
    pub(crate) fn taken_of(&self, looks: &Sets, sets: &Sets) -> Sets {
        let mut taken = Sets::new();
        for (number, set) in sets {
            for need in &self.needs[*number] {
                let Some(looks) = looks.get(&need.other) else { continue };
                *taken.entry(need.other).or_default() |= &match need.ways.is_empty() {
                    true => looks.clone(),
                    false => &need.upstream_of_all(set, looks, self.now) & looks,
                };
            }
        }
        taken
    }

    /// Of the partitions of an asset that are to be made those that are made of any of these, be it by way of others that are to be
    /// made.
    pub(crate) fn to_make_after(&self, asset: &AssetKey, from: &Sets) -> PartitionSet {
        let mut after = Sets::new();
        for &number in &self.order {
            let to_make = self.set_to_make(number);
            let mut set = PartitionSet::new();
            // Its own earlier ones are the last that it is made of.
            for need in &self.needs[number] {
                let mut last = from.get(&need.other).cloned().unwrap_or_default();
                last |= if need.other == number { &set } else { after.entry(need.other).or_default() };
                while !last.is_empty() {
                    // How the partitions stand of what others make nobody knows.
                    let by_partition = self.partitions.contains_key(&need.other) || !need.ways.is_empty();
                    let needing = match by_partition {
                        true => &need.downstream_of(&last, self.now) & &to_make,
                        false => to_make.clone(),
                    };
                    last = if need.other == number { &needing - &set } else { PartitionSet::new() };
                    set |= &needing;
                }
            }
            after.insert(number, set);
        }
        self.numbers.get(asset).and_then(|number| after.remove(number)).unwrap_or_default()
    }

    /// The partitions of an asset that are to be made.
    fn set_to_make(&self, number: usize) -> PartitionSet {
        match self.partitions.get(&number) {
            Some(partitions) => partitions.to_make(),
            None => self.standings[number].is_to_make().then_some(0).into_iter().collect(),
        }
    }
}
