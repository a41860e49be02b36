use std::ops::Range;
use std::path::PathBuf;
use std::{env, fs, process};

use orch_core::ids::RunId;
use orch_core::partition::{KeySets, PartitionsDefinition, TimePartitions};
use orch_core::storage::conformance;
use rusqlite::params_from_iter;

use super::*;
use crate::facts::OfRun;
use crate::list::Waiting;
use crate::schema::INSTANCE;

/// A list in a folder of its own, with facts of days.
struct Days {
    home: PathBuf,
    list: List,
    asset: AssetKey,
    days: Keyspace,
}

impl Days {
    fn new() -> Self {
        let thread = std::thread::current();
        let name = thread.name().expect("a test").replace(':', "-");
        let home = env::temp_dir().join(format!("orch-sqlite-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).expect("a folder");
        let list = List::open(&home, Waiting::default(), || Ok(Vec::new())).expect("a list");
        let days = PartitionsDefinition::from(TimePartitions::daily("1970-01-01"));
        let days = days.resolve(&KeySets::new()).expect("a definition");
        Self { home, list, asset: "days".parse().expect("a key"), days }
    }

    /// What a run tells that has made these days, but for every tenth, which failed.
    fn told(&self, run: u128, days: Range<u64>) -> OfRun {
        let run = RunId::from_u128(run);
        let of_day = |index: u64| {
            let key = self.days.key_of(index).expect("a day").to_string();
            let entries = match index % 10 {
                0 => conformance::failed(run, index, "days"),
                _ => conformance::asset(run, index, "days", None),
            };
            conformance::of_partition(entries, &key)
        };
        OfRun::of_entries(&days.flat_map(of_day).collect::<Vec<_>>(), 0)
    }

    fn put(&self, run: u128, days: Range<u64>) {
        let told = self.told(run, days);
        self.list.lock().and_then(|mut list| list.put_facts(std::iter::once(&told))).expect("they are put");
    }

    fn replace(&self, run: u128, days: Range<u64>) {
        let (run, told) = (RunId::from_u128(run), self.told(run, days));
        self.list.lock().and_then(|mut list| list.replace_facts(run, &told)).expect("they are put");
    }

    fn keep(&self, found: &Kept) {
        let kept = self.list.lock().and_then(|mut list| list.keep_status(&self.asset, &self.days, found));
        kept.expect("it can be written");
    }

    /// The days that are materialized and those that failed, and how many facts are kept.
    fn status(&self) -> String {
        let status = self.list.partition_status(&self.asset, &self.days).expect("it can be read");
        let all = |list: &Connection| Kept::default().brought_up(list, &self.asset, &self.days, usize::MAX);
        let all = self.list.read(all).expect("it can be read").expect("of any number").status;
        assert_eq!(status, all, "it is what all facts say");
        format!("{} are there, {} failed", status.materialized.len(), status.failed.len())
    }

    /// Whether something is kept.
    fn is_kept(&self) -> bool {
        let sql = "SELECT 1 FROM partition_status WHERE length(materialized) > 0";
        self.list.read(|list| list.prepare(sql)?.exists([])).expect("it can be read")
    }
}

impl Drop for Days {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.home);
    }
}

#[test]
fn what_is_committed_while_all_facts_are_read_is_added_by_who_looks_next() {
    let days = Days::new();
    days.put(1, 0..100);
    let found = days.list.read_alone(|list| {
        let list = list.unchecked_transaction()?;
        let kept = Kept::read(&list, &days.asset, &days.days)?;
        // Others do not wait for it.
        days.put(2, 200..210);
        kept.brought_up(&list, &days.asset, &days.days, usize::MAX)
    });
    let found = found.expect("it can be read").expect("of any number");
    assert_eq!((found.new, found.status.materialized.len()), (100, 90), "as it was when the reading began");
    days.put(3, 11..20);
    assert!(!days.is_kept());
    days.keep(&found);
    assert!(days.is_kept());
    // Few are looked at, and not kept.
    assert_eq!(days.status(), "99 are there, 11 failed");
    days.put(4, 300..400);
    assert_eq!(days.status(), "189 are there, 21 failed");
    let kept = days.list.read(|list| Kept::read(list, &days.asset, &days.days)).expect("it can be read");
    assert_eq!(kept.status.materialized.len(), 189, "what came of many is kept");
}

