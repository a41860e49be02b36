//! A program is killed at each write of a frame, and goes on: what lies in the folder is what it would have written, whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use orch::ids::RunId;
use orch::prelude::*;
use orch::storage::Storage;
use orch_core::storage::conformance::boundaries::names;
use orch_polars::polars::df;
use orch_polars::{DataFrame, ParquetIo, RegisterFrames as _};
use orch_sqlite::{Durability, Folder};

use crate::killed::{Case, HOME};
use crate::outcome::Outcome;

/// One after the other. By the second, what has come back is gone again.
const RUNS: [RunId; 2] = [
    RunId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
    RunId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002),
];

#[asset(key_prefix = "mart", io = "lake")]
fn bought() -> Result<DataFrame> {
    Ok(df!("id" => [1_i64, 2, 3], "amount" => [50.0, 150.0, 20.0])?)
}

#[asset(key_prefix = "mart", io = "lake")]
fn returned(bought: &DataFrame, ctx: Context) -> Option<DataFrame> {
    (ctx.run_id() == RUNS[0]).then(|| bought.head(Some(1)))
}

#[asset]
fn left(bought: &DataFrame, returned: Option<DataFrame>) -> usize {
    bought.height() - returned.map_or(0, |frame| frame.height())
}

/// The program that is killed; nothing unless this binary calls itself.
#[test]
fn live() {
    let Some(home) = env::var_os(HOME) else { return };
    let home = Path::new(&home);
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = Definitions::new().assets(assets![bought, returned, left]);
    let definitions = definitions.frames("lake", ParquetIo::new(home.join("lake")));
    let job = definitions.materialize(&"*".parse().expect("all"));
    for id in RUNS {
        let runner = match storage.run(id) {
            Ok(run) if run.status.is_terminal() => continue,
            Ok(_) => definitions.resume(&storage, id).expect("it can be taken up"),
            Err(_) => definitions.runner(&job).run_id(id).record(&storage),
        };
        runner.run_blocking().expect("it succeeds");
    }
}

/// What a folder has.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.display().to_string(), fs::read(&path).expect("a file"));
        }
    }
    files
}

/// Writes that only follow from a failure, or are made in another place.
const SELDOM: [&str; 3] = ["frame.sweep", "object.delete", "object.put"];

#[test]
fn killed_at_each_write_of_a_frame_it_goes_on_to_the_same_end() {
    let case = Case::new("crash::live", "frames", &[]);
    let boundaries = case.undisturbed();
    let all = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let never: BTreeSet<_> = all
        .iter()
        .map(String::as_str)
        .filter(|name| !boundaries.contains(&format!("before {name}")))
        .collect();
    assert_eq!(never, SELDOM.into());
    let read = || (RUNS.map(|run| Outcome::read(&case.home, run)), files(&case.home.join("lake")));
    let (expected, lake) = read();
    assert_eq!(lake.len(), 1, "{:?}", lake.keys());
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        let (outcomes, found) = read();
        outcomes
            .into_iter()
            .zip(&expected)
            .for_each(|(outcome, expected)| outcome.assert_is(expected, place));
        assert_eq!(found, lake, "{place}");
    };
    case.killed_at_each(&boundaries, |_| {}, look);
}
