//! Runs that observe what others make are interrupted at any commit: what was observed is not observed again, and what is made is
//! made of that.

use std::sync::OnceLock;

use orch_core::asset::DataVersion;
use orch_core::graph::{AssetDef, ObservationDef};

use super::*;

const RUN: RunId = RunId::from_u128(1);

fn foreign() -> &'static Arc<AssetDef> {
    static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
    ASSET.get_or_init(|| AssetDef::builder("foreign").external::<i64>(Coded::<i64>::CODEC).into())
}

/// What others make, of which each look finds a later version, and a number that is made when it is there.
fn definitions(looks: &Arc<AtomicUsize>) -> Definitions {
    let op = give("next", || Ok(2));
    let next = AssetDef::builder("next").code_version("1").after(foreign);
    let next = next.drawn::<i64>(Coded::<i64>::CODEC, move |_| call(&op, &[]));
    let looks = Arc::clone(looks);
    let seen = ObservationDef::builder_of(foreign(), "seen")
        .looks(move |_| DataVersion::new(looks.fetch_add(1, Ordering::Relaxed)));
    Definitions::new().assets([Arc::clone(foreign()), next.into()]).observations([seen])
}

/// What is known: which versions were observed, and of which the number was made.
fn known(memory: &Memory) -> Vec<String> {
    let facts = memory.materializations(&MaterializationQuery::default()).unwrap();
    let told = facts.iter().rev().map(|fact| match fact.inputs.first() {
        Some(input) => format!("{} of {} {:?}", fact.asset, input.asset, input.data_version),
        None => format!("{} {:?}", fact.asset, fact.data_version),
    });
    told.collect()
}

#[test]
fn what_was_observed_is_not_observed_again() {
    let storage = |memory: &Memory, left| -> Arc<dyn Storage> {
        Arc::new(Mortal {
            memory: memory.clone(),
            left: Arc::new(AtomicUsize::new(left)),
            room: true,
            unread: None,
        })
    };
    for life in 0.. {
        let (memory, looks) = (Memory::new(), Arc::new(AtomicUsize::new(0)));
        let definitions = definitions(&looks);
        let begun = storage(&memory, life);
        let job = definitions.materialize(&"*".parse().unwrap());
        let runner = definitions.runner(&job).run_id(RUN).max_concurrent(1).record(&begun);
        let _ = runtime().block_on(runner.run());
        let is_over = memory.run(RUN).is_ok_and(|run| run.status.is_terminal());
        let before = known(&memory);
        if !is_over {
            let runner = definitions.resume(&storage(&memory, usize::MAX), RUN).unwrap();
            runtime().block_on(runner.run()).unwrap();
        }
        let after = known(&memory);
        assert_eq!(after.len(), 2, "interrupted after {life} commits: {after:?}");
        assert_eq!(after[..before.len()], before, "what was known stays");
        // One that was told is the last: a look that nobody was told of is not known.
        let version = memory.materializations(&MaterializationQuery::latest(foreign().key())).unwrap();
        let version = version[0].data_version.clone();
        assert_eq!(after[1], format!("next of foreign {version:?}"));
        if is_over {
            insta::assert_debug_snapshot!(after, @r#"
            [
                "foreign Some(\"0\")",
                "next of foreign Some(\"0\")",
            ]
            "#);
            assert!(life >= 3, "{life} commits");
            break;
        }
    }
}
