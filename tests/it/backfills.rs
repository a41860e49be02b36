//! Backfills: many partitions by many runs, and what is told of them.

mod canceled;
mod chained;
mod checked;
mod keys;
mod names;
mod only;
mod outside;
mod together;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use orch::backfill::{Backfill, BackfillError, BackfillEvent, BackfillStatus, Makes};
use orch::define::{Cancel, JobOptions};
use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::report::{self, Palette};
use orch::storage::{BackfillMark, Memory, RunQuery, RunState, Storage};

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-02-01").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-07").until("2024-02-04").into()
    }
}

/// On which day of the month it rains; 0 for none. What happens on that day fails.
struct Rain(Arc<AtomicU32>);

#[asset]
fn price() -> i64 {
    10
}

#[asset]
fn sold(day: &Partition<Daily>, rain: Res<Rain>) -> Result<i64> {
    let today = i64::from(day.window().start.day());
    if today == i64::from(rain.0.load(Ordering::SeqCst)) { Err("it rains".into()) } else { Ok(today) }
}

#[asset(partitions = Daily)]
fn revenue(sold: i64, price: &i64) -> i64 {
    sold * price
}

/// What the day before came to, beside the day.
#[asset(partitions = Daily)]
fn growth(
    revenue: i64,
    #[from(revenue)]
    #[mapped(PartitionMapping::time_window(-1, -1).allow_missing())]
    before: &Partitions<i64>,
) -> i64 {
    revenue - before.values().sum::<i64>()
}

#[asset]
fn week(_week: &Partition<Weekly>, revenue: &Partitions<i64>) -> i64 {
    revenue.values().sum()
}

#[asset]
fn total(#[mapped(PartitionMapping::all().allow_missing())] revenue: &Partitions<i64>) -> i64 {
    revenue.values().sum()
}

struct Shop {
    definitions: Definitions,
    storage: Arc<dyn Storage>,
    rain: Arc<AtomicU32>,
}

impl Shop {
    fn new() -> Self {
        let rain = Arc::new(AtomicU32::new(0));
        let definitions = Definitions::new().assets(assets![price, sold, revenue, growth, week, total]);
        let definitions = definitions.resource(Rain(Arc::clone(&rain)));
        Self { definitions, storage: Arc::new(Memory::new()), rain }
    }

    fn launch(&self, selection: &str, partitions: &str, per: u64) -> Result<Backfill<'_>, BackfillError> {
        let job = self.definitions.materialize(&selection.parse().expect("a selection"));
        let asked = self.definitions.runner(&job).partition(partitions).tag("team", "data");
        self.definitions.backfill(asked).per(per).launch(&self.storage)
    }

    fn status(&self, backfill: orch::ids::BackfillId) -> String {
        shown(&BackfillStatus::read(&*self.storage, backfill).expect("it is there"))
    }
}

/// Drives it, and says what happens and where it stands then.
fn driven(backfill: Backfill<'_>) -> String {
    let mut told = Vec::new();
    let status = backfill.watch(|event| told.extend(line(event))).run_blocking().expect("it is driven");
    format!("{}\n{}", told.join("\n"), shown(&status))
}

fn line(event: &BackfillEvent<'_>) -> Option<String> {
    let of = |makes: &Makes<'_>| {
        let assets: Vec<_> = makes.assets.iter().map(|key| key.as_str()).collect();
        format!("{} {}", assets.join(" "), makes.partitions.unwrap_or("-"))
    };
    Some(match event {
        BackfillEvent::Begins { makes, resumed, .. } => {
            format!("{} {}", if *resumed { "resumed" } else { "begun" }, of(makes))
        }
        BackfillEvent::Ended { makes, error: Some(_), .. } => format!("failed {}", of(makes)),
        BackfillEvent::Refused { makes, why, .. } => format!("refused {}: {why}", of(makes)),
        BackfillEvent::Canceled => "canceled".to_owned(),
        _ => return None,
    })
}

/// The status without identifiers.
fn shown(status: &BackfillStatus) -> String {
    let text = report::backfill(status, Palette::Plain);
    let text = text.replace(&status.backfill.to_string(), "ID");
    let runs = status.failed.iter().filter_map(|failed| failed.run);
    runs.fold(text, |text, run| text.replace(&run.to_string(), "RUN")).trim_end().to_owned()
}

