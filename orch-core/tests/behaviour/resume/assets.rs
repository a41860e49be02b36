//! Runs of assets are interrupted at any commit: each asset is told once, and made of what the run began with.

use std::sync::LazyLock;

use orch_core::graph::{Asset, AssetDef, AssetGraph, Upstream};
use orch_core::run::{Rerun, RunError};

use super::*;

/// An asset of a number, made of another one by this op.
macro_rules! asset {
    ($name:ident $(of $upstream:ident)?: |$args:ident| $body:expr) => {
        pub(super) struct $name;

        impl Asset for $name {
            type Value = i64;

            fn asset() -> &'static Arc<AssetDef> {
                static ASSET: LazyLock<Arc<AssetDef>> = LazyLock::new(|| {
                    let op = OpDef::builder(stringify!($name))$(.input::<i64>(stringify!($upstream)))?;
                    let op = op.returns::<Plain>().coded([Coded::<i64>::CODEC]);
                    #[allow(unused_mut, reason = "an asset that takes nothing takes nothing out")]
                    let op: Arc<OpDef> = op.blocking(|mut $args| Ok($body)).into();
                    let def = AssetDef::builder(stringify!($name))$(.takes($upstream::asset))?;
                    Arc::new(def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
                        let _ = upstream;
                        Call::of(&op)$(.input::<i64>(upstream.of::<$upstream>()))?.place::<Plain>();
                    }))
                });
                &ASSET
            }
        }
    };
}

static RAW: AtomicUsize = AtomicUsize::new(7);

asset!(Raw: |args| { drop(args); RAW.load(Ordering::Relaxed) as i64 });
asset!(Side: |args| { drop(args); 9 });
asset!(Next of Raw: |args| args.take::<i64>(0)? + 1);
asset!(Last of Next: |args| args.take::<i64>(0)? * 10);

/// The assets, each once, of which others may be made.
fn definitions() -> Definitions {
    let assets = [Raw::asset(), Next::asset(), Last::asset()];
    Definitions::new().assets(assets.map(Arc::clone))
}

fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    what: &str,
    id: u128,
) -> Result<(), RunError> {
    let job = definitions.materialize(&what.parse().unwrap());
    let runner = definitions.runner(&job).run_id(RunId::from_u128(id)).record(storage);
    runtime().block_on(runner.run()).map(drop)
}

/// What is known of the assets that the run made, and the value of the last.
fn facts(memory: &Memory, run: RunId) -> (Vec<String>, Option<Vec<u8>>) {
    let query = MaterializationQuery { run: Some(run), ..MaterializationQuery::default() };
    let facts = memory.materializations(&query).unwrap();
    let value = facts.first().and_then(|fact| memory.asset_value(fact).unwrap());
    let told = facts.iter().rev().map(|fact| {
        let inputs: Vec<_> = fact
            .inputs
            .iter()
            .map(|input| {
                (input.asset.as_str(), input.run.map(|run| run.as_u128()), input.data_version.is_some())
            })
            .collect();
        format!("{} of {inputs:?}, {:?}", fact.asset, fact.data_version)
    });
    (told.collect(), value.map(|value| value.bytes().to_vec()))
}

