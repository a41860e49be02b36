//! What the types cannot see is told when a job is planned: one case for each kind of problem.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{Dynamic, JobOptions, Limit, OpDef, PRIORITY_TAG};
use orch_core::graph::{Call, Handle as _, Job, Out, enter_graph, lit};
use orch_core::plan::{Problem, ProblemKind};

use super::support::{Many, Plain, call, give, job, pass};

/// A message with `_` for the numbers of lines, which change with every edit of this file.
pub(crate) fn without_lines(message: &str) -> String {
    let mut parts = message.split(".rs:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += ".rs:_";
        text += part.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text
}

#[track_caller]
pub(crate) fn problems(job: &Job) -> (Vec<ProblemKind>, String) {
    let error = job.try_plan().unwrap_err();
    (error.problems().iter().map(|problem| problem.kind()).collect(), without_lines(&error.to_string()))
}

pub(crate) fn source(name: &str) -> Arc<OpDef> {
    OpDef::builder(name).returns::<Many>().blocking(|_| Ok(Dynamic::from_values([]))).into()
}

pub(crate) fn add() -> Arc<OpDef> {
    OpDef::builder("add").input::<i64>("a").input::<i64>("b").returns::<Plain>().blocking(|_| Ok(0)).into()
}

pub(crate) fn all() -> Arc<OpDef> {
    OpDef::builder("all").input::<Vec<i64>>("xs").returns::<Plain>().blocking(|_| Ok(0)).into()
}

#[test]
fn unrelated_dynamic() {
    let (pages, users, add) = (source("pages"), source("users"), add());
    let (kinds, told) = problems(&job(|| {
        let (pages, users) = (Call::of(&pages).place::<Many>(), Call::of(&users).place::<Many>());
        pages.map(|page| users.map(|user| call(&add, &[page, user])));
    }));
    assert_eq!(kinds[0], ProblemKind::UnrelatedDynamic);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned: 2 problems
    error: the map over `users` is opened in the map over `pages`: two unrelated dynamic outputs meet
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: `.collect()` one of them first, or call the op that yields it inside the other's map
    error: `add` stands in the map over `users` and takes input `a` from the map over `pages`: two unrelated dynamic outputs meet
      --> orch-core/tests/behaviour/problems.rs:_ (the step)
      --> orch-core/tests/behaviour/problems.rs:_ (the value)
      hint: `.collect()` one of them first, or call the op that yields it inside the other's map
    "#);
}

#[test]
fn leaked_from_map() {
    let (pages, work) = (source("pages"), pass("work"));
    let (kinds, told) = problems(&job(|| {
        let leak: Cell<Option<Out<i64>>> = Cell::new(None);
        Call::of(&pages).place::<Many>().map(|page| leak.set(Some(page)));
        call(&work, &[leak.get().unwrap()]);
    }));
    assert_eq!(kinds, [ProblemKind::LeakedFromMap]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: input `x` of `work` is one item of the map over `pages`, but the step stands outside that map
      --> orch-core/tests/behaviour/problems.rs:_ (the step)
      --> orch-core/tests/behaviour/problems.rs:_ (the value)
      hint: return the value from the map's closure and use what `.map(..)` gives, closed with `.collect()`
    "#);
}

#[test]
fn a_collect_of_what_is_not_inside_and_an_after_from_outside_leak_too() {
    let (pages, give, all) = (source("pages"), give("give", || Ok(1)), all());
    let (kinds, told) = problems(&job(|| {
        let outside = call(&give, &[]);
        let same = Call::of(&pages).place::<Many>().map(|_| outside);
        Call::of(&all).input::<Vec<i64>>(same.collect()).place::<Plain>();
        let inside = Call::of(&pages).place::<Many>().map(|_| call(&give, &[]));
        call(&give, &[]).after(inside);
    }));
    assert_eq!(kinds, [ProblemKind::LeakedFromMap, ProblemKind::LeakedFromMap]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 2 problems
    error: `.collect()` over the map over `pages` gathers a value that does not come from inside it
      --> orch-core/tests/behaviour/problems.rs:_ (collected)
      hint: let the closure return the output of a step that it calls
    error: `give_3` stands outside the map of `give_2` and cannot come after it
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      --> orch-core/tests/behaviour/problems.rs:_ (the other)
      hint: to wait for all items of the map, let an op take them, `let done = op(mapped.collect());`, and write `.after(done)`
    ");
}

#[test]
fn duplicate_name() {
    let give = give("give", || Ok(1));
    let (kinds, told) = problems(&job(|| {
        call(&give, &[]).named("same");
        call(&give, &[]).named("same");
    }));
    assert_eq!(kinds, [ProblemKind::DuplicateName]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: two steps are named `same`
      --> orch-core/tests/behaviour/problems.rs:_ (first)
      --> orch-core/tests/behaviour/problems.rs:_ (second)
      hint: give one of them another name with `.named(..)`
    "#);
}

#[test]
fn invalid_name() {
    let odd = give("odd op", || Ok(1));
    let (kinds, told) = problems(&Job::compose(JobOptions::new("my job"), || {
        call(&odd, &[]);
        call(&odd, &[]).named("a.b\n");
    }));
    assert_eq!(kinds, [ProblemKind::InvalidName; 3]);
    assert_snapshot!(told, @r#"
    the job `my job` cannot be planned: 3 problems
    error: the job cannot be named `my job`
      --> orch-core/tests/behaviour/problems.rs:_ (named)
      hint: names are made of letters, digits and `_`
    error: the step cannot be named `a.b\n`
      --> orch-core/tests/behaviour/problems.rs:_ (named)
      hint: names are made of letters, digits and `_`
    error: the op cannot be named `odd op`
      --> orch-core/tests/behaviour/support.rs:_ (named)
      hint: names are made of letters, digits and `_`
    "#);
}

#[test]
fn type_mismatch() {
    let (give, shout) = (give("give", || Ok(1)), OpDef::builder("shout").input::<String>("text"));
    let shout = shout.returns::<Plain>().blocking(|_| Ok(0)).into();
    let (kinds, told) = problems(&job(|| {
        Call::of(&shout).input::<i64>(call(&give, &[])).place::<Plain>();
    }));
    assert_eq!(kinds, [ProblemKind::TypeMismatch]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: input `text` of `shout` takes `String` and is fed `i64`
      --> orch-core/tests/behaviour/problems.rs:_ (the step)
      --> orch-core/tests/behaviour/problems.rs:_ (the op)
    "#);
}

#[test]
fn wrong_inputs() {
    let add = add();
    let (kinds, told) = problems(&job(|| {
        call(&add, &[lit(1)]);
    }));
    assert_eq!(kinds, [ProblemKind::WrongInputs]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: `add` is given 1 inputs and takes 2
      --> orch-core/tests/behaviour/problems.rs:_ (the step)
      --> orch-core/tests/behaviour/problems.rs:_ (the op)
    "#);
}

#[test]
fn invalid_tag() {
    let give = give("give", || Ok(1));
    let (kinds, told) = problems(&job(|| call(&give, &[]).tag(PRIORITY_TAG, "urgent")));
    assert_eq!(kinds, [ProblemKind::InvalidTag]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned
    error: the tag `orch/priority` of `give` is `urgent`, which is no integer
      --> orch-core/tests/behaviour/problems.rs:_ (the step)
      hint: write it as `priority = 5`
    "#);
}

#[test]
fn invalid_tag_key() {
    let give = OpDef::builder("give").tag("data team", "dex").returns::<Plain>().blocking(|_| Ok(1)).into();
    let options = JobOptions::new("job").tag("orch/team", "data");
    let job = Job::compose(options, || {
        call(&give, &[]).tag("a/b/c", 1);
        call(&give, &[]).tag("acme.com/team", "dex").priority(3);
    });
    let (kinds, told) = problems(&job);
    assert_eq!(kinds, [ProblemKind::InvalidTag; 3]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 3 problems
    error: the tag key `data team` has the character ' '
      --> orch-core/tests/behaviour/problems.rs:_ (the op)
      hint: write ASCII letters, digits, `_`, `-` and `.`: `data_team`
    error: the tag key `orch/team` begins with `orch/`, which is kept for orch's own tags
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: leave the prefix out, `team`, or take one of yours, `acme.com/team`
    error: the tag key `a/b/c` has several slashes
      --> orch-core/tests/behaviour/problems.rs:_ (the step)
      hint: keep one, between a prefix and a name: `a/b.c`
    ");
    let fine = crate::support::job(|| call(&crate::support::give("fine", || Ok(1)), &[]));
    let error = fine.runner().tag("größe", "1").plan().unwrap_err();
    assert_snapshot!(error, @r"
    the job `job` cannot be planned
    error: the tag key `größe` has the character 'ö'
      hint: write ASCII letters, digits, `_`, `-` and `.`: `gr__e`
    ");
}

#[test]
fn invalid_limit() {
    let give = give("give", || Ok(1));
    let options = JobOptions::new("job").max_concurrent(0).max_in_flight(0);
    let options = options.limit(Limit::tag("db", 0)).limit(Limit::tag("cpu", 1)).limit(Limit::tag("cpu", 2));
    let (kinds, told) = problems(&Job::compose(options, || {
        call(&give, &[]).tag("db", "").tag("cpu", "");
    }));
    assert_eq!(kinds, [ProblemKind::InvalidLimit; 4]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned: 4 problems
    error: `max_concurrent` is 0, so that nothing could run
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: write 1 or more
    error: `max_in_flight` is 0, so that nothing could run
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: write 1 or more
    error: the limit on `db` is 0, so that its steps could never run
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: write 1 or more
    error: the limit on `cpu` is given twice
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: keep one of them
    "#);
}

#[test]
fn invalid_timeout() {
    let hasty = OpDef::builder("hasty").timeout(Duration::ZERO).returns::<Plain>().blocking(|_| Ok(1));
    let hasty = hasty.into();
    let (kinds, told) = problems(&job(|| {
        call(&hasty, &[]);
        call(&hasty, &[]);
    }));
    assert_eq!(kinds, [ProblemKind::InvalidTimeout]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned
    error: the timeout of `hasty` is 0, so that no attempt could succeed
      --> orch-core/tests/behaviour/problems.rs:_ (the op)
      hint: give it the time that an attempt may take, or no timeout
    ");
}

#[test]
fn unknown_limit() {
    let give = give("give", || Ok(1));
    let options = JobOptions::new("job").limit(Limit::tag("dp", 1)).limit(Limit::tag_value("db", "red", 1));
    let (kinds, told) = problems(&Job::compose(options, || call(&give, &[]).tag("db", "blue")));
    assert_eq!(kinds, [ProblemKind::UnknownLimit; 2]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 2 problems
    error: the limit on `dp` concerns no step
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: did you mean `db`? tags of this job: db
    error: the limit on `db=red` concerns no step
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: steps have these values of `db`: blue
    ");
}

#[test]
fn a_limit_of_an_unknown_value_is_told_the_values_that_there_are() {
    let give = give("give", || Ok(1));
    let options = JobOptions::new("job").limit(Limit::tag_value("db", "test", 2));
    let options = options.limit(Limit::tag_value("team", "sale", 2));
    let (kinds, told) = problems(&Job::compose(options, || {
        call(&give, &[]).tag("db", "prod").tag("team", "sales");
        call(&give, &[]).tag("db", "replica");
    }));
    assert_eq!(kinds, [ProblemKind::UnknownLimit; 2]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 2 problems
    error: the limit on `db=test` concerns no step
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: steps have these values of `db`: prod, replica
    error: the limit on `team=sale` concerns no step
      --> orch-core/tests/behaviour/problems.rs:_ (the job)
      hint: did you mean `team=sales`? steps have these values of `team`: sales
    ");
}

#[test]
fn no_step() {
    let (kinds, told) = problems(&job(|| lit(5).named("five").priority(1)));
    assert_eq!(kinds, [ProblemKind::NoStep; 2]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned: 2 problems
    error: `.named(..)` is said of something that is no step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it of the result of an op's call
    error: `.priority(..)` is said of something that is no step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it of the result of an op's call
    "#);
}

#[test]
fn items_collected_values_and_different_steps_are_no_step() {
    let (pages, load, give) = (source("pages"), pass("load"), give("give", || Ok(1)));
    let (kinds, told) = problems(&job(|| {
        let pages = Call::of(&pages).place::<Many>();
        let loaded = pages.map(|page| call(&load, &[page.tag("kind", "page")])).named("kept");
        let all = loaded.collect().named("all");
        call(&give, &[]).after(all);
        (call(&give, &[]), call(&give, &[])).priority(1);
    }));
    assert_eq!(kinds, [ProblemKind::NoStep; 4]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 4 problems
    error: `.tag(..)` is said of something that is no step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it of the result of an op's call
    error: `.named(..)` is said of something that is no step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it of the result of an op's call
    error: `.after(..)` is given something that is no step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: it takes the handle of an op's call; to wait for all items of a map, let an op take them, `let done = op(mapped.collect());`, and write `.after(done)`
    error: `.priority(..)` is said of something that is no step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it of the result of an op's call
    ");
}

#[test]
fn what_is_said_of_a_graph_is_said_within() {
    let (load, give) = (pass("load"), give("give", || Ok(1)));
    let clean = |x: Out<i64>| enter_graph("clean", || call(&load, &[call(&load, &[x]).tag("a", "b")]));
    let (kinds, told) = problems(&job(|| {
        let first = call(&give, &[]);
        let cleaned = enter_graph("outer", || clean(first).named("cleaned"));
        clean(cleaned).after(first);
        // In the body of another graph it is as foreign.
        enter_graph("store", || call(&load, &[cleaned.priority(5)]));
    }));
    assert_eq!(kinds, [ProblemKind::NoStep; 3]);
    assert_snapshot!(told, @r"
    the job `job` cannot be planned: 3 problems
    error: `.named(..)` is said of the graph `clean`, which is not one step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it in the body of the graph, of the op's call that it concerns; what differs between the graph's calls, or is waited for, can be a parameter of the graph
    error: `.after(..)` is said of the graph `clean`, which is not one step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it in the body of the graph, of the op's call that it concerns; what differs between the graph's calls, or is waited for, can be a parameter of the graph
    error: `.priority(..)` is said of the graph `outer`, which is not one step
      --> orch-core/tests/behaviour/problems.rs:_ (here)
      hint: say it in the body of the graph, of the op's call that it concerns; what differs between the graph's calls, or is waited for, can be a parameter of the graph
    ");
}

#[test]
fn all_of_a_tuple_may_be_waited_for_and_the_last_step_of_a_graph() {
    let (load, give) = (pass("load"), give("give", || Ok(1)));
    let plan = job(|| {
        let (a, b) = (call(&give, &[]), call(&give, &[]));
        let loaded = enter_graph("store", || call(&load, &[a]));
        call(&give, &[]).after((a, (b, loaded)));
    });
    assert_eq!(plan.plan().steps[3].after, [0, 1, 2]);
}

#[test]
fn foreign_handle() {
    let (give, work, all) = (give("give", || Ok(1)), pass("work"), all());
    let stolen: Cell<Option<Out<i64>>> = Cell::new(None);
    job(|| stolen.set(Some(call(&give, &[]))));
    let foreign = stolen.get().unwrap();
    let (kinds, told) = problems(&job(|| {
        call(&work, &[foreign]);
        Call::of(&all).input::<Vec<i64>>([foreign]).place::<Plain>();
        call(&give, &[]).after(foreign);
    }));
    assert_eq!(kinds, [ProblemKind::ForeignHandle; 3]);
    assert_snapshot!(told, @r#"
    the job `job` cannot be planned: 3 problems
    error: a handle of another job is used here
      --> orch-core/tests/behaviour/problems.rs:_ (used)
      hint: handles live in the body they were made in; call the op in this job
    error: a handle of another job is used here
      --> orch-core/tests/behaviour/problems.rs:_ (used)
      hint: handles live in the body they were made in; call the op in this job
    error: a handle of another job is used here
      --> orch-core/tests/behaviour/problems.rs:_ (used)
      hint: handles live in the body they were made in; call the op in this job
    "#);
}

#[test]
fn all_problems_are_told_at_once_and_places_are_those_of_the_calls() {
    let (give, add) = (give("give", || Ok(1)), add());
    let line = line!() + 2;
    let wrong = job(|| {
        call(&add, &[call(&give, &[]).named("a b")]);
    });
    let error = wrong.try_plan().unwrap_err();
    assert_eq!(error.problems().len(), 2);
    let here = format!("orch-core/tests/behaviour/problems.rs:{line}");
    assert!(error.to_string().contains(&here), "{error}");
}

#[test]
fn problems_are_told_in_the_order_of_the_source() {
    let bad = OpDef::builder("bad op").returns::<Plain>().blocking(|_| Ok(1)).into();
    let give = give("give", || Ok(1));
    let error = job(|| {
        call(&give, &[]).tag("orch/priority", "high");
        call(&give, &[]).named("bad step");
        call(&bad, &[]);
    })
    .try_plan()
    .unwrap_err();
    let told: Vec<_> = error.problems().iter().map(Problem::message).collect();
    assert_eq!(
        told,
        [
            "the op cannot be named `bad op`",
            "the tag `orch/priority` of `give` is `high`, which is no integer",
            "the step cannot be named `bad step`",
        ]
    );
}
