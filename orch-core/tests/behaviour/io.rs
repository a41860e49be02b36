//! Outputs on their way through an IO manager.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{Dynamic, One, OpDef, Retry};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job};
use orch_core::ids::RunId;
use orch_core::io::{IoManager, Metadata, OutputAt};

use super::support::{Many, Notes, Plain, call, job, pass, run_of, story};

/// Writes down what it is given.
struct Files {
    paths: Notes<String>,
    fails: fn(&OutputAt<'_>, &i64) -> Result<(), Failure>,
}

impl IoManager<i64> for Files {
    fn store(&self, at: &OutputAt<'_>, value: &i64) -> Result<Metadata, Failure> {
        (self.fails)(at, value)?;
        let path = at.relative_path().replace(&at.run.to_string(), "RUN");
        self.paths.add(format!("{path} = {value}"));
        Ok(Metadata::from([("rows".to_owned(), (*value).into())]))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64, Failure> {
        Err(Failure::new("not needed"))
    }
}

fn files(fails: fn(&OutputAt<'_>, &i64) -> Result<(), Failure>) -> (Files, Notes<String>) {
    let paths = Notes::new();
    (Files { paths: paths.clone(), fails }, paths)
}

/// A sync source, an async step for each item, and one of two outputs.
fn stored() -> Job {
    let source = OpDef::builder("source").io("files").returns::<Many>();
    let source = source.blocking(|_| Ok(Dynamic::from_iter([("a/b", 1), ("ß", 2)]))).into();
    let tens = OpDef::builder("tens").io("files").input::<i64>("x").returns::<Plain>();
    let tens = tens.asynchronous(|mut args| async move { Ok(args.take::<i64>(0)? * 10) }).into();
    type Two = (One<i64, 0>, One<i64, 0>);
    let two = OpDef::builder("two").io("files").returns::<Two>().blocking(|_| Ok((5, 6))).into();
    job(|| {
        Call::of(&source).place::<Many>().map(|item| call(&tens, &[item]));
        Call::of(&two).place::<Two>();
    })
}

#[test]
fn every_output_is_stored_under_a_path_of_its_own() {
    let (files, paths) = files(|_, _| Ok(()));
    let run = stored()
        .runner()
        .run_id(RunId::from_u128(1))
        .keep_events()
        .io("files", files)
        .run_blocking()
        .unwrap();
    assert_snapshot!(paths.take().join("\n"), @r#"
    RUN/source/result/a%2fb = 1
    RUN/tens/a%2fb/result = 10
    RUN/source/result/%c3%9f = 2
    RUN/tens/%c3%9f/result = 20
    RUN/two/output_0 = 5
    RUN/two/output_1 = 6
    "#);
    assert_snapshot!(story(&run), @r#"
    RUN_START
    STEP_START source
    STEP_OUTPUT source [a/b]
    HANDLED_OUTPUT source result by files {"rows": Number(1)}
    STEP_START tens[a/b]
    STEP_OUTPUT tens[a/b]
    HANDLED_OUTPUT tens[a/b] result by files {"rows": Number(10)}
    STEP_SUCCESS tens[a/b]
    STEP_OUTPUT source [ß]
    HANDLED_OUTPUT source result by files {"rows": Number(2)}
    STEP_START tens[ß]
    STEP_OUTPUT tens[ß]
    HANDLED_OUTPUT tens[ß] result by files {"rows": Number(20)}
    STEP_SUCCESS tens[ß]
    STREAM_CLOSED source 2
    STEP_SUCCESS source
    STEP_START two
    STEP_OUTPUT two
    HANDLED_OUTPUT two output_0 by files {"rows": Number(5)}
    STEP_OUTPUT two
    HANDLED_OUTPUT two output_1 by files {"rows": Number(6)}
    STEP_SUCCESS two
    RUN_SUCCESS
    "#);
}

#[test]
fn a_store_that_fails_fails_the_attempt() {
    let give = OpDef::builder("give").io("files").retry(Retry::new(1)).returns::<Plain>();
    let give = give.blocking(|args| Ok(i64::from(args.context().attempt()))).into();
    let work = pass("work");
    let (files, paths) = files(|_, value| if *value == 1 { Err(Failure::new("disk full")) } else { Ok(()) });
    let run =
        job(|| call(&work, &[call(&give, &[])])).runner().keep_events().io("files", files).run_blocking();
    assert_eq!(paths.take(), ["RUN/give/result = 2"]);
    assert_snapshot!(story(&run.unwrap()), @r#"
    RUN_START
    STEP_START give
    STEP_UP_FOR_RETRY give in 0ns: the IO manager `files` could not store `result`
    STEP_RESTARTED give #2
    STEP_OUTPUT give #2
    HANDLED_OUTPUT give #2 result by files {"rows": Number(2)}
    STEP_SUCCESS give #2
    STEP_START work
    STEP_OUTPUT work
    STEP_SUCCESS work
    RUN_SUCCESS
    "#);
}

#[test]
fn a_store_that_fails_at_an_item_fails_its_source() {
    let (files, _) = files(|at, _| {
        if at.key.is_some_and(|key| *key == "ß".into()) { Err(Failure::new("disk full")) } else { Ok(()) }
    });
    let result = stored().runner().keep_events().io("files", files).run_blocking();
    let story = story(run_of(&result));
    assert!(
        story.contains("STEP_FAILURE source: Error the IO manager `files` could not store `result`"),
        "{story}"
    );
}

#[test]
fn a_store_that_panics_fails_the_attempt_too() {
    let sync = OpDef::builder("sync").io("files").returns::<Plain>().blocking(|_| Ok(1)).into();
    let concurrent =
        OpDef::builder("concurrent").io("files").returns::<Plain>().asynchronous(|_| async { Ok(2) }).into();
    let items = OpDef::builder("items").io("files").returns::<Many>();
    let items: Arc<OpDef> = items.asynchronous(|_| async { Ok(Dynamic::from_values([3])) }).into();
    let (files, _) = files(|_, value| panic!("no room for {value}"));
    let result = job(|| {
        call(&sync, &[]);
        call(&concurrent, &[]);
        Call::of(&items).place::<Many>();
    });
    let result = result.runner().keep_events().io("files", files).run_blocking();
    assert_snapshot!(story(run_of(&result)), @r#"
    RUN_START
    STEP_START sync
    STEP_FAILURE sync: Panic the IO manager `files` could not store `result`
    STEP_START concurrent
    STEP_FAILURE concurrent: Panic the IO manager `files` could not store `result`
    STEP_START items
    STEP_FAILURE items: Panic the IO manager `files` could not store `result`
    RUN_FAILURE
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_late_is_not_stored() {
    let (files, paths) = files(|_, _| Ok(()));
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let once = std::sync::Mutex::new(Some((begun, released)));
    let slow = OpDef::builder("slow").io("files").timeout(Duration::from_secs(5)).returns::<Plain>();
    let slow = Arc::new(slow.blocking(move |_| {
        let (begun, released) = once.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        released.recv()?;
        Ok(1)
    }));
    let run = tokio::spawn(job(|| call(&slow, &[])).runner().io("files", files).run());
    has_begun.await.unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    run.await.unwrap().unwrap_err();
    release.send(()).unwrap();
    // The op is dropped with the last worker of the run: by then the late one has come to its end.
    while Arc::strong_count(&slow) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(paths.take(), [""; 0]);
}

#[test]
fn an_item_whose_key_comes_twice_does_not_replace_what_the_first_has_stored() {
    let source = OpDef::builder("source").io("files").returns::<Many>();
    let source = source.blocking(|_| Ok(Dynamic::from_iter([("a", 1), ("b", 2), ("a", 3)]))).into();
    let (files, paths) = files(|_, _| Ok(()));
    let result = job(|| Call::of(&source).place::<Many>()).runner().io("files", files).run_blocking();
    assert!(result.is_err());
    assert_eq!(paths.take(), ["RUN/source/result/a = 1", "RUN/source/result/b = 2"]);
}

#[test]
fn a_source_that_is_tried_again_leaves_what_it_has_stored_as_it_is() {
    type Both = (One<i64, 0>, One<Dynamic<i64>, 2>);
    let source = OpDef::builder("source").io("files").retry(Retry::new(1)).returns::<Both>();
    let source = source.blocking(|args| {
        let attempt = i64::from(args.context().attempt());
        let last = if attempt == 1 { Err(Failure::new("torn page")) } else { Ok(("c", attempt)) };
        let items = [Ok(("a", attempt)), Ok(("b", attempt)), last];
        Ok((attempt, Dynamic::try_from_iter(items)))
    });
    let source = source.into();
    let (files, paths) = files(|_, _| Ok(()));
    job(|| Call::of(&source).place::<Both>()).runner().io("files", files).run_blocking().unwrap();
    assert_eq!(
        paths.take(),
        [
            "RUN/source/output_0 = 1",
            "RUN/source/output_1/a = 1",
            "RUN/source/output_1/b = 1",
            "RUN/source/output_1/c = 2"
        ]
    );
}
