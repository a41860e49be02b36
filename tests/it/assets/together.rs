//! Partitions, checks and what is passed over, in runs that go on and beside each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use orch::asset::MaterializationQuery;
use orch::config::EnvVars;
use orch::define::{Executor, JobOptions};
use orch::io::{IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::run::{Rerun, Run, RunError};
use orch::storage::Storage;

use super::{facts, ran, storage};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").into()
    }
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    selection: &str,
    partition: &str,
) -> Result<Run, RunError> {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).record(storage).partition(partition);
    runner.keep_outputs().keep_events().max_concurrent(1).run_blocking()
}

fn go_on(definitions: &Definitions, storage: &Arc<dyn Storage>, failed: &RunError) -> Result<Run, RunError> {
    let run = failed.run().expect("it ran").id();
    let runner = definitions.rerun(storage, run, Rerun::FromFailure).expect("it failed");
    runner.keep_outputs().keep_events().max_concurrent(1).run_blocking()
}

/// What is known, in the order of the text.
fn sorted(storage: &Arc<dyn Storage>) -> String {
    let facts = facts(storage);
    let mut lines: Vec<_> = facts.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    lines.join("\n")
}

#[asset]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Fails on the second day while the shop is closed.
#[asset(partitions = Daily)]
fn counted(day: &Partition<Daily>, sold: &i64) -> Result<i64> {
    match day.key().as_str() {
        "2024-01-02" if CLOSED.load(Ordering::Relaxed) => Err(Failure::new("the shop is closed")),
        _ => Ok(sold * 10),
    }
}

#[asset]
fn sum(#[mapped(PartitionMapping::all().allow_missing())] counted: &Partitions<i64>) -> i64 {
    counted.values().sum()
}

#[test]
fn what_waits_for_all_partitions_waits_for_those_that_are_made_anew() {
    let (definitions, storage) = (Definitions::new().assets(assets![sold, counted, sum]), storage());
    CLOSED.store(true, Ordering::Relaxed);
    let failed = materialize(&definitions, &storage, "*", "2024-01-01..2024-01-03").expect_err("a day fails");
    CLOSED.store(false, Ordering::Relaxed);
    let run = go_on(&definitions, &storage, &failed).expect("the shop is open");
    insta::assert_snapshot!(ran(&run).join("\n"), @r"
    counted[2024-01-02]
    all_daily_partitions
    read_counted
    sum
    ");
    assert_eq!(*run.output::<sum>(), 60);
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2023-12-31").into()
    }
}

static STORM: AtomicBool = AtomicBool::new(false);

/// Fails on the tenth while there is a storm.
#[asset]
fn landed(day: &Partition<Daily>) -> Result<i64> {
    match day.key().as_str() {
        "2024-01-10" if STORM.load(Ordering::Relaxed) => Err(Failure::new("there is a storm")),
        _ => Ok(1),
    }
}

#[asset]
fn week(
    _week: &Partition<Weekly>,
    #[mapped(PartitionMapping::time_window(0, 0).allow_missing())] landed: &Partitions<i64>,
) -> i64 {
    landed.values().sum()
}

/// Of each week with the one before.
#[asset(partitions = Weekly)]
fn both_weeks(#[mapped(PartitionMapping::time_window(-1, 0).allow_missing())] week: &Partitions<i64>) -> i64 {
    week.values().sum()
}

/// It is told when all have landed, and takes none of it.
#[asset(deps = [landed])]
fn bell() -> i64 {
    1
}

