//! Assets that graphs of several steps make, in runs that pass over what would come out as it is.

use std::sync::atomic::{AtomicI64, Ordering};

use orch::config::RunConfig;
use orch::run::Rerun;

use super::in_place::Shelf;
use super::*;

#[derive(Debug, Config)]
struct Count {
    #[config(default = 1)]
    number: i64,
}

/// What nobody has counted.
struct Found(Arc<AtomicI64>);

#[asset(code_version = "1", io = "shelf", trust_resources)]
fn stock(count: Config<Count>, found: Res<Found>) -> i64 {
    count.number + found.0.load(Ordering::Relaxed)
}

#[asset(code_version = "1")]
fn price() -> i64 {
    10
}

#[op]
fn nothing() -> i64 {
    0
}

#[op]
fn pieces(stock: i64) -> Dynamic<i64> {
    Dynamic::from_values(vec![1; usize::try_from(stock).unwrap_or_default()])
}

#[op]
fn times(piece: i64, price: i64) -> i64 {
    piece * price
}

#[op]
fn sum(nothing: i64, all: &[i64]) -> i64 {
    nothing + all.iter().sum::<i64>()
}

/// Its first step takes nothing, its map the price.
#[graph_asset(code_version = "1")]
fn worth(stock: Out<i64>, price: Out<i64>) -> Out<i64> {
    sum(nothing(), pieces(stock).map(|piece| times(piece, price)).collect())
}

#[asset(code_version = "1")]
fn report(worth: i64) -> Result<String> {
    match std::hint::black_box(worth) {
        1000.. => Err(Failure::new("that is too much")),
        worth => Ok(format!("it is worth {worth}")),
    }
}

struct World {
    definitions: Definitions,
    found: Arc<AtomicI64>,
    storage: Arc<dyn Storage>,
}

impl World {
    fn new() -> Self {
        let found = Arc::new(AtomicI64::new(0));
        let definitions = Definitions::new().assets(assets![stock, price, worth, report]);
        let definitions =
            definitions.io::<i64>("shelf", Shelf::default()).resource(Found(Arc::clone(&found)));
        Self { definitions, found, storage: storage() }
    }

    fn run(&self, selection: &str, stock: i64) -> Result<Run, RunError> {
        let job = self.definitions.materialize(&selection.parse().expect("a selection"));
        let config = RunConfig::new().set(&format!("ops.stock.config.number={stock}"));
        let runner = self.definitions.runner(&job).config(config).max_concurrent(1).keep_events();
        runner.memoize().record(&self.storage).run_blocking()
    }

    /// What all of it has come to, though the report refuses so much.
    fn refused(&self) -> RunError {
        self.run("not report", 100).expect("it succeeds");
        self.run("*", 100).expect_err("it is too much")
    }

    fn rerun(&self, of: &RunError, what: Rerun) -> Result<Run, RunError> {
        let run = of.run().expect("it began").id();
        let runner = self.definitions.rerun(&self.storage, run, what).expect("it is known");
        runner.max_concurrent(1).keep_events().run_blocking()
    }
}

