use std::collections::HashSet;

use super::super::Selectable;
use super::super::error::{Mistake, SelectionError, told};
use super::super::walk::walk;
use super::{Copies, Named, StepClause, StepSelection};
use crate::ids::{MappingKey, nearest};

impl StepSelection {
    /// Which copies of each node are selected, by the numbers of the nodes.
    ///
    /// From one item of a map a selection goes on within that item, and outside of the map to whatever depends on it.
    ///
    /// # Errors
    /// If clauses name nothing that there is, or more keys than there are maps; all of them, with what there is.
    pub fn of(&self, graph: &impl Selectable) -> Result<Vec<Copies>, SelectionError> {
        let mut copies = vec![Copies::None; graph.len()];
        let mut mistakes = Vec::new();
        for clause in &self.clauses {
            match clause.nodes(graph) {
                Ok(nodes) => clause.select(graph, &nodes, &mut copies),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if mistakes.is_empty() { Ok(copies) } else { Err(SelectionError::of(mistakes)) }
    }
}

impl StepClause {
    fn keys(&self) -> &[MappingKey] {
        match &self.named {
            Named::All => &[],
            Named::Step { keys, .. } => keys,
        }
    }

    /// What it names, without what it goes on to.
    fn nodes(&self, graph: &impl Selectable) -> Result<Vec<usize>, Mistake> {
        let Named::Step { name, keys } = &self.named else { return Ok((0..graph.len()).collect()) };
        let is_meant = |node: &usize| {
            let rest = graph.name(*node).strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let nodes: Vec<usize> = (0..graph.len()).filter(is_meant).collect();
        if nodes.is_empty() {
            return Err(self.unknown(name, graph));
        }
        match nodes.iter().find(|&&node| graph.maps(node).len() < keys.len()) {
            Some(&node) => Err(self.too_many_keys(graph.name(node), graph.maps(node).len())),
            None => Ok(nodes),
        }
    }

    fn select(&self, graph: &impl Selectable, nodes: &[usize], copies: &mut [Copies]) {
        let keys = self.keys();
        // A node, and how many of the keys hold there: those of the maps that it shares with the named one.
        let start = || nodes.iter().map(|&node| (node, keys.len()));
        let to = |(from, held): (usize, usize)| {
            move |&node: &usize| {
                let shared =
                    graph.maps(from).iter().zip(graph.maps(node)).take_while(|(a, b)| a == b).count();
                (node, held.min(shared))
            }
        };
        let up = walk(start(), self.up, |at| graph.upstream(at.0).iter().map(to(at)));
        let down = walk(start(), self.down, |at| graph.downstream(at.0).iter().map(to(at)));
        let mut met: Vec<_> = up.into_iter().chain(down).collect::<HashSet<_>>().into_iter().collect();
        met.sort_unstable();
        for (node, held) in met {
            copies[node].add(&keys[..held]);
        }
    }

    fn unknown(&self, name: &str, graph: &impl Selectable) -> Mistake {
        let mistake = Mistake::new(format!("there is no step `{name}`"), self.origin.clone());
        let names = || (0..graph.len()).map(|node| graph.name(node));
        let told = told(names());
        // Who takes `*` for a wildcard has written the beginning or the end of names.
        let wildcard = self.origin.written().contains('*');
        let part = |other: &&str| other.starts_with(name) || other.ends_with(name);
        match (nearest(name, names()), names().find(part)) {
            (_, Some(part)) if wildcard => mistake.hint(format!(
                "`*` is no wildcard: it selects what comes before or behind; did you mean `{part}`? steps of this job: {told}"
            )),
            (Some(near), _) => mistake.hint(format!("did you mean `{near}`? steps of this job: {told}")),
            (None, _) if graph.is_empty() => mistake.hint("this job has no steps"),
            (None, _) => mistake.hint(format!("steps of this job: {told}")),
        }
    }

    fn too_many_keys(&self, step: &str, maps: usize) -> Mistake {
        let maps = match maps {
            0 => "no map".to_owned(),
            1 => "one map".to_owned(),
            maps => format!("{maps} maps within each other"),
        };
        let keys = match self.keys() {
            [_] => "a key is".to_owned(),
            keys => format!("{} keys are", keys.len()),
        };
        let message = format!("`{step}` stands in {maps}, and {keys} given");
        Mistake::new(message, self.origin.clone()).hint("a step has one key for each map that it stands in")
    }
}

impl Copies {
    /// Whether the copy for the item with these keys is selected.
    #[must_use]
    pub fn contains(&self, keys: &[&MappingKey]) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Only(items) => items
                .iter()
                .any(|item| item.len() <= keys.len() && item.iter().zip(keys).all(|(a, b)| a == *b)),
        }
    }

    /// Whether there may be any.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    fn add(&mut self, item: &[MappingKey]) {
        match self {
            Self::All => {}
            _ if item.is_empty() => *self = Self::All,
            Self::None => *self = Self::Only(vec![item.to_vec()]),
            Self::Only(_) if self.contains(&item.iter().collect::<Vec<_>>()) => {}
            Self::Only(items) => {
                items.retain(|other| !other.starts_with(item));
                items.push(item.to_vec());
            }
        }
    }
}
