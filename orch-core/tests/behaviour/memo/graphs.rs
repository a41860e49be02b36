//! Graphs of several steps that make an asset: they are passed over whole, or run whole.

use std::sync::atomic::AtomicUsize;

use orch_core::define::Dynamic;
use orch_core::graph::Collected;

use super::*;
use crate::resume::Mortal;
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
    pub(super) fn of<T: Clone + Send + Sync + 'static>(name: &str, whose: &T, begun: &Notes<T>) -> Self {
        let note = || {
            let (whose, begun) = (whose.clone(), begun.clone());
            move || begun.add(whose.clone())
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

/// A storage on which a process dies after so many commits.
fn mortal(world: &World, left: usize) -> Arc<dyn Storage> {
    Arc::new(Mortal {
        memory: world.memory.clone(),
        left: Arc::new(AtomicUsize::new(left)),
        room: true,
        unread: None,
    })
}

#[test]
fn a_run_that_goes_on_from_a_failure_passes_over_the_same_graphs_whenever_it_is_interrupted() {
    let half = Spec { below: 2, ..Spec::new(&[0]) };
    let specs = [Spec::new(&[]), half, Spec::new(&[1]), Spec::new(&[0, 2]), Spec::new(&[2, 3])];
    let mut lives = 0;
    loop {
        let mut world = World::new(specs.iter().cloned().map(Spec::graph).collect());
        world.memoized(&world.all());
        world.specs[0].code = Some(3);
        // Its code fails: nothing is below nothing.
        world.specs[3].below = 0;
        world.run(&world.all(), true, &world.storage()).unwrap_err();
        (_, _) = (world.called.take(), world.begun.take());
        world.specs[3].below = 1000;
        let (failed, dying) = (RunId::from_u128(world.runs), mortal(&world, lives));
        let again = world.definitions().rerun(&dying, failed, Rerun::FromFailure).unwrap();
        let again = again.env(world.env()).run_id(RunId::from_u128(99)).max_concurrent(1);
        let is_over = again.run_blocking().is_ok();
        if !is_over {
            let runner = world.definitions().resume(&world.storage(), RunId::from_u128(99)).unwrap();
            runner.env(world.env()).run_blocking().unwrap();
        }
        let mut called = world.called.take();
        called.dedup();
        assert_eq!(called, [3, 4], "interrupted after {lives} commits");
        let begun = world.begun.take();
        assert!(begun.iter().all(|number| *number > 2), "interrupted after {lives} commits: {begun:?}");
        let mut undisturbed = World::new(world.specs.clone());
        undisturbed.memoized(&undisturbed.all());
        assert_eq!(world.latest(), undisturbed.latest(), "interrupted after {lives} commits");
        if is_over {
            break;
        }
        lives += 1;
    }
    assert!(lives >= 6, "{lives} commits");
}

#[test]
fn a_graph_that_is_another_when_the_run_goes_on_is_looked_at_anew() {
    for of_graphs in [false, true] {
        let mut lives = 0;
        loop {
            let half = Spec { below: 2, ..Spec::new(&[0]) };
            let specs = [Spec::new(&[]), half, Spec::new(&[1]), Spec::new(&[0, 2])];
            let made = |is_graph| move |spec: Spec| Spec { is_graph, ..spec };
            let mut world = World::new(specs.iter().cloned().map(made(of_graphs)).collect());
            world.memoized(&world.all());
            world.specs[0].code = Some(3);
            if world.run(&world.all(), true, &mortal(&world, lives)).is_ok() {
                break;
            }
            // What an op has made, a graph does now, or the other way round.
            world.specs = world.specs.into_iter().map(made(!of_graphs)).collect();
            let runner = world.definitions().resume(&world.storage(), RunId::from_u128(world.runs)).unwrap();
            runner.accept_changes().env(world.env()).run_blocking().unwrap();
            let mut undisturbed = World::new(world.specs.clone());
            undisturbed.memoized(&undisturbed.all());
            assert_eq!(world.latest(), undisturbed.latest(), "interrupted after {lives} commits");
            lives += 1;
        }
        assert!(lives >= 4, "{lives} commits");
    }
}
