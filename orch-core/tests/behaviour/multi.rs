//! Assets that one step makes, against an oracle: whatever was selected and passed over, what is known of each is what would be
//! computed by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use orch_core::asset::AssetKey;
use orch_core::define::{One, OpDef, Optional, WithMetadata, kind};
use orch_core::graph::{AssetDef, AssetGraph, Call, MultiAssetDef};
use orch_core::io::Coded;
use orch_core::run::{Definitions, Run, RunError};
use orch_core::select::AssetSelection;
use orch_core::storage::{Memory, ReadAssets as _, Storage};
use proptest::prelude::*;

use crate::support::Notes;

/// One that cannot be left out, and two that can.
type Three = (
    One<WithMetadata<i64>, { kind::WITH_METADATA }>,
    One<Optional<i64>, { kind::OPTIONAL }>,
    One<Optional<i64>, { kind::OPTIONAL }>,
);

const OUTPUTS: usize = 3;

/// A step: its code, and the assets that it takes, of steps before it.
#[derive(Clone, Debug)]
struct Spec {
    code: i64,
    inputs: Vec<(usize, usize)>,
}

fn key(step: usize, output: usize) -> AssetKey {
    format!("s{step}/o{output}").parse().expect("a key")
}

/// What a step computes for an output.
fn computed(step: usize, output: usize, code: i64, inputs: &[i64]) -> i64 {
    let inputs = inputs.iter().zip(2..).map(|(input, weight)| input * weight).sum::<i64>();
    (inputs + code * 31 + i64::try_from(step * OUTPUTS + output).expect("small")) % 1009
}

/// The assets of these steps. The code says which steps were called.
fn definitions(specs: &[Spec], called: &Notes<usize>) -> Definitions {
    let mut assets: Vec<Vec<Arc<AssetDef>>> = Vec::new();
    for (step, spec) in specs.iter().enumerate() {
        let named = |index: usize| format!("x{index}");
        let op = OpDef::builder(format!("step_{step}"));
        let op = (0..spec.inputs.len()).fold(op, |op, index| op.input::<i64>(&named(index)));
        let (own, called) = (spec.clone(), called.clone());
        let op = op.returns::<Three>().coded([Coded::<i64>::CODEC]).blocking(move |mut args| {
            called.add(step);
            let inputs: Result<Vec<i64>, _> = (0..own.inputs.len()).map(|input| args.take(input)).collect();
            let inputs = inputs?;
            let value = |output| {
                let value = computed(step, output, own.code, &inputs);
                WithMetadata::new(value).data_version(value.to_string())
            };
            // The second looks whether it is wanted, the third is given anyway.
            let wanted = args.context().makes(&key(step, 1));
            let second = if wanted { value(1).into() } else { Optional::none() };
            Ok((value(0), second, value(2).into()))
        });
        let op = Arc::new(op);
        let taken: Vec<_> = spec.inputs.iter().map(|&(of, output)| Arc::clone(&assets[of][output])).collect();
        let builder = (0..OUTPUTS).fold(MultiAssetDef::builder(&op), |builder, output| {
            builder.asset(format!("output_{output}"), AssetDef::builder(key(step, output).as_str()))
        });
        let builder = builder.each(|asset| {
            let asset = asset.fingerprint(spec.code.to_string());
            taken.iter().fold(asset, |asset, other| asset.takes_made(other))
        });
        let called = Arc::clone(&op);
        let made = builder.drawn(move |upstream| {
            let call = taken
                .iter()
                .fold(Call::of(&called), |call, other| call.input::<i64>(upstream.of_made::<i64>(other)));
            call.place::<Three>();
        });
        assets.push(made.assets().cloned().collect());
    }
    Definitions::new().assets(assets.concat())
}

