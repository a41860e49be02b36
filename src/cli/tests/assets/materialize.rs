//! Assets are made.

use orch::io::{IoManager, Metadata, OutputAt};
use orch::prelude::*;

use super::*;

#[test]
fn what_is_selected_is_made() {
    let told = session(|| Ok(shop(3)), "materialize mart/orders raw_orders --max-concurrent 1");
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    <time>  RUN_START materialize
    <time>  STEP_START raw_orders
    <time>  ASSET_MATERIALIZATION raw_orders raw_orders rows=3
    <time>  STEP_SUCCESS raw_orders (took <time>)
    <time>  STEP_START mart__orders
    <time>  ASSET_MATERIALIZATION mart__orders mart/orders docs=https://example.org/orders mean=1 note=# Orders\n\nSorted, **all** of them. rows=3 sample=2 rows schema=id: i64, name: str
    <time>  STEP_SUCCESS mart__orders (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] materialize: 2 steps: 2 succeeded
    Materialized raw_orders   3 rows
    Materialized mart/orders  3 rows
    ");
    let told = session(|| Ok(shop(3)), "materialize --all --max-concurrent 1 --progress none");
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 9 steps: 9 succeeded
    Materialized raw_orders    3 rows
    Materialized mart/orders   3 rows
    Materialized mart/refunds
    Materialized total
    Materialized report
    ");
    // As of `run`: events alone on stdout, or nothing but what was asked for.
    let json = session(|| Ok(shop(3)), "materialize +mart/refunds --json --quiet");
    assert_eq!(json.matches("\"event\":\"ASSET_MATERIALIZATION\"").count(), 2, "{json}");
    assert!(!json.contains("stderr"), "{json}");
}

