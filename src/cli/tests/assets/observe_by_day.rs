//! What others make by partition: observed, shown, and what is stale since.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch_core::io::{IoManager, Metadata, OutputAt};

use orch_core::run::Runner;
use orch_core::select::AssetSelection;

use super::stale::steady;
use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-08").into()
    }
}

/// What the files of the days say; of the last day there is none.
#[derive(Clone)]
struct Folder([u64; 6]);

impl Folder {
    fn says(&self, day: &str) -> Result<u64, Failure> {
        let day = day.trim_start_matches("2024-01-0").parse::<usize>().ok();
        let says = day.and_then(|day| self.0.get(day - 1).copied());
        says.ok_or_else(|| Failure::new("no such file"))
    }
}

impl IoManager<u64> for Folder {
    fn store(&self, _: &OutputAt<'_>, _: &u64) -> Result<Metadata, Failure> {
        Err(Failure::new("others write them"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<u64, Failure> {
        self.says(at.asset.and_then(|asset| asset.partition).map_or("", |day| day.key()))
    }
}

/// A file for each day.
#[external_asset(partitions = Daily, io = "folder")]
fn raw() -> u64;

/// What the file says.
#[asset_observation(asset = raw)]
fn written(day: &Partition<Daily>, folder: Res<Folder>) -> Result<DataVersion> {
    Ok(DataVersion::new(format!("v{}", folder.says(day.key().as_str())?)))
}

#[asset(code_version = "1", partitions = Daily)]
fn sales(raw: u64) -> u64 {
    raw * 10
}

/// The program, on a day on which the files say this.
fn program(says: [u64; 6]) -> Definitions {
    Definitions::new()
        .assets(assets![raw, sales])
        .observations(observations![written])
        .io::<u64>("folder", Folder(says))
        .resource(Folder(says))
}

const MONDAY: [u64; 6] = [1, 2, 3, 4, 5, 6];
const TUESDAY: [u64; 6] = [1, 2, 33, 4, 5, 6];

/// What has happened: all was made of some days on a monday, and on a tuesday others were observed.
fn two_days() -> Shop {
    let mut shop = Shop::empty();
    let of = |partition: &'static str| move |runner: Runner| runner.partition(partition).max_concurrent(1);
    shop.put_with(0, &program(MONDAY), &all(), of("2024-01-01..2024-01-04"));
    shop.put_with(2, &program(TUESDAY), &selected("raw"), of("2024-01-02..2024-01-05"));
    shop
}

fn selected(text: &str) -> AssetSelection {
    text.parse().expect("a selection")
}

#[test]
fn days_are_shown_as_they_were_observed() {
    let shop = two_days();
    let told = |words: &str| shop.session(program(TUESDAY), words);
    insta::assert_snapshot!(told("assets list"), @"
    exit 0
    --- stdout
    asset  materialized  observed  run            times  state
    raw                  2h ago    019a5f3c-0002  8      observable, 5 of 7 partitions
    sales  4h ago                  019a5f3c-0000  4      4 of 7 partitions, 1 stale
    ");
    insta::assert_snapshot!(told("assets show raw --limit 3"), @"
    exit 0
    --- stdout
    raw
      A file for each day.

    external     others make it
    observed by  written: What the file says.
    type         u64
    io           folder
    defined      src/cli/tests/assets/observe_by_day.rs:_
    partitions   5 of 7 partitions are observed
    present      2024-01-01..2024-01-05
    missing      2024-01-06..2024-01-07

    downstream  materialized  run
    sales       4h ago        019a5f3c-0000

    observed     2026-11-20 11:00:02Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-05
    data         v5

    observed  run            partition   data
    2h ago    019a5f3c-0002  2024-01-05  v5
    2h ago    019a5f3c-0002  2024-01-04  v4
    2h ago    019a5f3c-0002  2024-01-03  v33
    and 5 earlier ones
    ");
    insta::assert_snapshot!(told("assets show raw --partition 2024-01-03"), @"
    exit 0
    --- stdout
    raw
      A file for each day.

    external     others make it
    observed by  written: What the file says.
    type         u64
    io           folder
    defined      src/cli/tests/assets/observe_by_day.rs:_
    partitions   5 of 7 partitions are observed
    present      2024-01-01..2024-01-05
    missing      2024-01-06..2024-01-07

    downstream         materialized  run            data
    sales[2024-01-03]  4h ago        019a5f3c-0000  eb90b747c2c4  made of an earlier one

    observed     2026-11-20 11:00:01Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-03
    data         v33

    observed  run            partition   data
    2h ago    019a5f3c-0002  2024-01-03  v33
    4h ago    019a5f3c-0000  2024-01-03  v3
    ");
    insta::assert_snapshot!(told("assets show sales --limit 1"), @"
    exit 0
    --- stdout
    sales

    code         version 1
    type         u64
    defined      src/cli/tests/assets/observe_by_day.rs:_
    partitions   4 of 7 partitions are materialized
    present      2024-01-01..2024-01-04
    missing      2024-01-05..2024-01-07
    fresh        2024-01-01..2024-01-02, 2024-01-04
    stale        2024-01-03: the data of `raw` has changed: 9dfac546 → 4d61e513

    upstream  materialized  run
    raw       2h ago        019a5f3c-0002

    latest       2026-11-20 09:00:04Z, 4h ago
    run          019a5f3c-0000-7000-8000-000000000000
    partition    2024-01-04
    data         960e150b19c946170511289c50a88a368a20c6bd8b6c7699ee6764d5e466a909
    code         version 1
    value        kept with what is known of it

    materialized  run            partition   data          code
    4h ago        019a5f3c-0000  2024-01-04  960e150b19c9  1
    and 3 earlier ones
    ");
    insta::assert_snapshot!(told("assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 7 partitions
    state        count  partitions
    observed     5      2024-01-01..2024-01-05
    in progress  0
    failed       0
    missing      2      2024-01-06..2024-01-07
    ");
    insta::assert_snapshot!(told("assets graph --status"), @"
    exit 0
    --- stdout
    raw      external, observable  5 of 7 partitions
      sales    4 of 7 partitions, 1 stale
    ");
}

/// The program that makes some of the days on the instance.
mod makers {
    use orch::prelude::*;

    use super::Daily;

    #[asset(partitions = Daily)]
    pub(super) fn raw(day: &Partition<Daily>) -> u64 {
        u64::try_from(day.window().start.day()).unwrap_or_default()
    }
}

#[test]
fn days_that_others_made_on_the_instance_are_told_apart_from_those_that_were_observed_alone() {
    let mut shop = Shop::empty();
    let of = |partition: &'static str| move |runner: Runner| runner.partition(partition).max_concurrent(1);
    let makers = || Definitions::new().assets(assets![makers::raw]);
    shop.put_with(0, &makers(), &all(), of("2024-01-01..2024-01-02"));
    shop.put_with(2, &program(MONDAY), &selected("raw"), of("2024-01-02..2024-01-03"));
    let told = |words: &str| shop.session(program(MONDAY), words);
    insta::assert_snapshot!(told("assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 7 partitions
    state         count  partitions
    materialized  2      2024-01-01..2024-01-02
    observed      1      2024-01-03
    in progress   0
    failed        0
    missing       4      2024-01-04..2024-01-07
    ");
    insta::assert_snapshot!(told("assets partitions raw --state observed"), @"
    exit 0
    --- stdout
    2024-01-03
    ");
    insta::assert_snapshot!(told("assets show raw"), @"
    exit 0
    --- stdout
    raw
      A file for each day.

    external     others make it
    observed by  written: What the file says.
    type         u64
    io           folder
    defined      src/cli/tests/assets/observe_by_day.rs:_
    partitions   3 of 7 partitions are known: 2 materialized, 1 observed
    present      2024-01-01..2024-01-03
    missing      2024-01-04..2024-01-07

    downstream  materialized
    sales       never

    observed     2026-11-20 11:00:01Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-03
    data         v3

    materialized      run            partition   data
    2h ago, observed  019a5f3c-0002  2024-01-03  v3
    2h ago, observed  019a5f3c-0002  2024-01-02  v2
    4h ago            019a5f3c-0000  2024-01-02  ab13bedf42e8
    4h ago            019a5f3c-0000  2024-01-01  48fc721fbbc1
    ");
    // To who makes them, those that others have looked at are what they were.
    insta::assert_snapshot!(shop.session(makers(), "assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 7 partitions
    state         count  partitions
    materialized  2      2024-01-01..2024-01-02
    in progress   0
    failed        0
    missing       5      2024-01-03..2024-01-07
    ");
    insta::assert_snapshot!(shop.session(makers(), "assets partitions raw --state missing"), @"
    exit 0
    --- stdout
    2024-01-03..2024-01-07
    ");
}

#[test]
fn why_names_the_version_of_the_day() {
    let shop = two_days();
    let told = |words: &str| shop.session(program(TUESDAY), words);
    insta::assert_snapshot!(told("why sales --partition 2024-01-03"), @"
    exit 0
    --- stdout
    sales[2024-01-03] is stale: the run 019a5f3c-0000 made it 4h ago
      the data of `raw` has changed: 9dfac546 → 4d61e513
        `raw[2024-01-03]` was observed as v33 by the run 019a5f3c-0002 2h ago, and before as v3 by the run 019a5f3c-0000 4h ago
    ");
    insta::assert_snapshot!(told("why sales --partition 2024-01-02"), @"
    exit 0
    --- stdout
    sales[2024-01-02] is fresh: the run 019a5f3c-0000 made it 4h ago
    ");
    insta::assert_snapshot!(told("why raw --partition 2024-01-03"), @"
    exit 0
    --- stdout
    raw[2024-01-03] is external: the run 019a5f3c-0002 observed it as v33 2h ago
    ");
    insta::assert_snapshot!(told("why raw"), @"
    exit 0
    --- stdout
    raw is external: the run 019a5f3c-0002 observed `raw[2024-01-05]` as v5 2h ago
    ");
    insta::assert_snapshot!(told("why raw --partition 2024-01-06"), @"
    exit 0
    --- stdout
    raw[2024-01-06] is external, never observed
    ");
}

#[test]
fn only_the_days_are_made_anew_whose_files_have_changed() {
    let shop = Shop::empty();
    let all = "--partition 2024-01-01..2024-01-04 --max-concurrent 1 --progress none";
    let monday = |words: &str| steady(&shop.session(program(MONDAY), &format!("{words} {all}")));
    let tuesday = |words: &str| steady(&shop.session(program(TUESDAY), &format!("{words} {all}")));
    insta::assert_snapshot!(monday("materialize raw sales"), @"
    exit 0
    --- stderr
         Success materialize: 13 steps: 13 succeeded
        Observed raw[2024-01-01]    as v1
    Materialized sales[2024-01-01]
        Observed raw[2024-01-02]    as v2
    Materialized sales[2024-01-02]
        Observed raw[2024-01-03]    as v3
    Materialized sales[2024-01-03]
        Observed raw[2024-01-04]    as v4
    Materialized sales[2024-01-04]
    ");
    insta::assert_snapshot!(tuesday("materialize raw sales --stale --dry-run"), @"
    exit 0
    --- stdout
    to make                        since
    raw                            it is observed each time
    sales[2024-01-01..2024-01-04]  it is made of `raw`, which may turn out to be other data
    ");
    insta::assert_snapshot!(tuesday("materialize raw sales --stale"), @"
    exit 0
    --- stderr
    to make                        since
    raw                            it is observed each time
    sales[2024-01-01..2024-01-04]  it is made of `raw`, which may turn out to be other data
         Success materialize: 13 steps: 10 succeeded, 3 memoized
        Observed raw[2024-01-01]    as v1
        Observed raw[2024-01-02]    as v2
        Observed raw[2024-01-03]    as v33
    Materialized sales[2024-01-03]
        Observed raw[2024-01-04]    as v4
    ");
    insta::assert_snapshot!(tuesday("materialize sales --stale"), @"
    exit 0
    --- stderr
    all is as it would be made of what `raw` was observed as last: `program assets observe raw --partition '2024-01-01..2024-01-04'` looks again
    ");
    insta::assert_snapshot!(monday("assets observe"), @"
    exit 0
    --- stderr
         Success observe_assets: 5 steps: 5 succeeded
        Observed raw[2024-01-01]  as v1
        Observed raw[2024-01-02]  as v2
        Observed raw[2024-01-03]  as v3
        Observed raw[2024-01-04]  as v4
    ");
    insta::assert_snapshot!(monday("materialize sales --stale"), @"
    exit 0
    --- stderr
    to make            since
    sales[2024-01-03]  the data of `raw` has changed: 4d61e513 → 9dfac546
         Success materialize: 9 steps: 6 succeeded, 3 memoized
    Materialized sales[2024-01-03]
    ");
}

#[test]
fn the_days_to_be_observed_are_said() {
    let told = |words: &[&str]| answered(|| Ok(program(MONDAY)), words);
    insta::assert_snapshot!(told(&["assets", "observe"]), @r#"
    exit 2
    error: the job `observe_assets` cannot be planned
    error: `raw` has partitions, and the run is not told for which it is
      --> src/cli/tests/assets/observe_by_day.rs:_ (the observation)
      hint: name them: `--partition 2024-01-07` is one, `--partition 2024-01-01..2024-01-07` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-07")`
    "#);
    insta::assert_snapshot!(told(&["assets", "observe", "raw", "--partition", "2024-02-01"]), @"
    exit 2
    error: the job `observe_assets` cannot be planned
    error: of the partitions of `raw`: `2024-02-01` is behind the last of these partitions
      --> src/cli/tests/assets/observe_by_day.rs:_ (the observation)
      hint: the last is `2024-01-07`
    ");
    insta::assert_snapshot!(told(&["check"]), @"
    exit 0
    checked 0 jobs, 0 presets, 0 environments, 2 assets: nothing to mend
    ");
}

#[test]
fn each_run_of_a_backfill_looks_at_its_day() {
    let around = backfill::around();
    let session = |program: Definitions, words: &str| {
        backfill::without_age(&shop::without_lines(&session_around(&around, || Ok(program), words)))
    };
    let launch = "backfill launch raw sales --partition 2024-01-01..2024-01-03";
    session(program(MONDAY), launch);
    insta::assert_snapshot!(session(program(TUESDAY), &format!("{launch} --stale")), @"
    exit 0
    --- stderr
    to make                        since
    raw                            it is observed each time
    sales[2024-01-01..2024-01-03]  it is made of `raw`, which may turn out to be other data
    backfill <run> of 3 runs, recorded in memory
    done     sales 2024-01-01, 2 runs left
    done     sales 2024-01-02, 1 run left
    done     sales 2024-01-03, 0 runs left
    backfill <run>: success
    asset  asked for  done
    sales  3          3
    ");
    // What was observed before tells which days are stale.
    session(program(MONDAY), "assets observe --partition 2024-01-02..2024-01-03");
    insta::assert_snapshot!(session(program(MONDAY), "backfill launch sales --stale --partition 2024-01-01..2024-01-03"), @"
    exit 0
    --- stderr
    to make            since
    sales[2024-01-03]  the data of `raw` has changed: 4d61e513 → 9dfac546
    backfill <run> of 1 run, recorded in memory
    done     sales 2024-01-03, 0 runs left
    backfill <run>: success
    asset  asked for  done
    sales  1          1
    ");
    insta::assert_snapshot!(session(program(MONDAY), "backfill launch raw sales --partition 2024-01-06..2024-01-07"), @"
    exit 1
    --- stderr
    backfill <run> of 2 runs, recorded in memory
    done     sales 2024-01-06, 1 run left
    failed   sales 2024-01-07, run <run>
    backfill <run>: failure
    asset  asked for  done  excluded
    sales  2          1     1

    failed      assets  run                                   why
    2024-01-07  sales   <run>  `raw.written[2024-01-07]` failed: no such file
    hint: `program why RUN` tells more of a run; `program backfill retry-failed <run>` makes again what failed, and then what it excluded
    ");
}

/// How many were sold each day.
#[asset(code_version = "1")]
fn tickets(day: &Partition<Daily>) -> u64 {
    u64::from(day.window().start.day().unsigned_abs())
}

/// Whether the file says the same, which the tickets are not made of.
#[asset_check(asset = tickets)]
fn as_written(tickets: u64, raw: u64) -> CheckResult {
    CheckResult::expect(tickets == raw, format!("{tickets} tickets, and the file says {raw}"))
}

#[test]
fn each_run_of_a_backfill_looks_at_what_its_checks_take() {
    let around = backfill::around();
    let session = |says: [u64; 6], words: &str| {
        let program = || Ok(program(says).assets(assets![tickets]).checks(checks![as_written]));
        backfill::without_age(&shop::without_lines(&session_around(&around, program, words)))
    };
    insta::assert_snapshot!(session(MONDAY, "backfill launch raw tickets --partition 2024-01-01..2024-01-02"), @"
    exit 0
    --- stderr
    backfill <run> of 2 runs, recorded in memory
    done     tickets 2024-01-01, 1 run left
    done     tickets 2024-01-02, 0 runs left
    backfill <run>: success
    asset    asked for  done
    tickets  2          2
    ");
    insta::assert_snapshot!(session(MONDAY, "assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 7 partitions
    state        count  partitions
    observed     2      2024-01-01..2024-01-02
    in progress  0
    failed       0
    missing      5      2024-01-03..2024-01-07
    ");
}
