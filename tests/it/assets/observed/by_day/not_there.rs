//! Days of which the look finds that nothing is there, by now or any more.

use orch::run::Rerun;

use super::*;

/// A day without a file has no version.
#[asset_observation(asset = raw)]
fn perhaps_written(day: &Partition<Days>, folder: Res<Folder>) -> Result<Option<DataVersion>> {
    let day = day.key().to_string();
    folder.looked.lock().expect("nobody panics").push(day.clone());
    Ok(folder.says(&day).map(|says| DataVersion::new(format!("v{says}"))))
}

#[asset(code_version = "1", partitions = Days)]
fn perhaps(raw: Option<i64>) -> i64 {
    raw.unwrap_or(-1)
}

/// Of a week, what those of its files say that there are.
#[asset(code_version = "1", partitions = Weeks)]
fn some_week(
    #[mapped(PartitionMapping::time_window(0, 0).allow_missing())] raw: &Partitions<i64>,
) -> Vec<i64> {
    raw.values().copied().collect()
}

/// Of all days of which there is a file.
#[asset(code_version = "1")]
fn some_total(#[mapped(PartitionMapping::all().allow_missing())] raw: &Partitions<i64>) -> i64 {
    raw.values().sum()
}

/// Takes no value of the day, and reads its file by itself.
#[asset(code_version = "1", trust_resources, deps = [raw])]
fn copied(day: &Partition<Days>, folder: Res<Folder>) -> i64 {
    folder.says(&day.key().to_string()).unwrap_or_default()
}

fn shop(folder: &Folder) -> Definitions {
    Definitions::new()
        .assets(assets![raw, sales, week, total, perhaps, some_week, some_total, copied])
        .observations(observations![perhaps_written])
        .io::<i64>("folder", folder.clone())
        .resource(folder.clone())
}

/// A folder without a file for the third, and what is known of it.
fn without_the_third() -> (Folder, Arc<dyn Storage>) {
    let folder = Folder::of(1..15);
    folder.remove("2024-01-03");
    (folder, storage())
}

/// Looks at these days, and makes nothing.
fn observe((definitions, storage): (&Definitions, &Arc<dyn Storage>), days: &str) -> Run {
    let job = definitions.observe_assets(&"*".parse().expect("a selection"));
    let runner = definitions.runner(&job).partition(days).record(storage).keep_events().keep_outputs();
    runner.max_concurrent(1).run_blocking().expect("it looks")
}

/// The partitions of an asset that would come out otherwise.
fn stale((definitions, storage): (&Definitions, &Arc<dyn Storage>), asset: &str) -> String {
    let job = definitions.materialize(&"*".parse().expect("a selection"));
    let recipes = definitions.runner(&job).recipes().expect("recipes");
    let standings = standings(definitions, recipes, storage);
    let of = standings.partitions(&asset.parse().expect("a key")).expect("it has some");
    of.keyspace().show(&of.stale())
}

