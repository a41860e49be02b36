//! Runs the example `pokemon` as a user would, on the sample and, where it is there, on the full set.

#![expect(clippy::unwrap_used, reason = "a test that fails should say where, not how it went on")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use orch_core::ids::RunId;
use orch_polars::{DataFrame, read_csv, read_parquet};

/// A new folder.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(RunId::new().to_string());
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A run of one job: what it has written, by the name of the file.
fn run(job: &str, csv: &Path) -> Vec<(String, DataFrame)> {
    let folder = folder();
    let output = Command::new(example())
        .args(["run", job, "--preset", "fast", "--set"])
        .arg(path_of(job, csv))
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{job}: {}", String::from_utf8_lossy(&output.stderr));

    let runs: Vec<_> = fs::read_dir(folder.join("target/pokemon")).unwrap().collect();
    assert_eq!(runs.len(), 1, "the folder is named by the run");
    let files = fs::read_dir(runs[0].as_ref().unwrap().path()).unwrap();
    let mut tables: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), read_parquet(path).unwrap())
        })
        .collect();
    fs::remove_dir_all(folder).unwrap();
    tables.sort_by_key(|(name, _)| name.trim_end_matches(".parquet").parse().unwrap_or(0));
    tables
}

/// What sets the table of a job.
fn path_of(job: &str, csv: &Path) -> String {
    let step = if job == "static_job" { "extract" } else { "extract_pages" };
    format!("ops.{step}.config.path={}", csv.display())
}

/// Cargo builds a package's examples with its tests, and puts them beside each other.
fn example() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).unwrap();
    let example = built.join("examples").join(format!("pokemon{}", std::env::consts::EXE_SUFFIX));
    assert!(example.is_file(), "run `cargo test -p orch-polars`, which builds the example too");
    example
}

fn all_jobs_load_the_table(csv: &Path) {
    let table = read_csv(csv).unwrap();
    let wanted = table.select(["name", "generation", "type1", "type2"]).unwrap();
    let wanted = wanted.with_row_index("internal_id".into(), None).unwrap();

    let whole = run("static_job", csv);
    assert_eq!(whole.len(), 1);
    assert!(whole[0].0 == "all.parquet" && whole[0].1.equals_missing(&wanted));

    for job in ["dynamic_job", "prio_dynamic_job"] {
        let pages = run(job, csv);
        assert_eq!(pages.len(), wanted.height().div_ceil(100), "{job}");
        for (number, (name, page)) in pages.iter().enumerate() {
            assert_eq!(*name, format!("{}.parquet", number * 100), "{job}");
            assert!(page.equals_missing(&wanted.slice(number as i64 * 100, 100)), "{job}: {name}");
        }
    }
}

#[test]
fn every_job_loads_the_sample() {
    all_jobs_load_the_table(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/pokemon.csv"));
}

/// The set that `POKEMON_CSV` names, which must then be there, or else the one that lies beside the repository.
fn full_set() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("POKEMON_CSV") {
        return Some(fs::canonicalize(named).unwrap());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/pokemon.csv");
    beside.is_file().then_some(beside)
}

#[test]
fn every_job_loads_the_full_set() {
    match full_set() {
        Some(csv) => {
            assert_eq!(read_csv(&csv).unwrap().height(), 801);
            all_jobs_load_the_table(&csv);
        }
        None => eprintln!("not tested: there is no full set; name one in POKEMON_CSV"),
    }
}

#[test]
fn a_table_that_is_not_there_fails_the_run_and_is_named() {
    let folder = folder();
    let output = Command::new(example())
        .args(["run", "static_job", "--set", &path_of("static_job", Path::new("no/such/table.csv"))])
        .current_dir(&folder)
        .output()
        .unwrap();
    fs::remove_dir_all(folder).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(told.contains("cannot read `no/such/table.csv`"), "{told}");
    assert!(told.contains("relative paths start at"), "{told}");
}
