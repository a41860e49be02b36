use std::collections::HashSet;
use std::hash::Hash;

/// How far a selection goes from what it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// Not at all.
    #[default]
    Here,
    /// At most so many edges.
    Levels(u32),
    /// As far as there is anything.
    All,
}

impl Reach {
    fn levels(self) -> u32 {
        match self {
            Self::Here => 0,
            Self::Levels(levels) => levels,
            Self::All => u32::MAX,
        }
    }
}

/// What lies within reach of `start`, which is part of it; `next` gives the neighbours.
pub(super) fn walk<N: Copy + Eq + Hash, I: IntoIterator<Item = N>>(
    start: impl IntoIterator<Item = N>,
    reach: Reach,
    next: impl Fn(N) -> I,
) -> HashSet<N> {
    let mut edge: Vec<N> = start.into_iter().collect();
    let mut met: HashSet<N> = edge.iter().copied().collect();
    let mut left = reach.levels();
    while left > 0 && !edge.is_empty() {
        left -= 1;
        let mut further = Vec::new();
        for node in edge {
            further.extend(next(node).into_iter().filter(|neighbour| met.insert(*neighbour)));
        }
        edge = further;
    }
    met
}
