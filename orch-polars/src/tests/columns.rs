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
