//! Ready-made checks of frames, of frames that are made by hand.

#[cfg(feature = "lazy")]
mod lazy;

use std::sync::{Arc, Mutex};

use orch::prelude::*;
use orch_core::asset::{AssetKey, CheckEvaluation, EvaluationQuery, MetadataValue};
use orch_core::graph::CheckDef;
use orch_core::run::{Run, RunError};
use orch_core::storage::{Memory, Storage};

use super::*;
use crate::checks;

/// What the asset is in the next run.
static NEXT: Mutex<Option<DataFrame>> = Mutex::new(None);

/// One test at a time says what the asset is.
static TURN: Mutex<()> = Mutex::new(());

#[asset]
fn orders() -> Result<DataFrame> {
    let next = NEXT.lock().map_err(|_| "poisoned")?;
    next.clone().ok_or_else(|| Failure::new("nobody has said what it is"))
}

#[asset]
fn report(orders: &DataFrame) -> usize {
    orders.height()
}

fn run(
    definitions: &Definitions,
    frame: DataFrame,
    storage: &Arc<dyn Storage>,
) -> std::result::Result<Run, RunError> {
    *NEXT.lock().unwrap() = Some(frame);
    let job = definitions.materialize(&"*".parse().unwrap());
    definitions.runner(&job).record(storage).keep_events().run_blocking()
}

fn storage() -> Arc<dyn Storage> {
    Arc::new(Memory::new())
}

/// What a check has found last, with all that it tells.
fn found(storage: &Arc<dyn Storage>, check: &str) -> String {
    let orders: AssetKey = "orders".parse().unwrap();
    let latest = storage.evaluations(&EvaluationQuery::latest(&orders, check)).unwrap();
    latest.first().map_or_else(|| "nothing".to_owned(), told)
}

fn told(fact: &CheckEvaluation) -> String {
    let result = &fact.result;
    let mut told = format!("{} {}", if result.passed { "passed" } else { "failed" }, fact.check);
    told.extend(result.description.iter().map(|why| format!(": {why}")));
    for (name, value) in &result.metadata {
        match value {
            MetadataValue::Table(table) => {
                let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
                told += &format!("\n  {name}: {}", names.join(" "));
                table.rows.iter().for_each(|row| told += &format!("\n    {}", serde_json::json!(row)));
            }
            value => told += &format!("\n  {name}: {value}"),
        }
    }
    told
}

/// What this check finds in this frame, in a run of its own.
fn found_in(check: CheckDef, frame: DataFrame) -> String {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (storage, name) = (storage(), check.name().to_owned());
    let definitions = Definitions::new().assets(assets![orders]).checks([check]);
    run(&definitions, frame, &storage).unwrap();
    found(&storage, &name)
}

fn sold() -> DataFrame {
    df!(
        "id" => [Some(1), Some(2), Some(2), None, None],
        "amount" => [Some(1.5), Some(f64::NAN), None, Some(-2.0), Some(0.0)],
        "name" => ["ada", "bob", "bob", "cay", "dot"]
    )
    .unwrap()
}

