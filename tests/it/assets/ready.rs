//! What is known of partitions is ready for whoever asks first, in the folder of an instance.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use orch::asset::AssetKey;
use orch::partition::{BySet, ByTime, KeySet, KeySets, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};
use rusqlite::{Connection, OptionalExtension as _};

struct Hourly;

impl Partitioning for Hourly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::hourly("2024-01-01").into()
    }
}

struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

#[asset]
fn reading(hour: &Partition<Hourly>) -> i64 {
    hour.window().start.timestamp().as_second()
}

#[asset]
fn orders(customer: &Partition<Customers>, context: &Context) -> Result<String> {
    // Someone signs up while the others are looked at.
    context.partitions::<Customers>().add(["the last"])?;
    Ok(customer.key().to_string())
}

/// A folder of its own, removed at the end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let home = std::env::temp_dir().join(format!("orch-ready-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&home);
        Self(home)
    }

    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(Folder::open(&self.0, Durability::Normal).expect("a folder"))
    }

    /// How many facts are in what is kept of the asset, with none left out.
    fn kept(&self) -> Option<i64> {
        let sql = "SELECT fact FROM partition_status WHERE left_out = 0";
        self.list().query_row(sql, [], |row| row.get(0)).optional().expect("it can be read")
    }

    fn list(&self) -> Connection {
        Connection::open(self.0.join("instance.db")).expect("the list")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run_for(definitions: &Definitions, storage: &Arc<dyn Storage>, partition: &str) {
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    definitions.runner(&job).record(storage).partition(partition).run_blocking().expect("it succeeds");
}

#[test]
fn a_run_that_has_made_many_partitions_leaves_nothing_to_be_counted() {
    let home = Home::new("hours");
    let storage = home.storage();
    let definitions = Definitions::new().assets(assets![reading]);
    run_for(&definitions, &storage, "2024-01-01-00:00..2024-01-21-00:00");
    assert_eq!(home.kept(), None, "few are left to whoever asks");
    run_for(&definitions, &storage, "2024-01-21-01:00..2024-02-12-16:00");
    assert_eq!(home.kept(), Some(1025), "those of earlier runs are in it");
    run_for(&definitions, &storage, "2024-02-13-00:00..2024-02-14-00:00");
    assert_eq!(home.kept(), Some(1025));
    let hours = Hourly::definition().resolve(&KeySets::new()).expect("a definition");
    let key: AssetKey = "reading".parse().expect("a key");
    assert_eq!(storage.partition_status(&key, &hours).expect("its status").materialized.len(), 1050);
}

#[test]
fn of_keys_that_were_added_during_the_run_it_counts_too() {
    let home = Home::new("customers");
    let storage = home.storage();
    let customers: Vec<String> = (0..1030).map(|number| format!("customer {number}")).collect();
    let customers: Vec<&str> = customers.iter().map(String::as_str).collect();
    storage.add_keys("customers", &customers).expect("added");
    let definitions = Definitions::new().assets(assets![orders]);
    run_for(&definitions, &storage, "*");
    assert_eq!(home.kept(), Some(1030));
    let keys: KeySet = storage.key_set("customers").expect("the keys");
    assert!(keys.contains("the last"));
    let sql = "SELECT partitions FROM partition_status";
    let kept: String = home.list().query_row(sql, [], |row| row.get(0)).expect("it is kept");
    assert!(kept.ends_with(" 1031"), "{kept}");
}
