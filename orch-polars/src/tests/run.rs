//! Runs whose ops return frames.

use orch::prelude::*;
use orch_core::event::EventKind;

use super::declared::{Sales, sales};
use super::*;

#[op(io = "parquet")]
fn sell() -> Result<Frame<Sales>> {
    Frame::checked(sales())
}

#[op(io = "parquet")]
fn remarks() -> Option<DataFrame> {
    None
}

/// The income.
#[op]
fn total(sales: &Frame<Sales>, remarks: &Option<DataFrame>) -> Result<f64> {
    assert!(remarks.is_none());
    Ok(sales.column("unit price")?.f64()?.iter().flatten().sum())
}

#[job]
fn day() {
    total(sell(), remarks());
}

#[test]
fn a_run_stores_what_its_ops_return_and_tells_of_it() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let definitions = Definitions::new().frames("parquet", io.clone()).io::<Frame<Sales>>("parquet", io);
    let run = definitions.runner(&day()).keep_events().keep_outputs().run_blocking().unwrap();
    assert_eq!(*run.output::<total>(), 2.75);

    let told = run.events().iter().filter_map(|event| match &event.kind {
        EventKind::HandledOutput { metadata, .. } => Some((metadata.get("rows"), metadata.get("missing"))),
        _ => None,
    });
    let mut told: Vec<_> =
        told.map(|(rows, missing)| format!("rows {rows:?}, missing {missing:?}")).collect();
    told.sort_unstable();
    assert_eq!(told, ["rows None, missing Some(Bool(true))", "rows Some(Number(2)), missing None"]);
    assert_eq!(folder.files().len(), 1);
}
