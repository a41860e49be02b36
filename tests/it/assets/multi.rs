//! Several assets that one step makes: what is made when one of them is asked for, and what is known of each.

mod mistakes;
mod partitions;

use orch::asset::MetadataValue;
use orch::config::EnvVars;
use orch::run::{LatestFacts, Making, Rerun, Standings};

use super::*;

#[asset(code_version = "1", env = ["RAW"])]
fn raw() -> Vec<i64> {
    vec![3, 1, 2]
}

/// What a shop knows.
#[derive(Outputs)]
struct Shop {
    /// All orders, the smallest first.
    #[asset(group = "sales", owners = ["data team"], metadata(source = "billing"))]
    orders: WithMetadata<Vec<i64>>,
    #[asset(key = "clients")]
    customers: Vec<String>,
}

#[multi_asset(key_prefix = "shop", group = "people", code_version = "2")]
fn know(raw: &[i64], context: Context) -> Result<Shop> {
    context.add_metadata("source", "till");
    let customers = raw.iter().map(|order| format!("customer {order}")).collect();
    let mut orders = raw.to_vec();
    orders.sort_unstable();
    let orders =
        WithMetadata::new(orders).metadata("rows", MetadataValue::RowCount(3)).data_version("sorted");
    Ok(Shop { orders, customers })
}

#[asset(code_version = "1")]
fn report(orders: &[i64], customers: &[String]) -> String {
    format!("{} by {}", orders.len(), customers.join(", "))
}

/// Each is computed only where it is wanted.
#[derive(Outputs)]
struct Figures {
    #[asset]
    least: Optional<i64>,
    #[asset]
    most: Optional<i64>,
}

#[multi_asset(code_version = "1")]
fn figures(orders: &[i64], context: &Context) -> Figures {
    let most = WithMetadata::new(orders.iter().max().copied().unwrap_or(0)).metadata("of", orders.len());
    Figures {
        least: context.wants::<least>().then(|| orders.iter().min().copied().unwrap_or(0)).into(),
        // It does not ask, and gives it anyway.
        most: most.into(),
    }
}

#[asset(code_version = "1")]
fn span(least: i64, most: i64) -> i64 {
    most - least
}

fn definitions() -> Definitions {
    Definitions::new().assets(assets![raw, orders, customers, report, least, most, span])
}

/// What became of each step of a run that passes over what would come out the same.
fn memoized(definitions: &Definitions, storage: &Arc<dyn Storage>, selection: &str, env: &EnvVars) -> String {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).env(env.clone()).max_concurrent(1);
    let run = runner.memoize().record(storage).keep_events().run_blocking().expect("it succeeds");
    let ended = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        match event.kind.name() {
            "STEP_SUCCESS" => Some(step.to_string()),
            "STEP_MEMOIZED" => Some(format!("({step})")),
            _ => None,
        }
    });
    ended.collect::<Vec<_>>().join(" ")
}

