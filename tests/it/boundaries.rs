//! All that is written, started, or said to another process passes a boundary, at which a test can kill the process.

use std::collections::BTreeSet;

use orch::storage::conformance::boundaries::{names, sources};

use crate::project;

/// What writes, opens something to be written, starts a process, or says something to one.
const WRITES: [&str; 37] = [
    ".execute(",
    ".execute_batch(",
    ".flush()",
    ".persist(",
    ".raw_execute(",
    ".spawn()",
    ".transaction(",
    ".write(&",
    ".write(bytes",
    ".write_all(",
    "Command::new(",
    "Connection::open",
    "File::create",
    "File::options(",
    "OpenOptions",
    "UnixStream::connect(",
    "create_dir",
    "frame::write(",
    "fs::copy(",
    "fs::write(",
    "hard_link(",
    "pragma_update(",
    "remove_dir",
    "remove_file(",
    "rename(",
    "set_len(",
    "set_permissions(",
    "store.delete(",
    "store.put(",
    "store.put_multipart(",
    "symlink(",
    "sync_all(",
    "sync_data(",
    "tempfile",
    "unchecked_transaction(",
    "upload.finish(",
    "upload.write(",
];

/// What passes boundaries before and after what stands within it: the functions of `io/boundary.rs`, and one of `orch-sqlite`'s
/// `write.rs`, to which a function is given that writes.
const WITHIN: [&str; 3] = ["around(", "start_process(", "write::whole("];

/// Files that write for tests alone.
const TESTS: [&str; 2] = ["orch-core/src/io/boundary.rs", "orch-core/src/storage/conformance/"];

