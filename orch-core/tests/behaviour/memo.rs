//! Assets that would come out as they are: their steps do not run, and nothing stale is ever taken for fresh.

mod graphs;
mod meaning;
mod mutation;
mod ops;
mod partitions;
mod resumed;

use std::sync::Arc;

use orch_core::asset::{AssetKey, MaterializationQuery};
use orch_core::config::EnvVars;
use orch_core::define::OpDef;
use orch_core::event::EventKind;
use orch_core::graph::{AssetDef, Call, Out, Upstream};
use orch_core::ids::RunId;
use orch_core::io::Coded;
use orch_core::run::{Definitions, LatestFacts, Making, Rerun, Run, RunError, Standings};
use orch_core::storage::{Memory, ReadAssets, Storage};

use self::graphs::Before;
use crate::support::{Notes, Plain};

/// An asset of a number: what it depends on, and what comes of it.
#[derive(Clone, Debug)]
struct Spec {
    /// The fingerprint of its code, if it has one.
    code: Option<i64>,
    /// What the variable says that it reads.
    env: i64,
    /// The assets that it is made of, by their numbers.
    inputs: Vec<usize>,
    /// Its values are smaller: what it is made of may change, and it comes out the same.
    below: i64,
    /// Whether it says a version of its data, a constant: however it comes out, it is the same to others.
    is_constant: bool,
    /// Whether a graph makes it, with a map in it.
    is_graph: bool,
}

impl Spec {
    fn new(inputs: &[usize]) -> Self {
        Self {
            code: Some(1),
            env: 0,
            inputs: inputs.to_vec(),
            below: 1000,
            is_constant: false,
            is_graph: false,
        }
    }

    fn graph(self) -> Self {
        Self { is_graph: true, ..self }
    }

    /// Its value, of those of its inputs.
    fn value(&self, inputs: impl Iterator<Item = i64>) -> i64 {
        let inputs = inputs.zip(2..).map(|(value, weight)| value * weight);
        (self.code.unwrap_or_default() * 7 + self.env * 3 + inputs.sum::<i64>()).rem_euclid(self.below)
    }
}

fn key(number: usize) -> AssetKey {
    format!("a{number}").parse().unwrap()
}

/// Assets, what is recorded of them, and whose code was called.
struct World {
    specs: Vec<Spec>,
    memory: Memory,
    called: Notes<usize>,
    /// Whose graphs have done something before their last step.
    begun: Notes<usize>,
    /// How many steps run at once.
    slots: usize,
    runs: u128,
}

impl World {
    fn new(specs: Vec<Spec>) -> Self {
        Self { specs, memory: Memory::new(), called: Notes::new(), begun: Notes::new(), slots: 1, runs: 0 }
    }

    fn definitions(&self) -> Definitions {
        let mut assets: Vec<Arc<AssetDef>> = Vec::new();
        for (number, spec) in self.specs.iter().enumerate() {
            let name = format!("a{number}");
            let op = spec
                .inputs
                .iter()
                .fold(OpDef::builder(&name), |op, &input| op.input::<i64>(&format!("x{input}")));
            let op = if spec.is_graph { op.input::<Vec<i64>>("nothing") } else { op };
            let (body, called) = (spec.clone(), self.called.clone());
            let op = op.returns::<Plain>().coded([Coded::<i64>::CODEC]).blocking(move |mut args| {
                called.add(number);
                let inputs: Result<Vec<i64>, _> =
                    (0..body.inputs.len()).map(|input| args.take(input)).collect();
                if body.is_constant {
                    args.context().set_data_version("constant");
                }
                Ok(body.value(inputs?.into_iter()))
            });
            let op: Arc<OpDef> = op.into();
            let def = AssetDef::builder(&name).env(format!("E{number}"));
            let def = spec.code.iter().fold(def, |def, code| def.fingerprint(code.to_string()));
            let def = spec.inputs.iter().fold(def, |def, &input| def.takes_made(&assets[input]));
            let upstream: Vec<_> = spec.inputs.iter().map(|&input| Arc::clone(&assets[input])).collect();
            let called = Arc::clone(&op);
            let inputs = move |drawn: &Upstream| -> Vec<Out<i64>> {
                upstream.iter().map(|asset| drawn.of_made::<i64>(asset)).collect()
            };
            let call = move |inputs: &[Out<i64>]| {
                inputs.iter().fold(Call::of(&called), |call, &input| call.input::<i64>(input))
            };
            let before = Before::of(&name, &number, &self.begun);
            assets.push(Arc::new(match spec.is_graph {
                false => def.made_by(&op, move |drawn| _ = call(&inputs(drawn)).place::<Plain>()),
                true => def.drawn::<i64>(Coded::<i64>::CODEC, move |drawn| {
                    let inputs = inputs(drawn);
                    let nothing = before.draw(&inputs);
                    call(&inputs).input::<Vec<i64>>(nothing).place::<Plain>()
                }),
            }));
        }
        Definitions::new().assets(assets)
    }

