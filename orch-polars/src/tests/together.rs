//! Partitions of an asset as one frame.

#[cfg(feature = "lazy")]
mod lazy;

use insta::assert_snapshot;
use orch_core::asset::AssetKey;
use orch_core::io::{IoManager, PartitionAt};
use orch_core::partition::{PartitionsDefinition, TimePartitions};

use super::*;
use crate::format::Format;

/// Partitions of the asset `sold`.
struct Sold {
    key: AssetKey,
    step: StepPath,
    definition: PartitionsDefinition,
    keys: Vec<String>,
}

impl Sold {
    fn by(definition: impl Into<PartitionsDefinition>, keys: &[&str]) -> Self {
        let keys = keys.iter().map(ToString::to_string).collect();
        let (key, step) = ("sold".parse().unwrap(), StepPath::new("sold", None));
        Self { key, step, definition: definition.into(), keys }
    }

    /// Two days.
    fn by_day() -> Self {
        Self::by(TimePartitions::daily("2024-01-01"), &["2024-01-01", "2024-01-02"])
    }

    fn by_day_and_region() -> Self {
        let regions = PartitionsDefinition::of(["EU/west", "us"]);
        let product = PartitionsDefinition::product()
            .by("day", TimePartitions::daily("2024-01-01"))
            .by("region", regions);
        Self::by(product, &["2024-01-01|EU/west", "2024-01-02|us"])
    }

    fn at(&self) -> Vec<OutputAt<'_>> {
        let at = OutputAt::new(RunId::from_u128(7), "sales", &self.step, "result").asset(Some(&self.key));
        let partition = |key| at.partition(Some(PartitionAt::new(key, &self.definition)));
        self.keys.iter().map(|key| partition(key)).collect()
    }

    /// Stores a frame for each: of so many pieces as it has its place.
    fn store<F: Format>(&self, io: &FrameIo<F>) {
        for (at, pieces) in self.at().iter().zip(1_i64..) {
            io.store(at, &df!("product" => ["tea", "mug"], "pieces" => [pieces, 10 * pieces]).unwrap())
                .unwrap();
        }
    }
}

/// The paths of a failure without the folder's name.
fn told(folder: &Folder, failure: &orch_core::failure::Failure) -> String {
    folder.without(&format!("{failure:?}"))
}

#[test]
fn a_frame_of_many_partitions_says_of_each_row_which_it_is_of() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    sold.store(&io);
    let frame: DataFrame = io.load_partitions(&sold.at()).unwrap();
    let expected = df!(
        "product" => ["tea", "mug", "tea", "mug"],
        "pieces" => [1_i64, 10, 2, 20],
        "partition" => ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"]
    );
    assert_eq!(frame, expected.unwrap());

    let sold = Sold::by_day_and_region();
    sold.store(&io);
    let frame: DataFrame = io.load_partitions(&sold.at()).unwrap();
    let expected = df!(
        "day" => ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"],
        "region" => ["EU/west", "EU/west", "us", "us"]
    );
    assert_eq!(frame.select(["day", "region"]).unwrap(), expected.unwrap());
}

fn of_each_format<F: Format>(io: &FrameIo<F>) {
    let sold = Sold::by_day_and_region();
    sold.store(io);
    let at = sold.at();
    let expected = df!(
        "product" => ["tea", "mug", "tea", "mug"],
        "pieces" => [1_i64, 10, 2, 20],
        "region" => ["EU/west", "EU/west", "us", "us"]
    );
    let expected = expected.unwrap();
    let whole: DataFrame = io.load_partitions(&at).unwrap();
    assert_eq!(whole.drop("day").unwrap(), expected);

    let names = ["region".to_owned(), "pieces".to_owned()];
    let named: Vec<_> = at.iter().map(|at| at.columns(&names)).collect();
    let some: DataFrame = io.load_partitions(&named).unwrap();
    assert_eq!(some, expected.select(["region", "pieces"]).unwrap());

    #[cfg(feature = "lazy")]
    {
        use polars::prelude::{LazyFrame, col, lit};
        let planned: LazyFrame = io.load_partitions(&at).unwrap();
        assert_eq!(planned.collect().unwrap(), whole);
        let planned: LazyFrame = io.load_partitions(&named).unwrap();
        assert_eq!(planned.clone().collect().unwrap(), some);
        let west = planned.filter(col("region").eq(lit("EU/west")));
        assert_eq!(west.collect().unwrap(), some.slice(0, 2));
    }
}

#[test]
fn partitions_of_each_format_are_one_frame_of_all_columns_or_of_some() {
    // What a path may look like, whoever reads it.
    let folder = Folder::new();
    let lake = folder.0.join("region=none").join("[a-b]*");
    of_each_format(&ParquetIo::new(&lake));
    of_each_format(&CsvIo::new(&lake));
    #[cfg(feature = "ipc")]
    of_each_format(&IpcIo::new(&lake));
    #[cfg(feature = "json")]
    of_each_format(&NdjsonIo::new(&lake));
}

#[cfg(feature = "objects")]
#[test]
fn partitions_in_an_object_store_are_one_frame() {
    let store = std::sync::Arc::new(object_store::memory::InMemory::new());
    of_each_format(&ParquetIo::in_store(store.clone(), "lake"));
    of_each_format(&CsvIo::in_store(store, "lake"));
}

