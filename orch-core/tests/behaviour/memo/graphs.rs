//! Graphs of several steps that make an asset: they are passed over whole, or run whole.

use orch_core::define::Dynamic;
use orch_core::graph::Collected;

use super::*;
use crate::support::Many;

/// The steps of a graph before its last: one that takes nothing, one whose items are made of the first that the graph takes, and one
/// for each item, that takes the last.
#[derive(Clone)]
pub(super) struct Before {
    begin: Arc<OpDef>,
    split: Arc<OpDef>,
    each: Arc<OpDef>,
}

impl Before {
    /// How often code of these steps is called.
    pub(super) const CALLS: usize = 4;

    /// Those of a graph of this name; each notes whose it is.
    pub(super) fn of<T: Clone + Send + 'static>(name: &str, whose: T, begun: &Notes<T>) -> Self {
        let note = || {
            let (whose, begun) = (whose.clone(), begun.clone());
            let whose = std::sync::Mutex::new(whose);
            move || begun.add(whose.lock().unwrap().clone())
        };
        let noted = note();
        let begin = OpDef::builder(format!("{name}_begin")).returns::<Plain>().coded([Coded::<i64>::CODEC]);
        let begin = begin.blocking(move |_| {
            noted();
            Ok(0)
        });
        let noted = note();
        let split = OpDef::builder(format!("{name}_split")).input::<i64>("x").returns::<Many>();
        let split = split.coded([Coded::<Dynamic<i64>>::CODEC]).blocking(move |mut args| {
            noted();
            let x = args.take::<i64>(0)?;
            Ok(Dynamic::from_iter([("plus", x), ("minus", -x)]))
        });
        let noted = note();
        // Of what it gives nothing is left when the process is gone.
        let each = OpDef::builder(format!("{name}_each")).input::<i64>("item").input::<i64>("x");
        let each = each.returns::<Plain>().blocking(move |mut args| {
            noted();
            args.take::<i64>(0)
        });
        Self { begin: begin.into(), split: split.into(), each: each.into() }
    }

    /// Draws them for what a graph takes; what they come to is nothing.
    pub(super) fn draw(&self, takes: &[Out<i64>]) -> Collected<i64> {
        let begin = Call::of(&self.begin).place::<Plain>();
        let (first, last) = (*takes.first().unwrap_or(&begin), *takes.last().unwrap_or(&begin));
        let items = Call::of(&self.split).input::<i64>(first).place::<Many>();
        let each =
            items.map(|item| Call::of(&self.each).input::<i64>(item).input::<i64>(last).place::<Plain>());
        each.collect()
    }
}

#[test]
fn a_graph_is_passed_over_whole_if_it_would_come_out_as_it_is() {
    let half = Spec { below: 2, ..Spec::new(&[0]) };
    let mut world = World::new(vec![Spec::new(&[]), half, Spec::new(&[1]).graph(), Spec::new(&[2])]);
    let (_, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2_each[plus] made, a2_each[minus] made, a2_split made, a2 made, a3 made, a2_begin made");
    // The source is another number, of which half makes the same.
    world.specs[0].code = Some(3);
    let (called, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2_begin as by run 1, a2_split as by run 1, a2 as by run 1, a3 as by run 1");
    assert_eq!(called, [0, 1]);
    // And that makes another one.
    world.specs[1].env = 1;
    let (called, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 as by run 2, a1 made, a2_each[plus] made, a2_each[minus] made, a2_split made, a2 made, a3 made, a2_begin made");
    assert_eq!(called, [1, 2, 3]);
    assert_eq!(to_make(&world), "");
}

#[test]
fn a_graph_waits_for_all_that_it_takes_before_it_begins() {
    // Its first step takes nothing, its map the last that is made.
    let half = |input| Spec { below: 2, ..Spec::new(&[input]) };
    let graph = Spec::new(&[1, 2]).graph();
    let mut world = World::new(vec![Spec::new(&[]), half(0), half(1), graph]);
    world.memoized(&world.all());
    world.specs[2].env = 2;
    let (called, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 as by run 1, a1 as by run 1, a2 made, a3_begin as by run 1, a3_split as by run 1, a3 as by run 1");
    assert_eq!(called, [2]);
    world.specs[2].env = 1;
    let (called, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 as by run 1, a1 as by run 1, a2 made, a3_each[plus] made, a3_each[minus] made, a3_split made, a3 made, a3_begin made");
    assert_eq!(called, [2, 3]);
}
