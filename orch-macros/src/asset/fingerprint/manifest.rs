//! What a manifest names by path.

use std::fs;
use std::path::{Path, PathBuf};

/// What lies where a manifest says. More than is taken does no harm: then more counts.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The folders of other packages.
    pub(super) packages: Vec<PathBuf>,
    /// The files that targets and build scripts begin with, which may lie outside of the package.
    pub(super) targets: Vec<PathBuf>,
}

/// What this manifest names; none if one of its paths cannot be read here. What is not there is not compiled.
pub(super) fn named(manifest: &Path) -> Option<Named> {
    let text = fs::read_to_string(manifest).ok()?;
    let folder = manifest.parent()?;
    let mut named = Named::default();
    for path in text.lines().flat_map(|line| values(line, "path").chain(values(line, "build"))) {
        let path = folder.join(path?);
        if path.join("Cargo.toml").is_file() {
            named.packages.push(path.canonicalize().ok()?);
        } else if path.is_file() {
            named.targets.push(path.canonicalize().ok()?);
        }
    }
    Some(named)
}

/// The texts that a line gives this key; none of one that is not plain.
fn values<'a>(line: &'a str, key: &'a str) -> impl Iterator<Item = Option<&'a str>> {
    line.match_indices(key).filter_map(move |(at, _)| {
        let after = line[at + key.len()..].trim_start_matches(['"', '\'']);
        let value = after.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let text = value[1..].split_once(quote).map(|(text, _)| text);
        Some(text.filter(|text| quote == '\'' || !text.contains('\\')))
    })
}
