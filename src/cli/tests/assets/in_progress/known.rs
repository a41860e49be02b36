//! What runs under way have made, and what blocking checks had refused before them.

use orch::partition::KeySets;
use orch_core::asset::AssetKey;
use orch_core::run::InProgress;
use orch_core::storage::{Memory, Storage};

use super::*;

#[test]
fn what_the_log_tells_is_in_progress_until_it_is_known_of_the_asset() {
    let days = Daily::definition().resolve(&KeySets::new()).expect("days");
    let key = |name: &str| -> AssetKey { name.parse().expect("a key") };
    let told = |kept: &Shop, known: &dyn Storage| {
        let found = InProgress::read(kept.storage(), known).expect("a run");
        let of = |name: &str| days.show(&found.partitions(&key(name), &days));
        let whole = found.run(&key("worst"), None).map_or("", |_| "worst");
        format!("visits {}; errors {}; {whole}", of("visits"), of("errors"))
    };
    let mut kept = Shop::empty();
    let run = makes(&kept, "2024-01-05..2024-01-06");
    let under_way = kept.begin(1, run, |event| {
        matches!(&event.kind, EventKind::AssetMaterialization { asset, .. } if asset.name() == "worst")
    });
    assert_eq!(
        told(&kept, &Memory::new()),
        "visits 2024-01-05..2024-01-06; errors 2024-01-05..2024-01-06; worst"
    );
    assert_eq!(told(&kept, kept.storage()), "visits ; errors ; ");
    drop(under_way);
    let run = makes(&kept, "2024-01-04");
    let failed = |event: &Event| matches!(event.kind, EventKind::AssetFailedToMaterialize { .. });
    let _under_way = kept.begin(2, run, failed);
    assert_eq!(told(&kept, &Memory::new()), "visits 2024-01-04; errors 2024-01-04; worst");
    assert_eq!(told(&kept, kept.storage()), "visits ; errors ; worst");
}

#[test]
fn what_was_there_before_is_in_progress_until_it_is_known_that_it_was_made_anew() {
    let days = Daily::definition().resolve(&KeySets::new()).expect("days");
    let key = "visits".parse().expect("a key");
    let of_two_days = |runner: Runner| runner.partition("2024-01-05..2024-01-06");
    let mut kept = Shop::empty();
    kept.put_with(1, &site(), &all(), of_two_days);
    let mut before = Shop::empty();
    before.put_with(1, &site(), &all(), of_two_days);
    let run = makes(&kept, "2024-01-05..2024-01-06");
    let _under_way = kept.begin(2, run, |event| {
        matches!(&event.kind, EventKind::AssetMaterialization { asset, .. } if asset.name() == "worst")
    });
    let told = |known: &dyn Storage| {
        let found = InProgress::read(kept.storage(), known).expect("a run");
        days.show(&found.partitions(&key, &days))
    };
    assert_eq!(told(before.storage()), "2024-01-05..2024-01-06");
    assert_eq!(told(kept.storage()), "");
}

#[asset_check(asset = visits, blocking)]
fn plausible(visits: i64) -> CheckResult {
    CheckResult::expect(visits != 40, "40 is what the site says when it is off")
}

#[test]
fn what_was_refused_is_made_anew_by_what_goes_on_from_there() {
    let site = || site().checks(checks![plausible]);
    let mut kept = Shop::empty();
    kept.put_failing(1, &site(), &all(), |runner| runner.partition("2024-01-03..2024-01-05"));
    let again = site().rerun(kept.raw(), run_id(1), Rerun::FromFailure).expect("it has failed");
    let _under_way = kept.begin(2, again, |event| matches!(event.kind, EventKind::RunStart { .. }));
    insta::assert_snapshot!(states(&kept, "visits"), @r"
    materialized  2      2024-01-03, 2024-01-05
    in progress   1      2024-01-04
    failed        0
    missing       6      2024-01-01..2024-01-02, 2024-01-06..2024-01-09
    of those in progress or failed, 1 was materialized before: 2024-01-04
    ");
    insta::assert_snapshot!(states(&kept, "errors"), @r"
    materialized  2      2024-01-03, 2024-01-05
    in progress   1      2024-01-04
    failed        0
    missing       6      2024-01-01..2024-01-02, 2024-01-06..2024-01-09
    ");
}
