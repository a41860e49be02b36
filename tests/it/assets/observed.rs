//! What others make and this program observes: which version of it there is, what is made anew for it, and what is not.

mod by_day;
mod mistakes;
mod not_there;

use std::sync::atomic::{AtomicI64, Ordering};

use orch::io::{IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::run::{Rerun, Standing};

use super::memo::standings;
use super::*;

/// Where others put their orders, and what they have put there.
#[derive(Clone, Default)]
struct Lake(Arc<AtomicI64>);

impl Lake {
    fn put(&self, orders: i64) {
        self.0.store(orders, Ordering::Relaxed);
    }

    fn orders(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl IoManager<i64> for Lake {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Err(Failure::new("others fill the lake"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64> {
        Ok(self.orders())
    }
}

/// Orders, which others make.
#[external_asset(io = "lake")]
fn raw_orders() -> i64;

/// How many there are.
#[asset_observation(asset = raw_orders)]
fn counted(lake: Res<Lake>, context: Context) -> Result<DataVersion> {
    context.add_metadata("orders", lake.orders());
    match lake.orders() {
        orders @ 0.. => Ok(DataVersion::new(orders)),
        _ => Err(Failure::new("the lake is frozen")),
    }
}

/// Whether there are many orders.
#[asset(code_version = "1")]
fn orders(raw_orders: i64) -> bool {
    raw_orders > 10
}

#[asset(code_version = "1")]
fn report(orders: bool) -> String {
    format!("many orders: {orders}")
}

fn shop(lake: &Lake) -> Definitions {
    Definitions::new()
        .assets(assets![raw_orders, orders, report])
        .observations(observations![counted])
        .io::<i64>("lake", lake.clone())
        .resource(lake.clone())
}

/// Looks at what a selection says, and makes nothing.
fn observe(definitions: &Definitions, storage: &Arc<dyn Storage>, selection: &str) -> Result<Run, RunError> {
    let job = definitions.observe_assets(&selection.parse().expect("a selection"));
    definitions.runner(&job).record(storage).keep_outputs().keep_events().run_blocking()
}

/// What happened in a run of a selection that passes over what would come out the same.
fn memoized(definitions: &Definitions, storage: &Arc<dyn Storage>, selection: &str) -> String {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).memoize().record(storage).keep_outputs().keep_events();
    let run = runner.max_concurrent(1).run_blocking().expect("it succeeds");
    let of_steps = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        matches!(event.kind.name(), "STEP_SUCCESS" | "STEP_MEMOIZED")
            .then(|| format!("{} {step}", event.kind.name()))
    });
    of_steps.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_observes_what_is_selected_before_it_takes_it() {
    let (lake, storage) = (Lake::default(), storage());
    lake.put(12);
    let definitions = shop(&lake);
    insta::assert_snapshot!(definitions.materialize(&"*".parse().expect("a selection")).plan(), @r"
    job materialize
      depth_first, as many at once as processors
    raw_orders.counted() -> DataVersion
      | observes asset raw_orders
      | resources Lake
    raw_orders() -> i64
      | loads asset raw_orders, which others make
      | after raw_orders.counted
      | io lake
    orders(raw_orders: i64 <- raw_orders) -> bool
      | makes asset orders
      | after raw_orders.counted
      | code version 1
    report(orders: bool <- orders) -> String
      | makes asset report
      | code version 1
    ");
    let run = materialize(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(orch::report::story(run.events()), @r"
    RUN_START materialize
    STEP_START raw_orders.counted
    STEP_OUTPUT raw_orders.counted result
    ASSET_OBSERVATION raw_orders.counted raw_orders 12
    STEP_SUCCESS raw_orders.counted
    STEP_START orders
    STEP_INPUT orders raw_orders
    STEP_OUTPUT orders result
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    STEP_START report
    STEP_INPUT report orders
    STEP_OUTPUT report result
    ASSET_MATERIALIZATION report report
    STEP_SUCCESS report
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(facts(&storage), @r"
    raw_orders, data 12, orders: Int(12), elsewhere
    orders, code 1, data 189a74b3, of raw_orders 12, fact
    report, code 1, data 5a38d8fa, of orders 189a74b3, fact
    ");
}

#[test]
fn the_same_version_leaves_alone_what_is_made_of_it() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    lake.put(12);
    insta::assert_snapshot!(memoized(&definitions, &storage, "*"), @r"
    STEP_SUCCESS raw_orders.counted
    STEP_SUCCESS orders
    STEP_SUCCESS report
    ");
    insta::assert_snapshot!(memoized(&definitions, &storage, "*"), @r"
    STEP_SUCCESS raw_orders.counted
    STEP_MEMOIZED orders
    STEP_MEMOIZED report
    ");
    // With another version `orders` is made anew; that it comes out as it was leaves the report alone.
    lake.put(13);
    insta::assert_snapshot!(memoized(&definitions, &storage, "*"), @r"
    STEP_SUCCESS raw_orders.counted
    STEP_SUCCESS orders
    STEP_MEMOIZED report
    ");
    lake.put(3);
    insta::assert_snapshot!(memoized(&definitions, &storage, "*"), @r"
    STEP_SUCCESS raw_orders.counted
    STEP_SUCCESS orders
    STEP_SUCCESS report
    ");
    insta::assert_snapshot!(facts(&storage), @r"
    raw_orders, data 12, orders: Int(12), elsewhere
    orders, code 1, data 189a74b3, of raw_orders 12, fact
    report, code 1, data 5a38d8fa, of orders 189a74b3, fact
    raw_orders, data 12, orders: Int(12), elsewhere
    raw_orders, data 13, orders: Int(13), elsewhere
    orders, code 1, data 189a74b3, of raw_orders 13, fact
    raw_orders, data 3, orders: Int(3), elsewhere
    orders, code 1, data c3394925, of raw_orders 3, fact
    report, code 1, data 717dea6c, of orders c3394925, fact
    ");
}

#[test]
fn what_is_not_selected_is_taken_as_it_was_observed_last() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    lake.put(12);
    let observed = observe(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(orch::report::story(observed.events()), @r"
    RUN_START observe_assets
    STEP_START raw_orders.counted
    STEP_OUTPUT raw_orders.counted result
    ASSET_OBSERVATION raw_orders.counted raw_orders 12
    STEP_SUCCESS raw_orders.counted
    RUN_SUCCESS
    ");
    // What the lake has now nobody has looked at.
    lake.put(13);
    let run = materialize(&definitions, &storage, "orders").expect("it succeeds");
    assert_eq!(ran(&run), ["orders"]);
    insta::assert_snapshot!(facts(&storage), @r"
    raw_orders, data 12, orders: Int(12), elsewhere
    orders, code 1, data 189a74b3, of raw_orders 12, fact
    ");
    let latest = MaterializationQuery::latest(&"orders".parse().expect("a key"));
    let input = storage.materializations(&latest).expect("what is known").remove(0).inputs.remove(0);
    assert_eq!(input.run, Some(observed.id()), "the run that looked");
}

#[test]
fn what_is_stale_is_known_when_it_was_observed() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    let stands = || {
        let job = definitions.materialize(&"*".parse().expect("all"));
        let recipes = definitions.runner(&job).recipes().expect("what assets depend on");
        let standings = standings(&definitions, recipes, &storage);
        let of = |asset: &str| match standings.get(&asset.parse().expect("a key")).expect("an asset") {
            Standing::Stale(difference) => format!("{asset}: {:?}", difference.change),
            standing => format!("{asset}: {standing:?}"),
        };
        format!("{}\n{}", of("orders"), of("report"))
    };
    lake.put(12);
    materialize(&definitions, &storage, "orders+").expect("it succeeds");
    insta::assert_snapshot!(stands(), @r#"
    orders: Unknown
    report: Behind(AssetKey("orders"))
    "#);
    observe(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(stands(), @r#"
    orders: WasUnknown
    report: Behind(AssetKey("orders"))
    "#);
    materialize(&definitions, &storage, "orders+").expect("it succeeds");
    insta::assert_snapshot!(stands(), @r"
    orders: Fresh
    report: Fresh
    ");
    // Observed again as it was, nothing is stale.
    observe(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(stands(), @r"
    orders: Fresh
    report: Fresh
    ");
    lake.put(13);
    insta::assert_snapshot!(stands(), @r"
    orders: Fresh
    report: Fresh
    ");
    observe(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(stands(), @r#"
    orders: Other { before: "12", now: "13" }
    report: Behind(AssetKey("orders"))
    "#);
}

#[test]
fn of_what_could_not_be_observed_nothing_is_made() {
    let (lake, storage) = (Lake::default(), storage());
    lake.put(-1);
    let error = materialize(&shop(&lake), &storage, "*").expect_err("the lake is frozen");
    insta::assert_snapshot!(orch::report::story(error.run().expect("it began").events()), @"
    RUN_START materialize
    STEP_START raw_orders.counted
    ASSET_FAILED_TO_MATERIALIZE raw_orders.counted raw_orders, to be observed
    STEP_FAILURE raw_orders.counted the lake is frozen
    STEP_SKIPPED orders: raw_orders.counted failed
    STEP_SKIPPED report: raw_orders.counted failed
    RUN_FAILURE 1 step failed, the first is raw_orders.counted
    ");
    insta::assert_snapshot!(facts(&storage), @"");
}

/// Takes no value of the orders, and reads them by itself.
#[asset(deps = [raw_orders])]
fn size(lake: Res<Lake>) -> i64 {
    lake.orders()
}

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-03").into()
    }
}

/// Of each day, how many orders there are for it.
#[asset]
fn daily(raw_orders: i64, day: &Partition<Daily>) -> i64 {
    raw_orders / i64::from(day.window().start.day())
}

/// Reads the orders as their IO manager has them.
#[asset]
fn text(#[stored] raw_orders: String) -> String {
    raw_orders
}

impl IoManager<String> for Lake {
    fn store(&self, _: &OutputAt<'_>, _: &String) -> Result<Metadata> {
        Err(Failure::new("others fill the lake"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<String> {
        Ok(format!("{} orders", self.orders()))
    }
}

#[test]
fn whatever_depends_on_it_waits_for_the_observation() {
    let (lake, storage) = (Lake::default(), storage());
    lake.put(12);
    let definitions = shop(&lake).assets(assets![size, daily, text]).io::<String>("lake", lake.clone());
    let selection = "raw_orders or size or daily or text".parse().expect("a selection");
    let job = definitions.materialize(&selection);
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    raw_orders.counted() -> DataVersion
      | observes asset raw_orders
      | resources Lake
    raw_orders() -> i64
      | loads asset raw_orders, which others make
      | after raw_orders.counted
      | io lake
    size() -> i64
      | makes asset size
      | after raw_orders.counted
      | resources Lake
    daily_partitions() -> dynamic Partition<Daily>
    map daily_partitions
        daily(raw_orders: i64 <- raw_orders, day: &Partition<Daily> <- each daily_partitions) -> i64
          | makes asset daily
          | after raw_orders.counted
    read_raw_orders() -> String
      | reads asset raw_orders by io lake
      | after raw_orders, raw_orders.counted
    text(raw_orders: String <- read_raw_orders) -> String
      | makes asset text
      | after raw_orders.counted
    ");
    let runner = definitions.runner(&job).partition("*").record(&storage);
    runner.max_concurrent(1).run_blocking().expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @r"
    raw_orders, data 12, orders: Int(12), elsewhere
    text, data f99207e3, of raw_orders 12, fact
    size, data b76ffa77, of raw_orders 12, fact
    daily[2024-01-01], data b76ffa77, of raw_orders 12, fact
    daily[2024-01-02], data 1c310b6b, of raw_orders 12, fact
    ");
}

/// Of all days.
#[asset]
fn all_days(#[mapped(PartitionMapping::all().allow_missing())] daily: &Partitions<i64>) -> i64 {
    daily.values().sum()
}

/// Is to come after all days, and reads nothing of them.
#[asset(deps = [daily, report])]
fn letter() -> i64 {
    1
}

#[test]
fn what_reads_partitions_that_depend_on_it_is_skipped_as_they_are() {
    let (lake, storage) = (Lake::default(), storage());
    lake.put(-1);
    let definitions = shop(&lake).assets(assets![daily, all_days, letter]);
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let runner = definitions.runner(&job).partition("*").record(&storage).keep_events().max_concurrent(1);
    let error = runner.run_blocking().expect_err("the lake is frozen");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `raw_orders.counted`: the lake is frozen
    ");
    let of_steps =
        error.run().expect("it began").events().iter().filter(|event| event.kind.name() == "STEP_SKIPPED");
    let skipped: Vec<_> = of_steps.filter_map(|event| Some(event.step.as_ref()?.to_string())).collect();
    insta::assert_snapshot!(skipped.join(" "), @"orders report daily[2024-01-01] daily[2024-01-02] read_daily letter all_days");
    // What it knows of earlier is no reason to make anything of the rest.
    lake.put(12);
    let rerun = definitions.rerun(&storage, error.run().expect("it began").id(), Rerun::FromFailure);
    rerun.expect("it failed").run_blocking().expect("the lake has thawed");
}

mod others {
    use orch::prelude::*;

    /// The program of the others, on the same instance.
    #[asset]
    pub(super) fn prices() -> Vec<i64> {
        vec![3, 5]
    }
}

#[external_asset]
fn prices() -> Vec<i64>;

#[derive(Config)]
struct Label {
    text: String,
}

/// Says more of the data than its version.
#[asset_observation(asset = prices, name = "labelled")]
async fn label(label: Config<Label>) -> WithMetadata<DataVersion> {
    WithMetadata::new(DataVersion::new(&label.text)).metadata("length", label.text.len())
}

#[asset]
fn most(prices: &[i64]) -> i64 {
    prices.iter().copied().max().unwrap_or_default()
}

#[test]
fn what_others_make_on_the_instance_is_taken_as_they_made_it_and_known_as_it_was_observed() {
    let storage = storage();
    let theirs = Definitions::new().assets(assets![others::prices]);
    materialize(&theirs, &storage, "*").expect("it succeeds");
    let ours = Definitions::new().assets(assets![prices, most]).observations(observations![label]);
    let looks = ours.runner(&ours.observe_assets(&"prices".parse().expect("a selection")));
    let looks = looks.config(RunConfig::new().set("ops.prices.ops.labelled.config.text=spring"));
    looks.record(&storage).run_blocking().expect("it succeeds");
    let run = materialize(&ours, &storage, "most").expect("it succeeds");
    assert_eq!(*run.output::<most>(), 5);
    insta::assert_snapshot!(facts(&storage), @r"
    prices, data 77f8d919, fact
    prices, data spring, length: Int(6), elsewhere
    most, data 84cb40e7, of prices spring, fact
    ");
    let made = MaterializationQuery { observed: Some(false), ..MaterializationQuery::default() };
    let made = storage.materializations(&made).expect("what is known");
    assert_eq!(made.iter().map(|fact| fact.asset.as_str()).collect::<Vec<_>>(), ["most", "prices"]);
}

#[test]
fn a_rerun_goes_on_with_what_was_observed() {
    let (lake, storage) = (Lake::default(), storage());
    lake.put(12);
    let failing = Definitions::new()
        .assets(assets![raw_orders, orders, failing::report])
        .observations(observations![counted])
        .io::<i64>("lake", lake.clone())
        .resource(lake.clone());
    let error = materialize(&failing, &storage, "*").expect_err("the report fails");
    let failed = error.run().expect("it began").id();
    lake.put(3);
    let runner = shop(&lake).rerun(&storage, failed, Rerun::FromFailure).expect("it can go on");
    let run = runner.keep_events().keep_outputs().run_blocking().expect("it succeeds");
    assert_eq!(ran(&run), ["report"]);
    insta::assert_snapshot!(facts(&storage), @r"
    raw_orders, data 12, orders: Int(12), elsewhere
    orders, code 1, data 189a74b3, of raw_orders 12, fact
    report, code 1, data 5a38d8fa, of orders 189a74b3, fact
    ");
}

mod failing {
    use orch::prelude::*;

    use super::orders;

    #[asset(code_version = "1")]
    pub(super) fn report(orders: bool) -> Result<String> {
        Err(Failure::new(format!("no paper for {orders}")))
    }
}
