//! What a run is configured with: trees of values that know where each of them comes from.

mod env;
mod origin;
mod path;
mod problem;
mod read;
mod run;
mod stub;
pub use stub::*;
mod scrub;
mod secret;
mod tree;
mod typed;
mod within;
mod write;

pub use env::EnvVars;
pub use origin::Origin;
pub use path::{ConfigPath, ConfigStep};
pub use problem::{ConfigError, ConfigProblem, ConfigProblemKind};
pub use read::{ReadError, read};
pub use run::RunConfig;
pub(crate) use run::of_step;
pub use scrub::Scrubber;
pub use secret::Secret;
pub use tree::{Entry, Node, Value};
pub use typed::{AnyConfig, Config, ConfigDef, Configurable};
pub use write::{WriteError, write};
