//! Days that another program makes on the same instance.

use super::*;

mod others {
    use orch::prelude::*;

    use super::Days;

    /// The program of the others, on the same instance.
    #[asset]
    pub(super) fn prices(day: &Partition<Days>) -> i64 {
        i64::from(day.window().start.day())
    }
}

#[external_asset(partitions = Days)]
fn prices() -> i64;

#[asset_observation(asset = prices)]
async fn labelled(day: &Partition<Days>) -> WithMetadata<DataVersion> {
    WithMetadata::new(DataVersion::new(format!("of {}", day.key()))).metadata("pages", 3)
}

#[asset(partitions = Days)]
fn dearer(prices: i64) -> i64 {
    prices + 1
}

#[test]
fn days_that_others_make_on_the_instance_are_taken_as_they_made_them_and_known_as_they_were_observed() {
    let storage = storage();
    let theirs = Definitions::new().assets(assets![others::prices]);
    run((&theirs, &storage), "*", Some("2024-01-02")).expect("it succeeds");
    let ours = Definitions::new().assets(assets![prices, dearer]).observations(observations![labelled]);
    run((&ours, &storage), "*", Some("2024-01-02")).expect("it succeeds");
    run((&ours, &storage), "dearer", Some("2024-01-02")).expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @"
    prices[2024-01-02], data ab13bedf, fact
    prices[2024-01-02], data of 2024-, pages: Int(3), elsewhere
    dearer[2024-01-02], data e1e0e81d, of prices[2024-01-02] of 2024-, fact
    ");
    insta::assert_snapshot!(run((&ours, &storage), "*", Some("2024-01-02..2024-01-03")).expect_err("nobody made it"), @"
    the job `materialize` cannot be planned
    error: `dearer` is made of partitions of `prices` that were never materialized: 2024-01-03
      --> tests/it/assets/observed/by_day/elsewhere.rs:26 (is made of it)
      --> tests/it/assets/observed/by_day/elsewhere.rs:18 (the asset)
      hint: have the program that makes them run on this instance, or take it as an `Option`: `prices: Option<..>`
    ");
    // That one was observed is no value of it.
    let job = ours.observe_assets(&"*".parse().expect("a selection"));
    ours.runner(&job).partition("2024-01-03").record(&storage).run_blocking().expect("it succeeds");
    insta::assert_snapshot!(run((&ours, &storage), "dearer", Some("2024-01-03")).expect_err("nobody made it"), @"
    the job `materialize` cannot be planned
    error: `dearer` is made of partitions of `prices` that were never materialized: 2024-01-03
      --> tests/it/assets/observed/by_day/elsewhere.rs:26 (is made of it)
      --> tests/it/assets/observed/by_day/elsewhere.rs:18 (the asset)
      hint: have the program that makes them run on this instance, or take it as an `Option`: `prices: Option<..>`
    ");
}

#[asset(code_version = "1", partitions = Days)]
fn perhaps_dearer(prices: Option<i64>) -> i64 {
    prices.unwrap_or_default() + 1
}

#[test]
fn what_does_without_a_day_is_made_of_none_until_others_have_made_it_here() {
    let storage = storage();
    let ours =
        Definitions::new().assets(assets![prices, perhaps_dearer]).observations(observations![labelled]);
    let of = |selection: &str| {
        came_to(&run((&ours, &storage), selection, Some("2024-01-03")).expect("it succeeds"))
    };
    insta::assert_snapshot!(of("*"), @"
    STEP_SUCCESS perhaps_dearer 03
    STEP_SUCCESS prices.labelled 03
    ");
    // By itself it is made of as little, and is as it would be made, whichever version is observed.
    insta::assert_snapshot!(of("perhaps_dearer"), @"STEP_MEMOIZED perhaps_dearer 03");
    insta::assert_snapshot!(facts(&storage), @"
    prices[2024-01-03], data of 2024-, pages: Int(3), elsewhere
    perhaps_dearer[2024-01-03], code 1, data 48fc721f, of prices[] 9993fcc3, fact
    ");
    assert_eq!(standing(&ours, &storage), "");
    // When others make it on the instance, there is a value.
    let theirs = Definitions::new().assets(assets![others::prices]);
    run((&theirs, &storage), "*", Some("2024-01-03")).expect("it succeeds");
    assert_eq!(standing(&ours, &storage), "2024-01-03");
    insta::assert_snapshot!(of("perhaps_dearer"), @"STEP_SUCCESS perhaps_dearer 03");
    insta::assert_snapshot!(facts(&storage), @"
    prices[2024-01-03], data of 2024-, pages: Int(3), elsewhere
    perhaps_dearer[2024-01-03], code 1, data 48fc721f, of prices[] 9993fcc3, fact
    prices[2024-01-03], data e1e0e81d, fact
    perhaps_dearer[2024-01-03], code 1, data 0c389a74, of prices[2024-01-03] e1e0e81d, fact
    ");
}

#[test]
fn a_value_that_others_make_counts_also_if_its_version_was_observed_before() {
    let storage = storage();
    let ours =
        Definitions::new().assets(assets![prices, perhaps_dearer]).observations(observations![labelled]);
    let of = |days: &str| came_to(&run((&ours, &storage), "*", Some(days)).expect("it succeeds"));
    of("2024-01-03..2024-01-04");
    let theirs = Definitions::new().assets(assets![others::prices]);
    run((&theirs, &storage), "*", Some("2024-01-03")).expect("it succeeds");
    let job = ours.observe_assets(&"*".parse().expect("a selection"));
    ours.runner(&job).partition("2024-01-03").record(&storage).run_blocking().expect("it succeeds");
    assert_eq!(standing(&ours, &storage), "2024-01-03");
    insta::assert_snapshot!(of("2024-01-03..2024-01-04"), @"
    STEP_MEMOIZED perhaps_dearer 04
    STEP_SUCCESS perhaps_dearer 03
    STEP_SUCCESS prices.labelled 03 04
    ");
    assert_eq!(standing(&ours, &storage), "");
}

/// The days of which `perhaps_dearer` would come out otherwise.
fn standing(ours: &Definitions, storage: &Arc<dyn Storage>) -> String {
    let job = ours.materialize(&"*".parse().expect("a selection"));
    let recipes = ours.runner(&job).recipes().expect("recipes");
    let standings = standings(ours, recipes, storage);
    let partitions = standings.partitions(&"perhaps_dearer".parse().expect("a key")).expect("it has some");
    partitions.keyspace().show(&partitions.stale())
}