#[test]
fn one_step_makes_several_assets_and_each_has_its_own_fact() {
    let (definitions, storage) = (definitions(), storage());
    let job = definitions.materialize(&"+report".parse().expect("a selection"));
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    raw() -> Vec<i64>
      | makes asset raw
      | code version 1
    know(raw: &Vec<i64> <- raw) -> orders: Vec<i64>, customers: Vec<String>
      | makes asset shop/orders
      | makes asset shop/clients
      | code version 2
    report(orders: &Vec<i64> <- know.orders, customers: &Vec<String> <- know.customers) -> String
      | makes asset report
      | code version 1
    ");
    let run = materialize(&definitions, &storage, "+report").expect("it succeeds");
    insta::assert_snapshot!(ran(&run).join(" "), @"raw know report");
    insta::assert_snapshot!(facts(&storage), @r#"
    raw, code 1, data 4f604565, fact
    shop/orders, code 2, data sorted, of raw 4f604565, rows: RowCount(3), source: Text("till"), fact
    shop/clients, code 2, data 088abe45, of raw 4f604565, source: Text("till"), fact
    report, code 1, data 2b54843b, of shop/orders sorted, of shop/clients 088abe45, fact
    "#);
    assert_eq!(run.output::<report>(), "3 by customer 3, customer 1, customer 2");
    let shop = run.output::<know>();
    assert_eq!((shop.orders.len(), shop.customers.len()), (3, 3));
    let graph = definitions.asset_graph();
    let told = |asset: &graph::AssetDef| {
        format!("{}: {:?} {:?} {:?}", asset.key(), asset.group(), asset.owners(), asset.description())
    };
    let told: Vec<_> = graph.assets()[1..3].iter().map(|asset| told(asset)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    shop/orders: Some("sales") ["data team"] Some("All orders, the smallest first.")
    shop/clients: Some("people") [] None
    "#);
}

#[test]
fn what_cannot_be_left_out_is_made_with_what_is_asked_for() {
    let (definitions, storage) = (definitions(), storage());
    materialize(&definitions, &storage, "raw").expect("it succeeds");
    let run = materialize(&definitions, &storage, "shop/clients").expect("it succeeds");
    insta::assert_snapshot!(ran(&run).join(" "), @"know");
    insta::assert_snapshot!(facts(&storage), @r#"
    raw, code 1, data 4f604565, fact
    shop/orders, code 2, data sorted, of raw 4f604565, rows: RowCount(3), source: Text("till"), fact
    shop/clients, code 2, data 088abe45, of raw 4f604565, source: Text("till"), fact
    "#);
}

#[test]
fn what_can_be_left_out_is_made_only_where_it_is_asked_for() {
    let (definitions, storage) = (definitions(), storage());
    materialize(&definitions, &storage, "+shop/orders").expect("it succeeds");
    let of = |run: &Run| {
        let made = run.events().iter().filter_map(|event| match &event.kind {
            orch::event::EventKind::AssetMaterialization { asset, metadata, .. } => {
                Some(format!("{asset} {metadata:?}"))
            }
            _ => None,
        });
        made.collect::<Vec<_>>().join(", ")
    };
    // What is given of the other is dropped: no output is told of it, and nothing is kept.
    let run = materialize(&definitions, &storage, "least").expect("it succeeds");
    insta::assert_snapshot!(of(&run), @"least {}");
    let outputs = run.output::<figures>();
    assert_eq!((outputs.least, outputs.most), (Some(&1), None));
    let run = materialize(&definitions, &storage, "most").expect("it succeeds");
    insta::assert_snapshot!(of(&run), @r#"most {"of": Int(3)}"#);
    let outputs = run.output::<figures>();
    assert_eq!((outputs.least, outputs.most), (None, Some(&3)));
    // What is made of both takes the one from this run, and the other as it was made before.
    let run = materialize(&definitions, &storage, "most or span").expect("it succeeds");
    insta::assert_snapshot!(of(&run), @r#"most {"of": Int(3)}, span {}"#);
    assert_eq!(*run.output::<span>(), 2);
    let run = materialize(&definitions, &storage, "least or most").expect("it succeeds");
    insta::assert_snapshot!(of(&run), @r#"least {}, most {"of": Int(3)}"#);
}

#[test]
fn what_takes_one_that_is_not_there_is_told_before_the_run() {
    let (definitions, storage) = (definitions(), storage());
    materialize(&definitions, &storage, "+shop/orders").expect("it succeeds");
    let error = materialize(&definitions, &storage, "most or span").expect_err("`least` is not there");
    insta::assert_snapshot!(error, @r"
    the job `materialize` cannot be planned
    error: `span` takes the asset `least`, which was never materialized
      --> tests/it/assets/multi.rs:63 (the step)
      hint: materialize it before, `materialize least`, or with all that is needed: `materialize '+span'`
    ");
}

#[test]
fn a_step_is_passed_over_if_all_that_is_wanted_of_it_is_as_it_was() {
    let (definitions, storage) = (definitions(), storage());
    let env = EnvVars::none();
    let go = |selection: &str, env: &EnvVars| memoized(&definitions, &storage, selection, env);
    insta::assert_snapshot!(go("+report", &env), @"raw know report");
    insta::assert_snapshot!(go("+report", &env), @"(raw) (know) (report)");
    insta::assert_snapshot!(go("least", &env), @"figures");
    // The other one was never made.
    insta::assert_snapshot!(go("least or most", &env), @"figures");
    insta::assert_snapshot!(go("least or most or span", &env), @"(figures) span");
    insta::assert_snapshot!(go("*", &env), @"(raw) (know) (report) (figures) (span)");
    // What is made anew and comes out the same leaves all else alone.
    insta::assert_snapshot!(go("*", &env.clone().with("RAW", "2")), @"raw (know) (report) (figures) (span)");
}

#[test]
fn at_rest_all_that_one_step_makes_is_to_be_made_for_one_of_it() {
    let (definitions, storage) = (definitions(), storage());
    materialize(&definitions, &storage, "* and not span").expect("it succeeds");
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let recipes = definitions.runner(&job).env(EnvVars::none()).recipes().expect("they are known");
    let graph = definitions.asset_graph();
    let to_make = |known: &[orch::storage::AssetRecord], making: Making, selected: &[&str]| {
        let latest = LatestFacts { records: known.to_vec(), ..LatestFacts::default() };
        let standings =
            Standings::of(graph, recipes.clone(), &latest, "2026-11-22T00:00:00Z".parse().expect("a time"));
        let selected: Vec<_> =
            graph.assets().iter().map(|asset| selected.contains(&asset.key().as_str())).collect();
        let made = standings.to_make(&selected, making);
        made.iter().map(|&number| graph.assets()[number].key().to_string()).collect::<Vec<_>>().join(" ")
    };
    let all: Vec<_> = graph.assets().iter().map(|asset| asset.key().as_str()).collect();
    let known = storage.assets().expect("what is known");
    insta::assert_snapshot!(to_make(&known, Making::Stale, &all), @"span");
    let without =
        |key: &str| known.iter().filter(|record| record.key.as_str() != key).cloned().collect::<Vec<_>>();
    // One that is missing is made with all that its step makes, and with what depends on these.
    insta::assert_snapshot!(to_make(&without("shop/clients"), Making::Missing, &all), @"shop/orders shop/clients span");
    insta::assert_snapshot!(to_make(&without("shop/clients"), Making::Stale, &all), @"shop/orders shop/clients report least most span");
    insta::assert_snapshot!(to_make(&without("shop/clients"), Making::Missing, &["shop/orders"]), @"");
    // What can be left out is left out.
    insta::assert_snapshot!(to_make(&without("least"), Making::Missing, &all), @"least span");
    insta::assert_snapshot!(to_make(&known, Making::All, &["most"]), @"most");
}

#[test]
fn a_run_goes_on_with_each_output_of_a_step_that_is_done() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static FAILS: AtomicBool = AtomicBool::new(true);
    #[asset]
    fn fragile(orders: &[i64], customers: &[String]) -> Result<usize> {
        if FAILS.swap(false, Ordering::Relaxed) {
            return Err("not yet".into());
        }
        Ok(orders.len() + customers.len())
    }
    let definitions = Definitions::new().assets(assets![raw, orders, customers, fragile]);
    let storage = storage();
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let failed = definitions.runner(&job).record(&storage).run_blocking().expect_err("it fails at first");
    let run = failed.run().expect("it has begun").id();
    let again = definitions.rerun(&storage, run, Rerun::FromFailure).expect("it failed").keep_outputs();
    let again = again.keep_events().run_blocking().expect("it succeeds now");
    assert_eq!((ran(&again), *again.output::<fragile>()), (vec!["fragile".to_owned()], 6));
}

#[test]
fn checks_look_at_each_asset_and_hold_back_what_is_made_of_it() {
    #[asset_check(asset = customers, blocking)]
    fn known(customers: &[String], orders: &[i64]) -> CheckResult {
        CheckResult::expect(customers.len() > orders.len(), "too few customers")
    }
    let definitions = definitions().checks(checks![known]);
    let error = materialize(&definitions, &storage(), "+report").expect_err("it is blocking");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `shop__clients.known`: the blocking check `known` of the asset `shop/clients` has not passed: too few customers
    ");
    let job = definitions.materialize(&"+report or most".parse().expect("a selection"));
    let plan = job.plan();
    let after = |step: &str| {
        let after = &plan.step(step).expect("it is there").after;
        after.iter().map(|&step| plan.steps[step].name.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((after("report").as_str(), after("figures").as_str()), ("shop__clients.known", ""));
}
