//! Assets by day, by week and without partitions, made of each other: whatever they depend on is changed at random, and which
//! partitions are made is compared with a plain recursive evaluation.

mod windows;

use std::collections::{BTreeMap, BTreeSet};

use orch_core::partition::{ByTime, Partition, PartitionMapping, PartitionSet, Partitioning, Partitions};
use proptest::prelude::*;

use self::windows::{Daily, Morning, MorningWeekly, Weekly};
use super::*;

const DAYS: u64 = 14;

/// An asset, and the index of its partition, of one that has some.
pub(super) type At = (usize, Option<u64>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Own {
    Whole,
    Day,
    Week,
}

/// What is taken of another asset.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// Its value, or that of the same partition.
    Value,
    /// That of the day and of the day before, if there is one.
    Window,
    /// Those of the days of the week.
    Days,
    /// All there are.
    All,
}

const OWN: [Own; 6] = [Own::Whole, Own::Day, Own::Day, Own::Week, Own::Whole, Own::Day];

/// What an asset depends on, and what comes of it.
#[derive(Clone, Debug)]
pub(super) struct PartSpec {
    pub(super) code: Option<i64>,
    pub(super) env: i64,
    /// Whether a graph makes it, with a map in it.
    pub(super) is_graph: bool,
    /// Its values are smaller: what it is made of may change, and it comes out the same.
    pub(super) below: i64,
}

/// The assets, and what is not known of the world: what the source has on a day.
pub(super) struct Site {
    pub(super) specs: Vec<PartSpec>,
    /// Whether the third asset takes the day before too.
    pub(super) window: bool,
    /// Whether its days, and so its weeks, begin in the morning.
    morning: bool,
    pub(super) noise: Arc<std::sync::Mutex<Vec<i64>>>,
    pub(super) memory: Memory,
    pub(super) called: Notes<At>,
    /// Whose graphs have done something before their last step.
    pub(super) begun: Notes<usize>,
    runs: u128,
}

/// The key of a partition.
pub(super) fn key_of((asset, part): At) -> Option<String> {
    let day = match OWN[asset] {
        Own::Whole => return None,
        Own::Day => part? + 7,
        Own::Week => part? * 7 + 7,
    };
    Some(format!("2024-01-{day:02}"))
}

/// The index of the partition that begins on this day of the month.
fn index(own: Own, day: i8) -> u64 {
    let days = u64::try_from(day).unwrap() - 7;
    if own == Own::Week { days / 7 } else { days }
}

pub(super) fn asset_key(asset: usize) -> AssetKey {
    format!("p{asset}").parse().unwrap()
}

impl Site {
    pub(super) fn new(below: &[i64]) -> Self {
        let spec = |&below: &i64| PartSpec { code: Some(1), env: 0, is_graph: false, below };
        Self {
            specs: below.iter().map(spec).collect(),
            window: false,
            morning: false,
            noise: Arc::new(std::sync::Mutex::new(vec![0; DAYS as usize])),
            memory: Memory::new(),
            called: Notes::new(),
            begun: Notes::new(),
            runs: 0,
        }
    }

    fn inputs(&self, asset: usize) -> Vec<(usize, How)> {
        match asset {
            0 => Vec::new(),
            1 => vec![(0, How::Value)],
            2 => vec![(1, if self.window { How::Window } else { How::Value })],
            3 => vec![(2, How::Days)],
            4 => vec![(3, How::All)],
            _ => vec![(0, How::Value), (2, How::Value)],
        }
    }

    pub(super) fn definitions(&self) -> Definitions {
        let mut assets: Vec<Arc<AssetDef>> = Vec::new();
        for number in 0..OWN.len() {
            assets.push(Arc::new(match self.morning {
                false => self.asset::<Daily, Weekly>(number, &assets),
                true => self.asset::<Morning, MorningWeekly>(number, &assets),
            }));
        }
        Definitions::new().assets(assets)
    }

