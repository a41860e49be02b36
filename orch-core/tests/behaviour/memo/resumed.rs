//! Runs that pass over what would come out the same, and are interrupted at any commit or fail.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::resume::Mortal;

/// A source, what comes out the same of it, what depends on that, and what depends on all.
fn world() -> World {
    let half = Spec { below: 2, ..Spec::new(&[0]) };
    let mut world = World::new(vec![Spec::new(&[]), half, Spec::new(&[1]), Spec::new(&[0, 2])]);
    world.memoized(&world.all());
    world.specs[0].code = Some(3);
    world
}

fn mortal(world: &World, left: usize) -> Arc<dyn Storage> {
    Arc::new(Mortal { memory: world.memory.clone(), left: Arc::new(AtomicUsize::new(left)), room: true })
}

#[test]
fn a_run_that_goes_on_passes_over_what_it_passed_over_before() {
    let mut whole = world();
    let (called, run) = whole.memoized(&whole.all());
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2 as by run 1, a3 made");
    assert_eq!(called, [0, 1, 3]);
    let undisturbed = whole.latest();
    let mut lives = 0;
    loop {
        let mut world = world();
        let all = world.all();
        if world.run(&all, true, &mortal(&world, lives)).is_ok() {
            break;
        }
        let runner = world.definitions().resume(&world.storage(), RunId::from_u128(world.runs)).unwrap();
        let run = runner.env(world.env()).keep_events().keep_outputs().run_blocking().unwrap();
        assert_eq!(world.latest(), undisturbed, "interrupted after {lives} commits");
        let mut told = Vec::new();
        let events = world.storage().events(run.id()).unwrap();
        let each = &mut |logged: orch_core::event::Logged, _: Option<&[u8]>| {
            told.extend(
                matches!(logged.event.kind, EventKind::StepMemoized { .. }).then_some(logged.event.step),
            );
        };
        events.history(each).unwrap();
        assert_eq!(told.len(), 1, "interrupted after {lives} commits: {told:?}");
        lives += 1;
    }
    // Before each step that runs, and behind the last.
    assert!(lives >= 4, "{lives} commits");
}

#[test]
fn a_rerun_takes_what_was_passed_over_unless_all_is_to_be_made_anew() {
    let mut world = world();
    // Its code fails: nothing is below nothing.
    world.specs[3].below = 0;
    world.run(&world.all(), true, &world.storage()).unwrap_err();
    world.called.take();
    world.specs[3].below = 1000;
    let last = RunId::from_u128(world.runs);
    let rerun = |what| {
        let runner = world.definitions().rerun(&world.storage(), last, what).unwrap();
        runner.env(world.env()).keep_events().run_blocking().unwrap()
    };
    let run = rerun(Rerun::FromFailure);
    assert_eq!(world.called.take(), [3]);
    insta::assert_snapshot!(ends(&run), @"a3 made");
    let run = rerun(Rerun::Select("a3".parse().unwrap()));
    assert_eq!(world.called.take(), [3]);
    insta::assert_snapshot!(ends(&run), @"a3 made");
    let run = rerun(Rerun::All);
    assert_eq!(world.called.take(), [0, 1, 2, 3]);
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2 made, a3 made");
}
