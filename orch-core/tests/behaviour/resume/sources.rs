//! Sources with several outputs that fail are interrupted at any commit: what they had put out stays, and so does what the
//! end of a stream has told.

use std::time::Duration;

use orch_core::graph::lit;

use super::*;

type Two = (Many, Many);

fn never() -> Failure {
    Failure::new("no more").not_retryable()
}

/// A source of two streams.
fn source(streams: fn() -> (Dynamic<i64>, Dynamic<i64>)) -> Arc<OpDef> {
    let op = OpDef::builder("source").returns::<Two>().coded([Coded::<i64>::CODEC, Coded::<i64>::CODEC]);
    op.blocking(move |_| Ok(streams())).into()
}

/// An op that takes its time by failing at first.
fn slow(name: &str, delay: u64) -> Arc<OpDef> {
    let op = OpDef::builder(name).input::<i64>("x").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let op = op.retry(Retry::new(3).delay(Duration::from_millis(delay)));
    let body = |mut args: orch_core::define::Args| {
        if args.context().attempt() == 1 { Err(Failure::new("not yet")) } else { args.take::<i64>(0) }
    };
    op.blocking(body).into()
}

/// An op that sums what it collects, and takes something that comes late.
fn report() -> Arc<OpDef> {
    let op = OpDef::builder("report").input::<Vec<i64>>("all").input::<i64>("late").returns::<Plain>();
    let op = op.coded([Coded::<i64>::CODEC]);
    op.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.iter().sum::<i64>() + args.take::<i64>(1)?)).into()
}

/// The same of two numbers.
fn report_of_two() -> Arc<OpDef> {
    let op = OpDef::builder("report").input::<i64>("x").input::<i64>("late").returns::<Plain>();
    let op = op.coded([Coded::<i64>::CODEC]);
    op.blocking(|mut args| Ok(args.take::<i64>(0)? + args.take::<i64>(1)?)).into()
}

/// At whatever commit from this one on the run is interrupted, it comes to the same end.
fn comes_to_the_same_end(from: usize, job: impl FnOnce(&Arc<OpDef>)) {
    let late = slow("late", 400);
    let options = JobOptions::new("job").max_concurrent(1).max_in_flight(1);
    let definitions = Definitions::new().job(Job::compose(options, || job(&late)));
    let (undisturbed, commits) = run(&definitions, &[]);
    let reported = undisturbed.steps.get("report");
    assert_eq!(reported, Some(&StepState::Succeeded), "{undisturbed:?}");
    for life in from..=commits {
        let (outcome, _) = run(&definitions, &[life]);
        assert_eq!(outcome, undisturbed, "interrupted after {life} of {commits} commits");
    }
}

#[test]
fn a_stream_that_has_ended_stays_complete_though_the_one_before_it_broke_off() {
    let source =
        source(|| (Dynamic::try_from_iter([Ok((7_u64, 7)), Err(never())]), Dynamic::from_values(1..4)));
    let (same, slow, report) = (pass("same"), slow("slow", 100), report());
    // Before, which of the streams comes first to its end depends on the time for which `slow` waits.
    comes_to_the_same_end(11, |late| {
        let (bad, good) = Call::of(&source).place::<Two>();
        bad.map(|x: Out<i64>| call(&slow, &[x]));
        let all = good.map(|x: Out<i64>| call(&same, &[x]));
        Call::of(&report)
            .input::<Vec<i64>>(all.collect())
            .input::<i64>(call(late, &[lit(5)]))
            .place::<Plain>();
    });
}

#[test]
fn a_stream_that_has_ended_stays_complete_though_the_one_after_it_gave_nothing() {
    let source = source(|| (Dynamic::from_values(1..4), Dynamic::try_from_values([Err(never())])));
    let (same, report) = (pass("same"), report());
    comes_to_the_same_end(0, |late| {
        let (good, bad) = Call::of(&source).place::<Two>();
        bad.map(|x: Out<i64>| call(&same, &[x]));
        let all = good.map(|x: Out<i64>| call(&same, &[x]));
        Call::of(&report)
            .input::<Vec<i64>>(all.collect())
            .input::<i64>(call(late, &[lit(5)]))
            .place::<Plain>();
    });
}

#[test]
fn a_plain_output_stays_though_the_stream_beside_it_gave_nothing() {
    let source = OpDef::builder("source").returns::<(Plain, Many)>();
    let source = source.coded([Coded::<i64>::CODEC, Coded::<i64>::CODEC]).blocking(|_| {
        let bad: [Result<i64, Failure>; 1] = [Err(never())];
        Ok((5, Dynamic::try_from_values(bad)))
    });
    let source = source.into();
    let same = pass("same");
    let report = report_of_two();
    comes_to_the_same_end(0, |late| {
        let (plain, bad) = Call::of(&source).place::<(Plain, Many)>();
        bad.map(|x: Out<i64>| call(&same, &[x]));
        call(&report, &[plain, call(late, &[lit(5)])]);
    });
}

#[test]
fn what_stands_stands_though_what_it_was_made_of_cannot_be_made_anew() {
    let lives = Arc::new(AtomicUsize::new(0));
    let first = OpDef::builder("first").returns::<Plain>();
    let seen = Arc::clone(&lives);
    let first = first.blocking(move |_| match seen.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(7),
        _ => Err(never()),
    });
    let first = first.into();
    let (second, of_second, of_both) = (pass("second"), slow("of_second", 400), report_of_two());
    let definitions = Definitions::new().job(Job::compose(JobOptions::new("job").max_concurrent(1), || {
        let first = call(&first, &[]);
        let late = call(&of_second, &[call(&second, &[first])]);
        call(&of_both, &[first, late]);
    }));
    let (undisturbed, commits) = run(&definitions, &[]);
    assert_eq!(undisturbed.status, RunStatus::Success);
    // From when on `second` has succeeded.
    for life in 3..commits {
        lives.store(0, Ordering::Relaxed);
        let (outcome, _) = run(&definitions, &[life]);
        assert_eq!(outcome.steps.get("of_second"), Some(&StepState::Succeeded), "after {life} commits");
    }
}

#[test]
fn a_source_that_was_lost_and_then_failed_has_failed() {
    let lives = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&lives);
    // What it gives is in memory alone.
    let source = OpDef::builder("source").returns::<Many>().blocking(move |_| {
        if seen.fetch_add(1, Ordering::Relaxed) == 0 { Ok(Dynamic::from_values(1..4)) } else { Err(never()) }
    });
    let source = source.into();
    let (same, late, report) = (slow("same", 100), slow("late", 400), report());
    let definitions = Definitions::new().job(Job::compose(JobOptions::new("job").max_concurrent(1), || {
        let all = Call::of(&source).place::<Many>().map(|x: Out<i64>| call(&same, &[x]));
        Call::of(&report)
            .input::<Vec<i64>>(all.collect())
            .input::<i64>(call(&late, &[lit(5)]))
            .place::<Plain>();
    }));
    let (_, commits) = run(&definitions, &[]);
    let mut failed = 0;
    for (first, second) in (0..commits).flat_map(|first| (0..commits).map(move |second| (first, second))) {
        lives.store(0, Ordering::Relaxed);
        let (outcome, _) = run(&definitions, &[first, second]);
        if outcome.steps.get("source") == Some(&StepState::Failed) {
            assert_eq!(outcome.status, RunStatus::Failure, "after {first} and {second} commits");
            failed += 1;
        }
    }
    assert!(failed > 0, "it was lost at least once");
}
