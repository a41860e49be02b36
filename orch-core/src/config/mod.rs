//! What a run is configured with: trees of values that know where each of them comes from.

mod origin;
mod tree;

pub use origin::Origin;
pub use tree::{Entry, Node, Value};
