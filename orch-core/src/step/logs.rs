use std::collections::BTreeMap;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Level, Subscriber};
#[cfg(unix)]
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::code::{self, LogTo};
#[cfg(unix)]
use super::isolated::Logs;
use crate::engine::Message;
use crate::event::LogLevel;

/// A layer for `tracing` that turns what a step's code logs into log events of that step, and what hooks of a run and
/// functions that open or close resources log into those of the run.
///
/// A program with `#[orch::main]` has it. A program that sets a subscriber of its own adds it; without any subscriber,
/// runs use the layer by themselves. Lines from outside a run pass it by.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogLayer;

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        code::with_current(|attempt| {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let metadata = event.metadata();
            let (level, target) = (level(*metadata.level()), metadata.target());
            let Fields { message, others: fields } = fields;
            match &attempt.to {
                LogTo::Run(dispatcher) => dispatcher.report_line(Message::Log {
                    step: attempt.path.clone(),
                    attempt: attempt.number,
                    level,
                    target: target.into(),
                    message,
                    fields,
                }),
                #[cfg(unix)]
                LogTo::Host(host) => host.log(attempt.path.is_some(), level, target, message, fields),
            }
        });
    }
}

/// Where the code of a run logs. A subscriber may be set for the present thread alone, so those who run code take it along.
pub(crate) fn subscriber() -> Dispatch {
    let present = tracing::dispatcher::get_default(Clone::clone);
    if present.is::<NoSubscriber>() {
        return Dispatch::new(tracing_subscriber::registry().with(LogLayer));
    }
    present
}

/// Has the lines of a worker's steps told to the process of the run, as far as they are wanted there, unless the program has
/// a subscriber of its own.
#[cfg(unix)]
pub(crate) fn log_to_host(wanted: &Logs) {
    let named = std::env::var("RUST_LOG").ok().filter(|named| wanted.variable && !named.trim().is_empty());
    let filter = named.and_then(|named| named.parse().ok());
    let level = || wanted.level.parse().unwrap_or(LevelFilter::INFO);
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(level()));
    let _ = tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(LogLayer.with_filter(filter)),
    );
}

/// Which lines are wanted of the workers of a run that is about to begin here.
#[cfg(unix)]
pub(crate) fn wanted() -> Logs {
    let none = tracing::dispatcher::get_default(Dispatch::is::<NoSubscriber>);
    let level = if none { LevelFilter::TRACE } else { LevelFilter::current() };
    Logs { level: level.to_string(), variable: !none }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO => LogLevel::Info,
        Level::WARN => LogLevel::Warn,
        Level::ERROR => LogLevel::Error,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: BTreeMap<String, String>,
}

impl Fields {
    fn record(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.others.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, format!("{value:?}"));
    }
}
