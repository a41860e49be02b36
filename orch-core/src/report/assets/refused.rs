use super::super::text::one_line;
use super::AssetFacts;
use super::checks::{Spread, known};
use super::partitions::stretches;
use crate::asset::CheckEvaluation;
use crate::graph::CheckDef;

/// A blocking check that has found an error in what is there.
pub(super) struct Refused<'a> {
    def: &'a CheckDef,
    /// In which partitions, of an asset with partitions that is asked for as a whole.
    partitions: Option<String>,
    latest: &'a CheckEvaluation,
}

/// The blocking checks of an asset, or of a partition, that have refused the latest materialization; of an asset with partitions
/// those that have refused any.
pub(super) fn refused<'a>(facts: &AssetFacts<'a>, asset: usize, partition: Option<&str>) -> Vec<Refused<'a>> {
    let is_error = |latest: &&CheckEvaluation| latest.result.is_error();
    let state = facts.partitions.get(facts.graph.assets()[asset].key()).filter(|_| partition.is_none());
    let Some(state) = state else {
        let known = known(facts, asset, partition).into_iter();
        let known = known.filter(|check| check.def.is_blocking() && check.current);
        let refused = known.filter_map(|check| {
            Some(Refused { def: check.def, partitions: None, latest: check.latest.filter(is_error)? })
        });
        return refused.collect();
    };
    let blocking = facts.graph.checks_of(asset).filter(|def| def.is_blocking());
    let refused = blocking.filter_map(|def| {
        let (set, latest) = Spread::of(facts, state, def).failed()?;
        Some(Refused { def, partitions: Some(stretches(state.keyspace(), &set)), latest })
    });
    refused.collect()
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
}
