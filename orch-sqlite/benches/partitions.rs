//! What it costs to be told the status of ten million partitions of one asset, from an instance on the disk:
//!
//!     cargo bench -p orch-sqlite --bench partitions
//!
//! The partitions are minutes since 2007. Nearly all are materialized; 500 stretches are missing, and 1,000 single ones failed.
//! Prints how much is kept of that, and how long it takes to open the instance and tell the status: with all facts to be read,
//! with a thousand that came since, and with none; the first of these once, of the others medians. A bench is a look at the machine
//! and no test: nothing here fails.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orch_core::asset::AssetKey;
use orch_core::partition::{KeySets, Keyspace, PartitionsDefinition, TimePartitions};
use orch_core::report::{Palette, ShownPartitions, asset_partitions};
use orch_core::run::InProgress;
use orch_core::storage::ReadAssets;
use orch_sqlite::{Durability, Folder};
use rusqlite::Connection;

/// The minutes from one number to another that are materialized, as facts.
const MADE: &str =
    "WITH RECURSIVE minute (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM minute WHERE n + 1 < ?2)
    INSERT INTO fact (run, event, asset, partition, time, fact, sum)
    SELECT '', n, 'minutes', strftime('%Y-%m-%d-%H:%M', 1167609600 + n * 60, 'unixepoch'), n, '{}', 0
    FROM minute WHERE n % 20000 >= 60";

/// Of so many one failed.
const FAILED: &str =
    "WITH RECURSIVE minute (n) AS (SELECT ?1 UNION ALL SELECT n + 10007 FROM minute WHERE n + 10007 < ?2)
    INSERT INTO failed (run, event, asset, partition, time, fact, sum)
    SELECT '', n, 'minutes', strftime('%Y-%m-%d-%H:%M', 1167609600 + n * 60, 'unixepoch'), n + 1, '{}', 0
    FROM minute";

const SINCE: u64 = 1_000;

fn main() {
    // `cargo test` and `cargo bench -- --test` only want to see that it builds and runs.
    let short = !std::env::args().any(|argument| argument == "--bench");
    let (mut partitions, rounds) = if short { (100_000, 1) } else { (10_000_000, 21) };
    let (home, minutes) = (Home::new(), minutes());
    home.add(0, partitions);
    println!("\n{:<44}{:>14}{:>14}", format!("status of {partitions} partitions"), "", "bar");
    row("all facts read, milliseconds", home.status(&minutes, partitions).as_secs_f64() * 1e3, None);
    row("kept, KiB", home.kept() as f64 / 1024.0, Some(100));
    let mut since = Vec::new();
    for _ in 0..rounds {
        home.add(partitions, partitions + SINCE);
        partitions += SINCE;
        since.push(home.status(&minutes, partitions));
    }
    row("1000 facts since, milliseconds", milliseconds(since), Some(50));
    let nothing = (0..rounds).map(|_| home.status(&minutes, partitions)).collect();
    row("nothing since, milliseconds", milliseconds(nothing), Some(50));
}

fn minutes() -> Keyspace {
    let minutes = PartitionsDefinition::from(TimePartitions::cron("* * * * *", "2007-01-01"));
    minutes.resolve(&KeySets::new()).expect("the definition holds")
}

/// A folder of its own, removed at the end.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("partitions-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        drop(Folder::open(&path, Durability::Normal).expect("a folder"));
        Self(path)
    }

    fn list(&self) -> Connection {
        Connection::open(self.0.join("instance.db")).expect("the list")
    }

    /// Adds facts of the minutes from one number to another.
    fn add(&self, from: u64, to: u64) {
        let mut list = self.list();
        let facts = list.transaction().expect("begun");
        for sql in [MADE, FAILED] {
            facts.execute(sql, [from.cast_signed(), to.cast_signed()]).expect("facts");
        }
        facts.commit().expect("committed");
    }

    /// Opens the instance and tells how many partitions are in which state, and which.
    fn status(&self, minutes: &Keyspace, partitions: u64) -> Duration {
        let now = minutes.window_of(partitions - 1).expect("there are more").end.timestamp();
        let asset: AssetKey = "minutes".parse().expect("a key");
        let start = Instant::now();
        let folder = Folder::open(&self.0, Durability::Normal).expect("a folder");
        let in_progress = InProgress::read(&folder, &folder).expect("the runs").partitions(&asset, minutes);
        let status = folder.partition_status(&asset, minutes).expect("the status");
        let shown = ShownPartitions::of(&asset, minutes, &status, &in_progress, now);
        let told = asset_partitions(&shown, Palette::Plain);
        let took = start.elapsed();
        assert!(told.contains(&format!("has {partitions} partitions")), "{told}");
        took
    }

    /// How many bytes are kept of both bitmaps.
    fn kept(&self) -> i64 {
        let sql = "SELECT length(materialized) + length(failed) FROM partition_status";
        self.list().query_row(sql, [], |row| row.get(0)).expect("it is kept")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn row(what: &str, figure: f64, bar: Option<u32>) {
    let bar = bar.map_or_else(String::new, |bar| format!("< {bar}"));
    println!("{what:<44}{figure:>14.2}{bar:>14}");
}

fn milliseconds(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}
