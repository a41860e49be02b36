//! Checks of partitions that an IO manager stores, in runs that are recorded nowhere too.

use std::collections::BTreeMap;
use std::sync::Mutex;

use orch::io::{IoManager, Metadata, OutputAt};

use super::*;

/// Keeps numbers, and reads them as numbers or as texts.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, i64>>>);

impl IoManager<i64> for Shelf {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        self.0.lock().expect("not poisoned").insert(at.relative_path(), *number);
        Ok(Metadata::new())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        let found = self.0.lock().expect("not poisoned").get(&at.relative_path()).copied();
        found.ok_or_else(|| Failure::new("it is not on the shelf"))
    }
}

impl IoManager<String> for Shelf {
    fn store(&self, _: &OutputAt<'_>, _: &String) -> Result<Metadata> {
        Err(Failure::new("texts are read only"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let number: i64 = self.load(at)?;
        Ok(number.to_string())
    }
}

/// It is negative on the ninth.
#[asset(io = "shelf")]
fn counted(day: &Partition<Daily>) -> i64 {
    let day = i64::from(day.window().start.day());
    if day == 9 { -day } else { day }
}

#[asset]
fn sum(_week: &Partition<Weekly>, #[stored] counted: &Partitions<String>) -> usize {
    counted.len()
}

/// It takes the day as it is stored.
#[asset_check(asset = counted, blocking)]
fn written(#[stored] counted: &String, day: &Partition<Daily>) -> CheckResult {
    CheckResult::expect(!counted.starts_with('-'), format!("{counted} on {}", day.key()))
}

fn definitions() -> Definitions {
    let (shelf, definitions) = (Shelf::default(), Definitions::new().assets(assets![counted, sum]));
    definitions.checks(checks![written]).io::<i64>("shelf", shelf.clone()).io::<String>("shelf", shelf)
}

/// What became of the ninth, and of what takes it.
fn told(ran: &Result<Run, RunError>) -> String {
    let story = story(ran);
    let told = story.lines().filter(|line| !line.contains("counted") || line.contains("2024-01-09"));
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_partition_is_read_from_where_it_is_stored() {
    let shop = Shop::of(definitions());
    insta::assert_snapshot!(told(&shop.materialize("*", "2024-01-07..2024-01-13")), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-13
    ASSET_MATERIALIZATION counted[2024-01-09] counted 2024-01-09
    STEP_SUCCESS counted[2024-01-09]
    STEP_SUCCESS read_counted[2024-01-09]
    ASSET_CHECK_EVALUATION counted.written[2024-01-09] counted 2024-01-09 failed: -9 on 2024-01-09
    STEP_FAILURE counted.written[2024-01-09] the blocking check `written` of the asset `counted[2024-01-09]` has not passed: -9 on 2024-01-09
    STREAM_CLOSED daily_partitions result, 7 items
    STEP_SUCCESS daily_partitions
    STEP_SUCCESS all_daily_partitions
    STEP_SKIPPED read_counted_2[2024-01-07]: counted.written[2024-01-09] failed
    STEP_SKIPPED sum[2024-01-07]: counted.written[2024-01-09] failed
    STREAM_CLOSED weekly_partitions result, 1 item
    STEP_SUCCESS weekly_partitions
    RUN_FAILURE 1 step failed, the first is counted.written[2024-01-09]
    ");
    insta::assert_snapshot!(told(&shop.check("*", "2024-01-09")), @r"
    RUN_START check_assets orch/partition=2024-01-09
    STEP_SUCCESS read_counted[2024-01-09]
    ASSET_CHECK_EVALUATION counted.written[2024-01-09] counted 2024-01-09 failed: -9 on 2024-01-09
    STEP_FAILURE counted.written[2024-01-09] the blocking check `written` of the asset `counted[2024-01-09]` has not passed: -9 on 2024-01-09
    STREAM_CLOSED daily_partitions result, 1 item
    STEP_SUCCESS daily_partitions
    RUN_FAILURE 1 step failed, the first is counted.written[2024-01-09]
    ");
    insta::assert_snapshot!(shop.found().lines().last().expect("a finding"), @"counted[2024-01-09] written: error (what an earlier run has made)");
}

#[test]
fn what_is_stopped_is_not_taken_in_a_run_that_is_recorded_nowhere() {
    let job = definitions().materialize(&"*".parse().expect("all"));
    let runner = definitions().runner(&job).partition("2024-01-07..2024-01-13");
    let ran = runner.max_concurrent(1).keep_events().run_blocking();
    insta::assert_snapshot!(told(&ran), @r"
    RUN_START materialize orch/partition=2024-01-07..2024-01-13
    ASSET_MATERIALIZATION counted[2024-01-09] counted 2024-01-09
    STEP_SUCCESS counted[2024-01-09]
    STEP_SUCCESS read_counted[2024-01-09]
    ASSET_CHECK_EVALUATION counted.written[2024-01-09] counted 2024-01-09 failed: -9 on 2024-01-09
    STEP_FAILURE counted.written[2024-01-09] the blocking check `written` of the asset `counted[2024-01-09]` has not passed: -9 on 2024-01-09
    STREAM_CLOSED daily_partitions result, 7 items
    STEP_SUCCESS daily_partitions
    STEP_SUCCESS all_daily_partitions
    STEP_SKIPPED read_counted_2[2024-01-07]: counted.written[2024-01-09] failed
    STEP_SKIPPED sum[2024-01-07]: counted.written[2024-01-09] failed
    STREAM_CLOSED weekly_partitions result, 1 item
    STEP_SUCCESS weekly_partitions
    RUN_FAILURE 1 step failed, the first is counted.written[2024-01-09]
    ");
}

/// It takes the number, and is ready before what reads the text.
#[asset_check(asset = counted, blocking)]
fn not_negative(counted: i64) -> bool {
    counted > 0
}

/// It takes the text, and waits for the checks.
#[asset(partitions = Daily)]
fn length(#[stored] counted: String) -> usize {
    counted.into_bytes().len()
}

fn stored(definitions: Definitions) -> Shop {
    let shelf = Shelf::default();
    Shop::of(definitions.io::<i64>("shelf", shelf.clone()).io::<String>("shelf", shelf))
}

#[test]
fn two_checks_look_at_one_partition_whatever_the_other_has_found() {
    let shop = stored(Definitions::new().assets(assets![counted]).checks(checks![not_negative, written]));
    insta::assert_snapshot!(story(&shop.materialize("*", "2024-01-09")), @r"
    RUN_START materialize orch/partition=2024-01-09
    ASSET_MATERIALIZATION counted[2024-01-09] counted 2024-01-09
    STEP_SUCCESS counted[2024-01-09]
    ASSET_CHECK_EVALUATION counted.not_negative[2024-01-09] counted 2024-01-09 failed
    STEP_FAILURE counted.not_negative[2024-01-09] the blocking check `not_negative` of the asset `counted[2024-01-09]` has not passed
    STEP_SUCCESS read_counted[2024-01-09]
    ASSET_CHECK_EVALUATION counted.written[2024-01-09] counted 2024-01-09 failed: -9 on 2024-01-09
    STEP_FAILURE counted.written[2024-01-09] the blocking check `written` of the asset `counted[2024-01-09]` has not passed: -9 on 2024-01-09
    STREAM_CLOSED daily_partitions result, 1 item
    STEP_SUCCESS daily_partitions
    RUN_FAILURE 2 steps failed, the first is counted.not_negative[2024-01-09]
    ");
    insta::assert_snapshot!(shop.found(), @r"
    counted[2024-01-09] not_negative: error (what its run has made)
    counted[2024-01-09] written: error (what its run has made)
    ");
}

#[test]
fn what_reads_a_partition_for_those_that_wait_for_its_checks_waits_too() {
    let shop = stored(Definitions::new().assets(assets![counted, length]).checks(checks![not_negative]));
    insta::assert_snapshot!(story(&shop.materialize("*", "2024-01-09")), @r"
    RUN_START materialize orch/partition=2024-01-09
    ASSET_MATERIALIZATION counted[2024-01-09] counted 2024-01-09
    STEP_SUCCESS counted[2024-01-09]
    ASSET_CHECK_EVALUATION counted.not_negative[2024-01-09] counted 2024-01-09 failed
    STEP_FAILURE counted.not_negative[2024-01-09] the blocking check `not_negative` of the asset `counted[2024-01-09]` has not passed
    STEP_SKIPPED read_counted[2024-01-09]: counted.not_negative[2024-01-09] failed
    STEP_SKIPPED length[2024-01-09]: counted.not_negative[2024-01-09] failed
    STREAM_CLOSED daily_partitions result, 1 item
    STEP_SUCCESS daily_partitions
    RUN_FAILURE 1 step failed, the first is counted.not_negative[2024-01-09]
    ");
}

/// The text of the last day, which one step reads and asks for.
#[asset]
fn newest(
    #[stored]
    #[mapped(PartitionMapping::last())]
    counted: String,
) -> usize {
    counted.into_bytes().len()
}

#[test]
fn what_reads_a_partition_by_itself_asks_for_it_once() {
    let shop = stored(Definitions::new().assets(assets![counted, newest]).checks(checks![not_negative]));
    insta::assert_snapshot!(shop.definitions.materialize(&"*".parse().expect("all")).plan(), @r"
    job materialize
      depth_first, as many at once as processors
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        counted(day: &Partition<Daily> <- each daily_partitions) -> i64
          | makes asset counted
          | io shelf
        counted.not_negative(counted: i64 <- counted) -> CheckResult
          | checks asset counted, blocking
    all_daily_partitions(partitions: &Vec<Partition<Daily>> <- collect each daily_partitions) -> ()
    read_counted() -> String
      | reads asset counted by io shelf
      | after all_daily_partitions
    newest(counted: String <- read_counted) -> usize
      | makes asset newest
      | after all_daily_partitions
    ");
}
