use std::collections::{BTreeMap, HashMap};

use crate::asset::{AssetKey, Difference, Ingredient, Materialization, Recipe, ValueAt};
use crate::graph::AssetGraph;
use crate::select::Selectable as _;
use crate::storage::AssetRecord;

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
    /// It would be made of something else now.
    Stale(Difference),
    /// It is made of an asset that is itself to be made.
    Behind(AssetKey),
    /// It has partitions, or is made of some, by itself or through others: whether it would come out otherwise is not known.
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
        matches!(self, Self::Missing | Self::Gone)
    }
}

/// How the assets of a program stand: a pure function of what is made of what, of what they depend on now, and of what is known
/// of their latest materializations.
///
/// An asset that is made of one that is to be made is [`Behind`](Standing::Behind), though that may come out with the same data;
/// then a run that [memoizes](super::Runner::memoize) leaves it alone.
#[derive(Clone, Debug)]
pub struct Standings {
    /// By their numbers.
    standings: Vec<Standing>,
    numbers: HashMap<AssetKey, usize>,
    upstream: Vec<Vec<usize>>,
    /// What one step makes.
    together: Vec<Vec<usize>>,
    /// What is made whenever an asset is.
    along: Vec<Vec<usize>>,
    order: Vec<usize>,
    recipes: BTreeMap<AssetKey, Recipe>,
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

impl Standings {
    /// How the assets stand that depend on this, [`Runner::recipes`](super::Runner::recipes), beside the data that they take.
    #[must_use]
    pub fn of(graph: &AssetGraph, recipes: BTreeMap<AssetKey, Recipe>, records: &[AssetRecord]) -> Self {
        let latest: HashMap<&AssetKey, &Materialization> =
            records.iter().map(|record| (&record.key, &record.latest)).collect();
        let assets = graph.assets();
        let mut standings = Self {
            // In a circle no asset has an order: nobody knows how it stands.
            standings: vec![Standing::Missing; assets.len()],
            numbers: assets.iter().enumerate().map(|(number, asset)| (asset.key().clone(), number)).collect(),
            upstream: (0..assets.len()).map(|number| graph.upstream(number).to_vec()).collect(),
            together: (0..assets.len()).map(|number| graph.together(number).to_vec()).collect(),
            along: (0..assets.len()).map(|number| graph.made_along(number).collect()).collect(),
            order: graph.order().to_vec(),
            recipes,
        };
        for &number in graph.order() {
            let asset = &assets[number];
            let mut recipe = standings.recipes.get(asset.key()).cloned().unwrap_or_default();
            for key in graph.upstream(number).iter().map(|&other| assets[other].key()) {
                let version = latest.get(key).and_then(|fact| fact.data_version.clone());
                recipe.add(Ingredient::Input(key.clone()), version);
            }
            let behind = || {
                let mut upstream = graph.upstream(number).iter();
                let is_to_make = |other: usize| {
                    let standing: &Standing = &standings.standings[other];
                    standing.is_to_make() && *standing != Standing::Partitioned
                };
                let other = upstream.find(|&&other| is_to_make(other))?;
                Some(Standing::Behind(assets[*other].key().clone()))
            };
            // What is made of what is not known is itself not known.
            let of_partitioned = |number: usize| {
                let mut upstream = graph.upstream(number).iter();
                upstream.any(|&other| standings.standings[other] == Standing::Partitioned)
            };
            standings.standings[number] = match latest.get(asset.key()) {
                _ if asset.is_external() => Standing::External,
                None => Standing::Missing,
                Some(_) if has_partitions(graph, number) || of_partitioned(number) => Standing::Partitioned,
                Some(fact) if fact.value == ValueAt::Nowhere => Standing::Gone,
                Some(fact) => match fact.recipe.difference(&recipe) {
                    Some(difference) => Standing::Stale(difference),
                    None => behind().unwrap_or(Standing::Fresh),
                },
            };
            if !asset.is_external() {
                standings.recipes.insert(asset.key().clone(), recipe);
            }
        }
        standings
    }

    /// How an asset of the program stands.
    #[must_use]
    pub fn get(&self, asset: &AssetKey) -> Option<&Standing> {
        self.numbers.get(asset).map(|&number| &self.standings[number])
    }

    /// What an asset would be made of now.
    #[must_use]
    pub fn recipe(&self, asset: &AssetKey) -> Option<&Recipe> {
        self.recipes.get(asset)
    }

    /// Of the selected assets those that are to be made, and what is made along with them, by their numbers, each after what it
    /// is made of.
    ///
    /// What is not selected otherwise stays as it is, and who is made of it takes its latest materialization.
    #[must_use]
    pub fn to_make(&self, selected: &[bool], making: Making) -> Vec<usize> {
        let mut made = vec![false; self.standings.len()];
        let mut asked = vec![false; self.standings.len()];
        for &number in &self.order {
            // All that one step makes is made of the same, and so asked for at once, before anything that is made of it.
            for &one in self.together[number].iter().filter(|&&one| selected[one]) {
                if !std::mem::replace(&mut asked[one], true) && self.is_to_make(one, making, &made) {
                    made[one] = true;
                    self.along[one].iter().for_each(|&other| made[other] = true);
                }
            }
        }
        self.order.iter().copied().filter(|&number| made[number]).collect()
    }

    /// Whether an asset is to be made by itself, if these are made.
    fn is_to_make(&self, number: usize, making: Making, made: &[bool]) -> bool {
        let is_behind = || self.upstream[number].iter().any(|&other| made[other]);
        match (&self.standings[number], making) {
            (Standing::External, _) => false,
            (_, Making::All) => true,
            (standing, Making::Missing) => standing.is_missing(),
            (Standing::Behind(_), Making::Stale) => is_behind(),
            (standing, Making::Stale) => standing.is_to_make() || is_behind(),
        }
    }
}

/// Whether an asset has partitions, or takes those of another one.
fn has_partitions(graph: &AssetGraph, number: usize) -> bool {
    let upstream = graph.upstream(number).iter();
    upstream.chain([&number]).any(|&one| graph.assets()[one].partitions().is_some())
}
