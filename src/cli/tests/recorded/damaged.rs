//! What is known of an asset, and is damaged.

use std::path::Path;

use orch_core::ids::RunId;
use orch_core::select::AssetSelection;
use orch_core::storage::Storage;
use orch_sqlite::{Durability, Folder};
use rusqlite::Connection;

use super::upkeep::Place;
use super::*;

#[crate::asset]
fn orders() -> u32 {
    3
}

fn definitions() -> Definitions {
    Definitions::new().assets(crate::assets![orders])
}

fn session(home: &Path, args: &str) -> String {
    let around = Around::of(EnvVars::none().with("ORCH_HOME", home.display().to_string()));
    session_around(&around, || Ok(definitions()), args).replace(&home.display().to_string(), "HOME")
}

/// What is shown of an asset that was made three times: the runs of its history, and what is told besides.
fn shown(home: &Path) -> String {
    let told = session(home, "assets show orders --json");
    let (data, told) = told.split_once("\n--- stderr").unwrap_or((&told, ""));
    let runs = data.lines().filter(|line| line.trim_start().starts_with("\"run\""));
    runs.chain([told]).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_damaged_materialization_of_history_hides_no_other() {
    let place = Place::new();
    let home = place.path().join("home");
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(&home, Durability::Normal).expect("a folder"));
    for run in 1..=3 {
        let program = definitions();
        let materialized = program.runner(&program.materialize(&AssetSelection::all()));
        let materialized = materialized.run_id(RunId::from_u128(run)).record(&storage);
        materialized.run_blocking().expect("it succeeds");
    }
    let damage = |run: &str| {
        let list = Connection::open(home.join("instance.db")).expect("the list");
        let sql = "UPDATE fact SET fact = replace(fact, '\"asset\"', '\"azzet\"') WHERE run LIKE '%' || ?1";
        assert_eq!(list.execute(sql, [run]), Ok(1));
    };
    damage("2");
    insta::assert_snapshot!(shown(&home), @r#"
    "run": "00000000-0000-0000-0000-000000000003",
    "run": "00000000-0000-0000-0000-000000000003",
    "run": "00000000-0000-0000-0000-000000000001",
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 4 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    "#);
    let checked = session(&home, "instance check");
    insta::assert_snapshot!(checked.split_once("--- stderr\n").expect("it is told").1, @r"
    error: `HOME/instance.db`: the materialization of `orders` by event 4 of the run 00000000-0000-0000-0000-000000000002: it is not what was written; something newer has taken its place
    hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    ");
    damage("3");
    insta::assert_snapshot!(shown(&home), @r#"
    "run": "00000000-0000-0000-0000-000000000001",
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 4 of the run 00000000-0000-0000-0000-000000000003: it is not what was written
    hint: materialize the asset, or its partition, anew; or go back to a backup of the whole folder
    warning: `HOME/instance.db` is damaged: the materialization of `orders` by event 4 of the run 00000000-0000-0000-0000-000000000002: it is not what was written
    hint: it can stay as it is: what is the latest stands without it; a backup of the whole folder has it still
    "#);
}

#[test]
fn a_list_that_was_cut_off_is_told_with_the_way_out_and_runs_are_checked_all_the_same() {
    let place = Place::new();
    let home = place.path().join("home");
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(&home, Durability::Normal).expect("a folder"));
    for run in 1..=2 {
        let program = definitions();
        let materialized = program.runner(&program.materialize(&AssetSelection::all()));
        let materialized = materialized.run_id(RunId::from_u128(run)).record(&storage);
        materialized.run_blocking().expect("it succeeds");
    }
    drop(storage);
    std::fs::remove_file(home.join("runs/00000000-0000-0000-0000-000000000002/run.db")).expect("it goes");
    std::fs::write(home.join("runs/00000000-0000-0000-0000-000000000002/run.db"), "lost").expect("written");
    let list = home.join("instance.db");
    let whole = std::fs::read(&list).expect("it is there");
    for length in [60, whole.len() / 2 + 100] {
        std::fs::write(&list, &whole[..length]).expect("written");
        let told = session(&home, "instance check");
        let (first, rest) = told.split_once("\nhint: ").expect("a hint");
        assert!(first.contains("error: `HOME/instance.db` cannot be "), "{told}");
        assert!(rest.starts_with("end all programs on the folder and move `instance.db` away"), "{told}");
        assert!(rest.contains("error: `HOME/runs/00000000-0000-0000-0000-000000000002/run.db`"), "{told}");
        assert!(
            first.contains("checked the runs that are there, without their list: 2 things to mend"),
            "{told}"
        );
        let json = session(&home, "instance check --json");
        assert!(json.contains("\"runs\": null") && json.contains("instance.db"), "{json}");
    }
    std::fs::remove_file(&list).expect("it goes");
    assert!(session(&home, "runs").contains("00000000"), "it is made anew");
}
