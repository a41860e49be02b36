//! Files that are none of their format, or were cut short: what is said of them, wherever they are met.

use std::fs;
use std::path::{Path, PathBuf};

use orch::prelude::*;
use orch_polars::polars::df;
#[cfg(feature = "lazy")]
use orch_polars::polars::prelude::{LazyFrame, col};
use orch_polars::{DataFrame, ParquetIo, RegisterFrames as _, checks};

/// What others put there.
#[external_asset(io = "lake")]
fn orders() -> DataFrame;

#[asset]
fn rows(orders: &DataFrame) -> usize {
    orders.height()
}

#[cfg(feature = "lazy")]
#[asset]
fn counted(#[stored] orders: LazyFrame) -> Result<usize> {
    Ok(orders.select([col("id")]).collect()?.height())
}

#[cfg(feature = "lazy")]
#[asset(io = "lake")]
fn ids(#[stored] orders: LazyFrame) -> LazyFrame {
    orders.select([col("id")])
}

fn lake(name: &str) -> (PathBuf, Definitions) {
    let folder = std::env::temp_dir().join(format!("orch-polars-unreadable-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let definitions =
        Definitions::new().assets(assets![orders, rows]).checks([checks::unique::<orders>(["id"])]);
    #[cfg(feature = "lazy")]
    let definitions = definitions.assets(assets![counted, ids]);
    (folder.clone(), definitions.frames("lake", ParquetIo::new(folder)))
}

/// What a run says that fails.
fn said(definitions: &Definitions, what: &str, folder: &Path) -> String {
    let job = definitions.materialize(&what.parse().expect("a selection"));
    let error = definitions.runner(&job).run_blocking().expect_err("the file cannot be read");
    error.to_string().replace(&folder.display().to_string(), "[lake]")
}

/// An external asset of which others have put this there.
fn put(name: &str, bytes: &[u8]) -> (PathBuf, Definitions) {
    let (folder, definitions) = lake(name);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("orders.parquet"), bytes).expect("a file");
    (folder, definitions)
}

/// Puts the first half of a file there.
fn put_half(file: &Path) {
    let orders = df!("id" => (0..1_000_i64).collect::<Vec<_>>()).expect("a frame");
    orch_polars::write_parquet(&orders, file).expect("it is written");
    let bytes = fs::read(file).expect("it is read");
    fs::write(file, &bytes[..bytes.len() / 2]).expect("it is cut short");
}

#[test]
fn a_frame_names_the_file_and_the_asset() {
    let (folder, definitions) = put("whole", b"no Parquet");
    insta::assert_snapshot!(said(&definitions, "rows", &folder), @r"
    the run of `materialize` failed: 1 step
    `rows`: the external asset `orders` cannot be loaded
      caused by: cannot read `[lake]/orders.parquet`
      caused by: parquet: File out of specification: A Parquet file must contain a header and footer with at least 12 bytes
      hint: is it of the format of a Parquet file, and complete? one written by orch always is: have it made anew, or put back
    ");
    put_half(&folder.join("orders.parquet"));
    insta::assert_snapshot!(said(&definitions, "rows", &folder), @r"
    the run of `materialize` failed: 1 step
    `rows`: the external asset `orders` cannot be loaded
      caused by: cannot read `[lake]/orders.parquet`
      caused by: parquet: File out of specification: The file must end with PAR1
      hint: is it of the format of a Parquet file, and complete? one written by orch always is: have it made anew, or put back
    ");
    fs::remove_dir_all(folder).expect("it was there");
}

/// Also one that was planned: when it is loaded, where its name is known, and not when somebody collects it or sinks it.
#[cfg(feature = "lazy")]
#[test]
fn a_planned_frame_names_them_too() {
    let (folder, definitions) = put("planned", b"no Parquet");
    insta::assert_snapshot!(said(&definitions, "counted", &folder), @r"
    the run of `materialize` failed: 1 step
    `read_orders`: the external asset `orders` cannot be loaded
      caused by: cannot read `[lake]/orders.parquet`
      caused by: parquet: File out of specification: A Parquet file must contain a header and footer with at least 12 bytes
      hint: is it of the format of a Parquet file, and complete? one written by orch always is: have it made anew, or put back
    ");
    put_half(&folder.join("orders.parquet"));
    insta::assert_snapshot!(said(&definitions, "counted", &folder), @r"
    the run of `materialize` failed: 1 step
    `read_orders`: the external asset `orders` cannot be loaded
      caused by: cannot read `[lake]/orders.parquet`
      caused by: parquet: File out of specification: The file must end with PAR1
      hint: is it of the format of a Parquet file, and complete? one written by orch always is: have it made anew, or put back
    ");
    insta::assert_snapshot!(said(&definitions, "ids", &folder), @r"
    the run of `materialize` failed: 1 step
    `read_orders`: the external asset `orders` cannot be loaded
      caused by: cannot read `[lake]/orders.parquet`
      caused by: parquet: File out of specification: The file must end with PAR1
      hint: is it of the format of a Parquet file, and complete? one written by orch always is: have it made anew, or put back
    ");
    fs::remove_dir_all(folder).expect("it was there");
}

#[test]
fn a_check_names_them() {
    let (folder, definitions) = put("checked", b"no Parquet");
    let job = definitions.check_assets(&"orders".parse().expect("a selection"));
    let error = definitions.runner(&job).run_blocking().expect_err("the file cannot be read").to_string();
    insta::assert_snapshot!(error.replace(&folder.display().to_string(), "[lake]"), @r"
    the run of `check_assets` failed: 1 step
    `orders.unique`: the external asset `orders` cannot be loaded
      caused by: cannot read `[lake]/orders.parquet`
      caused by: parquet: File out of specification: A Parquet file must contain a header and footer with at least 12 bytes
      hint: is it of the format of a Parquet file, and complete? one written by orch always is: have it made anew, or put back
    ");
    fs::remove_dir_all(folder).expect("it was there");
}
