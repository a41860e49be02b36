//! Backfills of dynamic partitions are held to the keys that there were when they were launched.

use std::sync::Arc;

use orch::partition::{BySet, PartitionMapping, Partitioning, PartitionsDefinition};
use orch::prelude::*;
use orch::storage::{Memory, Storage};

use super::{driven, shown};
use orch::backfill::{BackfillEvent, BackfillStatus};

struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

#[asset]
fn orders(customer: &Partition<Customers>) -> String {
    customer.key().to_string()
}

#[asset(partitions = Customers)]
fn bill(orders: &str) -> String {
    format!("bill of {orders}")
}

#[asset]
fn books(#[mapped(PartitionMapping::all())] bill: &Partitions<String>) -> i64 {
    bill.len() as i64
}

fn definitions() -> Definitions {
    Definitions::new().assets(assets![orders, bill, books])
}

fn instance() -> Arc<dyn Storage> {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    definitions().partitions::<Customers>(&storage).add(["acme", "beta", "gamma"]).expect("added");
    storage
}

#[test]
fn keys_that_come_and_go_meanwhile_are_none_of_its_own() {
    let (definitions, storage) = (definitions(), instance());
    let all = definitions.materialize(&"*".parse().expect("a selection"));
    let asked = definitions.runner(&all).partition("*");
    let backfill = definitions.backfill(asked).launch(&storage).expect("it is launched");
    let customers = definitions.partitions::<Customers>(&storage);
    let mut told = Vec::new();
    let status = backfill.watch(|event| {
        // After the first run has begun.
        if let BackfillEvent::Begins { makes, .. } = event {
            told.push(format!("{:?} {}", makes.assets, makes.partitions.unwrap_or("-")));
            customers.add(["delta"]).expect("added");
            customers.remove(["gamma"]).expect("removed");
        }
    });
    let status = status.run_blocking().expect("it is driven");
    insta::assert_snapshot!(format!("{}\n{}", told.join("\n"), shown(&status)), @r#"
    [AssetKey("orders"), AssetKey("bill")] acme
    [AssetKey("orders"), AssetKey("bill")] beta
    [AssetKey("orders"), AssetKey("bill")] gamma
    [AssetKey("books")] -
    backfill ID: success
    asset   asked for  done
    orders  3          3
    bill    3          3
    books   1          1

    removed from `customers` since it was launched, and made all the same: gamma
    "#);
}

#[test]
fn one_that_is_interrupted_goes_on_with_the_same() {
    let (definitions, storage) = (definitions(), instance());
    let job = definitions.materialize(&"orders or bill".parse().expect("a selection"));
    let asked = definitions.runner(&job).partition("acme, gamma");
    let backfill = definitions.backfill(asked).per(2).launch(&storage).expect("it is launched");
    let id = backfill.id();
    drop(backfill);
    definitions.partitions::<Customers>(&storage).remove(["acme", "gamma"]).expect("removed");
    let status = BackfillStatus::read(&*storage, id).expect("it is there");
    insta::assert_snapshot!(shown(&status), @r"
    backfill ID: interrupted
    asset   asked for  left
    orders  2          2
    bill    2          2

    removed from `customers` since it was launched, and made all the same: acme, gamma
    ");
    insta::assert_snapshot!(driven(definitions.resume_backfill(&storage, id).expect("it goes on")), @r"
    begun orders bill acme, gamma
    backfill ID: success
    asset   asked for  done
    orders  2          2
    bill    2          2

    removed from `customers` since it was launched, and made all the same: acme, gamma
    ");
}
