//! Runs of assets that take earlier partitions of their own are interrupted at any commit, and come to the same.

use std::collections::BTreeSet;
use std::sync::Mutex;

use orch_core::define::{HookContext, HookDef, StepOutcome};
use orch_core::event::{EventKind, Logged};
use orch_core::run::Rerun;

use super::*;
use crate::earlier::{Shop, days_before, runner, summed, with_all};

const RUN: RunId = RunId::from_u128(2);

/// The ends of the steps that make balances, with what they were made of.
fn ends(memory: &Memory, run: RunId) -> Vec<String> {
    let mut ends = Vec::new();
    let mut tell = |logged: Logged, _: Option<&[u8]>| {
        let step = logged.event.step.as_ref().map(ToString::to_string).unwrap_or_default();
        match logged.event.kind {
            _ if !step.contains("balance") => {}
            EventKind::StepSkipped { cause, .. } => ends.push(format!("{step} skipped: {cause:?}")),
            EventKind::StepFailure { error, .. } => ends.push(format!("{step} failed: {}", error.message)),
            EventKind::AssetMaterialization { inputs, data_version, .. } => {
                let own = inputs.iter().filter(|input| input.asset.as_str() == "balance");
                let own: Vec<_> = own
                    .map(|input| {
                        let version = input.data_version.as_deref().map_or("", |version| &version[..4]);
                        let partition = input.partition.as_deref().unwrap_or_default();
                        format!("[{partition}] {version} of {:?}", input.run.map(|run| run.as_u128()))
                    })
                    .collect();
                let version = data_version.as_deref().map_or("", |version| &version[..4]);
                ends.push(format!("{step} {version}, made of {}", own.join(", ")));
            }
            _ => {}
        }
    };
    memory.events(run).unwrap().history(&mut tell).unwrap();
    ends.sort();
    ends
}

