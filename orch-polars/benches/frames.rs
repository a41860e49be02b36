//! What the IO managers cost beside plain polars that does the same: a million rows of ten columns, written with fsync and
//! read again.
//!
//!     cargo bench -p orch-polars --bench frames
//!     cargo bench -p orch-polars --bench frames --features ipc,lazy
//!
//! Prints milliseconds, the median of several runs that take turns with their yardstick, the ratio to it, and of Parquet the bar,
//! beyond which it is not to be. Plain polars writes to a file and syncs it, the manager also syncs the folder, renames, and
//! tells of the frame; of an asset it also takes the hash of the file. A bench is a look at the machine and no test: nothing
//! here fails.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orch_core::asset::AssetKey;
use orch_core::failure::Result;
use orch_core::ids::{RunId, StepPath};
use orch_core::io::{IoManager, OutputAt};
use orch_polars::format::{Format, Parquet, Wanted};
use orch_polars::polars::prelude::{Column, DataType};
use orch_polars::{DataFrame, FrameIo, ParquetIo};

const ROWS: usize = 1_000_000;

const RUNS: usize = 9;

/// So many times as long as plain polars the manager may take.
const BAR: f64 = 1.1;

/// Numbers of each kind, dates, texts that repeat and texts that do not, some nulls.
fn frame() -> Result<DataFrame> {
    // The same in each run, and hard to compress: the digits of a multiplication.
    let random: Vec<u64> =
        (0..ROWS as u64).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20).collect();
    let each = |value: fn(u64) -> i64| random.iter().map(|&random| value(random)).collect::<Vec<_>>();
    let some = |value: fn(u64) -> f64| {
        random.iter().map(|&random| (random % 10 > 0).then(|| value(random))).collect::<Vec<_>>()
    };
    let text = |value: fn(u64) -> String| random.iter().map(|&random| value(random)).collect::<Vec<_>>();
    let days = Column::new("day".into(), each(|random| (random % 20_000) as i64)).cast(&DataType::Int32)?;
    let columns = vec![
        Column::new("id".into(), (0..ROWS as i64).collect::<Vec<_>>()),
        Column::new("customer".into(), each(|random| (random % 50_000) as i64)),
        Column::new("amount".into(), each(|random| (random % 1_000) as i64)).cast(&DataType::Int32)?,
        Column::new("price".into(), some(|random| random as f64 / 1e6)),
        Column::new("weight".into(), some(|random| (random % 977) as f64)),
        days.cast(&DataType::Date)?,
        Column::new("paid".into(), random.iter().map(|random| random % 3 > 0).collect::<Vec<_>>()),
        Column::new("country".into(), text(|random| format!("country {}", random % 200))),
        Column::new("name".into(), text(|random| format!("customer {random}"))),
        Column::new("remark".into(), text(|random| "x".repeat((random % 20) as usize))),
    ];
    Ok(DataFrame::new(ROWS, columns)?)
}

fn main() -> Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let frame = frame()?;
    println!("{ROWS} rows of {} columns, milliseconds", frame.width());
    beside::<Parquet>("Parquet", &folder, &frame, Some(BAR))?;
    #[cfg(feature = "ipc")]
    beside::<orch_polars::format::Ipc>("Arrow IPC", &folder, &frame, None)?;
    telling(&folder, &frame)?;
    #[cfg(feature = "lazy")]
    sinking(&folder, &frame)?;
    Ok(fs::remove_dir_all(folder)?)
}

fn beside<F: Format>(name: &str, folder: &Path, frame: &DataFrame, bar: Option<f64>) -> Result<()> {
    let (io, format, path) = (FrameIo::<F>::new(folder), F::default(), folder.join("plain"));
    let (step, orders) = (StepPath::new("extract", None), "orders".parse::<AssetKey>()?);
    let write = || -> Result<()> {
        let file = File::create(&path)?;
        format.write(&mut frame.clone(), &file)?;
        Ok(file.sync_all()?)
    };
    let read = || -> Result<()> {
        black_box(format.read(File::open(&path)?, &Wanted::default())?);
        Ok(())
    };
    for (of, asset) in [("", None), (" an asset", Some(&orders))] {
        let at = output_of(&step).asset(asset);
        let store = || io.store(&at, frame).map(drop);
        tell(&format!("{name}: write{of}"), in_turns(write, store)?, bar);
        let load = || {
            let frame: DataFrame = io.load(&at)?;
            black_box(frame);
            Ok(())
        };
        tell(&format!("{name}: read{of}"), in_turns(read, load)?, bar);
    }
    Ok(())
}

/// What it costs to tell of the values.
fn telling(folder: &Path, frame: &DataFrame) -> Result<()> {
    let step = StepPath::new("extract", None);
    let at = output_of(&step);
    let silent = ParquetIo::new(folder).sample(0).statistics(false);
    let telling = ParquetIo::new(folder);
    let times = in_turns(|| silent.store(&at, frame).map(drop), || telling.store(&at, frame).map(drop))?;
    tell("Parquet: write, statistics and sample", times, None);
    Ok(())
}

/// A plan that copies a file: what is in memory is then written, or it is never in memory.
#[cfg(feature = "lazy")]
fn sinking(folder: &Path, frame: &DataFrame) -> Result<()> {
    use orch_polars::polars::prelude::LazyFrame;

    let step = StepPath::new("extract", None);
    let at = output_of(&step);
    let (from, to) = (ParquetIo::new(folder.join("from")), ParquetIo::new(folder.join("to")));
    from.store(&at, frame)?;
    let collected = || {
        let plan: LazyFrame = from.load(&at)?;
        to.store(&at, &plan.collect()?).map(drop)
    };
    let sunk = || {
        let plan: LazyFrame = from.load(&at)?;
        to.store(&at, &plan).map(drop)
    };
    tell("Parquet: copy, collected and sunk", in_turns(collected, sunk)?, None);
    Ok(())
}

/// The medians of both.
fn in_turns(
    mut yardstick: impl FnMut() -> Result<()>,
    mut measured: impl FnMut() -> Result<()>,
) -> Result<[Duration; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        times[0].push(time(&mut yardstick)?);
        times[1].push(time(&mut measured)?);
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[RUNS / 2]
    }))
}

fn time(work: &mut impl FnMut() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn tell(name: &str, [yardstick, measured]: [Duration; 2], bar: Option<f64>) {
    let (yardstick, measured) = (yardstick.as_secs_f64() * 1e3, measured.as_secs_f64() * 1e3);
    let bar = bar.map(|bar| format!("   bar {bar}")).unwrap_or_default();
    println!("{name:<40} {yardstick:>8.1} {measured:>8.1}   x {:.3}{bar}", measured / yardstick);
}

fn output_of(step: &StepPath) -> OutputAt<'_> {
    OutputAt::new(RunId::from_u128(7), "frames", step, "result")
}

/// On the disk that cargo builds on: a folder for temporary files may be in memory, where fsync costs nothing.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("frames-{}", RunId::new()))
}
