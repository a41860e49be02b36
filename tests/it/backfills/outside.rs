//! What a backfill takes and does not make is to be there before its first run.

use std::sync::atomic::AtomicI64;

use orch::asset::MaterializationQuery;

use super::*;

#[test]
fn what_is_not_there_is_named_before_anything_is_launched() {
    let shop = Shop::new();
    let go = |selection: &str| {
        let backfill =
            shop.launch(selection, "2024-01-01..2024-01-02", 2).expect("all is there that it takes");
        backfill.run_blocking().expect("it is driven").state
    };
    let refused = |error: BackfillError| error.to_string();
    assert_eq!(go("sold"), RunState::Success);
    // As a run of all would, by one message for all that is missing.
    let launched = shop.launch("revenue or growth", "2024-01-01..2024-01-04", 1).map(drop);
    insta::assert_snapshot!(refused(launched.expect_err("two days and the price are missing")), @"
    the job `materialize` cannot be planned: 2 problems
    error: `revenue` takes the asset `price`, which was never materialized
      --> tests/it/backfills.rs:57 (the step)
      hint: materialize it before, `materialize price`, or with all that is needed: `materialize '+revenue'`
    error: `revenue` is made of partitions of `sold` that were never materialized: 2024-01-03..2024-01-04
      --> tests/it/backfills.rs:57 (is made of it)
      --> tests/it/backfills.rs:51 (the asset)
      hint: materialize them before, `materialize sold --partition '2024-01-03..2024-01-04'`, or take it as an `Option`: `sold: Option<..>`
    ");
    let job = shop.definitions.materialize(&"revenue or growth".parse().expect("a selection"));
    let asked = || shop.definitions.runner(&job).partition("2024-01-01..2024-01-04");
    let previewed = shop.definitions.backfill(asked()).preview(&shop.storage).map(drop);
    let alone = asked().record(&shop.storage).run_blocking().map(drop);
    let launched = shop.launch("revenue or growth", "2024-01-01..2024-01-04", 1).map(drop);
    let launched = refused(launched.expect_err("they are missing"));
    assert_eq!(refused(previewed.expect_err("they are missing")), launched);
    assert_eq!(alone.expect_err("they are missing").to_string(), launched);
    assert_eq!(shop.storage.backfills().expect("the backfills").len(), 1, "nothing is kept of those");
    // What the mapping does without is not asked for, as the day before the first is not.
    let price = shop.definitions.materialize(&"price".parse().expect("a selection"));
    shop.definitions.runner(&price).record(&shop.storage).run_blocking().expect("it succeeds");
    assert_eq!(go("revenue or growth"), RunState::Success);
}

/// What is written on a bill.
struct Bill(Arc<AtomicI64>);

#[asset(partitions = Daily)]
fn delivered(bill: Res<Bill>) -> i64 {
    bill.0.load(Ordering::SeqCst)
}

#[asset(partitions = Daily)]
fn stocked(delivered: i64) -> Result<i64> {
    if delivered < 0 { Err(format!("{delivered} is no amount").into()) } else { Ok(delivered) }
}

/// A shop that is told what is on the bill, and its instance.
fn shop(bill: &Arc<AtomicI64>) -> (Definitions, Arc<dyn Storage>) {
    let definitions = Definitions::new().assets(assets![delivered, stocked]);
    (definitions.resource(Bill(Arc::clone(bill))), Arc::new(Memory::new()))
}

fn for_days<'a>(
    (definitions, storage): &'a (Definitions, Arc<dyn Storage>),
    what: &str,
    days: &str,
) -> Backfill<'a> {
    let job = definitions.materialize(&what.parse().expect("a selection"));
    let launch = definitions.backfill(definitions.runner(&job).partition(days));
    launch.launch(storage).expect("it can be made")
}

#[test]
fn what_is_made_again_is_made_of_what_was_mended_meanwhile() {
    let bill = Arc::new(AtomicI64::new(-1));
    let shop = shop(&bill);
    driven(for_days(&shop, "delivered", "2024-01-01..2024-01-02"));
    let stocked = for_days(&shop, "stocked", "2024-01-01..2024-01-02");
    let id = stocked.id();
    insta::assert_snapshot!(driven(stocked), @r"
    begun stocked 2024-01-01
    failed stocked 2024-01-01
    begun stocked 2024-01-02
    failed stocked 2024-01-02
    backfill ID: failure
    asset    asked for  failed
    stocked  2          2

    failed      assets   run                                   why
    2024-01-01  stocked  RUN  `stocked[2024-01-01]` failed: -1 is no amount
    2024-01-02  stocked  RUN  `stocked[2024-01-02]` failed: -1 is no amount
    ");
    bill.store(3, Ordering::SeqCst);
    driven(for_days(&shop, "delivered", "2024-01-02"));
    let again = shop.0.retry_backfill(&shop.1, id).expect("both days have failed");
    insta::assert_snapshot!(driven(again), @r"
    begun stocked 2024-01-01
    failed stocked 2024-01-01
    begun stocked 2024-01-02
    backfill ID: failure
    asset    asked for  done  failed
    stocked  2          1     1

    failed      assets   run                                   why
    2024-01-01  stocked  RUN  `stocked[2024-01-01]` failed: -1 is no amount
    ");
}

#[test]
fn what_the_same_run_had_made_and_was_mended_meanwhile_is_taken_as_well() {
    let bill = Arc::new(AtomicI64::new(-1));
    let shop = shop(&bill);
    let both = for_days(&shop, "*", "2024-01-01..2024-01-02");
    let id = both.id();
    insta::assert_snapshot!(driven(both), @r"
    begun delivered stocked 2024-01-01
    failed delivered stocked 2024-01-01
    begun delivered stocked 2024-01-02
    failed delivered stocked 2024-01-02
    backfill ID: failure
    asset      asked for  done  failed
    delivered  2          2
    stocked    2                2

    failed      assets   run                                   why
    2024-01-01  stocked  RUN  `stocked[2024-01-01]` failed: -1 is no amount
    2024-01-02  stocked  RUN  `stocked[2024-01-02]` failed: -1 is no amount
    ");
    bill.store(3, Ordering::SeqCst);
    driven(for_days(&shop, "delivered", "2024-01-02"));
    // What was not made anew since stays as it is.
    insta::assert_snapshot!(driven(shop.0.retry_backfill(&shop.1, id).expect("both days have failed")), @r"
    begun delivered stocked 2024-01-01
    failed delivered stocked 2024-01-01
    begun delivered stocked 2024-01-02
    backfill ID: failure
    asset      asked for  done  failed
    delivered  2          2
    stocked    2          1     1

    failed      assets   run                                   why
    2024-01-01  stocked  RUN  `stocked[2024-01-01]` failed: -1 is no amount
    ");
    // Nobody has delivered once more what was mended.
    let delivered =
        MaterializationQuery { asset: Some("delivered".parse().expect("a key")), ..Default::default() };
    assert_eq!(shop.1.materializations(&delivered).expect("facts").len(), 3);
}