/// Interrupts a run for days, before which the first one was made, before each of its commits, and takes it up again.
fn interrupted(shop: &Shop, definitions: &Definitions) -> Vec<String> {
    let begun = |memory: &Memory, left: usize| {
        let storage = |left| -> Arc<dyn Storage> {
            Arc::new(Mortal {
                memory: memory.clone(),
                left: Arc::new(AtomicUsize::new(left)),
                room: true,
                unread: None,
            })
        };
        runner(definitions, &storage(usize::MAX), "2024-01-01", 1).run_blocking().unwrap();
        // Whether it comes to its end the log tells.
        let _ =
            runner(definitions, &storage(left), "2024-01-02..2024-01-05", 2).max_concurrent(1).run_blocking();
    };
    let whole = Memory::new();
    begun(&whole, usize::MAX);
    let undisturbed = ends(&whole, RUN);
    for life in 0.. {
        let memory = Memory::new();
        begun(&memory, life);
        if memory.run(RUN).is_ok_and(|run| run.status.is_terminal()) {
            // Before and behind each step: at least that which gives the days, and two of each day.
            assert!(life > 9, "{life} commits");
            break;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        let runner = definitions.resume(&storage, RUN).unwrap().max_concurrent(1);
        let _ = runtime().block_on(runner.run());
        assert_eq!(ends(&memory, RUN), undisturbed, "interrupted after {life} commits");
    }
    shop.made();
    undisturbed
}

#[test]
fn a_chain_of_days_goes_on_where_it_was() {
    let shop = Shop::default();
    let definitions = summed(&shop, days_before(-2, -1));
    insta::assert_debug_snapshot!(interrupted(&shop, &definitions), @r#"
    [
        "balance[2024-01-02] e1e0, made of [2024-01-01] 48fc of Some(1)",
        "balance[2024-01-03] 448b, made of [2024-01-01..2024-01-02] cdf8 of Some(2)",
        "balance[2024-01-04] 3162, made of [2024-01-02..2024-01-03] 24f6 of Some(2)",
        "balance[2024-01-05] bf61, made of [2024-01-03..2024-01-04] 84a8 of Some(2)",
    ]
    "#);
}

#[test]
fn a_day_that_failed_stops_the_same_days() {
    let shop = Shop::default();
    shop.close("2024-01-03");
    let definitions = summed(&shop, days_before(-2, -2));
    insta::assert_debug_snapshot!(interrupted(&shop, &definitions), @r#"
    [
        "balance[2024-01-02] ab13, made of [] 9993 of None",
        "balance[2024-01-03] failed: the books are closed",
        "balance[2024-01-04] 1c31, made of [2024-01-02] ab13 of Some(2)",
        "balance[2024-01-05] skipped: Failed(balance[2024-01-03])",
        "read_balance[2024-01-05] skipped: Failed(balance[2024-01-03])",
    ]
    "#);
}

#[test]
fn from_its_failure_on_a_run_makes_the_days_that_could_not_be_made() {
    let shop = Shop::default();
    let definitions = summed(&shop, days_before(-2, -2));
    // A storage that ends after so many commits, in which a run has failed.
    let begun = |memory: &Memory, left: usize| -> Arc<dyn Storage> {
        let storage = |left| -> Arc<dyn Storage> {
            Arc::new(Mortal {
                memory: memory.clone(),
                left: Arc::new(AtomicUsize::new(left)),
                room: true,
                unread: None,
            })
        };
        shop.close("2024-01-03");
        let failed = storage(usize::MAX);
        runner(&definitions, &failed, "2024-01-01..2024-01-05", 1).run_blocking().unwrap_err();
        shop.open();
        shop.made();
        storage(left)
    };
    let again = |storage: &Arc<dyn Storage>| {
        let again = definitions.rerun(storage, RunId::from_u128(1), Rerun::FromFailure).unwrap();
        again.run_id(RUN).max_concurrent(1).run_blocking()
    };
    let whole = Memory::new();
    again(&begun(&whole, usize::MAX)).unwrap();
    let undisturbed = ends(&whole, RUN);
    insta::assert_debug_snapshot!((shop.made(), &undisturbed), @r#"
    (
        [
            "01-03: [01-01 1] 4",
            "01-05: [01-03 4] 9",
        ],
        [
            "balance[2024-01-03] 0c38, made of [2024-01-01] 48fc of Some(1)",
            "balance[2024-01-05] 7219, made of [2024-01-03] 0c38 of Some(2)",
        ],
    )
    "#);
    for life in 0.. {
        let memory = Memory::new();
        if again(&begun(&memory, life)).is_ok() {
            assert!(life > 4, "{life} commits");
            break;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        runtime().block_on(definitions.resume(&storage, RUN).unwrap().max_concurrent(1).run()).unwrap();
        assert_eq!(ends(&memory, RUN), undisturbed, "interrupted after {life} commits");
    }
}

#[test]
fn what_reads_all_days_is_skipped_for_the_one_that_failed() {
    let shop = Shop::default();
    shop.close("2024-01-03");
    let definitions = with_all(summed(&shop, days_before(-2, -2)));
    insta::assert_debug_snapshot!(interrupted(&shop, &definitions), @r#"
    [
        "balance[2024-01-02] ab13, made of [] 9993 of None",
        "balance[2024-01-03] failed: the books are closed",
        "balance[2024-01-04] 1c31, made of [2024-01-02] ab13 of Some(2)",
        "balance[2024-01-05] skipped: Failed(balance[2024-01-03])",
        "balances skipped: Failed(balance[2024-01-03])",
        "read_balance[2024-01-05] skipped: Failed(balance[2024-01-03])",
        "read_balance_2 skipped: Failed(balance[2024-01-03])",
    ]
    "#);
    // It is made when what failed is.
    let memory = Memory::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    runner(&definitions, &storage, "2024-01-01..2024-01-05", 1).run_blocking().unwrap_err();
    shop.open();
    let again = definitions.rerun(&storage, RunId::from_u128(1), Rerun::FromFailure).unwrap();
    again.run_id(RUN).run_blocking().unwrap();
    insta::assert_debug_snapshot!(ends(&memory, RUN), @r#"
    [
        "balance[2024-01-03] 0c38, made of [2024-01-01] 48fc of Some(1)",
        "balance[2024-01-05] 7219, made of [2024-01-03] 0c38 of Some(2)",
        "balances 1314, made of [2024-01-01..2024-01-05] a077 of Some(2)",
    ]
    "#);
}

#[test]
fn hooks_are_told_the_same_of_what_was_skipped_whenever_the_run_is_interrupted() {
    let shop = Shop::default();
    shop.close("2024-01-03");
    let heard: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let notes = Arc::clone(&heard);
    let hook = HookDef::builder("hear").on([StepOutcome::NotExecuted]).blocking(move |told: HookContext| {
        let why = told.error().map(|error| error.message.clone());
        notes.lock().unwrap().insert(format!("{}: {}", told.step(), why.unwrap_or_default()));
        Ok(())
    });
    let definitions = with_all(summed(&shop, days_before(-2, -2))).with_hook(&hook);
    interrupted(&shop, &definitions);
    // By all of these runs, and in no other words.
    insta::assert_debug_snapshot!(heard.lock().unwrap(), @r#"
    {
        "balance[2024-01-05]: the books are closed",
        "balances: the books are closed",
        "read_balance[2024-01-05]: the books are closed",
        "read_balance_2: the books are closed",
    }
    "#);
}

#[test]
fn what_others_have_made_anew_since_is_taken_and_what_was_made_of_the_old_is_made_anew() {
    let again = |left: usize| {
        let (shop, memory) = (Shop::default(), Memory::new());
        let definitions = summed(&shop, days_before(-2, -2));
        let storage = |left| -> Arc<dyn Storage> {
            Arc::new(Mortal {
                memory: memory.clone(),
                left: Arc::new(AtomicUsize::new(left)),
                room: true,
                unread: None,
            })
        };
        shop.close("2024-01-03");
        let whole = storage(usize::MAX);
        runner(&definitions, &whole, "2024-01-01..2024-01-04", 1).run_blocking().unwrap_err();
        // What was sold on two of these days was wrong.
        ["2024-01-02", "2024-01-03"].iter().for_each(|day| shop.sell(day, 100));
        let mended = definitions.runner(&definitions.materialize(&"sales".parse().unwrap()));
        let mended = mended.run_id(RunId::from_u128(5)).partition("2024-01-02..2024-01-03");
        mended.record(&whole).run_blocking().unwrap();
        shop.open();
        shop.made();
        let rerun = definitions.rerun(&storage(left), RunId::from_u128(1), Rerun::FromFailure).unwrap();
        let ended = rerun.run_id(RUN).max_concurrent(1).run_blocking();
        (shop, memory, definitions, ended.is_ok())
    };
    let (shop, whole, ..) = again(usize::MAX);
    let undisturbed = ends(&whole, RUN);
    insta::assert_debug_snapshot!((shop.made(), &undisturbed), @r#"
    (
        [
            "01-02: [] 100",
            "01-03: [01-01 1] 101",
        ],
        [
            "balance[2024-01-02] d5ed, made of [] 9993 of None",
            "balance[2024-01-03] 27bb, made of [2024-01-01] 48fc of Some(1)",
        ],
    )
    "#);
    for life in 1.. {
        let (_, memory, definitions, is_over) = again(life);
        if is_over {
            assert!(life > 4, "{life} commits");
            break;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        runtime().block_on(definitions.resume(&storage, RUN).unwrap().max_concurrent(1).run()).unwrap();
        assert_eq!(ends(&memory, RUN), undisturbed, "interrupted after {life} commits");
    }
}

#[test]
fn what_is_made_anew_once_more_is_taken_by_what_goes_on_from_the_one_that_took_it() {
    let (shop, memory) = (Shop::default(), Memory::new());
    let definitions = summed(&shop, days_before(-2, -2));
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let sold = |amount: i64, id: u128| {
        shop.sell("2024-01-02", amount);
        let mended = definitions.runner(&definitions.materialize(&"sales".parse().unwrap()));
        mended.run_id(RunId::from_u128(id)).partition("2024-01-02").record(&storage).run_blocking().unwrap();
    };
    let again = |of: u128, id: u128| {
        let rerun = definitions.rerun(&storage, RunId::from_u128(of), Rerun::FromFailure).unwrap();
        let ended = rerun.run_id(RunId::from_u128(id)).max_concurrent(1).run_blocking().is_ok();
        (shop.made(), ended)
    };
    shop.close("2024-01-03");
    runner(&definitions, &storage, "2024-01-01..2024-01-03", 1).run_blocking().unwrap_err();
    shop.made();
    sold(100, 5);
    assert_eq!(again(1, 2), (vec!["01-02: [] 100".to_owned()], false));
    sold(200, 6);
    shop.open();
    insta::assert_debug_snapshot!(again(2, 3), @r#"
    (
        [
            "01-02: [] 200",
            "01-03: [01-01 1] 4",
        ],
        true,
    )
    "#);
}
