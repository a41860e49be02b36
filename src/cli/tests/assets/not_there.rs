//! What others make and is not there: observed, shown, and what is stale since it came or went.

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
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
        TimePartitions::daily("2024-01-01").until("2024-01-05").into()
    }
}

/// What the files of the days say; of some there is none.
#[derive(Clone)]
struct Folder([Option<u64>; 4]);

impl Folder {
    fn says(&self, day: &str) -> Option<u64> {
        let day = day.trim_start_matches("2024-01-0").parse::<usize>().ok();
        day.and_then(|day| self.0.get(day - 1).copied().flatten())
    }
}

impl IoManager<u64> for Folder {
    fn store(&self, _: &OutputAt<'_>, _: &u64) -> Result<Metadata, Failure> {
        Err(Failure::new("others write them"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<u64, Failure> {
        let day = at.asset.and_then(|asset| asset.partition).map_or("", |day| day.key());
        self.says(day).ok_or_else(|| Failure::new("no such file"))
    }
}

/// A file for each day.
#[external_asset(partitions = Daily, io = "folder")]
fn raw() -> u64;

/// What the file says, if there is one.
#[asset_observation(asset = raw)]
fn written(day: &Partition<Daily>, folder: Res<Folder>) -> Option<DataVersion> {
    Some(DataVersion::new(format!("v{}", folder.says(day.key().as_str())?)))
}

/// How many files there are, in all.
#[external_asset]
fn listing() -> u64;

/// Nobody has listed them yet.
#[asset_observation(asset = listing)]
fn listed(folder: Res<Folder>) -> Option<DataVersion> {
    let files = folder.0.iter().flatten().count();
    (files > 3).then(|| DataVersion::new(files))
}

/// Is to come after the listing, and takes nothing of it.
#[asset(code_version = "1", deps = [listing])]
fn letter() -> u64 {
    1
}

#[asset(code_version = "1")]
fn longest(listing: u64) -> u64 {
    listing
}

#[asset(code_version = "1", partitions = Daily)]
fn sales(raw: u64) -> u64 {
    raw * 10
}

#[asset(code_version = "1", partitions = Daily)]
fn perhaps(raw: Option<u64>) -> u64 {
    raw.unwrap_or_default()
}

/// Of all days of which there is a file.
#[asset(code_version = "1")]
fn total(#[mapped(PartitionMapping::all().allow_missing())] raw: &Partitions<u64>) -> u64 {
    raw.values().sum()
}

/// The program, on a day on which the files say this.
fn program(says: [Option<u64>; 4]) -> Definitions {
    Definitions::new()
        .assets(assets![raw, listing, letter, longest, sales, perhaps, total])
        .observations(observations![written, listed])
        .io::<u64>("folder", Folder(says))
        .resource(Folder(says))
}

const MONDAY: [Option<u64>; 4] = [Some(1), Some(2), None, None];
/// The third has come, and the second is gone.
const TUESDAY: [Option<u64>; 4] = [Some(1), None, Some(3), None];

/// What has happened: on a monday all was made of the first three days that does without one, and on a tuesday they were observed.
fn two_days() -> Shop {
    let mut shop = Shop::empty();
    let three = |runner: Runner| runner.partition("2024-01-01..2024-01-03").max_concurrent(1);
    shop.put_with(0, &program(MONDAY), &selected("raw or perhaps or total"), three);
    shop.put_with(1, &program(MONDAY), &selected("listing or letter"), |runner| runner);
    shop.put_with(2, &program(TUESDAY), &selected("raw"), three);
    shop
}

fn selected(text: &str) -> AssetSelection {
    text.parse().expect("a selection")
}

#[test]
fn what_is_not_there_is_missing_and_shown_so() {
    let shop = two_days();
    let told = |words: &str| shop.session(program(TUESDAY), words);
    insta::assert_snapshot!(told("assets list"), @"
    exit 0
    --- stdout
    asset    materialized  observed  run            times  state
    letter   3h ago                  019a5f3c-0001  1      fresh
    listing                3h ago    019a5f3c-0001  1      observable, nothing there
    longest  never                                         missing
    perhaps  4h ago                  019a5f3c-0000  3      3 of 4 partitions, 2 stale
    raw                    2h ago    019a5f3c-0002  7      observable, 2 of 4 partitions
    sales    never                                         0 of 4 partitions
    total    4h ago                  019a5f3c-0000  1      stale
    ");
    insta::assert_snapshot!(told("assets show raw --limit 4"), @"
    exit 0
    --- stdout
    raw
      A file for each day.

    external     others make it
    observed by  written: What the file says, if there is one.
    type         u64
    io           folder
    defined      src/cli/tests/assets/not_there.rs:_
    partitions   2 of 4 partitions are observed
    present      2024-01-01, 2024-01-03
    missing      2024-01-02, 2024-01-04
    not there    2024-01-02, 2024-01-04, of those missing: so they were observed last

    downstream  materialized  run            data
    sales       never
    perhaps     4h ago        019a5f3c-0000
    total       4h ago        019a5f3c-0000  e1e0e81d6ea3

    observed     2026-11-20 11:00:01Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-03
    data         v3

    observed  run            partition   data
    2h ago    019a5f3c-0002  2024-01-03  v3
    2h ago    019a5f3c-0002  2024-01-02  nothing there
    2h ago    019a5f3c-0002  2024-01-01  v1
    4h ago    019a5f3c-0000  2024-01-04  nothing there
    and 3 earlier ones
    ");
    insta::assert_snapshot!(told("assets show raw --partition 2024-01-02"), @"
    exit 0
    --- stdout
    raw
      A file for each day.

    external     others make it
    observed by  written: What the file says, if there is one.
    type         u64
    io           folder
    defined      src/cli/tests/assets/not_there.rs:_
    partitions   2 of 4 partitions are observed
    present      2024-01-01, 2024-01-03
    missing      2024-01-02, 2024-01-04
    not there    2024-01-02, 2024-01-04, of those missing: so they were observed last

    downstream           materialized  run            data
    sales                never
    perhaps[2024-01-02]  4h ago        019a5f3c-0000  ab13bedf42e8  made of an earlier one
    total                4h ago        019a5f3c-0000  e1e0e81d6ea3

    observed     2026-11-20 11:00:01Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    partition    2024-01-02
    data         nothing there

    observed  run            partition   data
    2h ago    019a5f3c-0002  2024-01-02  nothing there
    4h ago    019a5f3c-0000  2024-01-02  v2
    ");
    insta::assert_snapshot!(told("assets show listing"), @"
    exit 0
    --- stdout
    listing
      How many files there are, in all.

    external     others make it
    observed by  listed: Nobody has listed them yet.
    type         u64
    defined      src/cli/tests/assets/not_there.rs:_

    downstream  materialized  run            data
    letter      3h ago        019a5f3c-0001  48fc721fbbc1
    longest     never

    observed     2026-11-20 10:00:00Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         nothing there

    observed  run            data
    3h ago    019a5f3c-0001  nothing there
    ");
    insta::assert_snapshot!(told("assets partitions raw"), @"
    exit 0
    --- stdout
    raw has 4 partitions
    state        count  partitions
    observed     2      2024-01-01, 2024-01-03
    in progress  0
    failed       0
    missing      2      2024-01-02, 2024-01-04
    ");
    insta::assert_snapshot!(told("assets partitions raw --state missing"), @"
    exit 0
    --- stdout
    2024-01-02, 2024-01-04
    ");
    let json = told("assets show raw --json");
    let not_there = json.split("\"not_there\": ").nth(1).and_then(|json| json.split("\n    }").next());
    insta::assert_snapshot!(not_there.expect("it is there"), @r#"
    {
          "count": 2,
          "ranges": [
            [
              "2024-01-02",
              "2024-01-02"
            ],
            [
              "2024-01-04",
              "2024-01-04"
            ]
          ]
    "#);
    insta::assert_snapshot!(told("assets graph --status raw+"), @"
    exit 0
    --- stdout
    raw        external, observable  2 of 4 partitions
      sales      0 of 4 partitions
      perhaps    3 of 4 partitions, 2 stale
      total      stale: the data of `raw` has changed: b5600cf9 → cc1c2d90
    ");
}

#[test]
fn why_names_what_came_and_what_went() {
    let mut shop = two_days();
    let told = |words: &str| shop.session(program(TUESDAY), words);
    insta::assert_snapshot!(told("why raw --partition 2024-01-02"), @"
    exit 0
    --- stdout
    raw[2024-01-02] is external: the run 019a5f3c-0002 looked at it 2h ago, nothing there
    ");
    insta::assert_snapshot!(told("why raw --partition 2024-01-04"), @"
    exit 0
    --- stdout
    raw[2024-01-04] is external: the run 019a5f3c-0000 looked at it 4h ago, nothing there
    ");
    insta::assert_snapshot!(told("why listing"), @"
    exit 0
    --- stdout
    listing is external: the run 019a5f3c-0001 looked at it 3h ago, nothing there
    ");
    insta::assert_snapshot!(told("why perhaps --partition 2024-01-01"), @"
    exit 0
    --- stdout
    perhaps[2024-01-01] is fresh: the run 019a5f3c-0000 made it 4h ago
    ");
    insta::assert_snapshot!(told("why perhaps --partition 2024-01-02"), @"
    exit 0
    --- stdout
    perhaps[2024-01-02] is stale: the run 019a5f3c-0000 made it 4h ago
      the data of `raw` has changed: c85abbb2 → d77c97e3
        it was made of 2024-01-02, and would be made of none
        `raw[2024-01-02]` was observed as not there by the run 019a5f3c-0002 2h ago, and before as v2 by the run 019a5f3c-0000 4h ago
    ");
    insta::assert_snapshot!(told("why perhaps --partition 2024-01-03"), @"
    exit 0
    --- stdout
    perhaps[2024-01-03] is stale: the run 019a5f3c-0000 made it 4h ago
      the data of `raw` has changed: d77c97e3 → 9dfac546
        it was made of none, and would be made of 2024-01-03
        `raw[2024-01-03]` was observed as v3 by the run 019a5f3c-0002 2h ago, and before as not there by the run 019a5f3c-0000 4h ago
    ");
    insta::assert_snapshot!(told("why total"), @"
    exit 0
    --- stdout
    total is stale: the run 019a5f3c-0000 made it 4h ago
      the data of `raw` has changed: b5600cf9 → cc1c2d90
        it was made of 2024-01-01..2024-01-02, and would be made of 2024-01-01, 2024-01-03
        `raw[2024-01-02]` was observed as not there by the run 019a5f3c-0002 2h ago, and before as v2 by the run 019a5f3c-0000 4h ago
        1 more partition of `raw` made since
    ");
    insta::assert_snapshot!(told("why letter"), @"
    exit 0
    --- stdout
    letter is fresh: the run 019a5f3c-0001 made it 3h ago
    ");
    // All of them have come.
    let full = program([Some(1); 4]);
    shop.put_with(3, &full, &selected("listing"), |runner| runner);
    insta::assert_snapshot!(shop.session(full, "why letter"), @"
    exit 0
    --- stdout
    letter is stale: the run 019a5f3c-0001 made it 3h ago
      the data of `listing` has changed: nothing there → 4
        `listing` was observed as 4 by the run 019a5f3c-0003 1h ago, and before as not there by the run 019a5f3c-0001 3h ago
    ");
}

#[test]
fn a_run_tells_what_it_has_looked_for_in_vain() {
    let shop = Shop::empty();
    let days = "--partition 2024-01-01..2024-01-03 --max-concurrent 1 --progress none";
    let session = |says: [Option<u64>; 4], words: &str| steady(&shop.session(program(says), words));
    insta::assert_snapshot!(session(MONDAY, &format!("materialize raw perhaps total {days}")), @"
    exit 0
    --- stderr
         Success materialize: 15 steps: 15 succeeded
        Observed raw[2024-01-01]      as v1
        Observed raw[2024-01-02]      as v2
        Observed raw[2024-01-03]      nothing there
        Observed raw[2024-01-04]      nothing there
    Materialized total
    Materialized perhaps[2024-01-01]
    Materialized perhaps[2024-01-02]
    Materialized perhaps[2024-01-03]
    ");
    insta::assert_snapshot!(session(TUESDAY, &format!("materialize raw perhaps total --stale {days}")), @"
    exit 0
    --- stderr
    to make                          since
    raw                              it is observed each time
    perhaps[2024-01-01..2024-01-03]  it is made of `raw`, which may turn out to be other data
    total                            it is made of `raw`, which may turn out to be other data
         Success materialize: 15 steps: 14 succeeded, 1 memoized
        Observed raw[2024-01-01]      as v1
        Observed raw[2024-01-02]      nothing there
        Observed raw[2024-01-03]      as v3
        Observed raw[2024-01-04]      nothing there
    Materialized total
    Materialized perhaps[2024-01-02]
    Materialized perhaps[2024-01-03]
    ");
    insta::assert_snapshot!(session(TUESDAY, &format!("materialize perhaps total --stale {days}")), @"
    exit 0
    --- stderr
    all is as it would be made of what `raw` was observed as last: `program assets observe raw --partition '2024-01-01..2024-01-03'` looks again
    ");
    insta::assert_snapshot!(session(MONDAY, &format!("assets observe raw {days}")), @"
    exit 0
    --- stderr
         Success observe_assets: 4 steps: 4 succeeded
        Observed raw[2024-01-01]  as v1
        Observed raw[2024-01-02]  as v2
        Observed raw[2024-01-03]  nothing there
    ");
    insta::assert_snapshot!(session(MONDAY, &format!("materialize perhaps total --stale {days}")), @"
    exit 0
    --- stderr
    to make                          since
    perhaps[2024-01-02..2024-01-03]  the data of `raw` has changed
    total                            the data of `raw` has changed: cc1c2d90 → b5600cf9
         Success materialize: 9 steps: 8 succeeded, 1 memoized
    Materialized perhaps[2024-01-02]
    Materialized perhaps[2024-01-03]
    Materialized total
    ");
    // What cannot do without is refused, by name.
    insta::assert_snapshot!(session(MONDAY, &format!("materialize sales {days}")), @"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `sales` is made of partitions of `raw` of which nothing was there when they were observed last: 2024-01-03
      --> src/cli/tests/assets/not_there.rs:_ (is made of it)
      --> src/cli/tests/assets/not_there.rs:_ (the asset)
      hint: have them observed again when others have made them, `assets observe raw --partition '2024-01-03'`, or take it as an `Option`: `raw: Option<..>`
    ");
    insta::assert_snapshot!(session(MONDAY, "assets observe listing --progress none"), @"
    exit 0
    --- stderr
         Success observe_assets: 1 step: 1 succeeded
        Observed listing  nothing there
    ");
    insta::assert_snapshot!(session(MONDAY, "materialize longest --progress none"), @"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `longest` takes the asset `listing`, of which nothing was there when it was observed last
      --> src/cli/tests/assets/not_there.rs:_ (the step)
      hint: have it observed again when others have made it: `assets observe listing`
    ");
}

#[test]
fn what_failed_for_want_of_it_is_told_until_it_has_come() {
    let mut shop = Shop::empty();
    let three = |runner: Runner| runner.partition("2024-01-01..2024-01-03").max_concurrent(1);
    shop.put_failing(0, &program(MONDAY), &selected("raw or sales"), three);
    let why = |shop: &Shop| shop.session(program(TUESDAY), "why sales --partition 2024-01-03");
    insta::assert_snapshot!(why(&shop), @"
    exit 0
    --- stdout
    sales[2024-01-03] is missing
      the last attempt failed, in the run 019a5f3c 4h ago: of `raw[2024-01-03]` nothing was there when this run looked
      hint: run again when others have made it, or take it as an `Option`: `raw: Option<..>`
      it was never materialized
    --- stderr
    hint: `program materialize +sales --stale --partition '2024-01-03'` makes it again, and first what that is made of
    ");
    shop.put_with(2, &program([Some(1); 4]), &selected("raw or sales"), three);
    insta::assert_snapshot!(why(&shop), @"
    exit 0
    --- stdout
    sales[2024-01-03] is fresh: the run 019a5f3c made it 2h ago
    ");
}

#[test]
fn what_is_missing_is_made_of_what_has_come_since() {
    let mut shop = Shop::empty();
    let third = |runner: Runner| runner.partition("2024-01-03").max_concurrent(1);
    shop.put_with(0, &program(MONDAY), &selected("raw"), third);
    let missing = "materialize +sales --missing --partition 2024-01-03";
    insta::assert_snapshot!(shop.session(program(TUESDAY), &format!("{missing} --dry-run")), @"
    exit 0
    --- stdout
    to make            since
    raw                it is observed each time
    sales[2024-01-03]  it was never materialized
    ");
    let made = shop.session(program(TUESDAY), &format!("{missing} --quiet"));
    assert!(made.starts_with("exit 0"), "{made}");
    let why = shop.session(program(TUESDAY), "why sales --partition 2024-01-03");
    assert!(why.contains("sales[2024-01-03] is fresh"), "{why}");
}
