//! What assets cost beside plain steps, in one run:
//!
//!     cargo bench --bench assets
//!
//! A chain of 100 assets of small values that is materialized durably, beside a chain of 100 ops of the same values on the
//! same kind of folder, the median of several runs that take turns; and what it takes to list 10,000 assets, each made of
//! three others, and to plan a job of all of them, without checks and with a blocking one of each. A bench is a look at the
//! machine and no test: nothing here fails.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orch::define::{Context, JobOptions, One, OpDef};
use orch::graph::{AssetDef, Call, CheckDef, Job, Upstream};
use orch::io::Coded;
use orch::run::Definitions;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};

const CHAIN: usize = 100;
const RUNS: usize = 41;

type Number = One<u64, 0>;

fn main() {
    let short = !std::env::args().any(|argument| argument == "--bench");
    let (runs, many) = if short { (1, 100) } else { (RUNS, 10_000) };
    let home = scratch();
    for durability in [Durability::Normal, Durability::Full] {
        let storage: Arc<dyn Storage> =
            Arc::new(Folder::open(home.join(format!("{durability:?}")), durability).expect("a folder"));
        let assets = Definitions::new().assets(chain(CHAIN));
        let assets_job = assets.materialize(&"*".parse().expect("all"));
        let ops = Definitions::new();
        let ops_job = plain(CHAIN);
        let (mut of_assets, mut of_ops) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            of_assets.push(run(&assets, &assets_job, &storage));
            of_ops.push(run(&ops, &ops_job, &storage));
        }
        let (of_assets, of_ops) = (median(of_assets), median(of_ops));
        println!(
            "{:<44}{:>9.1}{:>9.1}{:>8.2}",
            format!("{durability:?}: chain of {CHAIN}, µs a step: assets, ops, ratio"),
            of_assets * 1e6 / CHAIN as f64,
            of_ops * 1e6 / CHAIN as f64,
            of_assets / of_ops
        );
    }
    list_and_plan("assets", || Definitions::new().assets(web(many)));
    list_and_plan("assets and checks", || {
        let assets = web(many);
        let checks = assets.iter().map(positive).collect::<Vec<_>>();
        Definitions::new().assets(assets).checks(checks)
    });
    // If it stays, the next run of the bench is in another folder.
    let _ = std::fs::remove_dir_all(home);
}

fn list_and_plan(what: &str, list: impl FnOnce() -> Definitions) {
    let begun = Instant::now();
    let definitions = list();
    // How they stand to each other is found out when someone asks.
    let _ = definitions.asset_graph();
    let listed = begun.elapsed();
    let plan = definitions.materialize(&"*".parse().expect("all")).plan();
    println!(
        "{:<44}{:>9.1}{:>9.1}",
        format!("{} {what}, ms: to list, to list and plan", plan.steps.len()),
        listed.as_secs_f64() * 1e3,
        begun.elapsed().as_secs_f64() * 1e3
    );
}

fn run(definitions: &Definitions, job: &Job, storage: &Arc<dyn Storage>) -> Duration {
    let runner = definitions.runner(job).max_concurrent(2).record(storage);
    let begun = Instant::now();
    runner.run_blocking().expect("it succeeds");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// An op of this name that adds one to the sum of so many numbers.
fn add(name: String, inputs: usize) -> Arc<OpDef> {
    let op = (0..inputs).fold(OpDef::builder(name), |op, input| op.input::<u64>(format!("x{input}")));
    let op = op.returns::<Number>().coded([Coded::<u64>::CODEC]);
    op.asynchronous(move |mut args| async move {
        (0..inputs).try_fold(1, |sum, input| Ok(sum + args.take::<u64>(input)?))
    })
    .into()
}

/// An asset made of others.
fn asset(number: usize, upstream: Vec<Arc<AssetDef>>) -> Arc<AssetDef> {
    let op = add(format!("asset_{number}"), upstream.len());
    let def =
        upstream.iter().fold(AssetDef::builder(&format!("asset_{number}")), |def, one| def.takes_made(one));
    let def = def.made_by(&Arc::clone(&op), move |of: &Upstream| {
        let call = upstream.iter().fold(Call::of(&op), |call, one| call.input::<u64>(of.of_made::<u64>(one)));
        call.place::<Number>();
    });
    Arc::new(def)
}

fn chain(length: usize) -> Vec<Arc<AssetDef>> {
    let mut assets: Vec<Arc<AssetDef>> = Vec::new();
    for number in 0..length {
        assets.push(asset(number, assets.last().cloned().into_iter().collect()));
    }
    assets
}

/// Each is made of three that were before it.
fn web(length: usize) -> Vec<Arc<AssetDef>> {
    let mut assets: Vec<Arc<AssetDef>> = Vec::new();
    for number in 0..length {
        let upstream = [1, 7, 40].iter().filter_map(|back| number.checked_sub(*back));
        assets.push(asset(number, upstream.map(|at| Arc::clone(&assets[at])).collect()));
    }
    assets
}

/// A check for which everything waits that is made of this asset.
fn positive(asset: &Arc<AssetDef>) -> CheckDef {
    CheckDef::builder_of(asset, "positive")
        .looks_at::<u64, _>(|number: &u64, _: &Context| *number > 0)
        .blocking()
}

fn plain(length: usize) -> Job {
    let (first, next) = (add("first".to_owned(), 0), add("next".to_owned(), 1));
    Job::compose(JobOptions::new("plain"), || {
        let mut value = Call::of(&first).place::<Number>();
        for _ in 1..length {
            value = Call::of(&next).input::<u64>(value).place::<Number>();
        }
    })
}

fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("orch-bench-assets-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
