//! What takes no value of a day, and what does without one.

use super::*;

/// Takes no value of the day, and reads its file by itself.
#[asset(code_version = "1", trust_resources, deps = [raw])]
fn copied(day: &Partition<Days>, folder: Res<Folder>) -> i64 {
    folder.says(&day.key().to_string()).unwrap_or_default()
}

/// Is to come after the days of its week, and takes nothing of them.
#[asset(code_version = "1", partitions = Weeks, deps = [raw])]
fn letter() -> i64 {
    1
}

#[test]
fn what_takes_no_value_waits_for_the_look_as_well() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder).assets(assets![copied, letter]);
    let of = (&definitions, &storage);
    insta::assert_snapshot!(definitions.materialize(&"raw or copied".parse().expect("a selection")).plan(), @"
    job materialize
      depth_first, as many at once as processors
    days_partitions() -> dynamic Partition<Days>
    map days_partitions
        raw.written(day: &Partition<Days> <- each days_partitions) -> DataVersion
          | observes asset raw
          | resources Folder
        copied(day: &Partition<Days> <- each days_partitions) -> i64
          | makes asset copied
          | after raw.written
          | resources Folder
          | code version 1
    ");
    run(of, "raw or copied", Some("2024-01-01..2024-01-02")).expect("it succeeds");
    folder.put("2024-01-02", 22);
    insta::assert_snapshot!(came_to(&run(of, "raw or copied", Some("2024-01-01..2024-01-02")).expect("it succeeds")), @"
    STEP_MEMOIZED copied 01
    STEP_SUCCESS copied 02
    STEP_SUCCESS raw.written 01 02
    ");
    insta::assert_snapshot!(facts(&storage), @"
    raw[2024-01-01], data v1, bytes: Int(1), elsewhere
    copied[2024-01-01], code 1, data 48fc721f, of raw[2024-01-01] v1, fact
    raw[2024-01-02], data v2, bytes: Int(2), elsewhere
    copied[2024-01-02], code 1, data ab13bedf, of raw[2024-01-02] v2, fact
    raw[2024-01-01], data v1, bytes: Int(1), elsewhere
    raw[2024-01-02], data v22, bytes: Int(22), elsewhere
    copied[2024-01-02], code 1, data 1314b698, of raw[2024-01-02] v22, fact
    ");
    // Alone it is made of the day as that was observed last.
    folder.put("2024-01-01", 11);
    folder.looked();
    let alone = || came_to(&run(of, "copied", Some("2024-01-01..2024-01-02")).expect("it succeeds"));
    insta::assert_snapshot!(alone(), @"
    STEP_MEMOIZED copied 01 02
    STEP_SUCCESS wait_for_raw 01 02
    ");
    let job = definitions.observe_assets(&"*".parse().expect("a selection"));
    let observed = definitions.runner(&job).partition("2024-01-01").record(&storage).run_blocking();
    observed.expect("it succeeds");
    insta::assert_snapshot!(alone(), @"
    STEP_MEMOIZED copied 02
    STEP_SUCCESS copied 01
    STEP_SUCCESS wait_for_raw 01 02
    ");
    insta::assert_snapshot!(alone(), @"
    STEP_MEMOIZED copied 01 02
    STEP_SUCCESS wait_for_raw 01 02
    ");
    insta::assert_snapshot!(definitions.materialize(&"raw or letter".parse().expect("a selection")).plan(), @"
    job materialize
      depth_first, as many at once as processors
    raw_partitions() -> dynamic Partition<Days>
    map raw_partitions
        raw.written(day: &Partition<Days> <- each raw_partitions) -> DataVersion
          | observes asset raw
          | resources Folder
    weeks_partitions() -> dynamic Partition<Weeks>
    map weeks_partitions
        letter() -> i64
          | makes asset letter
          | after wait_for_raw
          | code version 1
        wait_for_raw() -> ()
          | knows as what asset raw was observed
          | after all_raw_partitions
    all_raw_partitions(partitions: &Vec<Partition<Days>> <- collect each raw_partitions) -> ()
    ");
    let all = || came_to(&run(of, "raw or letter", Some("*")).expect("it succeeds"));
    all();
    folder.put("2024-01-10", 100);
    insta::assert_snapshot!(all(), @"
    STEP_MEMOIZED letter 01
    STEP_SUCCESS letter 08
    STEP_SUCCESS raw.written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS wait_for_raw 01 08
    ");
    folder.remove("2024-01-03");
    let error = run(of, "raw or letter", Some("*")).expect_err("a file lacks");
    insta::assert_snapshot!(came_to(error.run().expect("it began")), @"
    STEP_FAILURE raw.written 03
    STEP_MEMOIZED letter 08
    STEP_SKIPPED letter 01
    STEP_SKIPPED wait_for_raw 01
    STEP_SUCCESS raw.written 01 02 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS wait_for_raw 08
    ");
}

/// A day without a file has a version too, for what does without.
#[asset_observation(asset = raw)]
fn perhaps_written(day: &Partition<Days>, folder: Res<Folder>) -> DataVersion {
    match folder.says(&day.key().to_string()) {
        Some(says) => DataVersion::new(says),
        None => DataVersion::new("none"),
    }
}

impl IoManager<Option<i64>> for Folder {
    fn store(&self, _: &OutputAt<'_>, _: &Option<i64>) -> Result<Metadata> {
        Err(Failure::new("others write the files"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Option<i64>> {
        Ok(at.asset.and_then(|asset| asset.partition).and_then(|day| self.says(day.key())))
    }
}

#[asset(code_version = "1", partitions = Days)]
fn perhaps(raw: Option<i64>) -> i64 {
    raw.unwrap_or(-1)
}

#[test]
fn what_does_without_a_day_is_made_anew_when_it_has_come() {
    let (folder, storage) = (Folder::of(1..15), storage());
    folder.remove("2024-01-02");
    let definitions = Definitions::new()
        .assets(assets![raw, perhaps])
        .observations(observations![perhaps_written])
        .io::<i64>("folder", folder.clone())
        .io::<Option<i64>>("folder", folder.clone())
        .resource(folder.clone());
    let all = || run((&definitions, &storage), "*", Some("2024-01-01..2024-01-02")).expect("it succeeds");
    all();
    insta::assert_snapshot!(facts(&storage), @"
    raw[2024-01-01], data 1, elsewhere
    perhaps[2024-01-01], code 1, data 48fc721f, of raw[2024-01-01] 1, fact
    raw[2024-01-02], data none, elsewhere
    perhaps[2024-01-02], code 1, data 99d44d37, of raw[2024-01-02] none, fact
    ");
    insta::assert_snapshot!(came_to(&all()), @"
    STEP_MEMOIZED perhaps 01 02
    STEP_SUCCESS raw.perhaps_written 01 02
    ");
    folder.put("2024-01-02", 2);
    insta::assert_snapshot!(came_to(&all()), @"
    STEP_MEMOIZED perhaps 01
    STEP_SUCCESS perhaps 02
    STEP_SUCCESS raw.perhaps_written 01 02
    ");
}

#[test]
fn steps_of_a_job_that_looks_at_days_are_not_selected_one_by_one() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    let run = run((&definitions, &storage), "raw or total", None).expect("it succeeds");
    let part = definitions.rerun(&storage, run.id(), Rerun::Select("total".parse().expect("a selection")));
    let refused = part.expect("it is known").run_blocking().expect_err("a part of it");
    insta::assert_snapshot!(refused, @"
    the job `materialize` cannot be planned
    error: steps are selected, or given inputs, of a job that looks at partitions of `raw`
      hint: select assets in place of steps: `materialize total`; of a run that failed, `rerun RUN --from-failure`
    ");
    let job = definitions.observe_assets(&"*".parse().expect("a selection"));
    let part = definitions.runner(&job).record(&storage).select("raw.written".parse().expect("a selection"));
    let refused = part.partition("2024-01-01").run_blocking().expect_err("a part of it");
    insta::assert_snapshot!(refused, @"
    the job `observe_assets` cannot be planned
    error: steps are selected, or given inputs, of a job that looks at partitions of `raw`
      hint: name partitions in place of steps: `--partition ..`; of a run that failed, `rerun RUN --from-failure`
    ");
}
