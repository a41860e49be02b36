//! Days that others observe on the same instance, as the program stands to them that makes them.

use super::*;

mod others {
    use orch::prelude::*;

    use super::Days;

    #[external_asset(partitions = Days)]
    pub(super) fn prices() -> i64;

    /// The program of others, which looks at the prices as often as it likes.
    #[asset_observation(asset = prices)]
    pub(super) async fn labelled(day: &Partition<Days>) -> DataVersion {
        DataVersion::new(format!("of {}", day.key()))
    }
}

/// What the prices are to be worth at least.
#[derive(Clone, Default)]
struct Least(Arc<AtomicI64>);

#[asset(code_version = "1", partitions = Days)]
fn prices(day: &Partition<Days>) -> i64 {
    i64::from(day.window().start.day())
}

#[asset(code_version = "1", trust_resources, partitions = Days)]
fn dearer(prices: i64, least: Res<Least>) -> Result<i64> {
    match least.0.load(Ordering::Relaxed) {
        least if prices < least => Err(Failure::new(format!("{prices} is less than {least}"))),
        _ => Ok(prices * 10),
    }
}

struct Makers {
    storage: Arc<dyn Storage>,
    definitions: Definitions,
    least: Least,
}

impl Makers {
    fn new() -> Self {
        let least = Least::default();
        let definitions = Definitions::new().assets(assets![prices, dearer]).resource(least.clone());
        Self { storage: storage(), definitions, least }
    }

    /// Others look at these days.
    fn observed(&self, days: &str) {
        let others =
            Definitions::new().assets(assets![others::prices]).observations(observations![others::labelled]);
        let job = others.observe_assets(&"*".parse().expect("a selection"));
        others.runner(&job).partition(days).record(&self.storage).run_blocking().expect("it succeeds");
    }

    fn run(&self, selection: &str, days: &str) -> Result<Run, RunError> {
        run((&self.definitions, &self.storage), selection, Some(days))
    }

    /// Makes what is missing of these days.
    fn fill(&self, days: &str) -> Run {
        let job = self.definitions.materialize(&"*".parse().expect("a selection"));
        let runner = self.definitions.runner(&job).only_missing().record(&self.storage).partition(days);
        runner.max_concurrent(1).keep_events().run_blocking().expect("it succeeds")
    }
}

#[test]
fn what_is_made_of_a_day_that_others_have_observed_is_made_of_what_was_made_of_that_day() {
    let makers = Makers::new();
    makers.run("prices", "2024-01-02").expect("it succeeds");
    makers.run("prices", "2024-01-03").expect("it succeeds");
    makers.observed("2024-01-02");
    insta::assert_snapshot!(came_to(&makers.fill("2024-01-02")), @"STEP_SUCCESS dearer 02");
    insta::assert_snapshot!(facts(&makers.storage), @"
    prices[2024-01-02], code 1, data ab13bedf, fact
    prices[2024-01-03], code 1, data e1e0e81d, fact
    prices[2024-01-02], data of 2024-, elsewhere
    dearer[2024-01-02], code 1, data ca9fba29, of prices[2024-01-02] ab13bedf, fact
    ");
}

#[test]
fn a_day_that_others_have_observed_stands_as_it_did_before() {
    let makers = Makers::new();
    makers.run("*", "2024-01-02").expect("it succeeds");
    makers.observed("2024-01-02..2024-01-03");
    let graph = makers.definitions.asset_graph();
    let latest = LatestFacts::read(&*makers.storage, graph).expect("what is known");
    let facts = latest.partitions.values().flatten().map(told).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(facts, @"
    dearer[2024-01-02], code 1, data ca9fba29, of prices[2024-01-02] ab13bedf, fact
    prices[2024-01-02], code 1, data ab13bedf, fact
    ");
    // What was made is as it would be made, and what was only looked at is yet to be made.
    insta::assert_snapshot!(came_to(&makers.run("*", "2024-01-02").expect("it succeeds")), @"
    STEP_MEMOIZED dearer 02
    STEP_MEMOIZED prices 02
    ");
    insta::assert_snapshot!(came_to(&makers.fill("2024-01-02..2024-01-03")), @"
    STEP_SUCCESS dearer 03
    STEP_SUCCESS prices 03
    ");
}

#[test]
fn a_run_that_goes_on_after_a_failure_takes_nothing_of_what_others_have_observed_since() {
    let makers = Makers::new();
    makers.run("prices", "2024-01-03").expect("it succeeds");
    makers.least.0.store(10, Ordering::Relaxed);
    let failed = makers.run("*", "2024-01-02").expect_err("it is too little");
    makers.run("prices", "2024-01-04").expect("it succeeds");
    makers.observed("2024-01-02");
    makers.least.0.store(0, Ordering::Relaxed);
    let run = failed.run().expect("it began").id();
    let again = makers.definitions.rerun(&makers.storage, run, Rerun::FromFailure).expect("it is known");
    let again = again.max_concurrent(1).keep_events().run_blocking().expect("it succeeds");
    insta::assert_snapshot!(came_to(&again), @"STEP_SUCCESS dearer 02");
    insta::assert_snapshot!(facts(&makers.storage), @"
    prices[2024-01-03], code 1, data e1e0e81d, fact
    prices[2024-01-02], code 1, data ab13bedf, fact
    prices[2024-01-04], code 1, data 0c389a74, fact
    prices[2024-01-02], data of 2024-, elsewhere
    dearer[2024-01-02], code 1, data ca9fba29, of prices[2024-01-02] ab13bedf, fact
    ");
}
