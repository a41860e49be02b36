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
    insta::assert_snapshot!(shop.session(program("monday", 12), "assets list"), @"");
    insta::assert_snapshot!(shop.session(program("monday", 12), "assets graph"), @"");
    insta::assert_snapshot!(shop.session(program("monday", 12), "assets show orders"), @"");
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
    insta::assert_snapshot!(steady(&shop.session(program("monday", 12), "assets observe --quiet")), @"");
    shop.put(0, &program("monday", 12), &all());
    shop.put(1, &program("monday", 12), &selected("lake/orders"));
    shop.put(2, &program("tuesday", 14), &selected("lake/orders"));
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "assets show orders"), @"");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "assets show many"), @"");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "assets list"), @"");
}

#[test]
fn why_names_the_version_that_was_observed_and_that_of_which_it_was_made() {
    let mut shop = Shop::empty();
    shop.put(0, &program("monday", 12), &all());
    shop.put(1, &program("monday", 12), &selected("lake/orders"));
    insta::assert_snapshot!(shop.session(program("monday", 12), "why report"), @"");
    shop.put(2, &program("tuesday", 14), &selected("lake/orders"));
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "why report"), @"");
}

#[test]
fn what_is_stale_is_found_out_by_looking() {
    let mut shop = Shop::empty();
    shop.put(0, &program("monday", 12), &all());
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "materialize --stale --dry-run"), @"");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "materialize --stale --dry-run report"), @"");
    insta::assert_snapshot!(shop.session(program("tuesday", 14), "materialize --missing"), @"");
    insta::assert_snapshot!(steady(&shop.session(program("monday", 12), "materialize --stale")), @"");
    insta::assert_snapshot!(steady(&shop.session(program("tuesday", 14), "materialize --stale")), @"");
}

#[test]
fn what_cannot_be_observed_is_told() {
    let told = |words: &[&str]| answered(|| Ok(program("monday", 12)), words);
    insta::assert_snapshot!(told(&["assets", "observe", "report+"]), @"");
    insta::assert_snapshot!(told(&["assets", "observe", "order"]), @"");
    let without = || Ok(Definitions::new().assets(assets![orders]));
    insta::assert_snapshot!(answered(without, &["assets", "observe"]), @"");
    let alone = || {
        let lake = Lake { written: "monday", rows: 1 };
        Ok(Definitions::new().assets(assets![orders]).observations(observations![written]).resource(lake))
    };
    insta::assert_snapshot!(answered(alone, &["materialize"]), @"");
    insta::assert_snapshot!(answered(alone, &["check"]), @"");
}
