//! What a later run has stored in the place of what a run was to take: it is taken for what it is.

use orch::config::RunConfig;
use orch::run::{Rerun, Runner};

use super::super::facts;
use super::*;

#[derive(Debug, Config)]
struct Count {
    number: i64,
}

#[asset(io = "shelf", code_version = "1")]
fn entry(count: Config<Count>) -> i64 {
    count.number
}

#[asset(io = "shelf", code_version = "1")]
fn entries(day: &Partition<Daily>, count: Config<Count>) -> i64 {
    count.number + day.key().as_str().len() as i64
}

fn few(number: i64) -> Result<i64> {
    if number > 100 { Err(Failure::new(format!("{number} are too many"))) } else { Ok(number) }
}

#[asset(code_version = "1")]
fn checked(entry: i64) -> Result<i64> {
    few(entry)
}

#[asset(code_version = "1")]
fn read(#[stored] entry: i64) -> Result<i64> {
    few(entry)
}

#[asset(code_version = "1")]
fn summed(entries: &Partitions<i64>) -> Result<i64> {
    few(entries.values().sum())
}

/// Keeps what it is given, and knows nothing again.
struct Blind(Shelf);

impl IoManager<i64> for Blind {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        let mut told = self.0.store(at, number)?;
        told.remove(STAMP);
        Ok(told)
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.0.load(at)
    }
}

/// Something that is made again and again, and what takes it.
struct World {
    definitions: Definitions,
    storage: Arc<dyn Storage>,
    runs: u128,
}

impl World {
    fn new(shelf: impl IoManager<i64>) -> Self {
        let definitions = Definitions::new().assets(assets![entry, entries, checked, read, summed]);
        Self { definitions: definitions.io::<i64>("shelf", shelf), storage: storage(), runs: 0 }
    }

    fn make(&mut self, what: &str, number: Option<i64>) -> Result<Run, RunError> {
        self.runs += 1;
        let job = self.definitions.materialize(&what.parse().expect("a selection"));
        let config = match number {
            Some(number) => RunConfig::new().set(&format!("ops.{what}.config.number={number}")),
            None => RunConfig::new(),
        };
        let runner = self.definitions.runner(&job).config(config).run_id(RunId::from_u128(self.runs));
        let runner = if what == "entries" { runner.partition("*") } else { runner };
        runner.max_concurrent(1).record(&self.storage).run_blocking()
    }

    fn rerun(&mut self, run: u128) -> Result<Run, RunError> {
        self.runs += 1;
        let runner = self.definitions.rerun(&self.storage, RunId::from_u128(run), Rerun::FromFailure);
        runner.expect("it is known").run_id(RunId::from_u128(self.runs)).max_concurrent(1).run_blocking()
    }
}

#[test]
fn a_rerun_takes_what_lies_there_for_what_it_is() {
    let story = |mut world: World, upstream, taker| {
        world.make(upstream, Some(200)).expect("it succeeds");
        world.make(taker, None).expect_err("they are too many");
        world.make(upstream, Some(5)).expect("it succeeds");
        world.rerun(2).expect("they are few now");
        world.make(upstream, Some(200)).expect("it succeeds");
        facts(&world.storage)
    };
    let seeing = |upstream, taker| story(World::new(Shelf::default()), upstream, taker);
    let blind = |upstream, taker| story(World::new(Blind(Shelf::default())), upstream, taker);
    insta::assert_snapshot!(seeing("entry", "checked"), @r"
    entry, code 1, data 200, io
    entry, code 1, data 5, io
    checked, code 1, data 84cb40e7, of entry 5, fact
    entry, code 1, data 200, io
    ");
    assert_eq!(seeing("entry", "read"), seeing("entry", "checked").replace("checked", "read"));
    insta::assert_snapshot!(seeing("entries", "summed"), @r"
    entries[mon], code 1, data 203, io
    entries[tue], code 1, data 203, io
    entries[mon], code 1, data 8, io
    entries[tue], code 1, data 8, io
    summed, code 1, data b35d4ab3, of entries[mon, tue] c770ba88, fact
    entries[mon], code 1, data 203, io
    entries[tue], code 1, data 203, io
    ");
    // Its place is one, so that the latest lies there.
    for (upstream, taker) in [("entry", "checked"), ("entry", "read"), ("entries", "summed")] {
        assert_eq!(blind(upstream, taker), seeing(upstream, taker));
    }
}

/// How a run passes over what is there.
type PassesOver = fn(Runner) -> Runner;

#[test]
fn what_was_passed_over_and_has_been_stored_over_since_is_made_anew() {
    let story = |mut world: World, passes_over: PassesOver| {
        world.make("entries", Some(48)).expect("it succeeds");
        let job = world.definitions.materialize(&"entries or summed".parse().expect("a selection"));
        let config = RunConfig::new().set("ops.entries.config.number=48");
        let runner = passes_over(world.definitions.runner(&job).config(config).partition("*"));
        world.runs += 1;
        let runner = runner.run_id(RunId::from_u128(world.runs)).max_concurrent(1).record(&world.storage);
        runner.run_blocking().expect_err("they are too many");
        world.make("entries", Some(5)).expect("it succeeds");
        let again = world.rerun(2).expect_err("they are too many again").to_string();
        format!("{again}\n{}", facts(&world.storage))
    };
    let seeing = story(World::new(Shelf::default()), Runner::memoize);
    insta::assert_snapshot!(seeing, @r"
    the run of `materialize` failed: 1 step
    `summed`: 102 are too many
    entries[mon], code 1, data 51, io
    entries[tue], code 1, data 51, io
    entries[mon], code 1, data 8, io
    entries[tue], code 1, data 8, io
    entries[mon], code 1, data 51, io
    entries[tue], code 1, data 51, io
    ");
    for passes_over in [Runner::memoize, Runner::only_missing] {
        assert_eq!(story(World::new(Shelf::default()), passes_over), seeing);
        assert_eq!(story(World::new(Blind(Shelf::default())), passes_over), seeing);
    }
}
