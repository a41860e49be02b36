//! Selections: what is read, what is refused, and what is selected.

mod errors;
mod evaluate;
mod graph;
mod print;
