mod before;
mod failed;
mod latest;
mod look;
mod needs;
mod partitions;
mod unpassed;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use self::needs::{Known, Need, Versions};
use crate::asset::{AssetKey, Change, Difference, Ingredient, Materialization, Recipe, ValueAt};
use crate::graph::{AssetDef, AssetGraph};
use crate::io::Found;
use crate::partition::{Keyspace, PartitionSet};
use crate::select::Selectable as _;

pub(crate) use before::Sets;
pub use latest::LatestFacts;
pub use partitions::PartitionStandings;
pub(crate) use partitions::is_unknown;

/// How an asset stands: whether its latest materialization is what would be made now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// Others make it.
    External,
    /// It was never materialized.
    Missing,
    /// Nothing is left of its value: it was in the memory of the run that made it.
    Gone,
    /// Its value does not lie any more where an IO manager has stored it, something else does, or nothing; or the program does not
    /// have that IO manager any more.
    Lost(Found),
    /// It would be made of something else now.
    Stale(Difference),
    /// It is made of an asset that is itself to be made.
    Behind(AssetKey),
    /// It has partitions, of which each stands by itself: [`Standings::partitions`].
    Partitioned,
    /// It would come out as it is.
    Fresh,
}

impl Standing {
    /// Whether there is something to make.
    #[must_use]
    pub fn is_to_make(&self) -> bool {
        !matches!(self, Self::External | Self::Fresh)
    }

    /// Whether there is no value of it.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing | Self::Gone | Self::Lost(Found::Nothing | Found::Unmanaged))
    }
}

/// How the assets of a program stand: a pure function of what is made of what, of what they depend on now, and of what is known
/// of their latest materializations. Of those with partitions each partition stands by itself.
///
/// What is made of something that is to be made is [`Behind`](Standing::Behind), though that may come out with the same data;
/// then a run that [memoizes](super::Runner::memoize) leaves it alone.
#[derive(Clone, Debug)]
pub struct Standings {
    /// By their numbers.
    standings: Vec<Standing>,
    /// Of those with partitions.
    partitions: HashMap<usize, PartitionStandings>,
    numbers: HashMap<AssetKey, usize>,
    needs: Vec<Vec<Need>>,
    /// What one step makes.
    together: Vec<Vec<usize>>,
    /// What is made whenever an asset is.
    along: Vec<Vec<usize>>,
    /// Whether a run can look at what others make.
    observable: Vec<bool>,
    order: Vec<usize>,
    recipes: BTreeMap<AssetKey, Recipe>,
    now: Timestamp,
}

/// Of the partitions of an asset that takes earlier ones of its own, those that were materialized, and of those before the one that
/// is looked at, those that are to be made.
#[derive(Default)]
struct Own {
    there: PartitionSet,
    to_make: PartitionSet,
}

/// Which of the assets that were asked for are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// All of them.
    All,
    /// Those that are not as they would be made now.
    Stale,
    /// Those of which there is no value.
    Missing,
}

/// What is to be made of what was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ToMake {
    /// The numbers of the assets, each after what it is made of.
    pub assets: Vec<usize>,
    /// Of those with partitions, which, by the numbers of the assets.
    pub partitions: BTreeMap<usize, PartitionSet>,
    /// The assets of which other partitions are taken than are asked for, that were not let through: what takes them heeds their
    /// checks. [`Standings::with_unpassed`] finds them.
    pub heeded: Vec<usize>,
}