    fn env(&self) -> EnvVars {
        let values = self.specs.iter().enumerate();
        values
            .fold(EnvVars::none(), |env, (number, spec)| env.with(format!("E{number}"), spec.env.to_string()))
    }

    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.memory.clone())
    }

    fn standings(&self) -> Standings {
        let definitions = self.definitions();
        let runner = definitions.runner(&definitions.materialize(&"*".parse().unwrap())).env(self.env());
        let (graph, now) = (definitions.asset_graph(), jiff::Timestamp::now());
        let latest = LatestFacts::read(&self.memory, graph).unwrap();
        Standings::of(graph, runner.recipes().unwrap(), &latest, now)
    }

    /// Materializes these assets, passing over what would come out the same; gives whose code was called.
    fn memoized(&mut self, numbers: &[usize]) -> (Vec<usize>, Run) {
        let run = self.run(numbers, true, &self.storage()).unwrap();
        let called = self.called.take();
        self.check_graphs(&called);
        (called, run)
    }

    /// That of these each graph has run whole, and no other has begun.
    fn check_graphs(&self, called: &[usize]) {
        let mut graphs: Vec<_> =
            called.iter().filter(|&&number| self.specs[number].is_graph).copied().collect();
        graphs.sort_unstable();
        let mut begun = self.begun.take();
        begun.sort_unstable();
        let all: Vec<_> = graphs.iter().flat_map(|&number| [number; Before::CALLS]).collect();
        assert_eq!(begun, all);
    }

    fn run(
        &mut self,
        numbers: &[usize],
        memoizes: bool,
        storage: &Arc<dyn Storage>,
    ) -> Result<Run, RunError> {
        self.runs += 1;
        let definitions = self.definitions();
        let runner = definitions.runner(&definitions.materialize_numbered(numbers)).env(self.env());
        let runner = runner
            .run_id(RunId::from_u128(self.runs))
            .max_concurrent(self.slots)
            .keep_events()
            .keep_outputs();
        let runner = if memoizes { runner.memoize() } else { runner };
        runner.record(storage).run_blocking()
    }

    /// The numbers of all assets.
    fn all(&self) -> Vec<usize> {
        (0..self.specs.len()).collect()
    }

    /// The values of the latest materializations.
    fn latest(&self) -> Vec<i64> {
        let value = |number| {
            let fact =
                self.memory.materializations(&MaterializationQuery::latest(&key(number))).unwrap().remove(0);
            let value = self.memory.asset_value(&fact).unwrap().unwrap();
            rmp_serde::from_slice::<i64>(value.bytes()).unwrap()
        };
        self.all().into_iter().map(value).collect()
    }
}

/// What became of the steps of a run.
fn ends(run: &Run) -> String {
    let told = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        match &event.kind {
            EventKind::StepSuccess => Some(format!("{step} made")),
            EventKind::StepMemoized { of, .. } => Some(format!("{step} as by run {}", of.as_u128())),
            EventKind::StepFailure { .. } => Some(format!("{step} failed")),
            _ => None,
        }
    });
    told.collect::<Vec<_>>().join(", ")
}

/// How the assets stand, those that are fresh left out.
fn to_make(world: &World) -> String {
    let standings = world.standings();
    let told = world.all().into_iter().filter_map(|number| {
        let standing = standings.get(&key(number)).filter(|standing| standing.is_to_make())?;
        Some(format!("a{number} {standing:?}"))
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_made_anew_with_the_same_data_leaves_alone_what_depends_on_it() {
    let mut world = World::new(vec![Spec::new(&[]), Spec { below: 2, ..Spec::new(&[0]) }, Spec::new(&[1])]);
    let (_, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2 made");
    let (_, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 as by run 1, a1 as by run 1, a2 as by run 1");
    // The source is another number, of which half makes the same.
    world.specs[0].code = Some(3);
    insta::assert_snapshot!(to_make(&world), @r#"
    a0 Stale(Difference { ingredient: Source, change: Other { before: "1", now: "3" } })
    a1 Behind(AssetKey("a0"))
    a2 Behind(AssetKey("a1"))
    "#);
    let (_, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2 as by run 1");
    world.specs[0].code = Some(4);
    let (_, run) = world.memoized(&world.all());
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 made, a2 as by run 1");
    assert_eq!(to_make(&world), "");
}

#[test]
fn what_nobody_knows_is_made_anew() {
    let mut world = World::new(vec![Spec { code: None, ..Spec::new(&[]) }, Spec::new(&[0])]);
    world.memoized(&world.all());
    insta::assert_snapshot!(to_make(&world), @r#"
    a0 Stale(Difference { ingredient: Source, change: Unknown })
    a1 Behind(AssetKey("a0"))
    "#);
    let (called, run) = world.memoized(&world.all());
    // What it came to is known, and is the same.
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 as by run 1");
    assert_eq!(called, [0]);
}

#[test]
fn a_version_that_the_code_gives_goes_before_the_data() {
    let mut world = World::new(vec![Spec { is_constant: true, ..Spec::new(&[]) }, Spec::new(&[0])]);
    world.memoized(&world.all());
    world.specs[0].env = 5;
    let (called, run) = world.memoized(&world.all());
    assert_eq!(called, [0]);
    insta::assert_snapshot!(ends(&run), @"a0 made, a1 as by run 1");
}
