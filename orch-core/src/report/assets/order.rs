use super::AssetFacts;
use super::mark::Mark;
use crate::graph::AssetGraph;
use crate::select::Selectable as _;

/// The part of a graph that is drawn, and what of it is made of what.
pub(super) struct Drawn<'a> {
    pub(super) graph: &'a AssetGraph,
    selected: &'a [bool],
    facts: Option<&'a AssetFacts<'a>>,
}

/// From an asset to one that is made of it; dashed where no value is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) dashed: bool,
}

impl<'a> Drawn<'a> {
    /// With how each asset stands, if what is known of it is given.
    pub(super) fn new(
        graph: &'a AssetGraph,
        selected: &'a [bool],
        facts: Option<&'a AssetFacts<'a>>,
    ) -> Self {
        Self { graph, selected, facts }
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.selected.get(number).copied().unwrap_or(false)
    }

    /// The assets, each after all that it is made of.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.graph.order().iter().copied().filter(|&number| self.has(number))
    }

    pub(super) fn upstream(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        self.graph.upstream(number).iter().copied().filter(|&other| self.has(other))
    }

    pub(super) fn downstream(&self, number: usize) -> impl Iterator<Item = usize> + '_ {
        self.graph.downstream(number).iter().copied().filter(|&other| self.has(other))
    }

    pub(super) fn key(&self, number: usize) -> &'a str {
        self.graph.assets()[number].key().as_str()
    }

    /// How an asset stands, if that is drawn.
    pub(super) fn mark(&self, number: usize) -> Option<Mark> {
        Mark::of(self.facts?, number)
    }

    /// The groups in the order of their first assets, each with its assets; those without a group stand in one of their own.
    pub(super) fn groups(&self) -> Vec<(Option<&'a str>, Vec<usize>)> {
        let mut groups: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
        for number in self.order() {
            let group = self.graph.assets()[number].group();
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, assets)) => assets.push(number),
                None => groups.push((group, vec![number])),
            }
        }
        groups
    }

    /// The arrows, in the order of the assets.
    pub(super) fn arrows(&self) -> impl Iterator<Item = Arrow> + '_ {
        let arrow = |from, to| Arrow { from, to, dashed: !self.graph.takes(to, from) };
        self.order().flat_map(move |to| self.upstream(to).map(move |from| arrow(from, to)))
    }

    /// The arrows from assets to themselves, of which earlier partitions are taken.
    pub(super) fn own_arrows(&self) -> impl Iterator<Item = Arrow> + '_ {
        let own = self.order().filter(|&number| self.graph.takes_own(number));
        own.map(|number| Arrow { from: number, to: number, dashed: false })
    }
}
