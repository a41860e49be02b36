use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::palette::Role;
use super::super::table::{Cell, table};
use super::super::text::{judged, one_line};
use super::AssetFacts;
use super::looker::{Looker, lookers};
use super::partitions::{PartitionState, set_as_json, stretches};
use crate::asset::{CheckEvaluation, Severity};
use crate::ids::RunId;
use crate::partition::PartitionSet;

/// A check, and what it found last: of an asset, or of a partition of one.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) def: Looker<'a>,
    pub(super) latest: Option<&'a CheckEvaluation>,
    /// Whether it has looked at the latest materialization that is known.
    pub(super) current: bool,
}

/// How a check stands that has found an error.
const FAILED: &str = "failed";

/// How a check stands that has not looked at what is there.
const NOT_CHECKED: (Role, &str) = (Role::Skip, "not checked");

/// The words of how checks stand, in the order in which they are told.
const WORDS: [&str; 4] = [FAILED, "warned", "ok", NOT_CHECKED.1];

/// The same, the worst first: that one partition is as it should be says nothing of those that nobody has looked at.
const WORST: [&str; 4] = [FAILED, "warned", NOT_CHECKED.1, "ok"];

/// What was found, in a word.
fn word(found: &CheckEvaluation) -> (Role, &'static str) {
    let result = &found.result;
    let word = match (result.passed, result.severity) {
        (true, _) => "ok",
        (false, Severity::Warn) => "warned",
        (false, Severity::Error) => FAILED,
    };
    (judged(result), word)
}

impl Known<'_> {
    /// How it stands, in a word.
    fn word(&self) -> (Role, &'static str) {
        self.latest.map_or((Role::Skip, "never"), word)
    }

    /// How it stands to what is there now: what was found of an earlier materialization says nothing of the latest.
    fn present(&self) -> (Role, &'static str) {
        if self.current { self.word() } else { NOT_CHECKED }
    }
}

/// A check of an asset with partitions: how it stands to each that is there, or that it has looked at.
pub(super) struct Spread<'a> {
    state: &'a PartitionState,
    def: Looker<'a>,
    /// By word, the worst first, the partitions, and what was found last of them.
    found: Vec<Found<'a>>,
}

struct Found<'a> {
    word: (Role, &'static str),
    set: PartitionSet,
    latest: Option<&'a CheckEvaluation>,
}

impl<'a> Spread<'a> {
    pub(super) fn of(facts: &AssetFacts<'a>, state: &'a PartitionState, def: Looker<'a>) -> Self {
        let known = evaluations(facts, def).filter_map(|fact| {
            let index = state.keyspace().find(fact.partition.as_deref()?)?;
            Some((index, fact))
        });
        let known: BTreeMap<u64, &CheckEvaluation> = known.collect();
        let mut all: PartitionSet = known.keys().copied().collect();
        all |= &state.made().keys().copied().collect();
        let mut found: Vec<Found<'a>> = Vec::new();
        for index in all.iter() {
            let latest = known.get(&index).copied();
            let current = latest.filter(|latest| looked_at(latest) == state.made().get(&index).copied());
            let word = current.map_or(NOT_CHECKED, word);
            let at = found.iter().position(|found| found.word.1 == word.1).unwrap_or_else(|| {
                found.push(Found { word, set: PartitionSet::new(), latest: None });
                found.len() - 1
            });
            let of_word = &mut found[at];
            of_word.set.insert(index);
            of_word.latest = later(of_word.latest, latest);
        }
        found.sort_by_key(|found| WORST.iter().position(|word| *word == found.word.1));
        Self { state, def, found }
    }

