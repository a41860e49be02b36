//! Partitions of an asset that are read as one value, from where they are stored.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orch::asset::CheckResult;
use orch::io::{DATA_VERSION, IoManager, Metadata, OutputAt};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::run::{Run, RunError};
use orch::storage::Storage;

use super::{facts, ran, storage};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-15").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").until("2024-01-14").into()
    }
}

/// Keeps texts, and reads several as their lines, each with the partition that it is of.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

struct Lines(Vec<String>);

impl IoManager<String> for Shelf {
    fn store(&self, at: &OutputAt<'_>, text: &String) -> Result<Metadata> {
        self.0.lock().expect("not poisoned").insert(at.relative_path(), text.clone());
        Ok(Metadata::from([(DATA_VERSION.to_owned(), text.as_str().into())]))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<String> {
        let found = self.0.lock().expect("not poisoned").get(&at.relative_path()).cloned();
        found.ok_or_else(|| Failure::new(format!("`{}` is not on the shelf", at.relative_path())))
    }
}

impl IoManager<Lines> for Shelf {
    fn store(&self, _: &OutputAt<'_>, _: &Lines) -> Result<Metadata> {
        Err(Failure::new("lines are read only"))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Lines> {
        self.load_partitions(&[*at])
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Lines> {
        let lines = at.iter().map(|at| {
            let text: String = self.load(at)?;
            let partition = at.asset.and_then(|asset| asset.partition).map(|partition| partition.key());
            Ok(format!("{}: {text}", partition.unwrap_or_default()))
        });
        lines.collect::<Result<_>>().map(Lines)
    }

    fn takes_partitions(&self) -> bool {
        true
    }
}

#[asset(io = "shelf")]
fn diary(day: &Partition<Daily>) -> String {
    format!("day {}", day.window().start.day())
}

/// What is written on the ninth is not to be read.
#[asset_check(asset = diary, blocking)]
fn harmless(#[stored] diary: &String) -> CheckResult {
    CheckResult::expect(diary != "day 9", "it is not")
}

#[asset]
fn of_week(_week: &Partition<Weekly>, #[stored(together)] diary: &Lines) -> String {
    diary.0.join(", ")
}

/// Whatever there is.
#[asset]
fn book(
    #[stored(together)]
    #[mapped(PartitionMapping::all().allow_missing())]
    diary: &Lines,
) -> String {
    diary.0.join(", ")
}

fn definitions() -> Definitions {
    let shelf = Shelf::default();
    let definitions = Definitions::new().assets(assets![diary, of_week, book]);
    definitions.io::<String>("shelf", shelf.clone()).io::<Lines>("shelf", shelf)
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    what: (&str, Option<&str>),
) -> Result<Run, RunError> {
    let job = definitions.materialize(&what.0.parse().expect("a selection"));
    let runner = definitions.runner(&job).record(storage).keep_outputs().keep_events().max_concurrent(1);
    what.1.into_iter().fold(runner, |runner, days| runner.partition(days)).run_blocking()
}

#[test]
fn partitions_are_one_value_where_the_parameter_wants_it() {
    let (definitions, storage) = (definitions(), storage());
    let job = definitions.materialize(&"book".parse().expect("a selection"));
    insta::assert_snapshot!(job.plan(), @r"
    job materialize
      depth_first, as many at once as processors
    read_diary() -> Lines
      | reads asset diary by io shelf, its partitions together
    book(diary: &Lines <- read_diary) -> String
      | makes asset book
    ");
    // None, one and several are of one type.
    let book_of = |days: Option<&str>| {
        if let Some(days) = days {
            materialize(&definitions, &storage, ("diary", Some(days))).expect("it succeeds");
        }
        let run = materialize(&definitions, &storage, ("book", None)).expect("it succeeds");
        run.output::<book>().clone()
    };
    assert_eq!(book_of(None), "");
    assert_eq!(book_of(Some("2024-01-02")), "2024-01-02: day 2");
    assert_eq!(
        book_of(Some("2024-01-01, 2024-01-04")),
        "2024-01-01: day 1, 2024-01-02: day 2, 2024-01-04: day 4"
    );
    // Its version is that of all that was read.
    insta::assert_snapshot!(facts(&storage), @r"
    book, data 1f94cbf3, of diary[] 9993fcc3, fact
    diary[2024-01-02], data day 2, io
    book, data 7987d2a1, of diary[2024-01-02] day 2, fact
    diary[2024-01-01], data day 1, io
    diary[2024-01-04], data day 4, io
    book, data 09214523, of diary[2024-01-01..2024-01-02, 2024-01-04] 6c450551, fact
    ");
}

#[test]
fn what_the_same_run_makes_is_read_once_it_is_made() {
    let (definitions, storage) = (definitions(), storage());
    let days = Some("2024-01-07..2024-01-13");
    let run = materialize(&definitions, &storage, ("diary or of_week or book", days)).expect("it succeeds");
    insta::assert_snapshot!(run.output::<book>(), @"2024-01-07: day 7, 2024-01-08: day 8, 2024-01-09: day 9, 2024-01-10: day 10, 2024-01-11: day 11, 2024-01-12: day 12, 2024-01-13: day 13");
    assert_eq!(ran(&run).iter().filter(|step| step.starts_with("read_diary")).count(), 2);
    // What a check has stopped is not taken.
    let definitions = definitions.checks(checks![harmless]);
    let error =
        materialize(&definitions, &storage, ("diary or of_week", days)).expect_err("a day is refused");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `diary.harmless[2024-01-09]`: the blocking check `harmless` of the asset `diary[2024-01-09]` has not passed: it is not
    ");
}

#[test]
fn a_partition_that_is_not_there_is_told() {
    let (definitions, storage) = (definitions(), storage());
    materialize(&definitions, &storage, ("diary", Some("2024-01-07..2024-01-11"))).expect("it succeeds");
    let week = ("of_week", Some("2024-01-07"));
    let error = materialize(&definitions, &storage, week).expect_err("two days lack");
    insta::assert_snapshot!(error, @r"
    the job `materialize` cannot be planned
    error: `of_week` is made of partitions of `diary` that were never materialized: 2024-01-12..2024-01-13
      --> tests/it/assets/stored_together.rs:88 (is made of it)
      --> tests/it/assets/stored_together.rs:77 (the asset)
      hint: materialize them before, `materialize diary --partition '2024-01-12..2024-01-13'`, or let the mapping say that it does without: `.allow_missing()`
    ");
    // It was made, and its file is gone.
    materialize(&definitions, &storage, ("diary", Some("2024-01-12..2024-01-13"))).expect("it succeeds");
    let emptied = self::definitions();
    let error = materialize(&emptied, &storage, week).expect_err("another shelf");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `read_diary[2024-01-07]`: partitions of `diary` cannot be read together
      caused by: `diary/partition=2024-01-07` is not on the shelf
    ");
}

/// Reads the last day, once all of them are written and none is refused.
#[asset(deps = [diary])]
fn last_day(
    #[stored]
    #[mapped(PartitionMapping::last())]
    diary: &Lines,
) -> String {
    diary.0.join(", ")
}

#[test]
fn one_partition_that_is_read_is_asked_for_and_those_that_are_to_be_there_before_too() {
    let (definitions, storage) = (definitions().assets(assets![last_day]), storage());
    materialize(&definitions, &storage, ("diary", Some("2024-01-07..2024-01-13"))).expect("it succeeds");
    let error = materialize(&definitions, &storage, ("last_day", None)).expect_err("the last day lacks");
    insta::assert_snapshot!(error, @r"
    the job `materialize` cannot be planned
    error: `last_day` is made of partitions of `diary` that were never materialized: 2024-01-14
      --> tests/it/assets/stored_together.rs:198 (is made of it)
      --> tests/it/assets/stored_together.rs:77 (the asset)
      hint: materialize them before, `materialize diary --partition '2024-01-14'`, or take it as an `Option`: `diary: Option<..>`
    ");
    let definitions = definitions.checks(checks![harmless]);
    let both = ("diary or last_day", Some("2024-01-07..2024-01-14"));
    let error = materialize(&definitions, &storage, both).expect_err("a day is refused");
    insta::assert_snapshot!(error, @r"
    the run of `materialize` failed: 1 step
    `diary.harmless[2024-01-09]`: the blocking check `harmless` of the asset `diary[2024-01-09]` has not passed: it is not
    ");
}

#[test]
fn what_cannot_be_read_together_is_told_before_the_run() {
    let problem = |definitions: &Definitions| {
        let error = materialize(definitions, &storage(), ("*", Some("*"))).expect_err("it cannot be planned");
        error.to_string()
    };
    // A manager that reads each by itself.
    #[asset]
    fn whole(#[stored(together)] diary: String) -> String {
        diary
    }
    insta::assert_snapshot!(problem(&definitions().assets(assets![whole])), @r"
    the job `materialize` cannot be planned
    error: the parameter `diary` of `whole` reads partitions of `diary` together as a `String`, which the IO manager `shelf` reads of one alone
      --> tests/it/assets/stored_together.rs:235 (the step)
      hint: take them by key, `#[stored]` before a `&Partitions<String>`, or have the manager read them: `IoManager::load_partitions`
    ");
    // One partition is meant, and there are several.
    #[asset]
    fn one(#[stored] diary: &Lines) -> usize {
        diary.0.len()
    }
    insta::assert_snapshot!(problem(&definitions().assets(assets![one])), @r"
    the job `materialize` cannot be planned
    error: `one` takes `diary` as one value, and is made of several partitions of it
      --> tests/it/assets/stored_together.rs:246 (is made of it)
      --> tests/it/assets/stored_together.rs:77 (the asset)
      hint: if it is made for each of them, say so, `partitions = ..`; else take them by key, `#[stored] diary: &Partitions<..>`, or say which one: `#[stored] #[mapped(PartitionMapping::last())] diary: ..`; if the IO manager `shelf` reads partitions together, also as one value: `#[stored(together)] diary: ..`
    ");
    #[asset]
    fn as_it_is(diary: &str) -> usize {
        diary.len()
    }
    insta::assert_snapshot!(problem(&definitions().assets(assets![as_it_is])), @r"
    the job `materialize` cannot be planned
    error: `as_it_is` takes `diary` as one value, and is made of several partitions of it
      --> tests/it/assets/stored_together.rs:257 (is made of it)
      --> tests/it/assets/stored_together.rs:77 (the asset)
      hint: if it is made for each of them, say so, `partitions = ..`; else take them by key, `diary: &Partitions<String>`, or say which one: `#[mapped(PartitionMapping::last())] diary: &String`; if the IO manager `shelf` reads partitions together, also as one value: `#[stored(together)] diary: ..`
    ");
    // There are no partitions.
    #[asset(io = "shelf")]
    fn letter() -> String {
        String::new()
    }
    #[asset]
    fn letters(#[stored(together)] letter: &Lines) -> usize {
        letter.0.len()
    }
    insta::assert_snapshot!(problem(&definitions().assets(assets![letter, letters])), @r"
    the job `materialize` cannot be planned
    error: `letters` takes partitions of `letter`, which has none
      --> tests/it/assets/stored_together.rs:273 (is made of it)
      --> tests/it/assets/stored_together.rs:269 (the asset)
      hint: take it as what it is, `letter: &String`, or as it is stored, `#[stored] letter: ..`
    ");
}

/// The day and the one before, where one is taken.
#[asset(partitions = Daily)]
fn pair(
    #[stored]
    #[mapped(PartitionMapping::time_window(-1, 0))]
    diary: String,
) -> usize {
    diary.into_bytes().len()
}

#[test]
fn what_is_offered_can_be_done() {
    let told = |definitions: Definitions| {
        let error =
            materialize(&definitions, &storage(), ("diary or pair", Some("2024-01-03"))).expect_err("two");
        error.to_string()
    };
    insta::assert_snapshot!(told(definitions().assets(assets![pair])), @r"
    the job `materialize` cannot be planned
    error: `pair[2024-01-03]` takes one partition of `diary`, and is made of 2: 2024-01-02..2024-01-03
      --> tests/it/assets/stored_together.rs:287 (is made of it)
      --> tests/it/assets/stored_together.rs:77 (the asset)
      hint: take them by key: `diary: &Partitions<..>`, or as one value: `#[stored(together)] diary: ..`
    ");
    let each_by_itself =
        Definitions::new().assets(assets![diary, pair]).io::<String>("shelf", Shelf::default());
    insta::assert_snapshot!(told(each_by_itself), @r"
    the job `materialize` cannot be planned
    error: `pair[2024-01-03]` takes one partition of `diary`, and is made of 2: 2024-01-02..2024-01-03
      --> tests/it/assets/stored_together.rs:287 (is made of it)
      --> tests/it/assets/stored_together.rs:77 (the asset)
      hint: take them by key: `diary: &Partitions<..>`
    ");
}

/// As lines, which not every shelf reads.
#[asset]
fn count(
    #[from(diary)]
    #[mapped(PartitionMapping::last())]
    #[stored]
    last: &Lines,
) -> usize {
    last.0.len()
}

#[asset(io = "shelf")]
fn title() -> String {
    "A diary".to_owned()
}

#[test]
fn an_io_manager_that_lacks_is_told_once_by_who_names_it() {
    let told = |definitions: Definitions| {
        let error = materialize(&definitions, &storage(), ("*", Some("*"))).expect_err("it lacks");
        error.to_string()
    };
    let program = || Definitions::new().assets(assets![diary, count, title]);
    // It reads no lines.
    insta::assert_snapshot!(told(program().io::<String>("shelf", Shelf::default())), @r#"
    the job `materialize` cannot be planned
    error: the parameter `last` of `count` reads `diary` as a `Lines` by the IO manager `shelf`, which is not defined for `Lines`
      --> tests/it/assets/stored_together.rs:322 (the step)
      hint: define it for the program, `Definitions::new().io("shelf", manager)`, or for one run, `job.runner().io("shelf", manager)`; IO managers of this program: `shelf` for `String`
    "#);
    // It is not there at all.
    insta::assert_snapshot!(told(program()), @r#"
    the job `materialize` cannot be planned
    error: `diary` has its `String` stored by the IO manager `shelf`, which is not defined
      --> tests/it/assets/stored_together.rs:77 (the step)
      --> tests/it/assets/stored_together.rs:322 (the step)
      --> tests/it/assets/stored_together.rs:332 (the step)
      hint: define it for the program, `Definitions::new().io("shelf", manager)`, or for one run, `job.runner().io("shelf", manager)`
    "#);
}
