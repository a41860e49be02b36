use serde_json::{Value, json};

use super::super::palette::Role;
use super::super::table::{Cell, table};
use super::super::text::{judged, one_line};
use super::AssetFacts;
use crate::asset::{CheckEvaluation, Severity};
use crate::graph::CheckDef;

/// A check of the program, and what it found last.
#[derive(Clone, Copy)]
struct Known<'a> {
    def: &'a CheckDef,
    latest: Option<&'a CheckEvaluation>,
    /// Whether it has looked at the latest materialization that is known.
    current: bool,
}

impl Known<'_> {
    /// How it stands, in a word.
    fn word(&self) -> (Role, &'static str) {
        match self.latest.map(|latest| &latest.result) {
            None => (Role::Skip, "never"),
            Some(result) => {
                let word = match (result.passed, result.severity) {
                    (true, _) => "ok",
                    (false, Severity::Warn) => "warned",
                    (false, Severity::Error) => "failed",
                };
                (judged(result), word)
            }
        }
    }
}

fn known<'a>(facts: &AssetFacts<'a>, asset: usize) -> impl Iterator<Item = Known<'a>> {
    let (evaluations, key) = (facts.evaluations, facts.graph.assets()[asset].key());
    let made = facts.latest(key).map(|latest| latest.run);
    facts.graph.checks_of(asset).map(move |def| {
        let of_it = |fact: &&CheckEvaluation| fact.asset == *key && *fact.check == *def.name();
        let latest = evaluations.iter().find(of_it);
        let looked_at = latest.map(|latest| latest.target.as_ref().map(|target| target.run));
        Known { def, latest, current: looked_at == Some(made) }
    })
}

/// How the checks of an asset stand, by their numbers: `1 failed, 2 ok`. What was found of an earlier materialization says
/// nothing of the latest.
pub(super) fn brief(facts: &AssetFacts<'_>, asset: usize) -> Cell {
    let words: Vec<_> = known(facts, asset)
        .map(|check| if check.current { check.word() } else { (Role::Skip, "not checked") })
        .collect();
    let mut parts = Vec::new();
    let mut role = Role::Faint;
    for word in ["failed", "warned", "ok", "not checked"] {
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

/// The checks of an asset, each with what it found last and whether that was of the latest materialization.
pub(super) fn listed(facts: &AssetFacts<'_>, asset: usize) -> String {
    let row = |check: Known<'_>| {
        let (role, word) = check.word();
        let said = check.latest.and_then(|latest| latest.result.description.as_deref());
        let said = said.or(check.def.description().filter(|_| check.latest.is_none()));
        let earlier = check.latest.is_some() && !check.current;
        [
            Cell::of(Role::Name, check.def.name()),
            Cell::of(role, word),
            check.latest.map_or_else(String::new, |latest| facts.when(latest.time)).into(),
            check.latest.map_or_else(String::new, |latest| facts.run_of(latest.run)).into(),
            Cell::of(Role::Faint, if check.def.is_blocking() { "blocking" } else { "" }),
            Cell::of(Role::Warn, if earlier { "an earlier materialization" } else { "" }),
            one_line(said.unwrap_or_default()).into(),
        ]
    };
    let rows: Vec<_> = known(facts, asset).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    table(["check", "found", "looked", "run", "", "of", ""], rows, facts.palette)
}

/// The same as an array.
pub(super) fn as_json(facts: &AssetFacts<'_>, asset: usize) -> Value {
    let told = |check: Known<'_>| {
        json!({
            "name": check.def.name(),
            "blocking": check.def.is_blocking(),
            "description": check.def.description(),
            "place": check.def.place().to_string(),
            "current": check.current,
            "latest": check.latest.map(evaluation),
        })
    };
    known(facts, asset).map(told).collect()
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
