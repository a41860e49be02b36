//! Three ways to take the same road: extract a table, transform it, load it.
//!
//!     cargo run --example pokemon -- run prio_dynamic_job --gantt
//!
//! Compare the charts of `static_job` (one big table, nothing overlaps), `dynamic_job` (pages of 100, layer by layer: none
//! is loaded while another waits to be transformed) and `prio_dynamic_job` (page by page: the first ones are loaded before
//! the last ones are begun).
//!
//! What can be configured, `config scaffold prio_dynamic_job` shows: another table than the sample in `data/`, what each
//! transformation takes longer than it has to, where the pages are written. `--preset fast` waits for nothing:
//!
//!     cargo run --example pokemon -- run dynamic_job --preset fast --set ops.extract_pages.config.rows=50

use std::path::{Path, PathBuf};
use std::time::Duration;

use orch::define::Preset;
use orch::ids::MappingKey;
use orch::prelude::*;
// A program of your own depends on `orch` with the feature `polars` and writes `use orch::polars::{..}`.
use orch_polars::{DataFrame, read_csv, write_parquet};

/// The table that is read.
#[derive(Config)]
struct Source {
    /// A CSV file.
    #[config(default = sample())]
    path: PathBuf,
}

/// The table that is read, page by page.
#[derive(Config)]
struct Pages {
    /// A CSV file.
    #[config(default = sample())]
    path: PathBuf,
    /// Rows to a page.
    #[config(default = 100, range = 1..)]
    rows: usize,
}

/// How long a transformation takes.
#[derive(Config)]
struct Pace {
    /// Milliseconds that it takes longer than it has to.
    #[config(default = 100)]
    delay_ms: u64,
}

/// Where pages are written.
#[derive(Config)]
struct Target {
    /// Each run has a folder of its own in it.
    #[config(default = "target/pokemon".into())]
    folder: PathBuf,
}

/// The files of all runs.
struct Store(PathBuf);

impl Store {
    fn folder(&self, ctx: &Context) -> PathBuf {
        self.0.join(ctx.run_id().to_string())
    }
}

/// Where pages are written.
#[resource]
fn store(target: Config<Target>) -> Store {
    Store(target.folder.clone())
}

/// The whole table.
#[op]
fn extract(source: Config<Source>) -> Result<DataFrame> {
    read_csv(&source.path)
}

/// The table page by page, each keyed by the number of its first row.
#[op]
fn extract_pages(pages: Config<Pages>) -> Result<Dynamic<DataFrame>> {
    let table = read_csv(&pages.path)?;
    let starts = (0..table.height()).step_by(pages.rows);
    Ok(Dynamic::from_iter(starts.map(move |start| (start, table.slice(start as i64, pages.rows)))))
}

/// Four columns of the 41.
#[op]
fn select_columns(page: &DataFrame, pace: Config<Pace>) -> Result<DataFrame> {
    std::thread::sleep(Duration::from_millis(pace.delay_ms));
    Ok(page.select(["name", "generation", "type1", "type2"])?)
}

/// Numbers the rows as they stand in the whole table, so that a second attempt gives the same numbers.
#[op]
fn assign_ids(page: &DataFrame, pace: Config<Pace>, ctx: Context) -> Result<DataFrame> {
    std::thread::sleep(Duration::from_millis(pace.delay_ms));
    let first = ctx.mapping_key().and_then(MappingKey::as_index).unwrap_or(0);
    Ok(page.with_row_index("internal_id".into(), Some(first.try_into()?))?)
}

/// Writes a page into the folder of the run, and tells how many rows it has.
#[op]
fn load(page: &DataFrame, store: Res<Store>, ctx: Context) -> Result<usize> {
    let name = ctx.mapping_key().map_or_else(|| "all".to_owned(), ToString::to_string);
    write_parquet(page, store.folder(&ctx).join(name + ".parquet"))?;
    Ok(page.height())
}

/// Says what came of it.
#[op]
fn report(rows: &[usize], store: Res<Store>, ctx: Context) -> String {
    let (total, files) = (rows.iter().sum::<usize>(), rows.len());
    let report = format!("{total} rows in {files} files in {}", store.folder(&ctx).display());
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

/// Waits for nothing.
fn fast() -> Preset {
    let steps = ["select_columns", "assign_ids"];
    let config = steps.iter().fold(RunConfig::new(), |config, step| config.op(step, &Pace { delay_ms: 0 }));
    Preset::new("fast", config)
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new()
        .job(static_job().preset(fast()))
        .job(dynamic_job().preset(fast()))
        .job(prio_dynamic_job().preset(fast()))
        .resource_from::<store>()
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/pokemon.csv")
}
