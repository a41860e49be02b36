//! Steps of memoized ops: all that they depend on counts, and what cannot be read is not taken.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use orch::asset::MaterializationQuery;
use orch::config::RunConfig;
use orch::io::{IoManager, Metadata, OutputAt};
use orch::prelude::*;
use orch::run::{Rerun, Run, Runner};
use orch::storage::{Memory, Storage};
use orch_sqlite::{Durability, Folder};

/// Which steps have run, and in parentheses which were passed over.
fn told(run: &Run) -> String {
    let ended = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        match event.kind.name() {
            "STEP_SUCCESS" => Some(step.to_string()),
            "STEP_MEMOIZED" => Some(format!("({step})")),
            _ => None,
        }
    });
    ended.collect::<Vec<_>>().join(" ")
}

fn succeeds(runner: Runner) -> String {
    told(&runner.max_concurrent(1).keep_events().run_blocking().expect("it succeeds"))
}

fn memory() -> Arc<dyn Storage> {
    Arc::new(Memory::new())
}

#[derive(Config)]
struct Words {
    words: Vec<String>,
}

/// An item for each word, all of them the same.
#[op]
fn words(config: Config<Words>) -> Dynamic<String> {
    Dynamic::from_iter(config.words.clone().into_iter().map(|word| (word, "x".to_owned())))
}

/// Says of which item it is, and for whom.
#[op(memoize, code_version = "1")]
fn page(text: String, context: Context) -> String {
    format!("{:?}: {text} for {:?}", context.mapping_key(), context.tags().get("tenant"))
}

/// Looks at nothing but what it is given.
#[op(memoize, code_version = "1")]
fn count(text: &str) -> usize {
    text.len()
}

#[job]
fn pages() {
    words().map(|word| {
        page(word);
        count(word);
    });
}

#[test]
fn who_looks_at_the_context_is_passed_over_where_it_says_the_same() {
    let storage = memory();
    let go = |words: &str, tenant: &str| {
        let config = RunConfig::new().set(&format!("ops.words.config.words={words}"));
        succeeds(pages().runner().config(config).tag("tenant", tenant).record(&storage))
    };
    insta::assert_snapshot!(go("[a]", "north"), @"page[a] count[a] words");
    insta::assert_snapshot!(go("[a, b]", "north"), @"(page[a]) (count[a]) (count[b]) page[b] words");
    insta::assert_snapshot!(go("[a]", "south"), @"(count[a]) page[a] words");
    insta::assert_snapshot!(go("[a, b]", "south"), @"(page[a]) (count[a]) (count[b]) page[b] words");
}

#[derive(Config)]
struct Greeting {
    word: String,
}

#[op(memoize, code_version = "1")]
fn greet(name: String, config: Config<Greeting>) -> String {
    format!("{} {name}", config.word)
}

#[job]
fn greetings() {
    greet(lit("Ada")).named("first");
    greet(lit("Ada")).named("second");
}

#[test]
fn a_configuration_is_what_it_says_wherever_it_is_said() {
    let storage = memory();
    let go = |first: &str, second: &str| {
        let config = RunConfig::new().set(&format!("ops.first.config.word={first}"));
        let config = config.set(&format!("ops.second.config.word={second}"));
        succeeds(greetings().runner().config(config).record(&storage))
    };
    insta::assert_snapshot!(go("Dear", "Hello"), @"first second");
    insta::assert_snapshot!(go("Hello", "Dear"), @"(first) (second)");
    insta::assert_snapshot!(go("Hello", "Good morning"), @"(first) second");
}

/// Keeps texts by their places: of each run, or one for all runs.
#[derive(Clone, Default)]
struct Shelf {
    apart: bool,
    texts: Arc<Mutex<HashMap<String, String>>>,
}

impl Shelf {
    fn place(&self, at: &OutputAt<'_>) -> String {
        if self.apart { at.relative_path() } else { at.step.to_string() }
    }
}

impl IoManager<String> for Shelf {
    fn store(&self, at: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        self.texts.lock().unwrap().insert(self.place(at), text.clone());
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let texts = self.texts.lock().unwrap();
        texts.get(&self.place(at)).cloned().ok_or_else(|| Failure::new("it is not there"))
    }

    fn keeps_runs_apart(&self) -> bool {
        self.apart
    }
}

#[op(memoize, code_version = "1", io = "shelf")]
fn shelved() -> String {
    "a text".to_owned()
}

#[job]
fn shelve() {
    shelved();
}

