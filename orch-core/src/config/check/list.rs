use std::sync::Arc;

use serde_json::Value as Json;

use super::{Check, Kind, number};
use crate::config::path::ConfigStep;
use crate::config::schema::Facets;
use crate::config::{Node, Value};

impl<'a> Check<'a> {
    pub(super) fn list(&mut self, node: &Node, items: &[Node], facets: &Facets<'a>) -> Node {
        self.length(node, items.len() as u64, facets);
        let first =
            facets.all("prefixItems").filter_map(Json::as_array).next().map_or(&[][..], Vec::as_slice);
        let rest = facets.word("items");
        let mut effective = Vec::with_capacity(items.len());
        let mut too_many = false;
        for (at, item) in items.iter().enumerate() {
            let schema = first.get(at).or(rest);
            // `false` after the items that are described one by one means that there are no more.
            if schema == Some(&Json::Bool(false)) {
                too_many = true;
                effective.push(item.clone());
                continue;
            }
            effective.push(match schema {
                Some(schema) => self.within(ConfigStep::Index(at), |check| check.value(item, schema)),
                None => item.clone(),
            });
        }
        let told = facets.all("maxItems").filter_map(Json::as_u64).any(|most| items.len() as u64 > most);
        if too_many && !told {
            let message = format!("is to have {}, but has {}", count(first.len() as u64), items.len());
            self.report(Kind::WrongValue, node, &message);
        }
        if facets.all("uniqueItems").any(|word| word == &Json::Bool(true)) {
            self.unique(&effective);
        }
        Node { value: Value::List(effective), origin: node.origin.clone() }
    }

    fn length(&mut self, node: &Node, length: u64, facets: &Facets<'a>) {
        let least = facets.all("minItems").filter_map(Json::as_u64).max().unwrap_or(0);
        let most = facets.all("maxItems").filter_map(Json::as_u64).min().unwrap_or(u64::MAX);
        let wanted = match (least, most) {
            _ if (least..=most).contains(&length) => return,
            _ if least == most => count(most),
            _ if length < least => format!("at least {}", count(least)),
            _ => format!("at most {}", count(most)),
        };
        let has = if length == 0 { "is empty".to_owned() } else { format!("has {length}") };
        self.report(Kind::WrongValue, node, &format!("is to have {wanted}, but {has}"));
    }

    /// Tells items that are there twice, by their numbers, since they may be secret.
    fn unique(&mut self, items: &[Node]) {
        let mut seen: Vec<(String, usize)> = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let mut text = String::new();
            spell(item, &mut text);
            seen.push((text, at));
        }
        seen.sort();
        for pair in seen.windows(2) {
            let [(a, first), (b, again)] = pair else { continue };
            if a == b {
                let what = format!(
                    "has the same item twice, as [{first}] and [{again}], and each may be there once"
                );
                let problem = self.problem(Kind::WrongValue, &items[*again], &what);
                self.problems.push(problem.at_as("first", items[*first].origin.clone()));
            }
        }
    }
}

fn count(items: u64) -> String {
    if items == 1 { "1 item".to_owned() } else { format!("{items} items") }
}

/// A value as text that is the same for values that are the same: numbers by their value, maps by key.
fn spell(node: &Node, text: &mut String) {
    match &node.value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number::whole(number).as_ref().unwrap_or(number).to_string()),
        Value::Text(value) => text.push_str(&Json::from(value.as_str()).to_string()),
        Value::List(items) => {
            text.push('[');
            for item in items {
                spell(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> =
                entries.iter().map(|entry| (Arc::clone(&entry.key), &entry.node)).collect();
            sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
            text.push('{');
            for (key, node) in sorted {
                text.push_str(&Json::from(&*key).to_string());
                text.push(':');
                spell(node, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}
