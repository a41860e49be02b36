//! Which partitions are materialized, which failed, and what is the latest of each: kept beside the facts, and never other than
//! these say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use orch_core::asset::{AssetKey, EvaluationQuery, MaterializationQuery};
use orch_core::event::Entry;
use orch_core::ids::RunId;
use orch_core::partition::{KeySet, KeySets, Keyspace, PartitionsDefinition, TimePartitions};
use orch_core::storage::{ReadAssets, WriteRuns, conformance};
use orch_sqlite::Folder;
use rusqlite::Connection;

use crate::folders::{Empty, at, await_facts, id, make, open, put, record, run_of, storage, told};

/// The days since 1970.
static DAYS: LazyLock<Keyspace> = LazyLock::new(|| {
    let days = PartitionsDefinition::from(TimePartitions::daily("1970-01-01"));
    days.resolve(&KeySets::new()).expect("a definition")
});

fn key(asset: &str) -> AssetKey {
    asset.parse().expect("a key")
}

fn day(index: u64) -> String {
    DAYS.key_of(index).expect("a day").to_string()
}

/// More than are looked at each time: every third day failed.
pub(crate) fn many(run: RunId, first: u64) -> Vec<Entry> {
    let of_day = |index: u64| {
        let entries = match index % 3 {
            0 => conformance::failed(run, first + index, "days"),
            _ => conformance::asset(run, first + index, "days", None),
        };
        conformance::of_partition(entries, &day(index))
    };
    (0..90).flat_map(of_day).collect()
}

/// Compares what is kept of an asset with all its facts, and with all that its check has found.
pub(crate) fn is_what_facts_say(folder: &Folder, asset: &str) {
    let asset = key(asset);
    let status = folder.partition_status(&asset, &DAYS).expect("it can be read");
    let query = MaterializationQuery { asset: Some(asset.clone()), ..Default::default() };
    let known = folder.materializations(&query).expect("the facts can be read");
    let (mut latest, mut made, mut looks) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    for fact in &known {
        let Some(partition) = &fact.partition else { continue };
        let index = DAYS.index_of(partition).expect("a day");
        latest.entry(index).or_insert(fact);
        match fact.is_observation() {
            true => _ = looks.entry(index).or_insert(fact.found_nothing()),
            false => _ = made.insert(index),
        }
    }
    assert_eq!(status.materialized.iter().collect::<BTreeSet<_>>(), made);
    looks.retain(|_, found_nothing| !*found_nothing);
    assert_eq!(status.observed.iter().collect::<Vec<_>>(), looks.into_keys().collect::<Vec<_>>());
    let newest: Vec<_> = latest.values().map(|&fact| fact.clone()).collect();
    assert_eq!(folder.latest_partitions(&asset).expect("it can be read"), newest);
    let query = EvaluationQuery::of(&asset, "unique");
    let mut newest = BTreeMap::new();
    for found in folder.evaluations(&query).expect("they can be read") {
        newest.entry(found.partition.clone()).or_insert(found);
    }
    newest.remove(&None);
    let found = folder.latest_evaluations(&asset, "unique").expect("it can be read");
    assert_eq!(found, newest.into_values().collect::<Vec<_>>());
    for index in 0..ALL {
        let failed = folder.failed_last(&asset, Some(&day(index))).expect("it can be read");
        assert_eq!(status.failed.contains(index), failed.is_some(), "{}", day(index));
        let look = folder.look_failed_last(&asset, Some(&day(index))).expect("it can be read");
        assert_eq!(status.unseen.contains(index), look.is_some(), "{}", day(index));
    }
}

/// So many partitions have something happen to them.
const ALL: u64 = 120;

