//! Assets that take earlier partitions of their own, among others that do not: only what descends from a day waits for it.

use orch::partition::ByDimensions;

use super::*;

#[asset]
fn raw(day: &Partition<Daily>, rain: Res<Rain>) -> Result<i64> {
    sold(day, rain)
}

/// What is left of the day before, and the day.
#[asset(partitions = Daily)]
fn stock(raw: i64, #[mapped(PartitionMapping::time_window(-1, -1))] stock: Option<i64>) -> Result<i64> {
    if raw == 3 { Err("it is not counted".into()) } else { Ok(stock.unwrap_or_default() + raw) }
}

#[asset(partitions = Daily)]
fn compared(raw: i64, stock: i64) -> i64 {
    stock - raw
}

#[test]
fn a_day_that_failed_keeps_back_those_that_take_it_and_no_others() {
    let shop = Shop::new();
    let definitions = Definitions::new().assets(assets![raw, stock, compared]);
    let shop = Shop { definitions: definitions.resource(Rain(Arc::clone(&shop.rain))), ..shop };
    let backfill = shop.launch("*", "2024-01-01..2024-01-05", 1).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun raw 2024-01-01
    begun stock 2024-01-01
    begun compared 2024-01-01
    begun raw 2024-01-02
    begun stock 2024-01-02
    begun compared 2024-01-02
    begun raw 2024-01-03
    begun stock 2024-01-03
    failed stock 2024-01-03
    begun raw 2024-01-04
    begun raw 2024-01-05
    backfill ID: failure
    asset     asked for  done  failed  excluded
    raw       5          5
    stock     5          2     1       2
    compared  5          2             3

    failed      assets  run                                   why
    2024-01-03  stock   RUN  `stock[2024-01-03]` failed: it is not counted
    ");
}

