//! What steps share: opened before the first, closed after the last, swapped in tests and environments.

use std::sync::{Arc, Mutex};

use orch::prelude::*;
use orch::report::story;
use orch::run::Runner;

use crate::told::refusal;

/// What was done, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn told(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

struct Pool(Journal);

struct Database {
    journal: Journal,
    name: &'static str,
}

/// Connections.
#[resource(close = drain)]
fn pool(journal: Res<Journal>) -> Pool {
    journal.note("pool opened");
    Pool(journal.clone_of())
}

fn drain(pool: &Pool) {
    pool.0.note("pool drained");
}

/// Where all ends up.
#[resource(close_async = disconnect)]
async fn database(pool: Res<Pool>) -> Result<Database> {
    pool.0.note("database opened");
    Ok(Database { journal: pool.0.clone(), name: "main" })
}

async fn disconnect(database: &Database) -> Result<()> {
    database.journal.note("database closed");
    Ok(())
}

trait CloneOf {
    fn clone_of(&self) -> Journal;
}

impl CloneOf for Res<Journal> {
    fn clone_of(&self) -> Journal {
        Journal::clone(self)
    }
}

#[op]
fn load(row: i64, db: Res<Database>) -> Result<String> {
    db.journal.note(format!("{row} into {}", db.name));
    if row == 13 { Err("unlucky".into()) } else { Ok(db.name.to_owned()) }
}

#[job(max_concurrent = 1)]
fn rows() {
    load(lit(1));
}

#[job(max_concurrent = 1)]
fn unlucky() {
    load(lit(13));
}

fn definitions(journal: &Journal) -> Definitions {
    Definitions::new()
        .resource(journal.clone())
        .resource_from::<database>()
        .resource_from::<pool>()
        .job(rows())
        .job(unlucky())
}

fn kept(runner: Runner) -> Runner {
    runner.keep_outputs().keep_events()
}

#[test]
fn they_are_opened_in_the_order_of_their_needs_and_closed_in_reverse() {
    let journal = Journal::default();
    let run = kept(definitions(&journal).runner(&rows())).run_blocking().unwrap();
    insta::assert_snapshot!(journal.told(), @r"
    pool opened
    database opened
    1 into main
    database closed
    pool drained
    ");
    insta::assert_snapshot!(story(run.events()), @r"
    RUN_START rows
    RESOURCE_INIT_STARTED pool
    RESOURCE_INIT_SUCCESS pool
    RESOURCE_INIT_STARTED database
    RESOURCE_INIT_SUCCESS database
    STEP_START load
    STEP_INPUT load row
    STEP_OUTPUT load result
    STEP_SUCCESS load
    RESOURCE_CLOSED database
    RESOURCE_CLOSED pool
    RUN_SUCCESS
    ");
}

#[test]
fn they_are_closed_also_if_the_run_fails() {
    let journal = Journal::default();
    let error = kept(definitions(&journal).runner(&unlucky())).run_blocking().unwrap_err();
    assert!(error.to_string().contains("unlucky"));
    insta::assert_snapshot!(journal.told(), @r"
    pool opened
    database opened
    13 into main
    database closed
    pool drained
    ");
}

#[test]
fn a_job_that_needs_none_opens_none() {
    #[op]
    fn idle() {}
    #[job]
    fn nothing() {
        idle();
    }
    let journal = Journal::default();
    definitions(&journal).runner(&nothing()).run_blocking().unwrap();
    assert_eq!(journal.told(), "");
}

#[test]
fn a_test_gives_another_one_which_is_neither_opened_nor_closed() {
    let journal = Journal::default();
    let fake = Database { journal: journal.clone(), name: "fake" };
    let run = rows().with(fake).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "fake");
    assert_eq!(journal.told(), "1 into fake");
    // In place of the program's too, so that even the pool, which it alone needs, is not opened.
    let fake = Database { journal: journal.clone(), name: "fake" };
    let run = kept(definitions(&journal).runner(&rows().with(fake))).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "fake");
    assert_eq!(journal.told(), "1 into fake\n1 into fake");
}

#[test]
fn another_function_takes_the_place_of_the_only_one_that_opens_the_type() {
    #[resource]
    fn other_database(pool: Res<Pool>) -> Database {
        Database { journal: pool.0.clone(), name: "other" }
    }
    let journal = Journal::default();
    let environment = Environment::new().resource_from::<other_database>();
    let definitions = definitions(&journal).environment("prod", environment);
    let run = kept(definitions.runner_in("prod", &rows()).unwrap()).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "other");
    let run = kept(definitions.runner(&rows().with_from::<other_database>())).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "other");
    let run = kept(definitions.runner(&rows()).with_from::<other_database>()).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "other");
    let run = definitions.test(&rows()).with_from::<other_database>().run();
    assert_eq!(run.output::<load>(), "other");
    assert!(!journal.told().contains("database opened"), "{}", journal.told());
}

