//! Runs for dynamic partitions are interrupted at any commit, and keys come and go meanwhile: a run goes on with those that there
//! were when it began.

use std::sync::LazyLock;

use orch_core::graph::{AssetDef, Upstream};
use orch_core::partition::{
    BySet, Partition, PartitionMapping, Partitioning, Partitions, PartitionsDefinition,
};
use orch_core::run::RunError;

use super::*;

struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

/// How long the name of a customer is.
static ORDERS: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
    let op = OpDef::builder("orders").input::<Partition<Customers>>("customer").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| Ok(args.take::<Partition<Customers>>(0)?.key().as_str().len() as i64))
        .into();
    let def = AssetDef::builder("orders").partitioned_by::<Customers>();
    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let customer = upstream.partition::<Customers>();
        Call::of(&op).input::<Partition<Customers>>(customer).place::<Plain>();
    }))
});

/// What is made of these partitions of the orders, by a mapping.
fn sum_of(key: &'static str, mapping: PartitionMapping) -> Arc<AssetDef> {
    let op = OpDef::builder(key).input::<Partitions<i64>>("orders").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(|mut args| Ok(args.take::<Partitions<i64>>(0)?.values().sum()))
        .into();
    let def = AssetDef::builder(key).takes_partitions_made(&ORDERS).mapped(mapping);
    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        let orders = upstream.partitions_of_made::<i64>(&ORDERS);
        Call::of(&op).input::<Partitions<i64>>(orders).place::<Plain>();
    }))
}

static TOTAL: LazyLock<Arc<AssetDef>> = LazyLock::new(|| sum_of("total", PartitionMapping::all()));
static NEWEST: LazyLock<Arc<AssetDef>> = LazyLock::new(|| sum_of("newest", PartitionMapping::last()));

fn definitions() -> Definitions {
    Definitions::new().assets([&ORDERS, &TOTAL, &NEWEST].map(|asset| Arc::clone(asset)))
}

fn materialize(storage: &Arc<dyn Storage>, what: &str, customers: &str, id: u128) -> Result<(), RunError> {
    let definitions = definitions();
    let job = definitions.materialize(&what.parse().unwrap());
    let runner = definitions.runner(&job).run_id(RunId::from_u128(id)).max_concurrent(1);
    let runner = runner.partition(customers).record(storage);
    runtime().block_on(runner.run()).map(drop)
}

/// What the run made, each with what it is made of.
fn facts(memory: &Memory, run: RunId) -> Vec<String> {
    let query = MaterializationQuery { run: Some(run), ..MaterializationQuery::default() };
    let told = memory.materializations(&query).unwrap().into_iter().map(|fact| {
        let inputs = fact.inputs.iter().map(|input| input.partition.as_deref().unwrap_or_default());
        let of = inputs.collect::<Vec<_>>().join("; ");
        let version = fact.data_version.as_deref().map_or("", |version| &version[..4]);
        format!("{}[{}] {version} of {of}", fact.asset, fact.partition.as_deref().unwrap_or_default())
    });
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    told
}

/// A storage that ends after so many commits, in which there are four customers, one of them removed, and the orders of one made.
fn begun(memory: &Memory, left: usize) -> Arc<dyn Storage> {
    let storage = |left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    memory.add_keys("customers", &["acme", "gone", "beta", "gamma"]).unwrap();
    memory.remove_keys("customers", &["gone"]).unwrap();
    materialize(&storage(usize::MAX), "orders", "gamma", 1).unwrap();
    storage(left)
}

const RUN: RunId = RunId::from_u128(2);

#[test]
fn a_run_goes_on_with_the_keys_that_there_were_when_it_began() {
    let run = |storage: &Arc<dyn Storage>| materialize(storage, "*", "*", RUN.as_u128());
    let whole = Memory::new();
    run(&begun(&whole, usize::MAX)).unwrap();
    let undisturbed = facts(&whole, RUN);
    insta::assert_debug_snapshot!(undisturbed, @r#"
    [
        "newest[] 84cb of gamma",
        "orders[acme] 0c38 of ",
        "orders[beta] 0c38 of ",
        "orders[gamma] 84cb of ",
        "total[] 8e32 of acme, beta, gamma",
    ]
    "#);
    for life in 0.. {
        let memory = Memory::new();
        if run(&begun(&memory, life)).is_ok() {
            assert!(life >= 8, "{life} commits");
            break;
        }
        memory.remove_keys("customers", &["beta", "gamma"]).unwrap();
        memory.add_keys("customers", &["delta", "gone"]).unwrap();
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        let runner = definitions().resume(&storage, RUN).unwrap();
        runtime().block_on(runner.run()).unwrap();
        assert_eq!(facts(&memory, RUN), undisturbed, "interrupted after {life} commits");
    }
}

#[test]
fn a_run_is_pinned_with_those_keys_that_it_touches() {
    let pinned = |what: &str, customers: &str| {
        let memory = Memory::new();
        let storage = begun(&memory, usize::MAX);
        materialize(&storage, what, customers, 2).unwrap();
        let pinned = memory.pinned(RUN).unwrap().partitions.expect("it has partitions");
        let keys: Vec<_> =
            pinned.keys.named("customers").iter().map(|(at, key)| format!("{at} {key}")).collect();
        format!("{}: {}", pinned.selection.unwrap_or_default(), keys.join(", "))
    };
    // The newest is always with them: what asks for it is to find the same.
    assert_eq!(pinned("orders", "acme"), "acme: 0 acme, 3 gamma");
    assert_eq!(pinned("orders", "latest"), "gamma: 3 gamma");
    assert_eq!(pinned("orders", "*"), "acme, beta, gamma: 0 acme, 2 beta, 3 gamma");
}

#[test]
fn a_new_run_of_one_that_is_recorded_is_for_keys_that_there_are() {
    let memory = Memory::new();
    let storage = begun(&memory, usize::MAX);
    materialize(&storage, "orders", "acme, beta", 2).unwrap();
    memory.remove_keys("customers", &["beta"]).unwrap();
    let again = definitions().rerun(&storage, RUN, orch_core::run::Rerun::All).unwrap();
    let refused = runtime().block_on(again.run()).unwrap_err().to_string();
    assert!(refused.contains("`beta` was removed from the set `customers`"), "{refused}");
}
