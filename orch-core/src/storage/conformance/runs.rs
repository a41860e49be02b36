use super::samples::{at, events_of_each_kind, pinned, record};
use crate::event::{Entry, Event, EventKind, RunStatus};
use crate::ids::RunId;
use crate::storage::{RunQuery, RunRecord, Storage, StorageError, StorageErrorKind, WriteEvents};

const NO_RUN: &str = "there is no such run";

/// Makes a run and lets it go again.
fn make(storage: &dyn Storage, run: &RunRecord) -> Box<dyn WriteEvents> {
    storage.create(run, &pinned()).expect("the run can be made")
}

fn kind_of<T>(result: Result<T, StorageError>) -> StorageErrorKind {
    result.err().map(|error| error.kind().clone()).expect("it is refused")
}

pub(super) fn made(storage: &dyn Storage) {
    assert_eq!(storage.runs(&RunQuery::default()).expect("an empty list"), []);
    let parent = record(1, "job", 0);
    let mut child = record(2, "job", 1).made_from(&parent);
    child.tags.insert("team".to_owned(), "data".to_owned());
    let grandchild = record(3, "job", 2).made_from(&child);
    for run in [&parent, &child, &grandchild] {
        drop(make(storage, run));
        assert_eq!(storage.run(run.id).expect("the run is listed"), *run);
        assert_eq!(storage.pinned(run.id).expect("it is pinned"), pinned());
    }
    assert_eq!(grandchild.root, parent.id);
    let orphan = record(4, "job", 3).made_from(&record(5, "job", 2));
    assert_eq!(kind_of(storage.create(&orphan, &pinned())), StorageErrorKind::NotFound);
    assert_eq!(kind_of(storage.run(orphan.id)), StorageErrorKind::NotFound);
    assert_eq!(storage.runs(&RunQuery::default()).expect("a list"), [grandchild, child, parent]);
}

pub(super) fn queried(storage: &dyn Storage) {
    let statuses = [RunStatus::Success, RunStatus::Failure, RunStatus::Canceled, RunStatus::Success];
    for (number, status) in (1_u64..).zip(statuses) {
        let mut run = record(number.into(), if number < 3 { "early" } else { "late" }, number * 10);
        run.tags.insert("team".to_owned(), format!("team's \"{}\"", number % 2));
        run.tags.insert("acme.com/n".to_owned(), number.to_string());
        let mut writer = make(storage, &run);
        run.status = status;
        run.ended = Some(at(number * 10 + 1));
        run.first_failed = Some("load[7]".parse().expect("a path"));
        run.counts.succeeded = number;
        writer.update(&run).expect("the list can be written");
        drop(writer);
        assert_eq!(storage.run(run.id).expect("the run is listed"), run);
    }
    let found = |query: &RunQuery| -> Vec<u128> {
        storage.runs(query).expect("a list").iter().map(|run| run.id.as_u128()).collect()
    };
    let all = RunQuery::default;
    assert_eq!(found(&all()), [4, 3, 2, 1]);
    assert_eq!(found(&RunQuery { limit: Some(2), ..all() }), [4, 3]);
    assert_eq!(found(&RunQuery { job: Some("early".to_owned()), ..all() }), [2, 1]);
    assert_eq!(found(&RunQuery { status: vec![RunStatus::Success], ..all() }), [4, 1]);
    let ended_badly = vec![RunStatus::Failure, RunStatus::Canceled];
    assert_eq!(found(&RunQuery { status: ended_badly, ..all() }), [3, 2]);
    assert_eq!(found(&RunQuery { since: Some(at(30)), ..all() }), [4, 3], "what was made then is since then");
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(found(&RunQuery { tags: vec![tag("team", "team's \"1\"")], ..all() }), [3, 1]);
    let both = vec![tag("team", "team's \"1\""), tag("acme.com/n", "3")];
    assert_eq!(found(&RunQuery { tags: both, ..all() }), [3]);
    assert_eq!(found(&RunQuery { tags: vec![tag("acme.com/n", "")], ..all() }), [0; 0]);
    let narrow = RunQuery {
        job: Some("late".to_owned()),
        status: vec![RunStatus::Success, RunStatus::Running],
        since: Some(at(11)),
        tags: vec![tag("team", "team's \"0\"")],
        limit: Some(1),
    };
    assert_eq!(found(&narrow), [4]);
}

