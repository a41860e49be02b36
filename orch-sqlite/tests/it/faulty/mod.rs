//! A disk that fails, or loses what it was not told to keep. (`docs/guarantees.md`, 6, 7 and 10)
//!
//! `disk.c` lies between a program and the system: the calls of SQLite and of the standard library fail there as a test
//! wants it, and are written down. It is compiled with what SQLite is compiled with.

mod failures;
mod image;
mod losses;
mod room;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs, process};

use orch_core::event::{Detail, Entry, Event, EventKind, RunStatus, RunView};
use orch_core::failure::Failure;
use orch_core::storage::{
    ReadKeySets, ReadRuns, RunQuery, StorageError, WriteEvents, WriteKeySets, WriteRuns, conformance,
};
use orch_sqlite::{Durability, Folder, Retention};

use crate::crash::knows_what_the_logs_tell;
use crate::folders::{Empty, at, await_facts, events, id, record};
use crate::programs::{program, said, say};

pub(crate) use room::look_and_clear;

/// The numbers of errors, as the system has them.
const EIO: u32 = 5;
const ENOSPC: u32 = 28;

static LAYER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (layer, partial) = (folder.join("disk.so"), folder.join(format!("disk-{}.so", process::id())));
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let mut words = compiler.split_whitespace();
    let made = Command::new(words.next().unwrap_or("cc"))
        .args(words)
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(&partial)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faulty/disk.c"))
        .args(["-ldl", "-lpthread"])
        .status();
    assert!(made.expect("there is a compiler").success(), "it can be compiled");
    // Another one may be using what was there.
    fs::rename(&partial, &layer).expect("it was made");
    layer
});

/// A disk for a program, all of which lies in a folder.
struct Disk {
    root: Empty,
    set: Vec<(&'static str, OsString)>,
}

impl Disk {
    fn new() -> Self {
        Self { root: Empty::in_memory(), set: Vec::new() }
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home/.orch")
    }

    fn root(&self) -> PathBuf {
        let root = self.root.path().join("home");
        fs::create_dir_all(&root).expect("a folder for the test");
        root
    }

    fn trace(&self) -> PathBuf {
        self.root.path().join("trace")
    }

    fn with(mut self, what: &'static str, value: &impl ToString) -> Self {
        self.set.push((what, value.to_string().into()));
        self
    }

    /// What a program says that does this on it. It ends by itself.
    fn said(&self, what: &str, place: &str) -> Vec<String> {
        let mut program = program(what, &self.home());
        program.env("LD_PRELOAD", &*LAYER).env("DISK_ROOT", self.root()).env("DISK_TRACE", self.trace());
        program.envs(self.set.iter().map(|(name, value)| (name, value)));
        let mut program = program.spawn().expect("it can be begun");
        let lines = said(&mut program).collect();
        let status = program.wait().expect("it is ours");
        assert!(status.success(), "{place}: it ends by itself, and not with {status}: {lines:?}");
        lines
    }

    /// The calls that were made, and what was said meanwhile.
    fn told(&self) -> Vec<image::Call> {
        image::calls(&fs::read(self.trace()).expect("it was written down"))
    }
}

/// What is committed of a run, one after the other: the second has its value in a file, the third tells of an asset.
fn commits(run: u64) -> Vec<Vec<Entry>> {
    let end = Event::new(at(run), id(run), None, 0, EventKind::RunSuccess);
    let mut large = conformance::step(id(run), 3);
    large[2].value = Some(vec![7; 9_000].into());
    vec![
        conformance::step(id(run), 1).into(),
        conformance::step(id(run), 2).into(),
        conformance::asset(id(run), run, "orders", None),
        large.into(),
        vec![end.into()],
    ]
}

/// What lies in the file of the second commit.
const IN_FILE: &[u8] = b"a value that lies in a file";

/// Does all that a program does, and goes on whatever fails. Says what is acknowledged, as soon as it is, and each failure.
pub(crate) fn act(home: &Path, durability: Durability) {
    let Some(folder) = tried("folder", Folder::open(home, durability)) else { return };
    for run in [1, 2] {
        drop(write(&folder, run, true));
    }
    tried("keys", folder.add_keys("customers", &["acme"]));
    tried("listed", folder.runs(&RunQuery::default()));
    if folder.run(id(1)).is_ok() {
        say(&"removing 1");
        tried("removed 1", folder.remove(id(1)));
    }
    tried("cleared", folder.gc(&Retention { runs: Some(1), ..Retention::default() }, at(10)));
    tried("checked", folder.check());
}

/// Makes a run of these commits, and if it `lists` them each has its line in the list. Gives who writes it to the end.
fn write(folder: &Folder, run: u64, lists: bool) -> Option<Box<dyn WriteEvents>> {
    let made = folder.create(&record(run), &conformance::pinned());
    let mut writer = tried(&format!("run {run}"), made)?;
    let mut view = RunView::new(Detail::Counts);
    for (number, entries) in commits(run).iter().enumerate() {
        if number == 1 {
            let files = folder.artifacts(id(run));
            let written = files.map_err(Told::from).and_then(|files| {
                files.write("add/result", &mut |out| Ok(out.write_all(IN_FILE)?)).map_err(Told)
            });
            if tried(&format!("file {run}"), written).is_none() {
                continue;
            }
        }
        if number == 3 {
            drop(writer);
            writer = tried(&format!("again {run}"), folder.reopen(id(run)))?;
        }
        let committed = writer.commit(entries).map_err(Told);
        await_facts(folder);
        // So does the engine: nothing follows from what is not recorded.
        tried(&format!("commit {run} {number}"), committed)?;
        entries.iter().for_each(|entry| view.apply(&entry.event));
        if lists {
            let mut line = record(run);
            line.tell(&view);
            tried(&format!("line {run} {number}"), writer.update(&line).map_err(Told));
        }
    }
    Some(writer)
}

/// Commits a run to its end, and dies before the list says so.
pub(crate) fn act_and_die(home: &Path) {
    let Some(folder) = tried("folder", Folder::open(home, Durability::Normal)) else { return };
    let _writer = write(&folder, 1, false);
    process::exit(0);
}

/// Lists what others have left.
pub(crate) fn list(home: &Path) {
    let Some(folder) = tried("folder", Folder::open(home, Durability::Normal)) else { return };
    tried("listed", folder.runs(&RunQuery::default()));
}

/// Gives back what room the list has left, and dies.
pub(crate) fn compact(home: &Path) {
    let Some(folder) = tried("folder", Folder::open(home, Durability::Normal)) else { return };
    tried("compacted", folder.compact());
    process::exit(0);
}

/// An error with its hint, as one line.
struct Told(Failure);

impl From<StorageError> for Told {
    fn from(error: StorageError) -> Self {
        Self(error.into_failure())
    }
}

/// Says whether it could be done.
fn tried<T, E: Into<Told>>(what: &str, done: Result<T, E>) -> Option<T> {
    match done {
        Ok(done) => {
            say(&what);
            Some(done)
        }
        Err(error) => {
            say(&format!("no {what}: {}", error.into().0.info()));
            None
        }
    }
}

/// What a program has said, and what follows from it.
struct Said<'a>(&'a [String]);

