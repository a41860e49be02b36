//! What a run is configured with: trees of values that know where each of them comes from.

mod env;
mod origin;
mod part;
mod read;
mod scrub;
mod secret;
mod tree;
mod typed;
mod within;
mod write;

pub use env::EnvVars;
pub use origin::Origin;
#[doc(hidden)]
pub use part::{Described, NoPart, NoSchema, Part, PartOf, Refused, SchemaOf};
pub use read::{ReadError, read};
pub use scrub::Scrubber;
pub use secret::Secret;
pub use tree::{Entry, Node, Value};
pub use typed::{AnyConfig, Config, ConfigDef, Configurable};
pub use write::{WriteError, write};
