//! Assets that are frames: where they lie, what is told of them, and how others take them.

mod crash;
#[path = "../../../tests/killed/mod.rs"]
mod killed;
#[path = "../../../tests/outcome/mod.rs"]
mod outcome;
#[cfg(feature = "lazy")]
mod preludes;
mod unreadable;

use std::path::PathBuf;
use std::sync::Arc;

use orch::asset::MaterializationQuery;
#[cfg(feature = "lazy")]
use orch::partition::ByDimensions;
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::run::LatestFacts;
use orch::storage::{Memory, Storage};
use orch_polars::polars::df;
use orch_polars::{DataFrame, ParquetIo, RegisterFrames as _};

#[asset(key_prefix = "mart", io = "lake")]
fn orders() -> Result<DataFrame> {
    Ok(df!("id" => [1_i64, 2, 3], "amount" => [Some(50.0), Some(150.0), None])?)
}

/// A frame is passed in memory to those that run with it.
#[asset]
fn rows(orders: &DataFrame) -> usize {
    orders.height()
}

/// Nobody has made it yet.
#[external_asset(io = "lake")]
fn corrections() -> DataFrame;

#[asset]
fn corrected(orders: &DataFrame, #[stored] corrections: Option<DataFrame>) -> usize {
    orders.height() + corrections.map_or(0, |frame| frame.height())
}

