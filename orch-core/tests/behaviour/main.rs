//! What real runs do: on threads, with a clock, with values that count themselves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod broken;
mod cancel;
mod circles;
mod earlier;
mod execution;
mod hooks;
mod io;
mod isolated;
mod logs;
mod memo;
mod multi;
mod outputs;
mod plan;
mod problems;
mod rerun;
mod resources;
mod resume;
mod runtimes;
mod select;
mod start;
mod time;
mod values;
