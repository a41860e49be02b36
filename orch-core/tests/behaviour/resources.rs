//! Resources that are opened for a run, and who gets them when it does not go as planned.

use std::sync::{Arc, Mutex, mpsc};

use insta::assert_snapshot;
use orch_core::define::{Cancel, HookDef, One, OpDef, Res, ResourceDef, RunHookContext};
use orch_core::event::{Event, EventKind};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job};
use orch_core::run::{Definitions, Environment};

use super::problems::without_lines;
use super::support::{Notes, call, give, job, run_of, story};

struct Journal(Notes<String>);
struct Pool;
struct Database(&'static str);

/// A hook of the run that takes all there is, and tells what it got.
fn tell() -> Arc<HookDef> {
    let hook = HookDef::run_builder("tell").resource::<Journal>("journal").resource::<Pool>("pool");
    hook.resource::<Database>("database").blocking(|context: RunHookContext| {
        let journal = context.resource::<Journal>(0)?;
        let got = |result: Result<(), Failure>| {
            result.map_or_else(|error| error.to_string(), |()| "is there".into())
        };
        journal.0.add(format!("pool: {}", got(context.resource::<Pool>(1).map(drop))));
        journal.0.add(format!("database: {}", got(context.resource::<Database>(2).map(drop))));
        Ok(())
    })
}

fn pool(notes: &Notes<String>) -> Arc<ResourceDef> {
    let notes = notes.clone();
    let pool = ResourceDef::builder("pool").opens::<Pool>().asynchronous(|_| async { Ok(Res::new(Pool)) });
    let close = move |_: &Res<Pool>| {
        notes.add("pool closed".to_owned());
        Ok(())
    };
    pool.closed_blocking(close).build()
}

fn nothing() -> Job {
    let load = give("load", || Ok(1));
    job(|| call(&load, &[]))
}

fn definitions(notes: &Notes<String>, database: &Arc<ResourceDef>) -> Definitions {
    let definitions = Definitions::new().resource(Journal(notes.clone())).resource_opened(&pool(notes));
    definitions.resource_opened(database).with_hook(&tell())
}

#[test]
fn a_hook_of_a_run_that_was_canceled_before_it_began_gets_what_is_there() {
    let notes = Notes::new();
    let database = ResourceDef::builder("database").opens::<Database>();
    let database = database.blocking(|_| Ok(Res::new(Database("main")))).build();
    let cancel = Cancel::new();
    cancel.cancel();
    let runner = definitions(&notes, &database).runner(&nothing()).cancel(cancel).keep_events();
    assert_snapshot!(story(run_of(&runner.run_blocking())), @r"
    RUN_START
    RUN_CANCELING
    STEP_SKIPPED load: canceled
    HOOK_COMPLETED tell
    RUN_CANCELED []
    ");
    assert_snapshot!(notes.take().join("\n"), @r"
    pool: the resource `Pool` was not opened in this run
    database: the resource `Database` was not opened in this run
    ");
}

#[tokio::test(start_paused = true)]
async fn a_hook_of_a_run_that_is_canceled_while_it_opens_gets_what_is_open() {
    let notes = Notes::new();
    let cancel = Cancel::new();
    let stops = cancel.clone();
    let database = ResourceDef::builder("database").resource::<Pool>("pool").opens::<Database>();
    let database = database.asynchronous(move |_| {
        stops.cancel();
        std::future::pending()
    });
    let runner = definitions(&notes, &database.build()).runner(&nothing()).cancel(cancel).keep_events();
    assert_snapshot!(story(run_of(&runner.run().await)), @r"
    RUN_START
    RESOURCE_INIT_STARTED
    RESOURCE_INIT_SUCCESS
    RESOURCE_INIT_STARTED
    RUN_CANCELING
    STEP_SKIPPED load: canceled
    RESOURCE_INIT_FAILURE
    HOOK_COMPLETED tell
    RESOURCE_CLOSED
    RUN_CANCELED []
    ");
    assert_snapshot!(notes.take().join("\n"), @r"
    pool: is there
    database: the resource `Database` was not opened in this run
    pool closed
    ");
}

#[tokio::test(start_paused = true)]
async fn what_blocks_while_it_opens_has_what_it_needs_to_the_end() {
    let notes = Notes::new();
    let (cancel, (go, wait)) = (Cancel::new(), mpsc::channel::<()>());
    let (stops, wait, told) = (cancel.clone(), Mutex::new(wait), notes.clone());
    let database = ResourceDef::builder("database").resource::<Pool>("pool").opens::<Database>();
    let database = database.blocking(move |args| {
        let _pool = args.resource::<Pool>(0)?;
        stops.cancel();
        // Until the run knows that it is canceled.
        let _ = wait.lock().unwrap().recv();
        told.add("database opened".to_owned());
        Ok(Res::new(Database("main")))
    });
    let told = notes.clone();
    let database = database.closed_blocking(move |_| {
        told.add("database closed".to_owned());
        Ok(())
    });
    let sink = move |event: &Event| {
        if matches!(event.kind, EventKind::StepSkipped { .. }) {
            let _ = go.send(());
        }
    };
    let definitions = Definitions::new().resource_opened(&pool(&notes)).resource_opened(&database.build());
    let hook = HookDef::run_builder("idle").resource::<Database>("database").blocking(|_| Ok(()));
    let runner = definitions.with_hook(&hook).runner(&nothing()).cancel(cancel).keep_events().sink(sink);
    let result = runner.run().await;
    assert!(result.is_err());
    assert_snapshot!(notes.take().join("\n"), @r"
    database opened
    database closed
    pool closed
    ");
}

#[test]
fn what_surrounds_the_steps_logs_for_the_run() {
    let database = ResourceDef::builder("database").opens::<Database>().asynchronous(|_| async {
        tracing::info!("connecting");
        Ok(Res::new(Database("main")))
    });
    let pool = ResourceDef::builder("pool").resource::<Database>("database").opens::<Pool>().blocking(|_| {
        tracing::info!(size = 4, "filled");
        Ok(Res::new(Pool))
    });
    let pool = pool.closed_blocking(|_| {
        tracing::warn!("drained");
        Ok(())
    });
    let hook = HookDef::run_builder("idle").resource::<Pool>("pool").blocking(|_| {
        tracing::info!("all done");
        Ok(())
    });
    let definitions = Definitions::new().resource_opened(&database.build()).resource_opened(&pool.build());
    let run = definitions.with_hook(&hook).runner(&nothing()).keep_events().run_blocking().unwrap();
    let story = orch_core::report::story(run.events());
    let logs: Vec<_> = story.lines().filter(|line| line.starts_with("LOG")).collect();
    assert_snapshot!(logs.join("\n"), @r"
    LOG info: connecting
    LOG info: filled size=4
    LOG info: all done
    LOG warn: drained
    ");
}

/// A job whose only step gives the name of its database.
fn named() -> (Arc<OpDef>, Job) {
    let op = OpDef::builder("name").resource::<Database>("database").returns::<Name>();
    let op: Arc<_> = op.blocking(|args| Ok(args.resource::<Database>(0)?.0.to_owned())).into();
    let job = job(|| Call::of(&op).place::<Name>());
    (op, job)
}

type Name = One<String, 0>;

fn database(key: &str, name: &'static str) -> Arc<ResourceDef> {
    ResourceDef::builder(key).opens::<Database>().blocking(move |_| Ok(Res::new(Database(name)))).build()
}

#[test]
fn an_environment_swaps_the_only_resource_of_a_type_whatever_it_is_called() {
    let (op, job) = named();
    let name = |definitions: &Definitions, environment: &str| {
        let run = definitions.runner_in(environment, &job).unwrap().keep_outputs().run_blocking();
        match run {
            Ok(run) => run.outputs_of::<Name>(&op).next().unwrap().1.clone(),
            Err(error) => without_lines(&error.to_string()),
        }
    };
    let production = || Environment::new().resource_opened(&database("production_database", "production"));
    let one = Definitions::new().resource_opened(&database("database", "local"));
    let one = one.environment("production", production());
    assert_eq!(name(&one, "production"), "production");
    let value = Definitions::new().resource(Database("local")).environment("production", production());
    assert_eq!(name(&value, "production"), "production");
    let by_key = Definitions::new()
        .resource_opened(&database("database", "local"))
        .resource_opened(&database("archive", "old"))
        .environment("production", Environment::new().resource_opened(&database("database", "production")));
    assert_eq!(name(&by_key, "production"), "production");
    let several = Definitions::new()
        .resource_opened(&database("main", "local"))
        .resource_opened(&database("archive", "old"))
        .environment("production", production());
    assert_snapshot!(name(&several, "production"), @r#"
    the job `job` cannot be planned
    error: the op `name` needs a resource of type `Database`, of which there are 3
      --> orch-core/tests/behaviour/resources.rs:_ (the step)
      --> orch-core/tests/behaviour/resources.rs:_ (one of this type)
      --> orch-core/tests/behaviour/resources.rs:_ (one of this type)
      --> orch-core/tests/behaviour/resources.rs:_ (one of this type)
      hint: call the parameter `database` by the key of the one that is meant: `main`, `archive`, `production_database`; or write `#[key = ".."]` before it
    "#);
}