#[test]
fn what_was_found_before_a_fact_was_taken_away_is_not_kept() {
    let days = Days::new();
    days.put(1, 0..100);
    let found = days.list.found(&days.asset, &days.days).expect("it can be read");
    // Of the log the end is lost, and facts of others have the numbers of those that it told.
    days.replace(1, 0..40);
    days.put(2, 500..520);
    days.keep(&found);
    assert!(!days.is_kept());
    assert_eq!(days.status(), "54 are there, 6 failed");
    let found = days.list.found(&days.asset, &days.days).expect("it can be read");
    days.keep(&found);
    assert!(days.is_kept());
    assert_eq!(days.status(), "54 are there, 6 failed");
    days.replace(2, 500..501);
    assert!(!days.is_kept(), "it is dropped with a fact that is in it");
    days.keep(&found);
    assert!(!days.is_kept());
    assert_eq!(days.status(), "36 are there, 5 failed");
}

#[test]
fn what_came_since_is_found_without_looking_at_the_rest() {
    let list = Connection::open_in_memory().expect("a database");
    list.execute_batch(INSTANCE.steps[0]).expect("its tables");
    let way = |sql: &str| {
        let mut plan = list.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let values =
            params_from_iter(["orders", "1", "1", "1", "1"].into_iter().take(plan.parameter_count()));
        let steps = plan.query_map(values, |row| row.get::<_, String>(3));
        steps.and_then(Iterator::collect::<Result<Vec<_>>>).expect("a plan").join("\n")
    };
    insta::assert_snapshot!(way(MADE), @"SEARCH fact USING COVERING INDEX told_of_asset (asset=? AND id>?)");
    insta::assert_snapshot!(way(FAILED), @"SEARCH failed USING COVERING INDEX failed_of_asset (asset=? AND id>?)");
    insta::assert_snapshot!(way(PASSED_OVER), @"SEARCH passed_over USING COVERING INDEX passed_over_of_asset (asset=? AND id>?)");
    insta::assert_snapshot!(way(IS_BEHIND), @"
    SCAN CONSTANT ROW
    SCALAR SUBQUERY 1
    SEARCH fact USING COVERING INDEX told_of_asset (asset=? AND id>?)
    SCALAR SUBQUERY 2
    SEARCH failed USING COVERING INDEX failed_of_asset (asset=? AND id>?)
    SCALAR SUBQUERY 3
    SEARCH passed_over USING COVERING INDEX passed_over_of_asset (asset=? AND id>?)
    ");
    insta::assert_snapshot!(way(FOUND_NOTHING), @"
    SEARCH fact USING INDEX newest_made (asset=? AND partition=?)
    USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY
    ");
    insta::assert_snapshot!(way(IS_FAILED), @"
    SCAN CONSTANT ROW
    SCALAR SUBQUERY 3
    SEARCH failed USING INDEX newest_failed (asset=? AND partition=?)
    CORRELATED SCALAR SUBQUERY 1
    SEARCH new USING INDEX newest_made (asset=? AND partition=? AND time>?)
    CORRELATED SCALAR SUBQUERY 2
    SEARCH new USING INDEX newest_passed_over (asset=? AND partition=? AND time>?)
    SCALAR SUBQUERY 5
    SEARCH failed USING INDEX newest_failed (asset=? AND partition=?)
    CORRELATED SCALAR SUBQUERY 4
    SEARCH new USING INDEX newest_made (asset=? AND partition=? AND time>?)
    ");
}
