//! What a blocking check of a partition holds up, and what it does not: other checks look all the same.

use orch::run::Rerun;

use super::*;

/// The day before.
fn day_before() -> PartitionMapping {
    PartitionMapping::time_window(-1, -1).allow_missing()
}

/// It takes the day before in the same way as the check `grows`.
#[asset(partitions = Daily)]
fn change(
    sold: i64,
    #[from(sold)]
    #[mapped(day_before())]
    before: &Partitions<i64>,
) -> i64 {
    sold - before.values().next().copied().unwrap_or_default()
}

#[asset_check(asset = sold)]
fn grows(
    sold: i64,
    #[from(sold)]
    #[mapped(day_before())]
    before: &Partitions<i64>,
) -> CheckResult {
    let before = before.values().next().copied().unwrap_or_default();
    CheckResult::expect(sold > before, format!("{sold} after {before}"))
}

/// It is told when all is sold, and takes no number.
#[asset(deps = [sold])]
fn notify() -> i64 {
    1
}

/// So is the office, once a week.
#[asset(partitions = Weekly, deps = [sold])]
fn report() -> i64 {
    2
}

/// And the bank, of what is made of what was sold.
#[asset(deps = [revenue])]
fn bank() -> i64 {
    3
}

/// The lines of a story that speak of none of these.
fn without(ran: &Result<Run, RunError>, unwanted: &[&str]) -> String {
    let story = story(ran);
    let lines = story.lines().filter(|line| !unwanted.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_check_that_compares_looks_at_what_another_one_has_stopped_and_what_is_made_of_it_does_not() {
    let definitions = Definitions::new().assets(assets![sold, change]).checks(checks![positive, grows]);
    let shop = Shop::of(definitions);
    shop.broken_on(3);
    let ran = shop.materialize("*", "2024-01-02..2024-01-04");
    insta::assert_snapshot!(without(&ran, &["STEP_SUCCESS"]), @r"
    RUN_START materialize orch/partition=2024-01-02..2024-01-04
    ASSET_MATERIALIZATION sold[2024-01-02] sold 2024-01-02
    ASSET_CHECK_EVALUATION sold.positive[2024-01-02] sold 2024-01-02 passed
    ASSET_MATERIALIZATION sold[2024-01-03] sold 2024-01-03
    ASSET_CHECK_EVALUATION sold.positive[2024-01-03] sold 2024-01-03 failed: -3 on 2024-01-03
    STEP_FAILURE sold.positive[2024-01-03] the blocking check `positive` of the asset `sold[2024-01-03]` has not passed: -3 on 2024-01-03
    ASSET_MATERIALIZATION sold[2024-01-04] sold 2024-01-04
    ASSET_CHECK_EVALUATION sold.positive[2024-01-04] sold 2024-01-04 passed
    STREAM_CLOSED daily_partitions result, 3 items
    ASSET_CHECK_EVALUATION sold.grows[2024-01-02] sold 2024-01-02 passed
    ASSET_MATERIALIZATION change[2024-01-02] change 2024-01-02
    ASSET_CHECK_EVALUATION sold.grows[2024-01-03] sold 2024-01-03 failed: -3 after 2
    STEP_SKIPPED read_sold_3[2024-01-03]: sold.positive[2024-01-03] failed
    STEP_SKIPPED change[2024-01-03]: sold.positive[2024-01-03] failed
    ASSET_CHECK_EVALUATION sold.grows[2024-01-04] sold 2024-01-04 passed
    STEP_SKIPPED read_sold_4[2024-01-04]: sold.positive[2024-01-03] failed
    STEP_SKIPPED change[2024-01-04]: sold.positive[2024-01-03] failed
    STREAM_CLOSED daily_partitions_2 result, 3 items
    RUN_FAILURE 1 step failed, the first is sold.positive[2024-01-03]
    ");
    insta::assert_snapshot!(shop.found(), @r"
    sold[2024-01-02] positive: passed (what its run has made)
    sold[2024-01-03] positive: error (what its run has made)
    sold[2024-01-04] positive: passed (what its run has made)
    sold[2024-01-02] grows: passed (what its run has made)
    sold[2024-01-03] grows: error (what its run has made)
    sold[2024-01-04] grows: passed (what its run has made)
    ");
}

#[test]
fn what_waits_for_days_without_taking_them_is_not_made_if_one_of_them_is_stopped() {
    let definitions = Definitions::new().assets(assets![sold, revenue, notify, report, bank]);
    let shop = Shop::of(definitions.checks(checks![positive]));
    let job = shop.definitions.materialize(&"*".parse().expect("all"));
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        sold(day: &Partition<Daily> <- each daily_partitions) -> i64
          | makes asset sold
          | resources Broken
        sold.positive(sold: i64 <- sold, day: &Partition<Daily> <- each daily_partitions) -> CheckResult
          | checks asset sold, blocking
        revenue(sold: i64 <- sold) -> i64
          | makes asset revenue
          | after sold.positive
    notify() -> i64
      | makes asset notify
      | after wait_for_sold
    all_daily_partitions(partitions: &Vec<Partition<Daily>> <- collect each daily_partitions) -> ()
    wait_for_sold() -> ()
      | waits for asset sold, and its blocking checks
      | after all_daily_partitions
    weekly_partitions() -> dynamic Partition<Weekly>
    map weekly_partitions
        report() -> i64
          | makes asset report
          | after wait_for_sold_2
        wait_for_sold_2 = wait_for_sold() -> ()
          | waits for asset sold, and its blocking checks
          | after all_daily_partitions
    bank() -> i64
      | makes asset bank
      | after wait_for_revenue
    wait_for_revenue() -> ()
      | waits for asset revenue, and its blocking checks
      | after all_daily_partitions
    ");
    shop.broken_on(9);
    let ran = shop.materialize("*", "2024-01-07..2024-01-20");
    let well = [
        "EVALUATION",
        "MATERIALIZATION sold[",
        "MATERIALIZATION revenue[",
        "SUCCESS sold",
        "SUCCESS revenue",
    ];
    insta::assert_snapshot!(without(&ran, &well), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-20
    STEP_FAILURE sold.positive[2024-01-09] the blocking check `positive` of the asset `sold[2024-01-09]` has not passed: -9 on 2024-01-09
    STEP_SKIPPED revenue[2024-01-09]: sold.positive[2024-01-09] failed
    STREAM_CLOSED daily_partitions result, 14 items
    STEP_SUCCESS daily_partitions
    STEP_SUCCESS all_daily_partitions
    STEP_SKIPPED wait_for_sold: sold.positive[2024-01-09] failed
    STEP_SKIPPED notify: sold.positive[2024-01-09] failed
    STEP_SKIPPED wait_for_revenue: sold.positive[2024-01-09] failed
    STEP_SKIPPED bank: sold.positive[2024-01-09] failed
    STEP_SKIPPED wait_for_sold_2[2024-01-07]: sold.positive[2024-01-09] failed
    STEP_SKIPPED report[2024-01-07]: sold.positive[2024-01-09] failed
    STEP_SUCCESS wait_for_sold_2[2024-01-14]
    ASSET_MATERIALIZATION report[2024-01-14] report 2024-01-14
    STEP_SUCCESS report[2024-01-14]
    STREAM_CLOSED weekly_partitions result, 2 items
    STEP_SUCCESS weekly_partitions
    RUN_FAILURE 1 step failed, the first is sold.positive[2024-01-09]
    ");
    let run = ran.expect_err("a day is stopped").run().expect("it began").id();
    shop.broken_on(0);
    let again = shop.definitions.rerun(&shop.storage, run, Rerun::FromFailure).expect("it can be made again");
    let again = again.max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(story(&again), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-20
    ASSET_MATERIALIZATION sold[2024-01-09] sold 2024-01-09
    STEP_SUCCESS sold[2024-01-09]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-09] sold 2024-01-09 passed
    STEP_SUCCESS sold.positive[2024-01-09]
    ASSET_MATERIALIZATION revenue[2024-01-09] revenue 2024-01-09
    STEP_SUCCESS revenue[2024-01-09]
    STEP_SUCCESS all_daily_partitions
    STEP_SUCCESS wait_for_sold
    ASSET_MATERIALIZATION notify notify
    STEP_SUCCESS notify
    STEP_SUCCESS wait_for_revenue
    ASSET_MATERIALIZATION bank bank
    STEP_SUCCESS bank
    STEP_SUCCESS wait_for_sold_2[2024-01-07]
    ASSET_MATERIALIZATION report[2024-01-07] report 2024-01-07
    STEP_SUCCESS report[2024-01-07]
    RUN_SUCCESS
    ");
}

#[test]
fn what_waits_for_days_is_made_behind_those_that_no_check_has_stopped() {
    let definitions = Definitions::new().assets(assets![sold, notify]);
    let shop = Shop::of(definitions.checks(checks![positive]));
    shop.broken_on(9);
    let ran = shop.materialize("*", "2024-01-07..2024-01-08");
    insta::assert_snapshot!(story(&ran), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-08
    ASSET_MATERIALIZATION sold[2024-01-07] sold 2024-01-07
    STEP_SUCCESS sold[2024-01-07]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-07] sold 2024-01-07 passed
    STEP_SUCCESS sold.positive[2024-01-07]
    ASSET_MATERIALIZATION sold[2024-01-08] sold 2024-01-08
    STEP_SUCCESS sold[2024-01-08]
    ASSET_CHECK_EVALUATION sold.positive[2024-01-08] sold 2024-01-08 passed
    STEP_SUCCESS sold.positive[2024-01-08]
    STREAM_CLOSED daily_partitions result, 2 items
    STEP_SUCCESS daily_partitions
    STEP_SUCCESS all_daily_partitions
    STEP_SUCCESS wait_for_sold
    ASSET_MATERIALIZATION notify notify
    STEP_SUCCESS notify
    RUN_SUCCESS
    ");
}

/// The till, which does not open if it is broken.
#[asset]
fn till(day: &Partition<Daily>, broken: Res<Broken>) -> Result<i64> {
    let today = i64::from(day.window().start.day());
    if today == broken.0.load(Ordering::SeqCst) { Err(Failure::new("the till is stuck")) } else { Ok(today) }
}

#[asset(partitions = Daily)]
fn takings(till: i64) -> i64 {
    till
}

#[asset]
fn takings_of_week(_week: &Partition<Weekly>, takings: &Partitions<i64>) -> i64 {
    takings.values().sum()
}

#[asset]
fn last(#[mapped(PartitionMapping::all().allow_missing())] till: &Partitions<i64>) -> i64 {
    till.values().last().copied().unwrap_or_default()
}

/// It is told when the tills are closed.
#[asset(deps = [till])]
fn closed() -> i64 {
    4
}

#[asset_check(asset = till, blocking)]
fn filled_till(till: i64) -> bool {
    till > 0
}

#[test]
fn of_a_day_that_was_not_made_it_is_told_what_failed_and_not_that_a_check_has_refused_it() {
    let assets = assets![till, takings, takings_of_week, last, closed];
    let shop = Shop::of(Definitions::new().assets(assets).checks(checks![filled_till]));
    shop.broken_on(9);
    let ran = shop.materialize("*", "2024-01-07..2024-01-13");
    insta::assert_snapshot!(without(&ran, &["MATERIALIZATION", "EVALUATION", "STEP_SUCCESS"]), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-13
    ASSET_FAILED_TO_MATERIALIZE till[2024-01-09] till 2024-01-09
    STEP_FAILURE till[2024-01-09] the till is stuck
    STEP_SKIPPED till.filled_till[2024-01-09]: till[2024-01-09] failed
    STEP_SKIPPED takings[2024-01-09]: till[2024-01-09] failed
    STREAM_CLOSED daily_partitions result, 7 items
    STEP_SKIPPED read_till: till[2024-01-09] failed
    STEP_SKIPPED last: till[2024-01-09] failed
    STEP_SKIPPED wait_for_till: till[2024-01-09] failed
    STEP_SKIPPED closed: till[2024-01-09] failed
    STEP_SKIPPED read_takings[2024-01-07]: till[2024-01-09] failed
    STEP_SKIPPED takings_of_week[2024-01-07]: till[2024-01-09] failed
    STREAM_CLOSED weekly_partitions result, 1 item
    RUN_FAILURE 1 step failed, the first is till[2024-01-09]
    ");
}

/// What the light costs; on some days nobody knows.
#[asset]
fn oil(day: &Partition<Daily>, broken: Res<Broken>) -> Result<i64> {
    let today = i64::from(day.window().start.day());
    if today == broken.0.load(Ordering::SeqCst) { Err(Failure::new("no bill has come")) } else { Ok(1) }
}

/// It takes what may not be there.
#[asset_check(asset = lit, blocking)]
fn worth_the_oil(lit: i64, oil: i64) -> bool {
    lit >= oil
}

#[asset]
fn lit(_day: &Partition<Daily>) -> i64 {
    5
}

#[asset]
fn light(_week: &Partition<Weekly>, lit: &Partitions<i64>) -> i64 {
    lit.values().sum()
}

#[test]
fn a_check_that_could_not_look_says_so() {
    let definitions = Definitions::new().assets(assets![oil, lit, light]);
    let shop = Shop::of(definitions.checks(checks![worth_the_oil]));
    shop.broken_on(9);
    let ran = shop.materialize("*", "2024-01-07..2024-01-13");
    insta::assert_snapshot!(without(&ran, &["MATERIALIZATION", "EVALUATION", "STEP_SUCCESS"]), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-13
    ASSET_FAILED_TO_MATERIALIZE oil[2024-01-09] oil 2024-01-09
    STEP_FAILURE oil[2024-01-09] no bill has come
    STEP_SKIPPED lit.worth_the_oil[2024-01-09]: oil[2024-01-09] failed
    STREAM_CLOSED daily_partitions result, 7 items
    STEP_SKIPPED read_lit[2024-01-07]: oil[2024-01-09] failed
    STEP_SKIPPED light[2024-01-07]: oil[2024-01-09] failed
    STREAM_CLOSED weekly_partitions result, 1 item
    RUN_FAILURE 1 step failed, the first is oil[2024-01-09]
    ");
}
