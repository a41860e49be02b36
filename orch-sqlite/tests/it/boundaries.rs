//! Every write passes a boundary: all of them stand in `write.rs`, there within `around(..)`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What writes, or opens something to be written.
const WRITES: [&str; 19] = [
    ".execute(",
    ".execute_batch(",
    "pragma_update(",
    "unchecked_transaction(",
    ".transaction(",
    "rename(",
    "remove_file(",
    "remove_dir",
    "create_dir",
    "sync_all(",
    "sync_data(",
    "set_len(",
    "File::create",
    "File::options(",
    "OpenOptions",
    "hard_link(",
    "fs::copy(",
    "fs::write(",
    "set_permissions(",
];

/// Writes elsewhere, or without a boundary, that are meant: the file, the line, and why.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    (
        "facts/status.rs",
        "list.unchecked_transaction()?",
        "of what is read at one moment, by a connection that only reads",
    ),
    ("schema.rs", "connection.pragma_update(None, pragma, value)", "of the connection, and not of the file"),
    ("write.rs", "self.0.execute_batch(sql)", "within a transaction"),
    ("write.rs", "self.0.execute(values)", "within a transaction"),
    ("write.rs", "let open = || File::options()", "of a file that is there, or within `around`"),
    ("write.rs", "connection.execute_batch(\"ROLLBACK\")", "takes back what was not committed"),
];

#[test]
fn every_write_passes_a_boundary() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let within = if file.starts_with("write") { spans(&text) } else { Vec::new() };
        for write in WRITES {
            for (at, _) in text.match_indices(write) {
                let line = text[..at].lines().count();
                let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
                let whole = text[begin..].lines().next().unwrap_or_default().trim();
                let meant = EXCEPTIONS.iter().any(|(of, text, _)| *of == file && whole.contains(text));
                // A function of `write.rs`.
                let passes = text[..at].ends_with("write::")
                    || text[..at].ends_with("fn ")
                    || text[..at].ends_with("= ");
                let comment = whole.starts_with("//");
                if !meant
                    && !passes
                    && !comment
                    && !within.iter().any(|(from, to)| (*from..*to).contains(&at))
                {
                    wrong.push(format!("src/{file}:{line}: {whole}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these write without a boundary, put them into write.rs:\n{}",
        wrong.join("\n")
    );
    for (file, line, _) in EXCEPTIONS {
        let text = fs::read_to_string(src().join(file)).expect("a source");
        assert!(text.contains(line), "no longer needed: {line}");
    }
}

/// The names of all writes, as the sources have them.
pub(crate) fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in sources() {
        let odd = text.split('"').skip(1).step_by(2);
        let is_name = |text: &&str| {
            let mut parts = text.split('.');
            let word = |part: Option<&str>| {
                part.is_some_and(|part| {
                    !part.is_empty() && part.chars().all(|c| c == '_' || c.is_ascii_lowercase())
                })
            };
            word(parts.next()) && word(parts.next()) && parts.next().is_none()
        };
        let is_file = |name: &&str| name.ends_with(".db") || name.ends_with(".json");
        names.extend(odd.filter(is_name).filter(|name| !is_file(name)).map(str::to_owned));
    }
    names
}

/// Where something stands within `around(..)`.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let spans = text.match_indices("around(").map(|(at, word)| {
        let mut depth = 0;
        let end = text[at + word.len() - 1..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0
        });
        (at, at + end.map_or(0, |(end, _)| end + word.len()))
    });
    spans.collect()
}

fn src() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

/// The sources without their unit tests, by path within `src`.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![src().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("tests.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source");
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            let name = path.strip_prefix(src()).expect("within it").to_string_lossy().replace('\\', "/");
            sources.push((name, text));
        }
    }
    assert!(sources.len() > 10, "the sources are found");
    sources
}
