//! Ops whose steps are memoized: what is known is not made again, and nothing stale is ever taken for it.

mod mutation;
mod resumed;
mod unknown;

use std::collections::BTreeMap;
use std::sync::Arc;

use orch_core::config::EnvVars;
use orch_core::define::{Dynamic, Memoize, OpDef, Optional};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job, Out, lit};
use orch_core::ids::RunId;
use orch_core::io::Coded;
use orch_core::run::{Definitions, Rerun, Run, RunError, Runner};
use orch_core::storage::{Memory, Storage, WriteRuns};

use super::ends;
use crate::support::{Many, Maybe, Notes, Plain, call, job};

/// What the job depends on: a number for each item, a factor for all of them, and the code of its ops.
#[derive(Clone, Debug, PartialEq)]
struct Spec {
    items: BTreeMap<&'static str, i64>,
    factor: i64,
    /// The fingerprint of the code of `embed`, which is added to what it gives; none if nobody knows it.
    code: Option<i64>,
    /// What the variable says that it reads.
    env: i64,
    /// `halve` leaves out what is above.
    most: i64,
    /// A tag of the run, which `sum` adds.
    bonus: i64,
    /// Whether the last step fails.
    fails: bool,
}

impl Spec {
    fn new() -> Self {
        let items = BTreeMap::from([("a", 1), ("b", 2), ("c", 3)]);
        Self { items, factor: 10, code: Some(0), env: 0, most: 1000, bonus: 0, fails: false }
    }

    fn embedded(&self, item: i64) -> i64 {
        item * self.factor + self.code.unwrap_or_default() + self.env * 100
    }

    fn halved(&self, item: i64) -> Option<i64> {
        Some(self.embedded(item) / 2).filter(|half| *half <= self.most)
    }

    /// What comes of it, evaluated without engine, storage or hashes.
    fn report(&self) -> i64 {
        self.items.values().filter_map(|item| self.halved(*item)).sum::<i64>() + self.bonus
    }
}

/// The job, what is recorded of it, and whose code was called.
struct Bench {
    spec: Spec,
    memory: Memory,
    called: Notes<String>,
    reported: Notes<i64>,
    runs: u128,
}

impl Bench {
    fn new() -> Self {
        Self {
            spec: Spec::new(),
            memory: Memory::new(),
            called: Notes::new(),
            reported: Notes::new(),
            runs: 0,
        }
    }

    fn job(&self) -> Job {
        let number = || [Coded::<i64>::CODEC];
        let (spec, called) = (self.spec.clone(), self.called.clone());
        let items: Vec<_> = spec.items.clone().into_iter().collect();
        let pages = OpDef::builder("pages").returns::<Many>().coded(number());
        let pages = pages.blocking(move |_| Ok(Dynamic::from_iter(items.clone()))).into();
        let memoize = Memoize::of("bench::embed").env("E");
        let memoize = spec.code.iter().fold(memoize, |memoize, code| memoize.fingerprint(code.to_string()));
        let embed =
            OpDef::builder("embed").memoize(memoize).input::<i64>("x").input_codec(Coded::<i64>::CODEC);
        let embed = embed.input::<i64>("factor").input_codec(Coded::<i64>::CODEC).returns::<Plain>();
        let notes = called.clone();
        let embed = embed.coded(number()).blocking(move |mut args| {
            notes.add(args.context().step().to_string());
            let (x, _) = (args.take::<i64>(0)?, args.take::<i64>(1)?);
            Ok(spec.embedded(x))
        });
        let embed = embed.into();
        let (spec, notes) = (self.spec.clone(), called.clone());
        let memoize = Memoize::of("bench::halve").fingerprint(spec.most.to_string());
        let halve = OpDef::builder("halve").memoize(memoize).input::<i64>("x").returns::<Maybe>();
        let halve = halve.coded(number()).blocking(move |mut args| {
            notes.add(args.context().step().to_string());
            Ok(Optional::from(Some(args.take::<i64>(0)? / 2).filter(|half| *half <= spec.most)))
        });
        let halve = halve.into();
        let notes = called.clone();
        let sum = OpDef::builder("sum").code_version("1").memoize(Memoize::of("bench::sum").context());
        let sum = sum.input::<Vec<i64>>("all").returns::<Plain>().coded(number());
        let sum = sum.blocking(move |mut args| {
            notes.add("sum".to_owned());
            let bonus: i64 = args.context().tags()["bonus"].parse().unwrap();
            Ok(args.take::<Vec<i64>>(0)?.into_iter().sum::<i64>() + bonus)
        });
        let sum = sum.into();
        let (fails, reported) = (self.spec.fails, self.reported.clone());
        let report = OpDef::builder("report").input::<i64>("sum").returns::<Plain>().coded(number());
        let report = report.blocking(move |mut args| {
            let sum = args.take::<i64>(0)?;
            if fails {
                return Err(Failure::new("not now"));
            }
            reported.add(sum);
            Ok(sum)
        });
        let report = report.into();
        let factor = self.spec.factor;
        job(|| {
            let halves = Call::of(&pages).place::<Many>().map(|x: Out<i64>| {
                let embedded = Call::of(&embed).input::<i64>(x).input::<i64>(lit(factor)).place::<Plain>();
                Call::of(&halve).input::<i64>(embedded).place::<Maybe>()
            });
            let sum = Call::of(&sum).input::<Vec<i64>>(halves.collect()).place::<Plain>();
            call(&report, &[sum])
        })
    }

