//! Runs that pass over what would come out the same, and are interrupted at any commit or fail.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;

use orch_core::run::Runner;

use super::partitions::{At, Site, key_of, parts};
use super::*;
use crate::resume::Mortal;

/// A source, what comes out the same of it, what depends on that, and what depends on all; if so, all of them are made by graphs.
fn world(of_graphs: bool) -> World {
    let half = Spec { below: 2, ..Spec::new(&[0]) };
    let specs = [Spec::new(&[]), half, Spec::new(&[1]), Spec::new(&[0, 2])];
    let specs = specs.into_iter().map(|spec| if of_graphs { spec.graph() } else { spec });
    let mut world = World::new(specs.collect());
    world.memoized(&world.all());
    world.specs[0].code = Some(3);
    world
}

fn mortal(world: &World, left: usize) -> Arc<dyn Storage> {
    Arc::new(Mortal {
        memory: world.memory.clone(),
        left: Arc::new(AtomicUsize::new(left)),
        room: true,
        unread: None,
    })
}

#[test]
fn a_run_that_goes_on_passes_over_what_it_passed_over_before() {
    for of_graphs in [false, true] {
        let mut whole = world(of_graphs);
        let (called, run) = whole.memoized(&whole.all());
        assert_eq!(called, [0, 1, 3]);
        let (undisturbed, passed) = (whole.latest(), passed_over(&whole.storage(), run.id()));
        assert_eq!(passed, if of_graphs { &["a2", "a2_begin", "a2_split"][..] } else { &["a2"] });
        let mut lives = 0;
        loop {
            let mut world = world(of_graphs);
            let all = world.all();
            if world.run(&all, true, &mortal(&world, lives)).is_ok() {
                break;
            }
            let runner = world.definitions().resume(&world.storage(), RunId::from_u128(world.runs)).unwrap();
            let run = runner.env(world.env()).keep_events().keep_outputs().run_blocking().unwrap();
            assert_eq!(world.latest(), undisturbed, "interrupted after {lives} commits");
            let told = passed_over(&world.storage(), run.id());
            assert_eq!(told, passed, "interrupted after {lives} commits");
            lives += 1;
        }
        // Before each step that runs, and behind the last.
        assert!(lives >= if of_graphs { 16 } else { 4 }, "{lives} commits");
    }
}

#[test]
fn a_rerun_takes_what_was_passed_over_unless_all_is_to_be_made_anew() {
    for of_graphs in [false, true] {
        let mut world = world(of_graphs);
        // Its code fails: nothing is below nothing.
        world.specs[3].below = 0;
        world.run(&world.all(), true, &world.storage()).unwrap_err();
        world.called.take();
        world.begun.take();
        world.specs[3].below = 1000;
        let last = RunId::from_u128(world.runs);
        let rerun = |what| {
            let runner = world.definitions().rerun(&world.storage(), last, what).unwrap();
            ends(&runner.env(world.env()).keep_events().run_blocking().unwrap())
        };
        let told = rerun(Rerun::FromFailure);
        assert_eq!(world.called.take(), [3]);
        let of_it = |told: &str| told.split(", ").all(|end| end.starts_with("a3") && end.ends_with(" made"));
        assert!(of_it(&told), "{told}");
        let told =
            rerun(Rerun::Select(if of_graphs { "a3_begin*, a3_split*" } else { "a3" }.parse().unwrap()));
        assert_eq!(world.called.take(), [3]);
        assert!(of_it(&told), "{told}");
        let told = rerun(Rerun::All);
        assert_eq!(world.called.take(), [0, 1, 2, 3]);
        assert!(!told.contains("as by run"), "{told}");
    }
}

/// A week that was made, of which then two days of the source are something else; what is made of one of them comes out the same. If
/// so, all of it is made by graphs.
fn site(of_graphs: bool) -> Site {
    let mut site = Site::new(&[1000, 1000, 3, 1000, 1000, 1000]);
    site.specs.iter_mut().for_each(|spec| spec.is_graph = of_graphs);
    site.run(&ALL, Some(WEEK), &site.storage(), |run| run).unwrap();
    for (day, noise) in [(1, 3), (4, 1)] {
        site.noise.lock().unwrap()[day] = noise;
        let key = key_of((1, Some(day as u64)));
        site.run(&[1], key.as_deref(), &site.storage(), |run| run).unwrap();
    }
    (_, _) = (site.called.take(), site.begun.take());
    site
}

const ALL: [usize; 6] = [0, 1, 2, 3, 4, 5];

const WEEK: &str = "2024-01-07..2024-01-13";

fn mortal_site(site: &Site, left: usize) -> Arc<dyn Storage> {
    Arc::new(Mortal {
        memory: site.memory.clone(),
        left: Arc::new(AtomicUsize::new(left)),
        room: true,
        unread: None,
    })
}

