use std::{env, fs, process};

use jiff::Timestamp;
use orch_core::event::{Event, EventKind, RunStatus};
use orch_core::ids::RunId;
use orch_core::storage::{ReadRuns, RunRecord, WriteRuns, conformance};

use crate::{Durability, Folder};

#[test]
fn a_run_that_ends_while_its_events_are_read_has_ended() {
    let home = env::temp_dir().join(format!("orch-sqlite-settle-{}", process::id()));
    let _ = fs::remove_dir_all(&home);
    let folder = Folder::open(&home, Durability::Normal).expect("the folder can be opened");
    let run = RunRecord::new(RunId::from_u128(1), "job", [].into(), Timestamp::UNIX_EPOCH);
    let mut writer = folder.create(&run, &conformance::pinned()).expect("the run can be made");
    writer.commit(&conformance::step(run.id, 1)).expect("committed");
    drop(writer);

    let left = folder.left(None).expect("the list can be read");
    // Another takes it up, and dies before the list says how it ended.
    let mut writer = folder.reopen(run.id).expect("nobody holds it");
    let end = Event::new(Timestamp::UNIX_EPOCH, run.id, None, 0, EventKind::RunSuccess);
    writer.commit(&[end.into()]).expect("committed");
    drop(writer);
    let corrected = folder.correct(left).expect("the list can be written");
    assert_eq!(corrected.iter().map(|run| run.status).collect::<Vec<_>>(), [RunStatus::Success]);
    assert_eq!(folder.run(run.id).expect("it is listed").status, RunStatus::Success);

    let mut writer = folder.reopen(run.id).expect("nobody holds it");
    let left = folder.left(None).expect("the list can be read");
    assert!(left.is_empty(), "it is held");
    writer.update(&run).expect("listed");
    drop(writer);
    let left = folder.left(None).expect("the list can be read");
    let writer = folder.reopen(run.id).expect("nobody holds it");
    assert_eq!(folder.correct(left).expect("the list can be read"), [], "whoever holds it tells of it");
    drop(writer);
    fs::remove_dir_all(home).expect("removed");
}
