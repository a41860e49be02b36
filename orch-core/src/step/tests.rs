//! Work that waits behind a step that is held to be brief; in the tests of this crate every step is, see `pace`.

use std::cell::RefCell;
use std::panic::{set_hook, take_hook};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use crate::define::{JobOptions, One, OpBuilder, OpDef};
use crate::event::{Event, EventKind};
use crate::failure::Failure;
use crate::graph::{Call, Handle as _, Job, Out};
use crate::run::RunErrorKind;

type Plain = One<i64, 0>;

fn first() -> Arc<OpDef> {
    OpDef::builder("first").returns::<Plain>().asynchronous(|_| async { Ok(0) }).into()
}

fn takes_one(name: &str) -> OpBuilder<()> {
    OpDef::builder(name).input::<i64>("x")
}

fn call(op: &Arc<OpDef>, input: Out<i64>) -> Out<i64> {
    Call::of(op).input::<i64>(input).place::<Plain>()
}

#[test]
fn what_has_a_deadline_does_not_wait_behind_what_is_held_to_be_brief() {
    let (begun, has_begun) = channel();
    let has_begun = Mutex::new(has_begun);
    let quick = takes_one("quick").timeout(Duration::from_secs(600)).returns::<Plain>();
    let quick = quick.asynchronous(move |_| {
        begun.send(()).expect("someone waits for it");
        async { Ok(1) }
    });
    // It blocks the thread that it is on, which an async op should not do.
    let slow = takes_one("slow").returns::<Plain>().asynchronous(move |_| {
        let waited = has_begun.lock().expect("nobody panicked").recv_timeout(Duration::from_secs(60));
        async move { waited.map(|()| 2).map_err(|_| Failure::new("`quick` waits behind `slow`")) }
    });
    let (first, quick, slow) = (first(), quick.into(), slow.into());
    let job = Job::compose(JobOptions::new("job").max_concurrent(2), || {
        let first = Call::of(&first).place::<Plain>();
        call(&quick, first);
        call(&slow, first).priority(1);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(job.run()).expect("both ran at once");
}

thread_local! {
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Has the panics of this thread written down.
fn listen_to_panics() {
    // Its hook goes first, so that none of the two replaces the other's while that is being put in place.
    crate::failure::catch_places();
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            PANICS.with_borrow_mut(|panics| panics.push(info.to_string()));
            before(info);
        }));
    });
}

#[test]
fn a_run_that_breaks_off_takes_what_waits_from_the_worker_that_has_it() {
    listen_to_panics();
    let (first, second) = (first(), takes_one("second").returns::<Plain>());
    let second = second.asynchronous(|mut args| async move { args.take::<i64>(0) }).into();
    let job = Job::compose(JobOptions::new("job").max_concurrent(8), || {
        let first = Call::of(&first).place::<Plain>();
        for _ in 0..8 {
            call(&second, first);
        }
    });
    let sink = |event: &Event| {
        let of_second = event.step.as_ref().is_some_and(|step| step.name() == "second");
        assert!(!(of_second && matches!(event.kind, EventKind::StepSuccess)), "disk full");
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let error = runtime.block_on(job.runner().sink(sink).run()).expect_err("the sink panics");
    assert!(matches!(error.kind(), RunErrorKind::Broken { .. }), "{error}");
    let panics = PANICS.take();
    assert!(panics.len() == 1 && panics[0].contains("disk full"), "{panics:?}");
}
