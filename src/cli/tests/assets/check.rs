//! What `check` finds of assets, whether a job makes them or not.

use orch::prelude::*;

use super::*;

#[asset]
fn base() -> i64 {
    1
}

#[asset(io = "lake")]
fn rows(base: i64) -> i64 {
    base
}

#[asset(key = "rows")]
fn rows_again() -> i64 {
    2
}

#[asset]
fn first(second: i64) -> i64 {
    second
}

#[asset]
fn second(first: i64) -> i64 {
    first
}

#[derive(Config)]
struct Size {
    #[config(default = 1)]
    rows: usize,
}

#[asset]
fn sized(size: Config<Size>) -> usize {
    size.rows
}

#[external_asset(io = "attic")]
fn outside() -> i64;

#[asset]
fn taken(outside: i64) -> i64 {
    outside
}

struct Database;

#[asset]
fn loaded(db: Res<Database>) -> i64 {
    let _ = db;
    1
}

fn told(definitions: impl FnOnce() -> Definitions) -> String {
    shop::without_lines(&session(|| Ok(definitions()), "check"))
}

#[test]
fn what_is_sound_is_counted() {
    insta::assert_snapshot!(told(|| shop(3)), @r"
    exit 0
    --- stdout
    checked 0 jobs, 0 presets, 0 environments, 6 assets: nothing to mend
    ");
}

#[test]
fn assets_that_do_not_fit_together_are_told_once() {
    let program = || Definitions::new().assets(assets![rows, rows_again, first, second]);
    insta::assert_snapshot!(told(program), @r#"
    exit 2
    --- stderr
    error: the check of 0 jobs, 0 presets, 0 environments, 3 assets found 3 problems
    in the program:
    error: two assets have the key `rows`
      --> src/cli/tests/assets/check.rs:_ (first)
      --> src/cli/tests/assets/check.rs:_ (second)
      hint: give one of them another key, `#[asset(key = "..")]`, or a prefix, `key_prefix = ".."`
    error: `rows` is made of `base`, which is not listed
      --> src/cli/tests/assets/check.rs:_ (is made of it)
      --> src/cli/tests/assets/check.rs:_ (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., base])`
    error: assets are made of each other in a circle: `first` is made of `second` is made of `first`
      --> src/cli/tests/assets/check.rs:_ (in the circle)
      --> src/cli/tests/assets/check.rs:_ (in the circle)
      hint: take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it
    "#);
    // A job of assets has the same problems, and no others.
    let with_jobs = || program().asset_job("nightly", "*").asset_job("late", "rows");
    let numbers = |told: String| told.replace("2 jobs", "0 jobs");
    assert_eq!(numbers(told(with_jobs)), told(program));
    insta::assert_snapshot!(shop::without_lines(&session(|| Ok(program()), "assets list")), @r#"
    exit 2
    --- stderr
    error: the assets of this program do not fit together
    error: two assets have the key `rows`
      --> src/cli/tests/assets/check.rs:_ (first)
      --> src/cli/tests/assets/check.rs:_ (second)
      hint: give one of them another key, `#[asset(key = "..")]`, or a prefix, `key_prefix = ".."`
    error: `rows` is made of `base`, which is not listed
      --> src/cli/tests/assets/check.rs:_ (is made of it)
      --> src/cli/tests/assets/check.rs:_ (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., base])`
    error: assets are made of each other in a circle: `first` is made of `second` is made of `first`
      --> src/cli/tests/assets/check.rs:_ (in the circle)
      --> src/cli/tests/assets/check.rs:_ (in the circle)
      hint: take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it
    "#);
}

#[test]
fn what_assets_lack_is_told_without_a_job_of_them() {
    let program = || Definitions::new().assets(assets![base, rows, loaded]);
    insta::assert_snapshot!(told(program), @r#"
    exit 2
    --- stderr
    error: the check of 0 jobs, 0 presets, 0 environments, 3 assets found 2 problems
    in the program:
    error: `rows` has its `i64` stored by the IO manager `lake`, which is not defined
      --> src/cli/tests/assets/check.rs:_ (the step)
      hint: define it for the program, `Definitions::new().io("lake", manager)`, or for one run, `job.runner().io("lake", manager)`
    error: the op `loaded` needs a resource of type `Database`, and there is none
      --> src/cli/tests/assets/check.rs:_ (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    "#);
    // In a job it is of that job, and not told again.
    insta::assert_snapshot!(told(|| program().asset_job("nightly", "rows")), @r#"
    exit 2
    --- stderr
    error: the check of 1 job, 0 presets, 0 environments, 3 assets found 2 problems
    in the program:
    error: the op `loaded` needs a resource of type `Database`, and there is none
      --> src/cli/tests/assets/check.rs:_ (the step)
      hint: give the program one, `Definitions::new().resource(..)` or `.resource_from::<..>()`, or the job, `job().with(..)`
    in the job `nightly`:
    error: `rows` has its `i64` stored by the IO manager `lake`, which is not defined
      --> src/cli/tests/assets/check.rs:_ (the step)
      hint: define it for the program, `Definitions::new().io("lake", manager)`, or for one run, `job.runner().io("lake", manager)`
    "#);
}

#[test]
fn what_is_to_load_an_asset_of_others_is_not_missed() {
    let program = || Definitions::new().assets(assets![outside, taken]);
    insta::assert_snapshot!(told(program), @r#"
    exit 2
    --- stderr
    error: the check of 0 jobs, 0 presets, 0 environments, 2 assets found 1 problem
    in the program:
    error: `outside` has its `i64` stored by the IO manager `attic`, which is not defined
      --> src/cli/tests/assets/check.rs:_ (the step)
      hint: define it for the program, `Definitions::new().io("attic", manager)`, or for one run, `job.runner().io("attic", manager)`
    "#);
}

#[test]
fn what_is_configured_of_assets_is_of_somebody() {
    let config = RunConfig::new().set("ops.sized.config.rows=5").set("ops.sied.config.rows=5");
    insta::assert_snapshot!(told(|| Definitions::new().assets(assets![sized]).config(config)), @r"
    exit 2
    --- stderr
    error: the check of 0 jobs, 0 presets, 0 environments, 1 asset found 1 problem
    in the program:
    error: `ops.sied` is of no step of any job
      --> --set ops.sied.config.rows
      hint: did you mean `sized`?
    ");
}