    fn definitions(&self) -> Definitions {
        Definitions::new().job(self.job())
    }

    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.memory.clone())
    }

    fn env(&self) -> EnvVars {
        EnvVars::none().with("E", self.spec.env.to_string())
    }

    fn runner(&mut self) -> Runner {
        self.runs += 1;
        let definitions = self.definitions();
        let runner = definitions.runner(&definitions.jobs()[0]).run_id(RunId::from_u128(self.runs));
        let runner = runner.env(self.env()).tag("bonus", self.spec.bonus.to_string()).max_concurrent(1);
        runner.keep_events().keep_outputs()
    }

    /// Runs it, recorded.
    fn run(&mut self) -> Result<Run, RunError> {
        let storage = self.storage();
        self.runner().record(&storage).run_blocking()
    }

    /// Runs it, recorded, and gives whose code was called.
    fn called(&mut self) -> (Vec<String>, Run) {
        let run = self.run().unwrap();
        assert_eq!(self.report(), Some(self.spec.report()));
        let mut called = self.called.take();
        called.sort();
        (called, run)
    }

    /// What came of the last run.
    fn report(&self) -> Option<i64> {
        self.reported.take().pop()
    }

    fn rerun(&mut self, of: u128, what: Rerun) -> Run {
        self.runs += 1;
        let runner = self.definitions().rerun(&self.storage(), RunId::from_u128(of), what).unwrap();
        let runner = runner.run_id(RunId::from_u128(self.runs)).env(self.env());
        runner.keep_events().keep_outputs().run_blocking().unwrap()
    }
}

#[test]
fn a_step_that_would_give_what_one_has_given_before_does_not_run() {
    let mut bench = Bench::new();
    let (called, _) = bench.called();
    assert_eq!(called.len(), 7);
    let (called, run) = bench.called();
    assert_eq!(called, [""; 0]);
    insta::assert_snapshot!(ends(&run), @"embed[a] as by run 1, halve[a] as by run 1, embed[b] as by run 1, halve[b] as by run 1, embed[c] as by run 1, halve[c] as by run 1, pages made, sum as by run 1, report made");
    // Of an item that is another, its own steps run, and those that take all of them.
    bench.spec.items.insert("b", 5);
    let (_, run) = bench.called();
    insta::assert_snapshot!(ends(&run), @"embed[a] as by run 1, halve[a] as by run 1, embed[b] made, halve[b] made, embed[c] as by run 1, halve[c] as by run 1, pages made, sum made, report made");
    // One that comes with another key is the same, but for who takes it with all others.
    bench.spec.items = BTreeMap::from([("x", 3), ("y", 1)]);
    let (_, run) = bench.called();
    insta::assert_snapshot!(ends(&run), @"embed[x] as by run 1, halve[x] as by run 1, embed[y] as by run 1, halve[y] as by run 1, pages made, sum made, report made");
}

#[test]
fn what_comes_out_the_same_leaves_alone_what_depends_on_it() {
    let mut bench = Bench::new();
    bench.called();
    bench.spec.code = Some(1);
    let (called, run) = bench.called();
    assert_eq!(called, ["embed[a]", "embed[b]", "embed[c]", "halve[a]", "halve[b]", "halve[c]"]);
    insta::assert_snapshot!(ends(&run), @"embed[a] made, halve[a] made, embed[b] made, halve[b] made, embed[c] made, halve[c] made, pages made, sum as by run 1, report made");
}

#[test]
fn what_was_left_out_is_left_out_again() {
    let mut bench = Bench::new();
    bench.spec.most = 10;
    let (_, run) = bench.called();
    insta::assert_snapshot!(ends(&run), @"embed[a] made, halve[a] made, embed[b] made, halve[b] made, embed[c] made, halve[c] made, pages made, sum made, report made");
    let (called, run) = bench.called();
    assert_eq!(called, [""; 0]);
    insta::assert_snapshot!(ends(&run), @"embed[a] as by run 1, halve[a] as by run 1, embed[b] as by run 1, halve[b] as by run 1, embed[c] as by run 1, halve[c] as by run 1, pages made, sum as by run 1, report made");
}

#[test]
fn a_run_without_memos_makes_all_anew_and_is_remembered_in_their_place() {
    let mut bench = Bench::new();
    bench.called();
    let storage = bench.storage();
    bench.runner().without_memos().record(&storage).run_blocking().unwrap();
    assert_eq!(bench.called.take().len(), 7);
    let (_, run) = bench.called();
    insta::assert_snapshot!(ends(&run), @"embed[a] as by run 2, halve[a] as by run 2, embed[b] as by run 2, halve[b] as by run 2, embed[c] as by run 2, halve[c] as by run 2, pages made, sum as by run 2, report made");
    // What goes on or is made anew is held to the same.
    bench.rerun(3, Rerun::All);
    assert_eq!(bench.called.take().len(), 7);
}

#[test]
fn what_is_remembered_goes_with_its_run() {
    let mut bench = Bench::new();
    bench.called();
    bench.spec.items.insert("b", 5);
    bench.called();
    bench.memory.remove(RunId::from_u128(1)).unwrap();
    let (called, run) = bench.called();
    assert_eq!(called, ["embed[a]", "embed[c]", "halve[a]", "halve[c]"]);
    insta::assert_snapshot!(ends(&run), @"embed[a] made, halve[a] made, embed[b] as by run 2, halve[b] as by run 2, embed[c] made, halve[c] made, pages made, sum as by run 2, report made");
}