#[test]
fn nothing_is_made_by_mistake() {
    insta::assert_snapshot!(answered(|| Ok(shop(3)), &["materialize"]), @r"
    exit 2
    error: which assets? this program makes:
      report
      total
      mart/orders
      mart/refunds
      raw_orders
    hint: name some, `program materialize report`, with all that they are made of, `program materialize +report`, or take all, `program materialize --all`
    ");
    insta::assert_snapshot!(answered(|| Ok(shop(3)), &["materialize", "mart/order or group:sale", "tag:team=", "2+*"]), @r#"
    exit 2
    error: the selection has 2 mistakes
    error: no asset fits `key:mart/order`, at column 1
      mart/order or group:sale
      ^^^^^^^^^^
      hint: did you mean `mart/orders`? keys: fx/rate, mart/orders, mart/refunds, raw_orders, report, total
    error: no asset fits `group:sale`, at column 15
      mart/order or group:sale
                    ^^^^^^^^^^
      hint: did you mean `sales`? groups: raw, sales
    error: expected a value directly behind `=`, found the end, at column 10
      tag:team=
               ^
      hint: an empty value is written `tag:k=""`
    "#);
    insta::assert_snapshot!(answered(|| Ok(shop(3)), &["materialize", "group:raw and group:sales"]), @r"
    exit 2
    error: the job `materialize` cannot be planned
    error: the selection leaves no asset
      hint: select others: `*` is all of them, and `assets list` shows them
    ");
    insta::assert_snapshot!(answered(|| Ok(shop(3)), &["materialize", "fx/rate"]), @r"
    exit 2
    error: the job `materialize` cannot be planned
    error: `fx/rate` is external: others make it, and this program takes it
      --> src/cli/tests/assets/shop.rs:_ (the asset)
      hint: to make what depends on it, select that: `fx/rate+`
    ");
    insta::assert_snapshot!(answered(|| Ok(Definitions::new()), &["materialize", "--all"]), @r"
    exit 2
    error: this program has no assets
    hint: list them in the function with #[orch::main]: `Definitions::new().assets(assets![my_asset])`
    ");
    insta::assert_snapshot!(answered(|| Ok(shop(3)), &["materialize", "total"]), @r"
    exit 2
    error: the job `materialize` cannot be planned: 2 problems
    error: `total.spread` takes the asset `mart/orders`, which was never materialized
      --> src/cli/tests/assets/shop.rs:_ (the step)
      hint: materialize it before, `materialize mart/orders`, or with all that is needed: `materialize '+total'`
    error: `total.sum` takes the asset `mart/refunds`, which was never materialized
      --> src/cli/tests/assets/shop.rs:_ (the step)
      hint: materialize it before, `materialize mart/refunds`, or with all that is needed: `materialize '+total'`
    ");
    let told = answered(|| Ok(shop(3)), &["materialize", "report", "--all"]);
    assert!(told.contains("the argument '[SELECTION]...' cannot be used with '--all'"), "{told}");
}

#[test]
fn what_is_made_again_is_told_again() {
    let mut kept = Shop::empty();
    kept.put(1, &shop(3), &"+mart/orders".parse().expect("a selection"));
    let told = kept.session(shop(3), "rerun latest --all --progress none");
    let told: Vec<_> = told.lines().filter(|line| line.starts_with("Materialized")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Materialized raw_orders   3 rows
    Materialized mart/orders  3 rows
    ");
}

#[test]
fn an_asset_is_no_job() {
    insta::assert_snapshot!(session(|| Ok(shop(3)), "run raw_orders"), @r"
    exit 2
    --- stderr
    error: there is no job `raw_orders`
    hint: `raw_orders` is an asset: `program materialize raw_orders`
    ");
}

/// Counts up what it has stored, and says so under this name.
struct Counting(&'static str, serde_json::Value);

impl IoManager<i64> for Counting {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Ok(Metadata::from([(self.0.to_owned(), self.1.clone())]))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64> {
        Ok(1)
    }
}

#[asset(io = "shelf", retry(max = 3))]
fn stock() -> i64 {
    7
}

#[op(io = "shelf")]
fn count() -> i64 {
    7
}

#[job]
fn counted() {
    count();
}

#[test]
fn what_an_io_manager_tells_of_an_asset_under_a_name_of_ours_is_a_text() {
    let told = |name, value: serde_json::Value, args| {
        let shelf = Counting(name, value);
        let definitions = Definitions::new().assets(assets![stock]).job(counted()).io::<i64>("shelf", shelf);
        session(|| Ok(definitions), &format!("{args} --progress none"))
    };
    insta::assert_snapshot!(told("stamp", 3.into(), "materialize stock"), @r#"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 1 step: 1 failed
          Failed [<time>] stock
                 the IO manager `shelf` tells `stamp` of the asset `stock` as the number 3, and not as a text
                   hint: make a text of it: `("stamp".to_owned(), value.to_string().into())`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    "#);
    insta::assert_snapshot!(told("data_version", serde_json::json!({"etag": "a1"}), "materialize stock"), @r#"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 1 step: 1 failed
          Failed [<time>] stock
                 the IO manager `shelf` tells `data_version` of the asset `stock` as an object, and not as a text
                   hint: make a text of it: `("data_version".to_owned(), value.to_string().into())`
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    "#);
    insta::assert_snapshot!(told("stamp", serde_json::Value::Null, "materialize stock"), @r"
    exit 1
    --- stderr
    run <run>, recorded in memory
    ────────────
         Failure [<time>] materialize: 1 step: 1 failed
          Failed [<time>] stock
                 the IO manager `shelf` tells `stamp` of the asset `stock` as null, and not as a text
                   hint: leave `stamp` out if there is none
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
    ");
    // A text is what it should be, and of what is no asset the names are free.
    insta::assert_snapshot!(told("stamp", "3".into(), "materialize stock"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 1 step: 1 succeeded
    Materialized stock
    ");
    insta::assert_snapshot!(told("stamp", 3.into(), "run counted"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] counted: 1 step: 1 succeeded
    ");
}
