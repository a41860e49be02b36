//! What CSV and NDJSON do not keep: the other formats keep all of it.

use insta::assert_snapshot;
use orch_core::io::IoManager;

use polars::prelude::{NamedFrom as _, Series};

use crate::format::Format;

use super::declared::{Sales, sales};
use super::*;

/// A frame after it was stored and loaded: each column's name, type and values.
fn back<F: Format>(io: &FrameIo<F>, frame: &DataFrame) -> String {
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, frame).unwrap();
    let back: DataFrame = io.load(&at).unwrap();
    let column = |column: &Column| {
        let values: Vec<_> = (0..column.len()).map(|row| column.get(row).unwrap().to_string()).collect();
        format!("{:?} {}: {}", column.name(), column.dtype(), values.join(", "))
    };
    let lines: Vec<_> = back.columns().iter().map(column).collect();
    format!("{} rows\n{}", back.height(), lines.join("\n"))
}

/// Of each sort of loss one column.
fn fragile() -> DataFrame {
    let frame = df!(
        "small" => [1i32, 2],
        "single" => [0.5f32, f32::NAN],
        "digits" => ["007", "1"],
        "empty" => [Some(""), None],
        "none" => [None::<i64>, None],
        "a \"quoted\" name" => [true, false],
    );
    frame.unwrap().hstack(times().columns()).unwrap()
}

#[test]
fn csv_keeps_texts_and_guesses_what_they_are() {
    let folder = Folder::new();
    let io = CsvIo::new(&folder.0);
    assert_snapshot!(back(&io, &fragile()), @r#"
    2 rows
    "small" i64: 1, 2
    "single" f64: 0.5, NaN
    "digits" i64: 7, 1
    "empty" str: "", null
    "none" str: null, null
    "a \"\"quoted\"\" name" bool: true, false
    "day" str: "1970-01-01", "2024-10-04"
    "time" str: "00:00:00.000000000", "01:00:00.000000000"
    "at" str: "1970-01-01T00:00:00.000000", "1970-01-01T01:00:00.000000"
    "#);
    assert_snapshot!(back(&io, &fragile().clear()), @r#"
    0 rows
    "small" str: 
    "single" str: 
    "digits" str: 
    "empty" str: 
    "none" str: 
    "a \"\"quoted\"\" name" str: 
    "day" str: 
    "time" str: 
    "at" str:
    "#);
    assert_snapshot!(back(&io, &DataFrame::empty_with_height(3)), @"0 rows");
}

#[test]
fn a_number_beyond_64_bits_with_sign_is_csv_if_its_type_is_declared() {
    let folder = Folder::new();
    let io = CsvIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &df!("id" => [u64::MAX]).unwrap()).unwrap();
    schema! { struct Ids { id: u64 } }
    let back: Frame<Ids> = io.load(&at).unwrap();
    assert_eq!(back.column("id").unwrap().u64().unwrap().get(0), Some(u64::MAX));
}

#[test]
fn a_list_is_no_csv() {
    let folder = Folder::new();
    let io = CsvIo::new(&folder.0);
    let list = Column::from(Series::new("tags".into(), [Series::new("".into(), ["a", "b"])]));
    let frame = DataFrame::new(1, vec![list]).unwrap();
    let failure = io.store(&output_of(&extract(), None), &frame).unwrap_err();
    assert_snapshot!(failure.info().causes.join("; "), @"CSV format does not support nested data");
    assert!(folder.files().is_empty());
}

#[cfg(feature = "json")]
#[test]
fn ndjson_keeps_the_types_of_json() {
    let folder = Folder::new();
    let io = NdjsonIo::new(&folder.0);
    assert_snapshot!(back(&io, &fragile()), @r#"
    2 rows
    "small" i64: 1, 2
    "single" f64: 0.5, null
    "digits" str: "007", "1"
    "empty" str: "", null
    "none" null: null, null
    "a \"quoted\" name" bool: true, false
    "day" str: "1970-01-01", "2024-10-04"
    "time" str: "00:00:00", "01:00:00"
    "at" str: "1970-01-01 00:00:00", "1970-01-01 01:00:00"
    "#);
    assert_snapshot!(back(&io, &fragile().clear()), @"0 rows");
    assert_snapshot!(back(&io, &DataFrame::empty_with_height(3)), @"0 rows");
    assert_snapshot!(back(&io, &df!("id" => [u64::MAX]).unwrap()), @r#"
    1 rows
    "id" i128: 18446744073709551615
    "#);
}

fn comes_back_as_declared<F: Format>(io: &FrameIo<F>) {
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &Frame::<Sales>::checked(sales()).unwrap()).unwrap();
    let back: Frame<Sales> = io.load(&at).unwrap();
    assert!(back.equals_missing(&sales()));
    assert_eq!(back.schema(), sales().schema());

    // Whose columns are others is told which, as of a format that keeps types.
    io.store(&at, &sales().drop("id").unwrap()).unwrap();
    let failure = IoManager::<Frame<Sales>>::load(io, &at).unwrap_err().info();
    assert_eq!(failure.causes[0].lines().nth(1), Some("  - `id` is missing, a column of i64"));
}

#[test]
fn what_is_declared_comes_back_as_it_was() {
    let folder = Folder::new();
    comes_back_as_declared(&CsvIo::new(&folder.0));
    comes_back_as_declared(&CsvIo::new(&folder.0).separator('\t').unwrap());
    #[cfg(feature = "json")]
    comes_back_as_declared(&NdjsonIo::new(&folder.0));
}

#[test]
fn what_cannot_part_fields_is_refused() {
    assert_snapshot!(format!("{:?}", CsvIo::new("exports").separator('"').unwrap_err()), @r#"
    '"' cannot stand between the fields of a CSV file
      hint: take one of the usual: `,`, `;`, `\t`, `|`
    "#);
    assert!(CsvIo::new("exports").separator('→').is_err());
}

#[test]
fn who_wants_to_know_what_is_lost_has_it_verified() {
    let folder = Folder::new();
    let step = extract();
    let at = output_of(&step, None);
    let io = CsvIo::new(&folder.0).verify(true);
    io.store(&at, &df!("name" => ["Bulbasaur"], "hp" => [45i64]).unwrap()).unwrap();
    let failure = io.store(&at, &fragile()).unwrap_err();
    assert_snapshot!(folder.without(&format!("{failure:?}")), @r#"
    cannot write `[folder]/00000000-0000-0000-0000-000000000007/extract/result.csv`
      caused by: the format does not keep all of the frame:
      - the type of `small`: i64 for i32
      - the type of `single`: f64 for f32
      - the type of `digits`: i64 for str
      - the type of `none`: str for i64
      - the column `a "quoted" name`
      - the type of `day`: str for date
      - the type of `time`: str for time
      - the type of `at`: str for datetime[μs]
      hint: store it in a format that keeps all types, such as Parquet
    "#);
    let before: DataFrame = io.load(&at).unwrap();
    assert_eq!(before.width(), 2, "what was there before is there still");
    assert_eq!(folder.files(), [io.path(&at)]);

    assert!(io.store(&at, &DataFrame::empty_with_height(3)).is_err());
    io.store(&at, &Frame::<Sales>::checked(sales()).unwrap()).unwrap();
    ParquetIo::new(&folder.0).verify(true).store(&at, &fragile()).unwrap();
}
