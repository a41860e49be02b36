//! Assets that are taken as they are stored, as values of another type.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orch::io::{IoManager, Metadata, OutputAt};
use orch::prelude::*;

use super::{facts, materialize, ran, storage};

/// Keeps texts, and reads them as texts or as their lines.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

/// The lines of a text, of which no op returns any.
struct Lines(Vec<String>);

impl IoManager<String> for Shelf {
    fn store(&self, at: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        self.0.lock().expect("not poisoned").insert(at.relative_path(), text.clone());
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let found = self.0.lock().expect("not poisoned").get(&at.relative_path()).cloned();
        found.ok_or_else(|| Failure::new("it is not on the shelf"))
    }
}

impl IoManager<Lines> for Shelf {
    fn store(&self, _: &OutputAt<'_>, _: &Lines) -> Result<Metadata> {
        Err(Failure::new("lines are read only"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Lines> {
        let text: String = self.load(at)?;
        Ok(Lines(text.lines().map(str::to_owned).collect()))
    }
}

#[asset(io = "shelf")]
fn poem() -> String {
    "one\ntwo".to_owned()
}

#[asset]
fn length(#[stored] poem: &Lines) -> usize {
    poem.0.len()
}

#[asset]
fn last_line(
    #[from(poem)]
    #[stored]
    lines: &Lines,
    length: usize,
) -> String {
    lines.0[length - 1].clone()
}

fn definitions() -> Definitions {
    let shelf = Shelf::default();
    let definitions = Definitions::new().assets(assets![poem, length, last_line]);
    definitions.io::<String>("shelf", shelf.clone()).io::<Lines>("shelf", shelf)
}

#[test]
fn an_asset_is_read_as_the_parameter_wants_it() {
    let (definitions, storage) = (definitions(), storage());
    let all = definitions.materialize(&"*".parse().expect("all"));
    insta::assert_snapshot!(all.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    poem() -> String
      | makes asset poem
      | io shelf
    read_poem() -> Lines
      | reads asset poem by io shelf
      | after poem
    length(poem: &Lines <- read_poem) -> usize
      | makes asset length
      | after poem
    last_line(lines: &Lines <- read_poem, length: usize <- length) -> String
      | makes asset last_line
      | after poem
    ");
    let run = definitions.runner(&all).record(&storage).keep_outputs().keep_events().run_blocking();
    let run = run.expect("it succeeds");
    assert_eq!((*run.output::<length>(), run.output::<last_line>().as_str()), (2, "two"));
    // Later it is read without being made.
    let run = materialize(&definitions, &storage, "last_line").expect("it succeeds");
    assert_eq!(ran(&run), ["read_poem", "last_line"]);
    insta::assert_snapshot!(facts(&storage), @r"
    poem, io
    length, data ab13bedf, of poem unknown, fact
    last_line, data 65f4bccd, of poem unknown, of length ab13bedf, fact
    last_line, data 65f4bccd, of poem unknown, of length ab13bedf, fact
    ");
}

#[test]
fn what_cannot_be_read_is_told_before_the_run() {
    let assets = Definitions::new().assets(assets![poem, length]);
    let job =
        |definitions: &Definitions, what: &str| definitions.materialize(&what.parse().expect("a selection"));
    let unread = assets.io::<String>("shelf", Shelf::default());
    let error = unread.runner(&job(&unread, "*")).run_blocking().expect_err("nothing reads lines");
    insta::assert_snapshot!(error, @r#"
    the job `materialize` cannot be planned
    error: the parameter `poem` of `length` reads `poem` as a `Lines` by the IO manager `shelf`, which is not defined for `Lines`
      --> tests/it/assets/stored.rs:47 (the step)
      hint: define it for the program, `Definitions::new().io("shelf", manager)`, or for one run, `job.runner().io("shelf", manager)`; IO managers of this program: `shelf` for `String`
    "#);
    let error = materialize(&definitions(), &storage(), "length").expect_err("never made");
    insta::assert_snapshot!(error, @r"
    the job `materialize` cannot be planned
    error: `length` takes the asset `poem`, which was never materialized
      --> tests/it/assets/stored.rs:47 (the step)
      hint: materialize it before, `materialize poem`, or with all that is needed: `materialize '+length'`
    ");
    #[asset]
    fn titles(
        #[from(poem)]
        #[stored(columns = ["title"])]
        lines: &Lines,
    ) -> usize {
        lines.0.len()
    }
    let definitions = definitions().assets(assets![titles]);
    let error = definitions.runner(&job(&definitions, "poem or titles")).run_blocking();
    insta::assert_snapshot!(error.expect_err("it has no columns"), @r"
    the job `materialize` cannot be planned
    error: the parameter `lines` of `titles` reads columns of `poem` as a `Lines`, which the IO manager `shelf` reads as a whole
      --> tests/it/assets/stored.rs:122 (the step)
      hint: leave them out, `#[stored]`, or have the manager read them: `IoManager::takes_columns`
    ");
    #[asset]
    fn plain() -> String {
        String::new()
    }
    #[asset]
    fn lines(#[stored] plain: &Lines) -> usize {
        plain.0.len()
    }
    let definitions = Definitions::new().assets(assets![plain, lines]);
    let error = job(&definitions, "*").try_plan().expect_err("nothing stores it");
    insta::assert_snapshot!(error, @r#"
    the job `materialize` cannot be planned
    error: `plain` is taken as it is stored, as `Lines`, and names no IO manager that could read it so
      --> tests/it/assets/stored.rs:138 (the asset)
      hint: name one, `io = ".."`, that is defined for both types, or take it as what it is: `String`
    "#);
}
