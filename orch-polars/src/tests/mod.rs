mod checks;
mod columns;
mod declared;
mod files;
#[cfg(feature = "lazy")]
mod handed;
#[cfg(feature = "lazy")]
mod lazy;
mod lost;
mod missing;
#[cfg(feature = "objects")]
mod objects;
mod read_csv;
mod round_trip;
mod run;
mod together;
mod told;
mod version;

use std::fs;
use std::path::{Path, PathBuf};

use orch_core::ids::{Branch, MappingKey, RunId, StepPath};
use orch_core::io::{Metadata, OutputAt};
use polars::df;
use polars::prelude::{Column, DataType, TimeUnit, TimeZone};

use super::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("orch-polars-{}", RunId::new())))
    }

    fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { below(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        below(&self.0, &mut files);
        files
    }

    /// A text without the folder's name, which is another in each test.
    fn without(&self, text: &str) -> String {
        text.replace(&self.0.display().to_string(), "[folder]")
    }

    /// What was told of an output, a line for each name.
    fn told(&self, metadata: &Metadata) -> String {
        let lines: Vec<_> = metadata.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        self.without(&lines.join("\n"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn output_of<'a>(step: &'a StepPath, key: Option<&'a MappingKey>) -> OutputAt<'a> {
    OutputAt::new(RunId::from_u128(7), "pokemon", step, "result").item(key)
}

fn mapped(key: &str) -> StepPath {
    StepPath::new("load", Some(Branch::new(None, MappingKey::from(key), 0)))
}

fn extract() -> StepPath {
    StepPath::new("extract", None)
}

fn starters() -> DataFrame {
    df!("name" => ["Bulbasaur", "Charmander", "Flabébé"], "type2" => [Some("poison"), None, None], "hp" => [45, 39, 44])
        .unwrap()
}

/// Two instants, in a zone.
fn instants() -> Column {
    let zone = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    Column::new("instant".into(), [0i64, 1]).cast(&zone).unwrap()
}

/// A day and a time of each sort that has neither in JSON, an hour after the other.
fn times() -> DataFrame {
    let hours = df!("day" => [0, 20_000], "time" => [0i64, 3_600_000_000_000]).unwrap();
    let cast = |name: &str, from: &str, dtype| {
        hours.column(from).unwrap().cast(&dtype).unwrap().with_name(name.into())
    };
    let columns: Vec<Column> = vec![
        cast("day", "day", DataType::Date),
        cast("time", "time", DataType::Time),
        cast("at", "time", DataType::Datetime(TimeUnit::Nanoseconds, None))
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
            .unwrap(),
    ];
    DataFrame::new(2, columns).unwrap()
}
