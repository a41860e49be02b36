//! Partitions of an asset as one frame that is planned and not in memory.

use std::fs;

use polars::io::HiveOptions;
use polars::prelude::{LazyFrame, PlRefPath, ScanArgsParquet, col, lit};
use proptest::collection::hash_set;
use proptest::prelude::*;

use super::*;

fn planned(io: &ParquetIo, sold: &Sold) -> LazyFrame {
    io.load_partitions(&sold.at()).unwrap()
}

/// Makes a file one that cannot be read.
fn spoil(io: &ParquetIo, at: &OutputAt<'_>) {
    fs::write(io.path(at), "no Parquet").unwrap();
}

#[test]
fn of_the_partitions_that_a_filter_leaves_out_nothing_is_read() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let days = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"];
    let sold = Sold::by(TimePartitions::daily("2024-01-01"), &days);
    sold.store(&io);
    let at = sold.at();
    spoil(&io, &at[1]);
    spoil(&io, &at[3]);

    let third = planned(&io, &sold).filter(col("partition").eq(lit("2024-01-03"))).select([col("pieces")]);
    assert_snapshot!(folder.without(&third.explain(true).unwrap()), @r#"
    simple π 1/1 ["pieces"]
      Parquet SCAN [[folder]/sold/partition=2024-01-03/data.parquet]
      PROJECT 2/3 COLUMNS
      SELECTION: col("partition") == "2024-01-03"
      ESTIMATED ROWS: 2
    "#);
    assert_eq!(third.collect().unwrap(), df!("pieces" => [3_i64, 30]).unwrap());

    // The same with a filter of what is in the files.
    let mugs = planned(&io, &sold)
        .filter(col("product").eq(lit("mug")).and(col("partition").lt(lit("2024-01-02"))))
        .select([col("pieces")]);
    assert_eq!(mugs.collect().unwrap(), df!("pieces" => [10_i64]).unwrap());

    let failure = planned(&io, &sold).select([col("pieces").sum()]).collect().unwrap_err();
    assert!(failure.to_string().contains("out of spec"), "{failure}");
}

#[test]
fn a_filter_of_a_dimension_is_one_of_files() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day_and_region();
    sold.store(&io);
    spoil(&io, &sold.at()[1]);
    let west = planned(&io, &sold).filter(col("region").eq(lit("EU/west")));
    assert_eq!(west.collect().unwrap().height(), 2);
}

#[test]
fn rows_are_numbered_without_losing_the_dimensions() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    sold.store(&io);
    let numbered = planned(&io, &sold).with_row_index("row", None);
    let second =
        numbered.filter(col("partition").eq(lit("2024-01-02"))).select([col("row"), col("partition")]);
    let expected = df!("row" => [2_u32, 3], "partition" => ["2024-01-02", "2024-01-02"]);
    assert_eq!(second.collect().unwrap(), expected.unwrap());
}

#[test]
fn what_is_planned_of_partitions_is_sunk_batch_by_batch() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    sold.store(&io);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &planned(&io, &sold).filter(col("pieces").gt(lit(2)))).unwrap();
    let back: DataFrame = io.load(&at).unwrap();
    let expected = df!("product" => ["mug", "mug"], "pieces" => [10_i64, 20], "partition" => ["2024-01-01", "2024-01-02"]);
    assert_eq!(back, expected.unwrap());
}

#[test]
fn files_with_other_columns_are_told_when_they_are_read() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    let at = sold.at();
    io.store(&at[0], &df!("pieces" => [1_i64]).unwrap()).unwrap();
    io.store(&at[1], &df!("pieces" => ["two"]).unwrap()).unwrap();
    let failure = planned(&io, &sold).collect().unwrap_err();
    assert_snapshot!(folder.without(&failure.to_string()), @"data type mismatch for column pieces: incoming: String != target: Int64");
}

/// What polars makes of the folders by itself is what they are loaded as.
#[test]
fn the_folders_are_those_of_hive() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day_and_region();
    sold.store(&io);
    let lake = PlRefPath::try_from_path(&folder.0.join("sold")).unwrap();
    let hive_options = HiveOptions { try_parse_dates: false, ..HiveOptions::new_enabled() };
    let read = LazyFrame::scan_parquet(lake, ScanArgsParquet { hive_options, ..Default::default() }).unwrap();
    assert_eq!(read.collect().unwrap(), planned(&io, &sold).collect().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// None, one or many, and whatever keys there are: those are the values of the column, and a filter finds each.
    #[test]
    fn each_key_is_the_value_of_its_rows(
        keys in hash_set(prop_oneof!["[^|]{1,12}", "[a-zA-Z0-9=%/.* -]{1,30}", "(__HIVE_DEFAULT_PARTITION__|ß{90,99})"], 0..4)
    ) {
        let folder = Folder::new();
        let io = ParquetIo::new(&folder.0);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let sold = Sold::by(PartitionsDefinition::of(keys.clone()), &keys);
        sold.store(&io);
        let frame: Option<LazyFrame> = io.load_partitions(&sold.at()).unwrap();
        prop_assert_eq!(frame.is_none(), keys.is_empty());
        for (key, pieces) in keys.iter().zip(1_i64..) {
            let rows = planned(&io, &sold).filter(col("partition").eq(lit(*key))).collect().unwrap();
            let expected = df!("product" => ["tea", "mug"], "pieces" => [pieces, 10 * pieces], "partition" => [*key, *key]);
            prop_assert_eq!(rows, expected.unwrap());
        }
    }
}

#[test]
fn nulls_of_partitions_are_found_when_these_are_read() {
    schema! {
        struct Pieces { partition: String, pieces: i64, .. }
    }
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    sold.store(&io);
    let at = sold.at();
    let nulls = df!("product" => ["cup", "mug"], "pieces" => [Some(1_i64), None]).unwrap();
    io.store(&at[1], &nulls).unwrap();
    let plan = IoManager::<Lazy<Pieces>>::load_partitions(&io, &at).unwrap().plan();
    let failure = plan.clone().collect().unwrap_err();
    assert_snapshot!(folder.without(&failure.to_string()), @"`pieces` has nulls and may have none, as `Pieces` declares it: `[folder]/sold/partition=2024-01-01/data.parquet` or a file beside it");
    // A filter of the dimension leaves the file out.
    let first = plan.filter(col("partition").eq(lit("2024-01-01")));
    assert_eq!(first.collect().unwrap().height(), 2);
}
