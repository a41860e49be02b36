use std::ops::ControlFlow;
use std::{env, fs, process};

use jiff::Timestamp;
use orch_core::event::{Event, EventKind, Logged};
use orch_core::ids::RunId;
use orch_core::storage::{RunRecord, StorageError, WriteRuns, conformance};

use super::Reader;
use crate::{Durability, Folder};

#[test]
fn no_changed_bit_makes_an_outline_shorter() {
    let home = env::temp_dir().join(format!("orch-outline-{}", process::id()));
    let _ = fs::remove_dir_all(&home);
    let folder = Folder::open(&home, Durability::Normal).expect("a folder");
    let (run, now) = (RunId::from_u128(1), Timestamp::UNIX_EPOCH);
    let record = RunRecord::new(run, "job", [].into(), now);
    let mut writer = folder.create(&record, &conformance::pinned()).expect("the run can be made");
    writer.commit(&conformance::step(run, 1)).expect("committed");
    writer.commit(&[Event::new(now, run, None, 0, EventKind::RunSuccess).into()]).expect("committed");
    drop(writer);

    let file = folder.run_folder(run).join("run.db");
    let outline = || -> Result<Vec<Logged>, StorageError> {
        let mut read = Vec::new();
        let reader = Reader::open(run, &folder.run_folder(run))?.expect("it is of the present version");
        reader.outline(0, &mut |logged| {
            read.push(logged);
            ControlFlow::Continue(())
        })?;
        Ok(read)
    };
    let whole = outline().expect("it can be read");
    assert_eq!(whole.len(), 1);
    let (bytes, mut found) = (fs::read(&file).expect("it is there"), 0);
    for at in 0..bytes.len() {
        // What is empty says nothing.
        if bytes[at] == 0 && !at.is_multiple_of(64) {
            continue;
        }
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&file, &flipped).expect("written");
        match outline() {
            Ok(read) => assert!(read == whole, "byte {at}"),
            Err(_) => found += 1,
        }
        for beside in ["db-wal", "db-shm"] {
            let _ = fs::remove_file(file.with_extension(beside));
        }
    }
    assert!(found > 50, "{found}");
    fs::remove_dir_all(home).expect("the folder goes");
}
