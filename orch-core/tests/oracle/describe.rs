//! Random descriptions of jobs: what both the engine and the nested loops go by.

use proptest::collection::vec;
use proptest::prelude::*;

/// A step, with the steps inside its map. A number in `inputs` or `after` picks one of what is known at its place.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A number from numbers.
    Plain { inputs: Vec<usize>, after: Option<usize>, luck: Luck },
    /// As [`Node::Plain`], and may be left out.
    Maybe { inputs: Vec<usize>, luck: Luck },
    /// One input of several numbers.
    FanIn { elements: Vec<usize>, luck: Luck },
    /// A dynamic output, mapped and perhaps collected.
    Source { inputs: Vec<usize>, luck: Luck, items: Items, body: Vec<Self>, collect: Option<Collect> },
    /// A map in a map, collected twice at once into rows of cells.
    Grid { inputs: Vec<usize>, rows: usize, columns: usize, results: bool, luck: Luck },
}

/// How a step fares, decided by what it is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Luck {
    /// Of so many different inputs one is unlucky; 0 for none.
    pub(crate) one_in: i64,
    /// How many attempts fail then.
    pub(crate) failures: u32,
    pub(crate) retries: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Items {
    pub(crate) count: usize,
    /// Whether they have keys of their own.
    pub(crate) keyed: bool,
    /// The item at which an unlucky source fails; without one it fails before the first.
    pub(crate) breaks_at: Option<usize>,
    /// Whether the last item has the key of the first.
    pub(crate) duplicate: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Collect {
    /// Picks what is collected of what the body knows.
    pub(crate) element: usize,
    pub(crate) results: bool,
    pub(crate) luck: Luck,
}

impl Items {
    pub(crate) fn key(self, at: usize) -> String {
        match (self.keyed, self.duplicate && at + 1 == self.count) {
            (true, true) => "k0".to_owned(),
            (true, false) => format!("k{at}"),
            (false, _) => at.to_string(),
        }
    }
}

impl Luck {
    /// How many attempts at a step fail when it is given `mix`.
    pub(crate) fn failures_for(self, mix: i64) -> u32 {
        if self.one_in > 0 && mix.rem_euclid(self.one_in) == 0 { self.failures } else { 0 }
    }
}

/// A number made of numbers, such that neither their order nor their count goes unnoticed.
pub(crate) fn mix(seed: usize, values: impl IntoIterator<Item = i64>) -> i64 {
    let start = seed as i64 + 17;
    values.into_iter().fold(start, |mixed, value| mixed.wrapping_mul(31).wrapping_add(value) % 1_000_003)
}

/// Whether a [`Node::Maybe`] is left out when it is given `mix`.
pub(crate) fn is_absent(mix: i64) -> bool {
    mix.rem_euclid(3) == 1
}

pub(crate) fn nodes(depth: u32) -> BoxedStrategy<Vec<Node>> {
    vec(node(depth), if depth == 3 { 1..6 } else { 0..4 }).boxed()
}

fn node(depth: u32) -> BoxedStrategy<Node> {
    let inputs = || vec(any::<usize>(), 0..3);
    let plain = (inputs(), proptest::option::weighted(0.3, any::<usize>()), luck())
        .prop_map(|(inputs, after, luck)| Node::Plain { inputs, after, luck });
    let maybe = (inputs(), luck()).prop_map(|(inputs, luck)| Node::Maybe { inputs, luck });
    let fan_in =
        (vec(any::<usize>(), 1..4), luck()).prop_map(|(elements, luck)| Node::FanIn { elements, luck });
    if depth == 0 {
        return prop_oneof![3 => plain, 2 => maybe, 1 => fan_in].boxed();
    }
    let collect = proptest::option::weighted(
        0.8,
        (any::<usize>(), any::<bool>(), luck()).prop_map(|(element, results, luck)| Collect {
            element,
            results,
            luck,
        }),
    );
    let source = (inputs(), luck(), items(), nodes(depth - 1), collect)
        .prop_map(|(inputs, luck, items, body, collect)| Node::Source { inputs, luck, items, body, collect });
    let grid = (inputs(), 0..3_usize, 0..3_usize, any::<bool>(), luck()).prop_map(
        |(inputs, rows, columns, results, luck)| Node::Grid { inputs, rows, columns, results, luck },
    );
    prop_oneof![3 => plain, 2 => maybe, 1 => fan_in, 4 => source, 1 => grid].boxed()
}

fn luck() -> impl Strategy<Value = Luck> {
    (prop_oneof![4 => Just(0_i64), 1 => Just(1), 2 => Just(2), 2 => Just(3)], 1..4_u32, 0..3_u32)
        .prop_map(|(one_in, failures, retries)| Luck { one_in, failures, retries })
}

fn items() -> impl Strategy<Value = Items> {
    (0..4_usize, any::<bool>(), proptest::option::of(0..3_usize), proptest::bool::weighted(0.1)).prop_map(
        |(count, keyed, breaks_at, duplicate)| Items {
            count,
            keyed,
            breaks_at,
            duplicate: duplicate && keyed && count > 1,
        },
    )
}
