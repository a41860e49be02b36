//! The smallest useful program: one step yields names, one runs for each of them, one takes all results.
//!
//!     cargo run --example hello -- run
//!     cargo run --example hello -- plan
//!
//! The first shows the steps as they run, `greet` once for each name, and what they log; the second what would run. The
//! functions stay functions: a test calls `greet("Ada").await`.

use orch::prelude::*;

/// Whom to greet.
#[op]
fn names() -> Dynamic<String> {
    Dynamic::from_values(["Ada", "Grace", "Edsger"].map(str::to_owned))
}

/// Greets one.
#[op]
async fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

/// Says all greetings, in the order of the names.
#[op]
fn say(greetings: &[String]) -> String {
    let text = greetings.join(" ");
    tracing::info!("{text}");
    text
}

/// Greets all.
#[job]
fn hello() {
    say(names().map(greet).collect());
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new().job(hello())
}
