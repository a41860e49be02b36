//! Whatever assets depend on besides their code is changed at random, and what lies in their places: what runs is compared with
//! a plain evaluation.

use orch::config::{EnvVars, RunConfig};
use orch::run::{LatestFacts, Standings};
use proptest::prelude::*;

use super::in_place::Shelf;
use super::*;

#[derive(Debug, Config)]
struct Base {
    #[config(default = 1)]
    number: i64,
}

/// Something that is opened for each run.
struct Desk(i64);

#[resource(code_version = "1", env = ["DESK"])]
fn desk(config: Config<Base>) -> Desk {
    Desk(config.number)
}

/// The same, opened by other code.
mod other {
    use super::*;

    #[resource(code_version = "2", env = ["DESK"])]
    pub(super) fn desk(config: Config<Base>) -> Desk {
        Desk(config.number)
    }
}

#[asset(code_version = "1", io = "shelf")]
fn counted(base: Config<Base>) -> i64 {
    base.number
}

#[asset(code_version = "1", io = "shelf", env = ["HALVED"])]
fn halved(#[stored] counted: i64) -> i64 {
    counted / 2
}

#[asset(code_version = "1")]
fn signed(halved: i64, desk: Res<Desk>) -> i64 {
    halved * 10 + desk.0
}

/// The first assets, made by graphs of several steps.
mod graphs {
    use super::*;

    #[op]
    fn number(base: Config<Base>) -> i64 {
        base.number
    }

    #[op]
    fn nothing() -> i64 {
        0
    }

    #[op]
    fn halves(x: i64) -> Dynamic<i64> {
        Dynamic::from_values([x / 2, 0])
    }

    /// Nothing is left of what it gives.
    #[op]
    fn each(half: i64, of: i64) -> (i64, std::time::Instant) {
        assert!(half.abs() <= of.abs());
        (half, std::time::Instant::now())
    }

    #[op(io = "shelf")]
    fn put(of: i64, others: &[i64]) -> i64 {
        of + others.iter().sum::<i64>()
    }

    #[op]
    fn with_desk(halved: i64, desk: Res<Desk>) -> i64 {
        halved * 10 + desk.0
    }

    #[graph_asset(code_version = "1")]
    pub(super) fn counted() -> Out<i64> {
        put(number(), [nothing(), nothing()])
    }

    #[graph_asset(code_version = "1", env = ["HALVED"])]
    pub(super) fn halved(counted: Out<i64>) -> Out<i64> {
        put(nothing(), halves(counted).map(|half| each(half, counted).0).collect())
    }

    #[graph_asset(code_version = "1")]
    pub(super) fn signed(halved: Out<i64>) -> Out<i64> {
        with_desk(halved)
    }
}

/// The same asset, of which each says something else.
mod last {
    pub(super) mod wide {
        use super::super::*;

        #[asset(code_version = "1")]
        pub(in super::super) fn last(signed: i64) -> i64 {
            signed
        }
    }

    pub(super) mod narrow {
        use super::super::*;

        #[asset(code_version = "1")]
        pub(in super::super) fn last(signed: i64) -> i32 {
            signed as i32
        }
    }

    pub(super) mod shelved {
        use super::super::*;

        #[asset(code_version = "1", io = "shelf")]
        pub(in super::super) fn last(signed: i64) -> i64 {
            signed
        }
    }

    pub(super) mod locked {
        use super::super::*;

        #[asset(code_version = "1", io = "safe")]
        pub(in super::super) fn last(signed: i64) -> i64 {
            signed
        }
    }

    pub(super) mod waiting {
        use super::super::*;

        #[asset(code_version = "1", deps = [counted])]
        pub(in super::super) fn last(signed: i64) -> i64 {
            signed
        }
    }
}

const ASSETS: [&str; 4] = ["counted", "halved", "signed", "last"];

/// The assets that lie on the shelf.
const SHELVED: usize = 2;

/// The assets that graphs may make.
const GRAPHS: usize = 3;

/// Which of the last assets it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Last {
    #[default]
    Wide,
    Narrow,
    Shelved,
    Locked,
    Waiting,
}

