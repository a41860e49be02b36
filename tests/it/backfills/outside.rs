//! What a backfill takes and does not make is to be there before its first run.

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
    insta::assert_snapshot!(refused(launched.expect_err("two days and the price are missing")), @r"
    the job `materialize` cannot be planned: 2 problems
    error: `revenue` takes the asset `price`, which was never materialized
      --> tests/it/backfills.rs:54 (the step)
      hint: materialize it before, `materialize price`, or with all that is needed: `materialize '+revenue'`
    error: `revenue` is made of partitions of `sold` that were never materialized: 2024-01-03..2024-01-04
      --> tests/it/backfills.rs:54 (is made of it)
      --> tests/it/backfills.rs:48 (the asset)
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
