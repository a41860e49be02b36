//! Files that others write, one a day: each day has a version of its own, and what is made of a day follows that day alone.

mod elsewhere;
mod makers;
mod mended;
mod not_there;
mod without;

use std::collections::BTreeMap;
use std::sync::Mutex;

use orch::io::{IoManager, Metadata, OutputAt};
use orch::partition::{
    ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions, Weekday,
};
use orch::run::LatestFacts;

use super::*;

struct Days;

impl Partitioning for Days {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-15").into()
    }
}

struct Weeks;

impl Partitioning for Weeks {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-01").weekday(Weekday::Monday).until("2024-01-15").into()
    }
}

/// The folder of others: of each day what its file says, and which days were looked at.
#[derive(Clone, Default)]
struct Folder {
    files: Arc<Mutex<BTreeMap<String, i64>>>,
    looked: Arc<Mutex<Vec<String>>>,
}

impl Folder {
    /// A folder with a file for each of these days of January.
    fn of(days: impl IntoIterator<Item = i64>) -> Self {
        let folder = Self::default();
        days.into_iter().for_each(|day| folder.put(&format!("2024-01-{day:02}"), day));
        folder
    }

    fn put(&self, day: &str, says: i64) {
        self.files.lock().expect("nobody panics").insert(day.to_owned(), says);
    }

    fn remove(&self, day: &str) {
        self.files.lock().expect("nobody panics").remove(day);
    }

    fn says(&self, day: &str) -> Option<i64> {
        self.files.lock().expect("nobody panics").get(day).copied()
    }

    /// The days that were looked at since it was asked last.
    fn looked(&self) -> String {
        let mut looked = std::mem::take(&mut *self.looked.lock().expect("nobody panics"));
        looked.sort();
        looked.iter().map(|day| day.trim_start_matches("2024-01-")).collect::<Vec<_>>().join(" ")
    }
}

impl IoManager<i64> for Folder {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Err(Failure::new("others write the files"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        let day = at.asset.and_then(|asset| asset.partition).map_or("", |day| day.key());
        self.says(day).ok_or_else(|| Failure::new(format!("{day}.csv: no such file")))
    }
}

/// A file for each day, which others write.
#[external_asset(partitions = Days, io = "folder")]
fn raw() -> i64;

/// What the file of the day says.
#[asset_observation(asset = raw)]
fn written(day: &Partition<Days>, folder: Res<Folder>, context: Context) -> Result<DataVersion> {
    let day = day.key().to_string();
    folder.looked.lock().expect("nobody panics").push(day.clone());
    let says = folder.says(&day).ok_or_else(|| Failure::new(format!("{day}.csv: no such file")))?;
    context.add_metadata("bytes", says);
    Ok(DataVersion::new(format!("v{says}")))
}

#[asset(code_version = "1", partitions = Days)]
fn sales(raw: i64) -> i64 {
    raw * 10
}

#[asset(code_version = "1", partitions = Days)]
fn large(sales: i64) -> bool {
    sales > 100
}

/// Of a week, what its files say.
#[asset(code_version = "1", partitions = Weeks)]
fn week(raw: &Partitions<i64>) -> i64 {
    raw.values().sum()
}

/// What the day says beyond the day before.
#[asset(code_version = "1", partitions = Days)]
fn growth(#[mapped(PartitionMapping::time_window(-1, 0).allow_missing())] raw: &Partitions<i64>) -> i64 {
    raw.values().sum()
}

/// Of all days that there are.
#[asset(code_version = "1")]
fn total(#[mapped(PartitionMapping::all())] raw: &Partitions<i64>) -> i64 {
    raw.values().sum()
}

fn shop(folder: &Folder) -> Definitions {
    Definitions::new()
        .assets(assets![raw, sales, large, week, growth, total])
        .observations(observations![written])
        .io::<i64>("folder", folder.clone())
        .resource(folder.clone())
}

/// A run of a selection for these partitions, if some are said, that passes over what would come out the same.
fn run(
    (definitions, storage): (&Definitions, &Arc<dyn Storage>),
    selection: &str,
    partition: Option<&str>,
) -> Result<Run, RunError> {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).memoize().record(storage).keep_outputs().keep_events();
    partition.into_iter().fold(runner, orch::run::Runner::partition).max_concurrent(1).run_blocking()
}