fn lake(name: &str) -> (PathBuf, Definitions) {
    let folder = std::env::temp_dir().join(format!("orch-polars-assets-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let definitions = Definitions::new().assets(assets![orders, rows, corrections, corrected]);
    (folder.clone(), definitions.frames("lake", ParquetIo::new(folder)))
}

#[test]
fn a_frame_lies_under_its_key_and_is_told_with_its_columns() {
    let (folder, definitions) = lake("key");
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let job = definitions.materialize(&"*".parse().expect("all"));
    let run = definitions.runner(&job).record(&storage).keep_outputs().run_blocking().expect("it succeeds");
    assert_eq!((*run.output::<rows>(), *run.output::<corrected>()), (3, 3));
    assert!(folder.join("mart/orders.parquet").is_file());
    let latest = MaterializationQuery::latest(&"mart/orders".parse().expect("a key"));
    let fact = storage.materializations(&latest).expect("what is known").remove(0);
    let told = |name: &str| fact.metadata[name].to_string();
    insta::assert_snapshot!(["rows", "columns", "schema"].map(told).join("; "), @"3; 2; id: i64, amount: f64");
    // Later it is read from there.
    let job = definitions.materialize(&"rows".parse().expect("a selection"));
    let run = definitions.runner(&job).record(&storage).keep_outputs().run_blocking().expect("it succeeds");
    assert_eq!(*run.output::<rows>(), 3);
    std::fs::remove_dir_all(folder).expect("it was there");
}

/// As after a run that was killed between its file and what it would have told of it.
#[test]
fn a_file_that_nobody_has_told_of_is_not_taken_for_the_one_that_was_stored() {
    let (folder, definitions) = lake("replaced");
    let (file, copy) = (folder.join("mart/orders.parquet"), folder.join("copy.parquet"));
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let run = |what: &str| {
        let job = definitions.materialize(&what.parse().expect("a selection"));
        definitions.runner(&job).record(&storage).run_blocking().map(drop)
    };
    let stands = || {
        let runner = definitions.runner(&definitions.materialize(&"*".parse().expect("all")));
        let mut latest = LatestFacts::read(&*storage, definitions.asset_graph()).expect("what is known");
        assert!(runner.look(&mut latest).expect("it is planned").is_empty());
        latest.lost.into_iter().map(|((asset, _), found)| format!("{asset}: {found}")).collect::<Vec<_>>()
    };
    run("mart/orders").expect("it succeeds");
    assert_eq!(stands(), [""; 0]);
    std::fs::copy(&file, &copy).expect("it was stored");
    let other = df!("id" => [1_i64], "amount" => [50.0]).expect("a frame");
    orch_polars::write_parquet(&other, &file).expect("it is there");
    assert_eq!(stands(), ["mart/orders: something else lies in its place now"]);
    let refused = run("rows").expect_err("nobody has told of it").to_string();
    assert!(refused.contains("hint: have it made anew: `materialize mart/orders"), "{refused}");
    std::fs::remove_file(&file).expect("it is there");
    assert_eq!(stands(), ["mart/orders: nothing lies in its place any more"]);
    run("rows").expect_err("it is gone");
    // A copy is another file, and the same data.
    std::fs::copy(&copy, &file).expect("it is put back");
    assert_eq!(stands(), [""; 0]);
    run("rows").expect("it succeeds");
    std::fs::remove_dir_all(folder).expect("it was there");
}

/// As long as there is no frame, nothing that is made of that is stale.
#[test]
fn that_there_is_no_frame_is_known_as_a_version_of_it() {
    #[asset(io = "lake", code_version = "1")]
    fn returned() -> Option<DataFrame> {
        None
    }
    #[asset(code_version = "1")]
    fn lost(returned: &Option<DataFrame>) -> usize {
        returned.as_ref().map_or(0, DataFrame::height)
    }
    #[asset(code_version = "1")]
    fn lost_on_disk(#[stored] returned: Option<DataFrame>) -> usize {
        returned.map_or(0, |frame| frame.height())
    }
    let (folder, definitions) = lake("nothing");
    let definitions = definitions.assets(assets![returned, lost, lost_on_disk]);
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let made = || {
        let job = definitions.materialize(&"returned+".parse().expect("a selection"));
        let run = definitions.runner(&job).memoize().keep_events().record(&storage).run_blocking();
        let run = run.expect("it succeeds");
        run.events().iter().filter(|event| event.kind.name() == "ASSET_MATERIALIZATION").count()
    };
    assert_eq!((made(), made()), (3, 0));
    // What is put there is something else, and no other version of nothing.
    orch_polars::write_parquet(&df!("id" => [1_i64]).expect("a frame"), folder.join("returned.parquet"))
        .expect("it is written");
    assert_eq!((made(), made()), (1, 0));
    assert!(!folder.join("returned.parquet").exists());
    std::fs::remove_dir_all(folder).expect("it was there");
}

#[cfg(feature = "lazy")]
#[test]
fn a_part_of_a_frame_is_taken_as_it_lies_there() {
    use orch_polars::polars::prelude::{LazyFrame, col, lit};

    #[asset(io = "lake")]
    fn large(#[stored] orders: LazyFrame) -> LazyFrame {
        orders.filter(col("amount").gt(lit(100.0))).select([col("id")])
    }
    let (folder, definitions) = lake("part");
    let definitions = definitions.assets(assets![large]);
    let job = definitions.materialize(&"mart/orders or large".parse().expect("a selection"));
    definitions.runner(&job).run_blocking().expect("it succeeds");
    let found = orch_polars::read_parquet(folder.join("large.parquet")).expect("it was sunk there");
    assert!(found.equals(&df!("id" => [2_i64]).expect("a frame")), "{found}");
    std::fs::remove_dir_all(folder).expect("it was there");
}

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

#[asset(io = "lake")]
fn sold(day: &Partition<Daily>) -> Result<DataFrame> {
    Ok(df!("day" => [day.key().as_str()], "pieces" => [i64::from(day.window().start.day())])?)
}

/// Frames by day, whatever their number.
#[asset]
fn pieces(
    #[mapped(PartitionMapping::all().allow_missing())] sold: &Partitions<DataFrame>,
) -> Result<Vec<(String, i64)>> {
    let pieces = sold.iter().map(|(day, frame)| {
        let pieces = frame.column("pieces")?.i64()?.iter().flatten().sum();
        Ok((day.to_string(), pieces))
    });
    pieces.collect()
}

#[test]
fn partitions_lie_beside_each_other_and_are_read_by_key() {
    let (folder, definitions) = lake("partitions");
    let definitions = definitions.assets(assets![sold, pieces]);
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let materialize = |selection: &str, days: Option<&str>| {
        let job = definitions.materialize(&selection.parse().expect("a selection"));
        let runner = definitions.runner(&job).record(&storage).keep_outputs();
        let runner = days.into_iter().fold(runner, |runner, days| runner.partition(days));
        runner.run_blocking().expect("it succeeds")
    };
    // None yet, one, and three.
    let none = materialize("pieces", None);
    assert_eq!(none.output::<pieces>(), &[]);
    materialize("sold", Some("2024-01-02"));
    let one = materialize("pieces", None);
    assert_eq!(one.output::<pieces>(), &[("2024-01-02".to_owned(), 2)]);
    let three = materialize("sold or pieces", Some("2024-01-03..2024-01-04"));
    let days: Vec<_> =
        three.output::<pieces>().iter().map(|(day, pieces)| format!("{day}: {pieces}")).collect();
    assert_eq!(days, ["2024-01-02: 2", "2024-01-03: 3", "2024-01-04: 4"]);
    assert!(folder.join("sold/partition=2024-01-02/data.parquet").is_file());
    std::fs::remove_dir_all(folder).expect("it was there");
}

#[cfg(feature = "lazy")]
#[test]
fn partitions_are_taken_as_one_frame_of_which_some_files_are_read() {
    use orch_polars::polars::prelude::{LazyFrame, col, lit};

    /// Days, and who sells.
    struct DailyByShop;

    impl Partitioning for DailyByShop {
        type Kind = ByDimensions;

        fn definition() -> PartitionsDefinition {
            let shops = PartitionsDefinition::of(["Nord/West", "south"]);
            PartitionsDefinition::product()
                .by("day", TimePartitions::daily("2024-01-01"))
                .by("shop", shops)
                .into()
        }
    }

    #[asset(io = "lake")]
    fn baskets(of: &Partition<DailyByShop>) -> Result<DataFrame> {
        let day = of.window_in("day").map_or(0, |window| i64::from(window.start.day()));
        Ok(df!("pieces" => [day, 10 * day], "cents" => [100_i64, 200])?)
    }

    /// Of the second day on, where it is read by itself.
    #[asset]
    fn later(
        #[stored(together)]
        #[mapped(PartitionMapping::all().allow_missing())]
        baskets: Option<LazyFrame>,
    ) -> Result<Vec<(String, i64)>> {
        let Some(baskets) = baskets else { return Ok(Vec::new()) };
        let later = baskets.filter(col("day").gt_eq(lit("2024-01-02")));
        let later = later.select([col("shop"), col("pieces")]).collect()?;
        let (shops, pieces) = (later.column("shop")?.str()?, later.column("pieces")?.i64()?);
        let rows = shops.iter().zip(pieces.iter());
        Ok(rows.filter_map(|(shop, pieces)| Some((shop?.to_owned(), pieces?))).collect())
    }

    let (folder, definitions) = lake("together");
    let definitions = definitions.assets(assets![baskets, later]);
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let materialize = |selection: &str, partitions: Option<&str>| {
        let job = definitions.materialize(&selection.parse().expect("a selection"));
        let runner = definitions.runner(&job).record(&storage).keep_outputs();
        let runner = partitions.into_iter().fold(runner, |runner, partitions| runner.partition(partitions));
        runner.run_blocking().expect("it succeeds")
    };
    assert_eq!(materialize("later", None).output::<later>(), &[], "there is none");
    materialize("baskets", Some("day=2024-01-01..2024-01-02; shop=Nord/West"));
    let first = folder.join("baskets/day=2024-01-01/shop=%4eord%2f%57est/data.parquet");
    assert!(first.is_file());
    // The columns are known of the first file; its rows are of no concern. With its time it is still taken for what was stored.
    let (bytes, time) =
        (std::fs::read(&first).expect("a file"), first.metadata().and_then(|file| file.modified()));
    std::fs::write(&first, [&[0; 64], &bytes[64..]].concat()).expect("it is there");
    let file = std::fs::File::options().write(true).open(&first).expect("it is there");
    file.set_modified(time.expect("it has one")).expect("it is ours");
    let rows = |pieces: [i64; 2]| pieces.map(|pieces| ("Nord/West".to_owned(), pieces));
    assert_eq!(materialize("later", None).output::<later>(), &rows([2, 20]));
    // What the same run makes is read from where it is stored.
    let run = materialize("baskets or later", Some("day=2024-01-03; shop=Nord/West"));
    assert_eq!(run.output::<later>(), &[rows([2, 20]), rows([3, 30])].concat());
    std::fs::remove_dir_all(folder).expect("it was there");
}

#[test]
fn a_frame_that_came_out_as_it_was_is_known_by_its_file() {
    let (folder, definitions) = lake("memo");
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let mut versions = Vec::new();
    let mut memoized = |memoize: bool| {
        let job = definitions.materialize(&"mart/orders or rows".parse().expect("a selection"));
        let runner = definitions.runner(&job).record(&storage).keep_events();
        let runner = if memoize { runner.memoize() } else { runner };
        let run = runner.run_blocking().expect("it succeeds");
        let latest = MaterializationQuery::latest(&"mart/orders".parse().expect("a key"));
        versions.push(storage.materializations(&latest).expect("what is known").remove(0).data_version);
        run.events().iter().filter(|event| event.kind.name() == "STEP_MEMOIZED").count()
    };
    assert_eq!([memoized(false), memoized(false), memoized(true)], [0, 0, 2]);
    assert!(versions[0].is_some() && versions.iter().all(|version| *version == versions[0]), "{versions:?}");
    std::fs::remove_dir_all(folder).expect("it was there");
}