    /// Of these partitions those in which it has found an error, and what it found last of them.
    pub(super) fn failed(
        &self,
        facts: &AssetFacts<'a>,
        of: &PartitionSet,
    ) -> Option<(PartitionSet, &'a CheckEvaluation)> {
        let failed = &self.found.iter().find(|found| found.word.1 == FAILED)?.set & of;
        let is_one = |fact: &&CheckEvaluation| {
            let index = fact.partition.as_deref().and_then(|key| self.state.keyspace().find(key));
            index.is_some_and(|index| failed.contains(index))
        };
        let latest = evaluations(facts, self.def).filter(is_one).map(Some).fold(None, later)?;
        Some((failed, latest))
    }
}

/// The later of two, if there are two.
fn later<'a>(
    one: Option<&'a CheckEvaluation>,
    other: Option<&'a CheckEvaluation>,
) -> Option<&'a CheckEvaluation> {
    one.into_iter().chain(other).max_by_key(|fact| (fact.time, fact.run, fact.event))
}

/// The run that made what was looked at.
fn looked_at(fact: &CheckEvaluation) -> Option<RunId> {
    fact.target.as_ref().map(|target| target.run)
}

/// What a check found last: of an asset with partitions, of each.
fn evaluations<'a>(
    facts: &AssetFacts<'a>,
    def: Looker<'a>,
) -> impl Iterator<Item = &'a CheckEvaluation> + use<'a> {
    let of_asset = facts.evaluations.get(def.asset());
    of_asset.and_then(|of_asset| of_asset.get(def.name())).into_iter().flatten()
}

/// The checks of an asset without partitions, or of one partition.
pub(super) fn known<'a>(facts: &AssetFacts<'a>, asset: usize, partition: Option<&str>) -> Vec<Known<'a>> {
    let key = facts.graph.assets()[asset].key();
    let made = match partition {
        Some(partition) => facts.partitions.get(key).and_then(|state| state.made_of(partition)),
        None => facts.latest(key).map(|latest| latest.run),
    };
    let known = |def: Looker<'a>| {
        let latest = evaluations(facts, def).find(|fact| fact.partition.as_deref() == partition);
        Known { def, latest, current: latest.map(looked_at) == Some(made) }
    };
    lookers(facts, asset).into_iter().map(known).collect()
}

/// How the checks of an asset stand, by their numbers: `1 failed, 2 ok`. One that looks at partitions stands as with the worst of
/// these.
pub(super) fn brief(facts: &AssetFacts<'_>, asset: usize) -> Cell {
    let key = facts.graph.assets()[asset].key();
    let words: Vec<_> = match facts.partitions.get(key) {
        Some(state) => {
            let spread = lookers(facts, asset).into_iter().map(|def| Spread::of(facts, state, def));
            spread.map(|spread| spread.found.first().map_or(NOT_CHECKED, |worst| worst.word)).collect()
        }
        None => known(facts, asset, None).iter().map(Known::present).collect(),
    };
    let mut parts = Vec::new();
    let mut role = Role::Faint;
    for word in WORDS {
        let of_word = || words.iter().filter(|(_, other)| *other == word);
        if let Some((first, _)) = of_word().next() {
            if parts.is_empty() {
                role = *first;
            }
            parts.push(format!("{} {word}", of_word().count()));
        }
    }
    Cell::of(role, parts.join(", "))
}

/// The checks of an asset, each with what it found last and whether that was of the latest materialization; of an asset with
/// partitions, with what it found of which, or of the one partition that is asked for.
pub(super) fn listed(facts: &AssetFacts<'_>, asset: usize, partition: Option<&str>) -> String {
    if let Some(state) =
        facts.partitions.get(facts.graph.assets()[asset].key()).filter(|_| partition.is_none())
    {
        return spread(facts, asset, state);
    }
    let row = |check: Known<'_>| {
        let (role, word) = check.word();
        let earlier = check.latest.is_some() && !check.current;
        let [when, run, blocking, said] = told(facts, check.def, check.latest);
        let of = Cell::of(Role::Warn, if earlier { "an earlier materialization" } else { "" });
        [Cell::of(Role::Name, check.def.name()), Cell::of(role, word), when, run, blocking, of, said]
    };
    let rows: Vec<_> = known(facts, asset, partition).into_iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    table(["check", "found", "looked", "run", "", "of", ""], rows, facts.palette)
}

