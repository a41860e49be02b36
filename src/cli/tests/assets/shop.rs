//! A program with assets, and runs of it with identifiers and times that are the same each time.

use std::time::Duration;

use jiff::Timestamp;
use orch::prelude::*;
use orch_core::asset::{Column, MetadataValue, Table};
use orch_core::event::{Detail, Entry, Event, RunView};
use orch_core::ids::RunId;
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::run::{Run, RunError, Runner};
use orch_core::select::AssetSelection;
use orch_core::storage::{Memory, Pinned, RunRecord, Storage, WriteEvents, WriteRuns as _};

use super::super::*;

/// How many orders there are on a day.
struct Day(i64);

/// Orders as they come.
///
/// One line for each.
#[asset(group = "raw", owners = ["data team"], kind = "list", tags(team = "data"), metadata(source = "billing"))]
fn raw_orders(day: Res<Day>, context: Context) -> Vec<i64> {
    context.add_metadata("rows", MetadataValue::RowCount(day.0.unsigned_abs()));
    (0..day.0).collect()
}

#[asset(group = "sales", key_prefix = "mart", code_version = "2")]
fn orders(raw_orders: &[i64], context: Context) -> Vec<i64> {
    let columns = vec![Column::new("id", "i64"), Column::new("name", "str")];
    let rows = vec![vec![1.into(), "Ada".into()], vec![2.into(), serde_json::Value::Null]];
    context.add_metadata("rows", MetadataValue::RowCount(raw_orders.len() as u64));
    context.add_metadata("mean", raw_orders.iter().sum::<i64>() as f64 / 3.0);
    context.add_metadata("schema", MetadataValue::TableSchema(columns.clone()));
    context.add_metadata("sample", Table { columns, rows });
    context.add_metadata("docs", MetadataValue::url("https://example.org/orders"));
    context.add_metadata("note", MetadataValue::markdown("# Orders\n\nSorted, **all** of them."));
    raw_orders.to_vec()
}

#[asset(group = "sales", key_prefix = "mart")]
fn refunds(raw_orders: &[i64]) -> usize {
    raw_orders.len() / 2
}

#[op]
fn spread(orders: Vec<i64>) -> Dynamic<i64> {
    Dynamic::from_values(orders)
}

#[op]
fn double(order: i64) -> i64 {
    order * 2
}

#[op]
fn sum(orders: Vec<i64>, refunds: usize) -> i64 {
    orders.into_iter().sum::<i64>() - i64::try_from(refunds).unwrap_or_default()
}

/// All orders, each doubled by a step of its own.
#[graph_asset(group = "sales")]
fn total(orders: Out<Vec<i64>>, refunds: Out<usize>) -> Out<i64> {
    sum(spread(orders).map(double).collect(), refunds)
}

/// What a dollar is worth.
#[external_asset(key = "fx/rate", io = "rates")]
fn rate() -> f64;

#[asset]
fn report(total: i64, rate: f64) -> String {
    format!("{:.1}", total as f64 * rate)
}

#[asset(key = "copy/orders")]
pub(super) fn other_orders(#[from(orders)] from: &[i64]) -> Vec<i64> {
    from.to_vec()
}

struct Rates;

