use super::samples::{memoized, pinned, record};
use crate::ids::RunId;
use crate::memo::{Given, Memo, MemoQuery};
use crate::storage::{Storage, WriteEvents};

const READ: &str = "what is remembered can be read";
const WRITTEN: &str = "the events can be written";

fn make(storage: &dyn Storage, run: u128) -> (RunId, Box<dyn WriteEvents>) {
    let run = record(run, "job", 0);
    (run.id, storage.create(&run, &pinned()).expect("the run can be made"))
}

fn all(storage: &dyn Storage) -> Vec<Memo> {
    storage.memos(&MemoQuery::default()).expect(READ)
}

pub(super) fn queried(storage: &dyn Storage) {
    assert_eq!(all(storage), Vec::new(), "nothing has happened");
    for run in 1..=2 {
        // Of runs that are under way it is known at once.
        let (id, mut writer) = make(storage, run);
        let number = run as u64 * 10;
        for (after, op) in (0..).zip(["embed", "embed", "embed_all"]) {
            let entries = memoized(id, number + after, op, ("1", "a"));
            writer.commit(&entries).expect(WRITTEN);
            let expected = Memo::told(after * 3 + 2, &entries[1].event);
            assert_eq!(all(storage).first(), expected.as_ref(), "as it was told");
        }
    }
    let found = |query: &MemoQuery| -> Vec<String> {
        let found = storage.memos(query).expect(READ);
        assert!(found.iter().all(|memo| query.matches(memo)));
        found.iter().flat_map(|memo| memo.outputs.values().flatten()).map(ToString::to_string).collect()
    };
    let any = MemoQuery::default;
    assert_eq!(found(&any()), ["22", "21", "20", "12", "11", "10"]);
    assert_eq!(found(&MemoQuery { limit: Some(2), ..any() }), ["22", "21"]);
    assert_eq!(found(&MemoQuery::of("embed")), ["21", "20", "11", "10"], "and not those of `embed_all`");
    let of_run = MemoQuery { run: Some(RunId::from_u128(1)), ..any() };
    assert_eq!(found(&of_run), ["12", "11", "10"]);
}

pub(super) fn latest(storage: &dyn Storage) {
    let told = [("embed", "1", "a"), ("embed", "1", "b"), ("embed", "2", "a"), ("embed_all", "1", "a")];
    // What is told later is not newer for that.
    for (run, told) in [(3, &told[2..3]), (2, &told[..1]), (1, &told[..])] {
        let (id, mut writer) = make(storage, run);
        for (after, &(op, code, given)) in (0..).zip(told) {
            writer.commit(&memoized(id, run as u64 * 10 + after, op, (code, given))).expect(WRITTEN);
        }
    }
    let latest = |op: &str, code: &str| -> Vec<String> {
        let latest = storage.latest_memos(op, code).expect(READ);
        assert!(latest.is_sorted_by(|one, next| one.key < next.key), "each key once, in their order");
        let all: Vec<Given> = all(storage).into_iter().map(Given::from).collect();
        assert!(latest.iter().all(|given| all.contains(given)), "as it was told");
        let mut given: Vec<_> = latest
            .iter()
            .flat_map(|given| given.outputs.values().flatten())
            .map(ToString::to_string)
            .collect();
        given.sort();
        given
    };
    assert_eq!(latest("embed", "code_version 1"), ["11", "20"]);
    assert_eq!(latest("embed", "code_version 2"), ["30"]);
    assert_eq!(latest("embed_all", "code_version 1"), ["13"], "and not those of `embed`");
    assert_eq!(latest("embed", "source 1"), [""; 0]);
    storage.remove(RunId::from_u128(2)).expect("nobody holds it");
    assert_eq!(latest("embed", "code_version 1"), ["10", "11"], "what is older is known still");
}

pub(super) fn removed(storage: &dyn Storage) {
    for run in 1..=2 {
        let (id, mut writer) = make(storage, run);
        writer.commit(&memoized(id, run as u64, "embed", ("1", "a"))).expect(WRITTEN);
        // A run that goes on tells nothing twice.
        drop(writer);
        drop(storage.reopen(id).expect("nobody holds it"));
    }
    let runs = || -> Vec<_> { all(storage).iter().map(|memo| memo.run.as_u128()).collect() };
    assert_eq!(runs(), [2, 1]);
    storage.remove(RunId::from_u128(2)).expect("nobody holds it");
    assert_eq!(runs(), [1]);
}
