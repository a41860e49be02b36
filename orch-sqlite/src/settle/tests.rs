use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs, process};

use jiff::Timestamp;
use orch_core::event::{Detail, Event, EventKind, RunStatus, RunView};
use orch_core::ids::RunId;
use orch_core::storage::{ReadRuns, RunRecord, WriteRuns, conformance};

use super::Told;
use crate::{Durability, Folder, log};

struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let thread = std::thread::current();
        let name = thread.name().expect("a test").replace(':', "-");
        let home = env::temp_dir().join(format!("orch-sqlite-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&home);
        Self(home)
    }

    fn open(&self) -> Folder {
        Folder::open(&self.0, Durability::Normal).expect("the folder can be opened")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn record() -> RunRecord {
    RunRecord::new(RunId::from_u128(1), "job", [].into(), Timestamp::UNIX_EPOCH)
}

/// Of a run that is not over only some kinds of events are read. Kinds that are new are among these here.
#[test]
fn few_events_tell_of_a_run_under_way_what_all_of_them_tell() {
    let home = Home::new();
    let (folder, run) = (home.open(), record());
    let mut writer = folder.create(&run, &conformance::pinned()).expect("the run can be made");
    let reader = log::Reader::open(run.id, &folder.run_folder(run.id)).expect("readable").expect("made");
    let (mut told, mut all) = (Told::of(run.clone()), RunView::new(Detail::Counts));
    let events = conformance::events_of_each_kind(run.id);
    let mut different = BTreeSet::new();
    for entry in events.into_iter().filter(|entry| !entry.event.kind.ends_run()) {
        all.apply(&entry.event);
        let kind = entry.event.kind.name();
        writer.commit(&[entry]).expect("committed");
        let before = told.run.clone();
        told.read_on(&reader).expect("readable");
        let mut expected = run.clone();
        expected.tell(&all);
        assert_eq!(told.run, expected, "after {kind}");
        different.extend((told.run != before).then_some(kind));
    }
    assert!(different.contains("RUN_CANCELING") && different.contains("STEP_FAILURE"), "{different:?}");
}

#[test]
fn a_run_that_ends_while_its_events_are_read_has_ended() {
    let home = Home::new();
    let (folder, run) = (home.open(), record());
    let mut writer = folder.create(&run, &conformance::pinned()).expect("the run can be made");
    writer.commit(&conformance::step(run.id, 1)).expect("committed");
    drop(writer);

    let left = folder.left(None).expect("the list can be read");
    // Another takes it up, and dies before the list says how it ended.
    let mut writer = folder.reopen(run.id).expect("nobody holds it");
    let end = Event::new(Timestamp::UNIX_EPOCH, run.id, None, 0, EventKind::RunSuccess);
    writer.commit(&[end.into()]).expect("committed");
    drop(writer);
    let (corrected, _) = folder.correct(left).expect("the list can be written");
    assert_eq!(corrected.iter().map(|run| run.status).collect::<Vec<_>>(), [RunStatus::Success]);
    assert_eq!(folder.run(run.id).expect("it is listed").status, RunStatus::Success);

    let mut writer = folder.reopen(run.id).expect("nobody holds it");
    let left = folder.left(None).expect("the list can be read");
    assert!(left.is_empty(), "it is held");
    writer.update(&run).expect("listed");
    drop(writer);
    let left = folder.left(None).expect("the list can be read");
    let writer = folder.reopen(run.id).expect("nobody holds it");
    assert_eq!(folder.correct(left).expect("the list can be read").0, [], "whoever holds it tells of it");
    drop(writer);
}
