//! What another IO manager is to store than the one that has stored it: it lies elsewhere, or can be had no more.

use orch::report::{self, Palette};
use orch::run::Making;

use super::*;

/// The same asset, stored by one, by another one and by none.
mod lake {
    use super::*;

    #[asset(io = "lake", code_version = "1")]
    pub(super) fn fish() -> i64 {
        3
    }

    #[asset(io = "lake", code_version = "1", partitions = Daily)]
    pub(super) fn caught() -> i64 {
        1
    }

    #[asset(code_version = "1")]
    pub(super) fn soup(fish: i64) -> i64 {
        fish * 10
    }
}

mod archive {
    use super::*;

    #[asset(io = "archive", code_version = "1")]
    pub(super) fn fish() -> i64 {
        3
    }

    #[asset(io = "archive", code_version = "1", partitions = Daily)]
    pub(super) fn caught() -> i64 {
        1
    }

    #[asset(code_version = "1")]
    pub(super) fn soup(fish: i64) -> i64 {
        fish * 10
    }
}

mod memory {
    use super::*;

    #[asset(code_version = "1")]
    pub(super) fn fish() -> i64 {
        3
    }
}

/// Keeps what it is given, and knows nothing again.
struct Blind(Shelf);

impl IoManager<i64> for Blind {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        let mut told = self.0.store(at, number)?;
        told.remove(STAMP);
        Ok(told)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.0.load(at)
    }
}

/// What of the assets is to be made, and why.
fn to_make(definitions: &Definitions, storage: &Arc<dyn Storage>, making: Making) -> String {
    let graph = definitions.asset_graph();
    let runner = definitions.runner(&definitions.materialize(&"*".parse().expect("all"))).partition("*");
    let mut latest = LatestFacts::read(&**storage, graph).expect("what is known");
    assert!(runner.look(&mut latest).expect("it is planned").is_empty());
    let now = "2026-11-22T00:00:00Z".parse().expect("a time");
    let standings = Standings::of(graph, runner.recipes().expect("it is configured"), &latest, now);
    let all = vec![true; graph.assets().len()];
    let made = standings.to_make_of(&all, making, &runner.partitions().expect("they are known"));
    report::assets_to_make(graph, &standings, (&all, &made), Palette::Plain).trim_end().to_owned()
}

#[test]
fn what_another_io_manager_is_to_store_is_made_anew() {
    let (lake, archive, storage) = (Shelf::default(), Shelf::default(), storage());
    let with = |definitions: Definitions| {
        definitions.io::<i64>("lake", lake.clone()).io::<i64>("archive", archive.clone())
    };
    let old = with(Definitions::new().assets(assets![lake::fish, lake::caught, lake::soup]));
    let made_by =
        |definitions: &Definitions| made(&materialize(definitions, &storage, "*").expect("it succeeds"));
    assert_eq!(made_by(&old), ["fish", "soup", "caught[mon]", "caught[tue]"]);
    assert_eq!(to_make(&old, &storage, Making::Stale), "");

    let new = with(Definitions::new().assets(assets![archive::fish, archive::caught, archive::soup]));
    insta::assert_snapshot!(to_make(&new, &storage, Making::Stale), @r"
    to make           since
    fish              its IO manager has changed: lake → archive
    caught[mon..tue]  its IO manager has changed: lake → archive
    soup              it is made of `fish`, which is to be made
    ");
    // Its value can still be had.
    insta::assert_snapshot!(to_make(&new, &storage, Making::Missing), @"");
    // What is made of it is made of the same.
    assert_eq!(made_by(&new), ["fish", "caught[mon]", "caught[tue]"]);
    assert_eq!((archive.get("fish"), to_make(&new, &storage, Making::Stale)), (Some(3), String::new()));

    let without = with(Definitions::new().assets(assets![memory::fish, archive::caught]));
    insta::assert_snapshot!(to_make(&without, &storage, Making::Stale), @r"
    to make  since
    fish     it had an IO manager when it was made, and has none any more
    ");
    assert_eq!(made_by(&without), ["fish"]);
    let again = with(Definitions::new().assets(assets![lake::fish, archive::caught]));
    insta::assert_snapshot!(to_make(&again, &storage, Making::Stale), @r"
    to make  since
    fish     it has an IO manager, and had none when it was made
    ");
}

#[test]
fn what_an_io_manager_has_stored_that_the_program_does_not_have_any_more_is_missing() {
    let (lake, archive, storage) = (Shelf::default(), Shelf::default(), storage());
    let old = Definitions::new().assets(assets![lake::fish, lake::caught, lake::soup]);
    // One that knows nothing again counts as well.
    let old = old.io::<i64>("lake", Blind(lake.clone()));
    materialize(&old, &storage, "*").expect("it succeeds");

    let new = Definitions::new().assets(assets![archive::fish, archive::caught, archive::soup]);
    let new = new.io::<i64>("archive", archive.clone());
    insta::assert_snapshot!(to_make(&new, &storage, Making::Missing), @r"
    to make           since
    fish              it was stored, and the program has no IO manager for it any more
    caught[mon..tue]  it was stored, and the program has no IO manager for it any more
    ");
    let job = new.materialize(&"*".parse().expect("all"));
    let missing = new.runner(&job).partition("*").only_missing().max_concurrent(1).keep_events();
    let run = missing.record(&storage).run_blocking().expect("it succeeds");
    assert_eq!(made(&run), ["fish", "caught[mon]", "caught[tue]"]);
    assert_eq!(to_make(&new, &storage, Making::Missing), "");
    assert_eq!(lake.get("fish"), Some(3));
}
