//! Runs for three days each, two at a time, of what lies elsewhere: days that take the one before, and one that fails.

use std::path::{Path, PathBuf};
use std::{env, fs};

use orch::io::{IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::Shape;

pub(super) const SHAPE: Shape = Shape {
    program: "wide-backfill",
    definitions,
    per: 3,
    max_concurrent: 2,
    canceled_at: "2024-01-04..2024-01-06",
    // Of the second three days the first is balanced, and the others have a run later.
    runs: &[("0.0", 1), ("0.1", 1), ("1.0", 1), ("1.1", 1)],
    again: &[("0.0", 1), ("0.1", 2), ("1.0", 1), ("1.1", 2), ("2.0", 1)],
    copy,
};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-07").into()
    }
}

/// Files of which the instance knows nothing; others put there what was delivered.
struct Elsewhere(PathBuf);

impl Elsewhere {
    /// With the folder of the instance, so that it is cleared away with it.
    fn of(home: &Path) -> PathBuf {
        home.join("elsewhere")
    }

    fn file(&self, at: &OutputAt<'_>) -> PathBuf {
        self.0.join(at.relative_path().replace('/', "-"))
    }
}

impl IoManager<i64> for Elsewhere {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        let (file, new) = (self.file(at), self.file(at).with_extension("new"));
        fs::create_dir_all(&self.0)?;
        fs::write(&new, number.to_string())?;
        fs::rename(new, file)?;
        Ok(Metadata::default())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        let file = self.file(at);
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Six days were delivered, by others.
        if let Some((_, day)) = name.split_once("delivered-partition=2024-01-0") {
            return Ok(day.parse()?);
        }
        Ok(fs::read_to_string(&file)?.parse()?)
    }
}

#[external_asset(io = "elsewhere", partitions = Daily)]
fn delivered() -> i64;

/// Of the fifth day it is lost, unless it was found again.
#[asset(partitions = Daily, io = "elsewhere")]
fn counted(delivered: i64) -> Result<i64> {
    let is_found = env::var_os(super::FOUND).is_some();
    if delivered == 5 && !is_found { Err("it is lost".into()) } else { Ok(delivered * 10) }
}

#[asset(partitions = Daily)]
fn taxed(counted: i64) -> i64 {
    counted / 5
}

#[asset(partitions = Daily, io = "elsewhere")]
fn balance(counted: i64, #[mapped(PartitionMapping::time_window(-1, -1))] balance: Option<i64>) -> i64 {
    balance.unwrap_or_default() + counted
}

#[asset]
fn last(#[mapped(PartitionMapping::all())] balance: &Partitions<i64>) -> i64 {
    balance.values().copied().max().unwrap_or_default()
}

fn definitions(home: &Path) -> Definitions {
    let definitions = Definitions::new().assets(assets![delivered, counted, taxed, balance, last]);
    definitions.io::<i64>("elsewhere", Elsewhere(Elsewhere::of(home)))
}

fn copy(from: &Path, to: &Path) {
    let (from, to) = (Elsewhere::of(from), Elsewhere::of(to));
    fs::create_dir_all(&to).expect("it can be made");
    for file in fs::read_dir(from).expect("it is there") {
        let file = file.expect("a file").path();
        fs::copy(&file, to.join(file.file_name().expect("its name"))).expect("it can be copied");
    }
}
