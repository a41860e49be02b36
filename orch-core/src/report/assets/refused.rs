use super::super::text::one_line;
use super::AssetFacts;
use super::checks::{Spread, known};
use super::looker::{Looker, lookers};
use super::partitions::stretches;
use crate::asset::{AssetKey, CheckEvaluation};
use crate::partition::{PartitionSet, quoted};

/// So long is what selects partitions, as it is to be typed.
const LONGEST: usize = 200;

/// A blocking check that has found an error in what is there.
pub(super) struct Refused<'a> {
    def: Looker<'a>,
    /// Whether another program makes what it looked at.
    others: bool,
    /// Whether what it looked at is made of what is observed, which may be other data by now.
    of_observed: bool,
    /// In which partitions, of an asset with partitions that is asked for as a whole.
    partitions: Option<String>,
    /// The same, as they are selected; or the one partition that is asked for.
    selected: Option<String>,
    latest: &'a CheckEvaluation,
}

/// The blocking checks of an asset, or of a partition, that have refused the latest materialization; of an asset with partitions
/// those that have refused any.
pub(super) fn refused<'a>(facts: &AssetFacts<'a>, asset: usize, partition: Option<&str>) -> Vec<Refused<'a>> {
    let key = facts.graph.assets()[asset].key();
    if let Some(state) = facts.partitions.get(key).filter(|_| partition.is_none()) {
        return refused_of(facts, asset, &state.made().keys().copied().collect());
    }
    let others = facts.graph.assets()[asset].is_external();
    let of_observed = facts.graph.is_of_observed(asset);
    let known = known(facts, asset, partition).into_iter();
    let known = known.filter(|check| check.def.is_blocking() && check.current);
    let refused = known.filter_map(|check| {
        let latest = check.latest.filter(|latest| latest.result.is_error())?;
        let selected = partition.map(str::to_owned);
        Some(Refused { def: check.def, others, of_observed, partitions: None, selected, latest })
    });
    refused.collect()
}

/// The same of these partitions of an asset; of 0 of one that has none.
fn refused_of<'a>(facts: &AssetFacts<'a>, asset: usize, set: &PartitionSet) -> Vec<Refused<'a>> {
    let Some(state) = facts.partitions.get(facts.graph.assets()[asset].key()) else {
        return refused(facts, asset, None);
    };
    let others = facts.graph.assets()[asset].is_external();
    let of_observed = facts.graph.is_of_observed(asset);
    let blocking = lookers(facts, asset).into_iter().filter(|def| def.is_blocking());
    let refused = blocking.filter_map(|def| {
        let (failed, latest) = Spread::of(facts, state, def).failed(facts, set)?;
        let (partitions, selected) = (stretches(state.keyspace(), &failed), state.keyspace().show(&failed));
        let (partitions, selected) = (Some(partitions), Some(selected));
        Some(Refused { def, others, of_observed, partitions, selected, latest })
    });
    refused.collect()
}

/// What partitions of an asset are made of, however far before them, and blocking checks have refused, by the keys of the assets;
/// earlier partitions of its own too.
pub(super) fn refused_before<'a>(
    facts: &AssetFacts<'a>,
    key: &AssetKey,
    set: &PartitionSet,
) -> Vec<(&'a AssetKey, Refused<'a>)> {
    let (Some(standings), Some(own)) = (facts.standings, facts.graph.number(key)) else { return Vec::new() };
    let mut of = standings.made_of(&standings.to_make_before(key, set.clone()));
    // What is asked for is told by itself.
    of.entry(own).and_modify(|earlier| *earlier = &*earlier - set);
    let mut found = Vec::new();
    for &number in facts.graph.order() {
        let set = of.remove(&number).filter(|set| !set.is_empty());
        let refused = set.map(|set| refused_of(facts, number, &set)).unwrap_or_default();
        found.extend(refused.into_iter().map(|refused| (facts.graph.assets()[number].key(), refused)));
    }
    found
}

impl Refused<'_> {
    /// Which it is, and of which partitions.
    pub(super) fn brief(&self) -> String {
        let of = self.partitions.as_ref().map(|partitions| format!(" for {partitions}"));
        format!("its blocking check `{}` failed{}", self.def.name(), of.unwrap_or_default())
    }

    /// The same, in which run and when it looked, and what it said.
    pub(super) fn told(&self, facts: &AssetFacts<'_>) -> String {
        let said = self.latest.result.description.as_deref().map(|said| format!(": {}", one_line(said)));
        let (run, when) = (facts.run_of(self.latest.run), facts.when(self.latest.time));
        format!("{}, in the run {run} {when}{}", self.brief(), said.unwrap_or_default())
    }

    /// What can be done.
    pub(super) fn hint(&self) -> String {
        if self.others {
            return "mend it, and have the program that makes it make it anew".to_owned();
        }
        let partition = match &self.selected {
            Some(selected) if selected.len() > LONGEST => " --partition ..".to_owned(),
            Some(selected) => format!(" --partition {}", quoted(selected)),
            None => String::new(),
        };
        let upstream = if self.of_observed { "+" } else { "" };
        format!("mend it, and have it made anew: `materialize {upstream}{}{partition}`", self.def.asset())
    }
}
