//! Maps within maps, closed level by level, and a graph that is used like an op.
//!
//!     cargo run --example nested -- run --max-concurrent 2 --gantt
//!     cargo run --example nested -- plan
//!
//! Each shelf yields its books, each book is counted: `books[fiction]`, `count[fiction][emma]`. A shelf's total is made as
//! soon as its own books are done, while those of the next are still being counted.

use orch::prelude::*;

#[derive(Clone)]
struct Shelf {
    name: &'static str,
    books: &'static [(&'static str, &'static str)],
}

const SHELVES: [Shelf; 3] = [
    Shelf {
        name: "fiction",
        books: &[("emma", "She was handsome, clever and rich"), ("moby", "Call me Ishmael")],
    },
    Shelf { name: "science", books: &[("optics", "My design is not to explain but to propose")] },
    Shelf { name: "empty", books: &[] },
];

/// The shelves of the library, each under its name.
#[op]
fn shelves() -> Dynamic<Shelf> {
    Dynamic::from_iter(SHELVES.map(|shelf| (shelf.name, shelf)))
}

/// The books of one shelf.
#[op]
fn books(shelf: &Shelf) -> Dynamic<&'static str> {
    Dynamic::from_iter(shelf.books.iter().copied())
}

/// Drops what is no letter or space.
#[op]
fn clean(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic() || *c == ' ').collect()
}

/// Counts the words of a text.
#[op]
fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Adds numbers up; of no numbers the sum is 0, so an empty shelf has a total as well.
#[op]
fn sum(numbers: &[usize]) -> usize {
    numbers.iter().sum()
}

/// Says what there is.
#[op]
fn report(totals: &[usize]) -> String {
    let report = format!("words on the shelves: {totals:?}");
    tracing::info!("{report}");
    report
}

/// Two ops as one: its steps are called `words.clean` and `words.count`.
#[graph]
fn words(text: Out<&'static str>) -> Out<usize> {
    count(clean(text))
}

/// Counts the words of every shelf.
#[job]
fn library() {
    let totals = shelves().map(|shelf| {
        let counts = books(shelf).map(words);
        // The inner `collect` closes the map over books, once for each shelf, ...
        sum(counts.collect())
    });
    // ... and the outer one that over shelves.
    report(totals.collect());
}

#[orch::main]
fn definitions() -> Definitions {
    Definitions::new().job(library())
}
