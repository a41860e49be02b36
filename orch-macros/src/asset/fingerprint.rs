//! What stands for the version of code that has none: a hash of its source.
//!
//! Of a package that is all that its compilation reads, as far as it can be found without asking cargo: its manifest, its Rust
//! files, all that lies in `src`, what they include by a written path, the same of the packages that it depends on by path, the
//! lock file, by which all others are known, and its features. What cannot be found out has no fingerprint, and then no asset is taken to be
//! up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ItemFn;

/// The fingerprint of the package that is compiled. It is read once for each.
pub(super) fn of_package() -> Option<String> {
    if cfg!(test) {
        // Expansions are compared as text, and must not change with every change of this crate.
        return Some("f1d0".to_owned());
    }
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let found = || {
        let source = of_folder(Path::new(&std::env::var_os("CARGO_MANIFEST_DIR")?))?;
        Some(under(&source, std::env::args()))
    };
    FOUND.get_or_init(found).clone()
}

/// The fingerprint of a source that is compiled by this command: with other features it is another program.
fn under(source: &str, mut command: impl Iterator<Item = String>) -> String {
    let mut hash = DefaultHasher::new();
    part(source.as_bytes(), &mut hash);
    while command.by_ref().any(|word| word == "--cfg") {
        command.next().iter().for_each(|condition| part(condition.as_bytes(), &mut hash));
    }
    written(&hash)
}

/// The fingerprint of a function alone, without its documentation: what it calls is not seen.
pub(super) fn of_function(item: &ItemFn) -> String {
    let mut item = item.clone();
    item.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    let mut hash = DefaultHasher::new();
    tokens(item.to_token_stream(), &mut hash);
    written(&hash)
}

/// Hashes tokens, and not how they are laid out.
fn tokens(stream: TokenStream, hash: &mut DefaultHasher) {
    for token in stream {
        match token {
            TokenTree::Group(group) => {
                part(format!("{:?}", group.delimiter()).as_bytes(), hash);
                tokens(group.stream(), hash);
                part(b"end", hash);
            }
            other => part(other.to_string().as_bytes(), hash),
        }
    }
}

/// The algorithm is that of the compiler's library, so with a new one all may have to be made anew, once. It costs no program
/// a dependency, and sixty-four bits tell one source from the next: nobody makes up two that are alike.
fn written(hash: &DefaultHasher) -> String {
    format!("{:016x}", hash.finish())
}

/// A part that nothing can be taken for which stands beside it.
fn part(bytes: &[u8], hash: &mut DefaultHasher) {
    hash.write_u64(bytes.len() as u64);
    hash.write(bytes);
}

/// None of a package that was downloaded: which lock file is in force for it cannot be found from where it lies.
fn of_folder(package: &Path) -> Option<String> {
    let package = package.canonicalize().ok()?;
    if package.join(".cargo-ok").exists() {
        return None;
    }
    let lock = package.ancestors().map(|folder| folder.join("Cargo.lock")).find(|lock| lock.is_file())?;
    let workspace = lock.parent()?.join("Cargo.toml");
    let mut files = BTreeMap::new();
    // Names are told from here, so that it does not matter where all of it lies.
    let mut add = |file: &Path| -> Option<()> {
        let name = name_from(&package, file);
        files.insert(name, fs::read(file).ok()?);
        Some(())
    };
    add(&lock)?;
    let mut packages = BTreeSet::new();
    let mut next = vec![package.clone()];
    if workspace.is_file() {
        add(&workspace)?;
        // A manifest may take from here what it depends on.
        next.extend(paths_in(&workspace)?);
    }
    while let Some(package) = next.pop() {
        if !packages.insert(package.clone()) {
            continue;
        }
        let manifest = package.join("Cargo.toml");
        add(&manifest)?;
        next.extend(paths_in(&manifest)?);
        for file in sources(&package)? {
            add(&file)?;
            for included in includes(&file) {
                add(&included)?;
            }
        }
    }
    let mut hash = DefaultHasher::new();
    for (name, bytes) in &files {
        part(name.as_bytes(), &mut hash);
        part(bytes, &mut hash);
    }
    Some(written(&hash))
}

/// The way to a file from a folder, by as many steps up as it takes.
fn name_from(folder: &Path, file: &Path) -> String {
    let (mut up, mut from) = (String::new(), Some(folder));
    while let Some(base) = from {
        if let Ok(rest) = file.strip_prefix(base) {
            return format!("{up}{}", rest.to_string_lossy().replace('\\', "/"));
        }
        up.push_str("../");
        from = base.parent();
    }
    file.to_string_lossy().into_owned()
}

/// The packages that a manifest names by path. More than are taken does no harm: then more counts.
fn paths_in(manifest: &Path) -> Option<Vec<PathBuf>> {
    let text = fs::read_to_string(manifest).ok()?;
    let folder = manifest.parent()?;
    let named = text.lines().map(|line| line.split('#').next().unwrap_or_default()).flat_map(|line| {
        let after = line.split("path").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('='));
        after.filter_map(quoted).collect::<Vec<_>>()
    });
    let packages = named.map(|path| folder.join(path)).filter(|package| package.join("Cargo.toml").is_file());
    packages.map(|package| package.canonicalize().ok()).collect()
}

