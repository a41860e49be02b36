//! Ops and jobs made in a line.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Scrubber;
use crate::define::{Args, Dynamic, JobOptions, One, OpBuilder, OpDef, Optional, Order, Product, Tags};
use crate::engine::Settings;
use crate::failure::{Failure, Result};
use crate::graph::{Call, DynamicOut, Job, Out};
use crate::ids::RunId;
use crate::plan::Program;

pub(super) type Plain = One<i64, 0>;
pub(super) type Maybe = One<Optional<i64>, 1>;
pub(super) type Many = One<Dynamic<i64>, 2>;

/// An op that sums its inputs.
pub(super) fn sum(name: &str, inputs: usize) -> Arc<OpDef> {
    numbers(name, inputs).returns::<Plain>().blocking(move |mut args| total(&mut args, inputs)).into()
}

/// An op of one collected input: how many there are.
pub(super) fn count(name: &str) -> Arc<OpDef> {
    OpDef::builder(name)
        .input::<Vec<i64>>("xs")
        .returns::<Plain>()
        .blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.len() as i64))
        .into()
}

/// A source of numbered items `0..n`.
pub(super) fn source(name: &str, n: i64) -> Arc<OpDef> {
    OpDef::builder(name).returns::<Many>().blocking(move |_| Ok(Dynamic::from_values(0..n))).into()
}

/// An op that sums its inputs unless `fails` says otherwise, given attempt and sum.
pub(super) fn fallible(
    builder: OpBuilder<()>,
    inputs: usize,
    outcome: impl Fn(u32, i64) -> Result<i64> + Send + Sync + 'static,
) -> Arc<OpDef> {
    let builder = (0..inputs).fold(builder, |builder, input| builder.input::<i64>(format!("x{input}")));
    builder
        .returns::<Plain>()
        .blocking(move |mut args| {
            let total = total(&mut args, inputs)?;
            outcome(args.context().attempt(), total)
        })
        .into()
}

/// An op of one input that passes on what `keep` lets through.
pub(super) fn filter(name: &str, keep: impl Fn(i64) -> bool + Send + Sync + 'static) -> Arc<OpDef> {
    numbers(name, 1)
        .returns::<Maybe>()
        .blocking(move |mut args| Ok(Some(args.take::<i64>(0)?).filter(|&x| keep(x)).into()))
        .into()
}

pub(super) fn numbers(name: &str, inputs: usize) -> OpBuilder<()> {
    (0..inputs).fold(OpDef::builder(name), |builder, input| builder.input::<i64>(format!("x{input}")))
}

fn total(args: &mut Args, inputs: usize) -> Result<i64> {
    (0..inputs).map(|input| args.take::<i64>(input)).sum()
}

#[track_caller]
pub(super) fn call(op: &Arc<OpDef>, inputs: &[Out<i64>]) -> Out<i64> {
    inputs.iter().fold(Call::of(op), |call, &input| call.input::<i64>(input)).place::<Plain>()
}

#[track_caller]
pub(super) fn call_maybe(op: &Arc<OpDef>, inputs: &[Out<i64>]) -> Out<i64> {
    inputs.iter().fold(Call::of(op), |call, &input| call.input::<i64>(input)).place::<Maybe>()
}

#[track_caller]
pub(super) fn call_many(op: &Arc<OpDef>, inputs: &[Out<i64>]) -> DynamicOut<i64> {
    inputs.iter().fold(Call::of(op), |call, &input| call.input::<i64>(input)).place::<Many>()
}

/// A job with so many slots.
pub(super) fn job<R>(slots: usize, body: impl FnOnce() -> R) -> Job {
    Job::compose(JobOptions::new("job").max_concurrent(slots), body)
}

pub(super) fn settings(job: &Job) -> Settings {
    let slots = job.options().max_concurrent.unwrap_or(1);
    Settings {
        run: RunId::from_u128(1),
        tags: Tags::new(),
        max_concurrent: slots,
        max_in_flight: job.options().max_in_flight.unwrap_or(2 * slots),
        order: job.options().order,
        pools: BTreeMap::new(),
        keep: false,
        scrubber: Scrubber::default(),
        resources: false,
        grace: Duration::from_secs(10),
        versions: crate::asset::Versions::default(),
        recipes: std::collections::HashMap::new(),
        memory: Arc::default(),
        ops: Arc::default(),
        earlier: None,
        past: None,
    }
}

pub(super) fn compile(job: &Job) -> Arc<Program> {
    Arc::new(Program::compile(job).unwrap())
}

/// Breadth first instead of depth first.
pub(super) fn breadth_first(settings: Settings) -> Settings {
    Settings { order: Order::BreadthFirst, ..settings }
}

/// Room for so many items of each stream.
pub(super) fn in_flight(items: usize) -> impl FnOnce(Settings) -> Settings {
    move |settings| Settings { max_in_flight: items, ..settings }
}

/// A source whose items are decided by the number of the attempt.
pub(super) fn keyed(
    builder: OpBuilder<()>,
    items: impl Fn(u32) -> Vec<Result<&'static str, &'static str>> + Send + Sync + 'static,
) -> Arc<OpDef> {
    builder
        .returns::<Many>()
        .blocking(move |args| {
            let items = items(args.context().attempt()).into_iter().enumerate();
            Ok(Dynamic::try_from_iter(
                items.map(|(at, item)| item.map(|key| (key, at as i64)).map_err(Failure::from)),
            ))
        })
        .into()
}

/// The products of an op of one dynamic output without items; the simulation makes up the items itself.
pub(super) fn no_items() -> Product {
    let products = <Many as crate::define::Outputs>::produce(Dynamic::from_values([])).unwrap();
    products.into_iter().next().unwrap()
}
