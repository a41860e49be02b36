//! Assets that take earlier partitions of their own, in all forms in which others are taken.

mod mistakes;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orch::io::{IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::run::{Run, RunError};
use orch::storage::Storage;

use super::optional::made;
use super::{facts, storage};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset]
fn sales(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day()) * 10
}

/// What was sold up to a day.
#[asset(partitions = Daily)]
fn balance(sales: &i64, #[mapped(PartitionMapping::time_window(-1, -1))] balance: &Partitions<i64>) -> i64 {
    balance.values().sum::<i64>() + sales
}

/// One more than the day before, and ten for each of the three before.
#[asset(partitions = Daily)]
fn count(
    #[from(count)]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: Option<i64>,
    #[from(count)]
    #[mapped(PartitionMapping::time_window(-3, -1))]
    recent: &Partitions<i64>,
) -> i64 {
    before.unwrap_or_default() + 1 + 10 * i64::try_from(recent.len()).unwrap_or_default()
}

#[op]
fn add(before: Option<i64>, sales: i64) -> i64 {
    before.unwrap_or_default() + sales
}

/// By a graph.
#[graph_asset(partitions = Daily)]
fn drawn(
    sales: Out<i64>,
    #[from(drawn)]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: Out<Option<i64>>,
) -> Out<i64> {
    add(before, sales)
}

/// A text that says how long the one before is, which is read as its length.
#[asset(io = "shelf", partitions = Daily)]
fn text(
    #[stored]
    #[from(text)]
    #[mapped(PartitionMapping::time_window(-1, -1))]
    before: Option<Length>,
) -> String {
    before.map_or_else(|| "the first".to_owned(), |Length(length)| format!("after {length} letters"))
}

/// Keeps texts, and reads them as texts or as their length.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

#[derive(Clone)]
struct Length(usize);

impl IoManager<String> for Shelf {
    fn store(&self, at: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        self.0.lock().expect("not poisoned").insert(at.relative_path(), text.clone());
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let found = self.0.lock().expect("not poisoned").get(&at.relative_path()).cloned();
        found.ok_or_else(|| Failure::new("it is not on the shelf"))
    }
}

impl IoManager<Length> for Shelf {
    fn store(&self, _: &OutputAt<'_>, _: &Length) -> Result<Metadata> {
        Err(Failure::new("lengths are read only"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Length> {
        let text: String = self.load(at)?;
        Ok(Length(text.len()))
    }
}

fn definitions() -> Definitions {
    let shelf = Shelf::default();
    let definitions = Definitions::new().assets(assets![sales, balance, count, drawn, text]);
    definitions.io::<String>("shelf", shelf.clone()).io::<Length>("shelf", shelf)
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    selection: &str,
    days: &str,
) -> Result<Run, RunError> {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    definitions.runner(&job).record(storage).partition(days).keep_outputs().run_blocking()
}

const DAYS: &str = "2024-01-01..2024-01-04";

#[test]
fn each_day_is_made_of_the_days_before() {
    let run = materialize(&definitions(), &storage(), "*", DAYS).expect("it succeeds");
    insta::assert_snapshot!(made::<balance>(&run), @r"
    balance[2024-01-01]: 10
    balance[2024-01-02]: 30
    balance[2024-01-03]: 60
    balance[2024-01-04]: 100
    ");
    insta::assert_snapshot!(made::<count>(&run), @r"
    count[2024-01-01]: 1
    count[2024-01-02]: 12
    count[2024-01-03]: 33
    count[2024-01-04]: 64
    ");
    insta::assert_snapshot!(made::<add>(&run), @r"
    drawn.add[2024-01-01]: 10
    drawn.add[2024-01-02]: 30
    drawn.add[2024-01-03]: 60
    drawn.add[2024-01-04]: 100
    ");
    insta::assert_snapshot!(made::<text>(&run), @r#"
    text[2024-01-01]: "the first"
    text[2024-01-02]: "after 9 letters"
    text[2024-01-03]: "after 15 letters"
    text[2024-01-04]: "after 16 letters"
    "#);
}

#[test]
fn the_versions_of_the_days_before_are_known() {
    let (definitions, storage) = (definitions(), storage());
    materialize(&definitions, &storage, "balance", "2024-01-01").expect_err("sales are not there");
    materialize(&definitions, &storage, "+balance", "2024-01-01").expect("it succeeds");
    materialize(&definitions, &storage, "+balance", "2024-01-02").expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @r"
    sales[2024-01-01], data 295192ea, fact
    balance[2024-01-01], data 295192ea, of sales[2024-01-01] 295192ea, of balance[] 9993fcc3, fact
    sales[2024-01-02], data ca9fba29, fact
    balance[2024-01-02], data eb90b747, of sales[2024-01-02] ca9fba29, of balance[2024-01-01] 295192ea, fact
    ");
}

#[test]
fn the_plan_says_what_is_waited_for() {
    let job = definitions().materialize(&"balance or text".parse().expect("a selection"));
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        read_sales() -> i64
          | loads asset sales
        read_balance() -> Partitions<i64>
          | loads asset balance
          | after balance of earlier items
        balance(sales: &i64 <- read_sales, balance: &Partitions<i64> <- read_balance) -> i64
          | makes asset balance
        read_text() -> Option<Length>
          | reads asset text by io shelf
          | after text of earlier items
        text(before: Option<Length> <- read_text) -> String
          | makes asset text
          | io shelf
    ");
    insta::assert_snapshot!(job.plan().to_mermaid(), @r#"
    flowchart TD
        s0["daily_partitions"]
        subgraph m0["map daily_partitions"]
            s1["read_sales"]
            s2["read_balance"]
            s3["balance"]
            s4["read_text"]
            s5["text"]
        end
        s0 -.-> s1
        s0 -.-> s2
        s3 -.->|"after earlier"| s2
        s1 -->|"sales"| s3
        s2 -->|"balance"| s3
        s0 -.-> s4
        s5 -.->|"after earlier"| s4
        s4 -->|"before"| s5
    "#);
}