#[test]
fn what_another_run_may_have_replaced_is_made_anew() {
    let twice = |apart: bool| {
        let (storage, shelf) = (memory(), Shelf { apart, ..Shelf::default() });
        let go = || succeeds(shelve().runner().io("shelf", shelf.clone()).record(&storage));
        [go(), go()].join(", ")
    };
    insta::assert_snapshot!(twice(true), @"shelved, (shelved)");
    insta::assert_snapshot!(twice(false), @"shelved, shelved");
}

/// More than the log keeps.
#[op(memoize, code_version = "1")]
fn table() -> Vec<u64> {
    (0..100_000).collect()
}

#[derive(Config)]
struct Closed {
    closed: bool,
}

#[op]
fn rows(table: &[u64], config: Config<Closed>) -> Result<usize> {
    if config.closed { Err("it is closed".into()) } else { Ok(table.len()) }
}

#[job]
fn tables() {
    rows(table());
}

/// Removes what runs have stored in this folder, and says how many files it was.
fn remove_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let removed = entries.map(|path| match path.is_dir() {
        true => remove_files(&path),
        false if path.components().any(|part| part.as_os_str() == "artifacts") => {
            std::fs::remove_file(&path).map(|()| 1).unwrap()
        }
        false => 0,
    });
    removed.sum()
}

#[test]
fn a_value_that_is_gone_is_made_anew_by_what_goes_on_from_the_run_that_made_it() {
    let home = std::env::temp_dir().join(format!("orch-memoized-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&home);
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(&home, Durability::Normal).unwrap());
    let definitions = Definitions::new().job(tables());
    let closed = RunConfig::new().set("ops.rows.config.closed=true");
    let runner = definitions.runner(&definitions.jobs()[0]).config(closed).record(&storage);
    let failed = runner.run_blocking().expect_err("it is closed").run().expect("it ran").id();
    assert_eq!(remove_files(&home), 1);
    let again = definitions.rerun(&storage, failed, Rerun::FromFailure).expect("it failed");
    let again = again.config(RunConfig::new().set("ops.rows.config.closed=false"));
    insta::assert_snapshot!(succeeds(again), @"table rows");
    drop(storage);
    std::fs::remove_dir_all(home).unwrap();
}

/// How often others have made their number anew, each time another one.
#[derive(Clone, Default)]
struct Lake(Arc<AtomicI64>);

impl IoManager<i64> for Lake {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Err(Failure::new("others fill the lake"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

#[external_asset(io = "lake")]
fn level() -> i64;

#[asset_observation(asset = level)]
fn gauge(lake: Res<Lake>) -> DataVersion {
    DataVersion::new(lake.0.load(Ordering::Relaxed))
}

#[op(memoize, code_version = "1")]
fn double(level: i64) -> i64 {
    2 * level
}

/// Makes the asset: of steps that do, assets have versions of their own.
#[op]
fn keep(number: i64) -> i64 {
    number
}

#[graph_asset]
fn doubled(level: Out<i64>) -> Out<i64> {
    keep(double(level))
}

#[test]
fn what_others_make_is_known_only_to_the_run_that_has_observed_it() {
    let (storage, lake) = (memory(), Lake::default());
    let definitions = Definitions::new().assets(assets![level, doubled]).observations(observations![gauge]);
    let definitions = definitions.io::<i64>("lake", lake.clone()).resource(lake.clone());
    let go = |selection: &str| {
        let job = definitions.materialize(&selection.parse().unwrap());
        let runner = definitions.runner(&job).record(&storage).keep_outputs().max_concurrent(1);
        let run = runner.keep_events().run_blocking().expect("it succeeds");
        let gave =
            storage.materializations(&MaterializationQuery::latest(&"doubled".parse().unwrap())).unwrap();
        format!("{} {:?}", told(&run), gave[0].data_version.as_deref().map(|version| &version[..4]))
    };
    insta::assert_snapshot!(go("*"), @r#"level.gauge doubled.double doubled.keep Some("2d3a")"#);
    insta::assert_snapshot!(go("*"), @r#"level.gauge (doubled.double) doubled.keep Some("2d3a")"#);
    // Since it was observed it may be another one, as it is here.
    lake.0.store(1, Ordering::Relaxed);
    insta::assert_snapshot!(go("doubled"), @r#"doubled.double doubled.keep Some("ab13")"#);
    insta::assert_snapshot!(go("*"), @r#"level.gauge doubled.double doubled.keep Some("ab13")"#);
}
