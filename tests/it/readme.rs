//! What the README says is so.

use crate::project::{Session, read};

/// The code blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let begins = text.match_indices(&fence).map(|(at, fence)| &text[at + fence.len()..]);
    begins.map(|block| &block[..block.find("```").unwrap()]).collect()
}

#[test]
fn the_two_commands_are_there() {
    let readme = read("README.md");
    let commands = blocks(&readme, "sh")[0];
    assert_eq!(
        commands.lines().collect::<Vec<_>>(),
        ["cargo run --example pokemon -- run prio_dynamic_job --gantt", "cargo test --workspace"]
    );
}

#[test]
fn the_tests_are_started_as_the_readme_says() {
    let readme = read("README.md");
    let test = blocks(&readme, "sh")[0].lines().find(|line| line.starts_with("cargo test")).unwrap();
    let ci = read(".ci/run");
    let started: Vec<_> = ci
        .lines()
        .filter_map(|line| line.split_once("step ").map(|(_, command)| command))
        .filter(|command| command.starts_with("cargo test"))
        .collect();
    // What polars is asked for besides has a command of its own, which stands in the text below.
    let besides = "cargo test -p orch-polars --all-features";
    assert_eq!(started, [test, besides]);
    assert!(readme.contains(&format!("`{besides}`")));
}

/// The first command is run by the tests of `orch-polars`; here only its words are checked, which need no polars.
#[test]
fn the_example_has_the_job_that_the_readme_runs() {
    let example = read("examples/pokemon.rs");
    assert!(example.contains("fn prio_dynamic_job()"));
    assert!(example.contains("cargo run --example pokemon -- run prio_dynamic_job --gantt"));
    let manifest = read("orch-polars/Cargo.toml");
    assert!(manifest.contains("[[example]]\nname = \"pokemon\"\npath = \"../examples/pokemon.rs\""));
    // `cargo run` at the root finds it because its package is a default member.
    let workspace = read("Cargo.toml");
    let default = workspace.lines().find(|line| line.starts_with("default-members")).unwrap();
    assert!(default.contains("\"orch-polars\""), "{default}");
}

#[test]
fn the_job_shown_is_that_of_hello() {
    let (readme, hello) = (read("README.md"), read("examples/hello.rs"));
    let shown = blocks(&readme, "rust")[0];
    let (job, _) = shown.split_once("// What a test does,").unwrap();
    let items: Vec<_> = job.trim().split("\n\n").filter(|item| !item.starts_with("use ")).collect();
    assert_eq!(items.len(), 4);
    let main = blocks(&readme, "rust,ignore")[0].trim();
    assert!(main.starts_with("#[orch::main]"), "{main}");
    for item in items.into_iter().chain([main]) {
        assert!(hello.contains(item), "not in examples/hello.rs:\n{item}");
    }
}

#[test]
fn the_plan_shown_is_the_plan() {
    assert_eq!(blocks(&read("README.md"), "text")[0], Session::of("hello", "plan").stdout);
}

#[test]
fn what_is_linked_is_there() {
    for page in
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "orch-core/src/engine/README.md"]
    {
        let text = read(page);
        let folder = page.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for (at, _) in text.match_indices("](") {
            let link = &text[at + 2..];
            let link = &link[..link.find(')').unwrap()];
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let file = crate::project::root().join(format!("{folder}{link}"));
            assert!(file.exists(), "{page} links to `{link}`");
        }
    }
}
