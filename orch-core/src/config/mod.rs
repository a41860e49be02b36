//! What a run is configured with: trees of values that know where each of them comes from.
//!
//! ```text
//! file, --set → layers → check → effective values → show
//!                          ↑
//!                       schema → scaffold, editor
//! ```

mod check;
mod defaults;
mod editor;
mod env;
mod file;
mod layers;
mod mapped;
mod none;
mod origin;
mod part;
mod path;
mod problem;
mod read;
mod reference;
mod run;
mod scaffold;
mod scalar;
mod schema;
mod scrub;
mod secret;
mod set;
mod show;
mod tree;
mod typed;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use check::{check, check_at};
pub(crate) use defaults::check_defaults;
pub use editor::for_editors;
pub use env::EnvVars;
pub use file::FileFormat;
pub use none::NoConfig;
pub use origin::Origin;
#[doc(hidden)]
pub use part::{Described, NoPart, NoSchema, Part, PartOf, Refused, SchemaOf};
pub use path::{ConfigPath, ConfigStep};
pub use problem::{ConfigError, ConfigProblem, ConfigProblemKind};
pub(crate) use read::read_undescribed;
pub use read::{ReadError, read};
pub use run::RunConfig;
pub(crate) use run::of_step;
pub(crate) use scaffold::RARE;
pub use scaffold::scaffold;
pub use scrub::Scrubber;
pub use secret::Secret;
pub use show::show;
pub use tree::{Entry, Node, Value};
pub(crate) use typed::shorten;
pub use typed::{AnyConfig, Config, ConfigDef, Configurable};
pub use write::{WriteError, write};