impl Said<'_> {
    fn has(&self, line: &str) -> bool {
        self.0.iter().any(|said| said == line)
    }

    /// Whoever comes next finds what was acknowledged, in order and whole; of what was not it may find what was begun.
    /// With `loses` the last commits of a run may be lost.
    fn is_kept(&self, home: &Path, loses: bool, place: &str) {
        if !self.has("folder") && !home.exists() {
            return;
        }
        let folder = Folder::open(home, Durability::Full).unwrap_or_else(|error| panic!("{place}: {error}"));
        // On a full disk the folder of a run that is to be removed goes first, and there may be no room to say so.
        let is_gone = !home.join(format!("runs/{}", id(1))).exists();
        if is_gone && self.has("removing 1") && folder.run(id(1)).is_ok() {
            folder.remove(id(1)).expect(place);
        }
        let runs = folder.runs(&RunQuery::default()).expect(place);
        for run in [1, 2] {
            let listed = runs.iter().find(|listed| listed.id == id(run));
            let is_left = run != 1 || !self.has("removing 1");
            assert!(listed.is_some() || !self.has(&format!("run {run}")) || !is_left, "{place}: {run}");
            let Some(listed) = listed else { continue };
            assert_eq!(folder.holder(id(run)).expect(place), None, "{place}");
            assert_eq!(folder.pinned(id(run)).expect(place), conformance::pinned(), "{place}");
            let read: Vec<_> = events(&folder, id(run)).into_iter().map(|logged| logged.event).collect();
            let (mut left, mut is_over, mut is_cut_off) = (&read[..], false, false);
            for (number, entries) in commits(run).iter().enumerate() {
                let was_read = entries.iter().map(|entry| &entry.event).eq(left.iter().take(entries.len()));
                let is_acknowledged = self.has(&format!("commit {run} {number}"));
                assert!(!is_cut_off || !was_read, "{place}: {run} has {number}, and not what was before");
                is_cut_off |= is_acknowledged && !was_read;
                if was_read {
                    left = &left[entries.len()..];
                    is_over = number == 4;
                }
                if number == 1 && was_read {
                    let mut value = Vec::new();
                    let file = folder.artifacts(id(run)).and_then(|files| files.open("add/result"));
                    std::io::Read::read_to_end(&mut file.expect(place), &mut value).expect(place);
                    assert_eq!(value, IN_FILE, "{place}");
                }
            }
            assert!(left.is_empty(), "{place}: {run} has what was never committed: {left:?}");
            assert!(loses || !is_cut_off, "{place}: {run} has lost what was acknowledged: {read:?}");
            assert_eq!(listed.status == RunStatus::Success, is_over, "{place}: {listed:?}");
        }
        let keys = folder.key_set("customers").expect(place).iter().count();
        assert!(keys == 1 || !self.has("keys"), "{place}");
        knows_what_the_logs_tell(&folder, &runs, place);
        goes_on(&folder, runs.iter().map(|run| run.id), place);
    }
}

/// Each run goes on, another one can be made, and nothing is left that is not as it should be.
fn goes_on(folder: &Folder, runs: impl Iterator<Item = orch_core::ids::RunId>, place: &str) {
    for run in runs {
        let before = events(folder, run).len();
        let mut writer = folder.reopen(run).unwrap_or_else(|error| panic!("{place}: {error}"));
        writer.commit(&conformance::step(run, 1_000)).expect(place);
        drop(writer);
        assert_eq!(events(folder, run).len(), before + 4, "{place}");
    }
    drop(folder.create(&record(9), &conformance::pinned()).expect(place));
    let nothing = Retention { runs: None, days: None, bytes: None };
    folder.gc(&nothing, at(10)).expect(place);
    assert_eq!(folder.check().expect(place), [], "{place}");
}