/// Numbers without a pattern, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Attempts at partitions, in any order of their times.
    fn attempts(&mut self, run: RunId, assets: &[&str], most: u64) -> Vec<Entry> {
        let mut attempt = |_| {
            let asset = assets[self.below(assets.len() as u64) as usize];
            // Of a partition more than one may happen at the same time.
            let (number, partition) = (self.below(2_000), day(self.below(ALL)));
            let entries = match self.below(9) {
                6 => conformance::observation(run, number, asset),
                7 => conformance::observation_of_nothing(run, number, asset),
                8 => conformance::failed_look(run, number, asset),
                0 => conformance::failed(run, number, asset),
                1 => conformance::passed_over(run, number, asset),
                2 => conformance::check_of_asset(run, number, asset, "unique"),
                _ => conformance::asset(run, number, asset, None),
            };
            conformance::of_partition(entries, &partition)
        };
        let attempts = most / 2;
        (0..attempts).flat_map(&mut attempt).collect()
    }
}

/// The files of a run, and how they are put back: as after a loss of power, which takes the end of its log and nothing of the
/// facts.
struct Before(Vec<(PathBuf, Vec<u8>)>);

impl Before {
    fn of(run: &Path) -> Self {
        let files = fs::read_dir(run).expect("a folder").map(|entry| entry.expect("a file").path());
        let files = files.filter(|path| path.is_file());
        Self(files.map(|path| (path.clone(), fs::read(path).expect("its bytes"))).collect())
    }

    fn put_back(&self, run: &Path) {
        for entry in fs::read_dir(run).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_file() {
                fs::remove_file(path).expect("it goes");
            }
        }
        self.0.iter().for_each(|(path, bytes)| fs::write(path, bytes).expect("it is put back"));
    }
}

#[test]
fn what_is_kept_is_what_all_facts_say_whatever_happens() {
    let assets = ["days", "others"];
    for seed in 0..4 {
        let home = Empty::in_memory();
        let folder = open(home.path());
        let mut numbers = Numbers(seed);
        let mut was_kept = 0;
        for run in 1..=8 {
            let mut writer = make(&folder, run);
            for _ in 0..1 + numbers.below(3) {
                let most = numbers.below(300);
                writer.commit(&numbers.attempts(id(run), &assets, most)).expect("committed");
                let asked = numbers.below(4);
                assets.iter().take(asked as usize).for_each(|asset| is_what_facts_say(&folder, asset));
            }
            drop(writer);
            await_facts(&folder);
            if numbers.below(2) == 0 {
                // The end of a log is lost, and whoever goes on has what it told taken away.
                let at = home.path().join(format!("runs/{}", id(run)));
                let before = Before::of(&at);
                let mut writer = folder.reopen(id(run)).expect("nobody holds it");
                writer.commit(&numbers.attempts(id(run), &assets, 200)).expect("committed");
                assets.iter().for_each(|asset| is_what_facts_say(&folder, asset));
                drop(writer);
                before.put_back(&at);
                let mut writer = folder.reopen(id(run)).expect("nobody holds it");
                writer.commit(&numbers.attempts(id(run), &assets, 60)).expect("committed");
                drop(writer);
            }
            was_kept += put(home.path(), "partition_status");
            assets.iter().for_each(|asset| is_what_facts_say(&folder, asset));
        }
        assert!(was_kept > 0, "seed {seed}: they were kept");
        assert_eq!(folder.check().expect("it can be checked"), [], "seed {seed}");
    }
}

#[test]
fn what_is_kept_and_damaged_is_made_anew() {
    let (home, folder) = storage();
    run_of(&folder, &record(1), &many(id(1), 1));
    let kept = || put(home.path(), "partition_status");
    assert_eq!(kept(), 0, "nobody has asked");
    is_what_facts_say(&folder, "days");
    assert_eq!(kept(), 1);
    for change in [
        "UPDATE partition_status SET materialized = x'00'",
        "UPDATE partition_status SET failed = materialized",
        "UPDATE partition_status SET fact = fact + 1",
        "UPDATE partition_status SET partitions = 'others'",
        "DELETE FROM partition_status",
    ] {
        let list = Connection::open(home.path().join("instance.db")).expect("the list");
        list.execute_batch(change).expect("it can be changed");
        is_what_facts_say(&folder, "days");
        assert_eq!(folder.check().expect("it can be checked"), [], "{change}");
    }
    assert_eq!(kept(), 1);
}