/// What a run has come to: which steps have run, by name, and of which partitions; what gives and reads these is left out.
fn came_to(run: &Run) -> String {
    let mut told: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for event in run.events() {
        let (Some(step), "STEP_SUCCESS" | "STEP_MEMOIZED" | "STEP_FAILURE" | "STEP_SKIPPED") =
            (&event.step, event.kind.name())
        else {
            continue;
        };
        if step.name().contains("partitions") || step.name().starts_with("read_") {
            continue;
        }
        let of = step.branch().map(|branch| branch.key().to_string()).unwrap_or_default();
        let of = of.trim_start_matches("2024-01-").to_owned();
        told.entry((event.kind.name(), step.name().to_owned())).or_default().push(of);
    }
    let lines = told.into_iter().map(|((kind, step), mut of)| {
        of.sort();
        format!("{kind} {step} {}", of.join(" ")).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_day_is_looked_at_before_what_is_made_of_it() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    insta::assert_snapshot!(definitions.materialize(&"raw or sales or large".parse().expect("a selection")).plan(), @"
    job materialize
      depth_first, as many at once as processors
    days_partitions() -> dynamic Partition<Days>
    map days_partitions
        raw.written(day: &Partition<Days> <- each days_partitions) -> DataVersion
          | observes asset raw
          | resources Folder
        read_raw() -> i64
          | reads asset raw by io folder
          | after raw.written
        sales(raw: i64 <- read_raw) -> i64
          | makes asset sales
          | code version 1
        large(sales: i64 <- sales) -> bool
          | makes asset large
          | code version 1
    ");
    let run =
        run((&definitions, &storage), "raw or sales", Some("2024-01-02..2024-01-03")).expect("it succeeds");
    insta::assert_snapshot!(orch::report::story(run.events()), @"
    RUN_START materialize orch/partition=2024-01-02..2024-01-03
    STEP_START days_partitions
    STEP_OUTPUT days_partitions result[2024-01-02]
    STEP_START raw.written[2024-01-02]
    STEP_INPUT raw.written[2024-01-02] day
    STEP_OUTPUT raw.written[2024-01-02] result
    ASSET_OBSERVATION raw.written[2024-01-02] raw 2024-01-02 v2
    STEP_SUCCESS raw.written[2024-01-02]
    STEP_START read_raw[2024-01-02]
    STEP_OUTPUT read_raw[2024-01-02] result
    STEP_SUCCESS read_raw[2024-01-02]
    STEP_START sales[2024-01-02]
    STEP_INPUT sales[2024-01-02] raw
    STEP_OUTPUT sales[2024-01-02] result
    ASSET_MATERIALIZATION sales[2024-01-02] sales 2024-01-02
    STEP_SUCCESS sales[2024-01-02]
    STEP_OUTPUT days_partitions result[2024-01-03]
    STEP_START raw.written[2024-01-03]
    STEP_INPUT raw.written[2024-01-03] day
    STEP_OUTPUT raw.written[2024-01-03] result
    ASSET_OBSERVATION raw.written[2024-01-03] raw 2024-01-03 v3
    STEP_SUCCESS raw.written[2024-01-03]
    STEP_START read_raw[2024-01-03]
    STEP_OUTPUT read_raw[2024-01-03] result
    STEP_SUCCESS read_raw[2024-01-03]
    STEP_START sales[2024-01-03]
    STEP_INPUT sales[2024-01-03] raw
    STEP_OUTPUT sales[2024-01-03] result
    ASSET_MATERIALIZATION sales[2024-01-03] sales 2024-01-03
    STEP_SUCCESS sales[2024-01-03]
    STREAM_CLOSED days_partitions result, 2 items
    STEP_SUCCESS days_partitions
    RUN_SUCCESS
    ");
    insta::assert_snapshot!(facts(&storage), @"
    raw[2024-01-02], data v2, bytes: Int(2), elsewhere
    sales[2024-01-02], code 1, data ca9fba29, of raw[2024-01-02] v2, fact
    raw[2024-01-03], data v3, bytes: Int(3), elsewhere
    sales[2024-01-03], code 1, data eb90b747, of raw[2024-01-03] v3, fact
    ");
}

#[test]
fn only_the_day_is_made_anew_whose_file_is_another() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    let all = |days: Option<&str>| {
        run((&definitions, &storage), "raw or sales or large", days).expect("it succeeds")
    };
    all(Some("2024-01-01..2024-01-04"));
    assert_eq!(folder.looked(), "01 02 03 04");
    folder.put("2024-01-03", 13);
    insta::assert_snapshot!(came_to(&all(Some("2024-01-01..2024-01-04"))), @"
    STEP_MEMOIZED large 01 02 04
    STEP_MEMOIZED sales 01 02 04
    STEP_SUCCESS large 03
    STEP_SUCCESS raw.written 01 02 03 04
    STEP_SUCCESS sales 03
    ");
    // What is not selected is taken as it was observed last.
    folder.put("2024-01-02", 22);
    folder.looked();
    insta::assert_snapshot!(came_to(&run((&definitions, &storage), "sales", Some("2024-01-02..2024-01-03")).expect("it succeeds")), @"STEP_MEMOIZED sales 02 03");
    assert_eq!(folder.looked(), "");
}

#[test]
fn a_week_looks_at_its_seven_days_and_a_mapping_at_those_that_it_names() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    insta::assert_snapshot!(definitions.materialize(&"raw or week or sales".parse().expect("a selection")).plan(), @"
    job materialize
      depth_first, as many at once as processors
    raw_partitions() -> dynamic Partition<Days>
    map raw_partitions
        raw.written(day: &Partition<Days> <- each raw_partitions) -> DataVersion
          | observes asset raw
          | resources Folder
    days_partitions() -> dynamic Partition<Days>
    map days_partitions
        read_raw() -> i64
          | reads asset raw by io folder
          | after all_raw_partitions
        sales(raw: i64 <- read_raw) -> i64
          | makes asset sales
          | code version 1
    all_raw_partitions(partitions: &Vec<Partition<Days>> <- collect each raw_partitions) -> ()
    weeks_partitions() -> dynamic Partition<Weeks>
    map weeks_partitions
        read_raw_2 = read_raw() -> Partitions<i64>
          | reads asset raw by io folder
          | after all_raw_partitions
        week(raw: &Partitions<i64> <- read_raw_2) -> i64
          | makes asset week
          | code version 1
    ");
    let of = (&definitions, &storage);
    run(of, "raw or week", Some("2024-01-08")).expect("it succeeds");
    assert_eq!(folder.looked(), "08 09 10 11 12 13 14");
    folder.put("2024-01-10", 100);
    insta::assert_snapshot!(came_to(&run(of, "raw or week", Some("*")).expect("it succeeds")), @"
    STEP_SUCCESS raw.written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS week 01 08
    ");
    assert_eq!(folder.looked(), "01 02 03 04 05 06 07 08 09 10 11 12 13 14");
    run(of, "raw or growth", Some("2024-01-01..2024-01-02")).expect("it succeeds");
    assert_eq!(folder.looked(), "01 02", "before the first there is none");
    run(of, "raw or growth", Some("2024-01-09")).expect("it succeeds");
    assert_eq!(folder.looked(), "08 09");
    // What is for no partitions is told none, and looks at all that it takes.
    run(of, "raw or total", None).expect("it succeeds");
    assert_eq!(folder.looked(), "01 02 03 04 05 06 07 08 09 10 11 12 13 14");
    // Beside what takes more, what is made of the day alone has it looked at as well.
    run(of, "raw or sales or growth", Some("2024-01-12")).expect("it succeeds");
    assert_eq!(folder.looked(), "11 12");
}

#[test]
fn a_day_without_a_file_is_told_by_name_and_keeps_what_is_made_of_others() {
    let (folder, storage) = (Folder::of(1..15), storage());
    folder.remove("2024-01-03");
    let definitions = shop(&folder);
    let of = (&definitions, &storage);
    let error = run(of, "raw or sales or large", Some("2024-01-02..2024-01-04")).expect_err("a file lacks");
    insta::assert_snapshot!(error, @"
    the run of `materialize` failed: 1 step
    `raw.written[2024-01-03]`: 2024-01-03.csv: no such file
    ");
    insta::assert_snapshot!(came_to(error.run().expect("it began")), @"
    STEP_FAILURE raw.written 03
    STEP_SKIPPED large 03
    STEP_SKIPPED sales 03
    STEP_SUCCESS large 02 04
    STEP_SUCCESS raw.written 02 04
    STEP_SUCCESS sales 02 04
    ");
    let error = run(of, "raw or week or total", Some("*")).expect_err("a file lacks");
    insta::assert_snapshot!(error, @"
    the run of `materialize` failed: 1 step
    `raw.written[2024-01-03]`: 2024-01-03.csv: no such file
    ");
    insta::assert_snapshot!(came_to(error.run().expect("it began")), @"
    STEP_FAILURE raw.written 03
    STEP_SKIPPED total
    STEP_SKIPPED week 01
    STEP_SUCCESS raw.written 01 02 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS week 08
    ");
    // When it has come, the rest goes on; what reads the other days anew, for the total, looks at them anew.
    folder.put("2024-01-03", 3);
    folder.looked();
    let rerun = definitions.rerun(&storage, error.run().expect("it began").id(), Rerun::FromFailure);
    let rerun = rerun.expect("it failed").keep_events().run_blocking().expect("the file has come");
    insta::assert_snapshot!(came_to(&rerun), @"
    STEP_SUCCESS raw.written 01 02 03 04 05 06 07 08 09 10 11 12 13 14
    STEP_SUCCESS total
    STEP_SUCCESS week 01
    ");
    assert_eq!(folder.looked(), "01 02 03 04 05 06 07 08 09 10 11 12 13 14");
}

#[test]
fn days_are_observed_alone_and_then_it_is_known_what_is_stale() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    let job = definitions.observe_assets(&"*".parse().expect("a selection"));
    let runner = || definitions.runner(&job).record(&storage).keep_events().max_concurrent(1);
    insta::assert_snapshot!(runner().run_blocking().expect_err("which days?"), @r#"
    the job `observe_assets` cannot be planned
    error: `raw` has partitions, and the run is not told for which it is
      --> tests/it/assets/observed/by_day.rs:91 (the observation)
      hint: name them: `--partition 2024-01-14` is one, `--partition 2024-01-01..2024-01-14` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-14")`
    "#);
    insta::assert_snapshot!(runner().partition("2024-02-01").run_blocking().expect_err("it is no day of these"), @"
    the job `observe_assets` cannot be planned
    error: of the partitions of `raw`: `2024-02-01` is behind the last of these partitions
      --> tests/it/assets/observed/by_day.rs:91 (the observation)
      hint: the last is `2024-01-14`
    ");
    let observed = runner().partition("2024-01-01..2024-01-02").run_blocking().expect("it succeeds");
    insta::assert_snapshot!(orch::report::story(observed.events()), @"
    RUN_START observe_assets orch/partition=2024-01-01..2024-01-02
    STEP_START days_partitions
    STEP_OUTPUT days_partitions result[2024-01-01]
    STEP_START raw.written[2024-01-01]
    STEP_INPUT raw.written[2024-01-01] day
    STEP_OUTPUT raw.written[2024-01-01] result
    ASSET_OBSERVATION raw.written[2024-01-01] raw 2024-01-01 v1
    STEP_SUCCESS raw.written[2024-01-01]
    STEP_OUTPUT days_partitions result[2024-01-02]
    STEP_START raw.written[2024-01-02]
    STEP_INPUT raw.written[2024-01-02] day
    STEP_OUTPUT raw.written[2024-01-02] result
    ASSET_OBSERVATION raw.written[2024-01-02] raw 2024-01-02 v2
    STEP_SUCCESS raw.written[2024-01-02]
    STREAM_CLOSED days_partitions result, 2 items
    STEP_SUCCESS days_partitions
    RUN_SUCCESS
    ");
    run((&definitions, &storage), "sales or large", Some("2024-01-01..2024-01-02")).expect("it succeeds");
    let stands = || {
        let job = definitions.materialize(&"*".parse().expect("all"));
        let recipes = definitions.runner(&job).recipes().expect("what assets depend on");
        let standings = standings(&definitions, recipes, &storage);
        let of = standings.partitions(&"sales".parse().expect("a key")).expect("it has partitions");
        let show = |set| of.keyspace().show(set);
        format!("fresh {}, stale {}", show(&of.fresh()), show(&of.stale()))
    };
    assert_eq!(stands(), "fresh 2024-01-01..2024-01-02, stale ");
    folder.put("2024-01-02", 22);
    runner().partition("2024-01-01..2024-01-02").run_blocking().expect("it succeeds");
    assert_eq!(stands(), "fresh 2024-01-01, stale 2024-01-02");
    let latest = LatestFacts::read(&*storage, definitions.asset_graph()).expect("what is known");
    let known: Vec<_> = latest.partitions[&"raw".parse().expect("a key")].iter().map(told).collect();
    insta::assert_snapshot!(known.join("\n"), @"
    raw[2024-01-01], data v1, bytes: Int(1), elsewhere
    raw[2024-01-02], data v22, bytes: Int(22), elsewhere
    ");
}

#[test]
fn each_run_of_a_backfill_looks_at_the_days_that_it_takes() {
    let (folder, storage) = (Folder::of(1..15), storage());
    let definitions = shop(&folder);
    let backfill = |selection: &str, partition: &str| {
        let job = definitions.materialize(&selection.parse().expect("a selection"));
        let runner = definitions.runner(&job).memoize().partition(partition);
        let backfill = definitions.backfill(runner).launch(&storage).expect("it is launched");
        let status = backfill.run_blocking().expect("it comes to its end");
        assert!(status.is_success(), "{status:?}");
        folder.looked()
    };
    assert_eq!(backfill("raw or sales", "2024-01-03..2024-01-05"), "03 04 05");
    assert_eq!(backfill("raw or week", "2024-01-08"), "08 09 10 11 12 13 14");
    assert_eq!(backfill("sales", "2024-01-03..2024-01-05"), "", "it was not selected");
    folder.put("2024-01-04", 44);
    let before = facts(&storage).lines().count();
    assert_eq!(backfill("raw or sales", "2024-01-03..2024-01-05"), "03 04 05");
    let known = facts(&storage);
    let since: Vec<_> = known.lines().skip(before).collect();
    insta::assert_snapshot!(since.join("\n"), @"
    raw[2024-01-03], data v3, bytes: Int(3), elsewhere
    raw[2024-01-04], data v44, bytes: Int(44), elsewhere
    sales[2024-01-04], code 1, data c16d76d4, of raw[2024-01-04] v44, fact
    raw[2024-01-05], data v5, bytes: Int(5), elsewhere
    ");
}

#[test]
fn a_run_that_is_not_recorded_looks_too() {
    let folder = Folder::of(1..15);
    let definitions = shop(&folder);
    let job = definitions.materialize(&"raw or sales".parse().expect("a selection"));
    let run =
        definitions.runner(&job).partition("2024-01-02").keep_events().run_blocking().expect("it succeeds");
    insta::assert_snapshot!(came_to(&run), @"
    STEP_SUCCESS raw.written 02
    STEP_SUCCESS sales 02
    ");
}
