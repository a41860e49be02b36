//! The order of use inside `orch-core`, read from its sources: each stage uses only those before it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project;

/// What all may use, and what uses no stage.
const VOCABULARY: [&str; 10] =
    ["asset", "ids", "value", "config", "failure", "event", "io", "memo", "partition", "select"];

/// Each uses only the vocabulary and what stands before it.
const STAGES: [&str; 11] = [
    "define",
    "graph",
    "plan",
    "descriptor",
    "engine",
    "step",
    "storage",
    "run",
    "backfill",
    "report",
    "testing",
];

/// Uses of a later stage that are meant: the file, the stage, and why.
const EXCEPTIONS: [(&str, &str, &str); 19] = [
    ("define/output.rs", "graph", "a return type decides which handles a call gives"),
    ("define/kind.rs", "graph", "as output.rs"),
    ("define/with_metadata.rs", "graph", "as output.rs"),
    ("graph/compose.rs", "plan", "a mistake is seen where a handle is used, and told where the plan is made"),
    ("graph/config.rs", "plan", "as compose.rs"),
    ("graph/node.rs", "plan", "as compose.rs"),
    ("graph/handle.rs", "plan", "as compose.rs"),
    ("graph/out.rs", "plan", "as compose.rs"),
    ("graph/collect.rs", "plan", "as compose.rs"),
    ("graph/asset/check/draw.rs", "plan", "as compose.rs"),
    ("graph/asset/check/list.rs", "plan", "as compose.rs"),
    ("graph/asset/observation/list.rs", "plan", "as compose.rs"),
    ("graph/asset/draw.rs", "plan", "as compose.rs"),
    ("graph/asset/lineage.rs", "plan", "as compose.rs"),
    ("graph/asset/linked.rs", "plan", "as compose.rs"),
    ("graph/asset/multi.rs", "plan", "as compose.rs"),
    ("graph/asset/own.rs", "plan", "as compose.rs"),
    ("graph/asset/partitioned.rs", "plan", "what the plan says of partitions is known when they are drawn"),
    ("graph/asset/upstream.rs", "plan", "as compose.rs"),
];

#[test]
fn each_stage_uses_only_those_before_it() {
    let mut wrong = Vec::new();
    let mut met = Vec::new();
    for (file, text) in sources() {
        for (line, used) in uses(&text) {
            if allows(module(&file), used) {
                continue;
            }
            let exception = EXCEPTIONS.iter().find(|(from, to, _)| *from == file && *to == used);
            match exception {
                Some(exception) => met.push(exception),
                None => wrong.push(format!("orch-core/src/{file}:{line} uses `{used}`")),
            }
        }
    }
    assert!(wrong.is_empty(), "against the order of use:\n{}", wrong.join("\n"));
    let stale: Vec<_> = EXCEPTIONS.iter().filter(|exception| !met.contains(exception)).collect();
    assert!(stale.is_empty(), "no longer needed: {stale:?}");
}

#[test]
fn every_module_of_the_core_has_its_place() {
    let text = project::read("orch-core/src/lib.rs");
    let mut declared: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let mut known = [&VOCABULARY[..], &STAGES].concat();
    declared.sort_unstable();
    known.sort_unstable();
    assert_eq!(declared, known);
}

#[test]
fn a_violation_would_be_seen() {
    let violation = "//! Docs name crate::report as they like.\nuse crate::{define::Order, engine};\n";
    assert_eq!(uses(violation), [(2, "define"), (2, "engine")]);
    let inline = "fn f() -> crate::run::Run { loop {} } // crate::report\n";
    assert_eq!(uses(inline), [(1, "run")]);
    let several_lines = "use crate::{\n    ids::{RunId, StepPath},\n    run,\n};\n";
    assert_eq!(uses(several_lines), [(1, "ids"), (1, "run")]);
    let tested = "use crate::ids::RunId;\n#[cfg(test)]\nmod tests {\n    use crate::report::story;\n}\n";
    assert_eq!(uses(tested), [(1, "ids")]);
    // A test's module in a file of its own hides nothing of what follows.
    let tested = "#[cfg(test)]\nmod tests;\nuse crate::report::story;\n";
    assert_eq!(uses(tested), [(3, "report")]);

    assert!(allows("plan", "graph") && allows("plan", "plan") && allows("plan", "value"));
    assert!(!allows("plan", "engine"), "a later stage");
    assert!(!allows("event", "define"), "the vocabulary uses no stage");
    assert!(allows("event", "ids"));
    assert!(!allows("engine", "no_such_module"));
}

#[test]
fn the_core_stays_light() {
    let manifest = project::read("orch-core/Cargo.toml");
    let dependencies = dependencies(&manifest);
    assert!(dependencies.contains(&"tokio"), "the manifest is read: {dependencies:?}");
    for heavy in ["polars", "clap", "axum", "hyper", "actix-web", "warp", "rocket", "tonic"] {
        let found =
            dependencies.iter().find(|name| **name == heavy || name.starts_with(&format!("{heavy}-")));
        assert_eq!(found, None, "orch-core depends on neither polars, clap nor a web server");
    }
    assert_eq!(self::dependencies("[dependencies]\npolars = \"1\"\n[lints]\nclap = 1\n"), ["polars"]);
}

fn allows(module: &str, used: &str) -> bool {
    let stage = |name: &str| STAGES.iter().position(|stage| *stage == name);
    VOCABULARY.contains(&used)
        || match (stage(module), stage(used)) {
            (Some(module), Some(used)) => used <= module,
            _ => false,
        }
}

/// `plan` of `plan/names.rs`, `value` of `value.rs`.
fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// The modules of the crate that a source names outside comments and tests, with the lines.
fn uses(text: &str) -> Vec<(usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let text = &text[..end];
    let mut uses = Vec::new();
    for (at, path) in text.match_indices("crate::") {
        let line = text[..at].lines().count().max(1);
        let before = text[..at].rsplit('\n').next().unwrap_or_default();
        // `$crate::` and `orch_crate::` are other words.
        let other_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        if other_word || before.contains("//") {
            continue;
        }
        let rest = &text[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => uses.extend(members(group).into_iter().map(|member| (line, member))),
            None => uses.push((line, word(rest))),
        }
    }
    uses
}

/// The first words of the members of a group: `ids` and `run` of `ids::{RunId, StepPath}, run}`.
fn members(group: &str) -> Vec<&str> {
    let mut members = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.push(word(group[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The sources of `orch-core`, tests in files of their own left out, by path within `src`.
fn sources() -> Vec<(String, String)> {
    let src = project::root().join("orch-core/src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let mut sources: Vec<_> = files
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            (path, fs::read_to_string(file).unwrap())
        })
        .filter(|(path, _)| path != "lib.rs" && !path.ends_with("/tests.rs") && !path.contains("/tests/"))
        .collect();
    sources.sort();
    assert!(sources.len() > 50, "the sources are found: {}", sources.len());
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The names in `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<&str> {
    let section = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    let section = section.take_while(|line| !line.starts_with('['));
    section
        .filter_map(|line| line.split_once('=').map(|(name, _)| name.trim().trim_end_matches(".workspace")))
        .filter(|name| !name.starts_with('#'))
        .collect()
}
