//! What a run is configured with: trees of values that know where each of them comes from.
//!
//! ```text
//! file, --set → layers → check → effective values → show
//!                          ↑
//!                       schema → scaffold, editor
//! ```

mod check;
mod editor;
mod env;
mod file;
mod layers;
mod origin;
mod path;
mod problem;
mod reference;
mod scaffold;
mod scalar;
mod schema;
mod set;
mod show;
mod tree;
mod words;

#[cfg(test)]
mod tests;

pub use check::{check, check_at};
pub use editor::for_editors;
pub use env::EnvVars;
pub use file::FileFormat;
pub use origin::Origin;
pub use path::{ConfigPath, ConfigStep};
pub use problem::{ConfigError, ConfigProblem, ConfigProblemKind};
pub use scaffold::scaffold;
pub use show::show;
pub use tree::{Entry, Node, Value};
