//! What others make: observed, shown, and what is stale since.

use orch::prelude::*;
use orch_core::asset::MetadataValue;
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::select::AssetSelection;

use super::stale::steady;
use super::{Shop, all, answered};

/// What others have put into the lake.
#[derive(Clone)]
struct Lake {
    written: &'static str,
    rows: u64,
}

impl IoManager<u64> for Lake {
    fn store(&self, _: &OutputAt<'_>, _: &u64) -> Result<Metadata, Failure> {
        Err(Failure::new("others make it"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<u64, Failure> {
        Ok(self.rows)
    }
}

/// Orders, which the warehouse makes.
#[external_asset(key_prefix = "lake", io = "lake")]
fn orders() -> u64;

/// When the file was last written.
///
/// As its name says.
#[asset_observation(asset = orders)]
fn written(lake: Res<Lake>, context: Context) -> DataVersion {
    context.add_metadata("rows", MetadataValue::RowCount(lake.rows));
    DataVersion::new(lake.written)
}

#[asset(code_version = "1")]
fn many(orders: u64) -> bool {
    orders > 10
}

#[asset(code_version = "1")]
fn report(many: bool) -> String {
    format!("many: {many}")
}

/// The program, on a day on which others have written so many orders.
fn program(day: &'static str, rows: u64) -> Definitions {
    let lake = Lake { written: day, rows };
    Definitions::new()
        .assets(assets![orders, many, report])
        .observations(observations![written])
        .io::<u64>("lake", lake.clone())
        .resource(lake)
}

fn selected(text: &str) -> AssetSelection {
    text.parse().expect("a selection")
}

#[test]
fn what_others_make_is_marked_as_observable() {
    let shop = Shop::empty();
    insta::assert_snapshot!(shop.session(program("monday", 12), "assets list"), @r"
    exit 0
    --- stdout
    asset        materialized  state
    lake/orders                observable
    many         never         missing
    report       never         missing
    ");
    insta::assert_snapshot!(shop.session(program("monday", 12), "assets graph"), @r"
    exit 0
    --- stdout
    lake/orders  external, observable
      many
        report
    ");
    insta::assert_snapshot!(shop.session(program("monday", 12), "assets show orders"), @r"
    exit 0
    --- stdout
    lake/orders
      Orders, which the warehouse makes.

    external     others make it
    observed by  written: When the file was last written.
    type         u64
    io           lake
    defined      src/cli/tests/assets/observe.rs:_

    downstream  materialized
    many        never

    never observed
    ");
    let json = shop.session(program("monday", 12), "assets show orders --json");
    assert!(json.contains(r#""observation": "written""#), "{json}");
    assert!(
        shop.session(program("monday", 12), "assets graph --format svg")
            .contains("made by others; observable")
    );
}

#[test]
fn what_was_observed_is_told_shown_and_listed() {
    let mut shop = Shop::empty();
    shop.put(0, &program("monday", 12), &all());
    shop.put(1, &program("monday", 12), &selected("lake/orders"));
    shop.put(2, &program("tuesday", 14), &selected("lake/orders"));
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "assets show orders"), @r"
    exit 0
    --- stdout
    lake/orders
      Orders, which the warehouse makes.

    external     others make it
    observed by  written: When the file was last written.
    type         u64
    io           lake
    defined      src/cli/tests/assets/observe.rs:_

    downstream  materialized  run            data
    many        4h ago        019a5f3c-0000  189a74b37b4c  made of an earlier one

    observed     2026-11-20 11:00:00Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    data         tuesday
    rows         14

    observed  run            data     rows
    2h ago    019a5f3c-0002  tuesday  14
    3h ago    019a5f3c-0001  monday   12
    4h ago    019a5f3c-0000  monday   12

    number  oldest to newest  least  most  latest
    rows    ▁▁█               12     14    14
    ");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "assets show many"), @r"
    exit 0
    --- stdout
    many

    code         version 1
    type         bool
    defined      src/cli/tests/assets/observe.rs:_
    state        stale: the data of `lake/orders` has changed: monday → tuesday

    upstream     materialized  run            data
    lake/orders  2h ago        019a5f3c-0002  tuesday  newer than what the latest was made of

    downstream  materialized  run            data
    report      4h ago        019a5f3c-0000  136cdad29938

    latest       2026-11-20 09:00:00Z, 4h ago
    run          019a5f3c-0000-7000-8000-000000000000
    data         189a74b37b4c29fe3bc409128ff5960e8d8de4f6603e6abd13fdd3af9876c11d
    code         version 1
    value        kept with what is known of it

    materialized  run            data          code
    4h ago        019a5f3c-0000  189a74b37b4c  1
    ");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "assets list"), @r"
    exit 0
    --- stdout
    asset        materialized  observed  run            rows  times  state
    lake/orders                2h ago    019a5f3c-0002  14    3      observable
    many         4h ago                  019a5f3c-0000        1      stale
    report       4h ago                  019a5f3c-0000        1      stale
    ");
}

#[test]
fn why_names_the_version_that_was_observed_and_that_of_which_it_was_made() {
    let mut shop = Shop::empty();
    shop.put(0, &program("monday", 12), &all());
    shop.put(1, &program("monday", 12), &selected("lake/orders"));
    insta::assert_snapshot!(shop.session(program("monday", 12), "why report"), @r"
    exit 0
    --- stdout
    report is fresh: the run 019a5f3c-0000 made it 4h ago
    ");
    shop.put(2, &program("tuesday", 14), &selected("lake/orders"));
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "why report"), @r"
    exit 0
    --- stdout
    report is stale: the run 019a5f3c-0000 made it 4h ago
      it is made of `many`, which is to be made
        the data of `lake/orders` has changed: monday → tuesday
          `lake/orders` was observed as tuesday by the run 019a5f3c-0002 2h ago, and before as monday by the run 019a5f3c-0000 4h ago
    ");
}

#[test]
fn what_is_stale_is_found_out_by_looking() {
    let mut shop = Shop::empty();
    shop.put(0, &program("monday", 12), &all());
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "materialize --stale --dry-run"), @r"
    exit 0
    --- stdout
    to make      since
    lake/orders  it is observed each time
    many         it is made of `lake/orders`, which may turn out to be other data
    report       it is made of `many`, which may turn out to be other data
    ");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "materialize --stale --dry-run report"), @r"
    exit 0
    --- stderr
    all is as it would be made of what `lake/orders` was observed as last: `program assets observe lake/orders` looks again
    ");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "materialize --missing"), @r"
    exit 0
    --- stderr
    nothing is missing: there is nothing to make
    ");
    insta::assert_snapshot!(steady(&shop.session(program("monday", 12), "materialize --stale --progress none")), @r"
    exit 0
    --- stderr
    to make      since
    lake/orders  it is observed each time
    many         it is made of `lake/orders`, which may turn out to be other data
    report       it is made of `many`, which may turn out to be other data
         Success materialize: 3 steps: 1 succeeded, 2 memoized
        Observed lake/orders  as monday, 12 rows
    ");
    insta::assert_snapshot!(steady(&shop.session(program("tuesday", 14), "materialize --stale --progress none")), @r"
    exit 0
    --- stderr
    to make      since
    lake/orders  it is observed each time
    many         it is made of `lake/orders`, which may turn out to be other data
    report       it is made of `many`, which may turn out to be other data
         Success materialize: 3 steps: 2 succeeded, 1 memoized
        Observed lake/orders  as tuesday, 14 rows
    Materialized many
    ");
}

#[test]
fn what_cannot_be_observed_is_told() {
    let told = |words: &[&str]| answered(|| Ok(program("monday", 12)), words);
    insta::assert_snapshot!(told(&["assets", "observe", "report+"]), @r"
    exit 2
    error: the job `observe_assets` cannot be planned
    error: nothing that is selected has an observation: `report`
      hint: write one for what others make, `#[asset_observation(asset = ..)]`, and list it: `Definitions::new().observations(observations![..])`
    ");
    insta::assert_snapshot!(told(&["assets", "observe", "order"]), @r"
    exit 2
    error: no asset fits `key:order`, at column 1
      order
      ^^^^^
      hint: did you mean `lake/orders`? keys: lake/orders, many, report
    ");
    let without = || Ok(Definitions::new().assets(assets![orders]));
    insta::assert_snapshot!(answered(without, &["assets", "observe"]), @r"
    exit 2
    error: the job `observe_assets` cannot be planned
    error: nothing that is selected has an observation: `lake/orders`
      hint: write one for what others make, `#[asset_observation(asset = ..)]`, and list it: `Definitions::new().observations(observations![..])`
    ");
    let alone = || {
        let lake = Lake { written: "monday", rows: 1 };
        Ok(Definitions::new().assets(assets![orders]).observations(observations![written]).resource(lake))
    };
    insta::assert_snapshot!(answered(alone, &["materialize"]), @r"
    exit 2
    error: which assets? this program makes:
    hint: all of them are external: others make them, and `program assets observe` looks at them
    ");
    insta::assert_snapshot!(answered(alone, &["check"]), @r"
    exit 0
    checked 0 jobs, 0 presets, 0 environments, 1 asset: nothing to mend
    ");
}

#[test]
fn observations_alone_are_a_run_that_makes_nothing() {
    let shop = Shop::empty();
    insta::assert_snapshot!(steady(&shop.session(program("monday", 12), "assets observe --progress none")), @r"
    exit 0
    --- stderr
         Success observe_assets: 1 step: 1 succeeded
        Observed lake/orders  as monday, 12 rows
    ");
    insta::assert_snapshot!(steady(&shop.session(program("monday", 12), "assets observe orders --progress none")), @r"
    exit 2
    --- stderr
    error: no asset fits `key:orders`, at column 1
      orders
      ^^^^^^
      hint: did you mean `lake/orders`? keys: lake/orders, many, report
    ");
}
