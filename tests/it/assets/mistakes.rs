//! What the compiler cannot see of assets, told when a job of them is planned or begun.

use orch::prelude::*;

use super::{materialize, storage};

#[asset]
fn chicken(egg: i64) -> i64 {
    egg
}

#[asset]
fn egg(chicken: i64) -> i64 {
    chicken
}

#[asset]
fn raw() -> i64 {
    1
}

mod other {
    use orch::prelude::*;

    #[asset(key = "raw")]
    pub(super) fn also_raw() -> i64 {
        2
    }
}

#[asset]
fn made(raw: i64) -> i64 {
    raw
}

#[asset]
fn made_of_other(#[from(other::also_raw)] raw: i64) -> i64 {
    raw
}

#[asset]
fn hen(chick: i64) -> i64 {
    chick
}

#[asset]
fn chick(hen: i64) -> i64 {
    hen
}

#[asset]
fn nest(chick: i64, egg: i64) -> i64 {
    chick + egg
}

#[external_asset]
fn rate() -> f64;

/// Cannot be written down.
#[derive(Clone)]
struct Opaque;

#[asset]
fn opaque() -> Opaque {
    Opaque
}

#[asset]
fn of_opaque(opaque: &Opaque, rate: f64) -> f64 {
    let Opaque = opaque;
    rate
}

/// The problems of the plan of what a selection materializes.
fn planned(definitions: &Definitions, selection: &str) -> String {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    job.try_plan().expect_err("it cannot be planned").to_string()
}

