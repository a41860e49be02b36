//! What backfills mean together with assets of one step, with checks, and with a program that was mended.

use super::*;

/// What is there by day, as one table or two.
#[derive(Outputs)]
struct Tables {
    #[asset]
    orders: Vec<i64>,
    #[asset]
    customers: Vec<i64>,
}

#[multi_asset(partitions = Daily)]
fn tables(sold: i64) -> Tables {
    Tables { orders: vec![sold], customers: vec![sold, sold] }
}

#[asset]
fn visits(_week: &Partition<Weekly>, customers: &Partitions<Vec<i64>>) -> usize {
    customers.values().map(Vec::len).sum()
}

fn shop(definitions: impl FnOnce(Definitions) -> Definitions) -> Shop {
    let shop = Shop::new();
    let rain = Rain(Arc::clone(&shop.rain));
    Shop { definitions: definitions(Definitions::new().resource(rain)), ..shop }
}

#[test]
fn what_one_step_makes_is_one_unit() {
    let shop = shop(|definitions| definitions.assets(assets![sold, orders, customers, visits]));
    let backfill = shop.launch("*", "2024-01-07..2024-01-13", 4).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun sold orders customers 2024-01-07..2024-01-10
    begun sold orders customers 2024-01-11..2024-01-13
    begun visits 2024-01-07
    backfill ID: success
    asset      asked for  done
    sold       7          7
    orders     7          7
    customers  7          7
    visits     1          1
    ");
    // The other one is made along, once for each day.
    let backfill = shop.launch("orders", "2024-01-07..2024-01-08", 1).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun orders customers 2024-01-07
    begun orders customers 2024-01-08
    backfill ID: success
    asset      asked for  done
    orders     2          2
    customers  2          2
    ");
}

/// The program once it was mended.
mod mended {
    use super::*;

    /// It needs no price any more.
    #[asset(partitions = Daily)]
    pub(super) fn revenue(sold: i64) -> i64 {
        sold
    }
}

#[test]
fn what_failed_is_made_again_by_the_program_that_was_mended() {
    let shop = shop(|definitions| definitions.assets(assets![price, sold, revenue]));
    shop.rain.store(7, Ordering::SeqCst);
    let backfill = shop.launch("*", "2024-01-06..2024-01-08", 1).expect("it is launched");
    let id = backfill.id();
    driven(backfill);
    shop.rain.store(0, Ordering::SeqCst);
    let mended = Definitions::new().assets(assets![sold, mended::revenue]);
    let mended = mended.resource(Rain(Arc::clone(&shop.rain)));
    let again = || mended.retry_backfill(&shop.storage, id).expect("it failed");
    let refused = again().run_blocking().expect_err("it is another program").to_string();
    assert!(refused.contains("accept the changes: `--accept-changes`"), "{refused}");
    // As long as that was not accepted nothing is marked, and it can be asked for again.
    insta::assert_snapshot!(driven(again().accept_changes()), @r"
    begun sold 2024-01-07
    begun revenue 2024-01-07
    backfill ID: success
    asset    asked for  done
    price    1          1
    sold     3          3
    revenue  3          3
    ");
}

#[test]
fn what_the_program_has_no_more_is_not_done() {
    let shop = shop(|definitions| definitions.assets(assets![price, sold, revenue]));
    let backfill = shop.launch("*", "2024-01-06..2024-01-07", 1).expect("it is launched");
    let id = backfill.id();
    drop(backfill);
    let without = Definitions::new().assets(assets![price, sold]).resource(Rain(Arc::clone(&shop.rain)));
    let backfill = without.resume_backfill(&shop.storage, id).expect("it goes on").accept_changes();
    insta::assert_snapshot!(driven(backfill), @r"
    begun sold 2024-01-06
    begun sold 2024-01-07
    begun price -
    refused revenue 2024-01-06: the job `materialize` cannot be planned
    error: this program has no asset `revenue`, which it had when the backfill was launched
      hint: go on with the program that launched it, or launch another one for what there is
    refused revenue 2024-01-07: the job `materialize` cannot be planned
    error: this program has no asset `revenue`, which it had when the backfill was launched
      hint: go on with the program that launched it, or launch another one for what there is
    backfill ID: failure
    asset    asked for  done  failed
    price    1          1
    sold     2          2
    revenue  2                2

    failed      assets   why
    2024-01-06  revenue  this program has no asset `revenue`, which it had when the backfill was launched
    2024-01-07  revenue  this program has no asset `revenue`, which it had when the backfill was launched
    ");
}

#[test]
fn one_that_has_ended_is_not_canceled() {
    let shop = shop(|definitions| definitions.assets(assets![sold]));
    let backfill = shop.launch("sold", "2024-01-06", 1).expect("it is launched");
    let id = backfill.id();
    driven(backfill);
    shop.definitions.cancel_backfill(&shop.storage, id).expect("nobody drives it");
    insta::assert_snapshot!(shop.status(id), @r"
    backfill ID: success
    asset  asked for  done
    sold   1          1
    ");
}

#[asset]
fn prices() -> Vec<i64> {
    vec![10, 20]
}

#[asset]
fn clients() -> Vec<i64> {
    vec![1, 2]
}

/// As many prices as clients.
#[asset_check(asset = clients, blocking)]
fn priced(clients: &[i64], prices: &[i64]) -> CheckResult {
    CheckResult::expect(clients.len() == prices.len(), "not as many")
}

#[test]
fn a_check_that_takes_what_a_later_run_makes_is_refused() {
    let shop = shop(|definitions| definitions.assets(assets![clients, prices]).checks(checks![priced]));
    let launch = |job: Job| shop.definitions.backfill(shop.definitions.runner(&job)).launch(&shop.storage);
    let all = "*".parse().expect("a selection");
    let refused =
        launch(shop.definitions.materialize(&all)).expect_err("it would look too early").to_string();
    let refused: Vec<_> = refused.lines().filter(|line| !line.contains("-->")).collect();
    insta::assert_snapshot!(refused.join("\n"), @r"
the job `materialize` cannot be planned
error: the check `priced` of `clients` takes `prices`, which another run of the backfill makes, perhaps later
  hint: let one run make both, `materialize`; or leave the checks out, `--no-checks`, and look afterwards, `assets check`
");
    insta::assert_snapshot!(driven(launch(shop.definitions.materialize_unchecked(&all)).expect("it is launched")), @r"
    begun prices -
    begun clients -
    backfill ID: success
    asset    asked for  done
    clients  1          1
    prices   1          1
    ");
    // Of one of them alone, the other is as it was.
    let clients = shop.definitions.materialize(&"clients".parse().expect("a selection"));
    insta::assert_snapshot!(driven(launch(clients).expect("it is launched")), @r"
    begun clients -
    backfill ID: success
    asset    asked for  done
    clients  1          1
    ");
}