/// What became of the steps of a run.
fn ends(run: &Result<Run, RunError>) -> String {
    let run = run.as_ref().unwrap_or_else(|error| error.run().expect("it began"));
    let told = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref().filter(|step| step.branch().is_none())?;
        match event.kind.name() {
            "STEP_SUCCESS" => Some(step.to_string()),
            "STEP_MEMOIZED" => Some(format!("({step})")),
            "STEP_FAILURE" => Some(format!("{step} failed")),
            _ => None,
        }
    });
    told.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_value_of_a_graph_that_did_not_run_is_there_for_all_that_take_it() {
    let world = World::new();
    world.run("*", 3).expect("it succeeds");
    let job = world.definitions.materialize(&"*".parse().expect("all"));
    let config = RunConfig::new().set("ops.stock.config.number=3");
    let runner = world.definitions.runner(&job).config(config).memoize().keep_outputs().keep_events();
    let run = runner.record(&world.storage).run_blocking();
    insta::assert_snapshot!(ends(&run), @"(stock) (price) (worth.nothing) (worth.pieces) (worth.sum) (report)");
    let run = run.expect("it succeeds");
    assert_eq!((*run.output::<sum>(), &**run.output::<report>()), (30, "it is worth 30"));
    // Of its other steps nothing is kept, which is not to say that they left it out.
    let last: orch::select::StepSelection = "worth.sum".parse().expect("a step");
    let lacks = world.definitions.runner(&job).select(last).upstream(&run).run_blocking();
    insta::assert_snapshot!(lacks.expect_err("nothing was collected"), @r#"
    the job `materialize` cannot be planned: 2 problems
    error: `worth.sum` takes `nothing` from `worth.nothing`, which is not selected, and the earlier run has no outputs of `worth.nothing`
      --> tests/it/assets/graphs.rs:53 (the step)
      --> tests/it/assets/graphs.rs:53 (what it needs)
      hint: select `worth.nothing` too, or give a value, `ops.worth.ops.sum.inputs.nothing` of the configuration or `.input("worth.sum", "nothing", value)`
    error: `worth.sum` takes `all` from `worth.times`, which is not selected, and the earlier run has no outputs of `worth.pieces`
      --> tests/it/assets/graphs.rs:53 (the step)
      --> tests/it/assets/graphs.rs:53 (what it needs)
      hint: select `worth.times` too, or give a value, `ops.worth.ops.sum.inputs.all` of the configuration or `.input("worth.sum", "all", value)`
    "#);
}

#[test]
fn of_what_was_passed_over_no_single_step_can_be_taken() {
    let world = World::new();
    let failed = world.refused();
    let rerun = |steps: &str| world.rerun(&failed, Rerun::Select(steps.parse().expect("steps")));
    insta::assert_snapshot!(rerun("worth.sum").expect_err("nothing was collected"), @r#"
    the job `materialize` cannot be planned: 2 problems
    error: `worth.sum` takes `nothing` from `worth.nothing`, which is not selected, and the earlier run has no outputs of `worth.nothing`
      --> tests/it/assets/graphs.rs:53 (the step)
      --> tests/it/assets/graphs.rs:53 (what it needs)
      hint: select `worth.nothing` too, or give a value, `ops.worth.ops.sum.inputs.nothing` of the configuration or `.input("worth.sum", "nothing", value)`
    error: `worth.sum` takes `all` from `worth.times`, which is not selected, and the earlier run has no outputs of `worth.pieces`
      --> tests/it/assets/graphs.rs:53 (the step)
      --> tests/it/assets/graphs.rs:53 (what it needs)
      hint: select `worth.times` too, or give a value, `ops.worth.ops.sum.inputs.all` of the configuration or `.input("worth.sum", "all", value)`
    "#);
    // All of them can be made anew, and who takes the asset has it.
    insta::assert_snapshot!(ends(&rerun("worth")), @"worth.pieces worth.nothing worth.sum");
    insta::assert_snapshot!(ends(&rerun("report")), @"report failed");
}

#[test]
fn what_is_made_of_something_that_is_made_anew_is_looked_at_as_a_whole() {
    let world = World::new();
    let failed = world.refused();
    insta::assert_snapshot!(ends(&world.rerun(&failed, Rerun::FromFailure)), @"report failed");
    // Something else lies in the place of what was passed over: it is made anew, and comes out the same.
    world.run("stock", 5).expect("it succeeds");
    let again = world.rerun(&failed, Rerun::FromFailure);
    insta::assert_snapshot!(ends(&again), @"stock (worth.nothing) (worth.pieces) (worth.sum) report failed");
    // Or something else comes of it: then all steps run, also those that take nothing of it.
    world.run("stock", 5).expect("it succeeds");
    world.found.store(-99, Ordering::Relaxed);
    insta::assert_snapshot!(ends(&world.rerun(&failed, Rerun::FromFailure)), @"stock worth.pieces worth.nothing worth.sum report");
}

static REFUSED: AtomicI64 = AtomicI64::new(i64::MAX);

#[asset_check(asset = worth, blocking)]
fn not_refused(worth: i64) -> bool {
    worth != REFUSED.load(Ordering::Relaxed)
}

#[test]
fn a_graph_whose_asset_is_refused_is_made_whole_by_what_goes_on() {
    let mut world = World::new();
    world.definitions = world.definitions.checks(checks![not_refused]);
    let first = world.run("*", 3);
    insta::assert_snapshot!(ends(&first), @"stock price worth.pieces worth.nothing worth.sum worth.not_refused report");
    REFUSED.store(30, Ordering::Relaxed);
    // It looks at what is taken, and holds back what would be made of it.
    let refused = world.run("*", 3).expect_err("it is refused");
    insta::assert_snapshot!(ends(&Err(refused)), @"(stock) (price) (worth.nothing) (worth.pieces) (worth.sum) worth.not_refused failed");
    let refused = world.run("*", 3).expect_err("it is refused");
    REFUSED.store(i64::MAX, Ordering::Relaxed);
    insta::assert_snapshot!(ends(&world.rerun(&refused, Rerun::FromFailure)), @"worth.pieces worth.nothing worth.sum worth.not_refused (report)");
}