impl Standings {
    /// How the assets stand that depend on this, [`Runner::recipes`](super::Runner::recipes), beside the data that they take.
    #[must_use]
    pub fn of(
        graph: &AssetGraph,
        recipes: BTreeMap<AssetKey, Recipe>,
        latest: &LatestFacts,
        now: Timestamp,
    ) -> Self {
        let assets = graph.assets();
        let space = |asset: &Arc<AssetDef>| asset.partitions()?.resolve(&latest.keys).ok();
        let spaces: Vec<Option<Keyspace>> = assets.iter().map(space).collect();
        let needs = |number: usize| {
            let own = graph.takes_own(number).then_some(&number);
            let upstream = graph.upstream(number).iter().chain(own);
            upstream.map(|&other| Need::of(graph, number, other, &spaces)).collect()
        };
        let mut standings = Self {
            // In a circle no asset has an order: nobody knows how it stands.
            standings: vec![Standing::Missing; assets.len()],
            partitions: HashMap::new(),
            numbers: assets.iter().enumerate().map(|(number, asset)| (asset.key().clone(), number)).collect(),
            needs: (0..assets.len()).map(needs).collect(),
            together: (0..assets.len()).map(|number| graph.together(number).to_vec()).collect(),
            along: (0..assets.len()).map(|number| graph.made_along(number).collect()).collect(),
            observable: (0..assets.len()).map(|number| graph.observation(number).is_some()).collect(),
            order: graph.order().to_vec(),
            recipes,
            now,
        };
        let known: Vec<Option<Known<'_>>> =
            assets.iter().zip(spaces).map(|(asset, space)| Some(Known::of(asset, space?, latest))).collect();
        for &number in graph.order() {
            standings.find(graph, number, &known, latest);
        }
        standings
    }

