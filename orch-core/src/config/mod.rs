//! What a run is configured with: trees of values that know where each of them comes from.

mod env;
mod origin;
mod tree;

pub use env::EnvVars;
pub use origin::Origin;
pub use tree::{Entry, Node, Value};