#[test]
fn a_run_of_assets_goes_on_with_what_it_began_with() {
    let definitions = definitions();
    let graph: &AssetGraph = definitions.asset_graph();
    assert_eq!(graph.order(), [0, 1, 2]);
    // A storage that ends after so many commits, in which what the run takes is made.
    let begun = |memory: &Memory, left: usize| -> Arc<dyn Storage> {
        let storage = |left| -> Arc<dyn Storage> {
            Arc::new(Mortal {
                memory: memory.clone(),
                left: Arc::new(AtomicUsize::new(left)),
                room: true,
                unread: None,
            })
        };
        RAW.store(7, Ordering::Relaxed);
        materialize(&definitions, &storage(usize::MAX), "Raw", 1).unwrap();
        storage(left)
    };
    let (whole, run) = (Memory::new(), RunId::from_u128(2));
    materialize(&definitions, &begun(&whole, usize::MAX), "Raw+ and not Raw", 2).unwrap();
    let undisturbed = facts(&whole, run);
    insta::assert_debug_snapshot!(undisturbed.0, @r#"
    [
        "Next of [(\"Raw\", Some(1), true)], Some(\"2ef3e0dda5293bda965d0adcedfc7d387244ac736a6014a720c1d63fa0ede02f\")",
        "Last of [(\"Next\", Some(2), true)], Some(\"9d64c020a0ac4ffda44f40702b3d867eac4949c66603e300946580fdaf8af735\")",
    ]
    "#);
    for life in 0.. {
        let memory = Memory::new();
        if materialize(&definitions, &begun(&memory, life), "Raw+ and not Raw", 2).is_ok() {
            // Before each of the two steps, and behind the last.
            assert!(life >= 3, "{life} commits");
            break;
        }
        let storage: Arc<dyn Storage> = Arc::new(memory.clone());
        // Meanwhile what it takes is made anew, and is something else.
        RAW.store(8, Ordering::Relaxed);
        materialize(&definitions, &storage, "Raw", 3).unwrap();
        let runner = definitions.resume(&storage, run).unwrap();
        runtime().block_on(runner.run()).unwrap();
        assert_eq!(facts(&memory, run), undisturbed, "interrupted after {life} commits");
    }
}

/// A number that is another one each time, and one that is made of it, which fails the first time.
fn counted() -> Definitions {
    let (calls, fails) = (AtomicUsize::new(0), AtomicUsize::new(1));
    let one = OpDef::builder("one").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let one: Arc<OpDef> = one.blocking(move |_| Ok(calls.fetch_add(1, Ordering::SeqCst) as i64)).into();
    let op = Arc::clone(&one);
    let first = Arc::new(AssetDef::builder("one").made_by(&one, move |_: &Upstream| {
        Call::of(&op).place::<Plain>();
    }));
    let ten = OpDef::builder("ten").input::<i64>("one").returns::<Plain>().coded([Coded::<i64>::CODEC]);
    let ten = ten.blocking(move |mut args| match fails.swap(0, Ordering::SeqCst) {
        1 => Err(Failure::new("not yet")),
        _ => Ok(args.take::<i64>(0)? * 10),
    });
    let ten: Arc<OpDef> = ten.into();
    let (op, taken) = (Arc::clone(&ten), Arc::clone(&first));
    let def = AssetDef::builder("ten").takes_made(&first);
    let tenfold = def.made_by(&ten, move |upstream: &Upstream| {
        Call::of(&op).input::<i64>(upstream.of_made::<i64>(&taken)).place::<Plain>();
    });
    Definitions::new().assets([first, Arc::new(tenfold)])
}

#[test]
fn a_rerun_that_goes_on_takes_what_it_took_when_it_began_whatever_is_made_meanwhile() {
    for life in 1.. {
        let (definitions, memory) = (counted(), Memory::new());
        let storage = |left| -> Arc<dyn Storage> {
            Arc::new(Mortal {
                memory: memory.clone(),
                left: Arc::new(AtomicUsize::new(left)),
                room: true,
                unread: None,
            })
        };
        let whole = storage(usize::MAX);
        materialize(&definitions, &whole, "*", 1).unwrap_err();
        // What it takes.
        materialize(&definitions, &whole, "one", 2).unwrap();
        let rerun = definitions.rerun(&storage(life), RunId::from_u128(1), Rerun::FromFailure).unwrap();
        if runtime().block_on(rerun.run_id(RunId::from_u128(3)).run()).is_ok() {
            assert!(life > 1, "{life} commits");
            break;
        }
        // What comes too late.
        materialize(&definitions, &whole, "one", 4).unwrap();
        runtime().block_on(definitions.resume(&whole, RunId::from_u128(3)).unwrap().run()).unwrap();
        let (facts, value) = facts(&memory, RunId::from_u128(3));
        assert_eq!(value.as_deref(), Some(&[10][..]), "interrupted after {life} commits: {facts:?}");
    }
}
