//! Folders for tests, and runs in them.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use orch_core::event::{Detail, Entry, Event, EventKind, Logged, RunView};
use orch_core::ids::RunId;
use orch_core::storage::{ReadAssets, ReadRuns, RunRecord, WriteEvents, WriteRuns, conformance};
use orch_sqlite::{Durability, Folder};
use rusqlite::Connection;

/// An empty folder, removed at the end of the test that made it.
pub(crate) struct Empty(PathBuf);

impl Empty {
    pub(crate) fn new() -> Self {
        Self::within(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// One in memory, where there is such a thing: for many processes that die, and no loss of power.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Self::within(memory) } else { Self::new() }
    }

    /// One that each user of the machine comes to.
    pub(crate) fn of_all() -> Self {
        Self::within(&std::env::temp_dir())
    }

    fn within(folder: &Path) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("orch-sqlite-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A storage in a new folder.
pub(crate) fn storage() -> (Empty, Folder) {
    let home = Empty::new();
    let folder = open(home.path());
    (home, folder)
}

pub(crate) fn open(home: &Path) -> Folder {
    Folder::open(home, Durability::Normal).expect("the folder can be opened")
}

pub(crate) fn id(number: u64) -> RunId {
    RunId::from_u128(number.into())
}

/// A moment so many seconds after the first there is.
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
}

pub(crate) fn record(number: u64) -> RunRecord {
    RunRecord::new(id(number), "job", [].into(), at(number))
}

pub(crate) fn make(folder: &Folder, number: u64) -> Box<dyn WriteEvents> {
    folder.create(&record(number), &conformance::pinned()).expect("the run can be made")
}

/// Makes a run of one step that ends well, with its line in the list.
pub(crate) fn run_to_its_end(folder: &Folder, record: &RunRecord) {
    let mut step = conformance::step(record.id, 1);
    step.iter_mut().for_each(|entry| entry.event.time = record.created);
    run_of(folder, record, &step);
}

/// Makes a run of these events that ends well, with its line in the list.
pub(crate) fn run_of(folder: &Folder, record: &RunRecord, entries: &[Entry]) {
    let mut writer = folder.create(record, &conformance::pinned()).expect("the run can be made");
    let end = Event::new(record.created, record.id, None, 0, EventKind::RunSuccess);
    let mut view = RunView::new(Detail::Counts);
    for entries in [entries, &[end.into()]] {
        writer.commit(entries).expect("committed");
        await_facts(folder);
        entries.iter().for_each(|entry| view.apply(&entry.event));
    }
    let mut over = record.clone();
    over.tell(&view);
    writer.update(&over).expect("listed");
}

/// Facts are put by a thread of its own: from here on all are there, so that the writes of a process come in one order.
pub(crate) fn await_facts(folder: &Folder) {
    folder.assets().expect("the facts can be read");
}

/// How many rows there are in a table beside the list, whoever has that.
pub(crate) fn put(home: &Path, table: &str) -> i64 {
    let list = Connection::open(home.join("instance.db")).expect("the list");
    let count = list.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    count.expect("it can be read")
}

pub(crate) fn events(folder: &Folder, run: RunId) -> Vec<Logged> {
    let mut read = Vec::new();
    let mut keep = |logged| {
        read.push(logged);
        ControlFlow::Continue(())
    };
    folder.events(run).and_then(|events| events.events(0, true, &mut keep)).expect("the events can be read");
    read
}

/// The text without what differs between machines: where the folder lies.
pub(crate) fn told(home: &Path, text: &impl ToString) -> String {
    text.to_string().replace(&home.display().to_string(), "HOME").replace('\\', "/")
}