#[test]
fn nulls_are_counted_and_shown_and_a_nan_is_none() {
    insta::assert_snapshot!(found_in(checks::not_null::<orders>(["id", "amount"]), sold()), @r#"
    failed not_null: 3 rows have a null in `id`, `amount`
      found: 3
      nulls in amount: 1
      nulls in id: 2
      rows: 5
      sample: row id amount name
        [2,2,null,"bob"]
        [3,null,-2.0,"cay"]
        [4,null,0.0,"dot"]
    "#);
    insta::assert_snapshot!(found_in(checks::not_null::<orders>(["name"]), sold()), @r"
    passed not_null
      found: 0
      rows: 5
    ");
    insta::assert_snapshot!(found_in(checks::not_null::<orders>(["price"]), sold()), @"failed not_null: there is no column `price`; there are `id`, `amount`, `name`");
    insta::assert_snapshot!(found_in(checks::not_null::<orders>(["id"]), DataFrame::empty()), @"failed not_null: there is no column `id`; there are none");
}

#[test]
fn rows_that_share_their_values_are_found_also_nulls_and_nans() {
    insta::assert_snapshot!(found_in(checks::unique::<orders>(["id"]), sold()), @r#"
    failed unique: 4 rows share `id` with another
      found: 4
      rows: 5
      sample: row id amount name
        [1,2,"NaN","bob"]
        [2,2,null,"bob"]
        [3,null,-2.0,"cay"]
        [4,null,0.0,"dot"]
    "#);
    insta::assert_snapshot!(found_in(checks::unique::<orders>(["id", "name"]), sold()), @r#"
    failed unique: 2 rows share `id`, `name` with another
      found: 2
      rows: 5
      sample: row id amount name
        [1,2,"NaN","bob"]
        [2,2,null,"bob"]
    "#);
    insta::assert_snapshot!(found_in(checks::unique::<orders>(["amount"]), sold()), @r"
    passed unique
      found: 0
      rows: 5
    ");
    let nans = df!("amount" => [f64::NAN, f64::NAN, 0.0, -0.0]).unwrap();
    insta::assert_snapshot!(found_in(checks::unique::<orders>(["amount"]), nans), @r#"
    failed unique: 4 rows share `amount` with another
      found: 4
      rows: 4
      sample: row amount
        [0,"NaN"]
        [1,"NaN"]
        [2,0.0]
        [3,-0.0]
    "#);
    // Of so many rows the first few are shown.
    let many = df!("id" => (0..1000).map(|id| id / 2).collect::<Vec<i32>>()).unwrap();
    insta::assert_snapshot!(found_in(checks::unique::<orders>(["id"]), many), @r"
    failed unique: 1000 rows share `id` with another
      found: 1000
      rows: 1000
      sample: row id
        [0,0]
        [1,0]
        [2,1]
        [3,1]
        [4,2]
    ");
    insta::assert_snapshot!(found_in(checks::unique::<orders>(["price"]), sold()), @"failed unique: there is no column `price`; there are `id`, `amount`, `name`");
}

#[test]
fn a_nan_is_in_no_range_and_a_null_is_passed_over() {
    insta::assert_snapshot!(found_in(checks::range::<orders>("amount", 0.0..), sold()), @r#"
    failed range: 2 rows are not at least 0 in `amount`
      found: 2
      largest: 1.5
      rows: 5
      sample: row id amount name
        [1,2,"NaN","bob"]
        [3,null,-2.0,"cay"]
      smallest: -2
    "#);
    insta::assert_snapshot!(found_in(checks::range::<orders>("id", 1.0..=2.0), sold()), @r"
    passed range
      found: 0
      largest: 2
      rows: 5
      smallest: 1
    ");
    insta::assert_snapshot!(found_in(checks::range::<orders>("id", ..2.0), sold()), @r#"
    failed range: 2 rows are not below 2 in `id`
      found: 2
      largest: 2
      rows: 5
      sample: row id amount name
        [1,2,"NaN","bob"]
        [2,2,null,"bob"]
      smallest: 1
    "#);
    insta::assert_snapshot!(found_in(checks::range::<orders>("name", ..), sold()), @"failed range: the column `name` has no numbers: it is str");
    insta::assert_snapshot!(found_in(checks::range::<orders>("price", ..), sold()), @"failed range: there is no column `price`; there are `id`, `amount`, `name`");
}

/// A frame of so many rows.
fn rows(number: i64) -> DataFrame {
    df!("id" => (0..number).collect::<Vec<_>>()).unwrap()
}

#[test]
fn the_number_of_rows_is_compared_with_the_median_of_earlier_ones() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let storage = storage();
    let check = checks::row_count_within::<orders>(0.5..2.0);
    let definitions = Definitions::new().assets(assets![orders]).checks([check]);
    let mut found_of = |number: i64| {
        run(&definitions, rows(number), &storage).unwrap();
        let found = found(&storage, "row_count_within");
        format!("{number}: {}", found.lines().next().unwrap_or_default())
    };
    let told: Vec<_> = [100, 110, 10, 100, 220, 60, 300, 300, 300, 300, 300].map(&mut found_of).into();
    insta::assert_snapshot!(told.join("\n"), @r"
    100: passed row_count_within: there is nothing yet to compare with
    110: passed row_count_within
    10: failed row_count_within: 10 rows after 105 before
    100: passed row_count_within
    220: failed row_count_within: 220 rows after 100 before
    60: passed row_count_within
    300: failed row_count_within: 300 rows after 100 before
    300: failed row_count_within: 300 rows after 100 before
    300: failed row_count_within: 300 rows after 110 before
    300: passed row_count_within
    300: passed row_count_within
    ");
    insta::assert_snapshot!(found(&storage, "row_count_within"), @r"
    passed row_count_within
      rows: 300
      rows before: 300
      times: 1
    ");
}

#[test]
fn a_change_of_the_schema_is_found_once() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let storage = storage();
    let definitions = Definitions::new().assets(assets![orders]).checks([checks::same_schema::<orders>()]);
    let frames = [
        df!("id" => [1], "name" => ["ada"]).unwrap(),
        df!("name" => ["ada"], "id" => [2]).unwrap(),
        df!("id" => ["3"], "price" => [1.5]).unwrap(),
        df!("id" => ["3"], "price" => [1.5]).unwrap(),
    ];
    let told = frames.map(|frame| {
        run(&definitions, frame, &storage).unwrap();
        found(&storage, "same_schema")
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    passed same_schema: there is nothing yet to compare with
      columns: id: i32, name: str
    passed same_schema
      columns: name: str, id: i32
    failed same_schema: `id` was i32 and is str; `price` is new; `name` is gone
      columns: id: str, price: f64
    passed same_schema
      columns: id: str, price: f64
    ");
}

#[test]
fn a_blocking_check_of_a_frame_stops_what_is_made_of_it() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let storage = storage();
    let ids = || checks::unique::<orders>(["id"]);
    let definitions = Definitions::new()
        .assets(assets![orders, report])
        .checks([ids().blocking(), ids().named("unique_names").severity(Severity::Warn)]);
    let error = run(&definitions, sold(), &storage).unwrap_err();
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `orders.unique`: the blocking check `unique` of the asset `orders` has not passed: 4 rows share `id` with another
    ");
    let warns = storage
        .evaluations(&EvaluationQuery::latest(&"orders".parse().unwrap(), "unique_names"))
        .unwrap()
        .remove(0);
    assert!(!warns.result.is_error() && !warns.result.passed);
}

struct Daily;

impl orch::partition::Partitioning for Daily {
    type Kind = orch::partition::ByTime;

    fn definition() -> orch::partition::PartitionsDefinition {
        orch::partition::TimePartitions::daily("2024-01-01").into()
    }
}

/// So many rows as the day says; another column on the fourth.
#[asset]
fn sales(day: &Partition<Daily>) -> Result<DataFrame> {
    let rows = match day.window().start.day() {
        3 => 10,
        _ => 100,
    };
    let numbers: Vec<i64> = (0..rows).collect();
    Ok(match day.window().start.day() {
        4 => df!("id" => &numbers, "note" => vec!["new"; numbers.len()])?,
        _ => df!("id" => &numbers)?,
    })
}

#[test]
fn a_day_is_compared_with_the_days_before_it() {
    let definitions = Definitions::new().assets(assets![sales]).checks([
        checks::row_count_within::<sales>(0.5..2.0),
        checks::same_schema::<sales>(),
        checks::unique::<sales>(["id"]),
    ]);
    let storage = storage();
    let job = definitions.materialize(&"*".parse().unwrap());
    // The last of them is made anew: it is compared with the days before, and not with itself.
    for days in ["2024-01-01..2024-01-05", "2024-01-04"] {
        let runner = definitions.runner(&job).record(&storage).partition(days).max_concurrent(1);
        runner.run_blocking().unwrap();
    }
    let found = storage.evaluations(&EvaluationQuery::default()).unwrap();
    let told = found.iter().rev().filter(|fact| &*fact.check != "unique").map(|fact| {
        let told = told(fact);
        let first = told.lines().next().unwrap_or_default();
        format!("{} {first}", fact.partition.as_deref().unwrap_or_default())
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    2024-01-01 passed row_count_within: there is nothing yet to compare with
    2024-01-01 passed same_schema: there is nothing yet to compare with
    2024-01-02 passed row_count_within
    2024-01-02 passed same_schema
    2024-01-03 failed row_count_within: 10 rows after 100 before
    2024-01-03 passed same_schema
    2024-01-04 passed row_count_within
    2024-01-04 failed same_schema: `note` is new
    2024-01-05 passed row_count_within
    2024-01-05 failed same_schema: `note` is gone
    2024-01-04 passed row_count_within
    2024-01-04 failed same_schema: `note` is new
    ");
    let sales: AssetKey = "sales".parse().unwrap();
    assert_eq!(storage.latest_evaluations(&sales, "unique").unwrap().len(), 5);
}
