//! What failed and was passed over since, as it is as it would be made, stands as it should.

use std::sync::atomic::{AtomicBool, Ordering};

use orch::partition::{ByKey, KeySets, Partitioning, PartitionsDefinition};
use orch::run::{Rerun, Runner};

use super::*;

struct Region;

impl Partitioning for Region {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["eu", "us"])
    }
}

/// What may be out of order, and is no part of what assets are made of.
#[derive(Clone, Default)]
struct Broken {
    line: Arc<AtomicBool>,
    rounding: Arc<AtomicBool>,
    printer: Arc<AtomicBool>,
}

#[asset(code_version = "1", trust_resources)]
fn sold(region: &Partition<Region>, broken: Res<Broken>) -> Result<usize> {
    if broken.line.load(Ordering::Relaxed) {
        return Err(Failure::new("the line is dead"));
    }
    Ok(region.key().as_str().len())
}

#[op(code_version = "1")]
fn double(sold: usize) -> usize {
    sold * 2
}

#[op(code_version = "1")]
fn round(doubled: usize, broken: Res<Broken>) -> Result<usize> {
    if broken.rounding.load(Ordering::Relaxed) { Err(Failure::new("it is odd")) } else { Ok(doubled / 10) }
}

#[graph_asset(partitions = Region, trust_resources)]
fn rounded(sold: Out<usize>) -> Out<usize> {
    round(double(sold))
}

#[asset(code_version = "1", trust_resources)]
fn letter(broken: Res<Broken>) -> Result<String> {
    if broken.printer.load(Ordering::Relaxed) { Err(Failure::new("no ink")) } else { Ok("Dear".to_owned()) }
}

struct World {
    broken: Broken,
    definitions: Definitions,
    storage: Arc<dyn Storage>,
}

impl World {
    fn new() -> Self {
        let broken = Broken::default();
        let definitions = Definitions::new().assets(assets![sold, rounded, letter]).resource(broken.clone());
        Self { broken, definitions, storage: storage() }
    }

    fn run(
        &self,
        selection: &str,
        regions: &str,
        how: impl FnOnce(Runner) -> Runner,
    ) -> Result<Run, RunError> {
        let job = self.definitions.materialize(&selection.parse().expect("a selection"));
        let runner = how(self.definitions.runner(&job)).partition(regions).record(&self.storage);
        runner.keep_events().max_concurrent(1).run_blocking()
    }

    /// The regions of an asset of which the last attempt failed, which is the same for who asks for all and who asks for one.
    fn failed(&self, asset: &str) -> String {
        let (asset, regions) = (asset.parse().expect("a key"), Region::definition());
        let regions = regions.resolve(&KeySets::new()).expect("a definition");
        let status = self.storage.partition_status(&asset, &regions).expect("what is known");
        for (index, region) in (0..).zip(["eu", "us"]) {
            let failed = self.storage.failed_last(&asset, Some(region)).expect("what is known");
            assert_eq!(failed.is_some(), status.failed.contains(index), "{asset}[{region}]");
        }
        regions.show(&status.failed)
    }
}

#[test]
fn what_would_come_out_as_it_is_has_not_failed() {
    let world = World::new();
    world.run("*", "*", |runner| runner).expect("all is well");
    world.broken.line.store(true, Ordering::Relaxed);
    world.run("sold", "*", |runner| runner).expect_err("the line is dead");
    world.broken.rounding.store(true, Ordering::Relaxed);
    world.run("rounded", "eu", |runner| runner).expect_err("it is odd");
    assert_eq!((world.failed("sold"), world.failed("rounded")), ("eu, us".to_owned(), "eu".to_owned()));
    // Nothing is asked of the line.
    world.run("sold", "us", Runner::memoize).expect("it is passed over");
    assert_eq!((world.failed("sold"), world.failed("rounded")), ("eu".to_owned(), "eu".to_owned()));
    world.run("sold or rounded", "*", Runner::memoize).expect("they are passed over");
    assert_eq!((world.failed("sold"), world.failed("rounded")), (String::new(), String::new()));
    world.run("sold", "eu", |runner| runner).expect_err("the line is dead");
    assert_eq!(world.failed("sold"), "eu", "it fails anew");
}

#[test]
fn a_run_that_goes_on_from_one_that_passed_over_it_leaves_it_so() {
    let world = World::new();
    world.run("sold", "*", |runner| runner).expect("all is well");
    world.broken.line.store(true, Ordering::Relaxed);
    world.run("sold", "*", |runner| runner).expect_err("the line is dead");
    world.broken.printer.store(true, Ordering::Relaxed);
    let failed = world.run("sold or letter", "*", Runner::memoize).expect_err("no ink");
    assert_eq!(world.failed("sold"), "");
    world.broken.printer.store(false, Ordering::Relaxed);
    let run = failed.run().expect("it has begun").id();
    let again = world.definitions.rerun(&world.storage, run, Rerun::FromFailure).expect("it goes on");
    again.run_blocking().expect("there is ink");
    assert_eq!(world.failed("sold"), "");
    let letter = world.storage.failed_last(&"letter".parse().expect("a key"), None);
    assert_eq!(letter.expect("what is known"), None, "it was made");
}