#[test]
fn that_nothing_is_there_is_told_of_the_day() {
    let (folder, storage) = without_the_third();
    let definitions = shop(&folder);
    let run = observe((&definitions, &storage), "2024-01-02..2024-01-03");
    insta::assert_snapshot!(orch::report::story(run.events()), @"
    RUN_START observe_assets orch/partition=2024-01-02..2024-01-03
    STEP_START days_partitions
    STEP_OUTPUT days_partitions result[2024-01-02]
    STEP_START raw.perhaps_written[2024-01-02]
    STEP_INPUT raw.perhaps_written[2024-01-02] day
    STEP_OUTPUT raw.perhaps_written[2024-01-02] result
    ASSET_OBSERVATION raw.perhaps_written[2024-01-02] raw 2024-01-02 v2
    STEP_SUCCESS raw.perhaps_written[2024-01-02]
    STEP_OUTPUT days_partitions result[2024-01-03]
    STEP_START raw.perhaps_written[2024-01-03]
    STEP_INPUT raw.perhaps_written[2024-01-03] day
    STEP_OUTPUT raw.perhaps_written[2024-01-03] result
    ASSET_OBSERVATION raw.perhaps_written[2024-01-03] raw 2024-01-03 nothing there
    STEP_SUCCESS raw.perhaps_written[2024-01-03]
    STREAM_CLOSED days_partitions result, 2 items
    STEP_SUCCESS days_partitions
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(facts(&storage), @"
    raw[2024-01-02], data v2, elsewhere
    raw[2024-01-03], elsewhere
    ");
    let found = run.outputs::<perhaps_written>().map(|(_, found)| found.is_nothing());
    assert_eq!(found.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_does_without_a_day_takes_it_as_missing_and_its_manager_is_not_asked() {
    let (folder, storage) = without_the_third();
    let definitions = shop(&folder);
    let of = (&definitions, &storage);
    let made = run(of, "raw or perhaps", Some("2024-01-02..2024-01-03")).expect("it does without");
    insta::assert_snapshot!(orch::report::story(made.events()), @"
    RUN_START materialize orch/partition=2024-01-02..2024-01-03
    STEP_START days_partitions
    STEP_OUTPUT days_partitions result[2024-01-02]
    STEP_START raw.perhaps_written[2024-01-02]
    STEP_INPUT raw.perhaps_written[2024-01-02] day
    STEP_OUTPUT raw.perhaps_written[2024-01-02] result
    ASSET_OBSERVATION raw.perhaps_written[2024-01-02] raw 2024-01-02 v2
    STEP_SUCCESS raw.perhaps_written[2024-01-02]
    STEP_START read_raw[2024-01-02]
    STEP_OUTPUT read_raw[2024-01-02] result
    STEP_SUCCESS read_raw[2024-01-02]
    STEP_START perhaps[2024-01-02]
    STEP_INPUT perhaps[2024-01-02] raw
    STEP_OUTPUT perhaps[2024-01-02] result
    ASSET_MATERIALIZATION perhaps[2024-01-02] perhaps 2024-01-02
    STEP_SUCCESS perhaps[2024-01-02]
    STEP_OUTPUT days_partitions result[2024-01-03]
    STEP_START raw.perhaps_written[2024-01-03]
    STEP_INPUT raw.perhaps_written[2024-01-03] day
    STEP_OUTPUT raw.perhaps_written[2024-01-03] result
    ASSET_OBSERVATION raw.perhaps_written[2024-01-03] raw 2024-01-03 nothing there
    STEP_SUCCESS raw.perhaps_written[2024-01-03]
    STEP_START read_raw[2024-01-03]
    STEP_OUTPUT read_raw[2024-01-03] result
    STEP_SUCCESS read_raw[2024-01-03]
    STEP_START perhaps[2024-01-03]
    STEP_INPUT perhaps[2024-01-03] raw
    STEP_OUTPUT perhaps[2024-01-03] result
    ASSET_MATERIALIZATION perhaps[2024-01-03] perhaps 2024-01-03
    STEP_SUCCESS perhaps[2024-01-03]
    STREAM_CLOSED days_partitions result, 2 items
    STEP_SUCCESS days_partitions
    RUN_SUCCESS
    ");
    assert_eq!(made.outputs::<perhaps>().map(|(_, value)| *value).collect::<Vec<_>>(), [2, -1]);
    let made = run(of, "raw or some_week", Some("2024-01-01")).expect("it does without");
    assert_eq!(made.outputs::<some_week>().next().expect("a week").1, &[1, 2, 4, 5, 6, 7]);
    let made = run(of, "raw or some_total", None).expect("it does without");
    assert_eq!(*made.output::<some_total>(), (1..15).sum::<i64>() - 3);
    // So it is where nothing is looked at: it was observed last so.
    folder.looked();
    for (asset, of_it) in [("perhaps", "2024-01-02..2024-01-03"), ("some_week", "2024-01-01")] {
        let alone = run(of, asset, Some(of_it)).expect("it does without");
        assert!(came_to(&alone).starts_with("STEP_MEMOIZED"), "{}", came_to(&alone));
    }
    assert_eq!(folder.looked(), "");
    // And where nothing is recorded.
    let job = definitions.materialize(&"raw or some_total or perhaps".parse().expect("a selection"));
    let runner = definitions.runner(&job).partition("2024-01-03").keep_outputs().max_concurrent(1);
    let made = runner.run_blocking().expect("it does without");
    assert_eq!(*made.output::<some_total>(), (1..15).sum::<i64>() - 3);
    assert_eq!(made.outputs::<perhaps>().map(|(_, value)| *value).collect::<Vec<_>>(), [-1]);
}

#[test]
fn what_was_made_without_it_is_stale_when_it_comes_and_when_it_goes() {
    let (folder, storage) = without_the_third();
    let definitions = shop(&folder);
    let of = (&definitions, &storage);
    let days = || {
        came_to(
            &run(of, "raw or perhaps or copied", Some("2024-01-02..2024-01-03")).expect("it does without"),
        )
    };
    let weeks = || came_to(&run(of, "raw or some_week", Some("*")).expect("it does without"));
    let total = || came_to(&run(of, "raw or some_total", None).expect("it does without"));
    let mut told = vec![days(), weeks(), total()];
    told.push("as it was:".to_owned());
    told.extend([days(), weeks(), total()]);
    folder.put("2024-01-03", 3);
    told.push("it has come:".to_owned());
    told.extend([days(), weeks(), total()]);
    folder.remove("2024-01-03");
    told.push("it is gone:".to_owned());
    told.extend([days(), weeks(), total()]);
    insta::assert_snapshot!(told.join("\n"), @"
    STEP_SUCCESS copied 02 03
    STEP_SUCCESS perhaps 02 03
    STEP_SUCCESS raw.perhaps_written 02 03
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS some_week 01 08
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS some_total
    as it was:
    STEP_MEMOIZED copied 02 03
    STEP_MEMOIZED perhaps 02 03
    STEP_SUCCESS raw.perhaps_written 02 03
    STEP_MEMOIZED some_week 01 08
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_MEMOIZED some_total
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    it has come:
    STEP_MEMOIZED copied 02
    STEP_MEMOIZED perhaps 02
    STEP_SUCCESS copied 03
    STEP_SUCCESS perhaps 03
    STEP_SUCCESS raw.perhaps_written 02 03
    STEP_MEMOIZED some_week 08
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS some_week 01
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS some_total
    it is gone:
    STEP_MEMOIZED copied 02
    STEP_MEMOIZED perhaps 02
    STEP_SUCCESS copied 03
    STEP_SUCCESS perhaps 03
    STEP_SUCCESS raw.perhaps_written 02 03
    STEP_MEMOIZED some_week 08
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS some_week 01
    STEP_SUCCESS raw.perhaps_written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS some_total
    ");
    // The same, of what was looked at alone.
    let standing =
        || format!("{} | {} | {}", stale(of, "perhaps"), stale(of, "some_week"), stale(of, "copied"));
    assert_eq!(standing(), " |  | ");
    folder.put("2024-01-03", 3);
    assert_eq!(standing(), " |  | ", "nobody has looked");
    observe(of, "2024-01-03");
    assert_eq!(standing(), "2024-01-03 | 2024-01-01 | 2024-01-03");
    let made = run(of, "perhaps or copied", Some("2024-01-02..2024-01-03")).expect("it is there");
    insta::assert_snapshot!(came_to(&made), @"
    STEP_MEMOIZED copied 02
    STEP_MEMOIZED perhaps 02
    STEP_SUCCESS copied 03
    STEP_SUCCESS perhaps 03
    STEP_SUCCESS wait_for_raw 02 03
    ");
    run(of, "some_week", Some("*")).expect("it is there");
    assert_eq!(standing(), " |  | ");
    folder.remove("2024-01-03");
    observe(of, "2024-01-03");
    assert_eq!(standing(), "2024-01-03 | 2024-01-01 | 2024-01-03");
    let made = run(of, "some_week", Some("*")).expect("it does without");
    insta::assert_snapshot!(came_to(&made), @"
    STEP_MEMOIZED some_week 08
    STEP_SUCCESS some_week 01
    ");
    assert_eq!(made.outputs::<some_week>().next().expect("a week").1, &[1, 2, 4, 5, 6, 7]);
}

#[test]
fn what_needs_the_day_is_told_which_is_not_there() {
    let (folder, storage) = without_the_third();
    let definitions = shop(&folder);
    let of = (&definitions, &storage);
    let error = run(of, "raw or sales", Some("2024-01-02..2024-01-04")).expect_err("a file lacks");
    insta::assert_snapshot!(error, @"
    the run of `materialize` failed: 1 step
    `read_raw[2024-01-03]`: of `raw[2024-01-03]` nothing was there when this run looked
      hint: run again when others have made it, or take it as an `Option`: `raw: Option<..>`
    ");
    insta::assert_snapshot!(came_to(error.run().expect("it began")), @"
    STEP_SKIPPED sales 03
    STEP_SUCCESS raw.perhaps_written 02 03 04
    STEP_SUCCESS sales 02 04
    ");
    folder.remove("2024-01-05");
    folder.remove("2024-01-06");
    let error = run(of, "raw or week or total", Some("*")).expect_err("a file lacks");
    insta::assert_snapshot!(error, @"
    the run of `materialize` failed: 2 steps
    `read_raw_2`: of `raw[2024-01-03, 2024-01-05..2024-01-06]` nothing was there when this run looked
      hint: run again when others have made it, or let the mapping say that it does without: `.allow_missing()`
    `read_raw[2024-01-01]`: of `raw[2024-01-03, 2024-01-05..2024-01-06]` nothing was there when this run looked
      hint: run again when others have made it, or let the mapping say that it does without: `.allow_missing()`
    ");
    // What does not look itself does not begin.
    insta::assert_snapshot!(run(of, "sales", Some("2024-01-02..2024-01-04")).expect_err("a file lacks"), @"
    the job `materialize` cannot be planned
    error: `sales` is made of partitions of `raw` of which nothing was there when they were observed last: 2024-01-03
      --> tests/it/assets/observed/by_day.rs:101 (is made of it)
      --> tests/it/assets/observed/by_day.rs:88 (the asset)
      hint: have them observed again when others have made them, `assets observe raw --partition '2024-01-03'`, or take it as an `Option`: `raw: Option<..>`
    ");
    insta::assert_snapshot!(run(of, "week", Some("*")).expect_err("a file lacks"), @"
    the job `materialize` cannot be planned
    error: `week` is made of partitions of `raw` of which nothing was there when they were observed last: 2024-01-03, 2024-01-05..2024-01-06
      --> tests/it/assets/observed/by_day.rs:112 (is made of it)
      --> tests/it/assets/observed/by_day.rs:88 (the asset)
      hint: have them observed again when others have made them, `assets observe raw --partition '2024-01-03, 2024-01-05..2024-01-06'`, or let the mapping say that it does without: `.allow_missing()`
    ");
    insta::assert_snapshot!(run(of, "total", None).expect_err("a file lacks"), @"
    the job `materialize` cannot be planned
    error: `total` is made of partitions of `raw` of which nothing was there when they were observed last: 2024-01-03, 2024-01-05..2024-01-06
      --> tests/it/assets/observed/by_day.rs:124 (is made of it)
      --> tests/it/assets/observed/by_day.rs:88 (the asset)
      hint: have them observed again when others have made them, `assets observe raw --partition '2024-01-03, 2024-01-05..2024-01-06'`, or let the mapping say that it does without: `.allow_missing()`
    ");
    // When it has come, the rest goes on.
    let failed = run(of, "raw or sales", Some("2024-01-02..2024-01-04")).expect_err("a file lacks");
    (3..7).for_each(|day| folder.put(&format!("2024-01-{day:02}"), day));
    folder.looked();
    let rerun = definitions.rerun(&storage, failed.run().expect("it began").id(), Rerun::FromFailure);
    let rerun = rerun.expect("it failed").keep_events().run_blocking().expect("the file has come");
    insta::assert_snapshot!(came_to(&rerun), @"
    STEP_SUCCESS raw.perhaps_written 03
    STEP_SUCCESS sales 03
    ");
    assert_eq!(folder.looked(), "03");
}

#[test]
fn what_was_made_of_a_day_that_is_gone_is_stale_and_refused() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    let of = (&definitions, &storage);
    run(of, "raw or sales", Some("2024-01-02..2024-01-04")).expect("all are there");
    folder.remove("2024-01-03");
    observe(of, "2024-01-03");
    assert_eq!(stale(of, "sales"), "2024-01-03");
    insta::assert_snapshot!(run(of, "sales", Some("2024-01-02..2024-01-04")).expect_err("one is gone"), @"
    the job `materialize` cannot be planned
    error: `sales` is made of partitions of `raw` of which nothing was there when they were observed last: 2024-01-03
      --> tests/it/assets/observed/by_day.rs:101 (is made of it)
      --> tests/it/assets/observed/by_day.rs:88 (the asset)
      hint: have them observed again when others have made them, `assets observe raw --partition '2024-01-03'`, or take it as an `Option`: `raw: Option<..>`
    ");
    let made = run(of, "sales", Some("2024-01-02")).expect("it is there");
    insta::assert_snapshot!(came_to(&made), @"STEP_MEMOIZED sales 02");
    // As before it comes out as it was.
    folder.put("2024-01-03", 3);
    observe(of, "2024-01-03");
    assert_eq!(stale(of, "sales"), "");
}

/// The program that makes the days on the same instance.
mod makers {
    use orch::prelude::*;

    use super::Days;

    #[asset]
    pub(super) fn prices(day: &Partition<Days>) -> i64 {
        i64::from(day.window().start.day())
    }
}

#[external_asset(partitions = Days)]
fn prices() -> i64;

#[asset_observation(asset = prices)]
fn gone(_day: &Partition<Days>) -> Option<DataVersion> {
    None
}

#[asset(code_version = "1", partitions = Days)]
fn dearer(prices: Option<i64>) -> i64 {
    prices.map_or(0, |price| price + 1)
}

#[test]
fn what_a_program_makes_on_the_instance_may_be_gone_and_there_again() {
    let storage = storage();
    let theirs = Definitions::new().assets(assets![makers::prices]);
    let ours = Definitions::new().assets(assets![prices, dearer]).observations(observations![gone]);
    let of = (&ours, &storage);
    let make = || {
        let job = theirs.materialize(&"*".parse().expect("a selection"));
        theirs.runner(&job).partition("2024-01-02").record(&storage).run_blocking().expect("it succeeds");
    };
    let take = || run(of, "dearer", Some("2024-01-02")).expect("it does without");
    let value = |run: &Run| run.outputs::<dearer>().next().map(|(_, value)| *value);
    assert_eq!(value(&take()), Some(0), "nobody has made it");
    make();
    assert_eq!(value(&take()), Some(3));
    observe(of, "2024-01-02");
    assert_eq!(stale(of, "dearer"), "2024-01-02");
    assert_eq!(value(&take()), Some(0), "it was observed as gone since");
    make();
    assert_eq!(stale(of, "dearer"), "2024-01-02");
    assert_eq!(value(&take()), Some(3), "and made anew since");
    insta::assert_snapshot!(facts(&storage), @"
    dearer[2024-01-02], code 1, data 2d3adedf, of prices[] 9993fcc3, fact
    prices[2024-01-02], data ab13bedf, fact
    dearer[2024-01-02], code 1, data e1e0e81d, of prices[2024-01-02] ab13bedf, fact
    prices[2024-01-02], elsewhere
    dearer[2024-01-02], code 1, data 2d3adedf, of prices[] 9993fcc3, fact
    prices[2024-01-02], data ab13bedf, fact
    dearer[2024-01-02], code 1, data e1e0e81d, of prices[2024-01-02] ab13bedf, fact
    ");
}
