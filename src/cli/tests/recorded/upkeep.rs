//! The folder in which runs are recorded, kept in order.

mod keep;
mod parcel;
mod remove;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use orch_core::event::Entry;
use orch_core::ids::RunId;
use orch_core::storage::{ReadRuns, RunQuery, WriteEvents, WriteRuns};
use orch_sqlite::{Durability, Folder};

use super::fixture::{cut, dex, now};
use super::*;

/// A folder of its own, which goes with it.
pub(super) struct Place(PathBuf);

impl Place {
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("orch-upkeep-{}-{number}", std::process::id()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A folder with runs, from the oldest: one that succeeded, one that failed, one that was interrupted, one that is under
/// way.
struct Recorded {
    place: Place,
    home: PathBuf,
    _under_way: Option<Box<dyn WriteEvents>>,
}

impl Recorded {
    fn new() -> Self {
        let mut runs = Fixture::empty();
        runs.put(1, pages("pages", -1).runner(), |_| ());
        runs.put(2, dex::dex().runner().tag("env", "prod"), |_| ());
        runs.put(3, pages("pages", -1).runner(), |events| cut(events, "STEP_START", "load[1]"));
        runs.put(4, dex::dex().runner(), |events| cut(events, "STEP_RESTARTED", "load[1]"));
        let place = Place::new();
        let home = place.0.join("home");
        let folder = Folder::open(&home, Durability::Normal).expect("a folder");
        let mut under_way = None;
        for number in 1..=4 {
            let (run, memory) = (id(number), &runs.storage);
            let (record, pinned) = (memory.run(run).expect("a run"), memory.pinned(run).expect("a run"));
            let mut writer = folder.create(&record, &pinned).expect("a run");
            let mut entries = Vec::new();
            let events = memory.events(run).expect("events").events(0, true, &mut |logged| {
                entries.push(Entry::from(logged.event));
                ControlFlow::Continue(())
            });
            events.expect("events");
            writer.commit(&entries).expect("written");
            under_way = Some(writer);
        }
        Self { place, home, _under_way: under_way }
    }

    fn session(&self, args: &str) -> String {
        self.session_with(&[], args)
    }

    /// What the program answers, with these variables; paths and sizes redacted.
    fn session_with(&self, env: &[(&str, &str)], args: &str) -> String {
        let here = self.home.display().to_string();
        let env = env.iter().fold(EnvVars::none(), |env, (name, value)| env.with(*name, *value));
        let around = Around { now, ..Around::of(env.with("ORCH_HOME", here)) };
        let (out, err) = (Kept::default(), Kept::default());
        let args = args.replace("PLACE", &self.place.0.display().to_string());
        let words = std::iter::once("program").chain(args.split_whitespace()).map(Into::into);
        let exit = run_in(&around, words, None, two, |args| Printer::to(out.clone(), err.clone(), args));
        let said = |name: &str, kept: &Kept| match kept.text().trim_end() {
            "" => String::new(),
            text => format!("\n--- {name}\n{}", redacted(text, &self.place.0)),
        };
        format!("exit {}{}{}", exit.code(), said("stdout", &out), said("stderr", &err))
    }

    /// The file or folder of a run.
    fn of(&self, number: u32, name: &str) -> PathBuf {
        self.home.join("runs").join(id(number).to_string()).join(name)
    }

    /// The numbers of the runs of the fixture that are there, the newest first.
    fn left(&self) -> Vec<u32> {
        let folder = Folder::open(&self.home, Durability::Normal).expect("a folder");
        let runs = folder.runs(&RunQuery::default()).expect("a list");
        runs.iter().filter_map(|run| (1..=4).find(|number| id(*number) == run.id)).collect()
    }
}

fn id(number: u32) -> RunId {
    RunId::from_u128(0x019a_5f3c_0000_7000_8000_0000_0000_0000 + u128::from(number) * ((1 << 80) + 1))
}

fn redacted(text: &str, place: &Path) -> String {
    let (program, place) = (crate::cli::program_name(), place.display().to_string());
    let text = text.replace(&program, "program").replace(&place, "PLACE");
    without_runs(&text)
        .replace(rusqlite::version(), "<version>")
        .lines()
        .map(without_sizes)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The line, without the sizes for people and the exact ones in JSON.
fn without_sizes(line: &str) -> String {
    for bytes in ["\"bytes\": ", "\"list_bytes\": "] {
        if let Some((before, number)) = line.split_once(bytes)
            && number.starts_with(|c: char| c.is_ascii_digit())
        {
            let after = number.trim_start_matches(|c: char| c.is_ascii_digit());
            return format!("{before}{bytes}<size>{after}");
        }
    }
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let unit = word.trim_end_matches([',', ':', ';']);
        match words.last_mut() {
            Some(number) if ["B", "kB", "MB"].contains(&unit) && number.parse::<f64>().is_ok() => {
                *number = format!("<size>{}", &word[unit.len()..]);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

#[test]
fn a_folder_says_what_it_is() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("instance info"), @"
    exit 0
    --- stdout
    home         PLACE/home
    runs         4
    backfills    0
    key sets     0
    assets       0, files of <size>
    list         <size>
    size         <size>
    kept         1000 runs, 30 days, 10.0 GB
    durability   normal, unless a run says otherwise
    versions     list 1, runs 1, SQLite <version>
    ");
    insta::assert_snapshot!(kept.session_with(&[("ORCH_KEEP", "days=7")], "instance info --json"), @r#"
    exit 0
    --- stdout
    {
      "home": "PLACE/home",
      "runs": 4,
      "backfills": 0,
      "key_sets": 0,
      "assets": 0,
      "asset_bytes": 0,
      "list_bytes": <size>,
      "unused_bytes": 0,
      "bytes": <size>,
      "keep": {
        "runs": null,
        "days": 7,
        "bytes": null
      },
      "durability": "normal",
      "list_version": 1,
      "run_version": 1,
      "sqlite": "<version>"
    }
    "#);
    insta::assert_snapshot!(kept.session_with(&[("ORCH_KEEP", "7 days")], "instance info --quiet"), @"
    exit 0
    --- stdout
    home         PLACE/home
    runs         4
    backfills    0
    key sets     0
    assets       0, files of <size>
    list         <size>
    size         <size>
    kept         all runs
    durability   normal, unless a run says otherwise
    versions     list 1, runs 1, SQLite <version>
    --- stderr
    warning: ORCH_KEEP is `7 days`, which cannot be read: `7 days` is no limit; no old runs are removed
    hint: write limits, `ORCH_KEEP=runs=1000,days=30,bytes=10GB` or some of them, or `ORCH_KEEP=off` to keep all runs
    ");
}

#[test]
fn what_is_damaged_is_told_with_what_to_do() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("instance check"), @r"
    exit 0
    --- stdout
    checked 4 runs, 0 assets, <size>: nothing to mend
    ");
    insta::assert_snapshot!(kept.session("instance check --json"), @r#"
    exit 0
    --- stdout
    {
      "home": "PLACE/home",
      "runs": 4,
      "assets": 0,
      "bytes": <size>,
      "findings": []
    }
    "#);
    fs::write(kept.of(1, "run.db"), "this is no database").expect("written");
    fs::remove_dir_all(kept.of(2, "")).expect("removed");
    fs::create_dir_all(kept.home.join("runs/00000000-0000-0000-0000-000000000005")).expect("made");
    insta::assert_snapshot!(kept.session("instance check"), @r"
    exit 2
    --- stdout
    checked 4 runs, 0 assets, <size>: 3 things to mend
    --- stderr
    error: `PLACE/home/runs/019a5f3c-0002-7000-8000-000000000002`: the run is in the list, and its folder is gone
    hint: restore it from a backup, or remove the run; what other runs have stands
    error: `PLACE/home/runs/019a5f3c-0001-7000-8000-000000000001/run.db` cannot be opened: it is damaged (file is not a database)
    hint: restore it from a backup, or remove the run; what other runs have stands
    error: `PLACE/home/runs/00000000-0000-0000-0000-000000000005`: it was to be a run, and was never begun
    hint: `instance gc` sweeps it away
    ");
    let told = kept.session("instance check --json");
    assert!(told.starts_with("exit 2"), "{told}");
    insta::assert_snapshot!(told.split_once("findings\": ").expect("findings").1, @r#"
    [
        {
          "run": "019a5f3c-0002-7000-8000-000000000002",
          "file": "PLACE/home/runs/019a5f3c-0002-7000-8000-000000000002",
          "problem": "the run is in the list, and its folder is gone",
          "hint": "restore it from a backup, or remove the run; what other runs have stands"
        },
        {
          "run": "019a5f3c-0001-7000-8000-000000000001",
          "file": "PLACE/home/runs/019a5f3c-0001-7000-8000-000000000001/run.db",
          "problem": "`PLACE/home/runs/019a5f3c-0001-7000-8000-000000000001/run.db` cannot be opened: it is damaged (file is not a database)",
          "hint": "restore it from a backup, or remove the run; what other runs have stands"
        },
        {
          "run": "00000000-0000-0000-0000-000000000005",
          "file": "PLACE/home/runs/00000000-0000-0000-0000-000000000005",
          "problem": "it was to be a run, and was never begun",
          "hint": "`instance gc` sweeps it away"
        }
      ]
    }
    "#);
}

#[test]
fn a_backup_is_a_folder_as_any_other() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("instance backup PLACE/copy"), @r"
    exit 0
    --- stderr
    copied 4 runs, <size>, to `PLACE/copy`
    ");
    insta::assert_snapshot!(kept.session("runs --home PLACE/copy"), @r"
    exit 0
    --- stdout
    run            job    status       when    took  steps                      tags
    019a5f3c-0004  dex    interrupted  2h ago
    019a5f3c-0003  pages  interrupted  3h ago
    019a5f3c-0002  dex    failure      4h ago  3.2s  4 ok, 1 failed, 3 skipped  env=prod
    019a5f3c-0001  pages  success      5h ago  1.9s  4 ok
    ");
    insta::assert_snapshot!(kept.session("instance check --home PLACE/copy"), @r"
    exit 0
    --- stdout
    checked 4 runs, 0 assets, <size>: nothing to mend
    ");
    insta::assert_snapshot!(kept.session("instance backup PLACE/copy"), @r"
    exit 2
    --- stderr
    error: `PLACE/copy` is not empty
    hint: choose a folder that is not there
    ");
    fs::write(kept.of(1, "run.db"), "this is no database").expect("written");
    insta::assert_snapshot!(kept.session("instance backup PLACE/other"), @r"
    exit 3
    --- stderr
    error: the run 019a5f3c-0001-7000-8000-000000000001 is not in the copy: `PLACE/home/runs/019a5f3c-0001-7000-8000-000000000001/run.db` cannot be opened: it is damaged (file is not a database)
    hint: `instance check` tells what is damaged, and what to do about it
    copied 3 runs, <size>, to `PLACE/other`
    ");
}

#[test]
fn a_backup_does_not_lie_in_what_it_is_made_of() {
    let kept = Recorded::new();
    for to in ["PLACE/home/copy", "PLACE/home/runs/copy/of/today", "PLACE/home"] {
        let told = kept.session(&format!("instance backup {to}"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.replace(&to.replace("PLACE/", ""), "TO"), @r"
            exit 2
            --- stderr
            error: `PLACE/TO` lies in the folder that is to be copied
            hint: choose a folder outside of it, best on another disk
            ");
        }
    }
    insta::assert_snapshot!(kept.session("instance check"), @r"
    exit 0
    --- stdout
    checked 4 runs, 0 assets, <size>: nothing to mend
    ");
    assert!(!kept.home.join("copy").exists() && !kept.home.join("runs/copy").exists());
}

#[test]
fn what_would_be_removed_is_told_before() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("instance gc --dry-run"), @r"
    exit 0
    --- stderr
    no run would be removed
    ");
    insta::assert_snapshot!(kept.session("instance gc --keep-runs 0 --dry-run"), @r"
    exit 0
    --- stdout
    run            job    status   when    took  steps                      tags
    019a5f3c-0002  dex    failure  4h ago  3.2s  4 ok, 1 failed, 3 skipped  env=prod
    019a5f3c-0001  pages  success  5h ago  1.9s  4 ok
    --- stderr
    2 runs would be removed, <size>
    ");
    insta::assert_snapshot!(kept.session("instance gc --keep-runs 0 --dry-run --json"), @r#"
    exit 0
    --- stdout
    {
      "would_remove": [
        "019a5f3c-0002-7000-8000-000000000002",
        "019a5f3c-0001-7000-8000-000000000001"
      ],
      "bytes": <size>
    }
    "#);
    assert_eq!(kept.left(), [4, 3, 2, 1]);
    insta::assert_snapshot!(kept.session("instance gc --keep-runs 3"), @r"
    exit 0
    --- stderr
    removed 1 run, <size>
    ");
    assert_eq!(kept.left(), [4, 3, 2]);
    fs::create_dir_all(kept.home.join("runs/00000000-0000-0000-0000-000000000005")).expect("made");
    insta::assert_snapshot!(kept.session("instance gc"), @r"
    exit 0
    --- stderr
    removed 1 leftover of what was half made, <size>
    ");
    insta::assert_snapshot!(kept.session("instance gc --keep-bytes 1kB --json"), @r#"
    exit 0
    --- stdout
    {
      "removed": [
        "019a5f3c-0002-7000-8000-000000000002"
      ],
      "swept": 0,
      "superseded": 0,
      "bytes": <size>,
      "freed": 0
    }
    "#);
    assert_eq!(kept.left(), [4, 3], "what is not over stays");
    insta::assert_snapshot!(kept.session("instance gc"), @r"
    exit 0
    --- stderr
    there is nothing to remove
    ");
}

#[test]
fn limits_that_are_none_are_refused() {
    let kept = Recorded::new();
    insta::assert_snapshot!(kept.session("instance gc --keep-bytes lots"), @r"
    exit 2
    --- stderr
    error: invalid value 'lots' for '--keep-bytes <SIZE>': write a size with its unit: 500MB, 10GB, 1.5TiB

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(kept.session("instance gc --keep-days -1"), @r"
    exit 2
    --- stderr
    error: invalid value '-1' for '--keep-days <DAYS>': write a whole number, 0 or more

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(kept.session_with(&[("ORCH_KEEP", "run=5")], "instance gc"), @r"
    exit 2
    --- stderr
    error: ORCH_KEEP is `run=5`, which cannot be read: `run` is none of `runs`, `days`, `bytes`
    hint: write limits, `ORCH_KEEP=runs=1000,days=30,bytes=10GB` or some of them, or `ORCH_KEEP=off` to keep all runs
    ");
    assert_eq!(kept.left(), [4, 3, 2, 1]);
    // A limit here is one in spite of the variable.
    let told = kept.session_with(&[("ORCH_KEEP", "off")], "instance gc --keep-runs 0");
    assert!(told.contains("removed 2 runs"), "{told}");
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let kept = Recorded::new();
    for command in ["info", "check", "backup PLACE/copy", "gc"] {
        let told = kept.session(&format!("instance {command} --home PLACE/none"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r"
            exit 2
            --- stderr
            error: nothing has been recorded in `PLACE/none` yet
            hint: run a job: `program run JOB`; `--home DIR` names another folder
            ");
        }
    }
    assert!(!kept.place.0.join("none").exists() && !kept.place.0.join("copy").exists());
}

#[test]
fn a_folder_of_a_newer_version_is_left_alone() {
    let kept = Recorded::new();
    let list = rusqlite::Connection::open(kept.home.join("instance.db")).expect("a database");
    list.pragma_update(None, "user_version", 99).expect("changed");
    for command in ["info", "check", "backup PLACE/copy", "gc"] {
        let told = kept.session(&format!("instance {command}"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @r"
            exit 3
            --- stderr
            error: `PLACE/home/instance.db` is of version 99, made by a newer orch; this program knows versions up to 1
            hint: build the program with that version of orch, or choose another folder with `--home`
            ");
        }
    }
    assert!(!kept.place.0.join("copy").exists());
}