/// The steps that a run has passed over, as its log tells it.
fn passed_over(storage: &Arc<dyn Storage>, run: RunId) -> Vec<String> {
    let mut told = Vec::new();
    let each = &mut |logged: orch_core::event::Logged, _: Option<&[u8]>| {
        let step = logged.event.step.filter(|_| matches!(logged.event.kind, EventKind::StepMemoized { .. }));
        told.extend(step.map(|step| step.to_string()));
    };
    storage.events(run).unwrap().history(each).unwrap();
    told.sort();
    told
}

fn latest_of(site: &Site) -> Vec<Option<i64>> {
    parts(0..7).into_iter().map(|at| site.latest(at)).collect()
}

#[test]
fn a_run_for_partitions_that_goes_on_passes_over_what_it_passed_over_before() {
    for of_graphs in [false, true] {
        let mut whole = site(of_graphs);
        let storage = whole.storage();
        let run = whole.run(&ALL, Some(WEEK), &storage, Runner::memoize).unwrap();
        // Of the 8th comes out the same what is made of it.
        let made = [(2, Some(1)), (2, Some(4)), (3, Some(0)), (4, None), (5, Some(4))];
        assert_eq!(whole.called(), BTreeSet::from(made));
        let (undisturbed, passed) = (latest_of(&whole), passed_over(&storage, run.id()));
        let mut lives = 0;
        loop {
            let mut site = site(of_graphs);
            let dying = mortal_site(&site, lives);
            if site.run(&ALL, Some(WEEK), &dying, Runner::memoize).is_ok() {
                break;
            }
            let storage = site.storage();
            let runner = site.definitions().resume(&storage, site.last_run()).unwrap();
            let run = runner.env(site.env()).run_blocking().unwrap();
            assert_eq!(latest_of(&site), undisturbed, "interrupted after {lives} commits");
            assert_eq!(passed_over(&storage, run.id()), passed, "interrupted after {lives} commits");
            lives += 1;
        }
        assert!(lives >= 10, "{lives} commits");
    }
}

#[test]
fn a_rerun_of_partitions_takes_what_was_passed_over() {
    for of_graphs in [false, true] {
        let mut site = site(of_graphs);
        let storage = site.storage();
        // The code of the weeks fails: nothing is below nothing.
        site.specs[3].below = 0;
        site.run(&ALL, Some(WEEK), &storage, Runner::memoize).unwrap_err();
        site.called.take();
        site.specs[3].below = 1000;
        let runner = site.definitions().rerun(&storage, site.last_run(), Rerun::FromFailure).unwrap();
        runner.env(site.env()).run_blocking().unwrap();
        assert_eq!(site.called.take(), [(3, Some(0)), (4, None)]);
        // Steps that had all that they take had begun before, and stay as they are.
        site.begun.take();
        let runner = site.definitions().rerun(&storage, site.last_run(), Rerun::All).unwrap();
        runner.env(site.env()).run_blocking().unwrap();
        assert_eq!(site.called(), parts(0..7).into_iter().collect());
    }
}

#[test]
fn only_missing_partitions_are_made_and_stay_so_when_the_run_goes_on() {
    for of_graphs in [false, true] {
        let mut site = site(of_graphs);
        let storage = site.storage();
        // All that is there would come out otherwise.
        site.specs[1].code = Some(2);
        let days = "2024-01-12..2024-01-15";
        let run = |site: &mut Site, storage: &Arc<dyn Storage>| {
            site.run(&[1, 2, 5], Some(days), storage, Runner::only_missing)
        };
        let mut lives = 0;
        loop {
            let mut copy = self::site(of_graphs);
            copy.specs[1].code = Some(2);
            let dying = mortal_site(&copy, lives);
            let made = run(&mut copy, &dying);
            let is_over = made.is_ok();
            if !is_over {
                let storage = copy.storage();
                let runner = copy.definitions().resume(&storage, copy.last_run()).unwrap();
                runner.env(copy.env()).run_blocking().unwrap();
            }
            let made: BTreeSet<At> = copy.called.take().into_iter().collect();
            let expected = [1, 2, 5].into_iter().flat_map(|asset| [(asset, Some(7)), (asset, Some(8))]);
            assert_eq!(made, expected.collect(), "interrupted after {lives} commits");
            if is_over {
                break;
            }
            lives += 1;
        }
        assert!(lives >= 6, "{lives} commits");
        run(&mut site, &storage).unwrap();
        site.called();
        // Nothing is missing any more.
        run(&mut site, &storage).unwrap();
        assert_eq!(site.called(), BTreeSet::new());
    }
}