impl IoManager<f64> for Rates {
    fn store(&self, _: &OutputAt<'_>, _: &f64) -> Result<Metadata, Failure> {
        Err(Failure::new("others make it"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<f64, Failure> {
        Ok(1.5)
    }
}

/// The program, on a day of so many orders.
pub(super) fn shop(rows: i64) -> Definitions {
    Definitions::new()
        .assets(assets![report, total, rate, orders, refunds, raw_orders])
        .io("rates", Rates)
        .resource(Day(rows))
}

mod former {
    use orch::prelude::*;

    use super::raw_orders;

    #[asset(key = "mart/orders", code_version = "1")]
    pub(super) fn orders(raw_orders: Vec<i64>) -> Vec<i64> {
        raw_orders
    }

    #[asset(key = "mart/old")]
    pub(super) fn old(#[from(orders)] orders: Vec<i64>) -> i64 {
        orders.into_iter().sum()
    }
}

/// The program as it was before, on a day of two orders.
pub(super) fn earlier() -> Definitions {
    Definitions::new().assets(assets![former::old, former::orders, raw_orders]).resource(Day(2))
}

fn now() -> Timestamp {
    "2026-11-20T14:00:00Z".parse().expect("a time")
}

/// Runs of the program.
pub(super) struct Shop {
    /// As they were, with what they have made.
    raw: Arc<dyn Storage>,
    /// With other times.
    kept: Arc<Memory>,
}

impl Shop {
    pub(super) fn empty() -> Self {
        Self { raw: Arc::new(Memory::new()), kept: Arc::default() }
    }

    /// Materializes what is selected, as if so many hours after nine o'clock; an event each tenth of a second.
    pub(super) fn put(&mut self, hour: u32, program: &Definitions, selection: &AssetSelection) {
        self.put_with(hour, program, selection, |runner| runner);
    }

    /// The same, of a run that is made otherwise.
    pub(super) fn put_with(
        &mut self,
        hour: u32,
        program: &Definitions,
        selection: &AssetSelection,
        asked: impl FnOnce(Runner) -> Runner,
    ) {
        let runner = asked(program.runner(&program.materialize(selection)).record(&self.raw));
        self.keep(hour, runner, |ended| ended.is_ok());
    }

    /// The same, of a run that fails.
    pub(super) fn put_failing(
        &mut self,
        hour: u32,
        program: &Definitions,
        selection: &AssetSelection,
        asked: impl FnOnce(Runner) -> Runner,
    ) {
        let runner = asked(program.runner(&program.materialize(selection)).record(&self.raw));
        self.keep(hour, runner, |ended| ended.is_err());
    }

    /// The same, of a run that is under way for as long as the result lives: it has come to the first event of which this holds.
    pub(super) fn begin(
        &mut self,
        hour: u32,
        runner: Runner,
        until: impl Fn(&Event) -> bool,
    ) -> Box<dyn WriteEvents> {
        let (mut record, pinned, mut entries) = self.run(hour, runner, |_| true);
        let end = entries.iter().position(|entry| until(&entry.event)).expect("it comes to that");
        entries.truncate(end + 1);
        let events: Vec<_> = entries.iter().map(|entry| entry.event.clone()).collect();
        record.tell(&RunView::of(Detail::Counts, &events));
        let mut writer = self.kept.create(&record, &pinned).expect("a run");
        writer.commit(&entries).expect("in memory");
        writer
    }

    fn keep(&mut self, hour: u32, runner: Runner, expected: impl FnOnce(Result<Run, RunError>) -> bool) {
        let (record, pinned, entries) = self.run(hour, runner, expected);
        let mut writer = self.kept.create(&record, &pinned).expect("a run");
        writer.commit(&entries).expect("in memory");
    }

    /// What a run tells, at the times at which it is to have told it.
    fn run(
        &mut self,
        hour: u32,
        runner: Runner,
        expected: impl FnOnce(Result<Run, RunError>) -> bool,
    ) -> (RunRecord, Pinned, Vec<Entry>) {
        let id =
            RunId::from_u128(0x019a_5f3c_0000_7000_8000_0000_0000_0000 + u128::from(hour) * ((1 << 80) + 1));
        let runner = runner.run_id(id).max_concurrent(1);
        assert!(expected(runner.run_blocking()), "it ends otherwise");
        let (mut record, pinned) = (self.raw.run(id).expect("a run"), self.raw.pinned(id).expect("a run"));
        let begin = now() - Duration::from_secs(3600 * u64::from(5 - hour));
        let mut entries = Vec::new();
        let read = self.raw.events(id).expect("events").history(&mut |mut logged, value| {
            logged.event.time = begin + Duration::from_millis(100 * entries.len() as u64);
            let value = value.map(|value| value.to_vec().into());
            entries.push(Entry { event: logged.event, value });
        });
        read.expect("events");
        let events: Vec<_> = entries.iter().map(|entry| entry.event.clone()).collect();
        record.created = begin;
        record.tell(&RunView::of(Detail::Counts, &events));
        (record, pinned, entries)
    }

    /// Removes a run; what is known of assets stays.
    pub(super) fn removed(&self, run: RunId) {
        self.kept.remove(run).expect("a run that is over");
    }

    /// Where these runs are recorded.
    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.kept
    }

    /// Where they were run.
    pub(super) fn raw(&self) -> &Arc<dyn Storage> {
        &self.raw
    }

    /// The same, to record others there too.
    pub(super) fn shared(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.kept) as Arc<dyn Storage>
    }

    /// What a program answers where these runs are recorded.
    pub(super) fn session(&self, program: Definitions, args: &str) -> String {
        let homes = Homes::Given(self.shared());
        let around = Around { env: EnvVars::none(), now, homes };
        let (out, err) = (Kept::default(), Kept::default());
        let words = std::iter::once("program".to_owned()).chain(words(args)).map(Into::into);
        let exit =
            run_in(&around, words, None, || program, |args| Printer::to(out.clone(), err.clone(), args));
        // Times are as they are: they are the same each time.
        let plain = |kept: &Kept| without_lines(&kept.text().replace(&crate::cli::program_name(), "program"));
        let said = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("\n--- {name}\n{}", text.trim_end()) }
        };
        format!("exit {}{}{}", exit.code(), said("stdout", &plain(&out)), said("stderr", &plain(&err)))
    }
}

/// The words of a command, as a shell takes them apart: what stands between apostrophes is one.
fn words(args: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (at, part) in args.split('\'').enumerate() {
        let mut parts =
            if at % 2 == 1 { vec![part] } else { part.split(char::is_whitespace).collect() }.into_iter();
        words.last_mut().expect("one").push_str(parts.next().unwrap_or_default());
        words.extend(parts.map(str::to_owned));
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The text without the numbers of lines of this file, which change with it.
pub(super) fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + ".rs:_" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}
