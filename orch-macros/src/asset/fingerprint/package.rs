//! What a package is compiled of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::DefaultHasher;
use std::path::{Path, PathBuf};

use super::reads::Variables;
use super::{manifest, part, reads, written};

/// What a variable holds for the package that is compiled.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What cargo tells each package of itself, which is in its manifest, or tells its tests alone.
const OF_MANIFEST: [&str; 4] = ["CARGO_PKG_", "CARGO_CRATE_NAME", "CARGO_BIN_", "CARGO_TARGET_TMPDIR"];

/// The fingerprint of the package in this folder. None of one that was downloaded: which lock file is in force for it cannot be
/// found from where it lies.
pub(super) fn of_folder(package: &Path, variable: Variable<'_>) -> Option<String> {
    let package = package.canonicalize().ok()?;
    if package.join(".cargo-ok").exists() {
        return None;
    }
    let lock = package.ancestors().map(|folder| folder.join("Cargo.lock")).find(|lock| lock.is_file())?;
    let workspace = lock.parent()?.join("Cargo.toml");
    let made = variable("OUT_DIR").and_then(|folder| Path::new(&folder).canonicalize().ok());
    let mut source = Source { package: &package, variable, made, parts: BTreeMap::new() };
    source.add(&lock)?;
    let (mut packages, mut next) = (BTreeSet::new(), vec![package.clone()]);
    if workspace.is_file() {
        source.add(&workspace)?;
        // A manifest may take from here what it depends on.
        next.extend(manifest::named(&workspace)?.packages);
    }
    while let Some(package) = next.pop() {
        if packages.insert(package.clone()) {
            next.extend(source.add_package(&package)?);
        }
    }
    let mut hash = DefaultHasher::new();
    for (name, bytes) in &source.parts {
        part(name.as_bytes(), &mut hash);
        part(bytes, &mut hash);
    }
    Some(written(&hash))
}

/// All that a package is compiled of, each part by its name.
struct Source<'a> {
    package: &'a Path,
    variable: Variable<'a>,
    /// Where its build script writes.
    made: Option<PathBuf>,
    parts: BTreeMap<String, Vec<u8>>,
}

impl Source<'_> {
    /// Adds a package, and gives those that it depends on by path.
    fn add_package(&mut self, package: &Path) -> Option<Vec<PathBuf>> {
        let manifest = package.join("Cargo.toml");
        self.add(&manifest)?;
        let named = manifest::named(&manifest)?;
        let around = Around { package, own: (package == self.package).then_some(self.variable) };
        let within: BTreeSet<_> = sources(package)?.into_iter().collect();
        let (mut code, other): (Vec<_>, Vec<_>) = within.iter().cloned().partition(|file| is_rust(file));
        other.iter().try_for_each(|file| self.add(file).map(drop))?;
        code.extend(named.targets);
        let mut seen = BTreeSet::new();
        while let Some(file) = code.pop() {
            if !seen.insert(file.clone()) {
                continue;
            }
            let is_within = within.contains(&file);
            let Ok(text) = std::str::from_utf8(self.add(&file)?) else { continue };
            if is_within && !reads::are_said(text) {
                continue;
            }
            let reads = reads::of(&file, text, &around)?;
            code.extend(reads.code);
            if reads.has_modules && !is_within {
                code.extend(sources(file.parent()?)?.into_iter().filter(|file| is_rust(file)));
            }
            reads.data.iter().try_for_each(|file| self.add(file).map(drop))?;
            for (name, value) in reads.variables {
                let name = format!("{} {name}", self.name(package));
                self.parts.insert(name, format!("{value:?}").into_bytes());
            }
        }
        Some(named.packages)
    }

    fn add(&mut self, file: &Path) -> Option<&[u8]> {
        let part = self.parts.entry(self.name(file)).or_default();
        *part = fs::read(file).ok()?;
        Some(part)
    }

    /// What a file is called, wherever all of it lies: the way to it from the package by as many steps up as it takes, or from where
    /// a build script writes.
    fn name(&self, file: &Path) -> String {
        if let Some(rest) = self.made.as_deref().and_then(|folder| file.strip_prefix(folder).ok()) {
            return format!("OUT_DIR/{}", slashed(rest));
        }
        let (mut up, mut from) = (String::new(), Some(self.package));
        while let Some(base) = from {
            if let Ok(rest) = file.strip_prefix(base) {
                return format!("{up}{}", slashed(rest));
            }
            up.push_str("../");
            from = base.parent();
        }
        slashed(file)
    }
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// What is around the code of a package.
struct Around<'a> {
    package: &'a Path,
    /// Of the one that is compiled its variables.
    own: Option<Variable<'a>>,
}

impl Variables for Around<'_> {
    /// Of another package cargo does not tell its variables here.
    fn variable(&self, name: &str, in_macro: bool) -> Option<Option<String>> {
        match self.own {
            Some(variable) => Some(variable(name)),
            None if OF_MANIFEST.iter().any(|known| name.starts_with(known)) => Some(None),
            None if name == "CARGO_MANIFEST_DIR" && !in_macro => {
                Some(Some(self.package.to_str()?.to_owned()))
            }
            None => None,
        }
    }
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "rs")
}

/// The Rust files of a package, and all that lies in its `src`, but for packages within it.
fn sources(package: &Path) -> Option<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![package.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).ok()? {
            let path = entry.ok()?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden {
                continue;
            }
            if path.is_dir() {
                let is_other = path.join("Cargo.toml").exists() || path.join("CACHEDIR.TAG").exists();
                if !(is_other || path == package.join("target")) {
                    folders.push(path);
                }
            } else if is_rust(&path) || path.starts_with(package.join("src")) {
                files.push(path);
            }
        }
    }
    Some(files)
}

#[cfg(test)]
mod tests;