#[test]
fn an_environment_says_what_differs() {
    let journal = Journal::default();
    let other = Database { journal: journal.clone(), name: "production" };
    let definitions = definitions(&journal).environment("prod", Environment::new().resource(other));
    let run = kept(definitions.runner_in("prod", &rows()).unwrap()).run_blocking().unwrap();
    assert_eq!(run.output::<load>(), "production");
    assert!(definitions.runner_in("staging", &rows()).is_none());
}

trait Store: Send + Sync {
    fn put(&self, row: i64) -> String;
}

struct Folder;

impl Store for Folder {
    fn put(&self, row: i64) -> String {
        format!("{row}.parquet")
    }
}

#[op]
fn put(row: i64, store: Res<dyn Store>) -> String {
    store.put(row)
}

#[op]
fn copy(row: i64, source: &Res<dyn Store>, #[key = "archive"] target: &Res<dyn Store>) -> String {
    format!("{} to {}", source.put(row), target.put(row))
}

#[test]
fn one_of_a_trait_is_taken_as_that_trait() {
    #[job]
    fn rows() {
        put(lit(7));
    }
    let run = rows().with_shared::<dyn Store>(Arc::new(Folder)).run_blocking().unwrap();
    assert_eq!(run.output::<put>(), "7.parquet");
    // What opens one can give one of a trait.
    #[resource]
    fn folder() -> Res<dyn Store> {
        let folder: Arc<dyn Store> = Arc::new(Folder);
        folder.into()
    }
    let definitions = Definitions::new().resource_from::<folder>();
    let run = kept(definitions.runner(&rows())).run_blocking().unwrap();
    assert_eq!(run.output::<put>(), "7.parquet");
}

#[test]
fn of_several_of_one_type_the_key_says_which() {
    #[job]
    fn rows() {
        copy(lit(7));
    }
    struct Archive;
    impl Store for Archive {
        fn put(&self, row: i64) -> String {
            format!("archive/{row}")
        }
    }
    let source: Arc<dyn Store> = Arc::new(Folder);
    let archive: Arc<dyn Store> = Arc::new(Archive);
    let runner = rows().runner().with_shared_as("source", source).with_shared_as("archive", archive);
    let run = runner.keep_outputs().run_blocking().unwrap();
    assert_eq!(run.output::<copy>(), "7.parquet to archive/7");
    assert_eq!(
        copy(
            7,
            &Res::from(Arc::new(Folder) as Arc<dyn Store>),
            &Res::from(Arc::new(Archive) as Arc<dyn Store>)
        ),
        "7.parquet to archive/7"
    );
}