    fn asset<D, W>(&self, number: usize, others: &[Arc<AssetDef>]) -> AssetDef
    where
        D: Partitioning<Kind = ByTime>,
        W: Partitioning<Kind = ByTime>,
    {
        let (name, own, inputs) = (format!("p{number}"), OWN[number], self.inputs(number));
        let op = OpDef::builder(&name);
        let op = match own {
            Own::Whole => op,
            Own::Day => op.input::<Partition<D>>("part"),
            Own::Week => op.input::<Partition<W>>("part"),
        };
        let op = inputs.iter().fold(op, |op, (other, how)| match how {
            How::Value => op.input::<i64>(&format!("x{other}")),
            _ => op.input::<Partitions<i64>>(&format!("x{other}")),
        });
        let op = if self.specs[number].is_graph { op.input::<Vec<i64>>("nothing") } else { op };
        let (spec, called, noise) =
            (self.specs[number].clone(), self.called.clone(), Arc::clone(&self.noise));
        let takes = inputs.clone();
        let op = op.returns::<Plain>().coded([Coded::<i64>::CODEC]).blocking(move |mut args| {
            let part = match own {
                Own::Whole => None,
                Own::Day => Some(index(own, args.take::<Partition<D>>(0)?.window().start.day())),
                Own::Week => Some(index(own, args.take::<Partition<W>>(0)?.window().start.day())),
            };
            called.add((number, part));
            let first = usize::from(part.is_some());
            let mut values = Vec::new();
            for (at, (other, how)) in takes.iter().enumerate() {
                values.push(match how {
                    How::Value => vec![(0, args.take::<i64>(first + at)?)],
                    _ => {
                        let taken = args.take::<Partitions<i64>>(first + at)?;
                        let day = |key: &str| key[8..].parse::<i8>().unwrap();
                        taken
                            .iter()
                            .map(|(key, value)| (index(OWN[*other], day(key.as_str())), *value))
                            .collect()
                    }
                });
            }
            let noise = if number == 1 { noise.lock().unwrap()[part.unwrap() as usize] } else { 0 };
            Ok(value(&spec, part, noise, &values))
        });
        let op: Arc<OpDef> = op.into();
        let def = AssetDef::builder(&name).env(format!("E{number}"));
        let def = match own {
            Own::Whole => def,
            Own::Day => def.partitioned_by::<D>(),
            Own::Week => def.partitioned_by::<W>(),
        };
        let def = self.specs[number].code.iter().fold(def, |def, code| def.fingerprint(code.to_string()));
        let def = inputs.iter().fold(def, |def, (other, how)| match how {
            How::Value => def.takes_made(&others[*other]),
            How::Days => def.takes_partitions_made(&others[*other]),
            How::Window => {
                let def = def.takes_partitions_made(&others[*other]);
                def.mapped(PartitionMapping::time_window(-1, 0).allow_missing())
            }
            How::All => {
                def.takes_partitions_made(&others[*other]).mapped(PartitionMapping::all().allow_missing())
            }
        });
        let upstream: Vec<_> =
            inputs.iter().map(|(other, how)| (Arc::clone(&others[*other]), *how)).collect();
        let called = Arc::clone(&op);
        let call = move |drawn: &Upstream| {
            let call = Call::of(&called);
            let call = match own {
                Own::Whole => call,
                Own::Day => call.input::<Partition<D>>(drawn.partition::<D>()),
                Own::Week => call.input::<Partition<W>>(drawn.partition::<W>()),
            };
            upstream.iter().fold(call, |call, (asset, how)| match how {
                How::Value => call.input::<i64>(drawn.of_made::<i64>(asset)),
                _ => call.input::<Partitions<i64>>(drawn.partitions_of_made::<i64>(asset)),
            })
        };
        if !self.specs[number].is_graph {
            return def.made_by(&op, move |drawn| _ = call(drawn).place::<Plain>());
        }
        // What it takes as a value its other steps take too; the rest its last step alone.
        let values = inputs.iter().filter(|(_, how)| *how == How::Value);
        let values: Vec<_> = values.map(|(other, _)| Arc::clone(&others[*other])).collect();
        let before = Before::of(&name, &number, &self.begun);
        def.drawn::<i64>(Coded::<i64>::CODEC, move |drawn| {
            let values: Vec<_> = values.iter().map(|asset| drawn.of_made::<i64>(asset)).collect();
            let nothing = before.draw(&values);
            call(drawn).input::<Vec<i64>>(nothing).place::<Plain>()
        })
    }

