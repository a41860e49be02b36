//! A run that goes on holds what it has made before no longer than it is needed, as any run.

use std::sync::atomic::AtomicIsize;

use serde::{Deserialize, Serialize};

use super::*;

/// How many of them there are.
static ALIVE: AtomicIsize = AtomicIsize::new(0);

#[derive(Debug, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
struct Alive(i64);

impl From<i64> for Alive {
    fn from(value: i64) -> Self {
        ALIVE.fetch_add(1, Ordering::Relaxed);
        Self(value)
    }
}

impl From<Alive> for i64 {
    fn from(alive: Alive) -> Self {
        alive.0
    }
}

impl Clone for Alive {
    fn clone(&self) -> Self {
        self.0.into()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A source of three, a step for each and one for all of them; then one that counts those that are still there.
fn counted(left: &Arc<AtomicIsize>) -> Job {
    let source = OpDef::builder("source").returns::<One<Dynamic<Alive>, 2>>().coded([Coded::<Alive>::CODEC]);
    let source = source.blocking(|_| Ok(Dynamic::from_values((1..4).map(Alive::from)))).into();
    let same = OpDef::builder("same").input::<Alive>("x").returns::<One<Alive, 0>>();
    let same = same.coded([Coded::<Alive>::CODEC]).blocking(|mut args| args.take::<Alive>(0)).into();
    let sum =
        OpDef::builder("sum").input::<Vec<Alive>>("all").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let sum =
        sum.blocking(|mut args| Ok(args.take::<Vec<Alive>>(0)?.iter().map(|alive| alive.0).sum())).into();
    let count = OpDef::builder("count").input::<i64>("sum").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let left = Arc::clone(left);
    let count = count.blocking(move |mut args| {
        left.fetch_max(ALIVE.load(Ordering::Relaxed), Ordering::Relaxed);
        args.take::<i64>(0)
    });
    let count = count.into();
    Job::compose(JobOptions::new("job").max_concurrent(1), || {
        let items = Call::of(&source).place::<One<Dynamic<Alive>, 2>>();
        let items = items.map(|x: Out<Alive>| Call::of(&same).input::<Alive>(x).place::<One<Alive, 0>>());
        let sum = Call::of(&sum).input::<Vec<Alive>>(items.collect()).place::<Plain>();
        call(&count, &[sum]);
    })
}

#[test]
fn values_are_gone_after_their_last_consumer_whenever_the_run_is_interrupted() {
    let left = Arc::default();
    let definitions = Definitions::new().job(counted(&left));
    let (undisturbed, commits) = run(&definitions, &[]);
    assert_eq!(undisturbed.status, RunStatus::Success);
    for life in 0..=commits {
        let (outcome, _) = run(&definitions, &[life]);
        assert_eq!(outcome, undisturbed, "interrupted after {life} commits");
        assert_eq!(left.load(Ordering::Relaxed), 0, "interrupted after {life} commits");
    }
    assert_eq!(ALIVE.load(Ordering::Relaxed), 0);
}