/// The checks of an asset with partitions, a line for each thing that was found of some of them.
fn spread(facts: &AssetFacts<'_>, asset: usize, state: &PartitionState) -> String {
    let mut rows = Vec::new();
    for check in lookers(facts, asset).into_iter().map(|def| Spread::of(facts, state, def)) {
        let name = || Cell::of(Role::Name, check.def.name());
        for found in &check.found {
            let (role, word) = found.word;
            let [when, run, blocking, said] = told(facts, check.def, found.latest);
            let which = stretches(check.state.keyspace(), &found.set);
            let said = if word == "ok" { Cell::from("") } else { said };
            rows.push([
                name(),
                Cell::of(role, format!("{} {word}", found.set.len())),
                which.into(),
                when,
                run,
                blocking,
                said,
            ]);
        }
        if check.found.is_empty() {
            let [when, run, blocking, said] = told(facts, check.def, None);
            rows.push([name(), Cell::of(Role::Skip, "never"), "".into(), when, run, blocking, said]);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    table(["check", "found", "partitions", "looked", "run", "", ""], rows, facts.palette)
}

/// When and in which run a check looked last, whether it is blocking, and what it said, or looks for.
fn told(facts: &AssetFacts<'_>, def: Looker<'_>, latest: Option<&CheckEvaluation>) -> [Cell; 4] {
    let said = latest.and_then(|latest| latest.result.description.as_deref());
    let said = said.or(def.description().filter(|_| latest.is_none()));
    [
        latest.map_or_else(String::new, |latest| facts.when(latest.time)).into(),
        latest.map_or_else(String::new, |latest| facts.run_of(latest.run)).into(),
        Cell::of(Role::Faint, if def.is_blocking() { "blocking" } else { "" }),
        one_line(said.unwrap_or_default()).into(),
    ]
}

/// The same as an array: of an asset with partitions with the counts and stretches of what was found of them.
pub(super) fn as_json(facts: &AssetFacts<'_>, asset: usize, partition: Option<&str>) -> Value {
    let told = |check: Known<'_>| {
        json!({
            "name": check.def.name(),
            "blocking": check.def.is_blocking(),
            "description": check.def.description(),
            "place": check.def.place().map(ToString::to_string),
            "current": check.current,
            "latest": check.latest.map(evaluation),
            "partitions": null,
        })
    };
    let key = facts.graph.assets()[asset].key();
    let Some(state) = facts.partitions.get(key).filter(|_| partition.is_none()) else {
        return known(facts, asset, partition).into_iter().map(told).collect();
    };
    let told = |def| {
        let check = Spread::of(facts, state, def);
        let of = |word: &str| {
            let found = check.found.iter().find(|found| found.word.1 == word);
            set_as_json(state.keyspace(), found.map_or(&PartitionSet::new(), |found| &found.set))
        };
        let latest = check.found.iter().fold(None, |latest, found| later(latest, found.latest));
        let current = check.found.iter().all(|found| found.word.1 != NOT_CHECKED.1);
        json!({
            "name": check.def.name(),
            "blocking": check.def.is_blocking(),
            "description": check.def.description(),
            "place": check.def.place().map(ToString::to_string),
            "current": current && latest.is_some(),
            "latest": latest.map(evaluation),
            "partitions": {
                "failed": of(FAILED),
                "warned": of("warned"),
                "ok": of("ok"),
                "not_checked": of(NOT_CHECKED.1),
            },
        })
    };
    lookers(facts, asset).into_iter().map(told).collect()
}

fn evaluation(fact: &CheckEvaluation) -> Value {
    json!({
        "time": fact.time,
        "run": fact.run,
        "event": fact.event,
        "partition": fact.partition,
        "passed": fact.result.passed,
        "severity": fact.result.severity,
        "description": fact.result.description,
        "metadata": fact.result.metadata,
        "target": fact.target,
    })
}
