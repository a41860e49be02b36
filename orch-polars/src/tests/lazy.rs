//! Frames that are planned and not in memory.

use insta::assert_snapshot;
use orch_core::io::IoManager;
use polars::prelude::{Expr, IntoLazy as _, LazyFrame, col, lit};

use crate::format::Format;

use super::*;

fn loaded<F: Format>(io: &FrameIo<F>) -> LazyFrame {
    io.load(&output_of(&extract(), None)).unwrap()
}

fn store<F: Format>(io: &FrameIo<F>, frame: impl Into<Stored>) -> Metadata {
    let step = extract();
    let at = output_of(&step, None);
    match frame.into() {
        Stored::Whole(frame) => io.store(&at, &frame).unwrap(),
        Stored::Planned(frame) => io.store(&at, &*frame).unwrap(),
    }
}

enum Stored {
    Whole(DataFrame),
    Planned(Box<LazyFrame>),
}

impl From<DataFrame> for Stored {
    fn from(frame: DataFrame) -> Self {
        Self::Whole(frame)
    }
}

impl From<LazyFrame> for Stored {
    fn from(frame: LazyFrame) -> Self {
        Self::Planned(Box::new(frame))
    }
}

fn weak() -> Expr {
    col("hp").lt(lit(45))
}

#[test]
fn what_is_asked_of_a_loaded_frame_is_asked_of_the_file() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    store(&io, starters());
    let names = loaded(&io).filter(weak()).select([col("name")]);
    assert_snapshot!(names.explain(true).unwrap(), @r#"
    simple π 1/1 ["name"]
      Parquet SCAN [open-file]
      PROJECT 2/3 COLUMNS
      SELECTION: col("hp") < 45
      ESTIMATED ROWS: 3
    "#);
    assert_eq!(names.collect().unwrap(), df!("name" => ["Charmander", "Flabébé"]).unwrap());
}

fn goes_both_ways<F: Format>(io: &FrameIo<F>) {
    let whole = df!("name" => ["Bulbasaur", "Charmander"], "hp" => [45i64, 39]).unwrap();
    let step = extract();
    let at = output_of(&step, None);

    store(io, whole.clone());
    assert_eq!(loaded(io).filter(weak()).collect().unwrap(), whole.slice(1, 1));

    store(io, whole.clone().lazy().filter(weak()));
    let back: DataFrame = io.load(&at).unwrap();
    assert_eq!(back, whole.slice(1, 1));
    assert_eq!(loaded(io).collect().unwrap(), back);
}

#[test]
fn what_is_stored_as_a_whole_can_be_loaded_as_a_plan_and_the_other_way_round() {
    let folder = Folder::new();
    goes_both_ways(&ParquetIo::new(&folder.0));
    goes_both_ways(&CsvIo::new(&folder.0));
    goes_both_ways(&CsvIo::new(&folder.0).separator(';').unwrap());
    #[cfg(feature = "ipc")]
    goes_both_ways(&IpcIo::new(&folder.0));
    #[cfg(feature = "json")]
    goes_both_ways(&NdjsonIo::new(&folder.0));
}

#[test]
fn the_footer_tells_what_was_written() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0).row_group_size(2);
    let columns = [starters().columns(), &[Column::new("share".into(), [0.5, f64::NAN, -1.0])]].concat();
    let frame = DataFrame::new(3, columns).unwrap();
    let told = |metadata: &Metadata| {
        let lines = folder.told(metadata);
        lines.lines().filter(|line| !line.starts_with("bytes: ")).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(told(&store(&io, frame.clone().lazy())), @r#"
    columns: 4
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 3
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"},{"name":"share","dtype":"f64"}]
    statistics: [{"name":"name","nulls":0,"min":"Bulbasaur","max":"Flabébé"},{"name":"type2","nulls":2,"min":"poison","max":"poison"},{"name":"hp","nulls":0,"min":39,"max":45},{"name":"share","nulls":0}]
    "#);
    assert_snapshot!(told(&store(&io, frame.clone().lazy().filter(lit(false)))), @r#"
    columns: 4
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 0
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"},{"name":"share","dtype":"f64"}]
    statistics: [{"name":"name"},{"name":"type2"},{"name":"hp"},{"name":"share"}]
    "#);
    assert_snapshot!(told(&store(&io.statistics(false), frame.lazy())), @r#"
    columns: 4
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 3
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"},{"name":"share","dtype":"f64"}]
    "#);
    assert_snapshot!(told(&store(&CsvIo::new(&folder.0), starters().lazy())), @r#"
    columns: 3
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.csv"
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"}]
    "#);
}

/// What the footer tells is what would have been told of the frame in memory.
#[test]
fn the_footer_agrees_with_the_frame() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let times = times().hstack(&[Column::new("name".into(), ["a", "b"])]).unwrap();
    for frame in [starters(), times.clone(), times.slice(0, 1)] {
        let (whole, sunk) = (store(&io, frame.clone()), store(&io, frame.lazy()));
        for name in ["rows", "columns", "schema", "statistics"] {
            assert_eq!(whole[name], sunk[name], "{name}");
        }
    }
}

#[test]
fn a_plan_reads_the_file_that_it_was_loaded_from() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    store(&io, starters());
    let before = loaded(&io);
    store(&io, starters().slice(0, 1));
    assert_eq!(before.clone().collect().unwrap().height(), 3);
    assert_eq!(loaded(&io).collect().unwrap().height(), 1);

    // So what is made of a file can take its place.
    store(&io, before.filter(weak()));
    assert_eq!(loaded(&io).collect().unwrap().height(), 2);
}

#[test]
fn a_plan_that_fails_leaves_what_was_there() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    store(&io, starters());
    let missing = starters().lazy().select([col("no such column")]);
    let text = starters().lazy().select([col("name").strict_cast(DataType::Int64)]);
    for plan in [missing, text] {
        let failure = io.store(&at, &plan).unwrap_err();
        assert_eq!(failure.to_string(), format!("cannot write `{}`", io.path(&at).display()));
        assert_eq!(folder.files(), [io.path(&at)], "and nothing beside it");
    }
    assert_eq!(loaded(&io).collect().unwrap(), starters());
}

#[test]
fn a_plan_may_be_missing() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    let load = || IoManager::<Option<LazyFrame>>::load(&io, &at).unwrap();
    assert!(load().is_none());
    io.store(&at, &Some(starters().lazy())).unwrap();
    assert_eq!(load().unwrap().collect().unwrap(), starters());
    io.store(&at, &None::<LazyFrame>).unwrap();
    assert!(load().is_none());

    let failure = IoManager::<LazyFrame>::load(&io, &at).err().unwrap().info();
    assert_eq!(failure.message, format!("cannot read `{}`", io.path(&at).display()));
    assert_eq!(failure.hint.unwrap(), "was it moved or deleted since it was written?");
}
