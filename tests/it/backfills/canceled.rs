//! A backfill that is canceled while a run is under way: what it has not made was not begun, or was cut off, and has not failed.

use std::future;

use super::*;

/// Cancels the backfill on this day of the month.
struct Stop(u32, Cancel);

#[asset]
async fn read(day: &Partition<Daily>, stop: Res<Stop>) -> Result<i64> {
    let today = day.window().start.day();
    if today == 2 {
        return Err("the page is torn".into());
    }
    if u32::from(today.unsigned_abs()) == stop.0 {
        stop.1.cancel();
        future::pending::<()>().await;
    }
    Ok(today.into())
}

#[asset(partitions = Daily)]
fn counted(read: i64) -> i64 {
    read * 2
}

#[asset]
fn month(#[mapped(PartitionMapping::all().allow_missing())] counted: &Partitions<i64>) -> i64 {
    counted.values().sum()
}

#[test]
fn what_a_cancel_has_cut_off_has_neither_failed_nor_was_it_excluded() {
    let (storage, cancel): (Arc<dyn Storage>, _) = (Arc::new(Memory::new()), Cancel::new());
    let definitions = Definitions::new().assets(assets![read, counted, month]);
    let definitions = definitions.resource(Stop(8, cancel.clone()));
    let job = definitions.materialize(&"*".parse().expect("all"));
    let asked = definitions.runner(&job).partition("2024-01-03..2024-01-11").max_concurrent(1);
    let backfill = definitions.backfill(asked).per(3).launch(&storage).expect("it is launched");
    let mut told = Vec::new();
    let watched = backfill.cancel(cancel).watch(|event| told.extend(line(event)));
    let status = watched.run_blocking().expect("it ends in order");
    insta::assert_snapshot!(format!("{}\n{}", told.join("\n"), shown(&status)), @r"
    begun read counted 2024-01-03..2024-01-05
    begun read counted 2024-01-06..2024-01-08
    canceled
    failed read counted 2024-01-06..2024-01-08
    backfill ID: canceled
    asset    asked for  done  canceled
    read     9          5     4
    counted  9          5     4
    month    1                1
    ");
    // What failed before has failed.
    let cancel = Cancel::new();
    let definitions = Definitions::new().assets(assets![read, counted, month]);
    let definitions = definitions.resource(Stop(3, cancel.clone()));
    let asked = definitions.runner(&job).partition("2024-01-01..2024-01-04").max_concurrent(1);
    let backfill = definitions.backfill(asked).per(1).launch(&storage).expect("it is launched");
    let status = backfill.cancel(cancel).run_blocking().expect("it ends in order");
    insta::assert_snapshot!(shown(&status), @r"
    backfill ID: canceled
    asset    asked for  done  failed  excluded  canceled
    read     4          1     1                 2
    counted  4          1             1         2
    month    1                        1

    failed      assets  run                                   why
    2024-01-02  read    RUN  `read[2024-01-02]` failed: the page is torn
    ");
}
