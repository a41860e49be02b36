use std::collections::BTreeMap;

use crate::select::{Attributes, Selectable};

/// A graph as a test writes it down.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) names: Vec<String>,
    pub(super) up: Vec<Vec<usize>>,
    pub(super) down: Vec<Vec<usize>>,
    pub(super) maps: Vec<Vec<usize>>,
    pub(super) tags: Vec<BTreeMap<String, String>>,
    pub(super) groups: Vec<Option<String>>,
    pub(super) lists: Vec<Vec<String>>,
}

impl Graph {
    /// Of nodes by name, with the names of those that they depend on.
    pub(super) fn of(nodes: &[(&str, &[&str])]) -> Self {
        let at = |wanted: &str| {
            nodes.iter().position(|(name, _)| *name == wanted).unwrap_or_else(|| panic!("{wanted}"))
        };
        let edges = nodes.iter().map(|(_, up)| up.iter().map(|name| at(name)).collect()).collect();
        Self::numbered(nodes.iter().map(|(name, _)| (*name).to_owned()).collect(), edges)
    }

    pub(super) fn numbered(names: Vec<String>, up: Vec<Vec<usize>>) -> Self {
        let nodes = names.len();
        let mut down = vec![Vec::new(); nodes];
        for (node, up) in up.iter().enumerate() {
            up.iter().for_each(|&other| down[other].push(node));
        }
        Self {
            names,
            up,
            down,
            maps: vec![Vec::new(); nodes],
            tags: vec![BTreeMap::new(); nodes],
            groups: vec![None; nodes],
            lists: vec![Vec::new(); nodes],
        }
    }
}

impl Selectable for Graph {
    fn len(&self) -> usize {
        self.names.len()
    }

    fn name(&self, node: usize) -> &str {
        &self.names[node]
    }

    fn upstream(&self, node: usize) -> &[usize] {
        &self.up[node]
    }

    fn downstream(&self, node: usize) -> &[usize] {
        &self.down[node]
    }

    fn maps(&self, node: usize) -> &[usize] {
        &self.maps[node]
    }
}

impl Attributes for Graph {
    fn tags(&self, node: usize) -> &BTreeMap<String, String> {
        &self.tags[node]
    }

    fn owners(&self, node: usize) -> &[String] {
        &self.lists[node]
    }

    fn group(&self, node: usize) -> Option<&str> {
        self.groups[node].as_deref()
    }

    fn kinds(&self, node: usize) -> &[String] {
        &self.lists[node]
    }
}
