//! Frames in an object store that are planned: what is fetched, and when.

use orch_core::io::PartitionAt;
use orch_core::partition::{PartitionsDefinition, TimePartitions};
use polars::prelude::{IntoLazy as _, LazyFrame, col, lit};

use crate::format::Format;

use super::*;

/// Two columns of a megabyte each, hard to compress.
fn large() -> DataFrame {
    // Small enough for the type that is found for numbers in text.
    let random = |times: u64| {
        (0..131_072u64).map(|row| row.wrapping_mul(times).rotate_left(17) >> 1).collect::<Vec<_>>()
    };
    let sorted: Vec<_> = (0..131_072u64).collect();
    df!("id" => sorted, "one" => random(0x9e37_79b9_7f4a_7c15), "two" => random(0xbf58_476d_1ce4_e5b9))
        .unwrap()
}

fn watched<F: Format>() -> (Arc<Watched>, FrameIo<F>) {
    let store = Arc::new(Watched::default());
    (store.clone(), FrameIo::in_store(store, "lake"))
}

fn loaded<F: Format>(io: &FrameIo<F>) -> LazyFrame {
    io.load(&output_of(&extract(), None)).unwrap()
}

/// What part of an object was fetched.
fn part(store: &Watched, told: &Metadata) -> f64 {
    let fetched: u64 = store.fetched().into_iter().map(|(_, bytes)| bytes).sum();
    fetched as f64 / told["bytes"].as_f64().unwrap()
}

#[test]
fn a_plan_is_sunk_into_an_object_and_scans_it() {
    let io = ParquetIo::in_store(Arc::new(InMemory::new()), "lake");
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters().lazy()).unwrap();
    assert_eq!(loaded(&io).select([col("name")]).collect().unwrap(), starters().select(["name"]).unwrap());
}

#[test]
fn of_an_object_is_fetched_what_is_asked_for() {
    let (store, io) = watched::<format::Parquet>();
    let io = io.row_group_size(16_384);
    let step = extract();
    let told = io.store(&output_of(&step, None), &large()).unwrap();
    let plan = loaded(&io);
    let footer = part(&store, &told);
    assert!(footer > 0.0 && footer < 0.1, "the footer, when it is loaded: {footer}");

    assert_eq!(plan.clone().select([col("one")]).collect().unwrap(), large().select(["one"]).unwrap());
    let column = part(&store, &told);
    assert!((0.4..0.6).contains(&column), "the column: {column}");

    let few = plan.clone().filter(col("id").lt(lit(100))).collect().unwrap();
    assert_eq!(few, large().slice(0, 100));
    let group = part(&store, &told);
    assert!(group < 0.2, "the row group that may have such rows: {group}");

    assert_eq!(plan.collect().unwrap(), large());
    let all = part(&store, &told);
    assert!((0.9..1.1).contains(&all), "all of it: {all}");
}

/// In Arrow IPC the columns of a batch lie together.
#[cfg(feature = "ipc")]
#[test]
fn of_arrow_ipc_whole_batches_are_fetched() {
    let (store, io) = watched::<format::Ipc>();
    let step = extract();
    let told = io.store(&output_of(&step, None), &large()).unwrap();
    let plan = loaded(&io);
    let footer = part(&store, &told);
    assert!(footer > 0.0 && footer < 0.1, "the footer, when it is loaded: {footer}");
    assert_eq!(plan.select([col("one")]).collect().unwrap(), large().select(["one"]).unwrap());
    let all = part(&store, &told);
    assert!((0.9..1.1).contains(&all), "all of it: {all}");
}

/// What has no index is fetched as a whole, to find out which columns it has; and not again when it is read.
#[test]
fn csv_is_fetched_once() {
    let (store, io) = watched::<format::Csv>();
    let step = extract();
    let told = io.store(&output_of(&step, None), &large()).unwrap();
    let plan = loaded(&io);
    plan.select([col("one")]).collect().unwrap();
    assert_eq!(part(&store, &told), 1.0);
}

#[test]
fn partitions_that_a_filter_leaves_out_are_not_fetched() {
    let (store, io) = watched::<format::Parquet>();
    let (key, step): (AssetKey, _) = ("sold".parse().unwrap(), extract());
    let definition: PartitionsDefinition = TimePartitions::daily("2024-01-01").into();
    let days = ["2024-01-01", "2024-01-02", "2024-01-03"];
    let at = days.map(|day| {
        output_of(&step, None).asset(Some(&key)).partition(Some(PartitionAt::new(day, &definition)))
    });
    let told = at.map(|at| io.store(&at, &large()).unwrap());
    let plan: LazyFrame = io.load_partitions(&at).unwrap();
    let second = plan.filter(col("partition").eq(lit("2024-01-02")));
    let found = second.select([col("one"), col("partition")]).collect().unwrap();
    assert_eq!(found.column("one").unwrap(), large().column("one").unwrap());
    assert_eq!(found.column("partition").unwrap().get(0).unwrap().get_str(), Some("2024-01-02"));

    // The first tells which columns there are; of the third nothing is read, not even its footer.
    let size = told[0]["bytes"].as_f64().unwrap();
    let [(first, footer), (second, column)] = store.fetched().try_into().unwrap();
    assert_eq!(first, "lake/sold/partition=2024-01-01/data.parquet");
    assert_eq!(second, "lake/sold/partition=2024-01-02/data.parquet");
    assert!((footer as f64) < size / 10.0 && (column as f64) < size * 0.6, "{footer} {column} of {size}");
}

/// Of two objects in one place parts would fit nowhere. What is made of an object can take its place, for it is read before.
#[test]
fn a_plan_reads_the_object_that_it_was_loaded_from_or_says_that_it_is_gone() {
    let (_, io) = watched::<format::Parquet>();
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    let plan = loaded(&io);
    io.store(&at, &plan.clone().filter(col("hp").lt(lit(45)))).unwrap();
    assert_eq!(loaded(&io).collect().unwrap().height(), 2);

    // The number of the store is another one whenever tests run.
    let error = plan.collect().unwrap_err().to_string();
    assert_snapshot!(error.split(" (path").next().unwrap(), @"object-store error: Request precondition failure for path lake/00000000-0000-0000-0000-000000000007/extract/result.parquet: another object has taken its place since the scan was loaded; load it again");
}

/// A weak tag would match none, and there may be none at all.
#[test]
fn an_object_that_no_tag_tells_from_others_is_read_as_it_is() {
    for tag in [None, Some(""), Some("W/\"1\"")] {
        let io = ParquetIo::in_store(Arc::new(Watched::tagging(tag)), "");
        let step = extract();
        let at = output_of(&step, None);
        io.store(&at, &starters()).unwrap();
        let plan = loaded(&io);
        io.store(&at, &starters()).unwrap();
        assert_eq!(plan.collect().unwrap(), starters(), "{tag:?}");
    }
}
