use super::samples::{memoized, pinned, record};
use crate::ids::RunId;
use crate::memo::{Memo, MemoQuery};
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
        for (after, (op, code)) in (0..).zip([("embed", "1"), ("embed", "2"), ("embed_all", "1")]) {
            let entries = memoized(id, number + after, op, (code, "a"));
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
    let code = Some("code_version 1".to_owned());
    assert_eq!(found(&MemoQuery { code, ..MemoQuery::of("embed") }), ["20", "10"]);
    let other = Some("source 1".to_owned());
    assert_eq!(found(&MemoQuery { code: other, ..MemoQuery::of("embed") }), [""; 0]);
    let of_run = MemoQuery { run: Some(RunId::from_u128(1)), ..any() };
    assert_eq!(found(&of_run), ["12", "11", "10"]);
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
