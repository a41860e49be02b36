//! Columns that are declared, and frames that have others.

#[cfg(feature = "lazy")]
mod lazy;

use insta::assert_snapshot;
use orch_core::failure::Result;
use orch_core::io::IoManager;

use crate::schema::{FrameSchema as _, Mismatch};

use super::*;

schema! {
    /// What was sold.
    pub(in crate::tests) struct Sales {
        id: i64,
        /// Nobody noted it at first.
        name: Option<String>,
        day: schema::Date,
        "unit price": f64,
    }
}

schema! {
    struct Numbered { id: i64, type: String, .. }
}

schema! {
    struct Nothing {}
}

schema! {
    struct Anything { .. }
}

pub(in crate::tests) fn sales() -> DataFrame {
    df!(
        "unit price" => [2.5, 0.25],
        "id" => [1i64, 2],
        "name" => [Some("soap"), None],
        "day" => times().column("day").unwrap().as_materialized_series().clone(),
    )
    .unwrap()
}

/// What is said of a frame that is not what it should be.
fn refused<S: schema::FrameSchema>(frame: DataFrame) -> String {
    format!("{:?}", Frame::<S>::checked(frame).unwrap_err())
}

#[test]
fn a_schema_shows_what_it_declares() {
    assert_snapshot!(format!("{:?}", Sales::schema()), @"Sales { id: i64, name: Option<str>, day: date, unit price: f64 }");
    assert_snapshot!(format!("{:?}", Numbered::schema()), @"Numbered { id: i64, type: str, .. }");
    assert_snapshot!(format!("{:?} {:?}", Nothing::schema(), Anything::schema()), @"Nothing Anything { .. }");
}

#[test]
fn a_frame_that_has_the_columns_is_taken_in_whatever_order_they_are() {
    let frame = Frame::<Sales>::checked(sales()).unwrap();
    assert_eq!(frame.column("unit price").unwrap().f64().unwrap().get(1), Some(0.25));
    assert!(frame.clone().into_inner().equals_missing(&sales()));
    assert!(Frame::<Sales>::try_from(DataFrame::from(frame)).is_ok());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let wrong = df!(
        "id" => [Some(1i64), None, None],
        "nam" => ["soap", "salt", "tea"],
        "day" => ["2024-01-01", "", ""],
        "unit price" => [Some(1i32), None, Some(2)],
    );
    assert_snapshot!(refused::<Sales>(wrong.unwrap()), @r#"
    the frame is not what `Sales` declares:
      - `id` has 2 nulls and may have none
      - `name` is missing, a column of str
      - `day` is str and not date
      - `unit price` is i32 and not f64
      - `unit price` has 1 null and may have none
      - `nam` is not declared, a column of str
      hint: is `nam` the column `name`? rename one of them; cast it, `frame.column("day")?.cast(&dtype)?`, or declare what it is; declare `id` as an `Option`, or fill or drop its nulls; leave `nam` out, or end the declaration with `..`
    "#);
}

#[test]
fn each_mismatch_has_advice_of_its_own() {
    let without = |name: &str| sales().drop(name).unwrap();
    let with = |column: Column| {
        let mut frame = sales();
        frame.with_column(column).unwrap();
        frame
    };
    assert_snapshot!(refused::<Sales>(without("id")), @r"
    the frame is not what `Sales` declares:
      - `id` is missing, a column of i64
      hint: add the column, or declare what the frame has
    ");
    assert_snapshot!(refused::<Sales>(with(Column::new("remark".into(), ["", ""]))), @r"
    the frame is not what `Sales` declares:
      - `remark` is not declared, a column of str
      hint: leave `remark` out, or end the declaration with `..`
    ");
    assert_snapshot!(refused::<Sales>(with(Column::new("id".into(), [1i32, 2]))), @r#"
    the frame is not what `Sales` declares:
      - `id` is i32 and not i64
      hint: cast it, `frame.column("id")?.cast(&dtype)?`, or declare what it is
    "#);
    assert_snapshot!(refused::<Sales>(with(Column::new("id".into(), [Some(1i64), None]))), @r"
    the frame is not what `Sales` declares:
      - `id` has 1 null and may have none
      hint: declare `id` as an `Option`, or fill or drop its nulls
    ");
}

#[test]
fn an_open_schema_lets_others_in_and_misses_its_own_all_the_same() {
    let frame = df!("id" => [1i64], "type" => ["a"], "other" => [1]).unwrap();
    assert!(Frame::<Numbered>::checked(frame.clone()).is_ok());
    assert_snapshot!(refused::<Numbered>(frame.drop("type").unwrap()), @r"
    the frame is not what `Numbered` declares:
      - `type` is missing, a column of str
      hint: add the column, or declare what the frame has
    ");
    assert!(Frame::<Anything>::checked(frame).is_ok());
}

#[test]
fn a_schema_without_columns_takes_frames_without_columns() {
    assert!(Frame::<Nothing>::checked(DataFrame::empty()).is_ok());
    let extra = Nothing::schema().mismatches(&df!("id" => [1i64]).unwrap());
    assert_eq!(extra, [Mismatch::Extra { column: "id".to_owned(), dtype: DataType::Int64 }]);
}

#[test]
fn zones_are_told_apart() {
    struct Instant;
    impl schema::ColumnType for Instant {
        fn dtype() -> DataType {
            DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC))
        }
    }
    schema! { struct Logins { at: Instant } }
    let at = instants().with_name("at".into());
    assert!(Frame::<Logins>::checked(DataFrame::new(2, vec![at.clone()]).unwrap()).is_ok());
    let naive = at.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap();
    assert_snapshot!(refused::<Logins>(DataFrame::new(2, vec![naive]).unwrap()), @r#"
    the frame is not what `Logins` declares:
      - `at` is datetime[ms] and not datetime[ms, UTC]
      hint: cast it, `frame.column("at")?.cast(&dtype)?`, or declare what it is
    "#);
}

#[test]
fn a_file_is_checked_when_it_is_loaded() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &Frame::<Sales>::checked(sales()).unwrap()).unwrap();
    let back: Frame<Sales> = io.load(&at).unwrap();
    assert!(back.equals_missing(&sales()));

    io.store(&at, &starters()).unwrap();
    let failure = IoManager::<Frame<Sales>>::load(&io, &at).unwrap_err();
    assert_snapshot!(folder.without(&format!("{failure:?}")), @r"
    cannot load `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: the frame is not what `Sales` declares:
      - `id` is missing, a column of i64
      - `day` is missing, a column of date
      - `unit price` is missing, a column of f64
      - `type2` is not declared, a column of str
      - `hp` is not declared, a column of i32
      hint: leave `type2` out, or end the declaration with `..`
    ");
    let other: Result<DataFrame> = io.load(&at);
    assert!(other.unwrap().equals_missing(&starters()), "who declares nothing gets what there is");
}
