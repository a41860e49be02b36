//! Selections: which part of a graph is meant. One tokenizer and one kind of error for two forms, one for the steps of
//! a job and one for assets.
//!
//! # Steps
//!
//! A [`StepSelection`] is a list of clauses, with commas or blanks between them; what any of them selects is selected.
//!
//! | clause | selects |
//! |---|---|
//! | `load` | the step of this name; of a graph's name all its steps |
//! | `clean.echo` | a step in a graph |
//! | `*` | all steps |
//! | `*load` | the step and all that it depends on |
//! | `load*` | the step and all that depends on it |
//! | `+load`, `++load` | the step and what lies one step, two steps before it |
//! | `load+`, `load++` | the step and what lies one step, two steps behind it |
//! | `*load+` | both |
//! | `load[100]`, `f[a][17]` | one item of a map, or of maps within each other; with fewer keys all within that item |
//! | `load[100]*` | that item and what depends on it: within the map this item alone |
//!
//! Keys are written as [`StepPath`](crate::ids::StepPath) shows them.
//!
//! # Assets
//!
//! An [`AssetSelection`] is an expression.
//!
//! | expression | selects |
//! |---|---|
//! | `key:a/b`, `a/b` | the asset of this key |
//! | `key:"a/b*"`, `group:raw*` | those whose key or group fits, where `*` stands for any text |
//! | `tag:k`, `tag:k=v` | those with this tag, with this value |
//! | `owner:"data team"`, `kind:table` | those of this owner, of this kind |
//! | `*` | all assets |
//! | `not a`, `a and b`, `a or b`, `(a)` | as the words say; `not` binds tightest, `or` loosest, capitals make no difference |
//! | `+a`, `a+` | what `a` selects and all that it depends on, all that depends on it |
//! | `2+a`, `a+1`, `2+a+1` | at most so many edges away |
//! | `sinks(a)`, `roots(a)` | those of `a` on which, directly or not, no other of `a` depends; those that depend on no other |
//!
//! A text that is no single word of letters, digits, `_`, `-`, `.`, `/` and `@` stands in quotes, in which `\"`, `\\`
//! and `\u{a}` are escapes.
//!
//! Both forms print back to text that reads as the same selection:
//!
//! ```
//! use orch_core::select::{AssetSelection, StepSelection};
//!
//! let steps: StepSelection = "extract  load[100]*".parse()?;
//! assert_eq!(steps.to_string(), "extract, load[100]*");
//! let assets: AssetSelection = "2+(kind:table AND NOT raw/*)".parse()?;
//! assert_eq!(assets.to_string(), "2+(kind:table and not key:raw/*)");
//!
//! let error = "load[100".parse::<StepSelection>().unwrap_err();
//! assert!(error.to_string().starts_with("expected `]`, found the end, at column 9"));
//! # Ok::<(), orch_core::select::SelectionError>(())
//! ```

mod assets;
mod error;
mod graph;
mod steps;
#[cfg(test)]
mod tests;
mod token;
mod walk;

pub use assets::AssetSelection;
pub use error::{Mistake, SelectionError};
pub use graph::{Attributes, Selectable};
pub use steps::{Copies, StepSelection};