#[test]
fn each_day_is_a_run_and_what_is_made_of_several_comes_after_them() {
    let shop = Shop::new();
    let backfill = shop.launch("*", "2024-01-07..2024-01-13", 1).expect("it is launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun sold 2024-01-07
    begun sold 2024-01-08
    begun sold 2024-01-09
    begun sold 2024-01-10
    begun sold 2024-01-11
    begun sold 2024-01-12
    begun sold 2024-01-13
    begun price -
    begun revenue 2024-01-07
    begun growth 2024-01-07
    begun revenue 2024-01-08
    begun growth 2024-01-08
    begun revenue 2024-01-09
    begun growth 2024-01-09
    begun revenue 2024-01-10
    begun growth 2024-01-10
    begun revenue 2024-01-11
    begun growth 2024-01-11
    begun revenue 2024-01-12
    begun growth 2024-01-12
    begun revenue 2024-01-13
    begun total -
    begun week 2024-01-07
    begun growth 2024-01-13
    backfill ID: success
    asset    asked for  done
    price    1          1
    sold     7          7
    revenue  7          7
    growth   7          7
    week     1          1
    total    1          1
    ");
    let runs = shop.storage.runs(&RunQuery::default()).expect("the runs");
    assert!(runs.iter().all(|run| run.unit().is_some() && run.tags["team"] == "data"));
    let sold: Vec<_> = runs.iter().filter_map(|run| run.tags.get("orch/partition")).collect();
    assert_eq!(sold.iter().filter(|day| **day == "2024-01-07").count(), 4, "{sold:?}");
}

#[test]
fn several_partitions_are_one_run() {
    let shop = Shop::new();
    let backfill =
        shop.launch("price or sold or revenue or total", "2024-01-01..2024-01-07", 3).expect("launched");
    insta::assert_snapshot!(driven(backfill), @r"
    begun sold 2024-01-01..2024-01-03
    begun sold 2024-01-04..2024-01-06
    begun sold 2024-01-07
    begun price -
    begun revenue 2024-01-01..2024-01-03
    begun revenue 2024-01-04..2024-01-06
    begun revenue 2024-01-07
    begun total -
    backfill ID: success
    asset    asked for  done
    price    1          1
    sold     7          7
    revenue  7          7
    total    1          1
    ");
}

#[test]
fn what_failed_excludes_what_is_made_of_it_until_it_is_made_again() {
    let shop = Shop::new();
    shop.rain.store(7, Ordering::SeqCst);
    let backfill = shop.launch("price or sold or revenue or growth", "2024-01-06..2024-01-09", 2);
    let backfill = backfill.expect("it is launched");
    let id = backfill.id();
    insta::assert_snapshot!(driven(backfill), @r"
    begun sold 2024-01-06..2024-01-07
    failed sold 2024-01-06..2024-01-07
    begun sold 2024-01-08..2024-01-09
    begun price -
    begun revenue 2024-01-06
    begun growth 2024-01-06
    begun revenue 2024-01-08..2024-01-09
    begun growth 2024-01-09
    backfill ID: failure
    asset    asked for  done  failed  excluded
    price    1          1
    sold     4          3     1
    revenue  4          3             1
    growth   4          2             2

    failed      assets  run                                   why
    2024-01-07  sold    RUN  `sold[2024-01-07]` failed: it rains
    ");
    let over = shop.definitions.resume_backfill(&shop.storage, id).expect_err("nothing is left");
    insta::assert_snapshot!(over.to_string().replace(&id.to_string(), "ID"), @r"
    nothing is left to be done of the backfill ID
      hint: what failed can be made again: `backfill retry-failed ID`
    ");
    // It still rains.
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(driven(again), @r"
    begun sold 2024-01-06..2024-01-07
    failed sold 2024-01-06..2024-01-07
    backfill ID: failure
    asset    asked for  done  failed  excluded
    price    1          1
    sold     4          3     1
    revenue  4          3             1
    growth   4          2             2

    failed      assets  run                                   why
    2024-01-07  sold    RUN  `sold[2024-01-07]` failed: it rains
    ");
    shop.rain.store(0, Ordering::SeqCst);
    let again = shop.definitions.retry_backfill(&shop.storage, id).expect("it failed");
    insta::assert_snapshot!(driven(again), @r"
    begun sold 2024-01-06..2024-01-07
    begun revenue 2024-01-07
    begun growth 2024-01-07
    begun growth 2024-01-08
    backfill ID: success
    asset    asked for  done
    price    1          1
    sold     4          4
    revenue  4          4
    growth   4          4
    ");
    let runs = shop.storage.runs(&RunQuery::default()).expect("the runs");
    let first =
        runs.iter().find(|run| run.parent.is_none() && run.first_failed.is_some()).expect("it failed");
    let roots = runs.iter().filter(|run| run.root == first.id).count();
    assert_eq!(roots, 3, "each goes on from the one before");
    let none = shop.definitions.retry_backfill(&shop.storage, id).expect_err("all is made");
    insta::assert_snapshot!(none.to_string().replace(&id.to_string(), "ID"), @"
    nothing of the backfill ID has failed
      hint: look at it: `backfill status ID`
    ");
}

#[test]
fn a_cancel_is_the_last_of_it() {
    let shop = Shop::new();
    let backfill = shop.launch("sold", "2024-01-01..2024-01-05", 1).expect("it is launched");
    let (id, cancel) = (backfill.id(), Cancel::new());
    let (token, ends) = (cancel.clone(), AtomicU32::new(0));
    let backfill = backfill.cancel(cancel).watch(move |event| {
        let second = matches!(event, BackfillEvent::Ended { .. }) && ends.fetch_add(1, Ordering::SeqCst) == 1;
        if second {
            token.cancel();
        }
    });
    insta::assert_snapshot!(shown(&backfill.run_blocking().expect("it ends in order")), @r"
    backfill ID: canceled
    asset  asked for  done  canceled
    sold   5          2     3
    ");
    let refused = |result: Result<Backfill<'_>, BackfillError>| {
        result.expect_err("it is canceled").to_string().replace(&id.to_string(), "ID")
    };
    insta::assert_snapshot!(refused(shop.definitions.resume_backfill(&shop.storage, id)), @r"
    the backfill ID was canceled: no run of it is made any more
      hint: launch another one for what is left: `backfill launch ..`
    ");
    assert_eq!(
        refused(shop.definitions.retry_backfill(&shop.storage, id)),
        refused(shop.definitions.resume_backfill(&shop.storage, id)),
    );
    assert_eq!(shop.storage.runs(&RunQuery::default()).expect("the runs").len(), 2);
}

#[test]
fn a_cancel_by_someone_else_admits_no_further_run() {
    let shop = Shop::new();
    let backfill = shop.launch("sold", "2024-01-01..2024-01-05", 1).expect("it is launched");
    let (id, storage) = (backfill.id(), Arc::clone(&shop.storage));
    // It is marked while the first run is under way, and who drives it is not told.
    let backfill = backfill.watch(move |event| {
        if let BackfillEvent::Begins { .. } = event {
            let now = "2024-03-01T00:00:00Z".parse().expect("a time");
            storage.mark_backfill(id, BackfillMark::Canceled(now)).expect("it can be marked");
        }
    });
    insta::assert_snapshot!(shown(&backfill.run_blocking().expect("it ends in order")), @r"
    backfill ID: canceled
    asset  asked for  canceled
    sold   5          5
    ");
    assert_eq!(shop.storage.runs(&RunQuery::default()).expect("the runs"), []);
}

#[test]
fn one_drives_it_and_others_are_told_who() {
    let shop = Shop::new();
    let backfill = shop.launch("sold", "2024-01-01", 1).expect("it is launched");
    insta::assert_snapshot!(shop.status(backfill.id()), @r"
    backfill ID: running
    asset  asked for  left
    sold   1          1
    ");
    let other = shop.definitions.resume_backfill(&shop.storage, backfill.id()).expect_err("it is held");
    let process = std::process::id().to_string();
    let told = other.to_string().replace(&backfill.id().to_string(), "ID").replace(&process, "NUMBER");
    insta::assert_snapshot!(told, @r"
    the backfill ID is driven by process NUMBER on `this machine`
      hint: wait for it to end, or cancel it: `backfill cancel`
    ");
    let id = backfill.id();
    drop(backfill);
    insta::assert_snapshot!(shop.status(id), @r"
    backfill ID: interrupted
    asset  asked for  left
    sold   1          1
    ");
    let backfill = shop.definitions.resume_backfill(&shop.storage, id).expect("nobody holds it");
    assert!(backfill.run_blocking().expect("it is driven").is_success());
}

mod later {
    use super::*;

    #[asset(partitions = Daily)]
    fn tax() -> i64 {
        1
    }

    #[asset(partitions = Daily)]
    pub(super) fn revenue(sold: i64, tax: i64) -> i64 {
        sold - tax
    }

    pub(super) fn definitions(rain: Arc<AtomicU32>) -> Definitions {
        Definitions::new().assets(assets![sold, tax, revenue]).resource(Rain(rain))
    }
}

#[test]
fn it_is_held_to_the_program_that_launched_it() {
    let shop = Shop::new();
    let prices = shop.definitions.materialize(&"price".parse().expect("a selection"));
    shop.definitions.runner(&prices).record(&shop.storage).run_blocking().expect("it succeeds");
    let id = shop.launch("sold or revenue", "2024-01-01..2024-01-02", 1).expect("it is launched").id();
    let later = later::definitions(Arc::clone(&shop.rain));
    let changed = later.resume_backfill(&shop.storage, id).expect("it is there").run_blocking();
    let changed = changed.expect_err("it is another program").to_string();
    insta::assert_snapshot!(changed.replace(&id.to_string(), "ID"), @r"
    the program has changed since the backfill ID was launched
      `read_tax` is new: it runs
      `revenue` has a new input `tax` from `read_tax` as `i64`: if it has run, it stays as it is; if it has not, it runs in the new way
      `revenue` no longer takes `price`: if it has run, it stays as it is; if it has not, it runs in the new way
      `price` is no longer there: if it has run, that stands; if it has not, it does not run
      hint: go on with the program that launched it, or accept the changes: `--accept-changes`
    ");
    // Of what it takes since then nothing was there when it was launched.
    let accepted = later.resume_backfill(&shop.storage, id).expect("it is there").accept_changes();
    insta::assert_snapshot!(driven(accepted), @"
    begun sold revenue 2024-01-01
    refused sold revenue 2024-01-01: the job `materialize` cannot be planned
    error: `revenue` is made of partitions of `tax` that were never materialized: 2024-01-01
      --> tests/it/backfills.rs:364 (is made of it)
      --> tests/it/backfills.rs:359 (the asset)
      hint: materialize them before, `materialize tax --partition '2024-01-01'`, or take it as an `Option`: `tax: Option<..>`
    begun sold revenue 2024-01-02
    refused sold revenue 2024-01-02: the job `materialize` cannot be planned
    error: `revenue` is made of partitions of `tax` that were never materialized: 2024-01-02
      --> tests/it/backfills.rs:364 (is made of it)
      --> tests/it/backfills.rs:359 (the asset)
      hint: materialize them before, `materialize tax --partition '2024-01-02'`, or take it as an `Option`: `tax: Option<..>`
    backfill ID: failure
    asset    asked for  failed
    sold     2          2
    revenue  2          2

    failed      assets         why
    2024-01-01  sold, revenue  `revenue` is made of partitions of `tax` that were never materialized: 2024-01-01
    2024-01-02  sold, revenue  `revenue` is made of partitions of `tax` that were never materialized: 2024-01-02
    ");
}

#[test]
fn what_cannot_be_launched_leaves_nothing_behind() {
    let shop = Shop::new();
    let refused = |launched: Result<Backfill<'_>, BackfillError>| {
        let text = launched.expect_err("it is refused").to_string();
        text.lines().filter(|line| !line.contains("-->")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(refused(shop.launch("sold", "2024-02-30", 1)), @r"
    the job `materialize` cannot be planned
    error: of the partitions of `sold`: `2024-02-30` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
    insta::assert_snapshot!(refused(shop.launch("sold", "2024-01-01", 0)), @r"
    the job `materialize` cannot be planned
    error: `per` is 0, so that nothing could run
      hint: write 1 or more
    ");
    insta::assert_snapshot!(refused(shop.launch("price", "2024-01-01", 1)), @r"
    the job `materialize` cannot be planned
    error: the run is told the partition `2024-01-01`, and nothing that it makes has partitions
      hint: leave it out, or select an asset of `materialize` that has some
    ");
    let asked = shop.definitions.runner(&shop.definitions.materialize(&"sold".parse().expect("a selection")));
    insta::assert_snapshot!(refused(shop.definitions.backfill(asked).launch(&shop.storage)), @r#"
    the job `materialize` cannot be planned
    error: `sold` has partitions, and the run is not told for which it is
      hint: name them: `--partition 2024-01-31` is one, `--partition 2024-01-01..2024-01-31` all from one to the other, `--partition latest` the last; in code `.partition("2024-01-31")`
    "#);
    let empty = Job::compose(JobOptions::new("empty"), || ());
    let asked = shop.definitions.runner(&empty);
    insta::assert_snapshot!(refused(shop.definitions.backfill(asked).launch(&shop.storage)), @r"
    the job `empty` cannot be planned
    error: the job `empty` makes no assets
      hint: a backfill is of assets that runs make: select some, `Definitions::materialize(..)`
    ");
    assert_eq!(shop.storage.backfills().expect("the backfills"), []);
    let within = async {
        let backfill = shop.launch("sold", "2024-01-01", 1).expect("it is launched");
        backfill.run_blocking().expect_err("it would wait for itself").to_string()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let told: String = runtime.block_on(within);
    assert!(told.contains("`run_blocking` cannot wait for a run"), "{told}");
}
