//! Assets without partitions of which the look finds that nothing is there.

use super::*;

/// An empty lake has no orders to be counted.
#[asset_observation(asset = raw_orders)]
fn perhaps_counted(lake: Res<Lake>) -> Option<WithMetadata<DataVersion>> {
    let orders = lake.orders();
    (orders > 0).then(|| WithMetadata::new(DataVersion::new(orders)).metadata("orders", orders))
}

/// Reads the orders as their IO manager has them, if there are some.
#[asset(code_version = "1")]
fn note(#[stored] raw_orders: Option<String>) -> String {
    raw_orders.unwrap_or_else(|| "no orders".to_owned())
}

impl IoManager<Option<String>> for Lake {
    fn store(&self, _: &OutputAt<'_>, _: &Option<String>) -> Result<Metadata> {
        Err(Failure::new("others fill the lake"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<String>> {
        if self.orders() == 0 {
            return Err(Failure::new("it is asked for nothing"));
        }
        IoManager::<String>::load(self, at).map(Some)
    }
}

fn shop(lake: &Lake) -> Definitions {
    Definitions::new()
        .assets(assets![raw_orders, orders, report, size, text, note])
        .io::<Option<String>>("lake", lake.clone())
        .observations(observations![perhaps_counted])
        .io::<i64>("lake", lake.clone())
        .io::<String>("lake", lake.clone())
        .resource(lake.clone())
}

#[test]
fn what_takes_it_is_told_that_it_is_not_there() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    let error = materialize(&definitions, &storage, "raw_orders or orders").expect_err("nothing is there");
    insta::assert_snapshot!(error, @"
    the run of `materialize` failed: 1 step
    `orders`: of `raw_orders` nothing was there when this run looked
      hint: run again when others have made it; `assets observe raw_orders` tells whether they have, and makes nothing
    ");
    insta::assert_snapshot!(orch::report::story(error.run().expect("it began").events()), @"
    RUN_START materialize
    STEP_START raw_orders.perhaps_counted
    STEP_OUTPUT raw_orders.perhaps_counted result
    ASSET_OBSERVATION raw_orders.perhaps_counted raw_orders nothing there
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_START orders
    STEP_INPUT orders raw_orders
    ASSET_FAILED_TO_MATERIALIZE orders orders
    STEP_FAILURE orders of `raw_orders` nothing was there when this run looked
    RUN_FAILURE 1 step failed, the first is orders
    ");
    let error = materialize(&definitions, &storage, "raw_orders or text").expect_err("nothing is there");
    insta::assert_snapshot!(error, @"
    the run of `materialize` failed: 1 step
    `read_raw_orders`: the external asset `raw_orders` cannot be loaded
      caused by: of `raw_orders` nothing was there when this run looked
      hint: run again when others have made it; `assets observe raw_orders` tells whether they have, and makes nothing
    ");
    // What does not look itself does not begin.
    insta::assert_snapshot!(materialize(&definitions, &storage, "orders").expect_err("nothing is there"), @"
    the job `materialize` cannot be planned
    error: `orders` takes the asset `raw_orders`, of which nothing was there when it was observed last
      --> tests/it/assets/observed.rs:56 (the step)
      hint: have it observed again when others have made it: `assets observe raw_orders`
    ");
    insta::assert_snapshot!(materialize(&definitions, &storage, "text").expect_err("nothing is there"), @"
    the job `materialize` cannot be planned
    error: `text` takes the asset `raw_orders`, of which nothing was there when it was observed last
      --> tests/it/assets/observed.rs:298 (the step)
      hint: have it observed again when others have made it: `assets observe raw_orders`
    ");
    // What is only to come after it is made, and made anew when it is there.
    insta::assert_snapshot!(memoized(&definitions, &storage, "raw_orders or size"), @"
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_SUCCESS size
    ");
    insta::assert_snapshot!(facts(&storage), @"
    raw_orders, elsewhere
    raw_orders, elsewhere
    raw_orders, elsewhere
    size, data 2d3adedf, of raw_orders , fact
    ");
    // When it has come, all of it is made, whatever was observed before.
    lake.put(12);
    insta::assert_snapshot!(memoized(&definitions, &storage, "raw_orders or orders or text"), @"
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_SUCCESS orders
    STEP_SUCCESS read_raw_orders
    STEP_SUCCESS text
    ");
}

#[test]
fn a_run_that_failed_for_it_goes_on_when_it_has_come() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    let failed = materialize(&definitions, &storage, "*").expect_err("nothing is there");
    lake.put(12);
    let rerun = definitions.rerun(&storage, failed.run().expect("it began").id(), Rerun::FromFailure);
    let run = rerun.expect("it failed").keep_events().run_blocking().expect("it has come");
    insta::assert_snapshot!(orch::report::story(run.events()), @"
    RUN_START materialize
    STEP_START raw_orders.perhaps_counted
    STEP_OUTPUT raw_orders.perhaps_counted result
    ASSET_OBSERVATION raw_orders.perhaps_counted raw_orders 12
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_START orders
    STEP_INPUT orders raw_orders
    STEP_OUTPUT orders result
    ASSET_MATERIALIZATION orders orders
    STEP_SUCCESS orders
    STEP_START report
    STEP_INPUT report orders
    STEP_OUTPUT report result
    ASSET_MATERIALIZATION report report
    STEP_SUCCESS report
    STEP_START read_raw_orders
    STEP_OUTPUT read_raw_orders result
    STEP_SUCCESS read_raw_orders
    STEP_START text
    STEP_INPUT text raw_orders
    STEP_OUTPUT text result
    ASSET_MATERIALIZATION text text
    STEP_SUCCESS text
    RUN_SUCCESS
    ");
    // And as it was made of that, it is as it would be made.
    insta::assert_snapshot!(memoized(&definitions, &storage, "*"), @"
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_MEMOIZED orders
    STEP_MEMOIZED report
    STEP_SUCCESS read_raw_orders
    STEP_MEMOIZED text
    STEP_SUCCESS read_raw_orders_2
    STEP_SUCCESS note
    STEP_SUCCESS size
    ");
}

#[test]
fn what_was_made_of_it_is_stale_when_it_is_gone() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    lake.put(12);
    materialize(&definitions, &storage, "raw_orders or orders").expect("it is there");
    lake.put(0);
    observe(&definitions, &storage, "*").expect("it looks");
    let stands = || {
        let job = definitions.materialize(&"*".parse().expect("all"));
        let recipes = definitions.runner(&job).recipes().expect("what assets depend on");
        let standings = standings(&definitions, recipes, &storage);
        match standings.get(&"orders".parse().expect("a key")).expect("an asset") {
            Standing::Stale(difference) => format!("{:?}", difference.change),
            standing => format!("{standing:?}"),
        }
    };
    insta::assert_snapshot!(stands(), @r#"Other { before: "12", now: "" }"#);
    lake.put(12);
    observe(&definitions, &storage, "*").expect("it looks");
    insta::assert_snapshot!(stands(), @"Fresh");
}

/// Says nothing of its version.
#[asset]
fn unversioned(context: Context) -> i64 {
    context.set_data_version("");
    7
}

#[test]
fn what_a_program_makes_has_never_the_version_of_nothing() {
    let storage = storage();
    let definitions = Definitions::new().assets(assets![unversioned]);
    materialize(&definitions, &storage, "*").expect("it succeeds");
    insta::assert_snapshot!(facts(&storage), @"unversioned, data 448bd8dd, fact");
}

#[test]
fn what_reads_it_as_an_option_does_without() {
    let (lake, storage) = (Lake::default(), storage());
    let definitions = shop(&lake);
    let mut told = vec![memoized(&definitions, &storage, "raw_orders or note")];
    told.push(memoized(&definitions, &storage, "note"));
    lake.put(12);
    told.push("it has come:".to_owned());
    told.push(memoized(&definitions, &storage, "raw_orders or note"));
    told.push(memoized(&definitions, &storage, "raw_orders or note"));
    lake.put(0);
    told.push("it is gone:".to_owned());
    told.push(memoized(&definitions, &storage, "raw_orders or note"));
    insta::assert_snapshot!(told.join("\n"), @"
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_SUCCESS read_raw_orders
    STEP_SUCCESS note
    STEP_SUCCESS read_raw_orders
    STEP_MEMOIZED note
    it has come:
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_SUCCESS read_raw_orders
    STEP_SUCCESS note
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_SUCCESS read_raw_orders
    STEP_MEMOIZED note
    it is gone:
    STEP_SUCCESS raw_orders.perhaps_counted
    STEP_SUCCESS read_raw_orders
    STEP_SUCCESS note
    ");
    insta::assert_snapshot!(facts(&storage), @"
    raw_orders, elsewhere
    note, code 1, data 8e1a54ae, of raw_orders , fact
    raw_orders, data 12, orders: Int(12), elsewhere
    note, code 1, data f99207e3, of raw_orders 12, fact
    raw_orders, data 12, orders: Int(12), elsewhere
    raw_orders, elsewhere
    note, code 1, data 8e1a54ae, of raw_orders , fact
    ");
    // Where nothing is recorded as well.
    let job = definitions.materialize(&"raw_orders or note".parse().expect("a selection"));
    let run = definitions.runner(&job).keep_outputs().run_blocking().expect("it does without");
    assert_eq!(run.output::<note>(), "no orders");
}