/// What passes no boundary where it stands, and is meant: the file, a part of the line, and why.
const EXCEPTIONS: [(&str, &str, &str); 44] = [
    ("src/cli/detach.rs", "Command::new(std::env::current_exe()?)", "is started by `start_process`"),
    ("src/cli/detach.rs", "open(\"/dev/null\")", "what is written there is nowhere"),
    ("src/cli/printer.rs", "stream.to.write_all(", "the terminal"),
    ("src/cli/terminal.rs", "self.term.flush()", "the terminal"),
    ("src/cli/run.rs", "fs::write(file, report::svg(view))", "a picture, which `show --chart` draws again"),
    (
        "src/cli/run.rs",
        "OpenOptions::new().write(true).create_new(true)",
        "asks whether the picture finds its place",
    ),
    ("src/cli/run.rs", "fs::remove_file(file)", "as above"),
    ("src/cli/run.rs", "OpenOptions::new().append(true)", "as above"),
    (
        "orch-core/src/engine/dispatcher/write.rs",
        "dispatcher.write_all()",
        "a storage commits it, whose boundaries it passes",
    ),
    ("orch-core/src/io/codec.rs", "self.out.write_all(bytes)", "hands on what it is given"),
    ("orch-core/src/io/codec.rs", "self.out.flush()", "as above"),
    (
        "orch-core/src/step/write.rs",
        "artifacts.write(&name, &mut write)",
        "a storage writes it, whose boundaries it passes",
    ),
    (
        "orch-core/src/step/isolated/attempt.rs",
        "io::stdout().flush()",
        "lines of the step's code; what follows them is said by `send`",
    ),
    (
        "orch-core/src/step/isolated/frame.rs",
        "out.write_all(",
        "what says a message passes the boundaries of that",
    ),
    ("orch-core/src/step/isolated/frame.rs", "out.flush()", "as above"),
    ("orch-core/src/step/isolated/minder.rs", "Command::new(program)", "is started by `start_process`"),
    ("orch-macros/src/asset/fingerprint.rs", "hash.write(bytes)", "a hash"),
    ("orch-polars/src/file.rs", "format.write(&mut frame.clone(), to)", "into what `replace` gives it"),
    ("orch-polars/src/place/folder.rs", "temporary.rename(path)?", "passes them itself"),
    (
        "orch-polars/src/place/objects.rs",
        "tempfile::NamedTempFile::new()",
        "goes with the process that made it, or is swept by the system",
    ),
    ("orch-polars/src/place/objects/transfer.rs", "tempfile::tempfile()", "has no name"),
    ("orch-polars/src/place/objects/transfer.rs", "file.write_all(&part", "into that"),
    ("orch-polars/src/place/objects/transfer.rs", "store.put(", "within `object.put`"),
    ("orch-polars/src/place/objects/transfer.rs", "store.put_multipart(", "as above"),
    ("orch-polars/src/place/objects/transfer.rs", "upload.write(", "as above"),
    ("orch-polars/src/place/objects/transfer.rs", "upload.finish(", "as above"),
    ("orch-polars/src/place/objects/transfer.rs", "store.delete(", "within `object.delete`"),
    ("orch-polars/src/manager/hashing.rs", "(&*self.file)", "hands on what it is given"),
    ("orch-polars/src/manager/hashing.rs", "self.file.sync_", "as above"),
    (
        "orch-sqlite/src/facts/status.rs",
        "list.unchecked_transaction()?",
        "of what is read at one moment, by a connection that only reads",
    ),
    ("orch-sqlite/src/files.rs", "self.out.", "hands on what it is given"),
    (
        "orch-sqlite/src/log/write.rs",
        "row.write(&event.kind)",
        "makes a row of it, which is written by a transaction",
    ),
    ("orch-sqlite/src/list/turn.rs", "File::options()", "opens what is there, to be locked"),
    ("orch-sqlite/src/schema.rs", "Connection::open_with_flags(", "opens what is there"),
    (
        "orch-sqlite/src/schema.rs",
        "Connection::open(partial)",
        "has another name until it is whole, and is made by what passes them",
    ),
    (
        "orch-sqlite/src/schema.rs",
        "connection.pragma_update(None, pragma, value)",
        "of the connection, and not of the file",
    ),
    (
        "orch-sqlite/src/upkeep/parcel.rs",
        "Connection::open_with_flags(copy",
        "a copy that has another name until it is whole",
    ),
    (
        "orch-sqlite/src/upkeep/parcel.rs",
        "files.write(&packed.file",
        "a file of a run, whose boundaries it passes",
    ),
    ("orch-sqlite/src/upkeep/parcel.rs", "out.write_all(row.get_ref(0)?", "into what that gives it"),
    ("orch-sqlite/src/write.rs", "self.0.execute_batch(sql)", "within a transaction"),
    ("orch-sqlite/src/write.rs", "self.0.execute(values)", "as above"),
    ("orch-sqlite/src/write.rs", "self.0.raw_execute()", "as above"),
    (
        "orch-sqlite/src/write.rs",
        "let open = || File::options()",
        "of a file that is there, or within `around`",
    ),
    ("orch-sqlite/src/write.rs", "remove_file(&partial, \"file.sweep\")", "passes them itself"),
];

/// The tests that kill a process at each boundary of a member of the workspace.
const MET_BY: [(&str, &str); 4] = [
    ("orch-core/src", "tests/workers/mod.rs"),
    ("orch-polars/src", "orch-polars/tests/assets/crash.rs"),
    ("orch-sqlite/src", "orch-sqlite/tests/it/crash.rs"),
    ("src", "tests/detached.rs"),
];

