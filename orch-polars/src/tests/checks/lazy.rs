//! Checks of frames that are planned: they find what they find in the same frame in memory.

use polars::prelude::{IntoLazy as _, LazyFrame, col, lit};

use super::*;

#[asset]
fn planned() -> Result<LazyFrame> {
    Ok(orders()?.lazy())
}

/// What these two find in this frame, which is the same.
fn found_in_both(whole: CheckDef, lazy: CheckDef, frame: &DataFrame) -> String {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (storage, name) = (storage(), lazy.name().to_owned());
    let definitions = Definitions::new().assets(assets![orders, planned]).checks([whole, lazy]);
    run(&definitions, frame.clone(), &storage).unwrap();
    let latest = EvaluationQuery::latest(&"planned".parse().unwrap(), &name);
    let of_planned = told(&storage.evaluations(&latest).unwrap()[0]);
    assert_eq!(of_planned, found(&storage, &name));
    of_planned
}

#[test]
fn nulls_are_found_as_in_memory() {
    let found = |names: &[&str], frame: &DataFrame| {
        let names = || names.iter().copied();
        found_in_both(checks::not_null::<orders>(names()), checks::not_null::<planned>(names()), frame)
    };
    insta::assert_snapshot!(found(&["id", "amount"], &sold()), @r#"
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
    assert!(found(&["name"], &sold()).starts_with("passed"));
    assert!(found(&[], &sold()).starts_with("passed"));
    assert!(found(&["price"], &sold()).contains("there is no column `price`"));
    assert!(found(&["id"], &sold().clear()).starts_with("passed"));
    assert!(found(&["id"], &DataFrame::empty()).contains("there are none"));
    let many = df!("id" => (0..1000).map(|id| (id % 3 > 0).then_some(id)).collect::<Vec<_>>()).unwrap();
    assert!(found(&["id"], &many).starts_with("failed not_null: 334 rows"));
    // Columns that are called as those that the check adds.
    let named = df!("row" => [Some(1), None], "row 0" => [1, 2], "0" => [1, 2]).unwrap();
    assert!(found(&["row", "row 0"], &named).starts_with("failed not_null: one row has"));
}

#[test]
fn rows_that_share_their_values_are_found_as_in_memory() {
    let found = |names: &[&str], frame: &DataFrame| {
        let names = || names.iter().copied();
        found_in_both(checks::unique::<orders>(names()), checks::unique::<planned>(names()), frame)
    };
    insta::assert_snapshot!(found(&["id"], &sold()), @r#"
    failed unique: 4 rows share `id` with another
      found: 4
      rows: 5
      sample: row id amount name
        [1,2,"NaN","bob"]
        [2,2,null,"bob"]
        [3,null,-2.0,"cay"]
        [4,null,0.0,"dot"]
    "#);
    assert!(found(&["id", "name"], &sold()).starts_with("failed unique: 2 rows"));
    assert!(found(&["amount"], &sold()).starts_with("passed"));
    let nans = df!("amount" => [f64::NAN, f64::NAN, 0.0, -0.0]).unwrap();
    assert!(found(&["amount"], &nans).starts_with("failed unique: 4 rows"));
    // The first of many, of groups that lie apart.
    let many = df!("id" => (0..1000).map(|id| id % 400).collect::<Vec<_>>()).unwrap();
    assert!(found(&["id"], &many).starts_with("failed unique: 1000 rows"));
    let far = df!("id" => (0..1000).map(|id| (id + 3) % 999).collect::<Vec<_>>()).unwrap();
    assert!(found(&["id"], &far).starts_with("failed unique: 2 rows"));
}

#[test]
fn numbers_out_of_their_range_are_found_as_in_memory() {
    use std::ops::{Bound, RangeBounds};
    fn found(name: &str, range: impl RangeBounds<f64> + Clone + Send + Sync + 'static) -> String {
        let whole = checks::range::<orders>(name, range.clone());
        found_in_both(whole, checks::range::<planned>(name, range), &sold())
    }
    insta::assert_snapshot!(found("amount", 0.0..), @r#"
    failed range: 2 rows are not at least 0 in `amount`
      found: 2
      largest: 1.5
      rows: 5
      sample: row id amount name
        [1,2,"NaN","bob"]
        [3,null,-2.0,"cay"]
      smallest: -2
    "#);
    assert!(found("amount", ..).starts_with("passed"));
    assert!(found("amount", ..=0.0).starts_with("failed range: 2 rows"));
    assert!(found("amount", ..0.0).starts_with("failed range: 3 rows"));
    assert!(found("id", (Bound::Excluded(1.0), Bound::Included(2.0))).starts_with("failed range: one row"));
    assert!(found("name", ..).contains("has no numbers"));
    assert!(found("price", ..).contains("there is no column"));
}

#[test]
fn rows_and_columns_are_compared_as_in_memory() {
    let frame = sold();
    let rows = |times: std::ops::Range<f64>| {
        let whole = checks::row_count_within::<orders>(times.clone());
        found_in_both(whole, checks::row_count_within::<planned>(times), &frame)
    };
    insta::assert_snapshot!(rows(0.5..2.0), @r"
    passed row_count_within: there is nothing yet to compare with
      rows: 5
    ");
    insta::assert_snapshot!(found_in_both(checks::same_schema::<orders>(), checks::same_schema::<planned>(), &frame), @r"
    passed same_schema: there is nothing yet to compare with
      columns: id: i32, amount: f64, name: str
    ");
}

#[test]
fn alone_a_check_looks_at_what_is_stored() {
    #[asset(io = "lake")]
    fn stored() -> Result<LazyFrame> {
        let numbers = df!("id" => (0..100_000i64).collect::<Vec<_>>())?;
        Ok(numbers.lazy().with_columns([(col("id") % lit(7)).alias("rest")]))
    }
    let folder = Folder::new();
    let definitions = Definitions::new()
        .assets(assets![stored])
        .checks([checks::unique::<stored>(["id"]), checks::range::<stored>("id", ..90_000.0)])
        .frames("lake", ParquetIo::new(&folder.0).row_group_size(10_000));
    let storage = storage();
    definitions
        .runner(&definitions.materialize_unchecked(&"*".parse().unwrap()))
        .record(&storage)
        .run_blocking()
        .unwrap();
    definitions
        .runner(&definitions.check_assets(&"*".parse().unwrap()))
        .record(&storage)
        .run_blocking()
        .unwrap();
    let mut found: Vec<_> =
        storage.evaluations(&EvaluationQuery::default()).unwrap().iter().map(told).collect();
    found.sort_unstable();
    insta::assert_snapshot!(found.join("\n"), @r"
    failed range: 10000 rows are not below 90000 in `id`
      found: 10000
      largest: 99999
      rows: 100000
      sample: row id rest
        [90000,90000,1]
        [90001,90001,2]
        [90002,90002,3]
        [90003,90003,4]
        [90004,90004,5]
      smallest: 0
    passed unique
      found: 0
      rows: 100000
    ");
}
