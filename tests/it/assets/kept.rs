//! What remains of assets: values and facts, and how they are found again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use orch::asset::{MaterializationQuery, ValueAt};
use orch::ids::RunId;
use orch::io::{IoManager, Metadata, OutputAt};
use orch::prelude::*;
use orch::run::Rerun;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};

use super::{facts, materialize, ran, storage};

#[asset]
fn numbers() -> Vec<i64> {
    (0..10_000).collect()
}

#[asset]
fn count(numbers: &[i64]) -> usize {
    numbers.len()
}

#[test]
fn a_large_value_is_a_file_that_outlives_its_run() {
    let home = std::env::temp_dir().join(format!("orch-assets-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&home);
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(&home, Durability::Normal).expect("a folder"));
    let definitions = Definitions::new().assets(assets![numbers, count]);
    materialize(&definitions, &storage, "numbers").expect("it succeeds");
    let latest = storage.materializations(&MaterializationQuery::default()).expect("facts").remove(0);
    assert!(matches!(latest.value, ValueAt::File(_)), "{:?}", latest.value);
    storage.remove(latest.run).expect("the run goes");
    let run = materialize(&definitions, &storage, "count").expect("it is loaded");
    assert_eq!((*run.output::<count>(), ran(&run)), (10_000, vec!["count".to_owned()]));
    drop(storage);
    std::fs::remove_dir_all(home).expect("it was there");
}

/// Keeps texts under their paths.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

impl IoManager<String> for Shelf {
    fn store(&self, at: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        let path = at.relative_path();
        let metadata =
            Metadata::from([("path".to_owned(), path.as_str().into()), ("rows".to_owned(), 1.into())]);
        self.0.lock().expect("not poisoned").insert(path, text.clone());
        Ok(metadata)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let path = at.relative_path();
        let found = self.0.lock().expect("not poisoned").get(&path).cloned();
        found.ok_or_else(|| Failure::new(format!("there is no `{path}`")))
    }
}

#[asset(key_prefix = "lake", io = "shelf")]
fn greeting() -> String {
    "hello".to_owned()
}

/// Others write it.
#[external_asset(key = "lake/name", io = "shelf")]
fn name() -> String;

#[asset(io = "shelf")]
fn message(greeting: &str, name: &str) -> String {
    format!("{greeting}, {name}")
}

#[test]
fn an_io_manager_keeps_an_asset_in_one_place_for_all_runs() {
    let shelf = Shelf::default();
    shelf.0.lock().expect("not poisoned").insert("lake/name".to_owned(), "ferris".to_owned());
    let definitions =
        Definitions::new().assets(assets![greeting, name, message]).io::<String>("shelf", shelf.clone());
    let storage = storage();
    materialize(&definitions, &storage, "lake/greeting").expect("it succeeds");
    materialize(&definitions, &storage, "message").expect("it succeeds");
    materialize(&definitions, &storage, "message").expect("it succeeds");
    let kept = shelf.0.lock().expect("not poisoned").clone();
    insta::assert_debug_snapshot!(kept, @r#"
    {
        "lake/greeting": "hello",
        "lake/name": "ferris",
        "message": "hello, ferris",
    }
    "#);
    insta::assert_snapshot!(facts(&storage), @r#"
    lake/greeting, path: Path("lake/greeting"), rows: RowCount(1), io
    message, of lake/greeting unknown, of lake/name unknown, path: Path("message"), rows: RowCount(1), io
    message, of lake/greeting unknown, of lake/name unknown, path: Path("message"), rows: RowCount(1), io
    "#);
    // A test needs no instance: what an IO manager has is loaded from where it lies.
    let job = definitions.materialize(&"message".parse().expect("a selection"));
    let run = definitions.runner(&job).keep_outputs().run_blocking().expect("it succeeds");
    assert_eq!(run.output::<message>(), "hello, ferris");
}

#[test]
fn a_value_that_is_not_there_any_more_is_named_by_the_step_that_takes_it() {
    let definitions =
        Definitions::new().assets(assets![greeting, name, message]).io::<String>("shelf", Shelf::default());
    let storage = storage();
    materialize(&definitions, &storage, "lake/greeting").expect("it succeeds");
    let error = materialize(&definitions, &storage, "message").expect_err("nobody has written the name");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `message`: the external asset `lake/name` cannot be loaded
      caused by: there is no `lake/name`
      hint: others make it, and have to put it there where the IO manager `shelf` looks for it; this program only reads it
    ");
}

/// Where others put their files.
struct Export;

impl IoManager<String> for Export {
    fn store(&self, _: &OutputAt<'_>, _: &String) -> Result<Metadata> {
        Err(Failure::new("others write it"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let path = format!("exports/{}.txt", at.relative_path());
        let read = std::fs::read_to_string(&path);
        // It does not know whose file it is.
        read.map_err(|error| {
            Failure::from(error).context(format!("cannot read `{path}`")).hint("was it moved?")
        })
    }
}

#[asset]
fn signature(name: &str) -> usize {
    name.len()
}

#[test]
fn what_others_have_not_put_there_is_theirs_to_put_there() {
    let definitions = Definitions::new().assets(assets![name, signature]).io::<String>("shelf", Export);
    let error = materialize(&definitions, &storage(), "*").expect_err("nobody has written the name");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `signature`: the external asset `lake/name` cannot be loaded
      caused by: cannot read `exports/lake/name.txt`
      caused by: No such file or directory (os error 2)
      hint: others make it, and have to put it there where the IO manager `shelf` looks for it; this program only reads it
    ");
}

/// The runs that made what the latest of an asset is made of, as their places among `runs`.
fn made_of(storage: &Arc<dyn Storage>, asset: &str, runs: &[RunId]) -> Vec<(String, Option<usize>)> {
    let latest = MaterializationQuery::latest(&asset.parse().expect("a key"));
    let latest = storage.materializations(&latest).expect("what is known").remove(0);
    let place = |run: Option<RunId>| run.and_then(|run| runs.iter().position(|other| *other == run));
    latest.inputs.iter().map(|input| (input.asset.to_string(), place(input.run))).collect()
}

#[test]
fn what_is_only_to_be_there_before_is_told_with_the_run_that_made_it() {
    #[asset(deps = [count])]
    fn after(numbers: &[i64]) -> usize {
        numbers.len()
    }
    let definitions = Definitions::new().assets(assets![numbers, count, after]);
    let storage = storage();
    let first = materialize(&definitions, &storage, "numbers").expect("it succeeds").id();
    let second = materialize(&definitions, &storage, "count").expect("it succeeds").id();
    materialize(&definitions, &storage, "after").expect("it succeeds");
    let made_of = made_of(&storage, "after", &[first, second]);
    assert_eq!(made_of, [("numbers".to_owned(), Some(0)), ("count".to_owned(), Some(1))]);
}

/// How often it fails before it succeeds.
static FAILURES: AtomicUsize = AtomicUsize::new(3);

#[test]
fn a_run_that_is_made_again_and_again_knows_what_the_first_has_made() {
    #[asset]
    fn first() -> i64 {
        1
    }
    #[asset]
    fn second(first: i64) -> Result<i64> {
        match FAILURES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(left) => Err(Failure::new(format!("{left} times more"))),
            Err(_) => Ok(first),
        }
    }
    let definitions = Definitions::new().assets(assets![first, second]);
    let storage = storage();
    let error = materialize(&definitions, &storage, "*").expect_err("it fails");
    let mut runs = vec![error.run().expect("a run").id()];
    for what in [Rerun::FromFailure, Rerun::FromFailure, Rerun::Select("second".parse().expect("a step"))] {
        let last = *runs.last().expect("there is one");
        match definitions.rerun(&storage, last, what).expect("it can be made again").run_blocking() {
            Ok(run) => runs.push(run.id()),
            Err(error) => runs.push(error.run().expect("a run").id()),
        }
    }
    assert_eq!(made_of(&storage, "second", &runs), [("first".to_owned(), Some(0))]);
    let known = MaterializationQuery { asset: Some("first".parse().expect("a key")), ..Default::default() };
    assert_eq!(storage.materializations(&known).expect("what is known").len(), 1, "it is told once");
}
