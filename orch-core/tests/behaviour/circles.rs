//! Steps that would wait for each other for ever: told when the job is planned.

use insta::assert_snapshot;
use orch_core::graph::{Call, Handle as _};
use orch_core::plan::ProblemKind;

use super::problems::{add, all, problems, source};
use super::support::{Many, Plain, call, give, job, pass};

#[test]
fn deadlock() {
    let (pages, first, all, both) = (source("pages"), pass("first"), all(), add());
    let (kinds, told) = problems(&job(|| {
        let pages = Call::of(&pages).place::<Many>();
        let done = pages.map(|page| call(&first, &[page]));
        let total = Call::of(&all).input::<Vec<i64>>(done.collect()).place::<Plain>();
        pages.map(|page| call(&both, &[page, total]));
    }));
    assert_eq!(kinds, [ProblemKind::Deadlock]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: `add` and `all` would wait for ever: in the map over `pages`, for the end of that map, which comes after them
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      hint: collect first; then let an op that takes the collected values yield a new dynamic output to map over
    "#);
}

#[test]
fn waiting_in_a_map_for_the_end_of_its_own_source_is_a_deadlock() {
    let (pages, first) = (source("pages"), pass("first"));
    let (kinds, told) = problems(&job(|| {
        let pages = Call::of(&pages).place::<Many>();
        pages.map(|page| call(&first, &[page]).after(pages));
    }));
    assert_eq!(kinds, [ProblemKind::Deadlock]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: `first` would wait for ever: in the map over `pages`, for the end of that map, which comes after it
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      hint: collect first; then let an op that takes the collected values yield a new dynamic output to map over
    "#);
}

#[test]
fn a_step_that_comes_after_what_takes_its_output_waits_in_a_circle() {
    let (one, double) = (give("one", || Ok(1)), pass("double"));
    let (kinds, told) = problems(&job(|| {
        let a = call(&one, &[]);
        let b = call(&double, &[a]);
        a.after(b);
    }));
    assert_eq!(kinds, [ProblemKind::Deadlock]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned
    error: these steps wait for each other in a circle: double → one → double
      --> orch-core/tests/behaviour/circles.rs:_ (`.after(..)`)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      hint: remove the `.after(..)`
    ");
}

#[test]
fn a_step_that_comes_after_itself_waits_for_ever() {
    let one = give("one", || Ok(1));
    let (kinds, told) = problems(&job(|| {
        let a = call(&one, &[]);
        a.after(a);
    }));
    assert_eq!(kinds, [ProblemKind::Deadlock]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned
    error: `one` comes after itself, so it would wait for ever
      --> orch-core/tests/behaviour/circles.rs:_ (`.after(..)`)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      hint: remove the `.after(..)`
    ");
}

#[test]
fn a_ring_of_steps_names_each_after() {
    let give = give("give", || Ok(1));
    let ring = |count: usize| {
        problems(&job(|| {
            let steps: Vec<_> = (0..count).map(|n| call(&give, &[]).named(format!("s{n}"))).collect();
            for n in 0..count {
                steps[n].after(steps[(n + 1) % count]);
            }
            // What only waits for the circle is no part of it.
            call(&give, &[]).after(steps[0]);
        }))
    };
    assert_snapshot!(ring(3).1, @r"
    the job `job` cannot be planned
    error: these steps wait for each other in a circle: s0 → s1 → s2 → s0
      --> orch-core/tests/behaviour/circles.rs:_ (`.after(..)`)
      --> orch-core/tests/behaviour/circles.rs:_ (`.after(..)`)
      --> orch-core/tests/behaviour/circles.rs:_ (`.after(..)`)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      hint: remove one of the `.after(..)`
    ");
    assert_snapshot!(ring(30).1.lines().nth(1).unwrap_or_default(), @"error: these 30 steps wait for each other in a circle: s0 → s1 → s2 → s3 → … → s29 → s0");
}

#[test]
fn a_source_that_comes_after_what_takes_its_items_collected_waits_in_a_circle() {
    let (pages, load, all) = (source("pages"), pass("load"), all());
    let (kinds, told) = problems(&job(|| {
        let pages = Call::of(&pages).place::<Many>();
        let loaded = pages.map(|page| call(&load, &[page]));
        let total = Call::of(&all).input::<Vec<i64>>(loaded.collect()).place::<Plain>();
        pages.after(total);
    }));
    assert_eq!(kinds, [ProblemKind::Deadlock]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned
    error: these steps wait for each other in a circle: all → load → pages → all
      --> orch-core/tests/behaviour/circles.rs:_ (`.after(..)`)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      --> orch-core/tests/behaviour/circles.rs:_ (the step)
      hint: remove the `.after(..)`
    ");
}