    pub(super) fn env(&self) -> EnvVars {
        let values = self.specs.iter().enumerate();
        values
            .fold(EnvVars::none(), |env, (number, spec)| env.with(format!("E{number}"), spec.env.to_string()))
    }

    pub(super) fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.memory.clone())
    }

    pub(super) fn standings(&self) -> Standings {
        let definitions = self.definitions();
        let runner = definitions.runner(&definitions.materialize(&"*".parse().unwrap())).env(self.env());
        let (graph, now) = (definitions.asset_graph(), jiff::Timestamp::now());
        let latest = LatestFacts::read(&self.memory, graph).unwrap();
        Standings::of(graph, runner.recipes().unwrap(), &latest, now)
    }

    /// Makes these assets for these partitions, with what `asked` says of the run.
    pub(super) fn run(
        &mut self,
        assets: &[usize],
        partition: Option<&str>,
        storage: &Arc<dyn Storage>,
        asked: impl FnOnce(orch_core::run::Runner) -> orch_core::run::Runner,
    ) -> Result<Run, RunError> {
        self.runs += 1;
        let definitions = self.definitions();
        let runner = definitions.runner(&definitions.materialize_numbered(assets)).env(self.env());
        let runner = runner.run_id(RunId::from_u128(self.runs)).max_concurrent(1).keep_events();
        let runner = partition.iter().fold(runner, |runner, partition| runner.partition(*partition));
        asked(runner).record(storage).run_blocking()
    }

    pub(super) fn last_run(&self) -> RunId {
        RunId::from_u128(self.runs)
    }

    /// Whose code was called since.
    pub(super) fn called(&self) -> BTreeSet<At> {
        let called = self.called.take();
        let set: BTreeSet<_> = called.iter().copied().collect();
        assert_eq!(set.len(), called.len(), "each once: {called:?}");
        // Each graph has run whole, and no other has begun.
        let graphs = called.iter().filter(|(asset, _)| self.specs[*asset].is_graph);
        let mut all: Vec<_> = graphs.flat_map(|(asset, _)| [*asset; Before::CALLS]).collect();
        let mut begun = self.begun.take();
        all.sort_unstable();
        begun.sort_unstable();
        assert_eq!(begun, all);
        set
    }

    /// The value of the latest materialization.
    pub(super) fn latest(&self, at: At) -> Option<i64> {
        let query =
            MaterializationQuery { partition: key_of(at), ..MaterializationQuery::latest(&asset_key(at.0)) };
        let fact = self.memory.materializations(&query).unwrap().into_iter().next()?;
        let value = self.memory.asset_value(&fact).unwrap().unwrap();
        Some(rmp_serde::from_slice::<i64>(value.bytes()).unwrap())
    }
}

/// A value, of those of the inputs by the indexes of their partitions.
fn value(spec: &PartSpec, part: Option<u64>, noise: i64, inputs: &[Vec<(u64, i64)>]) -> i64 {
    let all = inputs.iter().zip(2..);
    let sum: i64 = all
        .map(|(values, weight)| {
            weight * values.iter().map(|(at, value)| (*at as i64 + 1) * value).sum::<i64>()
        })
        .sum();
    let own = part.map_or(0, |part| part as i64 * 11);
    (spec.code.unwrap_or_default() * 7 + spec.env * 3 + own + noise + sum).rem_euclid(spec.below)
}

/// All that a partition was made of; its inputs by their values.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    code: Option<i64>,
    env: i64,
    morning: bool,
    inputs: Vec<(At, i64)>,
}

/// The same, evaluated without engine, storage or hashes.
#[derive(Default)]
struct Oracle(BTreeMap<At, (Made, i64)>);

