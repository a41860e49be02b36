//! Runs with memoized steps that are interrupted at any commit or fail, and go on.

use std::sync::atomic::AtomicUsize;

use orch_core::event::{EventKind, Logged};

use super::*;
use crate::resume::Mortal;

/// A bench that has run, and of which an item is another since then.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.called();
    bench.spec.items.insert("b", 5);
    bench
}

fn mortal(bench: &Bench, left: usize) -> Arc<dyn Storage> {
    Arc::new(Mortal {
        memory: bench.memory.clone(),
        left: Arc::new(AtomicUsize::new(left)),
        room: true,
        unread: None,
    })
}

/// The steps that a run has passed over, as its log tells it.
fn passed_over(bench: &Bench, run: RunId) -> Vec<String> {
    let mut told = Vec::new();
    let each = &mut |logged: Logged, _: Option<&[u8]>| {
        let step = logged.event.step.filter(|_| matches!(logged.event.kind, EventKind::StepMemoized { .. }));
        told.extend(step.map(|step| step.to_string()));
    };
    bench.storage().events(run).unwrap().history(each).unwrap();
    told.sort();
    told
}

#[test]
fn a_run_that_goes_on_passes_over_what_it_passed_over_before() {
    let mut lives = 0;
    loop {
        let mut bench = bench();
        let storage = mortal(&bench, lives);
        if bench.runner().record(&storage).run_blocking().is_ok() {
            break;
        }
        bench.called.take();
        let run = RunId::from_u128(bench.runs);
        let runner = bench.definitions().resume(&bench.storage(), run).unwrap();
        runner.env(bench.env()).run_blocking().unwrap();
        assert_eq!(bench.report(), Some(bench.spec.report()), "interrupted after {lives} commits");
        let expected = ["embed[a]", "embed[c]", "halve[a]", "halve[c]"];
        assert_eq!(passed_over(&bench, run), expected, "interrupted after {lives} commits");
        // Of what it has made since and before all is remembered.
        bench.called.take();
        let (called, _) = bench.called();
        assert_eq!(called, [""; 0], "interrupted after {lives} commits");
        lives += 1;
    }
    assert!(lives >= 8, "{lives} commits");
}

#[test]
fn a_rerun_takes_what_was_passed_over_unless_it_is_to_be_made_anew() {
    let mut bench = bench();
    bench.spec.fails = true;
    bench.run().unwrap_err();
    bench.called.take();
    bench.spec.fails = false;
    let run = bench.rerun(2, Rerun::FromFailure);
    insta::assert_snapshot!(ends(&run), @"report made");
    assert_eq!((bench.called.take().len(), bench.report()), (0, Some(bench.spec.report())));
    let run = bench.rerun(2, Rerun::Select("sum+".parse().unwrap()));
    insta::assert_snapshot!(ends(&run), @"sum made, report made");
    assert_eq!((bench.called.take().len(), bench.report()), (1, Some(bench.spec.report())));
    // What is remembered of what it made is taken by others.
    let (called, _) = bench.called();
    assert_eq!(called, [""; 0]);
}
