//! The process that hosts a run is killed at any moment of its dealings with the processes of steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::{env, fs};

use orch::event::RunStatus;
use orch::ids::RunId;
use orch::run::RunErrorKind;
use orch::storage::Storage;
use orch_sqlite::{Durability, Folder};

use crate::ops;
use crate::outcome::Outcome;

const RUN: RunId = RunId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);

/// Where the program that is killed records its run.
const HOME: &str = "CRASH_HOME";

/// How often a program is begun that is to come to a boundary.
const TRIES: usize = 20;

/// The program that is killed: it begins the run, or goes on with it.
pub(crate) fn live() -> ExitCode {
    let home = env::var_os(HOME).expect("a folder");
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = ops::definitions();
    let runner = match storage.run(RUN) {
        Ok(run) if run.status.is_terminal() => return ExitCode::SUCCESS,
        Ok(_) => definitions.resume(&storage, RUN).expect("it can be taken up"),
        Err(_) => definitions.runner(&ops::mixed()).run_id(RUN).record(&storage),
    };
    let error = runner.run_blocking().expect_err("some of its steps fail");
    assert!(matches!(error.kind(), RunErrorKind::Failed { .. }), "{error}");
    ExitCode::SUCCESS
}

/// Runs it; it is killed at the boundary of this name that is the so manieth of them, if it gets there.
fn lives(home: &Path, crash: Option<(usize, &str)>, log: Option<&Path>) -> ExitStatus {
    let mut program = Command::new(env::current_exe().expect("this program"));
    program.arg("live").env(HOME, home);
    program.envs(crash.map(|(number, name)| ("ORCH_CRASH_AT", format!("{number} {name}"))));
    program.envs(log.map(|file| ("ORCH_CRASH_LOG", file)));
    program.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it can be started")
}

/// Whether it gets there, and is killed: if not at once, it is begun anew.
fn is_killed(home: &Path, at: (usize, &str)) -> bool {
    (0..TRIES).any(|_| {
        let is_killed = !lives(home, Some(at), None).success();
        if !is_killed {
            fs::remove_dir_all(home).expect("it was made here");
        }
        is_killed
    })
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("isolated-crash-{}", std::process::id()))
}

pub(crate) fn killed_at_each_boundary_it_goes_on_to_the_same_end() {
    let (home, log) = (home(), home().with_extension("log"));
    assert!(lives(&home, None, Some(&log)).success(), "the program runs");
    let passed = fs::read_to_string(&log).expect("boundaries are passed");
    let expected = Outcome::read(&home, RUN);
    assert_eq!(expected.status, RunStatus::Failure);
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    passed
        .lines()
        .filter(|name| name.contains(" worker."))
        .for_each(|name| *words.entry(name).or_default() += 1);
    let names: Vec<_> = words.keys().filter_map(|name| name.strip_prefix("before worker.")).collect();
    assert_eq!(names, ["answer", "begin", "call", "end", "pull", "release", "spawn"]);
    fs::remove_dir_all(&home).expect("it was made here");
    for (name, at) in words.into_iter().flat_map(|(name, count)| (1..=count).map(move |at| (name, at))) {
        if !is_killed(&home, (at, name)) {
            // How many processes are started, and so end, follows from which steps are ready at once: often one less.
            assert!(at > 1, "it is killed {name}");
            continue;
        }
        assert!(lives(&home, None, None).success(), "it goes on after it was killed {name}, the {at}th");
        Outcome::read(&home, RUN).assert_is(&expected, &format!("killed {name}, the {at}th"));
        fs::remove_dir_all(&home).expect("it was made here");
    }
    fs::remove_file(log).expect("it was made here");
}