#[test]
fn all_that_is_written_or_said_passes_a_boundary() {
    let (mut wrong, mut met) = (Vec::new(), BTreeSet::new());
    for member in members() {
        for (file, text) in sources(&project::root().join(&member)) {
            let file = format!("{member}/{file}");
            if TESTS.iter().any(|tests| file.starts_with(tests)) {
                continue;
            }
            for (line, whole) in unguarded(&text) {
                let meant = EXCEPTIONS.iter().position(|(of, part, _)| *of == file && whole.contains(part));
                match meant {
                    Some(exception) => drop(met.insert(exception)),
                    None => wrong.push(format!("{file}:{line}: {whole}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "without a boundary, put these into `around(..)`:\n{}", wrong.join("\n"));
    let stale: Vec<_> =
        (0..EXCEPTIONS.len()).filter(|at| !met.contains(at)).map(|at| EXCEPTIONS[at]).collect();
    assert!(stale.is_empty(), "no longer needed: {stale:?}");
}

/// A boundary is there to be died at.
#[test]
fn the_boundaries_of_each_crate_are_met_by_a_test() {
    let with: Vec<_> =
        members().into_iter().filter(|member| !names(&project::root().join(member)).is_empty()).collect();
    assert_eq!(with, MET_BY.map(|(member, _)| member));
    for (member, test) in MET_BY {
        assert!(project::read(test).contains("names("), "{test} asks which boundaries {member} has");
    }
}

/// One place to look at, for whoever asks what lasts and in which order.
#[test]
fn the_storage_writes_in_one_place() {
    let sources = sources(&project::root().join("orch-sqlite/src"));
    let writes = sources.iter().filter(|(_, text)| WITHIN[..2].iter().any(|call| text.contains(call)));
    assert_eq!(writes.map(|(file, _)| file.as_str()).collect::<Vec<_>>(), ["write.rs", "write/doubt.rs"]);
}

#[test]
fn what_passes_none_would_be_seen() {
    let found = |text: &str| unguarded(text).into_iter().map(|(line, _)| line).collect::<Vec<usize>>();
    assert_eq!(found("fs::rename(from, to)?;\n// fs::rename(a, b)\n"), [1]);
    assert_eq!(found("let a = 1;\naround(\"a.b\", || fs::rename(from, (to)))?; fs::write(to, b)?;\n"), [2]);
    assert_eq!(found("around(\"a.b\", || {\n    fs::rename(from, to)\n})\n"), [0; 0]);
    assert_eq!(
        found("fn remove_file(path: &Path) {}\nwrite::remove_file(path)?;\nuse std::fs::{OpenOptions};\n"),
        [0; 0]
    );
    assert_eq!(found("start_process(\"a.b\", &mut command)?;\ncommand.spawn()\n"), [2]);
}

/// The lines that write outside of boundaries, with their numbers.
fn unguarded(text: &str) -> Vec<(usize, &str)> {
    let within = spans(text);
    let mut lines = BTreeSet::new();
    for write in WRITES {
        for (at, _) in text.match_indices(write) {
            let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let line = text[begin..].lines().next().unwrap_or_default().trim();
            let before = &text[..at];
            // A method of its own, a function that passes boundaries itself, one that is made here, or no code.
            let is_other = ["self", "write::", "fn "].iter().any(|end| before.ends_with(end));
            let is_no_code = ["//", "use "].iter().any(|begin| line.starts_with(begin));
            if !is_other && !is_no_code && !within.iter().any(|(from, to)| (*from..*to).contains(&at)) {
                lines.insert((text[..begin].lines().count() + 1, line));
            }
        }
    }
    lines.into_iter().collect()
}

/// Where something stands within boundaries.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let calls = WITHIN.iter().flat_map(|call| text.match_indices(call));
    let spans = calls.map(|(at, word)| {
        let mut depth = 0;
        let end = text[at + word.len() - 1..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0
        });
        (at, at + end.map_or(0, |(end, _)| end + word.len()))
    });
    spans.collect()
}

/// The folders of sources of all members of the workspace.
fn members() -> Vec<String> {
    let manifest = project::read("Cargo.toml");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("the members");
    let members = members.split('"').skip(1).step_by(2);
    let mut members: Vec<_> = members
        .map(|member| if member == "." { "src".to_owned() } else { format!("{member}/src") })
        .filter(|src| project::root().join(src).is_dir())
        .collect();
    members.sort();
    assert!(members.len() >= 5, "{members:?}");
    members
}
