//! What is drawn of assets, and what runs.

use orch::asset::MetadataValue;
use orch::prelude::*;

use super::{facts, materialize, ran, storage};

/// Orders as they come.
#[asset(group = "raw", owners = ["data team"], kind = "list", metadata(source = "billing"))]
fn raw_orders() -> Vec<i64> {
    vec![3, 1, 2]
}

#[asset(group = "sales", key_prefix = "mart", retry(max = 2), code_version = "2")]
async fn orders(raw_orders: &[i64], context: Context) -> Result<Vec<i64>> {
    context.add_metadata("rows", MetadataValue::RowCount(raw_orders.len() as u64));
    let mut orders = raw_orders.to_vec();
    orders.sort_unstable();
    Ok(orders)
}

#[op]
fn spread(orders: Vec<i64>) -> Dynamic<i64> {
    Dynamic::from_values(orders)
}

#[op]
fn double(order: i64) -> i64 {
    order * 2
}

#[op]
fn sum(orders: Vec<i64>) -> i64 {
    orders.into_iter().sum()
}

/// The sum of all orders, each doubled by a step of its own.
#[graph_asset(group = "sales")]
fn total(orders: Out<Vec<i64>>) -> Out<i64> {
    sum(spread(orders).map(double).collect())
}

mod figures {
    use orch::prelude::*;

    #[asset]
    pub(super) fn largest(#[from(super::orders)] sorted: &[i64]) -> Optional<i64> {
        sorted.last().copied().into()
    }

    #[asset(deps = [super::total])]
    pub(super) fn report(#[from(super::total, largest)] numbers: &[i64]) -> String {
        format!("{numbers:?}")
    }
}

fn definitions() -> Definitions {
    Definitions::new().asset_job("nightly", "+total").asset_job("late", "report").assets(assets![
        figures::report,
        figures::largest,
        total,
        orders,
        raw_orders
    ])
}

