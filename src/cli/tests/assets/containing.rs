//! A day that is made of the week in which it lies.

use orch::partition::{ByTime, Partitioning, PartitionsDefinition, TimePartitions, Weekday};
use orch::prelude::*;

use super::backfill::{around, without_age};
use super::*;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-22").into()
    }
}

struct Weekly;

impl Partitioning for Weekly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::weekly("2024-01-08").weekday(Weekday::Monday).until("2024-01-22").into()
    }
}

struct Monthly;

impl Partitioning for Monthly {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::monthly("2024-01-01").into()
    }
}

#[asset(code_version = "1")]
fn sales(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

#[asset(code_version = "1", partitions = Weekly)]
fn week(sales: &Partitions<i64>) -> i64 {
    sales.values().sum()
}

/// How much of its week was sold on a day.
#[asset(code_version = "1", partitions = Daily)]
fn share(sales: i64, week: i64) -> i64 {
    100 * sales / week
}

/// The same, of a day whose week is not told too.
#[asset(code_version = "1", partitions = Daily)]
fn known(week: Option<i64>) -> bool {
    week.is_some()
}

mod changed {
    use super::*;

    #[asset(code_version = "2")]
    pub(super) fn sales(day: &Partition<Daily>) -> i64 {
        match day.window().start.day() {
            10 => 50,
            day => i64::from(day),
        }
    }
}

fn shop() -> Definitions {
    Definitions::new().assets(assets![sales, week, share, known])
}

fn other() -> Definitions {
    Definitions::new().assets(assets![changed::sales, week, share, known])
}

/// Which partitions of all are there.
fn states(session: impl Fn(&str) -> String) -> String {
    let keys = ["sales", "week", "share", "known"];
    let told = keys.map(|key| {
        let told = session(&format!("assets partitions {key} --state materialized"));
        format!("{key}: {}\n", told.lines().nth(2).unwrap_or_default())
    });
    told.concat()
}

#[test]
fn a_day_takes_the_week_in_which_it_lies() {
    let around = around();
    let session =
        |args: &str| without_age(&shop::without_lines(&session_around(&around, || Ok(shop()), args)));
    let quiet = "--max-concurrent 1 --progress none";
    session("materialize sales week --partition 2024-01-08..2024-01-14");
    insta::assert_snapshot!(session(&format!("materialize share --partition 2024-01-08..2024-01-09 {quiet}")), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 7 steps: 7 succeeded
    Materialized share[2024-01-08]
    Materialized share[2024-01-09]
    ");
    // All at once, the days after the week.
    session("materialize --all --partition 2024-01-15..2024-01-21");
    // Before the first week there is none.
    insta::assert_snapshot!(session(&format!("materialize share --partition 2024-01-02 {quiet}")), @"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned: 2 problems
    error: `share` is made of partitions of `week` that do not exist: 2024-01-01
      --> src/cli/tests/assets/containing.rs:_ (is made of it)
      --> src/cli/tests/assets/containing.rs:_ (the asset)
      hint: make others, or take it as an `Option`: `week: Option<..>`
    error: `share` is made of partitions of `sales` that were never materialized: 2024-01-02
      --> src/cli/tests/assets/containing.rs:_ (is made of it)
      --> src/cli/tests/assets/containing.rs:_ (the asset)
      hint: materialize them before, `materialize sales --partition '2024-01-02'`, or take it as an `Option`: `sales: Option<..>`
    ");
    insta::assert_snapshot!(session(&format!("materialize known --partition 2024-01-02 {quiet}")), @"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] materialize: 3 steps: 3 succeeded
    Materialized known[2024-01-02]
    ");
    insta::assert_snapshot!(states(session), @"
    sales: 2024-01-08..2024-01-21
    week: 2024-01-08..2024-01-15
    share: 2024-01-08..2024-01-09, 2024-01-15..2024-01-21
    known: 2024-01-02, 2024-01-15..2024-01-21
    ");
}

#[test]
fn the_days_of_a_week_that_has_changed_are_stale() {
    let mut kept = Shop::empty();
    kept.put_with(1, &shop(), &"sales or week or share".parse().expect("a selection"), |runner| {
        runner.partition("2024-01-08..2024-01-21")
    });
    kept.put_with(2, &other(), &"sales".parse().expect("a selection"), |runner| {
        runner.memoize().partition("2024-01-08..2024-01-21")
    });
    insta::assert_snapshot!(kept.session(other(), "assets list sales week share"), @"
    exit 0
    --- stdout
    asset  materialized  run            times  state
    sales  2h ago        019a5f3c-0002  28     14 of 21 partitions
    share  3h ago        019a5f3c-0001  14     14 of 21 partitions, 7 stale
    week   3h ago        019a5f3c-0001  2      2 of 2 partitions, 1 stale
    ");
    insta::assert_snapshot!(kept.session(other(), "why share --partition 2024-01-13"), @"
    exit 0
    --- stdout
    share[2024-01-13] is stale: the run 019a5f3c-0001 made it 3h ago
      it is made of `week[2024-01-08]`, which is to be made
        the data of `sales` has changed: aeff833d → 407b68d3
          `sales[2024-01-10]` was made anew by the run 019a5f3c-0002 2h ago: its code version has changed: 1 → 2
    ");
    let dry = "--partition 2024-01-08..2024-01-21 --dry-run";
    insta::assert_snapshot!(kept.session(other(), &format!("materialize +share --stale {dry}")), @"
    exit 0
    --- stdout
    to make                                                since
    week[2024-01-08]                                       the data of `sales` has changed: aeff833d → 407b68d3
    share[2024-01-08..2024-01-09, 2024-01-11..2024-01-14]  it is made of `week`, which is to be made
    share[2024-01-10]                                      the data of `sales` has changed: 362240c0 → eecd4aa3
    ");
}

#[test]
fn a_backfill_makes_the_days_after_the_week() {
    let around = around();
    let session =
        |args: &str| without_age(&shop::without_lines(&session_around(&around, || Ok(shop()), args)));
    insta::assert_snapshot!(session("backfill launch sales week share --partition 2024-01-08..2024-01-14"), @"
    exit 0
    --- stderr
    backfill <run> of 15 runs, recorded in memory
    done     sales 2024-01-08, 14 runs left
    done     sales 2024-01-09, 13 runs left
    done     sales 2024-01-10, 12 runs left
    done     sales 2024-01-11, 11 runs left
    done     sales 2024-01-12, 10 runs left
    done     sales 2024-01-13, 9 runs left
    done     sales 2024-01-14, 8 runs left
    done     week 2024-01-08, 7 runs left
    done     share 2024-01-08, 6 runs left
    done     share 2024-01-09, 5 runs left
    done     share 2024-01-10, 4 runs left
    done     share 2024-01-11, 3 runs left
    done     share 2024-01-12, 2 runs left
    done     share 2024-01-13, 1 run left
    done     share 2024-01-14, 0 runs left
    backfill <run>: success
    asset  asked for  done
    sales  7          7
    week   1          1
    share  7          7
    ");
    insta::assert_snapshot!(states(session), @"
    sales: 2024-01-08..2024-01-14
    week: 2024-01-08
    share: 2024-01-08..2024-01-14
    known: no partition of `known` is materialized
    ");
}

#[asset(partitions = Monthly)]
fn month(week: i64) -> i64 {
    week
}

#[test]
fn what_does_not_lie_in_one_is_told() {
    let kept = Shop::empty();
    let odd = || Definitions::new().assets(assets![sales, week, month]);
    insta::assert_snapshot!(kept.session(odd(), "materialize month --partition 2024-01-08"), @"
    exit 2
    --- stderr
    error: the assets of this program do not fit together
    error: `month` takes `week` as one value, and is made of several partitions of it
      --> src/cli/tests/assets/containing.rs:_ (is made of it)
      --> src/cli/tests/assets/containing.rs:_ (the asset)
      hint: take them by key, `week: &Partitions<i64>`, or say which one: `#[mapped(PartitionMapping::last())] week: &i64`
    ");
}