/// Two runs that pass over the days, after one that has failed at a third of them.
fn passed_over() -> (Empty, Folder) {
    let (home, folder) = storage();
    run_of(&folder, &record(1), &many(id(1), 1));
    is_what_facts_say(&folder, "days");
    for run in 2..=3 {
        let passed = |index| {
            let entries = conformance::passed_over(id(run), 1000 * run + index, "days");
            conformance::of_partition(entries, &day(index))
        };
        // The later one does not come to all of them.
        run_of(&folder, &record(run), &(0..100 - 10 * run).flat_map(passed).collect::<Vec<_>>());
        is_what_facts_say(&folder, "days");
    }
    (home, folder)
}

#[test]
fn of_what_was_passed_over_a_removed_run_leaves_what_nobody_has_passed_over_since() {
    let (home, folder) = passed_over();
    let list = || Connection::open(home.path().join("instance.db")).expect("the list");
    let kept = || -> (i64, i64) {
        let kept = list().query_row("SELECT fact, passed_over FROM partition_status", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        kept.expect("it is kept")
    };
    let of = |run: u64| {
        let sql = "SELECT count(*) FROM passed_over WHERE run = ?1";
        list().query_row(sql, [id(run).to_string()], |row| row.get::<_, i64>(0)).expect("it can be read")
    };
    assert_eq!((of(2), of(3)), (80, 70));
    let before = kept();
    assert!(before.1 > 0, "it is in what is kept");
    folder.remove(id(2)).expect("removed");
    assert_eq!((of(2), of(3)), (10, 70));
    folder.remove(id(3)).expect("removed");
    assert_eq!((of(2), of(3)), (10, 70), "it outlives its run");
    is_what_facts_say(&folder, "days");
    assert_eq!(kept(), before, "and nothing is read anew");
    // Whoever is removed next takes along what others have left.
    let passed = |index| {
        let entries = conformance::passed_over(id(4), 9000 + index, "days");
        conformance::of_partition(entries, &day(index))
    };
    run_of(&folder, &record(4), &(0..75).flat_map(passed).collect::<Vec<_>>());
    folder.remove(id(4)).expect("removed");
    assert_eq!((of(2), of(3), of(4)), (5, 0, 75));
    is_what_facts_say(&folder, "days");
    assert_eq!(folder.check().expect("it can be checked"), []);
}

#[test]
fn what_is_damaged_of_what_was_passed_over_is_found() {
    let found = |sql: &str| -> String {
        let (home, folder) = passed_over();
        let list = Connection::open(home.path().join("instance.db")).expect("the list");
        list.execute_batch(sql).expect("it can be changed");
        let findings = folder.check().expect("it can be checked");
        findings.iter().map(|finding| told(home.path(), finding)).collect::<Vec<_>>().join("\n")
    };
    let one = "run LIKE '%2' AND partition = '1970-01-03'";
    insta::assert_snapshot!(found(&format!("UPDATE passed_over SET time = time + 1 WHERE {one}")), @"`HOME/instance.db`: that `days` was passed over, by event 3 of the run 00000000-0000-0000-0000-000000000002: it is not what was written");
    insta::assert_snapshot!(found(&format!("DELETE FROM passed_over WHERE {one}")), @"`HOME/instance.db`: what is known of assets and memoized steps by the run 00000000-0000-0000-0000-000000000002 is not what its events say");
}

#[test]
fn few_facts_are_looked_at_and_nothing_is_written_about_them() {
    let (home, folder) = storage();
    let few: Vec<_> = many(id(1), 1).into_iter().take(40).collect();
    run_of(&folder, &record(1), &few);
    is_what_facts_say(&folder, "days");
    assert_eq!(put(home.path(), "partition_status"), 0);
}

#[test]
fn facts_of_keys_that_nobody_knows_are_left_out_of_what_is_kept_until_someone_adds_them() {
    let (home, folder) = storage();
    let customer = |number: u64| format!("customer {number}");
    let made = |number| {
        conformance::of_partition(conformance::asset(id(1), number, "days", None), &customer(number))
    };
    run_of(&folder, &record(1), &(0..90).flat_map(made).collect::<Vec<_>>());
    let mut known = KeySet::new();
    let status = |known: &KeySet| {
        let customers = PartitionsDefinition::dynamic("customers");
        let customers =
            customers.resolve(&KeySets::new().with("customers", known.clone())).expect("a definition");
        let status = folder.partition_status(&key("days"), &customers).expect("it can be read");
        (status.materialized.len(), customers.show(&(&status.materialized & &customers.all(at(0)))))
    };
    let kept = || {
        let list = Connection::open(home.path().join("instance.db")).expect("the list");
        let kept = list.query_row("SELECT fact, partitions FROM partition_status", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        });
        kept.expect("it is kept")
    };
    for number in 1..80 {
        known.add(&customer(number)).expect("a key");
    }
    assert_eq!(status(&known).0, 79);
    let of_all = kept();
    assert_eq!(of_all.0, 90, "all facts are in it, those of others too");
    known.remove(&customer(7));
    assert_eq!(status(&known).0, 79, "it has its number still");
    assert_eq!(kept(), of_all);
    known.add(&customer(0)).expect("a key");
    assert_eq!(status(&known).0, 80, "it counts from now on");
    assert_ne!(kept().1, of_all.1, "it has an index now");
    let only_one = KeySet::from_rows([(3, "customer 88", true)]).expect("a set");
    assert_eq!(status(&only_one), (1, "customer 88".to_owned()));
}