#[test]
fn of_what_takes_other_partitions_only_that_is_made_anew_which_takes_one_that_is() {
    let definitions = Definitions::new().assets(assets![landed, week, both_weeks, bell]);
    let storage = storage();
    STORM.store(true, Ordering::Relaxed);
    let days = "2024-01-01..2024-01-27";
    let failed = materialize(&definitions, &storage, "*", days).expect_err("a day fails");
    insta::assert_snapshot!(failed, @r"
    the run of `materialize` failed: 1 step
    `landed[2024-01-10]`: there is a storm
    ");
    STORM.store(false, Ordering::Relaxed);
    let run = go_on(&definitions, &storage, &failed).expect("it is calm");
    insta::assert_snapshot!(ran(&run).join("\n"), @r"
    landed[2024-01-10]
    all_daily_partitions
    bell
    read_landed[2024-01-07]
    week[2024-01-07]
    all_weekly_partitions
    read_week[2024-01-07]
    both_weeks[2024-01-07]
    read_week[2024-01-14]
    both_weeks[2024-01-14]
    ");
    let sums = run.outputs::<both_weeks>().map(|(path, sum)| format!("{path} {sum}")).collect::<Vec<_>>();
    insta::assert_snapshot!(sums.join("\n"), @r"
    both_weeks[2024-01-07] 13
    both_weeks[2024-01-14] 14
    ");
}

static BROKEN: AtomicBool = AtomicBool::new(false);

/// What came of the day before alone.
#[asset(partitions = Daily)]
fn yesterday(
    #[from(sold)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> Result<i64> {
    if BROKEN.load(Ordering::Relaxed) {
        return Err(Failure::new("broken"));
    }
    Ok(before.values().sum())
}

#[test]
fn a_run_that_goes_on_takes_what_it_made_and_tells_of_nothing_else() {
    let (definitions, undisturbed) = (Definitions::new().assets(assets![sold, yesterday]), storage());
    let days = "2024-01-01..2024-01-02";
    materialize(&definitions, &undisturbed, "*", days).expect("it succeeds");
    insta::assert_snapshot!(sorted(&undisturbed), @r"
    sold[2024-01-01], data 48fc721f, fact
    sold[2024-01-02], data ab13bedf, fact
    yesterday[2024-01-01], data 2d3adedf, of sold[] 9993fcc3, fact
    yesterday[2024-01-02], data 48fc721f, of sold[2024-01-01] 48fc721f, fact
    ");
    let storage = storage();
    BROKEN.store(true, Ordering::Relaxed);
    let failed = materialize(&definitions, &storage, "*", days).expect_err("it is broken");
    BROKEN.store(false, Ordering::Relaxed);
    // Meanwhile another run makes one of the days, which changes nothing for this one.
    materialize(&definitions, &storage, "sold", "2024-01-01").expect("it succeeds");
    go_on(&definitions, &storage, &failed).expect("it is mended");
    assert_eq!(sorted(&storage), sorted(&undisturbed));
}

static UNREADY: AtomicBool = AtomicBool::new(false);

#[asset]
fn unit() -> usize {
    UNIT.fetch_add(9, Ordering::Relaxed)
}

static UNIT: AtomicUsize = AtomicUsize::new(1);

#[asset]
fn ready(
    #[mapped(PartitionMapping::all().allow_missing())] sold: &Partitions<i64>,
    unit: usize,
) -> Result<usize> {
    if UNREADY.load(Ordering::Relaxed) { Err(Failure::new("not ready")) } else { Ok(sold.len() * unit) }
}

#[test]
fn a_rerun_takes_of_others_what_there_is_now() {
    let (definitions, storage) = (Definitions::new().assets(assets![sold, unit, ready]), storage());
    materialize(&definitions, &storage, "sold", "2024-01-01..2024-01-02").expect("it succeeds");
    let alone = |asset: &str| {
        let job = definitions.materialize(&asset.parse().expect("a selection"));
        definitions.runner(&job).record(&storage).run_blocking()
    };
    alone("unit").expect("it succeeds");
    UNREADY.store(true, Ordering::Relaxed);
    let failed = alone("ready").expect_err("it is not ready");
    UNREADY.store(false, Ordering::Relaxed);
    materialize(&definitions, &storage, "sold", "2024-01-03").expect("it succeeds");
    let run = go_on(&definitions, &storage, &failed).expect("it is ready");
    assert_eq!(*run.output::<ready>(), 3, "three days, times one");
    alone("unit").expect("it succeeds");
    let anew = definitions.rerun(&storage, run.id(), Rerun::All).expect("it is there").keep_outputs();
    assert_eq!(*anew.run_blocking().expect("it is ready").output::<ready>(), 30, "times ten");
    let query = MaterializationQuery::latest(&"ready".parse().expect("a key"));
    let latest = storage.materializations(&query).expect("it is known").remove(0);
    let of: Vec<_> = latest.inputs.iter().map(|input| input.asset.to_string()).collect();
    assert_eq!(of, ["sold", "unit"]);
}

#[test]
fn steps_of_partitions_are_not_selected_one_by_one() {
    let (definitions, storage) = (Definitions::new().assets(assets![sold, yesterday]), storage());
    let run = materialize(&definitions, &storage, "sold", "2024-01-01..2024-01-03").expect("it succeeds");
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let part = definitions.runner(&job).record(&storage).select("yesterday".parse().expect("a selection"));
    let refused = part.partition("2024-01-01").run_blocking().expect_err("a part of it");
    insta::assert_snapshot!(refused, @r"
    the job `materialize` cannot be planned
    error: steps are selected, or given inputs, of a job that makes partitions of `sold`
      hint: select assets in place of steps, and partitions of them: `materialize sold --partition ..`; of a run that failed, `rerun RUN --from-failure`
    ");
    let part = definitions.rerun(&storage, run.id(), Rerun::Select("sold".parse().expect("a selection")));
    let refused = part.expect("it is there").run_blocking().expect_err("a part of it").to_string();
    assert!(refused.contains("select assets in place of steps"), "{refused}");
}

#[asset]
fn price() -> i64 {
    -1
}

#[asset_check(asset = price, blocking)]
fn positive(price: i64) -> bool {
    price > 0
}

#[asset(partitions = Daily)]
fn revenue(sold: &i64, price: &i64) -> i64 {
    sold * price
}

#[test]
fn a_blocking_check_holds_back_partitions_that_are_made_of_its_asset_and_no_others() {
    for assets in [assets![sold, price, revenue], assets![price, revenue, sold]] {
        let (definitions, storage) = (Definitions::new().assets(assets).checks(checks![positive]), storage());
        materialize(&definitions, &storage, "*", "2024-01-01").expect_err("the price is negative");
        insta::allow_duplicates! {
            insta::assert_snapshot!(sorted(&storage), @r"
            price, data 99d44d37, fact
            sold[2024-01-01], data 48fc721f, fact
            ");
        }
    }
}

static ROWS: AtomicI64 = AtomicI64::new(100);

#[asset(code_version = "1", env = "SOURCE")]
fn rows() -> i64 {
    ROWS.load(Ordering::Relaxed)
}

/// Compares with what it found the last time of another materialization.
#[asset_check(asset = rows, blocking)]
fn steady(rows: i64, context: Context) -> Result<CheckResult> {
    let before = context.earlier_evaluations(1)?;
    let before = before.first().and_then(|found| found.result.metadata.get("rows")?.number());
    let is_steady = before.is_none_or(|before| (rows as f64) < before * 2.0);
    Ok(CheckResult::expect(is_steady, format!("{rows} after {before:?}")).metadata("rows", rows))
}

#[asset(code_version = "1")]
fn report(rows: &i64) -> i64 {
    *rows
}

#[test]
fn a_check_does_not_pass_since_its_asset_was_passed_over() {
    let definitions = Definitions::new().assets(assets![rows, report]).checks(checks![steady]);
    let storage = storage();
    let memoized = |source: &str| {
        let job = definitions.materialize(&"*".parse().expect("a selection"));
        let runner = definitions.runner(&job).env(EnvVars::none().with("SOURCE", source)).record(&storage);
        runner.memoize().max_concurrent(1).run_blocking().map(drop).map_err(|error| error.to_string())
    };
    memoized("1").expect("it is the first");
    ROWS.store(1000, Ordering::Relaxed);
    let refused = memoized("2").expect_err("ten times as many");
    assert_eq!(memoized("2").expect_err("as before"), refused, "though the rows are passed over now");
}

#[asset]
fn headline_of_revenue(
    #[mapped(PartitionMapping::all().allow_missing())] revenue: &Partitions<i64>,
) -> String {
    format!("{} days", revenue.len())
}

#[asset]
fn below(headline_of_revenue: &str) -> usize {
    headline_of_revenue.len()
}

#[test]
fn what_is_made_of_partitions_stands_as_these_do() {
    let definitions = Definitions::new().assets(assets![sold, revenue, price, headline_of_revenue, below]);
    let storage = storage();
    materialize(&definitions, &storage, "*", "2024-01-01").expect("it succeeds");
    let recipes = definitions.runner(&definitions.materialize(&"*".parse().expect("all"))).recipes();
    let standings = super::memo::standings(&definitions, recipes.expect("all is there"), &storage);
    let told = ["sold", "headline_of_revenue", "below"].map(|key| {
        format!("{key}: {:?}", standings.get(&key.parse().expect("a key")).expect("it is listed"))
    });
    insta::assert_snapshot!(told.join("\n"), @r"
    sold: Partitioned
    headline_of_revenue: Fresh
    below: Fresh
    ");
}

#[test]
fn partitions_are_made_in_processes_of_their_own_and_what_gives_and_reads_them_is_not() {
    let apart = JobOptions::new("apart").executor(Executor::Process);
    let definitions = Definitions::new().assets(assets![sold, counted, sum]).asset_job_with(apart, "*");
    let plan = definitions.runner(&definitions.jobs()[0]).plan().expect("all can be sent there");
    let steps = plan
        .steps
        .iter()
        .map(|step| format!("{} {}", step.name, if step.isolated { "apart" } else { "here" }));
    insta::assert_snapshot!(steps.collect::<Vec<_>>().join("\n"), @r"
    daily_partitions here
    sold apart
    counted apart
    all_daily_partitions here
    read_counted here
    sum apart
    ");
}

/// What others have stored without a word: ten for each day.
struct Elsewhere;

impl IoManager<i64> for Elsewhere {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Err(Failure::new("others make it"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        let partition = at.asset.and_then(|asset| asset.partition);
        partition.map(|_| 10).ok_or_else(|| Failure::new("no day is named"))
    }
}

#[external_asset(io = "elsewhere", partitions = Daily)]
fn foreign() -> i64;

#[asset]
fn imported(
    #[mapped(PartitionMapping::specific(["2024-01-01", "2024-01-02"]).allow_missing())] foreign: &Partitions<
        i64,
    >,
) -> i64 {
    foreign.values().sum()
}

#[test]
fn what_others_store_without_a_word_is_not_taken_for_missing() {
    let definitions = Definitions::new().assets(assets![foreign, imported]).io("elsewhere", Elsewhere);
    let storage = storage();
    let job = definitions.materialize(&"imported".parse().expect("a selection"));
    let run = definitions.runner(&job).record(&storage).keep_outputs().run_blocking().expect("it is there");
    assert_eq!(*run.output::<imported>(), 20);
}

/// The asset as it was when it had partitions.
mod former {
    use super::*;

    #[asset]
    pub(super) fn shop(day: &Partition<Daily>) -> i64 {
        1000 + i64::from(day.window().start.day())
    }
}

#[asset]
fn shop() -> i64 {
    7
}

#[asset]
fn upstairs(shop: &i64) -> i64 {
    *shop
}

#[test]
fn a_partition_is_not_taken_for_the_asset() {
    let storage = storage();
    materialize(&Definitions::new().assets(assets![former::shop]), &storage, "shop", "2024-01-02")
        .expect("a day");
    let definitions = Definitions::new().assets(assets![shop, upstairs]);
    let job = definitions.materialize(&"upstairs".parse().expect("a selection"));
    let error =
        definitions.runner(&job).record(&storage).run_blocking().expect_err("there is only a day of it");
    assert!(error.to_string().contains("takes the asset `shop`, which was never materialized"), "{error}");
}
