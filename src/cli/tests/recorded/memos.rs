//! Steps of memoized ops: what is told of those that are passed over, and of those that are not.

use orch_core::storage::{Memory, Storage};

use super::*;

mod mail {
    use crate::cli::tests::*;

    /// Nothing that serde can write.
    pub(super) struct Total(i64);

    #[crate::op]
    fn texts() -> Dynamic<String> {
        Dynamic::from_iter([("a", "one".to_owned()), ("b", "three".to_owned())])
    }

    /// Its length, as it is weighed.
    #[crate::op(memoize, code_version = "1", env = ["WEIGHT"])]
    fn embed(text: &str) -> i64 {
        text.len() as i64
    }

    #[crate::op(memoize, code_version = "1")]
    fn total(lengths: Vec<i64>) -> i64 {
        lengths.into_iter().sum()
    }

    #[crate::op(memoize, code_version = "1")]
    fn publish(total: &Total) -> String {
        format!("{} letters", total.0)
    }

    #[crate::op]
    fn counted(total: i64) -> Total {
        Total(total)
    }

    #[crate::job(max_concurrent = 1)]
    pub(super) fn mail() {
        publish(counted(total(texts().map(embed).collect())));
    }
}

#[test]
fn what_is_passed_over_is_told_and_why_all_else_is_not() {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let told = |weight: &str, args: &str| {
        let homes = Homes::Given(Arc::clone(&storage));
        let around = Around { homes, ..Around::of(EnvVars::none().with("WEIGHT", weight)) };
        session_around(&around, || Ok(Definitions::new().job(mail::mail())), args)
    };
    insta::assert_snapshot!(told("1", "plan"), @r"
    exit 0
    --- stdout
    job mail
      depth_first, 1 at once
    texts() -> dynamic String
    map texts
        embed(text: &String <- each texts) -> i64
          | code version 1
          | memoize
    total(lengths: Vec<i64> <- collect embed) -> i64
      | code version 1
      | memoize
    counted(total: i64 <- total) -> Total
    publish(total: &Total <- counted) -> String
      | code version 1
      | memoize, without effect: counted in memory only
    --- stderr
    note: in memory alone, and made anew when a run is resumed: `counted` (Total); to keep them, derive `serde::Serialize` and `Deserialize` for types that own their data, or name an IO manager
    ");
    told("1", "run --progress none");
    // How long it took is another each time.
    let why = |weight: &str, step: &str| {
        let told = told(weight, &format!("why latest {step}"));
        let lines: Vec<_> =
            told.lines().skip(2).map(|line| line.split(", after ").next().unwrap_or(line)).collect();
        lines.join("\n")
    };
    insta::assert_snapshot!(why("1", "embed[a]"), @r"
    embed[a] succeeded
      nothing was remembered before that its op has given
    ");
    insta::assert_snapshot!(why("1", "publish"), @r"
    publish succeeded
      it always runs, though it is memoized: nobody knows the version of the data of `total`: it lives in memory alone, or is a sign and no data; serde's `Serialize` and `Deserialize` make it known, or what stores it tells a version
    ");
    insta::assert_snapshot!(told("1", "run --progress plain"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    <time>  RUN_START mail
    <time>  STEP_START texts
    <time>  STEP_MEMOIZED embed[a]: made of the same as by the run <run>
    <time>  STEP_MEMOIZED embed[b]: made of the same as by the run <run>
    <time>  STREAM_CLOSED texts result, 2 items
    <time>  STEP_SUCCESS texts (took <time>)
    <time>  STEP_MEMOIZED total: made of the same as by the run <run>
    <time>  STEP_START counted
    <time>  STEP_SUCCESS counted (took <time>)
    <time>  STEP_START publish
    <time>  STEP_SUCCESS publish (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] mail: 6 steps: 3 succeeded, 3 memoized
    ");
    insta::assert_snapshot!(why("1", "embed[b]"), @"embed[b] was memoized: all that it is made of is what it was made of by the run <run>");
    insta::assert_snapshot!(told("2", "run --progress none"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] mail: 6 steps: 5 succeeded, 1 memoized
    ");
    insta::assert_snapshot!(why("2", "embed[b]"), @r"
    embed[b] succeeded
      unlike embed[b] of the run <run>, which is the most like it: the variable `WEIGHT` has changed: e3297318 → 2129d603
    ");
    insta::assert_snapshot!(why("2", "total"), @"total was memoized: all that it is made of is what it was made of by the run <run>");
    insta::assert_snapshot!(told("2", "run --progress none --no-memos"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    ────────────
         Success [<time>] mail: 6 steps: 6 succeeded
    ");
    insta::assert_snapshot!(why("2", "embed[b]"), @r"
    embed[b] succeeded
      embed[b] of the run <run> has given the same; it was not known when this run began, or this one takes nothing that is remembered
    ");
}
