use super::AssetFacts;
use crate::asset::{AssetKey, CheckEvaluation};
use crate::graph::CheckDef;
use crate::ids::Place;

/// A check of an asset.
#[derive(Clone, Copy)]
pub(super) enum Looker<'a> {
    /// One of the program.
    Own(&'a CheckDef),
    /// One of another program on the same instance, of which its latest finding tells.
    Others(&'a CheckEvaluation),
}

impl<'a> Looker<'a> {
    pub(super) fn asset(self) -> &'a AssetKey {
        match self {
            Self::Own(def) => def.asset().key(),
            Self::Others(found) => &found.asset,
        }
    }

    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Own(def) => def.name(),
            Self::Others(found) => &found.check,
        }
    }

    pub(super) fn is_blocking(self) -> bool {
        match self {
            Self::Own(def) => def.is_blocking(),
            Self::Others(found) => found.blocking,
        }
    }

    pub(super) fn description(self) -> Option<&'a str> {
        match self {
            Self::Own(def) => def.description(),
            Self::Others(_) => None,
        }
    }

    pub(super) fn place(self) -> Option<&'a Place> {
        match self {
            Self::Own(def) => Some(def.place()),
            Self::Others(_) => None,
        }
    }
}

/// The checks of an asset: those of the program, and of one that others make those that others have let look.
pub(super) fn lookers<'a>(facts: &AssetFacts<'a>, asset: usize) -> Vec<Looker<'a>> {
    let def = &facts.graph.assets()[asset];
    let own = facts.graph.checks_of(asset);
    let mut all: Vec<_> = own.map(|check| Looker::Own(check)).collect();
    if let Some(found) = facts.evaluations.get(def.key()).filter(|_| def.is_external()) {
        let is_own = |name: &str| all.iter().any(|own| own.name() == name);
        let others = found.iter().filter(|(name, _)| !is_own(name)).map(|(_, found)| found);
        let latest = |found: &'a Vec<CheckEvaluation>| {
            found.iter().max_by_key(|fact| (fact.time, fact.run, fact.event))
        };
        let mut others: Vec<_> = others.filter_map(latest).map(Looker::Others).collect();
        others.sort_by_key(|other| other.name());
        all.extend(others);
    }
    all
}
