//! Where the project's files are, for tests that read them or run what was built of them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The text of a file, by its path from the project's root.
pub(crate) fn read(path: &str) -> String {
    let file = root().join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A session with an example: what it answers to these arguments, as one text.
pub(crate) struct Session {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    pub(crate) fn of(example: &str, args: &str) -> Self {
        let home = home();
        let output = Command::new(executable(example))
            .args(args.split_whitespace())
            .env("ORCH_HOME", &home)
            // What a developer has set for himself must not change what the programs say.
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
            .output()
            .unwrap();
        // There is one only if something was run.
        let _ = fs::remove_dir_all(home);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Exit code, stdout and stderr, where they are not empty; times redacted.
    pub(crate) fn text(&self) -> String {
        let mut text = match self.exit {
            Some(code) => format!("exit {code}"),
            None => "ended by a signal".to_owned(),
        };
        for (name, said) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !said.is_empty() {
                let _ = write!(text, "\n--- {name}\n{}", redacted(said));
            }
        }
        text
    }
}

/// A folder of its own for what a session records.
fn home() -> PathBuf {
    static SESSIONS: AtomicUsize = AtomicUsize::new(0);
    let number = SESSIONS.fetch_add(1, Ordering::Relaxed);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("session-{}-{number}", std::process::id()))
}

/// Without what differs from run to run: the times, the identifier of the run and where it is recorded.
fn redacted(text: &str) -> String {
    let lines = text.lines().map(|line| match (line.find(" ["), line.find("] ")) {
        _ if line.starts_with("run ") && line.contains(", recorded in ") => {
            "run <run>, recorded in <home>".to_owned()
        }
        (Some(open), Some(close)) if open < close => format!("{} [<time>{}", &line[..open], &line[close..]),
        _ => line.split(' ').map(without_run).collect::<Vec<_>>().join(" "),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn without_run(word: &str) -> String {
    let run = word.trim_matches('`');
    let is_run = run.len() == 36 && run.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if is_run { word.replace(run, "<run>") } else { word.to_owned() }
}

/// Cargo builds a package's examples with its tests, and puts them beside each other.
fn executable(example: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).unwrap();
    let file = built.join("examples").join(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        file.is_file(),
        "the example `{example}` is not built: `cargo test -p orch` builds it, `cargo test -p orch --test it` alone does \
         not; `cargo build -p orch --examples` does too"
    );
    file
}
