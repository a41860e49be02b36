use super::super::columns::width;
use super::super::palette::{Palette, Role};
use super::super::words::count;
use super::rows;
use crate::asset::Materialization;

/// How many materializations of a run are told by name.
const TOLD: usize = 20;

/// What a run has materialized, from its oldest materialization on: a line for each, with its rows if they are known. Ends
/// with a line break, unless there is nothing to tell.
#[must_use]
pub fn materialized(facts: &[Materialization], palette: Palette) -> String {
    let widest = facts.iter().take(TOLD).map(|fact| width(fact.asset.as_str())).max().unwrap_or(0);
    let label = palette.paint(Role::Good, &format!("{:>12}", "Materialized"));
    let mut text = String::new();
    for fact in facts.iter().take(TOLD) {
        let key = fact.asset.as_str();
        let name = palette.paint(Role::Name, key);
        let partition = fact.partition.as_ref().map(|partition| format!("[{partition}]")).unwrap_or_default();
        let rows = match rows(fact).as_deref() {
            Some("1") => "1 row".to_owned(),
            Some(rows) => format!("{rows} rows"),
            None => String::new(),
        };
        let pad = if rows.is_empty() { 0 } else { widest - width(key) + 2 };
        text.push_str(&format!("{label} {name}{partition}{}{rows}\n", " ".repeat(pad)));
    }
    let more = facts.len().saturating_sub(TOLD);
    if more > 0 {
        text.push_str(&format!("{:>12} and {}\n", "", count(more as u64, "more asset", "more assets")));
    }
    text
}
