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
fn what_passes_on_its_way_into_the_file_is_told() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0).sample(2);
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
    sample: [{"name":"Bulbasaur","type2":"poison","hp":45,"share":0.5},{"name":"Charmander","type2":null,"hp":39,"share":"NaN"}]
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"},{"name":"share","dtype":"f64"}]
    statistics: [{"name":"name","nulls":0,"min":"Bulbasaur","max":"Flabébé"},{"name":"type2","nulls":2,"min":"poison","max":"poison"},{"name":"hp","nulls":0,"min":39,"max":45},{"name":"share","nulls":0,"min":-1.0,"max":0.5}]
    "#);
    assert_snapshot!(told(&store(&io, frame.clone().lazy().filter(lit(false)))), @r#"
    columns: 4
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 0
    sample: []
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"},{"name":"share","dtype":"f64"}]
    statistics: [{"name":"name","nulls":0,"min":null,"max":null},{"name":"type2","nulls":0,"min":null,"max":null},{"name":"hp","nulls":0,"min":null,"max":null},{"name":"share","nulls":0,"min":null,"max":null}]
    "#);
    assert_snapshot!(told(&store(&io.statistics(false).sample(0), frame.lazy())), @r#"
    columns: 4
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 3
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"},{"name":"share","dtype":"f64"}]
    "#);
    assert_snapshot!(told(&store(&CsvIo::new(&folder.0), starters().lazy())), @r#"
    columns: 3
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.csv"
    rows: 3
    sample: [{"name":"Bulbasaur","type2":"poison","hp":45},{"name":"Charmander","type2":null,"hp":39},{"name":"Flabébé","type2":null,"hp":44}]
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"}]
    statistics: [{"name":"name","nulls":0,"min":"Bulbasaur","max":"Flabébé"},{"name":"type2","nulls":2,"min":"poison","max":"poison"},{"name":"hp","nulls":0,"min":39,"max":45}]
    "#);
}

fn is_told_as_in_memory<F: Format>(io: &FrameIo<F>, frame: &DataFrame) {
    let (whole, sunk) = (store(io, frame.clone()), store(io, frame.clone().lazy()));
    let sizes_and_places = ["bytes", "path"];
    for name in whole.keys().chain(sunk.keys()).filter(|name| !sizes_and_places.contains(&name.as_str())) {
        assert_eq!(whole.get(name), sunk.get(name), "{name}, {}", F::NAME);
    }
}

#[test]
fn of_a_plan_is_told_what_would_be_told_of_its_frame() {
    let folder = Folder::new();
    let times = times().hstack(&[Column::new("name".into(), ["a", "b"])]).unwrap();
    // So many rows pass in many parts, by several threads.
    let rows = 300_000i64;
    let share = |row: i64| if row % 7 == 0 { f64::NAN } else { (row % 1_001) as f64 / 8.0 };
    let many = df!(
        "row" => (0..rows).rev().collect::<Vec<_>>(),
        "text" => (0..rows).map(|row| (row % 5 != 0).then(|| format!("{}", row * 7_919 % rows))).collect::<Vec<_>>(),
        "share" => (0..rows).map(share).collect::<Vec<_>>(),
        "none" => vec![None::<i32>; rows as usize],
        "nan" => vec![f64::NAN; rows as usize],
        "flag" => (0..rows).map(|row| row % 2 == 0).collect::<Vec<_>>(),
    );
    for frame in [starters(), times.clone(), times.slice(0, 1), times.clear(), many.unwrap()] {
        is_told_as_in_memory(&ParquetIo::new(&folder.0), &frame);
        assert!(loaded(&ParquetIo::new(&folder.0)).collect().unwrap().equals_missing(&frame), "in its order");
        is_told_as_in_memory(&CsvIo::new(&folder.0).sample(7), &frame);
        #[cfg(feature = "ipc")]
        is_told_as_in_memory(&IpcIo::new(&folder.0).sample(0), &frame);
        #[cfg(feature = "json")]
        is_told_as_in_memory(&NdjsonIo::new(&folder.0).statistics(false), &frame);
    }
}

#[test]
fn what_looks_at_the_rows_takes_no_name_that_a_column_has() {
    let folder = Folder::new();
    let frame = df!("row" => [1i64, 2], "row_" => [3i64, 4]).unwrap();
    is_told_as_in_memory(&ParquetIo::new(&folder.0), &frame);
    assert_eq!(loaded(&ParquetIo::new(&folder.0)).collect().unwrap(), frame);
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

/// Polars says in each error what its cause says, in its own words before it.
#[test]
fn what_is_wrong_with_a_plan_is_told_once() {
    let plan = starters().lazy().with_column(col("weight") * lit(2)).filter(col("hp").gt(lit(1)));
    let failure =
        orch_core::failure::Failure::from(plan.sort(["hp"], Default::default()).collect().unwrap_err());
    let told = failure.info().to_string();
    assert_eq!(told.matches("weight").count(), 1, "{told}");
    assert!(failure.info().causes.is_empty(), "{told}");
}
