//! What a disk has after a loss of power, by what a program has asked of it. What was brought to the disk is there. Of the
//! rest there may be anything, sector by sector and name by name.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// What a disk writes whole, if it writes it at all.
const SECTOR: u64 = 512;

/// A file or a folder, whatever it is called.
type Object = usize;

/// What a program has asked of the system, or said.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Root(u64),
    File(u64, String),
    Folder(u64, String),
    Write(u64, u64, Vec<u8>),
    Length(u64, u64),
    Sync(u64),
    /// It could not be brought to the disk, which it was told.
    NotSynced(u64),
    Rename(String, String),
    Remove(String),
    Said(Vec<u8>),
}

/// The calls as `disk.c` writes them down.
pub(super) fn calls(mut trace: &[u8]) -> Vec<Call> {
    let mut calls = Vec::new();
    while !trace.is_empty() {
        let end = trace.iter().position(|byte| *byte == b'\n').expect("a line");
        let line = str::from_utf8(&trace[..end]).expect("a text");
        trace = &trace[end + 1..];
        let words: Vec<_> = line.split('\t').collect();
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let text = |at: usize| words[at].to_owned();
        let mut bytes = |many: u64| {
            let (bytes, rest) = trace.split_at(many as usize);
            trace = rest;
            bytes.to_owned()
        };
        calls.push(match words[0] {
            "h" => Call::Root(number(1)),
            "c" => Call::File(number(1), text(2)),
            "m" => Call::Folder(number(1), text(2)),
            "w" => Call::Write(number(1), number(2), bytes(number(3))),
            "t" => Call::Length(number(1), number(2)),
            "s" => Call::Sync(number(1)),
            "x" => Call::NotSynced(number(1)),
            "n" => Call::Rename(text(1), text(2)),
            "u" => Call::Remove(text(1)),
            "o" => Call::Said(bytes(number(1))),
            other => panic!("no call is told as `{other}`"),
        });
    }
    calls
}

/// What the disk has of what was not brought to it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Left {
    Nothing,
    All,
    /// By chance, the same for the same number.
    Some(u64),
}

impl Left {
    fn has(&mut self) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Some(state) => {
                *state =
                    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *state >> 63 == 1
            }
        }
    }
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
    /// In a folder: the name is that of the object, or of none.
    Name(Vec<(String, Option<Object>)>),
}

/// What the disk has of a file or a folder, and what was asked of it since.
#[derive(Clone, Default)]
struct Kept {
    bytes: Vec<u8>,
    names: BTreeMap<String, Object>,
    is_folder: bool,
    pending: Vec<Change>,
}

impl Kept {
    /// Brings to the disk what is `left` of what was asked.
    fn settle(&mut self, left: &mut Left) {
        let mut is_cut_off = false;
        for change in std::mem::take(&mut self.pending) {
            match change {
                Change::Write(mut from, bytes) => {
                    let mut bytes = &bytes[..];
                    while !bytes.is_empty() {
                        let many = bytes.len().min((SECTOR - from % SECTOR) as usize);
                        let (sector, rest) = bytes.split_at(many);
                        if left.has() {
                            let (from, to) = (from as usize, from as usize + many);
                            self.bytes.resize(self.bytes.len().max(to), 0);
                            self.bytes[from..to].copy_from_slice(sector);
                        }
                        (from, bytes) = (from + many as u64, rest);
                    }
                }
                Change::Length(length) => {
                    if left.has() {
                        self.bytes.resize(length as usize, 0);
                    }
                }
                // Names change in their order, up to some.
                Change::Name(names) => {
                    is_cut_off |= !left.has();
                    if !is_cut_off {
                        self.rename(names);
                    }
                }
            }
        }
    }

    fn rename(&mut self, names: Vec<(String, Option<Object>)>) {
        for (name, object) in names {
            match object {
                Some(object) => self.names.insert(name, object),
                None => self.names.remove(&name),
            };
        }
    }
}

/// A disk as it is after some calls.
#[derive(Clone, Default)]
pub(super) struct Image {
    kept: Vec<Kept>,
    /// The objects by the numbers that the system has for them now.
    known: HashMap<u64, Object>,
    /// The same by their names, as the program sees them.
    named: HashMap<String, Object>,
}

impl Image {
    /// After a failure to bring something to the disk it is `left` what of it is there, and nobody tries again: the system
    /// takes it for written.
    pub(super) fn after(&mut self, call: &Call, left: &mut Left) {
        match call {
            // Whoever comes next on the same disk finds it there.
            Call::Root(number) if self.known.contains_key(number) => {}
            Call::Root(number) => self.make(*number, "", true),
            Call::File(number, path) => self.make(*number, path, false),
            Call::Folder(number, path) => self.make(*number, path, true),
            Call::Write(number, from, bytes) => self.change(*number, Change::Write(*from, bytes.clone())),
            Call::Length(number, length) => self.change(*number, Change::Length(*length)),
            Call::Sync(number) => self.settle(*number, &mut Left::All),
            Call::NotSynced(number) => self.settle(*number, left),
            Call::Rename(from, to) => {
                let object = self.named.remove(from).expect("it is there");
                self.named.insert(to.clone(), object);
                let ((folder, old), (other, new)) = (outer(from), outer(to));
                assert_eq!(folder, other, "what is renamed stays in its folder");
                self.name(folder, vec![(old.to_owned(), None), (new.to_owned(), Some(object))]);
            }
            Call::Remove(path) => {
                self.named.remove(path);
                let (folder, name) = outer(path);
                self.name(folder, vec![(name.to_owned(), None)]);
            }
            Call::Said(_) => {}
        }
    }

    fn make(&mut self, number: u64, path: &str, is_folder: bool) {
        let object = self.kept.len();
        self.kept.push(Kept { is_folder, ..Kept::default() });
        self.known.insert(number, object);
        self.named.insert(path.to_owned(), object);
        if !path.is_empty() {
            let (folder, name) = outer(path);
            self.name(folder, vec![(name.to_owned(), Some(object))]);
        }
    }

    fn name(&mut self, folder: &str, names: Vec<(String, Option<Object>)>) {
        let folder = self.named[folder];
        self.kept[folder].pending.push(Change::Name(names));
    }

    fn change(&mut self, number: u64, change: Change) {
        self.kept[self.known[&number]].pending.push(change);
    }

    fn settle(&mut self, number: u64, left: &mut Left) {
        self.kept[self.known[&number]].settle(left);
    }

    /// Lays down in this folder what the disk has after a loss of power.
    pub(super) fn lay_down(&self, folder: &Path, mut left: Left) {
        let mut image = self.clone();
        image.kept.iter_mut().for_each(|kept| kept.settle(&mut left));
        image.lay(0, folder);
    }

    fn lay(&self, object: Object, path: &Path) {
        let kept = &self.kept[object];
        if !kept.is_folder {
            return fs::write(path, &kept.bytes).expect("written");
        }
        fs::create_dir_all(path).expect("made");
        for (name, object) in &kept.names {
            // What SQLite's processes share in memory is gone with them.
            if !name.ends_with("-shm") {
                self.lay(*object, &path.join(name));
            }
        }
    }
}

/// The folder that something lies in, and its name there.
fn outer(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
