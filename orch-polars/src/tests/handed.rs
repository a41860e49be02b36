//! What steps of the same run are handed of a plan that was stored.

use std::sync::atomic::{AtomicUsize, Ordering};

use orch::prelude::*;
use orch_core::io::IoManager;
use polars::prelude::{Field, IntoLazy as _, LazyFrame, col};

use crate::format::Format;

use super::declared::sales;
use super::*;

/// How many rows were made.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Two rows, each time that it is executed.
fn planned() -> LazyFrame {
    let made = |column: Column| {
        MADE.fetch_add(column.len(), Ordering::Relaxed);
        Ok(column)
    };
    let price =
        col("unit price").map(made, |_, field| Ok(Field::new(field.name().clone(), DataType::Float64)));
    sales().lazy().with_column(price)
}

fn sum(sales: &LazyFrame) -> Result<f64> {
    let sales = sales.clone().select([col("unit price")]).collect()?;
    Ok(sales.column("unit price")?.f64()?.iter().flatten().sum())
}

#[op(io = "frames")]
fn sell() -> LazyFrame {
    planned()
}

/// By names that a search for files would take for more than one.
#[op(io = "frames")]
fn sell_by_day() -> Dynamic<LazyFrame> {
    Dynamic::from_iter(["mon", "[tue]", "w*d"].map(|day| (day, planned())))
}

#[op]
fn income(sales: &LazyFrame) -> Result<f64> {
    sum(sales)
}

#[op]
fn tax(sales: &LazyFrame) -> Result<f64> {
    Ok(sum(sales)? / 5.0)
}

#[op]
fn total(sales: &[LazyFrame]) -> Result<f64> {
    sales.iter().map(sum).sum()
}

/// The plan is taken twice.
#[job]
fn day() {
    let sales = sell();
    income(sales);
    tax(sales);
}

#[job]
fn week() {
    total(sell_by_day().collect());
}

#[job]
fn nobody_asks() {
    sell();
}

/// How many rows are made by a run of the job.
fn made_by<F: Format>(job: &Job, io: FrameIo<F>) -> usize {
    let before = MADE.load(Ordering::Relaxed);
    Definitions::new().frames("frames", io).test(job).run().assert_success();
    MADE.load(Ordering::Relaxed) - before
}

#[test]
fn a_plan_is_executed_once_whoever_takes_it() {
    let folder = Folder::new();
    let parquet = || ParquetIo::new(&folder.0);
    assert_eq!(made_by(&nobody_asks(), parquet()), 2);
    assert_eq!(made_by(&day(), parquet()), 2);
    assert_eq!(made_by(&week(), parquet()), 6);

    #[cfg(feature = "ipc")]
    assert_eq!(made_by(&day(), IpcIo::new(&folder.0)), 2);
    // It does not keep the types of all columns, so those who take the plan execute it once more.
    assert_eq!(made_by(&day(), CsvIo::new(&folder.0)), 6);
}

#[test]
fn many_plans_are_handed_on_without_a_file_held_open_for_each() {
    let folder = Folder::new();
    let (io, step) = (ParquetIo::new(&folder.0), extract());
    // Where the system tells of open files.
    let open = || {
        let open = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        open.filter_map(|open| fs::read_link(open.path()).ok())
            .filter(|path| path.starts_with(&folder.0))
            .count()
    };
    let handed: Vec<LazyFrame> = (0..200)
        .map(|number: u64| {
            let key = MappingKey::from(number);
            let at = output_of(&step, Some(&key));
            let plan = sales().lazy();
            let told = io.store(&at, &plan).unwrap();
            io.hand_on(&at, &plan, &told).unwrap().unwrap()
        })
        .collect();
    assert_eq!(open(), 0);
    assert!(handed.iter().all(|plan| plan.clone().collect().unwrap() == sales()));
}

#[test]
fn what_another_run_has_stored_meanwhile_is_not_handed_on() {
    let folder = Folder::new();
    let (io, step) = (ParquetIo::new(&folder.0), extract());
    let key = "mart/sales".parse().unwrap();
    let at = output_of(&step, None).asset(Some(&key));
    let (ours, theirs) = (sales().lazy(), sales().lazy().slice(0, 1));
    let told = io.store(&at, &ours).unwrap();
    assert!(io.hand_on(&at, &ours, &told).unwrap().unwrap().collect().unwrap() == sales());
    let told_since = io.store(&at, &theirs).unwrap();
    assert!(io.hand_on(&at, &ours, &told).unwrap().is_none());
    assert_eq!(io.hand_on(&at, &theirs, &told_since).unwrap().unwrap().collect().unwrap().height(), 1);
}