impl Last {
    const ALL: [Self; 5] = [Self::Wide, Self::Narrow, Self::Shelved, Self::Locked, Self::Waiting];
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Config(i64),
    Env(i64),
    Resource(i64),
    /// The variable that what opens the resource reads, and whether it is other code.
    Opens(i64, bool),
    /// The type of the last asset, its IO manager, or what it waits for.
    Last(Last),
    /// An op makes an asset that a graph has made, or the other way round: of the same it makes the same.
    Graph(usize),
    /// Something lies in the place of an asset without a word, or nothing.
    Place(usize, Option<i64>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => (0..4_i64).prop_map(Change::Config),
        1 => (0..2_i64).prop_map(Change::Env),
        1 => (0..2_i64).prop_map(Change::Resource),
        1 => (0..2_i64, any::<bool>()).prop_map(|(env, is_other)| Change::Opens(env, is_other)),
        2 => prop::sample::select(&Last::ALL[..]).prop_map(Change::Last),
        1 => (0..GRAPHS).prop_map(Change::Graph),
        2 => (0..SHELVED, prop::option::of(0..4_i64)).prop_map(|(at, lies)| Change::Place(at, lies)),
    ]
}

/// What the assets depend on.
#[derive(Clone, Debug, Default)]
struct World {
    config: i64,
    env: i64,
    resource: i64,
    opens: (i64, bool),
    last: Last,
    graphs: [bool; GRAPHS],
    shelf: Shelf,
    safe: Shelf,
}

impl World {
    fn change(&mut self, change: Change) {
        match change {
            Change::Config(number) => self.config = number,
            Change::Env(number) => self.env = number,
            Change::Resource(number) => self.resource = number,
            Change::Opens(env, is_other) => self.opens = (env, is_other),
            Change::Last(last) => self.last = last,
            Change::Graph(at) => self.graphs[at] ^= true,
            Change::Place(at, lies) => self.shelf.put(ASSETS[at], lies),
        }
    }

    fn definitions(&self) -> Definitions {
        let last = match self.last {
            Last::Wide => assets![last::wide::last],
            Last::Narrow => assets![last::narrow::last],
            Last::Shelved => assets![last::shelved::last],
            Last::Locked => assets![last::locked::last],
            Last::Waiting => assets![last::waiting::last],
        };
        let (ops, graphs) =
            (assets![counted, halved, signed], assets![graphs::counted, graphs::halved, graphs::signed]);
        let first = ops.into_iter().zip(graphs).zip(self.graphs);
        let first = first.map(|((op, graph), is_graph)| if is_graph { graph } else { op });
        let definitions = Definitions::new().assets(first).assets(last);
        let definitions = if self.opens.1 {
            definitions.resource_from::<other::desk>()
        } else {
            definitions.resource_from::<desk>()
        };
        let definitions = definitions.io::<i64>("shelf", self.shelf.clone());
        // Who does not need it any more does not have it either.
        let has_safe = self.last == Last::Locked;
        if has_safe { definitions.io::<i64>("safe", self.safe.clone()) } else { definitions }
    }

    fn runner(&self) -> orch::run::Runner {
        let definitions = self.definitions();
        let counted = if self.graphs[0] { "counted.ops.number" } else { "counted" };
        let config = RunConfig::new().set(&format!("ops.{counted}.config.number={}", self.config));
        let config = config.set(&format!("resources.desk.config.number={}", self.resource));
        let env = EnvVars::none().with("HALVED", self.env.to_string()).with("DESK", self.opens.0.to_string());
        let job = definitions.materialize(&"*".parse().expect("all"));
        definitions.runner(&job).config(config).env(env).max_concurrent(1)
    }

    /// The assets that would be made, as they stand.
    fn to_make(&self, storage: &Arc<dyn Storage>) -> Vec<usize> {
        let (definitions, runner) = (self.definitions(), self.runner());
        let graph = definitions.asset_graph();
        let mut latest = LatestFacts::read(&**storage, graph).expect("what is known");
        assert!(runner.look(&mut latest).expect("it is planned").is_empty());
        let now = "2026-11-22T00:00:00Z".parse().expect("a time");
        let standings = Standings::of(graph, runner.recipes().expect("it is configured"), &latest, now);
        let stands = |&at: &usize| standings.get(&ASSETS[at].parse().expect("a key")).expect("it is known");
        (0..ASSETS.len()).filter(|at| stands(at).is_to_make()).collect()
    }

    /// Makes what is not as it would be made, and gives what was.
    fn memoized(&self, storage: &Arc<dyn Storage>) -> Vec<usize> {
        let run = self.runner().memoize().keep_events().record(storage).run_blocking().expect("it succeeds");
        let is_told = |kind: &str, asset: &str| {
            run.events().iter().any(|event| {
                let step = event.step.as_ref().and_then(|step| step.name().split('.').next());
                event.kind.name() == kind && step == Some(asset)
            })
        };
        let made = |asset: &str| {
            let is_made = is_told("STEP_SUCCESS", asset);
            assert_ne!(
                is_made,
                is_told("STEP_MEMOIZED", asset),
                "`{asset}` is made whole, or passed over whole"
            );
            is_made
        };
        (0..ASSETS.len()).filter(|&at| made(ASSETS[at])).collect()
    }