#[test]
fn what_is_not_there_is_told_unless_it_may_be_missing() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    let none = IoManager::<Option<DataFrame>>::load_partitions(&io, &sold.at()).unwrap();
    assert!(none.is_none());
    let at = sold.at();
    io.store(&at[1], &starters()).unwrap();
    let one = IoManager::<Option<DataFrame>>::load_partitions(&io, &at).unwrap().unwrap();
    assert_eq!(one.height(), 3);

    let failure = IoManager::<DataFrame>::load_partitions(&io, &at).unwrap_err();
    assert_snapshot!(told(&folder, &failure), @r"
    cannot read `[folder]/sold/partition=2024-01-01/data.parquet`
      caused by: entity not found
      hint: was it moved or deleted since it was written?
    ");
    let failure = IoManager::<DataFrame>::load_partitions(&io, &[]).unwrap_err();
    assert_snapshot!(told(&folder, &failure), @r"
    there are no partitions, and so no file that could tell which columns it has
      hint: take it as an `Option`, which is then `None`
    ");
    assert!(IoManager::<Option<DataFrame>>::load_partitions(&io, &[]).unwrap().is_none());
}

#[test]
fn files_with_other_columns_are_told() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    let at = sold.at();
    io.store(&at[0], &df!("pieces" => [1_i64], "price" => [2.5], "product" => ["tea"]).unwrap()).unwrap();
    io.store(&at[1], &df!("product" => ["tea"], "pieces" => ["two"], "cents" => [250_i64]).unwrap()).unwrap();
    let failure = IoManager::<DataFrame>::load_partitions(&io, &at).unwrap_err();
    assert_snapshot!(told(&folder, &failure), @r"
    cannot read `[folder]/sold/partition=2024-01-02/data.parquet`
      caused by: its columns are not those of `[folder]/sold/partition=2024-01-01/data.parquet`:
      - `pieces` is str and not i64
      - `price` is missing, a column of f64
      - `cents` is one more, a column of i64
      hint: make one of them anew, or name columns that all have: `#[stored(together, columns = [..])]`; of a format that keeps no types, declare them: `Frame<S>`
    ");

    // Of those that both have nothing is wrong, in whatever order they stand.
    let names = ["product".to_owned()];
    let named: Vec<_> = at.iter().map(|at| at.columns(&names)).collect();
    let products: DataFrame = io.load_partitions(&named).unwrap();
    assert_eq!(products, df!("product" => ["tea", "tea"]).unwrap());
    #[cfg(feature = "lazy")]
    {
        let planned: polars::prelude::LazyFrame = io.load_partitions(&named).unwrap();
        assert_eq!(planned.collect().unwrap(), products);
    }
}

#[test]
fn a_column_of_the_name_of_a_dimension_is_told() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let sold = Sold::by_day();
    let at = sold.at();
    for at in &at {
        io.store(at, &df!("partition" => ["first"], "pieces" => [1_i64]).unwrap()).unwrap();
    }
    let failure = IoManager::<DataFrame>::load_partitions(&io, &at).unwrap_err();
    assert_snapshot!(told(&folder, &failure), @r"
    cannot read `[folder]/sold/partition=2024-01-01/data.parquet`
      caused by: it has a column `partition`, and its partitions give another one of that name
      hint: leave it out of what is stored, or name the columns that are wanted, of which `partition` is then that of the partitions: `#[stored(together, columns = [..])]`
    ");

    // Where it is named, it is known which is meant.
    let names = ["partition".to_owned(), "pieces".to_owned()];
    let named: Vec<_> = at.iter().map(|at| at.columns(&names)).collect();
    let frame: DataFrame = io.load_partitions(&named).unwrap();
    assert_eq!(frame.column("partition").unwrap().get(0).unwrap().get_str(), Some("2024-01-01"));
    #[cfg(feature = "lazy")]
    {
        use polars::prelude::LazyFrame;
        let told_of_plan = IoManager::<LazyFrame>::load_partitions(&io, &at).err().unwrap();
        assert_eq!(told(&folder, &told_of_plan), told(&folder, &failure));
        let planned: LazyFrame = io.load_partitions(&named).unwrap();
        assert_eq!(planned.collect().unwrap(), frame);
    }
}

schema! {
    struct SoldByDay { product: String, pieces: i64, partition: String }
}

schema! {
    struct Plain { product: String, pieces: i64 }
}

#[test]
fn each_file_is_checked_with_the_dimensions_that_are_declared() {
    let folder = Folder::new();
    let io = CsvIo::new(&folder.0);
    let sold = Sold::by_day();
    sold.store(&io);
    let at = sold.at();
    let frame: Frame<SoldByDay> = io.load_partitions(&at).unwrap();
    assert_eq!(frame.get_column_names(), ["product", "pieces", "partition"]);
    let frame: Frame<Plain> = io.load_partitions(&at).unwrap();
    assert_eq!(frame.get_column_names(), ["product", "pieces"]);

    io.store(&at[1], &df!("product" => [Some("tea"), None], "pieces" => [1_i64, 2]).unwrap()).unwrap();
    let failure = IoManager::<Frame<Plain>>::load_partitions(&io, &at).unwrap_err();
    assert_snapshot!(told(&folder, &failure), @r"
    cannot load `[folder]/sold/partition=2024-01-02/data.csv`
      caused by: the frame is not what `Plain` declares:
      - `product` has 1 null and may have none
      hint: declare `product` as an `Option`, or fill or drop its nulls
    ");
}
