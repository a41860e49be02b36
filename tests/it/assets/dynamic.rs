//! Dynamic partitions: the keys of a set that lives in the instance, to which a step or someone outside adds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orch::asset::EvaluationQuery;
use orch::define::Context;
use orch::graph::CheckDef;
use orch::partition::{
    ByDimensions, ByKey, BySet, KeySet, KeySets, PartitionMapping, Partitioning, PartitionsDefinition,
    TimePartitions,
};
use orch::prelude::*;
use orch::run::{LatestFacts, Making, Rerun, Run, RunError, Standings};
use orch::storage::Storage;

use super::{facts, ran, storage};

struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

/// Each customer, on each day.
struct Daily;

impl Partitioning for Daily {
    type Kind = ByDimensions;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::product()
            .by("customer", PartitionsDefinition::dynamic("customers"))
            .by("date", TimePartitions::daily("2024-01-01").until("2024-01-03"))
            .into()
    }
}

struct Plans;

impl Partitioning for Plans {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::of(["free", "paid"])
    }
}

/// Who has signed up.
#[asset]
fn signups(context: Context) -> Result<i64> {
    let added = context.partitions::<Customers>().add(["acme", "beta"])?;
    Ok(added.changed.len() as i64)
}

#[asset]
fn orders(customer: &Partition<Customers>) -> String {
    format!("orders of {}", customer.key())
}

#[asset(partitions = Customers)]
fn bill(orders: &str) -> String {
    format!("bill for {orders}")
}

#[asset]
fn books(#[mapped(PartitionMapping::all().allow_missing())] bill: &Partitions<String>) -> String {
    bill.keys().map(|key| key.as_str()).collect::<Vec<_>>().join(", ")
}

#[asset]
fn welcome(#[mapped(PartitionMapping::last())] orders: &str) -> String {
    format!("welcome, {orders}")
}

#[asset]
fn flagship(#[mapped(PartitionMapping::specific(["acme"]))] orders: &Partitions<String>) -> i64 {
    orders.len() as i64
}

/// Of each plan what its customers have ordered.
#[asset(partitions = Plans)]
fn plan(
    #[mapped(PartitionMapping::pairs([("acme", "paid"), ("cogs", "paid"), ("beta", "free")]))]
    orders: &Partitions<String>,
) -> String {
    orders.keys().map(|key| key.as_str()).collect::<Vec<_>>().join(", ")
}

#[asset]
fn visits(visit: &Partition<Daily>, orders: &str) -> String {
    format!("{orders} on {}", visit.value("date").unwrap_or_default())
}

fn definitions() -> Definitions {
    Definitions::new().assets(assets![signups, orders, bill, books, welcome, flagship, plan, visits])
}

fn runner(definitions: &Definitions, selection: &str) -> orch::run::Runner {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    definitions.runner(&job).keep_outputs().keep_events().max_concurrent(1)
}

fn materialize(storage: &Arc<dyn Storage>, selection: &str, partition: &str) -> Result<Run, RunError> {
    runner(&definitions(), selection).record(storage).partition(partition).run_blocking()
}

fn with_customers(keys: &[&str]) -> Arc<dyn Storage> {
    let storage = storage();
    definitions().partitions::<Customers>(&storage).add(keys).expect("they can be added");
    storage
}

fn refused(result: Result<Run, RunError>) -> String {
    result.expect_err("it is refused").to_string()
}