    /// Makes the second asset alone, of what lies in the place of the first.
    fn make_halved(&self, storage: &Arc<dyn Storage>) -> Result<Run, RunError> {
        let definitions = self.definitions();
        let job = definitions.materialize(&"halved".parse().expect("it is one"));
        let env = EnvVars::none().with("HALVED", self.env.to_string());
        definitions.runner(&job).env(env).record(storage).run_blocking()
    }

    /// What an asset is made of besides its input, and what comes of it.
    fn make(&self, at: usize, input: i64) -> (String, i64) {
        match at {
            0 => (self.config.to_string(), self.config),
            1 => (self.env.to_string(), input / 2),
            2 => (format!("{} {:?}", self.resource, self.opens), input * 10 + self.resource),
            _ => (format!("{:?}", self.last), input),
        }
    }
}

/// What each asset was made of last, with the value of its input, and what came of it.
#[derive(Default)]
struct Oracle([Option<(String, i64, i64)>; ASSETS.len()]);

impl Oracle {
    fn is_known(&self, world: &World, at: usize) -> bool {
        let Some((made_of, input, value)) = &self.0[at] else { return false };
        let lies = at >= SHELVED || world.shelf.get(ASSETS[at]) == Some(*value);
        lies && *made_of == self.made_of(world, at) && *input == self.input(at)
    }

    /// What an asset is made of besides what it takes: what it only waits for counts by its data, as it may read that by itself.
    fn made_of(&self, world: &World, at: usize) -> String {
        let made_of = world.make(at, self.input(at)).0;
        match (at, world.last) {
            (3, Last::Waiting) => format!("{made_of} for {:?}", self.0[0].as_ref().map(|made| made.2)),
            _ => made_of,
        }
    }

    /// The value that an asset is made of as it is now.
    fn input(&self, at: usize) -> i64 {
        at.checked_sub(1).map_or(0, |input| self.0[input].as_ref().map_or(0, |made| made.2))
    }

    /// What stands to be made: all that comes after the first that would come out otherwise.
    fn to_make(&self, world: &World) -> Vec<usize> {
        let first = (0..ASSETS.len()).find(|&at| !self.is_known(world, at));
        (first.unwrap_or(ASSETS.len())..ASSETS.len()).collect()
    }

    /// Makes what is not known, and gives what that was.
    fn memoized(&mut self, world: &World) -> Vec<usize> {
        let mut made = Vec::new();
        for at in 0..ASSETS.len() {
            if !self.is_known(world, at) {
                self.make(world, at);
                made.push(at);
            }
        }
        made
    }

    fn make(&mut self, world: &World, at: usize) {
        let input = self.input(at);
        let (made_of, value) = (self.made_of(world, at), world.make(at, input).1);
        self.0[at] = Some((made_of, input, value));
    }

    /// Makes the second asset alone, if what lies in the place of the first is what was made of it; says whether it did.
    fn make_halved(&mut self, world: &World) -> bool {
        let lies = world.shelf.get(ASSETS[0]);
        let is_there = lies.is_some() && lies == self.0[0].as_ref().map(|made| made.2);
        if is_there {
            self.make(world, 1);
        }
        is_there
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_stale_is_taken_whatever_has_changed(
        graphs in any::<[bool; GRAPHS]>(),
        changes in prop::collection::vec((prop::collection::vec(change(), 0..3), any::<bool>()), 1..8),
    ) {
        let mut world = World { graphs, ..World::default() };
        let (mut oracle, storage) = (Oracle::default(), storage());
        for (changes, alone) in std::iter::once((Vec::new(), false)).chain(changes) {
            changes.into_iter().for_each(|change| world.change(change));
            if alone {
                let expected = oracle.make_halved(&world);
                prop_assert_eq!(world.make_halved(&storage).is_ok(), expected);
            }
            prop_assert_eq!(world.to_make(&storage), oracle.to_make(&world));
            // Asked first, since it looks what lies on the shelf before the run.
            let expected = oracle.memoized(&world);
            prop_assert_eq!(world.memoized(&storage), expected);
            prop_assert_eq!(world.to_make(&storage), [0; 0]);
            // All is as it would be if it were made anew.
            let mut input = 0;
            for (at, (name, made)) in ASSETS.into_iter().zip(&oracle.0).enumerate() {
                let (_, value) = world.make(at, input);
                prop_assert_eq!(made.as_ref().map(|made| made.2), Some(value));
                prop_assert!(at >= SHELVED || world.shelf.get(name) == Some(value));
                input = value;
            }
        }
    }
}
