//! What it costs to know the status of ten million partitions of one asset, and to compute with their definition:
//!
//!     cargo bench -p orch-core --bench partition
//!
//! The partitions are minutes since 2007. Nearly all are materialized; 500 stretches and 500 single ones failed, and the
//! last are in progress. Ten thousand customers besides are keys of a set. Prints the bytes that are kept of the three sets, and
//! medians. A bench is a look at the machine and no test: nothing here fails.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use orch_core::partition::{
    KeySet, KeySets, Keyspace, Link, PartitionSet, PartitionsDefinition, TimePartitions,
};

const PARTITIONS: u64 = 10_000_000;

const KEYS: u64 = 10_000;

const ROUNDS: usize = 21;

fn main() {
    let minutes = TimePartitions::cron("* * * * *", "2007-01-01").in_zone("Europe/Berlin");
    let days = TimePartitions::daily("2007-01-01").in_zone("Europe/Berlin");
    let resolve = |time: &TimePartitions| {
        PartitionsDefinition::from(time.clone()).resolve(&KeySets::new()).expect("the definition holds")
    };
    let space = resolve(&minutes);
    let now = space.window_of(PARTITIONS - 1).expect("there are more").end.timestamp();
    assert_eq!(space.count(now), PARTITIONS);

    let kept = states().map(|set| set.to_bytes());
    let bytes: usize = kept.iter().map(Vec::len).sum();
    println!("status of {PARTITIONS} partitions: {:.1} KiB kept", bytes as f64 / 1024.0);
    row("read and summarize it", || summarize(&space, &kept, now));

    let [_, failed, _] = states();
    let selected = PartitionSet::from(4_000_000..5_000_000);
    row("failed of a selected million", || (&failed & &selected).len());
    row("resolve a definition", || resolve(&minutes).count(now));
    row("key of an index", || space.key_of(black_box(7_654_321)));
    row("index of a key", || space.index_of(black_box("2021-07-21-12:34")));
    let days = resolve(&days);
    let link = Link::new(None, Some(&space), Some(&days)).expect("they have one zone");
    row("days that need a million minutes", || link.downstream_of(&selected, now).len());
    many_keys(now);
}

/// Keys that come and go: what is written of them all is read back, and each is mapped by itself.
fn many_keys(now: Timestamp) {
    let mut keys = KeySet::new();
    for number in 0..KEYS {
        keys.add(&format!("customer_{number}")).expect("it can be a key");
    }
    let sets = KeySets::new().with("customers", keys);
    let customers = PartitionsDefinition::dynamic("customers").resolve(&sets).expect("the definition holds");
    let all = customers.show(&customers.all(now));
    row("select 10,000 listed keys", || customers.select(&all, now).expect("they exist").len());
    let link = Link::new(None, Some(&customers), Some(&customers)).expect("they are the same");
    row("map 10,000 keys one by one", || {
        let mapped = (0..KEYS).map(|index| link.upstream_of(&PartitionSet::from(index..index + 1), now));
        mapped.map(|mapped| mapped.keys.len()).sum::<u64>()
    });
}

/// Materialized, failed, in progress.
fn states() -> [PartitionSet; 3] {
    let mut failed = PartitionSet::new();
    let mut state = 1_u64;
    for number in 0..1_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let from = (state >> 33) % (PARTITIONS - 10_000);
        failed.insert_run(from..=from + (number % 2) * (state >> 57));
    }
    let running = PartitionSet::from(PARTITIONS - 60..PARTITIONS - 10);
    let done = &PartitionSet::from(0..PARTITIONS - 60) - &failed;
    [done, failed, running]
}

/// What a page shows: how many there are of each state and how many are missing, and the ranges of each.
fn summarize(space: &Keyspace, kept: &[Vec<u8>; 3], now: Timestamp) -> (u64, usize) {
    let sets = kept.each_ref().map(|bytes| PartitionSet::from_bytes(bytes).expect("it was written so"));
    let known = sets.iter().fold(PartitionSet::new(), |all, set| &all | set);
    let missing = space.missing(&known, now);
    let ranges = |set| space.ranges(set).expect("all have keys").len();
    let shown = sets.iter().map(ranges).sum::<usize>() + ranges(&missing);
    (sets.iter().map(PartitionSet::len).sum::<u64>() + missing.len(), shown)
}

fn row<T>(what: &str, mut work: impl FnMut() -> T) {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(work());
        times.push(start.elapsed());
    }
    times.sort();
    println!("{what:<36} {:>12.3?}", times[ROUNDS / 2]);
}
