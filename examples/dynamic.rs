//! Four ways to use a dynamic output, an output of as many items as turn up when the op runs, and what becomes of items
//! that have nothing to give or fail.
//!
//!     cargo run --example dynamic -- list
//!     cargo run --example dynamic -- run chained
//!     cargo run --example dynamic -- plan several
//!
//! Each job is one form. What is called within a map becomes one step for each item, named by the item's key:
//! `measure[a.txt]`. Nothing waits for all items but a step that takes what `collect` gives.

use orch::prelude::*;

/// The files of a folder, each under its name.
#[op]
fn files() -> Dynamic<String> {
    let content = [("a.txt", "apples and pears"), ("b.txt", "bread"), ("c.txt", "cheese and wine")];
    Dynamic::from_iter(content.map(|(name, text)| (name, text.to_owned())))
}

/// Makes the text of a file shout.
#[op]
fn shout(text: &str) -> String {
    text.to_uppercase()
}

/// Measures the text of a file.
#[op]
fn measure(text: &str) -> usize {
    text.len()
}

/// Measures it in another unit.
#[op]
fn measure_in(text: &str, unit: usize) -> usize {
    text.len().div_ceil(unit)
}

/// How many characters there are to a unit.
#[op]
fn unit() -> usize {
    4
}

/// Adds the sizes up.
#[op]
fn summarize(sizes: &[usize]) -> usize {
    let total = sizes.iter().sum();
    tracing::info!("{} sizes, {total} in all", sizes.len());
    total
}

/// Two ops one after the other: `map` of a map goes on with the same items.
#[job]
fn chained() {
    let sizes = files().map(shout).map(measure);
    summarize(sizes.collect());
}

/// The same as a function for each item, which may call any number of ops. It runs once, when the job is built: it draws
/// the graph for one item, and does not see the item itself.
#[job]
fn per_item() {
    let sizes = files().map(|text| {
        let loud = shout(text);
        measure(loud)
    });
    summarize(sizes.collect());
}

/// Further arguments from outside the map: each item's step gets the same value.
#[job]
fn with_arguments() {
    let unit = unit();
    let sizes = files().map(|text| measure_in(text, unit));
    summarize(sizes.collect());
    // A constant is an argument too.
    let sizes = files().map(|text| measure_in(text, lit(10)));
    summarize(sizes.collect());
}

/// What an op that sorts its input yields: two dynamic outputs and a plain one.
#[derive(Outputs)]
struct Sorted {
    /// Files that can be read at once.
    small: Dynamic<String>,
    /// Files that cannot.
    large: Dynamic<String>,
    /// How many there are of both.
    number: usize,
}

/// Sorts the files by size.
#[op]
fn sort(texts: Vec<String>) -> Sorted {
    let number = texts.len();
    let (small, large): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| text.len() < 10);
    Sorted { small: Dynamic::from_values(small), large: Dynamic::from_values(large), number }
}

/// Says how many there were.
#[op]
fn note(number: usize) {
    tracing::info!("{number} files were sorted");
}

/// Several outputs of one op, each mapped on its own.
#[job]
fn several() {
    let Sorted { small, large, number } = sort(files().collect());
    summarize(small.map(measure).collect()).named("summarize_small");
    summarize(large.map(shout).map(measure).collect()).named("summarize_large");
    note(number);
}

/// The second thing that a text names. Of a text with one thing it leaves its output out, and what depends on it is
/// skipped, which is no failure.
#[op]
fn second(text: &str) -> Optional<String> {
    text.split(" and ").nth(1).map(str::to_owned).into()
}

/// What a thing costs.
#[op]
fn price(thing: &str) -> Result<usize> {
    match thing {
        "wine" => Err(Failure::new("wine is not for sale").not_retryable()),
        thing => Ok(thing.len()),
    }
}

/// Says what each thing costs, or why that is not known.
#[op]
fn receipt(prices: &[Keyed<Result<usize, StepFailure>>]) -> String {
    let lines = prices.iter().map(|Keyed { key, value }| match value {
        Ok(price) => format!("{key}: {price}"),
        Err(failure) => format!("{key}: {failure}"),
    });
    let receipt = lines.collect::<Vec<_>>().join(", ");
    tracing::info!("{receipt}");
    receipt
}

/// Failures handed on as values. The receipt is written although one price is not known; what was skipped is not in it.
/// The run has failed nonetheless, and ends with exit code 1.
#[job]
fn with_failures() {
    let prices = files().map(second).map(price);
    receipt(prices.collect_results());
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new()
        .job(chained())
        .job(per_item())
        .job(with_arguments())
        .job(several())
        .job(with_failures())
}
