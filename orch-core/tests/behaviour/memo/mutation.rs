//! Whatever an asset depends on is changed at random, and what runs is compared with a plain recursive evaluation.

use proptest::prelude::*;

use super::*;

/// What is done to the assets, or with them.
#[derive(Clone, Debug)]
enum Step {
    Code(usize, i64),
    Env(usize, i64),
    /// The assets before it that it is made of, as bits.
    Inputs(usize, u8),
    Fingerprint(usize),
    Constant(usize),
    /// A graph makes it that an op made, or the other way round: of the same it makes the same.
    Graph(usize),
    /// These are made anew, whatever they are, as bits.
    Force(u8),
    /// All that is stale is made: of all assets, or of those that are found to be stale before.
    Memoize(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..ASSETS;
    prop_oneof![
        3 => (at(), 0..3_i64).prop_map(|(at, code)| Step::Code(at, code)),
        2 => (at(), 0..3_i64).prop_map(|(at, env)| Step::Env(at, env)),
        2 => (at(), any::<u8>()).prop_map(|(at, inputs)| Step::Inputs(at, inputs)),
        1 => at().prop_map(Step::Fingerprint),
        1 => at().prop_map(Step::Constant),
        1 => at().prop_map(Step::Graph),
        2 => any::<u8>().prop_map(Step::Force),
        5 => any::<bool>().prop_map(Step::Memoize),
    ]
}

const ASSETS: usize = 5;

/// All that an asset was made of; its inputs by what they said of their data.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    code: Option<i64>,
    env: i64,
    inputs: Vec<(usize, String)>,
}

/// The latest of an asset: what it was made of, its value, and the version of its data.
type Latest = (Made, i64, String);

/// The same, evaluated without engine, storage or hashes.
#[derive(Default)]
struct Oracle(Vec<Option<Latest>>);

impl Oracle {
    fn now(&self, specs: &[Spec], at: usize) -> Option<Made> {
        let version = |&input: &usize| Some((input, self.0[input].as_ref()?.2.clone()));
        let inputs = specs[at].inputs.iter().map(version).collect::<Option<_>>()?;
        Some(Made { code: specs[at].code, env: specs[at].env, inputs })
    }

    /// Whether it would come out as it is.
    fn is_known(&self, specs: &[Spec], at: usize) -> bool {
        let latest = self.0[at].as_ref().map(|latest| &latest.0);
        specs[at].code.is_some() && latest.is_some() && latest == self.now(specs, at).as_ref()
    }

    fn make(&mut self, specs: &[Spec], at: usize) {
        let spec = &specs[at];
        let values = spec.inputs.iter().map(|&input| self.0[input].as_ref().unwrap().1);
        let value = spec.value(values);
        let version = if spec.is_constant { "constant".to_owned() } else { value.to_string() };
        self.0[at] = Some((self.now(specs, at).unwrap(), value, version));
    }

    /// What is stale, be it for what it is made of.
    fn stale(&self, specs: &[Spec]) -> Vec<usize> {
        let mut stale: Vec<usize> = Vec::new();
        for at in 0..specs.len() {
            if !self.is_known(specs, at) || specs[at].inputs.iter().any(|input| stale.contains(input)) {
                stale.push(at);
            }
        }
        stale
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_stale_is_made_and_nothing_else(
        below in prop::collection::vec(prop_oneof![Just(2_i64), Just(1000)], ASSETS),
        wired in prop::collection::vec(any::<u8>(), ASSETS),
        graphs in prop::collection::vec(any::<bool>(), ASSETS),
        slots in 1..4_usize,
        steps in prop::collection::vec(step(), 1..16),
    ) {
        let before = |at: usize, bits: u8| (0..at).filter(|input| bits >> input & 1 == 1).collect::<Vec<_>>();
        let specs = (0..ASSETS).map(|at| {
            Spec { below: below[at], is_graph: graphs[at], ..Spec::new(&before(at, wired[at])) }
        });
        let mut world = World::new(specs.collect());
        world.slots = slots;
        let mut oracle = Oracle(vec![None; ASSETS]);
        for step in std::iter::once(Step::Memoize(false)).chain(steps).chain([Step::Memoize(true)]) {
            match step {
                Step::Code(at, code) => world.specs[at].code = Some(code),
                Step::Env(at, env) => world.specs[at].env = env,
                Step::Inputs(at, bits) => world.specs[at].inputs = before(at, bits),
                Step::Fingerprint(at) => world.specs[at].code = None,
                Step::Constant(at) => world.specs[at].is_constant ^= true,
                Step::Graph(at) => world.specs[at].is_graph ^= true,
                Step::Force(bits) => {
                    let forced = before(ASSETS, bits);
                    if !forced.is_empty() {
                        world.run(&forced, false, &world.storage()).unwrap();
                        let mut called = world.called.take();
                        world.check_graphs(&called);
                        called.sort_unstable();
                        prop_assert_eq!(&called, &forced);
                        forced.iter().for_each(|&at| oracle.make(&world.specs, at));
                    }
                }
                Step::Memoize(all) => {
                    let standings = world.standings();
                    let stale = oracle.stale(&world.specs);
                    let found: Vec<_> = world.all().into_iter()
                        .filter(|&at| standings.get(&key(at)).unwrap().is_to_make())
                        .collect();
                    prop_assert_eq!(&found, &stale);
                    let mut made = standings.to_make(&[true; ASSETS], Making::Stale);
                    made.sort_unstable();
                    prop_assert_eq!(&made, &stale);
                    let mut expected = Vec::new();
                    for at in world.all() {
                        if !oracle.is_known(&world.specs, at) {
                            oracle.make(&world.specs, at);
                            expected.push(at);
                        }
                    }
                    let asked = if all { world.all() } else { made };
                    let mut called = if asked.is_empty() { Vec::new() } else { world.memoized(&asked).0 };
                    called.sort_unstable();
                    prop_assert_eq!(called, expected);
                }
            }
            let values: Vec<_> = oracle.0.iter().map(|latest| latest.as_ref().unwrap().1).collect();
            prop_assert_eq!(world.latest(), values);
        }
        // Nothing that says no other version of its data is other than it would be if all were made anew.
        if world.specs.iter().all(|spec| !spec.is_constant) {
            let mut anew: Vec<i64> = Vec::new();
            for spec in &world.specs {
                anew.push(spec.value(spec.inputs.iter().map(|&input| anew[input]).collect::<Vec<_>>().into_iter()));
            }
            prop_assert_eq!(world.latest(), anew);
        }
    }
}