pub(super) fn begin_with(storage: &dyn Storage) {
    let bits = [
        0x0198_0000_0000_7000_8000_0000_0000_0001,
        0x0198_0000_0000_7000_8000_0000_0000_0002,
        0x0198_f000_0000_7000_8000_0000_0000_0003,
    ];
    for (created, bits) in (0..).zip(bits) {
        drop(make(storage, &record(bits, "job", created)));
    }
    let found = |prefix: &str, limit| -> Vec<u128> {
        let runs = storage.begin_with(prefix, limit).expect("a list");
        runs.iter().map(|run| run.id.as_u128() & 0xf).collect()
    };
    assert_eq!(found("0198", 10), [3, 2, 1], "the newest first");
    assert_eq!(found("0198", 2), [3, 2]);
    assert_eq!(found("01980000", 10), [2, 1]);
    assert_eq!(found("0198F", 10), [3], "whatever the case of letters");
    assert_eq!(found("01980000-0000-70", 10), [2, 1]);
    assert_eq!(found("01980000000070", 10), [2, 1], "with or without dashes");
    assert_eq!(found(&RunId::from_u128(bits[0]).to_string(), 10), [1]);
    assert_eq!(found(&format!("{:032x}", bits[1]), 10), [2]);
    for nothing in ["0199", "latest", "%", "0198_", &"0".repeat(40)] {
        assert_eq!(found(nothing, 10), [0; 0], "{nothing}");
    }
}

pub(super) fn missing(storage: &dyn Storage) {
    let run = RunId::from_u128(9);
    assert_eq!(kind_of(storage.run(run)), StorageErrorKind::NotFound, "{NO_RUN}");
    assert_eq!(kind_of(storage.pinned(run)), StorageErrorKind::NotFound, "{NO_RUN}");
    assert_eq!(kind_of(storage.holder(run)), StorageErrorKind::NotFound, "{NO_RUN}");
    assert_eq!(kind_of(storage.events(run)), StorageErrorKind::NotFound, "{NO_RUN}");
    assert_eq!(kind_of(storage.artifacts(run)), StorageErrorKind::NotFound, "{NO_RUN}");
    assert_eq!(kind_of(storage.reopen(run)), StorageErrorKind::NotFound, "{NO_RUN}");
    assert_eq!(kind_of(storage.remove(run)), StorageErrorKind::NotFound, "{NO_RUN}");
}

pub(super) fn made_once(storage: &dyn Storage) {
    let run = record(1, "job", 0);
    let writer = make(storage, &run);
    assert_eq!(kind_of(storage.create(&run, &pinned())), StorageErrorKind::Exists);
    drop(writer);
    assert_eq!(kind_of(storage.create(&run, &pinned())), StorageErrorKind::Exists);
    assert_eq!(storage.runs(&RunQuery::default()).expect("a list"), [run]);
}

pub(super) fn held(storage: &dyn Storage) {
    let run = record(1, "job", 0);
    let writer = make(storage, &run);
    let holder = storage.holder(run.id).expect("it is known").expect("the run is held");
    assert_eq!(holder.process, std::process::id());
    assert_eq!(kind_of(storage.reopen(run.id)), StorageErrorKind::Held(holder.clone()));
    assert_eq!(kind_of(storage.remove(run.id)), StorageErrorKind::Held(holder));
    drop(writer);
    assert_eq!(storage.holder(run.id).expect("it is known"), None);
    let again = storage.reopen(run.id).expect("nobody holds it");
    assert!(storage.holder(run.id).expect("it is known").is_some());
    drop(again);
}

pub(super) fn removed(storage: &dyn Storage) {
    let (run, other) = (record(1, "job", 0), record(2, "job", 1));
    for run in [&run, &other] {
        make(storage, run).commit(&events_of_each_kind(run.id)).expect("it can be written");
        let files = storage.artifacts(run.id).expect("the files of the run");
        files.write("a/b", &mut |out| Ok(out.write_all(b"x")?)).expect("it can be written");
    }
    storage.remove(run.id).expect("nobody holds it");
    assert_eq!(kind_of(storage.run(run.id)), StorageErrorKind::NotFound);
    assert_eq!(kind_of(storage.events(run.id)), StorageErrorKind::NotFound);
    let left = storage.runs(&RunQuery::default()).expect("a list");
    assert_eq!(left.iter().map(|run| run.id).collect::<Vec<_>>(), [other.id]);
    drop(make(storage, &run));
    let child = record(3, "job", 2).made_from(&run);
    drop(make(storage, &child));
    assert_eq!(kind_of(storage.remove(run.id)), StorageErrorKind::Needed);
    storage.remove(child.id).expect("nobody was made of it");
    storage.remove(run.id).expect("nor of this one any more");
}

pub(super) fn corrected(storage: &dyn Storage) {
    let run = record(1, "job", 0);
    let event = |after: u64, kind| Entry::from(Event::new(at(after), run.id, None, 0, kind));
    let mut writer = make(storage, &run);
    let failed = EventKind::RunFailure { failed: 0, first: None, resource: Some("db".into()) };
    writer.commit(&[event(1, EventKind::RunCanceling), event(2, failed)]).expect("it can be written");
    drop(writer);
    let mut wanted = run.clone();
    wanted.status = RunStatus::Failure;
    wanted.ended = Some(at(2));
    let of = |status| RunQuery { status: vec![status], ..RunQuery::default() };
    assert_eq!(storage.runs(&of(RunStatus::Running)).expect("a list"), []);
    assert_eq!(storage.runs(&of(RunStatus::Failure)).expect("a list"), [wanted.clone()]);
    assert_eq!(storage.run(run.id).expect("the run is listed"), wanted);
}
