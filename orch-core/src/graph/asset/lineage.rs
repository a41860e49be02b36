use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::def::AssetDef;
use super::{CheckDef, ObservationDef};
use super::{linked, multi, own};
use crate::asset::AssetKey;
use crate::ids::check_tag_key;
use crate::plan::{Problem, ProblemKind};
use crate::select::{Attributes, Selectable};

/// The assets of a program, what is made of what, and the checks and observations that look at them.
///
/// It is made of a list of definitions in any order. Mistakes that only all of them together show, such as two assets of one
/// key, are kept and told with the plan of a job that is drawn of it.
#[derive(Clone, Debug, Default)]
pub struct AssetGraph {
    assets: Vec<Arc<AssetDef>>,
    numbers: HashMap<AssetKey, usize>,
    /// By the names of their steps.
    names: HashMap<String, usize>,
    upstream: Vec<Vec<usize>>,
    downstream: Vec<Vec<usize>>,
    /// Each after all that it is made of.
    order: Vec<usize>,
    /// Where each stands in that order; none in a circle.
    places: Vec<Option<usize>>,
    /// Those that one step makes, of each of them.
    pub(super) together: Vec<Vec<usize>>,
    pub(super) checks: Vec<Arc<CheckDef>>,
    /// The number of the asset that each of them looks at.
    pub(super) looked_at: Vec<usize>,
    /// The numbers of the checks that look at each asset that has some.
    pub(super) lookers: HashMap<usize, Vec<usize>>,
    /// By the numbers of the assets that they look at.
    pub(super) observations: BTreeMap<usize, Arc<ObservationDef>>,
    pub(super) problems: Vec<Problem>,
}

impl AssetGraph {
    /// The graph of these assets.
    #[must_use]
    pub fn of(assets: impl IntoIterator<Item = Arc<AssetDef>>) -> Self {
        let mut graph = Self::default();
        for asset in assets {
            graph.add(asset);
        }
        graph.gather();
        graph.connect();
        graph.sort();
        graph
    }

    /// The assets, in the order in which they were listed.
    #[must_use]
    pub fn assets(&self) -> &[Arc<AssetDef>] {
        &self.assets
    }

    /// The number of the asset of this key.
    #[must_use]
    pub fn number(&self, key: &AssetKey) -> Option<usize> {
        self.numbers.get(key).copied()
    }

    /// The assets by their numbers, each after all that it is made of, and otherwise as they were listed.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Where an asset stands in the order of all; nowhere, if it is made of itself.
    pub(super) fn place_of(&self, asset: usize) -> Option<usize> {
        self.places[asset]
    }

    /// Whether an asset takes the value of another, by their numbers; else that other one is only to be there before.
    #[must_use]
    pub fn takes(&self, asset: usize, other: usize) -> bool {
        let key = &self.assets[other].key;
        self.assets[asset].dependencies.iter().any(|one| one.is_data() && one.asset().key() == key)
    }