#[test]
fn what_is_missing_or_not_clear_is_said_before_any_step_begins() {
    #[job]
    fn all() {
        load(lit(1));
        put(lit(2));
        copy(lit(3));
    }
    insta::assert_snapshot!(refusal(all().runner()), @r#"
    the job `all` cannot be planned: 4 problems
    error: the op `load` needs a resource of type `Database`, and there is none
      --> tests/it/resources.rs (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    error: the op `put` needs a resource of type `dyn Store`, and there is none
      --> tests/it/resources.rs (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    error: the op `copy` needs a resource of type `dyn Store`, and there is none
      --> tests/it/resources.rs (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    error: the op `copy` needs the resource `archive` of type `dyn Store`, which is not there
      --> tests/it/resources.rs (the step)
      hint: there is none of type `dyn Store` with a key; give one with `.resource_as("archive", ..)`
    "#);
    let folder: Arc<dyn Store> = Arc::new(Folder);
    let runner = all().runner().with_shared_as("a", Arc::clone(&folder)).with_shared_as("archives", folder);
    insta::assert_snapshot!(refusal(runner), @r#"
    the job `all` cannot be planned: 4 problems
    error: the op `load` needs a resource of type `Database`, and there is none
      --> tests/it/resources.rs (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    error: the op `put` needs a resource of type `dyn Store`, of which there are 2
      --> tests/it/resources.rs (the step)
      --> tests/it/resources.rs (one of this type)
      --> tests/it/resources.rs (one of this type)
      hint: call the parameter `store` by the key of the one that is meant: `a`, `archives`; or write `#[key = ".."]` before it
    error: the op `copy` needs a resource of type `dyn Store`, of which there are 2
      --> tests/it/resources.rs (the step)
      --> tests/it/resources.rs (one of this type)
      --> tests/it/resources.rs (one of this type)
      hint: call the parameter `source` by the key of the one that is meant: `a`, `archives`; or write `#[key = ".."]` before it
    error: the op `copy` needs the resource `archive` of type `dyn Store`, which is not there
      --> tests/it/resources.rs (the step)
      --> tests/it/resources.rs (one of this type)
      --> tests/it/resources.rs (one of this type)
      hint: did you mean `archives`? of type `dyn Store` there are `a`, `archives`; give one with `.resource_as("archive", ..)`
    "#);
}

#[test]
fn resources_that_need_each_other_are_told_as_a_circle() {
    struct Chicken;
    struct Egg;
    #[resource]
    fn chicken(_egg: Res<Egg>) -> Chicken {
        Chicken
    }
    #[resource]
    fn egg(_chicken: Res<Chicken>) -> Egg {
        Egg
    }
    #[op]
    fn cook(_egg: Res<Egg>) {}
    #[job]
    fn breakfast() {
        cook();
    }
    let definitions = Definitions::new().resource_from::<chicken>().resource_from::<egg>();
    insta::assert_snapshot!(refusal(definitions.runner(&breakfast())), @r"
    the job `breakfast` cannot be planned
    error: resources need each other in a circle: `egg` needs `chicken` needs `egg`
      --> tests/it/resources.rs (the resource)
      hint: let one of them be opened without the other
    ");
}

#[test]
fn one_that_cannot_be_opened_fails_the_run_and_the_others_are_closed() {
    struct Broken;
    #[resource]
    fn broken(_pool: Res<Pool>) -> Result<Broken> {
        Err(Failure::new("no route to host").hint("look at the cable"))
    }
    #[op]
    fn use_it(_broken: Res<Broken>) {}
    #[job]
    fn needy() {
        use_it();
    }
    let journal = Journal::default();
    let definitions = definitions(&journal).resource_from::<broken>();
    let error = kept(definitions.runner(&needy())).run_blocking().unwrap_err();
    insta::assert_snapshot!(error, @r"
    the run of `needy` failed: the resource `broken` cannot be opened: no route to host
      hint: look at the cable
    ");
    insta::assert_snapshot!(story(error.run().unwrap().events()), @r"
    RUN_START needy
    RESOURCE_INIT_STARTED pool
    RESOURCE_INIT_SUCCESS pool
    RESOURCE_INIT_STARTED broken
    RESOURCE_INIT_FAILURE broken: no route to host
    RESOURCE_CLOSED pool
    RUN_FAILURE the resource broken could not be opened
    ");
    assert_eq!(journal.told(), "pool opened\npool drained");
}

#[success_hook]
async fn note_success(done: HookContext, db: Res<Database>) {
    db.journal.note(format!("hook: {} {}", done.step(), done.outcome().name()));
}

#[run_hook]
fn note_end(journal: &Res<Journal>, end: &RunHookContext) {
    journal.note(format!("hook: run {}", end.outcome().name()));
}

#[test]
fn hooks_take_them_too_and_are_called_before_they_are_closed() {
    let journal = Journal::default();
    let definitions = definitions(&journal).hook::<note_success>().hook::<note_end>();
    kept(definitions.runner(&rows())).run_blocking().unwrap();
    insta::assert_snapshot!(journal.told(), @r"
    pool opened
    database opened
    1 into main
    hook: load success
    hook: run success
    database closed
    pool drained
    ");
    // A test calls the hook's function itself.
    let end = RunHookContext::for_test(RunOutcome::Failure);
    note_end(&Res::new(journal.clone()), &end);
    assert!(journal.told().ends_with("hook: run failure"));
    insta::assert_snapshot!(refusal(rows().with(Database { journal, name: "x" }).runner().hook::<note_end>()), @r"
    the job `rows` cannot be planned
    error: the hook `note_end` needs a resource of type `Journal`, and there is none
      --> tests/it/resources.rs (the hook)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    ");
}

#[test]
fn a_function_that_was_given_itself_is_told_where_something_is_missing() {
    let journal = Journal::default();
    let definitions = Definitions::new().resource(journal).resource_from::<pool>().resource(database);
    insta::assert_snapshot!(refusal(definitions.runner(&rows())), @r"
    the job `rows` cannot be planned
    error: the op `load` needs a resource of type `Database`, and there is none
      --> tests/it/resources.rs (the step)
      --> tests/it/resources.rs (a function, given as a value)
      hint: to give what the function opens, name it as a type, `.resource_from::<database>()`
    ");
}
