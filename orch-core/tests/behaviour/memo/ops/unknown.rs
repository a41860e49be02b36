//! What is not wholly known is made anew.

use orch_core::define::OpBuilder;
use orch_core::event::EventKind;

use super::*;
use crate::problems::problems;

#[test]
fn a_run_that_is_not_recorded_remembers_nothing() {
    let mut bench = Bench::new();
    bench.called();
    bench.runner().run_blocking().unwrap();
    assert_eq!((bench.called.take().len(), bench.report()), (7, Some(bench.spec.report())));
}

#[test]
fn code_of_which_no_version_is_known_runs() {
    let mut bench = Bench::new();
    bench.spec.code = None;
    bench.called();
    let (called, run) = bench.called();
    // What it came to is known, and is the same.
    assert_eq!(called, ["embed[a]", "embed[b]", "embed[c]"]);
    insta::assert_snapshot!(ends(&run), @"embed[a] made, halve[a] as by run 1, embed[b] made, halve[b] as by run 1, embed[c] made, halve[c] as by run 1, pages made, sum as by run 1, report made");
    let recipe = run.events().iter().find_map(|event| match &event.kind {
        EventKind::OpRecipe { op, recipe, .. } => Some(format!("{op} {}", recipe.first_unknown()?)),
        _ => None,
    });
    assert_eq!(recipe.as_deref(), Some("bench::embed source"));
}

/// Runs a job twice whose op is given and gives numbers in these ways, and gives how it ended the second time.
fn twice(given: Option<fn() -> orch_core::io::Codec>, op: impl Fn(OpBuilder<()>) -> OpDef) -> String {
    let source = OpDef::builder("source").returns::<Plain>().coded([given]).blocking(|_| Ok(1)).into();
    let double = OpDef::builder("double").code_version("1").memoize(Memoize::of("double"));
    let double = op(double.input::<i64>("x").input_codec(Coded::<i64>::CODEC)).into();
    let job = job(|| call(&double, &[call(&source, &[])]));
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let run = |number| {
        let runner = job.runner().run_id(RunId::from_u128(number)).keep_events();
        runner.record(&storage).run_blocking().unwrap()
    };
    run(1);
    format!("{}\n{}", ends(&run(2)), job.plan())
}

#[test]
fn values_that_live_in_memory_alone_are_not_known_again() {
    let twice = |given, gives| {
        twice(given, move |op| {
            op.returns::<Plain>().coded([gives]).blocking(|mut args| Ok(args.take::<i64>(0)? * 2))
        })
    };
    insta::assert_snapshot!(twice(Coded::<i64>::CODEC, Coded::<i64>::CODEC), @r"
    source made, double as by run 1
    job job
      depth_first, 1 at once
    source() -> i64
    double(x: i64 <- source) -> i64
      | code version 1
      | memoize
    ");
    insta::assert_snapshot!(twice(None, Coded::<i64>::CODEC), @r"
    source made, double made
    job job
      depth_first, 1 at once
    source() -> i64
    double(x: i64 <- source) -> i64
      | code version 1
      | memoize, without effect: source in memory only
    ");
    insta::assert_snapshot!(twice(Coded::<i64>::CODEC, None), @r"
    source made, double made
    job job
      depth_first, 1 at once
    source() -> i64
    double(x: i64 <- source) -> i64
      | code version 1
      | memoize, without effect: result in memory only
    ");
}

#[test]
fn an_op_with_a_dynamic_output_is_not_memoized() {
    let pages = OpDef::builder("pages").memoize(Memoize::of("pages")).returns::<Many>();
    let pages = pages.blocking(|_| Ok(Dynamic::from_values([1]))).into();
    let (_, told) = problems(&job(|| Call::of(&pages).place::<Many>().map(|_: Out<i64>| ())));
    insta::assert_snapshot!(told, @r"
    the job `job` cannot be planned
    error: `pages` is memoized, and its output `result` is dynamic
      --> orch-core/tests/behaviour/memo/ops/unknown.rs:_ (the op)
      hint: memoize the ops in its map, whose steps are then passed over each by itself; or let it return a list, `Vec<T>`
    ");
}

#[test]
fn what_a_configured_op_makes_of_its_configuration_is_not_known() {
    let double = OpDef::builder("double").code_version("1").memoize(Memoize::of("double"));
    let double =
        double.config::<orch_core::config::NoConfig>().returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let double = double.blocking(|_| Ok(2));
    let twice = double.configured("twice", |_: orch_core::config::Config<orch_core::config::NoConfig>| {
        Ok(orch_core::config::NoConfig {})
    });
    let twice = Arc::new(twice);
    let job = job(|| call(&twice, &[]));
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let run = || job.runner().keep_events().record(&storage).run_blocking().unwrap();
    run();
    insta::assert_snapshot!(ends(&run()), @"twice made");
}

#[test]
fn a_value_that_is_not_there_any_more_is_told_to_who_takes_it() {
    let mut bench = Bench::new();
    bench.called();
    let storage = bench.storage();
    bench.spec.fails = true;
    // The run goes while another takes of it.
    let memory = bench.memory.clone();
    let sink = move |event: &orch_core::event::Event| {
        if matches!(event.kind, EventKind::StepMemoized { .. }) {
            let _ = memory.remove(RunId::from_u128(1));
        }
    };
    let error = bench.runner().record(&storage).sink(sink).run_blocking().unwrap_err();
    let failed = error.run().unwrap().events().iter().find_map(|event| match &event.kind {
        EventKind::StepFailure { error, .. } => Some(format!("{}\n{:?}", error.message, error.hint)),
        _ => None,
    });
    insta::assert_snapshot!(failed.unwrap(), @r#"
    `result` of `sum`, which is taken of the run 00000000-0000-0000-0000-000000000001, cannot be loaded
    Some("have the step that took it made anew, with all that depends on it: `rerun 00000000-0000-0000-0000-000000000002 --select 'STEP+'`; or run the job with nothing that is remembered: `--no-memos`")
    "#);
}
