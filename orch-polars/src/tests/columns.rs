//! Some columns of a frame.

use orch_core::io::IoManager;

use crate::format::Format;

use super::*;

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(ToString::to_string).collect()
}

fn columns_of<F: Format>(io: &FrameIo<F>) {
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    let (two, none) = (names(&["hp", "name"]), names(&["hp", "weight"]));
    let expected = starters().select(["hp", "name"]).unwrap();

    assert!(IoManager::<DataFrame>::takes_columns(io));
    let read: DataFrame = io.load(&at.columns(&two)).unwrap();
    assert!(read.equals_missing(&expected), "in the order in which they are asked for: {read}");
    let read: Option<DataFrame> = io.load(&at.columns(&two)).unwrap();
    assert!(read.unwrap().equals_missing(&expected));
    let failure = IoManager::<DataFrame>::load(io, &at.columns(&none)).unwrap_err();
    assert!(failure.info().causes[0].contains("weight"), "{:?}", failure.info());
    assert_eq!(failure.info().hint.unwrap(), "are these the columns that it was written with?");

    #[cfg(feature = "lazy")]
    {
        let read: polars::prelude::LazyFrame = io.load(&at.columns(&two)).unwrap();
        assert!(read.collect().unwrap().equals_missing(&expected));
        let failure = IoManager::<polars::prelude::LazyFrame>::load(io, &at.columns(&none)).err().unwrap();
        assert!(failure.info().causes[0].contains("weight"), "{:?}", failure.info());
    }
}

#[test]
fn of_each_format_those_are_read_that_are_asked_for() {
    let folder = Folder::new();
    columns_of(&ParquetIo::new(&folder.0));
    #[cfg(feature = "ipc")]
    columns_of(&IpcIo::new(&folder.0));
    #[cfg(feature = "csv")]
    columns_of(&CsvIo::new(&folder.0));
    #[cfg(feature = "json")]
    columns_of(&NdjsonIo::new(&folder.0));
}

#[cfg(feature = "lazy")]
#[test]
fn a_plan_that_asks_for_less_reads_less() {
    use polars::prelude::{LazyFrame, col};

    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    let two = names(&["hp", "name"]);
    let frame: LazyFrame = io.load(&at.columns(&two)).unwrap();
    insta::assert_snapshot!(frame.select([col("hp").sum()]).explain(true).unwrap(), @r#"
    SELECT [col("hp").sum()]
      Parquet SCAN [open-file]
      PROJECT 1/3 COLUMNS
      ESTIMATED ROWS: 3
    "#);
}

#[cfg(feature = "lazy")]
#[test]
fn a_column_that_a_plan_is_to_read_and_is_not_there_is_told_when_the_plan_is_made() {
    use polars::prelude::LazyFrame;

    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    let refused = |column: &str| {
        let columns = names(&["hp", column]);
        let failure = IoManager::<LazyFrame>::load(&io, &at.columns(&columns)).err().unwrap();
        folder.without(&format!("{failure:?}"))
    };
    io.store(&at, &starters()).unwrap();
    insta::assert_snapshot!(refused("nmae"), @"
    cannot read `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: there is no column `nmae`, but `name`, `type2`, `hp`
      hint: did you mean `name`?
    ");
    insta::assert_snapshot!(refused("weight"), @"
    cannot read `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: there is no column `weight`, but `name`, `type2`, `hp`
      hint: are these the columns that it was written with?
    ");
    let many = (0..30i64).map(|number| Column::new(format!("c{number}").into(), [number]));
    io.store(&at, &DataFrame::new(1, many.collect()).unwrap()).unwrap();
    insta::assert_snapshot!(refused("weight"), @"
    cannot read `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: there is no column `hp`, but `c0`, `c1`, `c2`, `c3`, `c4`, `c5`, `c6`, `c7`, `c8`, `c9`, `c10`, `c11`, `c12`, `c13`, `c14`, `c15`, `c16`, `c17`, `c18`, `c19`, and 10 more
      hint: are these the columns that it was written with?
    ");
}

#[test]
fn a_schema_is_that_of_the_columns() {
    schema! {
        struct Strength { name: String, hp: i32 }
    }
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    assert!(IoManager::<Frame<Strength>>::load(&io, &at).is_err(), "it has a column more");
    let two = names(&["name", "hp"]);
    let frame: Frame<Strength> = io.load(&at.columns(&two)).unwrap();
    assert_eq!(frame.get_column_names(), ["name", "hp"]);
}
