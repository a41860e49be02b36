//! What is told of a stored frame.

use insta::assert_snapshot;
use orch_core::io::IoManager as _;
use polars::prelude::{NamedFrom as _, Series};

use super::*;

fn stored(io: &ParquetIo, folder: &Folder, frame: &DataFrame) -> String {
    let told = folder.told(&io.store(&output_of(&extract(), None), frame).unwrap());
    // The size is another in each version of polars.
    let lines = told.lines().filter(|line| !line.starts_with("bytes: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn of_a_frame_is_told_what_it_has_and_what_is_in_it() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    assert_snapshot!(stored(&io, &folder, &starters()), @r#"
    columns: 3
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 3
    sample: [{"name":"Bulbasaur","type2":"poison","hp":45},{"name":"Charmander","type2":null,"hp":39},{"name":"Flabébé","type2":null,"hp":44}]
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"}]
    statistics: [{"name":"name","nulls":0,"min":"Bulbasaur","max":"Flabébé"},{"name":"type2","nulls":2,"min":"poison","max":"poison"},{"name":"hp","nulls":0,"min":39,"max":45}]
    "#);
    assert_snapshot!(stored(&io, &folder, &times()), @r#"
    columns: 3
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 2
    sample: [{"day":"1970-01-01","time":"00:00:00","at":"1970-01-01 00:00:00"},{"day":"2024-10-04","time":"01:00:00","at":"1970-01-01 01:00:00"}]
    schema: [{"name":"day","dtype":"date"},{"name":"time","dtype":"time"},{"name":"at","dtype":"datetime[μs]"}]
    statistics: [{"name":"day","nulls":0,"min":"1970-01-01","max":"2024-10-04"},{"name":"time","nulls":0,"min":"00:00:00","max":"01:00:00"},{"name":"at","nulls":0,"min":"1970-01-01 00:00:00","max":"1970-01-01 01:00:00"}]
    "#);
}

#[test]
fn the_size_is_that_of_the_file() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let (step, frame) = (extract(), starters());
    let at = output_of(&step, None);
    let metadata = io.store(&at, &frame).unwrap();
    assert_eq!(metadata["path"], io.path(&at).display().to_string());
    assert_eq!(metadata["bytes"], fs::metadata(io.path(&at)).unwrap().len());
}

#[test]
fn who_must_not_tell_of_the_data_tells_of_the_columns_alone() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0).sample(0).statistics(false);
    assert_snapshot!(stored(&io, &folder, &starters()), @r#"
    columns: 3
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 3
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"}]
    "#);
}

#[test]
fn as_many_rows_are_told_as_asked_for() {
    let folder = Folder::new();
    let rows = |io: ParquetIo, frame: &DataFrame| {
        let metadata = io.store(&output_of(&extract(), None), frame).unwrap();
        metadata.get("sample").map(|sample| sample.as_array().unwrap().len())
    };
    let io = ParquetIo::new(&folder.0);
    let many = df!("number" => (0..100).collect::<Vec<i64>>()).unwrap();
    assert_eq!(rows(io.clone(), &many), Some(5));
    assert_eq!(rows(io.clone().sample(2), &many), Some(2));
    assert_eq!(rows(io.clone(), &many.head(Some(3))), Some(3));
    assert_eq!(rows(io.clone(), &many.clear()), Some(0));
    assert_eq!(rows(io.sample(0), &many), None);
}

#[test]
fn of_a_frame_without_rows_or_columns_the_same_is_told() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    assert_snapshot!(stored(&io, &folder, &starters().clear()), @r#"
    columns: 3
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 0
    sample: []
    schema: [{"name":"name","dtype":"str"},{"name":"type2","dtype":"str"},{"name":"hp","dtype":"i32"}]
    statistics: [{"name":"name","nulls":0,"min":null,"max":null},{"name":"type2","nulls":0,"min":null,"max":null},{"name":"hp","nulls":0,"min":null,"max":null}]
    "#);
    assert_snapshot!(stored(&io, &folder, &DataFrame::empty()), @r#"
    columns: 0
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 0
    sample: []
    schema: []
    statistics: []
    "#);
}

#[test]
fn what_json_has_not_is_told_as_text_and_what_is_long_is_cut() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0).sample(2);
    let lists = [Series::new("".into(), [1i64, 2]), Series::new("".into(), (0..99).collect::<Vec<i64>>())];
    let bytes: [&[u8]; 2] = [b"\x00abc", &[b'x'; 99]];
    let frame = df!(
        "float" => [f64::NAN, f64::INFINITY],
        "single" => [0.1f32, -0.0],
        "large" => [u64::MAX, 0],
        "text" => ["é".repeat(101), "é".repeat(100)],
        "bytes" => bytes,
        "list" => lists,
    );
    let frame = frame.unwrap().hstack(&[instants()]).unwrap();
    assert_snapshot!(stored(&io, &folder, &frame), @r#"
    columns: 7
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    rows: 2
    sample: [{"float":"NaN","single":0.1,"large":18446744073709551615,"text":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…","bytes":"\\x00abc","list":[1,2],"instant":"1970-01-01 00:00:00 UTC"},{"float":"inf","single":-0.0,"large":0,"text":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé","bytes":"xxxxxxxxxxxxxxxxxxxxxxxxx…","list":[0,1,2,3,4,5,6,7,8,9,"…"],"instant":"1970-01-01 00:00:00.001 UTC"}]
    schema: [{"name":"float","dtype":"f64"},{"name":"single","dtype":"f32"},{"name":"large","dtype":"u64"},{"name":"text","dtype":"str"},{"name":"bytes","dtype":"binary"},{"name":"list","dtype":"list[i64]"},{"name":"instant","dtype":"datetime[ms, UTC]"}]
    statistics: [{"name":"float","nulls":0,"min":"inf","max":"inf"},{"name":"single","nulls":0,"min":-0.0,"max":0.1},{"name":"large","nulls":0,"min":0,"max":18446744073709551615},{"name":"text","nulls":0,"min":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé","max":"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…"},{"name":"bytes","nulls":0},{"name":"list","nulls":0},{"name":"instant","nulls":0,"min":"1970-01-01 00:00:00 UTC","max":"1970-01-01 00:00:00.001 UTC"}]
    "#);
}

#[test]
fn a_frame_of_very_many_columns_is_told_in_part() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let column = |number: i32| Column::new(format!("column {number}").into(), [number]);
    let wide = DataFrame::new(1, (0..1_000).map(column).collect()).unwrap();
    let metadata = io.store(&output_of(&extract(), None), &wide).unwrap();
    let length = |name: &str| metadata[name].as_array().unwrap().len();
    assert_eq!((length("schema"), length("statistics")), (1_000, 100));
    assert_eq!(metadata["sample"][0].as_object().unwrap().len(), 100);
    assert_eq!(metadata["columns"], 1_000);
}
