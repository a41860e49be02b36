//! Jobs built from data: ops in Rust, jobs in a folder of YAML, TOML and JSON files.
//!
//!     cargo run --example descriptors -- list
//!     cargo run --example descriptors -- run types --gantt
//!     cargo run --example descriptors -- plan legends
//!
//! Whoever writes `examples/descriptors/types.yaml` needs no Rust, and is told of mistakes by line and column: misspell
//! an op, a step or a field there, or feed a number to an input that takes a text, and run any of these again.

use std::collections::BTreeMap;
use std::path::Path;

use orch::descriptor::{DescriptorError, Registry};
use orch::prelude::*;
use serde::{Deserialize, Serialize};

/// A few lines of the data, each split into its fields by name.
#[derive(Clone, Serialize, Deserialize)]
struct Page(Vec<BTreeMap<String, String>>);

/// How often each value was found.
#[derive(Clone, Serialize, Deserialize)]
struct Counts(BTreeMap<String, usize>);

/// Where the data is, and how much of it makes a page.
#[derive(Config)]
struct Source {
    /// The file, from the folder of the project.
    path: String,
    /// How many lines a page has.
    #[config(default = 200, range = 1..)]
    lines: usize,
}

/// Reads the data, page by page, each under the number of its first line.
#[op]
fn read_pages(source: Config<Source>) -> Result<Dynamic<Page>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&source.path))?;
    let mut lines = text.lines().map(fields);
    let names = lines.next().unwrap_or_default();
    let lines: Vec<_> = lines.map(|line| names.iter().cloned().zip(line).collect()).collect();
    let pages: Vec<_> = lines.chunks(source.lines).map(|page| Page(page.to_vec())).collect();
    let size = source.lines;
    Ok(Dynamic::from_iter(pages.into_iter().enumerate().map(move |(at, page)| (at * size, page))))
}

/// Keeps the lines that have this value in a column.
#[op]
fn keep(page: Page, column: &str, value: &str) -> Page {
    let Page(lines) = page;
    Page(lines.into_iter().filter(|line| line.get(column).is_some_and(|found| found == value)).collect())
}

/// Counts the lines of a page by the value of a column.
#[op]
fn count_by(page: &Page, column: &str) -> Counts {
    let mut counts = BTreeMap::new();
    for value in page.0.iter().filter_map(|line| line.get(column)) {
        *counts.entry(value.clone()).or_default() += 1;
    }
    Counts(counts)
}

/// Adds up what was counted in many pages.
#[op]
fn add_up(counts: Vec<Counts>) -> Counts {
    let mut all = BTreeMap::new();
    for (value, count) in counts.into_iter().flat_map(|counts| counts.0) {
        *all.entry(value).or_default() += count;
    }
    Counts(all)
}

/// Tells the most frequent values.
#[op]
fn tell(title: &str, counts: &Counts, most: Option<usize>) {
    let mut counts: Vec<_> = counts.0.iter().map(|(value, count)| (*count, value)).collect();
    counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let told = counts.iter().take(most.unwrap_or(3)).map(|(count, value)| format!("{count} {value}"));
    tracing::info!("{title}: {}", told.collect::<Vec<_>>().join(", "));
}

/// The fields of a line, without the quotes around some of them.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields
}

#[orch::main]
fn definitions() -> Result<Definitions, DescriptorError> {
    let ops = Registry::new().op::<read_pages>().op::<keep>().op::<count_by>().op::<add_up>().op::<tell>();
    let jobs = ops.read_folder(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/descriptors"))?;
    Ok(Definitions::new().add_jobs(jobs))
}