/// The text that stands first here, between quotes.
fn quoted(text: &str) -> Option<String> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text[1..].split(quote).next().map(str::to_owned)
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
            } else if path.extension().is_some_and(|ending| ending == "rs")
                || path.starts_with(package.join("src"))
            {
                files.push(path);
            }
        }
    }
    Some(files)
}

/// The files that a Rust file includes by a path that is written there.
fn includes(file: &Path) -> Vec<PathBuf> {
    let Ok(text) = fs::read_to_string(file) else { return Vec::new() };
    let Some(folder) = file.parent() else { return Vec::new() };
    let includes = ["include_str!", "include_bytes!", "include!"].into_iter().flat_map(|name| {
        let calls = text.split(name).skip(1);
        calls.filter_map(|rest| quoted(rest.trim_start().strip_prefix(['(', '[', '{'])?)).collect::<Vec<_>>()
    });
    includes.map(|path| folder.join(path)).filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    /// A workspace of a program and two packages beside it, of which it takes one.
    fn workspace() -> PathBuf {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("orch-fingerprint-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        write(&root, "Cargo.toml", "[workspace.dependencies]\nlow = { path = \"low\" } # by path\n");
        write(&root, "Cargo.lock", "version = 4");
        write(&root, "program/Cargo.toml", "[dependencies]\nlow.workspace = true");
        write(&root, "program/src/main.rs", "const SQL: &str = include_str!(\"../sql/all.sql\");");
        write(&root, "program/src/rates.csv", "1,2");
        write(&root, "program/sql/all.sql", "select 1");
        write(&root, "program/target/debug/out.rs", "");
        write(&root, "low/Cargo.toml", "");
        write(&root, "low/src/lib.rs", "");
        write(&root, "other/Cargo.toml", "");
        write(&root, "other/src/lib.rs", "");
        root
    }

    fn write(root: &Path, name: &str, text: &str) {
        let file = root.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
        fs::write(file, text).expect("a file");
    }

    #[test]
    fn whatever_a_package_is_compiled_of_changes_its_fingerprint() {
        let (root, elsewhere) = (workspace(), workspace());
        let found = || of_folder(&root.join("program")).expect("a fingerprint");
        let before = found();
        assert_eq!(of_folder(&elsewhere.join("program")).as_ref(), Some(&before), "wherever it lies");
        let counts = [
            "Cargo.toml",
            "Cargo.lock",
            "program/Cargo.toml",
            "program/build.rs",
            "program/src/main.rs",
            "program/src/deep/callee.rs",
            "program/src/rates.csv",
            "program/sql/all.sql",
            "low/src/lib.rs",
        ];
        let mut seen = BTreeSet::from([before]);
        for name in counts {
            let there = fs::read_to_string(root.join(name)).unwrap_or_default();
            write(&root, name, &format!("{there}\n"));
            assert!(seen.insert(found()), "{name} counts");
        }
        let last = found();
        for name in
            ["other/src/lib.rs", "program/target/debug/out.rs", "program/sql/none.sql", "program/.x.rs"]
        {
            write(&root, name, "// changed");
            assert_eq!(found(), last, "{name} does not count");
        }
        for root in [root, elsewhere] {
            fs::remove_dir_all(root).expect("it is there");
        }
    }

    #[test]
    fn what_cannot_be_found_out_has_no_fingerprint() {
        let root = workspace();
        write(&root, "program/.cargo-ok", "");
        assert_eq!(of_folder(&root.join("program")), None, "it was downloaded");
        assert_eq!(of_folder(&root.join("nowhere")), None);
        fs::remove_dir_all(root).expect("it is there");
    }

    #[test]
    fn features_make_another_program() {
        let of = |command: &str| under("f1d0", command.split(' ').map(str::to_owned));
        let plain = of("rustc --crate-name shop src/main.rs -C opt-level=0");
        assert_eq!(of("rustc --crate-name shop src/main.rs -C opt-level=3"), plain);
        let one = of("rustc --cfg feature=\"euro\" src/main.rs");
        let two = of("rustc --cfg feature=\"euro\" src/main.rs --cfg feature=\"dear\"");
        assert_eq!(BTreeSet::from([&plain, &one, &two]).len(), 3);
    }

    #[test]
    fn a_function_is_its_tokens() {
        let of = |item: ItemFn| of_function(&item);
        let plain = of(parse_quote!(
            fn a(x: i64) -> i64 {
                x + 1
            }
        ));
        assert_eq!(
            of(parse_quote!(
                #[doc = "What it is."]
                fn a(x: i64) -> i64 {
                    x + 1
                }
            )),
            plain
        );
        assert_ne!(
            of(parse_quote!(
                fn a(x: i64) -> i64 {
                    x + 2
                }
            )),
            plain
        );
        assert_ne!(
            of(parse_quote!(
                fn a(x: i64) -> i64 {
                    (x) + 1
                }
            )),
            plain
        );
    }
}