#[test]
fn a_job_has_the_steps_of_its_assets_and_loads_what_it_does_not_make() {
    let definitions = definitions();
    let plans: Vec<_> = definitions.jobs().iter().map(|job| job.plan().to_string()).collect();
    insta::assert_snapshot!(plans.join("\n"), @r"
    job nightly
      depth_first, as many at once as processors
    raw_orders() -> Vec<i64>
      | makes asset raw_orders
    mart__orders(raw_orders: &Vec<i64> <- raw_orders) -> Vec<i64>
      | makes asset mart/orders
      | retry 2x
      | code version 2
    total.spread(orders: Vec<i64> <- mart__orders) -> dynamic i64
    map total.spread
        total.double(order: i64 <- each total.spread) -> i64
    total.sum(orders: Vec<i64> <- collect total.double) -> i64
      | makes asset total

    job late
      depth_first, as many at once as processors
    largest() -> i64
      | loads asset largest
    total() -> i64
      | loads asset total
    report(numbers: &Vec<i64> <- [total, largest]) -> String
      | makes asset report
    ");
}

#[test]
fn what_is_materialized_once_is_loaded_the_next_time() {
    let (definitions, storage) = (definitions(), storage());
    let first = materialize(&definitions, &storage, "mart/orders or raw_orders").expect("it succeeds");
    assert_eq!(ran(&first), ["raw_orders", "mart__orders"]);
    assert_eq!(run_of(&first), [1, 2, 3]);
    let second = materialize(&definitions, &storage, "mart/orders+").expect("it succeeds");
    let mut second = ran(&second);
    second.sort_unstable();
    assert_eq!(
        second,
        [
            "largest",
            "mart__orders",
            "report",
            "total.double[0]",
            "total.double[1]",
            "total.double[2]",
            "total.spread",
            "total.sum"
        ]
    );
    let third = materialize(&definitions, &storage, "report").expect("it succeeds");
    assert_eq!(third.output::<figures::report>(), "[12, 3]");
    insta::assert_snapshot!(facts(&storage), @r"
    raw_orders, data 4f604565, fact
    mart/orders, code 2, data 136c049a, of raw_orders 4f604565, rows: RowCount(3), fact
    mart/orders, code 2, data 136c049a, of raw_orders 4f604565, rows: RowCount(3), fact
    largest, data e1e0e81d, of mart/orders 136c049a, fact
    total, data b76ffa77, of mart/orders 136c049a, fact
    report, data b8176073, of total b76ffa77, of largest e1e0e81d, fact
    report, data b8176073, of total b76ffa77, of largest e1e0e81d, fact
    ");
}

fn run_of(run: &orch::run::Run) -> &[i64] {
    run.output::<orders>()
}

#[op]
fn halve(order: i64) -> Result<i64> {
    if order % 2 == 1 { Err(Failure::new(format!("{order} is odd"))) } else { Ok(order / 2) }
}

/// Half of each order, together.
#[graph_asset]
fn half(raw_orders: Out<Vec<i64>>) -> Out<i64> {
    sum(spread(raw_orders).map(halve).collect())
}

#[asset]
fn quarter(half: i64) -> i64 {
    half / 2
}

#[test]
fn an_asset_fails_with_a_step_of_its_graph_and_what_is_made_of_it_does_not() {
    let (definitions, storage) = (Definitions::new().assets(assets![raw_orders, half, quarter]), storage());
    let failed = materialize(&definitions, &storage, "*").expect_err("an order is odd");
    let told = failed.run().expect("it has begun").events().iter().filter(|event| {
        matches!(event.kind.name(), "STEP_FAILURE" | "STEP_SKIPPED" | "ASSET_FAILED_TO_MATERIALIZE")
    });
    let told: Vec<_> = told
        .map(|event| format!("{} {}", event.kind.name(), event.step.as_ref().expect("it is of a step")))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    STEP_FAILURE half.halve[0]
    STEP_FAILURE half.halve[1]
    ASSET_FAILED_TO_MATERIALIZE half.sum
    STEP_SKIPPED half.sum
    STEP_SKIPPED quarter
    ");
    let has_failed = |key: &str| {
        storage.latest_failure(&key.parse().expect("a key"), None).expect("what is known").is_some()
    };
    assert_eq!(["raw_orders", "half", "quarter"].map(has_failed), [false, true, false]);
}

#[test]
fn an_asset_that_is_left_out_is_not_materialized_and_skips_what_is_made_of_it_alone() {
    #[asset]
    fn raw() -> Optional<i64> {
        Optional::none()
    }
    #[asset]
    fn next(raw: i64) -> i64 {
        raw
    }
    let (definitions, storage) = (Definitions::new().assets(assets![raw, next]), storage());
    let run = materialize(&definitions, &storage, "*").expect("nothing has failed");
    assert!(ran(&run).iter().all(|step| step == "raw"));
    assert_eq!(facts(&storage), "");
}

#[test]
fn only_what_the_last_attempt_said_is_told() {
    #[asset(retry(max = 1))]
    fn flaky(context: Context) -> Result<i64> {
        context.add_metadata(format!("attempt {}", context.attempt()), "was here");
        if context.attempt() == 1 {
            return Err(Failure::new("not yet"));
        }
        context.set_data_version("2024-01-01");
        Ok(1)
    }
    let (definitions, storage) = (Definitions::new().assets(assets![flaky]), storage());
    materialize(&definitions, &storage, "flaky").expect("the second attempt succeeds");
    insta::assert_snapshot!(facts(&storage), @r#"flaky, data 2024-01-, attempt 2: Text("was here"), fact"#);
}

#[test]
fn metadata_of_a_step_that_makes_no_asset_is_warned_of() {
    #[op]
    fn plain(context: Context) {
        context.add_metadata("rows", 3);
    }
    #[job]
    fn tell() {
        plain();
    }
    let run = tell().run_blocking().expect("it succeeds");
    let warned = run.events().iter().filter(|event| event.kind.name() == "LOG");
    let warned: Vec<_> =
        warned.map(|event| serde_json::to_value(&event.kind).expect("JSON")["message"].clone()).collect();
    insta::assert_snapshot!(serde_json::Value::from(warned), @r#"["`rows` is said of no asset: the step `plain` makes none"]"#);
}

#[test]
fn a_number_that_json_cannot_hold_is_kept_as_text() {
    #[asset]
    fn odd(context: Context) -> i64 {
        context.add_metadata("ratio", MetadataValue::Float(f64::NAN));
        context.add_metadata("limit", f64::INFINITY);
        1
    }
    let (definitions, storage) = (Definitions::new().assets(assets![odd]), storage());
    materialize(&definitions, &storage, "odd").expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @r#"odd, data 48fc721f, limit: Text("inf"), ratio: Text("NaN"), fact"#);
}

#[test]
fn a_step_is_named_after_its_key() {
    #[asset(key_prefix = "a.b", key = "c-d/e")]
    fn made() -> i64 {
        1
    }
    let definitions = Definitions::new().assets(assets![made]);
    let plan = definitions.materialize(&"*".parse().expect("all")).plan();
    let key = definitions.asset_graph().assets()[0].key();
    assert_eq!((key.as_str(), plan.steps[0].name.as_str()), ("a.b/c-d/e", "a_b__c_d__e"));
    assert_eq!(key.step_name(), plan.steps[0].name);
}