impl Oracle {
    /// What each input of a partition takes.
    fn taken(site: &Site, (asset, part): At) -> Vec<Vec<At>> {
        let of = |(other, how): (usize, How)| -> Vec<At> {
            let part = part.unwrap_or_default();
            match how {
                How::Value => vec![(other, (OWN[other] != Own::Whole).then_some(part))],
                How::Window => (part.saturating_sub(1)..=part).map(|day| (other, Some(day))).collect(),
                How::Days => (part * 7..part * 7 + 7).map(|day| (other, Some(day))).collect(),
                How::All => (0..DAYS / 7).map(|week| (other, Some(week))).collect(),
            }
        };
        site.inputs(asset).into_iter().map(of).collect()
    }

    fn now(&self, site: &Site, at: At) -> Made {
        let PartSpec { code, env, .. } = site.specs[at.0];
        let inputs = Self::taken(site, at).into_iter().flatten().map(|input| (input, self.0[&input].1));
        Made { code, env, morning: site.morning && at.1.is_some(), inputs: inputs.collect() }
    }

    /// Whether it would come out as it is.
    fn is_known(&self, site: &Site, at: At) -> bool {
        site.specs[at.0].code.is_some()
            && self.0.get(&at).is_some_and(|(made, _)| *made == self.now(site, at))
    }

    fn make(&mut self, site: &Site, at: At) {
        let inputs: Vec<Vec<(u64, i64)>> = Self::taken(site, at)
            .into_iter()
            .zip(site.inputs(at.0))
            .map(|(taken, (_, how))| {
                // One value alone is taken without its key.
                let index = |part: Option<u64>| if how == How::Value { 0 } else { part.unwrap_or_default() };
                taken.into_iter().map(|at| (index(at.1), self.0[&at].1)).collect()
            })
            .collect();
        let noise = match at {
            (1, Some(day)) => site.noise.lock().unwrap()[day as usize],
            _ => 0,
        };
        let value = value(&site.specs[at.0], at.1, noise, &inputs);
        let made = self.now(site, at);
        self.0.insert(at, (made, value));
    }

    /// What is stale, be it for what it is made of.
    fn stale(&self, site: &Site) -> BTreeSet<At> {
        let mut stale = BTreeSet::new();
        for at in parts(0..DAYS) {
            let mut inputs = Self::taken(site, at).into_iter().flatten();
            if !self.is_known(site, at) || inputs.any(|input| stale.contains(&input)) {
                stale.insert(at);
            }
        }
        stale
    }
}

/// All partitions of all assets that a run for these days makes, each behind what it is made of.
pub(super) fn parts(days: std::ops::Range<u64>) -> Vec<At> {
    let of = |asset: usize| -> Vec<At> {
        match OWN[asset] {
            Own::Whole => vec![(asset, None)],
            Own::Day => days.clone().map(|day| (asset, Some(day))).collect(),
            Own::Week => (days.start / 7..days.end.div_ceil(7)).map(|week| (asset, Some(week))).collect(),
        }
    };
    (0..OWN.len()).flat_map(of).collect()
}

pub(super) fn days(days: &std::ops::Range<u64>) -> String {
    let key = |day| key_of((1, Some(day))).unwrap();
    format!("{}..{}", key(days.start), key(days.end - 1))
}

/// What is done to the assets, or with them.
#[derive(Clone, Debug)]
enum Step {
    Code(usize, i64),
    Env(usize, i64),
    Fingerprint(usize),
    /// A graph makes it that an op made, or the other way round: of the same it makes the same.
    Graph(usize),
    Mapping,
    /// The same keys stand for other windows.
    Definition,
    /// The source has something else on a day, and that day of an asset is made anew.
    Noise(u64, i64),
    /// A partition is made anew, whatever it is.
    Force(usize, u64),
    /// What is stale is made of these days.
    Memoize(std::ops::Range<u64>),
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..OWN.len();
    let some_days = (0..DAYS, 1..=DAYS).prop_map(|(first, len)| first..DAYS.min(first + len));
    prop_oneof![
        2 => (at(), 0..3_i64).prop_map(|(at, code)| Step::Code(at, code)),
        2 => (at(), 0..3_i64).prop_map(|(at, env)| Step::Env(at, env)),
        1 => at().prop_map(Step::Fingerprint),
        1 => at().prop_map(Step::Graph),
        1 => Just(Step::Mapping),
        1 => Just(Step::Definition),
        3 => (0..DAYS, 0..4_i64).prop_map(|(day, noise)| Step::Noise(day, noise)),
        2 => (at(), 0..DAYS).prop_map(|(at, day)| Step::Force(at, day)),
        4 => some_days.prop_map(Step::Memoize),
    ]
}

