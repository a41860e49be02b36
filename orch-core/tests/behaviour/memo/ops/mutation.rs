//! Whatever a memoized step depends on is changed at random, and what comes of it is compared with a plain evaluation.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What is done to the job.
#[derive(Clone, Debug)]
enum Change {
    Item(usize, i64),
    Gone(usize),
    Factor(i64),
    Code(Option<i64>),
    Env(i64),
    Most(i64),
    Bonus(i64),
    /// A run that is recorded is removed.
    Remove(usize),
}

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..KEYS.len(), 0..4_i64).prop_map(|(key, item)| Change::Item(key, item)),
        1 => (0..KEYS.len()).prop_map(Change::Gone),
        2 => (1..3_i64).prop_map(Change::Factor),
        2 => prop::option::weighted(0.8, 0..3_i64).prop_map(Change::Code),
        2 => (0..2_i64).prop_map(Change::Env),
        1 => (0..8_i64).prop_map(Change::Most),
        1 => (0..2_i64).prop_map(Change::Bonus),
        1 => any::<usize>().prop_map(Change::Remove),
    ]
}

/// What `halve` gives, by the keys of its items.
type Halves = Vec<(&'static str, i64)>;

/// What was made, and in which run: of `embed` by item, factor, code and variable, of `halve` by what it is given and its code,
/// of `sum` by the keys and values that it takes, and a tag.
#[derive(Default)]
struct Oracle {
    embed: BTreeSet<(u128, i64, i64, i64, i64)>,
    halve: BTreeSet<(u128, i64, i64)>,
    sum: BTreeSet<(u128, Halves, i64)>,
}

impl Oracle {
    /// The steps whose code is called in this run.
    fn run(&mut self, spec: &Spec, run: u128) -> BTreeSet<String> {
        let mut called = BTreeSet::new();
        let mut halves = Vec::new();
        let (mut embed, mut halve) = (Vec::new(), Vec::new());
        for (key, item) in &spec.items {
            let embedded = spec.embedded(*item);
            let made = spec.code.map(|code| (*item, spec.factor, code, spec.env));
            let is_known = |&(_, a, b, c, d): &_| Some((a, b, c, d)) == made;
            if !self.embed.iter().any(is_known) {
                called.insert(format!("embed[{key}]"));
                embed.extend(made.map(|(a, b, c, d)| (run, a, b, c, d)));
            }
            if !self.halve.iter().any(|(_, given, most)| (*given, *most) == (embedded, spec.most)) {
                called.insert(format!("halve[{key}]"));
                halve.push((run, embedded, spec.most));
            }
            halves.extend(spec.halved(*item).map(|half| (*key, half)));
        }
        // In one run nothing is taken of what it makes itself.
        self.embed.extend(embed);
        self.halve.extend(halve);
        // If all were left out, so is what collects them.
        let collects = !halves.is_empty() || spec.items.is_empty();
        if collects && !self.sum.iter().any(|(_, made, bonus)| (made, *bonus) == (&halves, spec.bonus)) {
            called.insert("sum".to_owned());
            self.sum.insert((run, halves, spec.bonus));
        }
        called
    }

    fn remove(&mut self, run: u128) {
        self.embed.retain(|made| made.0 != run);
        self.halve.retain(|made| made.0 != run);
        self.sum.retain(|made| made.0 != run);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_is_taken_and_nothing_stale(
        changes in prop::collection::vec(prop::collection::vec(change(), 0..3), 1..10),
    ) {
        let (mut bench, mut oracle) = (Bench::new(), Oracle::default());
        for changes in std::iter::once(Vec::new()).chain(changes) {
            for change in changes {
                match change {
                    Change::Item(key, item) => _ = bench.spec.items.insert(KEYS[key], item),
                    Change::Gone(key) => _ = bench.spec.items.remove(KEYS[key]),
                    Change::Factor(factor) => bench.spec.factor = factor,
                    Change::Code(code) => bench.spec.code = code,
                    Change::Env(env) => bench.spec.env = env,
                    Change::Most(most) => bench.spec.most = most,
                    Change::Bonus(bonus) => bench.spec.bonus = bonus,
                    Change::Remove(run) => {
                        let run = run as u128 % bench.runs.max(1) + 1;
                        // It may be gone already.
                        _ = bench.memory.remove(RunId::from_u128(run));
                        oracle.remove(run);
                    }
                }
            }
            bench.run().unwrap();
            let skipped = !bench.spec.items.is_empty()
                && bench.spec.items.values().all(|item| bench.spec.halved(*item).is_none());
            prop_assert_eq!(bench.report(), (!skipped).then(|| bench.spec.report()));
            let called: BTreeSet<String> = bench.called.take().into_iter().collect();
            prop_assert_eq!(called, oracle.run(&bench.spec, bench.runs));
        }
    }
}
