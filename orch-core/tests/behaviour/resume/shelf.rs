//! Runs whose ops name an IO manager are interrupted at any commit: what is on its shelf is neither made nor put there anew.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use orch_core::io::{IoManager, Metadata, OutputAt};

use super::*;

/// Keeps numbers by their paths, and counts how often each was put there.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<HashMap<String, (i64, usize)>>>);

impl Shelf {
    fn most_often(&self) -> usize {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.values().map(|(_, often)| *often).max().unwrap_or_default()
    }
}

impl IoManager<i64> for Shelf {
    fn store(&self, at: &OutputAt<'_>, value: &i64) -> Result<Metadata, Failure> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, often) = shelf.entry(at.relative_path()).or_default();
        (*kept, *often) = (*value, *often + 1);
        Ok(Metadata::default())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64, Failure> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = shelf.get(&at.relative_path()).map(|(value, _)| *value);
        found.ok_or_else(|| Failure::new("it is not on the shelf"))
    }
}

/// A source of three items, a step for each, and their sum; all but the sum on the shelf. The ops are sync or async.
fn shelved(sync: bool) -> Job {
    let source = OpDef::builder("source").io("shelf").returns::<Many>();
    let source = source.blocking(|_| Ok(Dynamic::from_values(1..4))).into();
    let tens = OpDef::builder("tens").io("shelf").input::<i64>("x").returns::<Plain>();
    let tens: Arc<OpDef> = if sync {
        tens.blocking(|mut args| Ok(args.take::<i64>(0)? * 10)).into()
    } else {
        tens.asynchronous(|mut args| async move { Ok(args.take::<i64>(0)? * 10) }).into()
    };
    let report = OpDef::builder("report").input::<Vec<i64>>("all").returns::<Plain>();
    let report = report.coded([Coded::<i64>::CODEC]);
    let report = report.blocking(|mut args| Ok(args.take::<Vec<i64>>(0)?.into_iter().sum())).into();
    Job::compose(JobOptions::new("job").max_concurrent(2), || {
        let tens = Call::of(&source).place::<Many>().map(|x: Out<i64>| call(&tens, &[x]));
        Call::of(&report).input::<Vec<i64>>(tens.collect()).place::<Plain>();
    })
}

#[test]
fn what_is_on_the_shelf_stays_there_whenever_the_run_is_interrupted() {
    for sync in [true, false] {
        let of = |shelf: &Shelf| Definitions::new().io("shelf", shelf.clone()).job(shelved(sync));
        let (undisturbed, commits) = run(&of(&Shelf::default()), &[]);
        assert_eq!(undisturbed.status, RunStatus::Success);
        for life in 0..=commits {
            let shelf = Shelf::default();
            let (outcome, _) = run(&of(&shelf), &[life]);
            assert_eq!(outcome, undisturbed, "sync {sync}, interrupted after {life} commits");
            assert!(shelf.most_often() <= 2, "only what was under way is put there again");
        }
    }
}
