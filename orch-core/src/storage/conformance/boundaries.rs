//! What the sources of a crate say of its boundaries, so that none is forgotten: a write without one, or one at which no test
//! kills the process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The sources below the folder `src` of a crate without its tests, by path within it.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn sources(src: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(src, &mut files);
    let mut sources: Vec<_> = files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source");
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            (path.strip_prefix(src).expect("within it").to_string_lossy().replace('\\', "/"), text)
        })
        .filter(|(path, _)| {
            !format!("/{path}").ends_with("/tests.rs") && !format!("/{path}").contains("/tests/")
        })
        .collect();
    sources.sort();
    assert!(!sources.is_empty(), "there are sources in {}", src.display());
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a source").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The names of all boundaries that the sources below the folder `src` of a crate have: two words parted by a dot, in files that pass
/// boundaries, or call a module `write` that does.
#[must_use]
pub fn names(src: &Path) -> BTreeSet<String> {
    let passes = |text: &str| {
        ["around(", "boundary", "start_process(", "write::"].iter().any(|word| text.contains(word))
    };
    let mut names = BTreeSet::new();
    for (_, text) in sources(src).into_iter().filter(|(_, text)| passes(text)) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            names.extend(line.split('"').skip(1).step_by(2).filter(|text| is_name(text)).map(str::to_owned));
        }
    }
    names
}

fn is_name(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c == '_' || c.is_ascii_lowercase());
    let is_file = [".db", ".json"].iter().any(|end| text.ends_with(end));
    !is_file && text.split_once('.').is_some_and(|(of, what)| is_word(of) && is_word(what))
}