#[test]
fn of_several_in_one_run_those_go_on_that_do_not_descend_from_what_failed() {
    let shop = Shop::new();
    let definitions = Definitions::new().assets(assets![raw, stock, compared]);
    let shop = Shop { definitions: definitions.resource(Rain(Arc::clone(&shop.rain))), ..shop };
    shop.rain.store(2, Ordering::SeqCst);
    let backfill = shop.launch("*", "2024-01-01..2024-01-06", 4).expect("it is launched");
    let id = backfill.id();
    insta::assert_snapshot!(driven(backfill), @r"
    begun raw 2024-01-01..2024-01-04
    failed raw 2024-01-01..2024-01-04
    begun stock 2024-01-01
    begun compared 2024-01-01
    begun raw 2024-01-05..2024-01-06
    backfill ID: failure
    asset     asked for  done  failed  excluded
    raw       6          5     1
    stock     6          1             5
    compared  6          1             5

    failed      assets  run                                   why
    2024-01-02  raw     RUN  `raw[2024-01-02]` failed: it rains
    ");
    // It is mended, and the third day is still not counted.
    shop.rain.store(0, Ordering::SeqCst);
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(driven(again), @r"
    begun raw 2024-01-01..2024-01-04
    begun stock 2024-01-02..2024-01-04
    failed stock 2024-01-02..2024-01-04
    begun compared 2024-01-02
    backfill ID: failure
    asset     asked for  done  failed  excluded
    raw       6          6
    stock     6          2     1       3
    compared  6          2             4

    failed      assets  run                                   why
    2024-01-03  stock   RUN  `stock[2024-01-03]` failed: it is not counted
    ");
}

struct Shops;

impl Partitioning for Shops {
    type Kind = ByDimensions;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::product()
            .by("shop", PartitionsDefinition::of(["a", "b"]))
            .by("date", Daily::definition())
            .into()
    }
}

/// The day before, of the same shop.
fn before() -> PartitionMapping {
    PartitionMapping::dimensions().on("shop", "shop").on_by(
        "date",
        "date",
        PartitionMapping::time_window(-1, -1),
    )
}

#[asset]
fn till(of: &Partition<Shops>, #[mapped(before())] till: Option<i64>) -> Result<i64> {
    let key = of.key();
    if key.as_str() == "2024-01-02|a" { Err("it is stuck".into()) } else { Ok(till.unwrap_or_default() + 1) }
}

#[asset(partitions = Shops)]
fn taxed(till: i64) -> i64 {
    till * 2
}

#[test]
fn what_failed_in_one_shop_keeps_back_nothing_of_another_one() {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let definitions = Definitions::new().assets(assets![till, taxed]);
    let job = definitions.materialize(&"*".parse().expect("all"));
    let asked = definitions.runner(&job).partition("date=2024-01-01..2024-01-04");
    let backfill = definitions.backfill(asked).per(3).launch(&storage).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun till date=2024-01-01 || date=2024-01-02; shop=a
    failed till date=2024-01-01 || date=2024-01-02; shop=a
    begun taxed date=2024-01-01
    begun till date=2024-01-02..2024-01-03; shop=b
    begun taxed date=2024-01-02..2024-01-03; shop=b
    begun till date=2024-01-04; shop=b
    begun taxed date=2024-01-04; shop=b
    backfill ID: failure
    asset  asked for  done  failed  excluded
    till   8          5     1       2
    taxed  8          5             3

    failed                   assets  run                                   why
    date=2024-01-02; shop=a  till    RUN  `till[2024-01-02|a]` failed: it is stuck
    ");
}

#[asset(partitions = Daily)]
fn drafted(raw: i64) -> Result<i64> {
    if raw == 8 { Err("nobody was there".into()) } else { Ok(raw) }
}

#[asset]
fn of_week(_week: &Partition<Weekly>, raw: &Partitions<i64>) -> i64 {
    raw.values().sum()
}

#[test]
fn what_takes_of_a_run_what_was_made_is_not_kept_back_by_what_failed_beside_it() {
    let shop = Shop::new();
    let definitions = Definitions::new().assets(assets![raw, drafted, of_week]);
    let shop = Shop { definitions: definitions.resource(Rain(Arc::clone(&shop.rain))), ..shop };
    let backfill = shop.launch("*", "2024-01-07..2024-01-13", 7).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun raw drafted 2024-01-07..2024-01-13
    failed raw drafted 2024-01-07..2024-01-13
    begun of_week 2024-01-07
    backfill ID: failure
    asset    asked for  done  failed
    raw      7          7
    drafted  7          6     1
    of_week  1          1

    failed      assets   run                                   why
    2024-01-08  drafted  RUN  `drafted[2024-01-08]` failed: nobody was there
    ");
}

#[asset]
fn rate() -> Result<i64> {
    Err("the bank is closed".into())
}

#[asset(partitions = Daily)]
fn exchanged(raw: i64, rate: i64) -> i64 {
    raw * rate
}

#[test]
fn what_does_not_need_what_failed_is_made_though_what_takes_both_is_not() {
    let shop = Shop::new();
    let definitions = Definitions::new().assets(assets![raw, rate, exchanged]);
    let shop = Shop { definitions: definitions.resource(Rain(Arc::clone(&shop.rain))), ..shop };
    let backfill = shop.launch("*", "2024-01-01..2024-01-02", 1).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun rate -
    failed rate -
    begun raw 2024-01-01
    begun raw 2024-01-02
    backfill ID: failure
    asset      asked for  done  failed  excluded
    raw        2          2
    rate       1                1
    exchanged  2                        2

    assets  run                                   why
    rate    RUN  `rate` failed: the bank is closed
    ");
}

mod one {
    use super::*;

    #[asset(code_version = "1")]
    pub(super) fn read(_day: &Partition<Daily>) -> Result<i64> {
        Ok(1)
    }
}

mod two {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn read(day: &Partition<Daily>) -> Result<i64> {
        if day.key().as_str() == "2024-01-02" { Err("the page is torn".into()) } else { Ok(1) }
    }
}

#[asset(partitions = Daily, code_version = "1")]
fn copied(#[from(one::read)] read: i64) -> i64 {
    read
}

#[asset(partitions = Daily, code_version = "1")]
fn compared_with_before(
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())] copied: &Partitions<i64>,
) -> i64 {
    copied.values().sum()
}

#[test]
fn what_was_passed_over_in_a_run_that_failed_is_there() {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let make = |definitions: Definitions| {
        let job = definitions.materialize(&"*".parse().expect("all"));
        let asked = definitions.runner(&job).memoize().partition("2024-01-01..2024-01-03");
        driven(definitions.backfill(asked).per(3).launch(&storage).expect("it is launched"))
    };
    make(Definitions::new().assets(assets![one::read, copied, compared_with_before]));
    insta::assert_snapshot!(make(Definitions::new().assets(assets![two::read, copied, compared_with_before])), @r"
    begun read copied 2024-01-01..2024-01-03
    failed read copied 2024-01-01..2024-01-03
    begun compared_with_before 2024-01-01..2024-01-02
    backfill ID: failure
    asset                 asked for  done  failed  excluded
    read                  3          2     1
    copied                3          2             1
    compared_with_before  3          2             1

    failed      assets  run                                   why
    2024-01-02  read    RUN  `read[2024-01-02]` failed: the page is torn
    ");
}