#[test]
fn what_is_kept_holds_when_keys_are_added_if_no_fact_was_left_out() {
    let (home, folder) = storage();
    let customer = |number: u64| format!("customer {number}");
    let made = |number| {
        conformance::of_partition(conformance::asset(id(1), number, "days", None), &customer(number))
    };
    run_of(&folder, &record(1), &(0..90).flat_map(made).collect::<Vec<_>>());
    let mut known = KeySet::new();
    let added = |known: &mut KeySet, number| known.add(&customer(number)).map(drop).expect("a key");
    let made_of = |known: &KeySet| {
        let customers = PartitionsDefinition::dynamic("customers");
        let customers = customers.resolve(&KeySets::new().with("customers", known.clone()));
        let customers = customers.expect("a definition");
        folder.partition_status(&key("days"), &customers).expect("it can be read").materialized.len()
    };
    // What was found with so many keys as it was kept last.
    let kept = || {
        let list = Connection::open(home.path().join("instance.db")).expect("the list");
        let sql = "SELECT partitions, left_out FROM partition_status";
        let kept = list.query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)));
        let (partitions, left_out) = kept.expect("it is kept");
        (partitions.split(' ').next_back().expect("a number").to_owned(), left_out)
    };
    (0..90).for_each(|number| added(&mut known, number));
    assert_eq!(made_of(&known), 90);
    assert_eq!(kept(), ("90".to_owned(), false));
    (90..100).for_each(|number| added(&mut known, number));
    assert_eq!(made_of(&known), 90);
    assert_eq!(kept(), ("90".to_owned(), false), "nothing was read anew");
    // A run of a program that knew more keys.
    let more = |number| {
        let told = conformance::asset(id(2), number, "days", None);
        conformance::of_partition(told, &customer(number))
    };
    run_of(&folder, &record(2), &(90..180).flat_map(more).collect::<Vec<_>>());
    assert_eq!(made_of(&known), 100);
    assert_eq!(kept(), ("100".to_owned(), true));
    added(&mut known, 100);
    assert_eq!(made_of(&known), 101, "what was left out counts now");
    assert_eq!(kept(), ("101".to_owned(), true));
}
