//! Runs that go on, and of what they have made something is not there any more, or is not what it was.

use std::fs;
use std::path::{Path, PathBuf};

use orch_core::event::Event;
use orch_core::ids::RunId;
use orch_core::storage::Storage;
use orch_sqlite::{Durability, Folder};

use super::upkeep::Place;
use super::*;

const RUN: RunId = RunId::from_u128(0x019a_5f3c_0000_7000_8000_0000_0000_0000);

/// So many that they become a file.
#[crate::op]
fn archive() -> Vec<u32> {
    (0..10_000).collect()
}

#[crate::op]
fn count(archive: &[u32]) -> usize {
    archive.len()
}

#[crate::op]
fn report(archive: &[u32], count: usize) -> Result<String, Failure> {
    if !archive.iter().copied().eq(0..10_000) {
        return Err("this is not what was archived".into());
    }
    Ok(format!("{count} pages"))
}

#[crate::job(max_concurrent = 1)]
fn book() {
    let archive = archive();
    report(archive, count(archive));
}

fn definitions() -> Definitions {
    Definitions::new().job(book())
}

/// A run that was interrupted before its report; gives the file of its archive.
fn interrupted(home: &Path) -> PathBuf {
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    // What a sink does not survive, the run does not either.
    let stops = |event: &Event| {
        if event.step.as_ref().is_some_and(|step| step.name() == "report") {
            std::panic::resume_unwind(Box::new("as if the process were gone"));
        }
    };
    let run = definitions().runner(&book()).run_id(RUN).sink(stops).record(&storage).run_blocking();
    run.expect_err("it is interrupted");
    home.join(format!("runs/{RUN}/artifacts/{RUN}/archive/result"))
}

fn session(home: &Path, args: &str) -> String {
    let around = Around::of(EnvVars::none().with("ORCH_HOME", home.display().to_string()));
    session_around(&around, || Ok(definitions()), args).replace(&home.display().to_string(), "HOME")
}

/// What is told when it goes on after `damage`.
fn goes_on(damage: impl FnOnce(&Path)) -> (PathBuf, Place, String) {
    let place = Place::new();
    let home = place.path().join("home");
    damage(&interrupted(&home));
    let told = session(&home, "resume latest --progress plain");
    (home, place, told)
}

#[test]
fn what_is_truncated_is_told_and_made_anew() {
    let (home, _place, told) = goes_on(|file| {
        let whole = fs::read(file).expect("it is there");
        fs::write(file, &whole[..whole.len() / 2]).expect("written");
    });
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run 019a5f3c-0000-7000-8000-000000000000, recorded in `HOME`, durability normal
    <time>  RUN_RESUMED
    <time>  STEP_INTERRUPTED report #1
    <time>  STEP_LOST archive: the file `019a5f3c-0000-7000-8000-000000000000/archive/result` of the run does not have the 29619 bytes that were written
    <time>  STEP_RESTARTED archive #2
    <time>  STEP_SUCCESS archive #2 (took <time>)
    <time>  STEP_RESTARTED report #2
    <time>  STEP_SUCCESS report #2 (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] book: 3 steps: 3 succeeded
         Resumed [        ] once, 1 attempt interrupted, values of 1 step lost
    ");
    let why = session(&home, "why latest archive");
    insta::assert_snapshot!(why.lines().last().expect("lines"), @"  made anew, since what it gave was lost: the file `019a5f3c-0000-7000-8000-000000000000/archive/result` of the run does not have the 29619 bytes that were written");
    assert!(session(&home, "instance check").contains("nothing to mend"), "what was made anew is whole");
}

#[test]
fn what_is_something_else_by_now_is_told_and_made_anew() {
    let (_, _place, told) = goes_on(|file| {
        let mut other = fs::read(file).expect("it is there");
        *other.last_mut().expect("it is long") ^= 1;
        fs::write(file, other).expect("written");
    });
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run 019a5f3c-0000-7000-8000-000000000000, recorded in `HOME`, durability normal
    <time>  RUN_RESUMED
    <time>  STEP_INTERRUPTED report #1
    <time>  STEP_LOST archive: the file `019a5f3c-0000-7000-8000-000000000000/archive/result` of the run is not what was written: its hash is another
    <time>  STEP_RESTARTED archive #2
    <time>  STEP_SUCCESS archive #2 (took <time>)
    <time>  STEP_RESTARTED report #2
    <time>  STEP_SUCCESS report #2 (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] book: 3 steps: 3 succeeded
         Resumed [        ] once, 1 attempt interrupted, values of 1 step lost
    ");
}

#[test]
fn what_is_gone_is_told_and_made_anew() {
    let (_, _place, told) = goes_on(|file| fs::remove_file(file).expect("it is there"));
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stderr
    run 019a5f3c-0000-7000-8000-000000000000, recorded in `HOME`, durability normal
    <time>  RUN_RESUMED
    <time>  STEP_INTERRUPTED report #1
    <time>  STEP_LOST archive: `HOME/runs/019a5f3c-0000-7000-8000-000000000000/artifacts/019a5f3c-0000-7000-8000-000000000000/archive/result` cannot be read: it is not there
    <time>  STEP_RESTARTED archive #2
    <time>  STEP_SUCCESS archive #2 (took <time>)
    <time>  STEP_RESTARTED report #2
    <time>  STEP_SUCCESS report #2 (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] book: 3 steps: 3 succeeded
         Resumed [        ] once, 1 attempt interrupted, values of 1 step lost
    ");
}
