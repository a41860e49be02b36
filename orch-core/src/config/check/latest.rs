use super::choice::{Choice, tag};
use crate::config::schema::Facets;
use crate::config::{Entry, Node, Value};

/// The value without what belongs to a choice that a later layer has made otherwise: whoever lays `{table: {..}}` over
/// `{file: {..}}` means the table, not both. None if there is nothing of the kind.
pub(super) fn of(node: &Node, choices: &[Choice<'_>], facets: &Facets<'_>) -> Option<Node> {
    let Value::Map(entries) = &node.value else { return None };
    let superseded = match tag(choices) {
        Some(tag) => of_tagged(entries, tag, choices, facets),
        None => of_keyed(entries, choices),
    };
    if superseded.is_empty() {
        return None;
    }
    let left = entries.iter().filter(|entry| !superseded.contains(&&*entry.key));
    Some(Node { value: Value::Map(left.cloned().collect()), origin: node.origin.clone() })
}

/// Of several names that each are a choice, all but the latest.
fn of_keyed<'e>(entries: &'e [Entry], choices: &[Choice<'_>]) -> Vec<&'e str> {
    let is_choice = |entry: &&Entry| choices.iter().any(|choice| choice.key() == Some(&*entry.key));
    // Alternatives of other forms may take several of the names.
    if choices.iter().any(|choice| choice.key().is_none() && choice.unit().is_none()) {
        return Vec::new();
    }
    let chosen = || entries.iter().filter(is_choice);
    let Some(latest) = chosen().map(|entry| entry.layer).max() else { return Vec::new() };
    chosen().filter(|entry| entry.layer < latest).map(|entry| &*entry.key).collect()
}

/// The fields that were given before the tag was, if they are another choice's alone.
fn of_tagged<'e>(
    entries: &'e [Entry],
    tag: &str,
    choices: &[Choice<'_>],
    facets: &Facets<'_>,
) -> Vec<&'e str> {
    let Some(given) = entries.iter().find(|entry| &*entry.key == tag) else { return Vec::new() };
    let Value::Text(name) = &given.node.value else { return Vec::new() };
    let (chosen, others): (Vec<_>, Vec<_>) =
        choices.iter().partition(|choice| choice.tag(tag) == Some(name.as_str()));
    let has = |facets: &Facets<'_>, key: &str| facets.fields().iter().any(|(field, _)| *field == key);
    let among = |choices: &[&Choice<'_>], key: &str| choices.iter().any(|choice| has(&choice.facets, key));
    let before = entries.iter().filter(|entry| entry.layer < given.layer).map(|entry| &*entry.key);
    before
        .filter(|key| !chosen.is_empty() && !has(facets, key))
        .filter(|key| !among(&chosen, key) && among(&others, key))
        .collect()
}
