//! Three ways to take the same road: extract a table, transform it, load it.
//!
//!     cargo run --example pokemon -- run prio_dynamic_job --gantt
//!
//! Compare the charts of `static_job` (one big table, nothing overlaps), `dynamic_job` (pages of 100, layer by layer: none
//! is loaded while another waits to be transformed) and `prio_dynamic_job` (page by page: the first ones are loaded before
//! the last ones are begun). Settings come from the environment: `POKEMON_CSV`, the table to read instead of the
//! sample in `data/`, and `POKEMON_DELAY_MS`, what each transformation takes longer than it has to, 100 ms by default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use orch::ids::MappingKey;
use orch::prelude::*;
// A program of your own depends on `orch` with the feature `polars` and writes `use orch::polars::{..}`.
use orch_polars::{DataFrame, read_csv, write_parquet};

/// Rows to a page.
const PAGE: usize = 100;

/// The whole table.
#[op]
fn extract() -> Result<DataFrame> {
    read_csv(source())
}

/// The table page by page, each keyed by the number of its first row.
#[op]
fn extract_pages() -> Result<Dynamic<DataFrame>> {
    let table = read_csv(source())?;
    let starts = (0..table.height()).step_by(PAGE);
    Ok(Dynamic::from_iter(starts.map(move |start| (start, table.slice(start as i64, PAGE)))))
}

/// Four columns of the 41.
#[op]
fn select_columns(page: &DataFrame) -> Result<DataFrame> {
    std::thread::sleep(delay()?);
    Ok(page.select(["name", "generation", "type1", "type2"])?)
}

/// Numbers the rows as they stand in the whole table, so that a second attempt gives the same numbers.
#[op]
fn assign_ids(page: &DataFrame, ctx: &Context) -> Result<DataFrame> {
    std::thread::sleep(delay()?);
    let first = ctx.mapping_key().and_then(MappingKey::as_index).unwrap_or(0);
    Ok(page.with_row_index("internal_id".into(), Some(first.try_into()?))?)
}

/// Writes a page into the folder of the run, and tells how many rows it has.
#[op]
fn load(page: &DataFrame, ctx: &Context) -> Result<usize> {
    let name = ctx.mapping_key().map_or_else(|| "all".to_owned(), ToString::to_string);
    write_parquet(page, folder(ctx).join(name + ".parquet"))?;
    Ok(page.height())
}

/// Says what came of it.
#[op]
fn report(rows: &[usize], ctx: &Context) -> String {
    let (total, files) = (rows.iter().sum::<usize>(), rows.len());
    let report = format!("{total} rows in {files} files in {}", folder(ctx).display());
    tracing::info!("{report}");
    report
}

/// All at once.
#[job(max_concurrent = 4)]
fn static_job() {
    let rows = load(assign_ids(select_columns(extract())));
    report([rows]);
}

/// In pages, breadth-first: no page is loaded while another waits to be transformed, so all are alive at once.
#[job(max_concurrent = 4, order = "breadth_first", max_in_flight = 1_000)]
fn dynamic_job() {
    let loaded = extract_pages().map(|page| load(assign_ids(select_columns(page))));
    report(loaded.collect());
}

/// In pages, one after another to the end: the nearer to the end a step is, the higher its priority.
///
/// The default order, depth-first, does so without priorities too; they say it explicitly, and could say otherwise.
#[job(max_concurrent = 4)]
fn prio_dynamic_job() {
    let loaded = extract_pages().map(|page| {
        let selected = select_columns(page).priority(1);
        let numbered = assign_ids(selected).priority(2);
        load(numbered).priority(3)
    });
    report(loaded.collect());
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new().job(static_job()).job(dynamic_job()).job(prio_dynamic_job())
}

fn source() -> PathBuf {
    let sample = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/pokemon.csv");
    std::env::var_os("POKEMON_CSV").map_or_else(sample, PathBuf::from)
}

fn delay() -> Result<Duration> {
    let Ok(milliseconds) = std::env::var("POKEMON_DELAY_MS") else { return Ok(Duration::from_millis(100)) };
    let milliseconds = milliseconds.parse().map_err(|error| {
        let failure = Failure::from(error).context(format!("POKEMON_DELAY_MS is `{milliseconds}`"));
        failure.hint("set it to a number of milliseconds, such as 1000").not_retryable()
    });
    milliseconds.map(Duration::from_millis)
}

fn folder(ctx: &Context) -> PathBuf {
    Path::new("target/pokemon").join(ctx.run_id().to_string())
}