    /// What is wrong with the assets.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn add(&mut self, asset: Arc<AssetDef>) {
        self.check(&asset);
        if let Some(&first) = self.numbers.get(&asset.key) {
            let first = &self.assets[first];
            // The same one, listed twice, is one.
            if !Arc::ptr_eq(first, &asset) {
                self.problems.push(
                    Problem::new(
                        ProblemKind::DuplicateAsset,
                        format!("two assets have the key `{}`", asset.key),
                    )
                    .at("first", first.place.clone())
                    .at("second", asset.place.clone())
                    .hint("give one of them another key, `#[asset(key = \"..\")]`, or a prefix, `key_prefix = \"..\"`"),
                );
            }
            return;
        }
        // The step of several takes its name once, with the first of them.
        let of_several = asset.together().and_then(|(together, _)| {
            let is_known = together.parts.iter().any(|part| self.numbers.contains_key(&part.key));
            (!is_known).then(|| together.op.name().to_owned())
        });
        for name in std::iter::once(asset.key.step_name()).chain(of_several) {
            self.take_name(name, &asset);
        }
        self.numbers.insert(asset.key.clone(), self.assets.len());
        self.assets.push(asset);
    }

    /// Takes the name of a step for an asset, which is to be listed next.
    fn take_name(&mut self, name: String, asset: &AssetDef) {
        match self.names.get(&name).map(|other| self.assets.get(*other)) {
            // What is made by one step has its name together.
            Some(other) if other.is_none_or(|other| other.is_made_with(asset)) => {}
            Some(other) => self.problems.extend(other.map(|other| {
                Problem::new(
                    ProblemKind::DuplicateAsset,
                    format!("the steps of `{}` and `{}` would have one name, `{name}`", other.key, asset.key),
                )
                .at("first", other.place.clone())
                .at("second", asset.place.clone())
                .hint(match other.made_with().or(asset.made_with()) {
                    Some(_) => "give one of them another key, or the step of several another name: `#[multi_asset(name = \"..\")]`",
                    None => "names of steps have `_` in place of dots and dashes: give one of them another key",
                })
            })),
            None => _ = self.names.insert(name, self.assets.len()),
        }
    }

    /// What is wrong with an asset by itself.
    fn check(&mut self, asset: &AssetDef) {
        if let Err(error) = asset.key.as_str().parse::<AssetKey>() {
            let problem = Problem::new(ProblemKind::InvalidAssetKey, error.to_string());
            self.problems.push(problem.at("the asset", asset.place.clone()).hint(error.hint()));
        }
        self.problems.extend(linked::check(asset));
        self.problems.extend(own::check(asset));
        self.problems.extend(multi::check(asset));
        for error in asset.tags.keys().filter_map(|key| check_tag_key(key).err()) {
            let problem = Problem::new(ProblemKind::InvalidTag, error.to_string());
            self.problems.push(problem.at("the asset", asset.place.clone()).hint(error.hint()));
        }
    }

    /// Finds what each asset is made of.
    fn connect(&mut self) {
        self.upstream = vec![Vec::new(); self.assets.len()];
        self.downstream = vec![Vec::new(); self.assets.len()];
        for (number, asset) in self.assets.iter().enumerate() {
            let taker = linked::Taker::asset(asset);
            for dependency in &asset.dependencies {
                let other = dependency.asset();
                match self.numbers.get(&other.key) {
                    Some(&other) => {
                        self.problems.extend(taker.check_link(dependency));
                        self.problems.extend(taker.check_twice(dependency));
                        if !self.upstream[number].contains(&other) {
                            self.upstream[number].push(other);
                            self.downstream[other].push(number);
                        }
                    }
                    None => self.problems.push(
                        Problem::new(
                            ProblemKind::UnlistedAsset,
                            format!("`{}` is made of `{}`, which is not listed", asset.key, other.key),
                        )
                        .at("is made of it", dependency.place.clone())
                        .at("the asset", other.place.clone())
                        .hint(format!(
                            "list it too: `Definitions::new().assets(assets![.., {}])`",
                            other.name()
                        )),
                    ),
                }
            }
        }
    }

    /// Orders the assets, and finds those that are made of themselves.
    fn sort(&mut self) {
        let mut waits: Vec<usize> = self.upstream.iter().map(Vec::len).collect();
        let mut ready: std::collections::BTreeSet<usize> =
            (0..waits.len()).filter(|&number| waits[number] == 0).collect();
        while let Some(number) = ready.pop_first() {
            self.order.push(number);
            for &next in &self.downstream[number] {
                waits[next] -= 1;
                if waits[next] == 0 {
                    ready.insert(next);
                }
            }
        }
        self.places = vec![None; waits.len()];
        self.order.iter().enumerate().for_each(|(place, &number)| self.places[number] = Some(place));
        for circle in self.circles(&waits) {
            self.problems.push(self.made_of_itself(&circle));
        }
    }

    /// The assets that wait for ever for each other: of circles that meet, one.
    fn circles(&self, waits: &[usize]) -> Vec<Vec<usize>> {
        let mut seen = vec![false; waits.len()];
        let mut circles = Vec::new();
        for start in (0..waits.len()).filter(|&number| waits[number] > 0) {
            // Upstream of whatever waits something waits too, up to a circle.
            let (mut way, mut next) = (Vec::new(), Some(start));
            while let Some(at) = next.filter(|&at| !seen[at]) {
                seen[at] = true;
                way.push(at);
                next = self.upstream[at].iter().copied().find(|&other| waits[other] > 0);
            }
            if let Some(at) = way.iter().position(|&at| Some(at) == next) {
                circles.push(way.split_off(at));
            }
        }
        circles
    }

    fn made_of_itself(&self, circle: &[usize]) -> Problem {
        let keys: Vec<_> =
            circle.iter().chain(circle.first()).map(|&at| format!("`{}`", self.assets[at].key)).collect();
        let problem = Problem::new(
            ProblemKind::AssetCircle,
            format!("assets are made of each other in a circle: {}", keys.join(" is made of ")),
        );
        let problem = circle
            .iter()
            .fold(problem, |problem, &at| problem.at("in the circle", self.assets[at].place.clone()));
        let alone = circle.first().filter(|_| circle.len() == 1).map(|&at| &self.assets[at]);
        problem.hint(match alone.map(|asset| (asset.name(), asset.made_with())) {
            None => "take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it".to_owned(),
            Some((name, None)) => format!(
                "only earlier partitions of its own can an asset take: `#[from({name})] #[mapped(PartitionMapping::time_window(-1, -1))]`"
            ),
            Some(_) => "only an asset of `#[asset]`, which has a step to itself, can take earlier partitions of its own".to_owned(),
        })
    }
}

impl Selectable for AssetGraph {
    fn len(&self) -> usize {
        self.assets.len()
    }

    fn name(&self, node: usize) -> &str {
        self.assets[node].key.as_str()
    }

    fn upstream(&self, node: usize) -> &[usize] {
        &self.upstream[node]
    }

    fn downstream(&self, node: usize) -> &[usize] {
        &self.downstream[node]
    }
}

impl Attributes for AssetGraph {
    fn tags(&self, node: usize) -> &BTreeMap<String, String> {
        &self.assets[node].tags
    }

    fn owners(&self, node: usize) -> &[String] {
        &self.assets[node].owners
    }

    fn group(&self, node: usize) -> Option<&str> {
        self.assets[node].group.as_deref()
    }

    fn kinds(&self, node: usize) -> &[String] {
        &self.assets[node].kinds
    }
}