/// Which partitions standings tell to be made, by asset.
fn sets(parts: &BTreeSet<At>) -> BTreeMap<usize, PartitionSet> {
    let mut sets = BTreeMap::<usize, PartitionSet>::new();
    for (asset, part) in parts {
        if let Some(part) = part {
            sets.entry(*asset).or_default().insert(*part);
        }
    }
    sets
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn of_partitions_what_is_stale_is_made_and_nothing_else(
        below in prop::collection::vec(prop_oneof![Just(3_i64), Just(1000)], OWN.len()),
        graphs in prop::collection::vec(any::<bool>(), OWN.len()),
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let mut site = Site::new(&below);
        site.specs.iter_mut().zip(graphs).for_each(|(spec, is_graph)| spec.is_graph = is_graph);
        let mut oracle = Oracle::default();
        let all: Vec<usize> = (0..OWN.len()).collect();
        for step in std::iter::once(Step::Memoize(0..DAYS)).chain(steps).chain([Step::Memoize(0..DAYS)]) {
            match step {
                Step::Code(at, code) => site.specs[at].code = Some(code),
                Step::Env(at, env) => site.specs[at].env = env,
                Step::Fingerprint(at) => site.specs[at].code = None,
                Step::Graph(at) => site.specs[at].is_graph ^= true,
                Step::Mapping => site.window ^= true,
                Step::Definition => site.morning ^= true,
                Step::Noise(day, noise) => {
                    site.noise.lock().unwrap()[day as usize] = noise;
                    site.run(&[1], key_of((1, Some(day))).as_deref(), &site.storage(), |run| run).unwrap();
                    prop_assert_eq!(site.called(), BTreeSet::from([(1, Some(day))]));
                    oracle.make(&site, (1, Some(day)));
                }
                Step::Force(asset, day) => {
                    let at = match OWN[asset] {
                        Own::Whole => (asset, None),
                        Own::Day => (asset, Some(day)),
                        Own::Week => (asset, Some(day / 7)),
                    };
                    site.run(&[asset], key_of(at).as_deref(), &site.storage(), |run| run).unwrap();
                    prop_assert_eq!(site.called(), BTreeSet::from([at]));
                    oracle.make(&site, at);
                }
                Step::Memoize(asked) => {
                    if !oracle.0.is_empty() {
                        let (standings, stale) = (site.standings(), oracle.stale(&site));
                        let found = standings.to_make_of(&[true; OWN.len()], Making::Stale, &BTreeMap::new());
                        prop_assert_eq!(&found.partitions, &sets(&stale));
                        let assets: BTreeSet<_> = stale.iter().map(|(asset, _)| *asset).collect();
                        prop_assert_eq!(found.assets.into_iter().collect::<BTreeSet<_>>(), assets);
                    }
                    let mut expected = BTreeSet::new();
                    for at in parts(asked.clone()) {
                        if !oracle.is_known(&site, at) {
                            oracle.make(&site, at);
                            expected.insert(at);
                        }
                    }
                    let (storage, asked) = (site.storage(), days(&asked));
                    site.run(&all, Some(&asked), &storage, orch_core::run::Runner::memoize).unwrap();
                    prop_assert_eq!(site.called(), expected);
                }
            }
            for (at, (_, value)) in &oracle.0 {
                prop_assert_eq!(site.latest(*at), Some(*value), "{:?}", at);
            }
        }
        // Whatever was changed, all is as if it were made anew.
        let (kept, mut anew) = (oracle.0.clone(), Oracle::default());
        for at in parts(0..DAYS) {
            anew.make(&site, at);
            prop_assert_eq!(kept[&at].1, anew.0[&at].1, "{:?}", at);
        }
    }
}
