use super::super::columns::width;
use super::super::palette::{Palette, Role};
use super::super::words::{NOTHING_THERE, count};
use super::rows;
use super::stale::short;
use crate::asset::Materialization;

/// How many materializations of a run are told by name.
const TOLD: usize = 20;

/// What a run has materialized, and observed of what others make, from the oldest on: a line for each, with its rows if they are
/// known, and of an observation with the version, if anything was there. Of very many it tells what was made, and observations if there is room. Ends with
/// a line break, unless there is nothing to tell.
#[must_use]
pub fn materialized(facts: &[Materialization], palette: Palette) -> String {
    let mut told: Vec<&Materialization> = facts.iter().collect();
    if told.len() > TOLD {
        told.sort_by_key(|fact| fact.is_observation());
        told.truncate(TOLD);
    }
    let widest = told.iter().map(|fact| width(fact.asset.as_str())).max().unwrap_or(0);
    let mut text = String::new();
    for fact in told {
        let key = fact.asset.as_str();
        let name = palette.paint(Role::Name, key);
        let partition = fact.partition.as_ref().map(|partition| format!("[{partition}]")).unwrap_or_default();
        let rows = rows(fact).map(|rows| match rows.as_str() {
            "1" => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        });
        let is_observation = fact.is_observation();
        let version = fact.data_version.as_deref().map(|version| format!("as {}", short(version)));
        let found = version.or_else(|| fact.found_nothing().then(|| NOTHING_THERE.to_owned()));
        let told: Vec<_> = found.filter(|_| is_observation).into_iter().chain(rows).collect();
        let pad = if told.is_empty() { 0 } else { widest - width(key) + 2 };
        let label = if is_observation { "Observed" } else { "Materialized" };
        let label = palette.paint(Role::Good, &format!("{label:>12}"));
        text.push_str(&format!("{label} {name}{partition}{}{}\n", " ".repeat(pad), told.join(", ")));
    }
    let more = facts.len().saturating_sub(TOLD);
    if more > 0 {
        text.push_str(&format!("{:>12} and {}\n", "", count(more as u64, "more asset", "more assets")));
    }
    text
}
