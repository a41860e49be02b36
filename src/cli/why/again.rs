//! Which command makes again what has failed.

use std::collections::BTreeMap;

use orch_core::asset::{AssetKey, Change, FailedMaterialization};
use orch_core::graph::AssetGraph;
use orch_core::partition::{Keyspace, PartitionSet, quoted};
use orch_core::report::PartitionState;
use orch_core::run::{Definitions, InProgress, LatestFacts, Runner, Standing, Standings};

use super::super::args::HomeArgs;
use super::super::home::{self, Around};
use super::super::program_name;

/// What is known where a command is looked for.
pub(super) struct Known<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) standings: &'a Standings,
    pub(super) latest: &'a LatestFacts,
    pub(super) in_progress: &'a InProgress,
    pub(super) around: &'a Around,
    pub(super) home: &'a HomeArgs,
}

/// By the numbers of assets; of one without partitions 0.
type Sets = BTreeMap<usize, PartitionSet>;

impl Known<'_> {
    /// What makes again what has failed: of an asset that is asked for as a whole `all` partitions that have. What it is made of and
    /// is not as it would be made comes before, or it would fail for the same.
    pub(super) fn again(
        &self,
        failed: &FailedMaterialization,
        asked: (&AssetKey, Option<&str>),
        all: Option<&PartitionState>,
    ) -> String {
        let (key, graph) = (&failed.asset, self.graph());
        let is_asked = key == asked.0 && (asked.1.is_none() || asked.1 == failed.partition.as_deref());
        let what = if is_asked { "it" } else { "what failed" };
        let partitions = all.map(PartitionState::show_failed).or_else(|| failed.partition.clone());
        if failed.observed {
            return format!(
                "{} looks again",
                self.written("assets observe", key.as_str(), partitions.as_deref())
            );
        }
        let alone = self.command(&[key.to_string()], false, partitions.as_deref());
        let alone = || format!("{alone} makes {what} again");
        let Some(number) = graph.number(key) else { return alone() };
        let own = match (self.space(number), &partitions) {
            (Some(space), Some(text)) => space.select(text, (self.around.now)()).unwrap_or_default(),
            _ => PartitionSet::from_iter([0]),
        };
        let before = self.before(number, own.clone());
        let mut others = before.iter().filter(|(other, _)| **other != number).peekable();
        let is_alone = others.peek().is_none() && before.get(&number).is_none_or(|set| *set == own);
        if is_alone && !graph.is_of_observed(number) {
            return alone();
        }
        let is_unknown = !is_alone && others.all(|(&other, set)| self.is_unknown(other, set));
        let listed: Vec<String> =
            before.keys().map(|&other| graph.assets()[other].key().to_string()).collect();
        for selection in [vec![format!("+{key}")], listed] {
            for partitions in self.texts(&before) {
                if self.makes(&selection, partitions.as_deref(), &before) {
                    let command = self.command(&selection, true, partitions.as_deref());
                    return match is_unknown {
                        true => format!(
                            "{}; {command} first makes what that is made of, which may have changed",
                            alone()
                        ),
                        false => format!("{command} makes {what} again, and first what that is made of"),
                    };
                }
            }
        }
        // No one run can; the first of them leads on.
        let first = graph.order().iter().find_map(|other| Some((*other, before.get(other)?)));
        match first.filter(|(other, _)| *other != number) {
            Some((other, set)) => {
                let partitions = self.space(other).map(|space| space.show(set));
                let first =
                    self.command(&[graph.assets()[other].key().to_string()], false, partitions.as_deref());
                format!("{first} makes what {what} is made of, and then {}", alone())
            }
            None => alone(),
        }
    }

    /// These partitions of an asset, and what they are made of and that is to be made, unless others make it or a run is about to.
    fn before(&self, number: usize, own: PartitionSet) -> Sets {
        let mut before = self.standings.to_make_before(self.graph().assets()[number].key(), own);
        for (&other, set) in before.iter_mut().filter(|(other, _)| **other != number) {
            let asset = &self.graph().assets()[other];
            *set = match self.space(other) {
                _ if asset.is_external() => PartitionSet::new(),
                Some(space) => &*set - &self.in_progress.partitions(asset.key(), &space),
                None if self.in_progress.run(asset.key(), None).is_some() => PartitionSet::new(),
                None => set.clone(),
            };
        }
        before.retain(|_, set| !set.is_empty());
        before
    }

    /// Whether of these partitions of an asset nobody knows if they would come out otherwise, and of no other one that they would.
    fn is_unknown(&self, number: usize, set: &PartitionSet) -> bool {
        let key = self.graph().assets()[number].key();
        match (self.standings.partitions(key), self.standings.get(key)) {
            (Some(partitions), _) => (set - &partitions.unknown()).is_empty(),
            (None, Some(Standing::Stale(difference))) => {
                matches!(difference.change, Change::Unknown | Change::WasUnknown)
            }
            (None, _) => false,
        }
    }

    fn graph(&self) -> &AssetGraph {
        self.definitions.asset_graph()
    }

    /// The partitions of an asset, by its number.
    fn space(&self, number: usize) -> Option<Keyspace> {
        self.graph().assets()[number].partitions()?.resolve(&self.latest.keys).ok()
    }

    /// What a run may be told that is to make these: none, or those of one kind.
    fn texts(&self, sets: &Sets) -> Vec<Option<String>> {
        let mut of: Vec<(Keyspace, PartitionSet)> = Vec::new();
        for (&number, set) in sets {
            let Some(space) = self.space(number) else { continue };
            match of.iter_mut().find(|(other, _)| other.definition() == space.definition()) {
                Some((_, all)) => *all |= set,
                None => of.push((space, set.clone())),
            }
        }
        // What is made last is often of the kind from which no other follows.
        let of = of.into_iter().rev().map(|(space, set)| Some(space.show(&set)));
        std::iter::once(None).chain(of).collect()
    }

    /// Whether a run of a selection has all of these in it, if it is told that.
    fn makes(&self, selection: &[String], partitions: Option<&str>, sets: &Sets) -> bool {
        let Ok(selection) = selection.join(" or ").parse() else { return false };
        let job = self.definitions.materialize(&selection);
        let runner = self.definitions.runner(&job).env(self.around.env.clone());
        let runner = runner.key_sets(self.latest.keys.clone());
        let Ok(made) = partitions.into_iter().fold(runner, Runner::partition).partitions() else {
            return false;
        };
        sets.iter().all(|(&number, set)| match self.space(number) {
            Some(_) => {
                made.get(self.graph().assets()[number].key()).is_some_and(|made| (set - made).is_empty())
            }
            None => true,
        })
    }

    fn command(&self, selection: &[String], stale: bool, partitions: Option<&str>) -> String {
        let stale = if stale { " --stale" } else { "" };
        self.written("materialize", &format!("{}{stale}", selection.join(" ")), partitions)
    }

    fn written(&self, command: &str, of: &str, partitions: Option<&str>) -> String {
        let (name, home) = (program_name(), home::again(self.home));
        let partitions = partitions.map_or_else(String::new, |text| format!(" --partition {}", quoted(text)));
        format!("`{name} {command} {of}{partitions}{home}`")
    }
}
