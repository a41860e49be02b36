//! Columns that are declared of a frame that is planned and not in memory.

use insta::assert_snapshot;
use orch_core::failure::Failure;
use orch_core::io::IoManager;
use polars::prelude::{IntoLazy as _, LazyFrame, col, lit};

use super::*;
use crate::Lazy;
use crate::format::Format;

fn stored<F: Format>(io: &FrameIo<F>, plan: &Lazy<Sales>) -> Result<Metadata> {
    io.store(&output_of(&extract(), None), plan)
}

fn loaded<F: Format>(io: &FrameIo<F>) -> Result<Lazy<Sales>> {
    io.load(&output_of(&extract(), None))
}

#[test]
fn a_plan_is_checked_before_it_is_executed() {
    assert!(Lazy::<Sales>::checked(sales().lazy()).is_ok());
    let wrong =
        sales().lazy().with_column(col("id").cast(DataType::String)).drop(polars::prelude::cols(["day"]));
    assert_snapshot!(format!("{:?}", Lazy::<Sales>::checked(wrong).unwrap_err()), @r#"
    the frame is not what `Sales` declares:
      - `id` is str and not i64
      - `day` is missing, a column of date
      hint: cast it, `frame.column("id")?.cast(&dtype)?`, or declare what it is
    "#);
    let unknown = sales().lazy().select([col("idd")]);
    assert!(Lazy::<Sales>::checked(unknown).unwrap_err().to_string().contains("idd"));
}

#[test]
fn nulls_are_found_when_it_is_stored_and_what_was_there_stays() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0).statistics(false);
    stored(&io, &Lazy::checked(sales().lazy()).unwrap()).unwrap();
    let lost = sales().lazy().with_column(lit(polars::prelude::NULL).cast(DataType::Int64).alias("id"));
    let failure = stored(&io, &Lazy::checked(lost).unwrap()).unwrap_err();
    assert_snapshot!(folder.without(&format!("{failure:?}")), @"
    cannot write `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: the frame is not what `Sales` declares:
      - `id` has 2 nulls and may have none
      hint: declare `id` as an `Option`, or fill or drop its nulls
    ");
    assert!(loaded(&io).unwrap().plan().collect().unwrap().equals_missing(&sales()));
}

fn comes_back<F: Format>(io: &FrameIo<F>) {
    stored(io, &Lazy::checked(sales().lazy()).unwrap()).unwrap();
    let back = loaded(io).unwrap();
    assert!(back.plan().collect().unwrap().equals_missing(&sales()), "{}", F::NAME);
    let large = back.plan().filter(col("unit price").gt(lit(1.0))).select([col("name")]);
    assert_eq!(large.collect().unwrap(), df!("name" => ["soap"]).unwrap(), "{}", F::NAME);
    let whole: Frame<Sales> = io.load(&output_of(&extract(), None)).unwrap();
    assert!(whole.equals_missing(&sales()), "{}", F::NAME);
}

#[test]
fn formats_that_keep_no_types_take_those_that_are_declared() {
    let folder = Folder::new();
    comes_back(&ParquetIo::new(&folder.0));
    comes_back(&CsvIo::new(&folder.0));
    #[cfg(feature = "ipc")]
    comes_back(&IpcIo::new(&folder.0));
    #[cfg(feature = "json")]
    comes_back(&NdjsonIo::new(&folder.0));
}

#[test]
fn a_file_with_other_columns_is_refused_without_being_read() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let (step, at) = (extract(), |step| output_of(step, None));
    io.store(&at(&step), &starters()).unwrap();
    assert_snapshot!(folder.without(&format!("{:?}", loaded(&io).unwrap_err())), @"
    cannot load `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: the frame is not what `Sales` declares:
      - `id` is missing, a column of i64
      - `day` is missing, a column of date
      - `unit price` is missing, a column of f64
      - `type2` is not declared, a column of str
      - `hp` is not declared, a column of i32
      hint: leave `type2` out, or end the declaration with `..`
    ");
    let undeclared: LazyFrame = io.load(&at(&step)).unwrap();
    assert_eq!(undeclared.collect().unwrap(), starters(), "who declares nothing gets what there is");
}

#[test]
fn one_that_may_be_missing_is_checked_if_it_is_there() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    let load = || IoManager::<Option<Lazy<Sales>>>::load(&io, &at);
    assert!(load().unwrap().is_none());
    io.store(&at, &Some(Lazy::<Sales>::checked(sales().lazy()).unwrap())).unwrap();
    assert!(load().unwrap().unwrap().plan().collect().unwrap().equals_missing(&sales()));
    io.store(&at, &None::<Lazy<Sales>>).unwrap();
    assert!(load().unwrap().is_none());
    io.store(&at, &starters()).unwrap();
    assert!(load().is_err());
}

/// What others have put there.
fn with_nulls() -> DataFrame {
    let mut sales = sales();
    let ids = Column::new("id".into(), [Some(1i64), None]);
    sales.replace("id", ids).unwrap().clone()
}

#[test]
fn nulls_in_parquet_are_found_when_it_is_loaded() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let (step, at) = (extract(), |step| output_of(step, None));
    io.store(&at(&step), &with_nulls()).unwrap();
    assert_snapshot!(folder.without(&format!("{:?}", loaded(&io).unwrap_err())), @"
    cannot load `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: the frame is not what `Sales` declares:
      - `id` has 1 null and may have none
      hint: declare `id` as an `Option`, or fill or drop its nulls
    ");
    // What is known to have none is the scan alone.
    io.store(&at(&step), &sales()).unwrap();
    let large = loaded(&io).unwrap().plan().filter(col("unit price").gt(lit(1.0))).select([col("name")]);
    assert_snapshot!(large.explain(true).unwrap(), @r#"
    simple π 1/1 ["name"]
      Parquet SCAN [open-file]
      PROJECT 2/4 COLUMNS
      SELECTION: col("unit price") > 1.0
      ESTIMATED ROWS: 2
    "#);
    // Without statistics they are found when it is read.
    let file = fs::File::create(io.path(&at(&step))).unwrap();
    let options = polars::prelude::ParquetWriteOptions {
        statistics: polars::prelude::StatisticsOptions::empty(),
        ..Default::default()
    };
    options.to_writer(file).finish(&mut with_nulls()).unwrap();
    let failure = Failure::from(loaded(&io).unwrap().plan().collect().unwrap_err());
    assert_snapshot!(folder.without(&format!("{failure:?}")), @"`id` has nulls and may have none, as `Sales` declares it: `[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet`");
}

fn found_when_it_is_read<F: Format>(io: &FrameIo<F>) {
    let step = extract();
    io.store(&output_of(&step, None), &with_nulls()).unwrap();
    let plan = loaded(io).unwrap().plan();
    let failure = Failure::from(plan.clone().collect().unwrap_err()).to_string();
    assert!(failure.contains("`id` has nulls and may have none, as `Sales` declares it"), "{failure}");
    // Of what nobody asks for nothing is said.
    assert_eq!(plan.select([col("name")]).collect().unwrap().height(), 2, "{}", F::NAME);
}

#[test]
fn nulls_in_other_formats_are_found_when_they_are_read() {
    let folder = Folder::new();
    found_when_it_is_read(&CsvIo::new(&folder.0));
    #[cfg(feature = "ipc")]
    found_when_it_is_read(&IpcIo::new(&folder.0));
    #[cfg(feature = "json")]
    found_when_it_is_read(&NdjsonIo::new(&folder.0));
}