    /// Finds how an asset stands; how those stand that it is made of is known.
    fn find(&mut self, graph: &AssetGraph, number: usize, known: &[Option<Known<'_>>], latest: &LatestFacts) {
        let asset = &graph.assets()[number];
        let key_of = |other: usize| graph.assets()[other].key();
        let mut recipe = self.recipes.get(asset.key()).cloned().unwrap_or_default();
        for need in self.needs[number].iter().filter(|need| known[need.other].is_none()) {
            let key = key_of(need.other);
            let version = latest.whole(key).and_then(Materialization::version);
            recipe.add(Ingredient::Input(key.clone()), version);
        }
        let mapped: Vec<_> = self.needs[number]
            .iter()
            .filter_map(|need| Some((need, key_of(need.other), known[need.other].as_ref()?)))
            .collect();
        let mut versions: Vec<_> = mapped.iter().map(|_| Versions::default()).collect();
        let mut recipe_of = |index: u64| {
            let mut recipe = recipe.clone();
            for ((need, key, known), versions) in mapped.iter().zip(&mut versions) {
                let version = versions.of(need, (key, known), index, self.now);
                recipe.add(Ingredient::Input((*key).clone()), version);
            }
            recipe
        };
        let to_make: HashMap<usize, (PartitionSet, &PartitionSet)> = mapped
            .iter()
            .filter_map(|(need, ..)| {
                let of = self.partitions.get(&need.other)?;
                Some((need.other, (of.to_make(), &of.materialized)))
            })
            .collect();
        // The first that it is made of and that is to be made; of its own partitions the earlier ones are known.
        let behind = |index: u64, own: &Own| {
            let mut needs = self.needs[number].iter();
            let is_to_make = |need: &&Need| match to_make.get(&need.other) {
                None if need.other == number => {
                    need.upstream_of(index, &own.there, self.now).common_len(&own.to_make) > 0
                }
                Some((set, there)) => {
                    !set.is_empty() && need.upstream_of(index, there, self.now).common_len(set) > 0
                }
                None => self.standings[need.other].is_to_make(),
            };
            Some(Standing::Behind(key_of(needs.find(is_to_make)?.other).clone()))
        };
        let mut stand = |fact: &Materialization, index: u64, own: &Own| {
            if fact.value == ValueAt::Nowhere {
                return Standing::Gone;
            }
            if let Some(found) = latest.lost(fact) {
                return Standing::Lost(found);
            }
            match fact.recipe.difference(&recipe_of(index)) {
                // Of partitions that are missing nobody knows the version until they are made.
                Some(Difference { ingredient: Ingredient::Input(ref other), change: Change::Unknown })
                    if behind(index, own) == Some(Standing::Behind(other.clone()))
                        && self
                            .numbers
                            .get(other)
                            .is_some_and(|other| *other == number || to_make.contains_key(other)) =>
                {
                    Standing::Behind(other.clone())
                }
                Some(difference) => Standing::Stale(difference),
                None => behind(index, own).unwrap_or(Standing::Fresh),
            }
        };
        let mut of_partitions = None;
        let standing = match (&known[number], latest.whole(asset.key())) {
            _ if asset.is_external() => Standing::External,
            (Some(own), _) => {
                let existing = own.keyspace.all(self.now);
                let mut before =
                    Own { there: own.materialized.clone(), to_make: &existing - &own.materialized };
                let mut changed = BTreeMap::new();
                // Each after the earlier ones, of which it may be made.
                for index in own.materialized.iter() {
                    let standing = stand(own.facts[&index], index, &before);
                    if standing != Standing::Fresh {
                        before.to_make.insert(index);
                        changed.insert(index, standing);
                    }
                }
                let (keyspace, materialized) = (own.keyspace.clone(), own.materialized.clone());
                of_partitions = Some(PartitionStandings { keyspace, existing, materialized, changed });
                Standing::Partitioned
            }
            (None, None) => Standing::Missing,
            (None, Some(fact)) => stand(fact, 0, &Own::default()),
        };
        if !asset.is_external() {
            let whole = if known[number].is_none() { recipe_of(0) } else { recipe };
            self.recipes.insert(asset.key().clone(), whole);
        }
        self.standings[number] = standing;
        self.partitions.extend(of_partitions.map(|of| (number, of)));
    }

    /// How an asset of the program stands.
    #[must_use]
    pub fn get(&self, asset: &AssetKey) -> Option<&Standing> {
        self.numbers.get(asset).map(|&number| &self.standings[number])
    }

    /// How the partitions of an asset of the program stand; none of one that has none, or that others make.
    #[must_use]
    pub fn partitions(&self, asset: &AssetKey) -> Option<&PartitionStandings> {
        self.partitions.get(self.numbers.get(asset)?)
    }

    /// What an asset would be made of now; of one with partitions without the data that it takes of partitions, which is another
    /// for each.
    #[must_use]
    pub fn recipe(&self, asset: &AssetKey) -> Option<&Recipe> {
        self.recipes.get(asset)
    }

    /// The partitions of another asset of which a partition of an asset is made, by its index; 0 is an asset without any. What may
    /// be missing is none of them unless it is `there`.
    pub(crate) fn needed(
        &self,
        (asset, index): (&AssetKey, u64),
        other: &AssetKey,
        there: &PartitionSet,
    ) -> PartitionSet {
        let (number, other) = (self.numbers.get(asset), self.numbers.get(other));
        let needs = number.map_or(&[][..], |&number| &self.needs[number]);
        let mut of_other = needs.iter().filter(|need| Some(&need.other) == other);
        of_other.next().map_or_else(PartitionSet::new, |need| need.upstream_of(index, there, self.now))
    }

    /// Of the selected assets those that are to be made, and what is made along with them, by their numbers, each after what it
    /// is made of. What others make is looked at each time if it has an observation, and so what is made of it is among them; it
    /// is for a run that [memoizes](super::Runner::memoize) to leave it alone if the version is the same.
    ///
    /// What is not selected otherwise stays as it is, and who is made of it takes its latest materialization.
    #[must_use]
    pub fn to_make(&self, selected: &[bool], making: Making) -> Vec<usize> {
        self.to_make_of(selected, making, &BTreeMap::new()).assets
    }

    /// As [`Standings::to_make`], and which partitions are: of those that are `asked` for, by the assets; where nothing is said of
    /// an asset with partitions, of all that exist.
    #[must_use]
    pub fn to_make_of(
        &self,
        selected: &[bool],
        making: Making,
        asked: &BTreeMap<AssetKey, PartitionSet>,
    ) -> ToMake {
        let asked: HashMap<usize, &PartitionSet> =
            asked.iter().filter_map(|(key, set)| Some((*self.numbers.get(key)?, set))).collect();
        let (mut made, mut is_made) = (ToMake::default(), vec![false; self.standings.len()]);
        let mut is_asked = vec![false; self.standings.len()];
        for &number in &self.order {
            // All that one step makes is made of the same, and so asked for at once, before anything that is made of it.
            for &one in self.together[number].iter().filter(|&&one| selected[one]) {
                if std::mem::replace(&mut is_asked[one], true) {
                    continue;
                }
                let own = self.own(one, making, asked.get(&one).copied(), (&made, &is_made));
                if own.is_empty() {
                    continue;
                }
                // A run for partitions has all in it that was asked for of a step, and makes it where it makes one of it.
                let is_with = |other: &usize| selected[*other] && self.partitions.contains_key(&one);
                let with = self.together[one].iter().copied().filter(is_with);
                let along = self.along[one].iter().copied();
                for other in along.chain(with).chain([one]) {
                    is_made[other] = true;
                    if self.partitions.contains_key(&other) {
                        *made.partitions.entry(other).or_default() |= &own;
                    }
                }
            }
        }
        if making == Making::Missing {
            // What is missing is made of what is there by now: of what others make nobody knows that but who looks.
            let makes = (0..self.needs.len()).filter(|&number| is_made[number]);
            let taken: Vec<usize> =
                makes.flat_map(|number| &self.needs[number]).map(|need| need.other).collect();
            for other in taken {
                is_made[other] |= selected[other] && self.observable[other];
            }
        }
        made.assets = self.order.iter().copied().filter(|&number| is_made[number]).collect();
        made
    }

    /// Which partitions of an asset are to be made by themselves, of those that are `asked` for and if these are made; 0 is an asset
    /// without any.
    fn own(
        &self,
        number: usize,
        making: Making,
        asked: Option<&PartitionSet>,
        (made, is_made): (&ToMake, &[bool]),
    ) -> PartitionSet {
        let (mut follows, mut all_follow) = (PartitionSet::new(), false);
        for need in self.needs[number].iter().filter(|need| is_made[need.other]) {
            match made.partitions.get(&need.other) {
                Some(set) => follows |= &need.downstream_of(set, self.now),
                None => all_follow = true,
            }
        }
        let standing = &self.standings[number];
        let Some(partitions) = self.partitions.get(&number) else {
            let is_to_make = match (standing, making) {
                // Whether it has changed nobody knows before.
                (Standing::External, making) => self.observable[number] && making != Making::Missing,
                (_, Making::All) => true,
                (standing, Making::Missing) => standing.is_missing(),
                (standing, Making::Stale) => {
                    let follows = all_follow || !follows.is_empty();
                    follows || standing.is_to_make() && !matches!(standing, Standing::Behind(_))
                }
            };
            return is_to_make.then_some(0).into_iter().collect();
        };
        let asked = asked.unwrap_or(&partitions.existing);
        match making {
            Making::All => asked.clone(),
            Making::Missing => &partitions.missing() & asked,
            Making::Stale if all_follow => asked.clone(),
            Making::Stale => {
                // What is only behind waits for what it is made of.
                let waits = partitions.of(|standing| matches!(standing, Standing::Behind(_)));
                let own = &(&(&partitions.to_make() - &waits) | &follows) & asked;
                self.with_later(number, own, asked)
            }
        }
    }

    /// These partitions of an asset, and those that are `asked` for and take them as earlier ones of their own, be it by way of
    /// others.
    fn with_later(&self, number: usize, mut set: PartitionSet, asked: &PartitionSet) -> PartitionSet {
        let Some(need) = self.needs[number].iter().find(|need| need.other == number) else { return set };
        let mut last = set.clone();
        while !last.is_empty() {
            let next = &need.downstream_of(&last, self.now) & asked;
            last = &next - &set;
            set |= &last;
        }
        set
    }
}

impl<'a> Known<'a> {
    fn of(asset: &AssetDef, keyspace: Keyspace, latest: &'a LatestFacts) -> Self {
        let facts = latest.partitions.get(asset.key()).into_iter().flatten();
        // Those of keys that the definition has not any more are others.
        let facts = facts.filter_map(|fact| Some((keyspace.find(fact.partition.as_deref()?)?, fact)));
        let facts: HashMap<u64, &Materialization> = facts.collect();
        let of = |wanted: bool| {
            let facts = facts.iter().filter(|(_, fact)| fact.found_nothing() == wanted);
            facts.map(|(index, _)| *index).collect()
        };
        let (materialized, nothing_there): (PartitionSet, _) = (of(false), of(true));
        let is_untold = asset.is_external() && asset.io().is_some();
        let valued = match latest.made_by_others.get(asset.key()) {
            Some(made) => {
                &materialized & &made.iter().filter_map(|partition| keyspace.find(partition)).collect()
            }
            None => materialized.clone(),
        };
        Self { keyspace, facts, materialized, valued, nothing_there, is_untold }
    }
}