#[test]
fn a_step_adds_keys_and_later_runs_have_them() {
    let (definitions, storage) = (definitions(), storage());
    assert!(definitions.asset_graph().problems().is_empty(), "no key need be known for that");
    insta::assert_snapshot!(refused(materialize(&storage, "orders", "acme")), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `orders`: `acme` is not in the set `customers`
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: add it with `partitions add customers acme`
    ");
    runner(&definitions, "signups").record(&storage).run_blocking().expect("it succeeds");
    let customers = definitions.partitions::<Customers>(&storage);
    assert_eq!(customers.keys().expect("they are there").len(), 2);
    assert!(
        customers.contains("beta").expect("it is known") && !customers.contains("cogs").expect("it is known")
    );
    let again = runner(&definitions, "signups").record(&storage).run_blocking().expect("it succeeds");
    assert_eq!(*again.output::<signups>(), 0, "both were there");

    let run = materialize(&storage, "orders or bill or books", "acme, beta").expect("it succeeds");
    insta::assert_snapshot!(ran(&run).join("\n"), @r"
    orders[acme]
    bill[acme]
    orders[beta]
    bill[beta]
    customers_partitions
    all_customers_partitions
    read_bill
    books
    ");
    insta::assert_snapshot!(facts(&storage), @r"
    signups, data ab13bedf, fact
    signups, data 2d3adedf, fact
    orders[acme], data 609ab588, fact
    bill[acme], data 7f458f1f, of orders[acme] 609ab588, fact
    orders[beta], data 49e7dc1a, fact
    bill[beta], data 92c15cb5, of orders[beta] 49e7dc1a, fact
    books, data 98b2399e, of bill[acme, beta] 37e2ee66, fact
    ");
}

#[test]
fn a_run_is_for_one_key_for_some_for_the_newest_or_for_all() {
    let storage = with_customers(&["acme", "beta", "cogs"]);
    let made = |partition: &str| {
        let run = materialize(&storage, "orders", partition).expect("it succeeds");
        ran(&run).join(" ")
    };
    assert_eq!(made("beta"), "orders[beta] customers_partitions");
    assert_eq!(made("cogs, acme"), "orders[acme] orders[cogs] customers_partitions");
    assert_eq!(made("latest"), "orders[cogs] customers_partitions");
    assert_eq!(made("*"), "orders[acme] orders[beta] orders[cogs] customers_partitions");
    insta::assert_snapshot!(refused(materialize(&storage, "orders", "gamma")), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `orders`: `gamma` is not in the set `customers`
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: add it with `partitions add customers gamma`
    ");
    insta::assert_snapshot!(refused(materialize(&storage, "orders", "cog")), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `orders`: `cog` is not in the set `customers`
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: did you mean `cogs`? else add it with `partitions add customers cog`
    ");
    insta::assert_snapshot!(refused(runner(&definitions(), "orders").record(&storage).run_blocking()), @r#"
    the job `materialize` cannot be planned
    error: `orders` has partitions, and the run is not told for which it is
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: name them: `--partition cogs` is one, `--partition '*'` all, `--partition latest` the newest; in code `.partition("cogs")`
    "#);
    insta::assert_snapshot!(refused(runner(&definitions(), "orders").partition("acme").run_blocking()), @r"
    the job `materialize` cannot be planned
    error: the job `materialize` is of partitions that are the keys of the set `customers`, which lives in an instance, and the run knows of none
      hint: record the run, `.record(&storage)`, or give it the keys, `.key_sets(..)`; on the command line leave out `--no-record`
    ");
}

#[test]
fn other_assets_take_all_the_newest_some_or_those_of_a_plan() {
    let storage = with_customers(&["acme", "beta"]);
    materialize(&storage, "orders or bill", "*").expect("it succeeds");
    let alone = |selection: &str| runner(&definitions(), selection).record(&storage).run_blocking();
    assert_eq!(*alone("books").expect("all are there").output::<books>(), "acme, beta");
    assert_eq!(
        *alone("welcome").expect("the newest is there").output::<welcome>(),
        "welcome, orders of beta"
    );
    alone("flagship").expect("acme is there");
    let free = materialize(&storage, "plan", "free").expect("beta is there");
    assert_eq!(ran(&free).last().map(String::as_str), Some("plans_partitions"));

    // A mapping may name a key that is not in the set yet.
    insta::assert_snapshot!(refused(materialize(&storage, "plan", "paid")), @r"
    the job `materialize` cannot be planned
    error: `plan` is made of partitions of `orders` that do not exist: cogs
      --> tests/it/assets/dynamic.rs:88 (is made of it)
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: add them, `partitions add customers KEY`, or let the mapping say that it does without: `.allow_missing()`
    ");
    let customers = definitions().partitions::<Customers>(&storage);
    customers.add(["cogs"]).expect("added");
    insta::assert_snapshot!(refused(materialize(&storage, "plan", "paid")), @r"
    the job `materialize` cannot be planned
    error: `plan` is made of partitions of `orders` that were never materialized: cogs
      --> tests/it/assets/dynamic.rs:88 (is made of it)
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: materialize them before, `materialize orders --partition 'cogs'`, or let the mapping say that it does without: `.allow_missing()`
    ");
    insta::assert_snapshot!(refused(alone("welcome")), @r"
    the job `materialize` cannot be planned
    error: `welcome` is made of partitions of `orders` that were never materialized: cogs
      --> tests/it/assets/dynamic.rs:77 (is made of it)
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: materialize them before, `materialize orders --partition 'cogs'`, or take it as an `Option`: `orders: Option<..>`
    ");
    materialize(&storage, "orders", "cogs").expect("it succeeds");
    materialize(&storage, "plan", "paid").expect("both are there");
    customers.remove(["acme"]).expect("removed");
    insta::assert_snapshot!(refused(alone("flagship")), @r"
    the job `materialize` cannot be planned
    error: `flagship` is made of partitions of `orders` that do not exist: acme
      --> tests/it/assets/dynamic.rs:82 (is made of it)
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: add them, `partitions add customers KEY`, or let the mapping say that it does without: `.allow_missing()`
    ");
}

#[test]
fn a_set_may_be_one_dimension_of_several() {
    let storage = with_customers(&["acme", "beta"]);
    materialize(&storage, "orders", "*").expect("it succeeds");
    let run = materialize(&storage, "visits", "customer=beta").expect("it succeeds");
    insta::assert_snapshot!(ran(&run).join("\n"), @r"
    read_orders[beta|2024-01-01]
    visits[beta|2024-01-01]
    read_orders[beta|2024-01-02]
    visits[beta|2024-01-02]
    daily_partitions
    ");
    definitions().partitions::<Customers>(&storage).add(["cogs"]).expect("added");
    let latest = LatestFacts::read(&*storage, definitions().asset_graph()).expect("what is known");
    let shown = latest.partitions[&"visits".parse().expect("a key")].iter();
    let shown: Vec<_> = shown.filter_map(|fact| fact.partition.clone()).collect();
    assert_eq!(shown, ["beta|2024-01-01", "beta|2024-01-02"], "they are the partitions that they were");
    insta::assert_snapshot!(refused(materialize(&storage, "visits", "customer=dyno; date=latest")), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `visits`: dimension `customer`: `dyno` is not in the set `customers`
      --> tests/it/assets/dynamic.rs:96 (the asset)
      hint: add it with `partitions add customers dyno`
    ");
}

#[test]
fn a_check_of_customers_by_day_knows_the_day_and_what_was_found_of_those_before() {
    let compares = CheckDef::builder::<visits>("compares").looks(|context| {
        let before = context.evaluations_before(2)?.map(|before| {
            before.into_iter().filter_map(|fact| fact.partition).collect::<Vec<_>>().join(", ")
        });
        let window = context.partition_window()?.map(|window| window.start.date());
        let partition = context.partition().map(|partition| partition.to_string());
        Ok::<_, Failure>(
            CheckResult::passed().description(format!("{partition:?}: {window:?}, before {before:?}")),
        )
    });
    let fresh = checks::fresh::<visits>(Duration::from_hours(26));
    let definitions = definitions().checks([compares, fresh]);
    let storage = with_customers(&["acme", "beta"]);
    materialize(&storage, "orders", "*").expect("it succeeds");
    let materialize = |partition: &str| {
        let run = runner(&definitions, "visits").record(&storage).partition(partition).run_blocking();
        run.expect("it succeeds")
    };
    materialize("customer=beta");
    materialize("date=2024-01-02");
    // Of a key that is gone meanwhile what was found stays, and one that comes changes nothing.
    let customers = definitions.partitions::<Customers>(&storage);
    customers.remove(["acme"]).expect("removed");
    customers.add(["cogs"]).expect("added");
    let selected = "visits".parse().expect("a selection");
    let look = definitions.runner(&definitions.check_assets(&selected)).record(&storage);
    look.max_concurrent(1).partition("beta|2024-01-02").run_blocking().expect("it looks");
    let found = |check: &str| {
        let query = EvaluationQuery::of(&"visits".parse().expect("a key"), check);
        storage.evaluations(&query).expect("what is known").into_iter().rev()
    };
    let told: Vec<_> = found("compares").filter_map(|fact| fact.result.description).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    Some("beta|2024-01-01"): Some(2024-01-01), before Some("")
    Some("beta|2024-01-02"): Some(2024-01-02), before Some("beta|2024-01-01")
    Some("acme|2024-01-02"): Some(2024-01-02), before Some("")
    Some("beta|2024-01-02"): Some(2024-01-02), before Some("beta|2024-01-01")
    Some("beta|2024-01-02"): Some(2024-01-02), before Some("beta|2024-01-01")
    "#);
    assert!(
        found("fresh")
            .all(|fact| fact.result.passed && fact.result.metadata.contains_key("seconds after its end"))
    );
}

/// The partitions of orders that are to be made.
fn to_make(storage: &Arc<dyn Storage>, making: Making) -> String {
    let definitions = definitions();
    let graph = definitions.asset_graph();
    let latest = LatestFacts::read(&**storage, graph).expect("what is known");
    let recipes = runner(&definitions, "*").recipes().expect("what they depend on");
    let standings = Standings::of(graph, recipes, &latest, "2026-11-22T00:00:00Z".parse().expect("a time"));
    let key = "orders".parse().expect("a key");
    let number = graph.number(&key).expect("it is there");
    let selected: Vec<_> = (0..graph.assets().len()).map(|asset| asset == number).collect();
    let made = standings.to_make_of(&selected, making, &std::collections::BTreeMap::new());
    let keyspace = standings.partitions(&key).expect("it has partitions").keyspace();
    made.partitions.get(&number).map_or_else(String::new, |set| keyspace.show(set))
}

#[test]
fn what_is_missing_is_what_was_added_and_not_what_was_removed() {
    let storage = with_customers(&["acme", "beta"]);
    let customers = definitions().partitions::<Customers>(&storage);
    assert_eq!(to_make(&storage, Making::Missing), "acme, beta");
    materialize(&storage, "orders", "*").expect("it succeeds");
    assert_eq!(
        (to_make(&storage, Making::Missing), to_make(&storage, Making::Stale)),
        (String::new(), String::new())
    );
    customers.add(["cogs", "dyno"]).expect("added");
    customers.remove(["acme", "dyno"]).expect("removed");
    assert_eq!(to_make(&storage, Making::Missing), "cogs");
    let run = runner(&definitions(), "orders").record(&storage).partition("*").only_missing().run_blocking();
    assert_eq!(ran(&run.expect("it succeeds")).join(" "), "orders[cogs] customers_partitions");
    // What was made of one that is there again is known as ever.
    customers.add(["acme"]).expect("added");
    assert_eq!(
        (to_make(&storage, Making::Missing), to_make(&storage, Making::Stale)),
        (String::new(), String::new())
    );
    customers.remove(["acme"]).expect("removed");
    assert!(facts(&storage).contains("orders[acme]"), "it stays in the history");
}

/// Whether the till is open.
static OPEN: AtomicBool = AtomicBool::new(false);

#[asset(partitions = Customers)]
fn paid(orders: &str) -> Result<String> {
    if OPEN.load(Ordering::SeqCst) { Ok(format!("{orders}, paid")) } else { Err("the till is closed".into()) }
}

#[test]
fn a_run_that_is_made_anew_of_another_has_the_keys_of_now_or_goes_on_with_those_of_then() {
    let definitions = Definitions::new().assets(assets![orders, paid]);
    let storage = with_customers(&["acme", "beta"]);
    let first = orch::ids::RunId::new();
    let failed = runner(&definitions, "*").run_id(first).record(&storage).partition("*").run_blocking();
    failed.expect_err("the till is closed");
    OPEN.store(true, Ordering::SeqCst);
    definitions.partitions::<Customers>(&storage).remove(["beta"]).expect("removed");
    let again = |what: Rerun| {
        let runner = definitions.rerun(&storage, first, what).expect("it can be made");
        runner.keep_events().max_concurrent(1).run_blocking()
    };
    insta::assert_snapshot!(refused(again(Rerun::All)), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `orders`: `beta` was removed from the set `customers`
      --> tests/it/assets/dynamic.rs:62 (the asset)
      hint: `partitions add customers beta` adds it again; it is then the partition it was
    ");
    let went_on = again(Rerun::FromFailure).expect("it goes on");
    assert_eq!(ran(&went_on).join(" "), "paid[acme] paid[beta]");
}

#[test]
fn a_test_gives_a_run_the_keys() {
    let mut customers = KeySet::new();
    customers.add("acme").expect("a key");
    let sets = KeySets::new().with("customers", customers);
    let run = runner(&definitions(), "orders").key_sets(sets.clone()).partition("*").run_blocking();
    assert_eq!(ran(&run.expect("it succeeds")).join(" "), "orders[acme] customers_partitions");
    // What a step adds is then gone with the run; without any it is refused.
    runner(&definitions(), "signups").key_sets(sets).run_blocking().expect("it succeeds");
    insta::assert_snapshot!(refused(runner(&definitions(), "signups").run_blocking()), @r"
    the run of `materialize` failed: 1 step
    `signups`: the set of partitions `customers` lives in an instance, and the run knows of none
      hint: record the run, `.record(&storage)`, or give it the keys, `.key_sets(..)`; on the command line leave out `--no-record`
    ");
    let customer = Partition::<Customers>::of("acme").expect("taken for one that is there");
    assert_eq!(orders(&customer), "orders of acme");
}

struct Mistaken;

impl Partitioning for Mistaken {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

#[asset(partitions = Mistaken)]
fn mistaken() -> i64 {
    1
}

struct Nameless;

impl Partitioning for Nameless {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("")
    }
}

#[asset(partitions = Nameless)]
fn nameless() -> i64 {
    1
}

/// A mapping that names what can never be in a set.
#[asset]
fn impossible(#[mapped(PartitionMapping::specific(["acme..beta"]))] orders: &Partitions<String>) -> i64 {
    orders.len() as i64
}

#[asset]
fn adds(context: Context) -> Result<i64> {
    let added = context.partitions::<Customers>().add(["acme", "a|b", " c"])?;
    Ok(added.changed.len() as i64)
}

#[test]
fn what_is_wrong_is_told_with_the_assets_or_by_the_step() {
    let all = Definitions::new().assets(assets![orders, mistaken, nameless, impossible]);
    let job = all.materialize(&"*".parse().expect("a selection"));
    insta::assert_snapshot!(job.try_plan().expect_err("it cannot be"), @r"
    the job `materialize` cannot be planned: 3 problems
    error: the partitions of `mistaken` cannot be: the partitions of `it::assets::dynamic::Mistaken` are of another kind than it says
      --> tests/it/assets/dynamic.rs:422 (the asset)
      hint: they are by the keys of a set: `type Kind = BySet;`
    error: the partitions of `nameless` cannot be: the name of a set of keys is empty
      --> tests/it/assets/dynamic.rs:437 (the asset)
    error: `impossible` cannot be made of the partitions of `orders`: the mapping: the partition key `acme..beta` has `..`, which ranges of keys are written with
      --> tests/it/assets/dynamic.rs:443 (is made of it)
      --> tests/it/assets/dynamic.rs:62 (the asset)
    ");
    let storage = storage();
    let definitions = Definitions::new().assets(assets![adds]);
    insta::assert_snapshot!(refused(runner(&definitions, "adds").record(&storage).run_blocking()), @r"
    the run of `materialize` failed: 1 step
    `adds`: the partition key `a|b` has `|`; the partition key ` c` begins or ends with a blank
      hint: keys of several dimensions and their selections are written with `|`, `,`, `;`, `[` and `]`
    ");
    assert!(storage.key_sets().expect("no sets").is_empty(), "none of them was added");
}
