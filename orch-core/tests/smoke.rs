use std::sync::Arc;
use orch_core::define::*;
use orch_core::graph::*;
use orch_core::value::*;

fn op2(name: &'static str, f: impl Fn(i64) -> i64 + Send + Sync + 'static) -> Arc<OpDef> {
    Arc::new(OpDef::builder(name).input::<i64>("x").returns::<One<i64, 0>>().asynchronous(move |mut a| { let r = a.take::<i64>(0).map(&f); async move { r } }))
}

#[test]
fn fan() {
    let src = Arc::new(OpDef::builder("src").returns::<One<Dynamic<i64>, 2>>().asynchronous(|_| async { Ok(Dynamic::from_values(0..5)) }));
    let inner = Arc::new(OpDef::builder("cells").input::<i64>("x").returns::<One<Dynamic<i64>, 2>>().blocking(|mut a| { let n = a.take::<i64>(0)?; Ok(Dynamic::from_values(0..n)) }));
    let double = op2("double", |x| x * 2);
    let sum = Arc::new(OpDef::builder("sum").input::<Vec<i64>>("xs").returns::<One<i64, 0>>().asynchronous(|mut a| async move { Ok(a.take::<Vec<i64>>(0)?.iter().sum::<i64>()) }));
    let job = Job::compose(JobOptions::new("fan").max_concurrent(1), || {
        let items = Call::of(&src).place::<One<Dynamic<i64>, 2>>();
        let sums = items.map(|i| {
            let cells = Call::of(&inner).input::<i64>(i).place::<One<Dynamic<i64>, 2>>();
            let doubled = cells.map(|c| Call::of(&double).input::<i64>(c).place::<One<i64, 0>>());
            Call::of(&sum).input::<Vec<i64>>(doubled.collect()).place::<One<i64, 0>>()
        });
        Call::of(&sum).input::<Vec<i64>>(sums.collect()).place::<One<i64, 0>>()
    });
    println!("{}", job.plan());
    println!("{}", job.plan().to_mermaid());
    println!("{}", job.plan().to_dot());
    let run = job.run_blocking();
    let run = match run { Ok(r) => r, Err(e) => panic!("{e}") };
    for e in run.events() { println!("{:?} {:?} {:?}", e.step, e.attempt, e.kind); }
}

#[test]
fn chain_speed() {
    let double = op2("double", |x| x + 1);
    for n in [1000, 10_000, 100_000] {
        let t = std::time::Instant::now();
        let job = Job::compose(JobOptions::new("chain").max_concurrent(2), || {
            let mut v = lit(0i64);
            for _ in 0..n { v = Call::of(&double).input::<i64>(v).place::<One<i64, 0>>(); }
        });
        let composed = t.elapsed();
        let t = std::time::Instant::now();
        let plan = job.plan();
        let planned = t.elapsed();
        assert_eq!(plan.steps.len(), n);
        let t = std::time::Instant::now();
        job.runner().run_blocking().unwrap();
        println!("{n}: compose {composed:?} plan {planned:?} run {:?} {:?}/step", t.elapsed(), t.elapsed() / n as u32);
    }
    let src = |n: i64| Arc::new(OpDef::builder("src").returns::<One<Dynamic<i64>, 2>>().asynchronous(move |_| async move { Ok(Dynamic::from_values(0..n)) }));
    let sum = Arc::new(OpDef::builder("sum").input::<Vec<i64>>("xs").returns::<One<i64, 0>>().asynchronous(|mut a| async move { Ok(a.take::<Vec<i64>>(0)?.iter().sum::<i64>()) }));
    for n in [1000, 10_000, 100_000] {
        let src = src(n);
        let job = Job::compose(JobOptions::new("fan").max_concurrent(2), || {
            let items = Call::of(&src).place::<One<Dynamic<i64>, 2>>();
            let doubled = items.map(|c| Call::of(&double).input::<i64>(c).place::<One<i64, 0>>());
            Call::of(&sum).input::<Vec<i64>>(doubled.collect()).place::<One<i64, 0>>();
        });
        let t = std::time::Instant::now();
        job.runner().run_blocking().unwrap();
        println!("fan {n}: run {:?} {:?}/step", t.elapsed(), t.elapsed() / n as u32);
    }
}
