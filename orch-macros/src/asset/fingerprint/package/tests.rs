use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A workspace of a program and two packages beside it, of which it takes one.
struct Workspace(PathBuf);

impl Workspace {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("orch-fingerprint-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let workspace = Self(root);
        workspace.write("Cargo.toml", "[workspace.dependencies]\nlow = { path = \"low\" } # by path\n");
        workspace.write("Cargo.lock", "version = 4");
        workspace.write("program/Cargo.toml", "[dependencies]\nlow.workspace = true\n");
        workspace.write("program/src/main.rs", "const SQL: &str = include_str!(\"../sql/all.sql\");");
        workspace.write("program/src/rates.csv", "1,2");
        workspace.write("program/sql/all.sql", "select 1");
        workspace.write("program/target/debug/out.rs", "");
        workspace.write("low/Cargo.toml", "");
        workspace.write("low/src/lib.rs", "");
        workspace.write("other/Cargo.toml", "");
        workspace.write("other/src/lib.rs", "");
        workspace
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("folders");
        fs::write(file, text).expect("a file");
    }

    /// Changes what a file says, without a word more.
    fn change(&self, name: &str) {
        let there = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        self.write(name, &format!("{there}\n"));
    }

    /// The fingerprint of the program, with its folder and this variable in the environment.
    fn with(&self, (name, value): (&str, &str)) -> Option<String> {
        let package = self.0.join("program");
        let variable = |asked: &str| match asked {
            "CARGO_MANIFEST_DIR" => Some(package.to_str()?.to_owned()),
            "OUT_DIR" => Some(self.0.join("target/out").to_str()?.to_owned()),
            _ => (asked == name).then(|| value.to_owned()),
        };
        of_folder(&package, &variable)
    }

    fn found(&self) -> Option<String> {
        self.with(("RATE", "7"))
    }

    /// Whether each of these counts.
    fn counts(&self, names: &[&str]) {
        let mut seen = BTreeSet::from([self.found().expect("a fingerprint")]);
        for name in names {
            self.change(name);
            assert!(seen.insert(self.found().expect("a fingerprint")), "{name} counts");
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it is there");
    }
}

#[test]
fn whatever_a_package_is_compiled_of_changes_its_fingerprint() {
    let (here, elsewhere) = (Workspace::new(), Workspace::new());
    assert_eq!(elsewhere.found(), here.found(), "wherever it lies");
    here.counts(&[
        "Cargo.toml",
        "Cargo.lock",
        "program/Cargo.toml",
        "program/build.rs",
        "program/src/main.rs",
        "program/src/deep/callee.rs",
        "program/src/rates.csv",
        "program/sql/all.sql",
        "low/src/lib.rs",
    ]);
    let last = here.found();
    for name in ["other/src/lib.rs", "program/target/debug/out.rs", "program/sql/none.sql", "program/.x.rs"] {
        here.write(name, "// changed");
        assert_eq!(here.found(), last, "{name} does not count");
    }
}

#[test]
fn what_is_included_by_a_path_that_is_put_together_counts() {
    let (here, elsewhere) = (Workspace::new(), Workspace::new());
    for workspace in [&here, &elsewhere] {
        workspace.write("shared/all.sql", "select 2");
        workspace.write("target/out/made.rs", "fn made() { include!(\"deep.in\") }");
        workspace.write("target/out/deep.in", "1");
        workspace.write(
            "program/src/sql.rs",
            r#"
            const ALL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/", "all.sql"));
            include!(concat!(env!("OUT_DIR"), "/made.rs"));
            "#,
        );
    }
    assert_eq!(elsewhere.found(), here.found(), "wherever it lies");
    here.counts(&["shared/all.sql", "target/out/made.rs", "target/out/deep.in"]);
}

#[test]
fn modules_and_targets_that_lie_elsewhere_count() {
    let here = Workspace::new();
    here.write("shared/plain.rs", "fn plain() {}");
    here.write("shared/beside.rs", "");
    here.write("tools/main.rs", "mod deep; #[path = \"../shared/text.rs\"] mod text;");
    here.write("tools/deep/mod.rs", "");
    here.write("shared/text.rs", "const TEXT: &[u8] = include_bytes!(\"text.txt\");");
    here.write("shared/text.txt", "");
    here.write("scripts/build.rs", "");
    here.write("program/src/lib.rs", "#[path = \"../../shared/plain.rs\"]\nmod plain;");
    here.write(
        "program/Cargo.toml",
        "[package]\nbuild = \"../scripts/build.rs\"\n[[bin]]\npath = '../tools/main.rs'\n[dependencies]\nlow.workspace = true\n",
    );
    here.counts(&[
        "shared/plain.rs",
        "tools/main.rs",
        "tools/deep/mod.rs",
        "tools/deep/callee.rs",
        "shared/text.rs",
        "shared/text.txt",
        "scripts/build.rs",
    ]);
    let last = here.found();
    here.change("shared/beside.rs");
    assert_eq!(here.found(), last, "nobody names it");
}

#[test]
fn variables_that_are_compiled_into_it_count() {
    let here = Workspace::new();
    let plain = here.found();
    assert_eq!(here.with(("RATE", "8")), plain, "nobody reads it");
    here.write("program/src/rate.rs", "const RATE: &str = env!(\"RATE\"); // option_env!(NONE)");
    let read = [here.with(("RATE", "7")), here.with(("RATE", "8")), here.with(("OTHER", "7"))];
    assert_eq!(read.iter().flatten().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(here.with(("RATE", "7")), read[0]);
}

#[test]
fn what_cannot_be_found_out_has_no_fingerprint() {
    assert_eq!(of_folder(&std::env::temp_dir().join("orch-nowhere"), &|_| None), None);
    let unknown = [
        ("program/.cargo-ok", "it was downloaded"),
        ("program/src/sql.rs", "const A: &str = include_str!(concat!(\"../sql/\", NAME));"),
        ("program/src/sql.rs", "const A: &str = include_str!(\"nowhere.sql\");"),
        ("program/src/sql.rs", "#[path = \"../../nowhere.rs\"] mod nowhere;"),
        ("program/src/sql.rs", "macro_rules! rate { ($name:literal) => { env!($name) } }"),
        // What cargo tells of the program is not what it tells of this.
        ("low/src/rate.rs", "const RATE: &str = env!(\"RATE\");"),
        ("low/src/made.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));"),
        ("low/src/here.rs", "macro_rules! here { () => { env!(\"CARGO_MANIFEST_DIR\") } }"),
        ("low/Cargo.toml", "[dependencies]\nodd = { path = \"..\\\\odd\" }"),
    ];
    for (name, text) in unknown {
        let here = Workspace::new();
        here.write("target/out/made.rs", "");
        here.write(name, text);
        assert_eq!(here.found(), None, "{name}: {text}");
    }
    let known = Workspace::new();
    known.write("low/src/version.rs", "const VERSION: &str = env!(\"CARGO_PKG_VERSION\");");
    known.write(
        "low/src/here.rs",
        "const HERE: &str = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/Cargo.toml\"));",
    );
    assert!(known.found().is_some());
}