#[test]
fn assets_of_one_key_are_told() {
    let definitions = Definitions::new().assets(assets![raw, other::also_raw]);
    insta::assert_snapshot!(planned(&definitions, "*"), @r#"
    the job `materialize` cannot be planned
    error: two assets have the key `raw`
      --> tests/it/assets/mistakes.rs:18 (first)
      --> tests/it/assets/mistakes.rs:26 (second)
      hint: give one of them another key, `#[asset(key = "..")]`, or a prefix, `key_prefix = ".."`
    "#);
    // One that is listed twice is one.
    let twice = Definitions::new().assets(assets![raw]).assets(assets![raw]);
    assert_eq!(twice.materialize(&"*".parse().expect("all")).plan().steps.len(), 1);
}

#[test]
fn an_asset_that_is_not_listed_is_told() {
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![made]), "*"), @r"
    the job `materialize` cannot be planned
    error: `made` is made of `raw`, which is not listed
      --> tests/it/assets/mistakes.rs:32 (is made of it)
      --> tests/it/assets/mistakes.rs:18 (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., raw])`
    ");
}

#[test]
fn an_asset_of_another_key_is_listed_by_its_name() {
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![made_of_other]), "*"), @"
    the job `materialize` cannot be planned
    error: `made_of_other` is made of `raw`, which is not listed
      --> tests/it/assets/mistakes.rs:37 (is made of it)
      --> tests/it/assets/mistakes.rs:26 (the asset)
      hint: list it too: `Definitions::new().assets(assets![.., also_raw])`
    ");
}

#[test]
fn each_circle_is_told() {
    let definitions = Definitions::new().assets(assets![nest, chicken, egg, hen, chick]);
    insta::assert_snapshot!(planned(&definitions, "*"), @"
    the job `materialize` cannot be planned: 2 problems
    error: assets are made of each other in a circle: `chicken` is made of `egg` is made of `chicken`
      --> tests/it/assets/mistakes.rs:8 (in the circle)
      --> tests/it/assets/mistakes.rs:13 (in the circle)
      hint: take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it
    error: assets are made of each other in a circle: `chick` is made of `hen` is made of `chick`
      --> tests/it/assets/mistakes.rs:47 (in the circle)
      --> tests/it/assets/mistakes.rs:42 (in the circle)
      hint: take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it
    ");
}

#[test]
fn assets_in_a_circle_are_told() {
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![chicken, egg, raw]), "*"), @r"
    the job `materialize` cannot be planned
    error: assets are made of each other in a circle: `chicken` is made of `egg` is made of `chicken`
      --> tests/it/assets/mistakes.rs:8 (in the circle)
      --> tests/it/assets/mistakes.rs:13 (in the circle)
      hint: take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it
    ");
}

#[test]
fn a_selection_that_fits_nothing_is_told() {
    let definitions = Definitions::new().assets(assets![raw, made, rate]);
    let mistakes =
        ["mad", "group:sales", "rate", "raw and made"].map(|selection| planned(&definitions, selection));
    insta::assert_snapshot!(mistakes.join("\n"), @"
    the job `materialize` cannot be planned
    error: no asset fits `key:mad`, at column 1
      key:mad
      ^^^^^^^
      hint: did you mean `made`? keys: made, rate, raw
    the job `materialize` cannot be planned
    error: no asset fits `group:sales`, at column 1
      group:sales
      ^^^^^^^^^^^
      hint: there are no groups
    the job `materialize` cannot be planned
    error: `rate` is external: others make it, and this program takes it
      --> tests/it/assets/mistakes.rs:57 (the asset)
      hint: to make what depends on it, select that: `rate+`
    the job `materialize` cannot be planned
    error: the selection leaves no asset
      hint: select others: `*` is all of them, and `assets list` shows them
    ");
    let definitions = definitions.asset_job("nightly", "raw or").asset_job("weekly", "tag:team=data");
    let told = definitions.jobs().iter().map(|job| job.try_plan().expect_err("no plan").to_string());
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    the job `nightly` cannot be planned
    error: the selection `raw or` of the job: expected a key, an attribute such as `tag:k`, or `(`, found the end, at column 7
      raw or
            ^
      --> tests/it/assets/mistakes.rs:168 (the job)
    the job `weekly` cannot be planned
    error: the selection `tag:team=data` of the job: no asset fits `tag:team=data`, at column 1
      tag:team=data
      ^^^^^^^^^^^^^
      --> tests/it/assets/mistakes.rs:168 (the job)
      hint: there are no tags
    ");
}

#[test]
fn an_asset_that_is_not_there_is_told_before_the_run_begins() {
    let definitions = Definitions::new().assets(assets![raw, made, opaque, of_opaque, rate]);
    let storage = storage();
    let not_there =
        |selection| materialize(&definitions, &storage, selection).expect_err("not there").to_string();
    insta::assert_snapshot!(not_there("made"), @r"
    the job `materialize` cannot be planned
    error: `made` takes the asset `raw`, which was never materialized
      --> tests/it/assets/mistakes.rs:32 (the step)
      hint: materialize it before, `materialize raw`, or with all that is needed: `materialize '+made'`
    ");
    materialize(&definitions, &storage, "opaque").expect("it succeeds");
    insta::assert_snapshot!(not_there("of_opaque"), @r#"
    the job `materialize` cannot be planned: 2 problems
    error: `of_opaque` takes the asset `opaque`, of which nothing is left: it was in the memory of the run that made it
      --> tests/it/assets/mistakes.rs:69 (the step)
      hint: make it in the same run, `materialize 'opaque or ..'`, or have it stored: derive serde's traits for its type, or name an IO manager, `io = ".."`
    error: `of_opaque` takes the asset `rate`, which others make, and nobody has materialized here
      --> tests/it/assets/mistakes.rs:69 (the step)
      hint: have the program that makes it run on this instance, or say what loads it: `#[external_asset(io = "..")]` on `rate`
    "#);
    let job = definitions.materialize(&"made".parse().expect("a selection"));
    let error = definitions.runner(&job).run_blocking().expect_err("no instance");
    insta::assert_snapshot!(error, @r"
    the job `materialize` cannot be planned
    error: `made` takes the asset `raw`, which is not made in this run, and the run knows of no instance that could have it
      --> tests/it/assets/mistakes.rs:32 (the step)
      hint: record the run, `.record(&storage)`, or select the asset too; on the command line leave out `--no-record`
    ");
}

#[test]
fn assets_of_one_key_are_told_however_they_are_listed() {
    let definitions = Definitions::new().assets(assets![raw, other::also_raw]).assets(assets![made]);
    assert!(planned(&definitions, "made").contains("two assets have the key `raw`"));
}

/// Makes nothing of its own.
#[graph_asset]
fn same(raw: Out<i64>) -> Out<i64> {
    raw
}

#[asset]
fn of_same(same: i64) -> i64 {
    same
}

#[test]
fn a_graph_that_makes_nothing_is_told() {
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![raw, same, of_same]), "*"), @"
    the job `materialize` cannot be planned
    error: the value of the asset `same` is no output of a step that makes it
      --> tests/it/assets/mistakes.rs:225 (the asset)
      hint: let an op of its graph return the value
    ");
}

#[test]
fn no_job_has_the_name_of_what_materializes() {
    #[job(name = "materialize")]
    fn other() {}
    let definitions = Definitions::new().assets(assets![raw]).job(other());
    insta::assert_snapshot!(planned(&definitions, "raw"), @"
    the job `materialize` cannot be planned
    error: a job is named `materialize`, as is what materializes the assets of a selection
      --> tests/it/assets/mistakes.rs:247 (the job)
      hint: give the job another name
    ");
}

#[test]
fn assets_whose_steps_would_have_one_name_are_told() {
    #[asset(key = "a.b")]
    fn dotted() -> i64 {
        1
    }
    #[asset(key = "a-b")]
    fn dashed() -> i64 {
        2
    }
    insta::assert_snapshot!(planned(&Definitions::new().assets(assets![dotted, dashed]), "*"), @"
    the job `materialize` cannot be planned
    error: the steps of `a.b` and `a-b` would have one name, `a_b`
      --> tests/it/assets/mistakes.rs:260 (first)
      --> tests/it/assets/mistakes.rs:264 (second)
      hint: names of steps have `_` in place of dots and dashes: give one of them another key
    ");
}
