use std::collections::{HashMap, HashSet};

use super::{Problem, ProblemKind};
use crate::define::JobOptions;
use crate::graph::GraphNode;

/// Names every node: as its call says, else by its op, with `_2`, `_3`, .. where the name is taken.
pub(super) fn name_steps(
    options: &JobOptions,
    nodes: &[GraphNode],
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    check(&options.name, "the job", problems, &options.place);
    let mut taken: HashMap<String, usize> = HashMap::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        if let Some(name) = &node.named {
            check(name, "the step", problems, &node.place);
            let name = format!("{}{name}", node.prefix);
            if let Some(&first) = taken.get(&name) {
                problems.push(
                    Problem::new(ProblemKind::DuplicateName, format!("two steps are named `{name}`"))
                        .at("first", nodes[first].place.clone())
                        .at("second", node.place.clone())
                        .hint("give one of them another name with `.named(..)`"),
                );
            }
            taken.insert(name, index);
        }
    }
    // The number to try next for a name, so that ten thousand calls of one op are not ten thousand searches.
    let mut next: HashMap<String, usize> = HashMap::new();
    let mut checked: HashSet<&str> = HashSet::new();
    let mut names = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let own = node.named.as_deref().unwrap_or_else(|| node.op.name());
        let base = format!("{}{own}", node.prefix);
        if node.named.is_some() {
            names.push(base);
            continue;
        }
        if checked.insert(own) {
            check(own, "the op", problems, &node.op.place);
        }
        let number = next.entry(base.clone()).or_insert(1);
        let name = loop {
            let name = if *number == 1 { base.clone() } else { format!("{base}_{number}") };
            *number += 1;
            if !taken.contains_key(&name) {
                break name;
            }
        };
        taken.insert(name.clone(), index);
        names.push(name);
    }
    names
}

fn check(name: &str, what: &str, problems: &mut Vec<Problem>, place: &crate::ids::Place) {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        problems.push(
            Problem::new(
                ProblemKind::InvalidName,
                format!("{what} cannot be named `{}`", name.escape_debug()),
            )
            .at("named", place.clone())
            .hint("names are made of letters, digits and `_`"),
        );
    }
}