/// What is asked for in one run.
#[derive(Clone, Debug)]
struct Asked {
    /// The assets, by step and output.
    selected: Vec<(usize, usize)>,
    memoizes: bool,
    /// The step whose code is another from now on.
    changed: Option<usize>,
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    selected: &[(usize, usize)],
    memoizes: bool,
) -> Result<Run, RunError> {
    let keys: Vec<_> = selected.iter().map(|&(step, output)| key(step, output).to_string()).collect();
    let selection: AssetSelection = keys.join(" or ").parse().expect("a selection");
    let runner = definitions.runner(&definitions.materialize(&selection)).record(storage);
    if memoizes { runner.memoize() } else { runner }.run_blocking()
}

/// What is known of each asset.
fn known(storage: &Memory) -> BTreeMap<AssetKey, String> {
    let records = storage.assets().expect("what is known");
    let version = |record: orch_core::storage::AssetRecord| {
        (record.key, record.latest.data_version.expect("it is said").to_string())
    };
    records.into_iter().map(version).collect()
}

/// What a run would make: what is selected, and of each step of that what cannot be left out.
fn made(selected: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut made: Vec<_> = selected.iter().flat_map(|&(step, output)| [(step, output), (step, 0)]).collect();
    made.sort_unstable();
    made.dedup();
    made
}

fn worlds() -> impl Strategy<Value = (Vec<Spec>, Vec<Asked>)> {
    let step = |number: usize| {
        let input = (0..number.max(1), 0..OUTPUTS);
        let inputs = prop::collection::btree_set(input, 0..=if number == 0 { 0 } else { 3 });
        (0..3_i64, inputs).prop_map(|(code, inputs)| Spec { code, inputs: inputs.into_iter().collect() })
    };
    (1..5_usize).prop_flat_map(move |steps| {
        let specs: Vec<_> = (0..steps).map(step).collect();
        let selected = prop::collection::vec((0..steps, 0..OUTPUTS), 1..8);
        let changed = prop::option::weighted(0.3, 0..steps);
        let asked = (selected, any::<bool>(), changed);
        let asked = asked.prop_map(|(selected, memoizes, changed)| Asked { selected, memoizes, changed });
        (specs, prop::collection::vec(asked, 1..8))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_is_what_would_be_computed((mut specs, runs) in worlds()) {
        let memory = Memory::new();
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        let called = Notes::new();
        let mut oracle: BTreeMap<AssetKey, i64> = BTreeMap::new();
        for asked in runs {
            if let Some(changed) = asked.changed {
                specs[changed].code += 1;
            }
            let definitions = definitions(&specs, &called);
            let made = made(&asked.selected);
            let inputs_of = |step: usize| specs[step].inputs.iter().map(|&(of, output)| key(of, output));
            let mut expected = oracle.clone();
            let mut is_there = true;
            for &(step, output) in &made {
                let inputs: Option<Vec<i64>> = inputs_of(step).map(|key| expected.get(&key).copied()).collect();
                match inputs {
                    Some(inputs) => _ = expected.insert(key(step, output), computed(step, output, specs[step].code, &inputs)),
                    None => is_there = false,
                }
            }
            let run = materialize(&definitions, &storage, &asked.selected, asked.memoizes);
            prop_assert_eq!(run.is_ok(), is_there, "{:?}", run.err().map(|error| error.to_string()));
            if is_there {
                oracle = expected;
            }
            let told: BTreeMap<_, _> = oracle.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
            prop_assert_eq!(known(&memory), told);
            // The same once more: nothing is called.
            if is_there {
                called.take();
                materialize(&definitions, &storage, &asked.selected, true).expect("it succeeds again");
                prop_assert_eq!(called.take(), Vec::<usize>::new(), "made anew");
            }
        }
    }
}

#[test]
fn the_parts_of_a_step_are_known_by_any_of_them() {
    let specs = [Spec { code: 1, inputs: Vec::new() }];
    let definitions = definitions(&specs, &Notes::new());
    let graph: &AssetGraph = definitions.asset_graph();
    assert_eq!(graph.together(1), [0, 1, 2]);
    assert_eq!(graph.with_made_along(&[false, false, true]), [true, false, true]);
    assert_eq!(graph.assets()[2].made_with().map(OpDef::name), Some("step_0"));
}
