//! A disk without a byte of room. What is there can be looked at, and clearing away makes room.

use std::ops::RangeInclusive;
use std::path::Path;

use orch_core::storage::{LogQuery, ReadRuns, RunQuery, WriteRuns, conformance};
use orch_sqlite::{Durability, Folder, Retention};

use super::{Disk, Told, tried};
use crate::folders::{at, events, id, open, record, run_of, told};
use crate::programs::{program, said, say};

/// Looks at all there is, tries to write, clears away, and tries again.
pub(crate) fn look_and_clear(home: &Path) {
    let Some(folder) = tried("folder", Folder::open(home, Durability::Full)) else { return };
    let runs = tried("runs", folder.runs(&RunQuery::default())).unwrap_or_default();
    for run in &runs {
        let one = folder.run(run.id).map(|run| run.status.name());
        let holder = folder.holder(run.id).map_or_else(|error| error.to_string(), |held| format!("{held:?}"));
        say(&format!(
            "{} {:?}, {} events, held by {holder}",
            run.id,
            one.ok(),
            events(&folder, run.id).len()
        ));
        tried("pinned", folder.pinned(run.id).map(drop));
        tried(
            "logs",
            folder.events(run.id).and_then(|log| {
                log.logs(0, &LogQuery::default(), &mut |_| std::ops::ControlFlow::Continue(()))
            }),
        );
    }
    tried("checked", folder.check().map(|found| found.iter().for_each(|found| say(&found.to_string()))));
    let create = |number| folder.create(&record(number), &conformance::pinned()).map(drop);
    tried("run 8", create(8));
    tried("again 1", folder.reopen(id(1)).map(drop));
    let keep = Retention { runs: Some(1), days: None, bytes: None };
    if let Some(collected) = tried("cleared", folder.gc(&keep, at(10))) {
        say(&format!("{} removed, {} swept", collected.removed.len(), collected.swept));
    }
    tried("run 9", create(9));
    let mut writer = match folder.reopen(id(9)) {
        Ok(writer) => writer,
        Err(error) => return say(&error),
    };
    tried("commit", writer.commit(&conformance::step(id(9), 1)).map_err(Told));
}

/// What a program has said that looked at this disk and cleared it when it was full, with where and how that is told.
fn on_a_full_disk(disk: Disk) -> String {
    let disk = disk.with("DISK_ROOM", &0);
    let lines = disk.said("look and clear", "a full disk").into_iter().map(|line| {
        let Some(failed) = line.strip_prefix("no ") else { return line };
        let (what, why) = failed.split_once(": ").expect("it says why");
        let why = told(&disk.home(), &why);
        assert!(why.starts_with("`HOME/"), "{why}");
        assert!(why.contains("the disk is full |  hint: free some space, with `instance gc`"), "{why}");
        format!("no {what}: the disk is full")
    });
    let lines: Vec<_> = lines.collect();
    let folder = open(&disk.home());
    assert_eq!(folder.check().expect("it can be checked"), []);
    lines.join("\n")
}

/// A disk with runs that are over, each of which has a large output.
fn with_runs(numbers: RangeInclusive<u64>) -> Disk {
    let disk = Disk::new();
    disk.root();
    let folder = open(&disk.home());
    for number in numbers {
        let mut step = conformance::step(id(number), 1);
        step[2].value = Some(vec![7; 200_000].into());
        run_of(&folder, &record(number), &step);
    }
    disk
}

#[test]
fn a_full_disk_can_be_looked_at_and_cleared() {
    insta::assert_snapshot!(on_a_full_disk(with_runs(1..=3)), @r#"
    folder
    runs
    00000000-0000-0000-0000-000000000003 Some("success"), 5 events, held by None
    pinned
    logs
    00000000-0000-0000-0000-000000000002 Some("success"), 5 events, held by None
    pinned
    logs
    00000000-0000-0000-0000-000000000001 Some("success"), 5 events, held by None
    pinned
    logs
    checked
    no run 8: the disk is full
    no again 1: the disk is full
    cleared
    2 removed, 0 swept
    run 9
    commit
    "#);
}

#[test]
fn what_was_killed_on_a_full_disk_can_be_looked_at() {
    let disk = with_runs(2..=3);
    let mut killed = program("hold", &disk.home()).spawn().expect("it can be begun");
    assert_eq!(said(&mut killed).next().as_deref(), Some("held"));
    killed.kill().expect("it is ours");
    killed.wait().expect("it is ours");
    insta::assert_snapshot!(on_a_full_disk(disk), @r#"
    folder
    runs
    00000000-0000-0000-0000-000000000003 Some("success"), 5 events, held by None
    pinned
    logs
    00000000-0000-0000-0000-000000000002 Some("success"), 5 events, held by None
    pinned
    logs
    00000000-0000-0000-0000-000000000001 Some("running"), 0 events, held by None
    pinned
    logs
    checked
    no run 8: the disk is full
    no again 1: the disk is full
    cleared
    1 removed, 0 swept
    run 9
    commit
    "#);
}
